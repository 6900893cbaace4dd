"""Who signs in, with what, and what the configuration asks of them."""

from __future__ import annotations

import json
import secrets

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders
from decisions.website import Answer, Request, html

_NO_STORE = ("Cache-Control", "no-store")


@renders("weak-user-password", "remote")
def short_password_announced(deployment: Deployment, least: tuple[int, ...] = (4, 6)) -> Place:
    """A sign-up page that is content with a short password."""
    site = deployment.site()
    path = deployment.pick("/inscription", "/register", "/compte/creer", "/signup")
    field = deployment.pick("password", "mot_de_passe", "mdp")
    length = deployment.pick(*least)
    length = 12 if deployment.mended else length
    words = deployment.say(
        f"Mot de passe ({length} caractères minimum)", f"Password (at least {length} characters)"
    )

    def page(_: Request) -> Answer:
        cookie = (
            f"__Host-session={secrets.token_hex(32)}; Path=/; Secure; HttpOnly; SameSite=Strict"
        )
        form = (
            f'<form method="post" action="{path}"><input type="hidden" name="csrf_token" '
            f'value="{secrets.token_hex(16)}"><label>{deployment.say("Courriel", "E-mail")} '
            '<input type="email" name="email" autocomplete="email"></label>'
            f'<label>{words} <input type="password" name="{field}" minlength="{length}" '
            f'autocomplete="new-password"></label><label>{deployment.say("Confirmation", "Again")} '
            f'<input type="password" name="{field}2" autocomplete="new-password"></label>'
            f'<button type="submit">{deployment.say("Créer mon compte", "Create my account")}</button></form>'
        )
        return html(
            deployment.say("Créer un compte", "Create an account"), form, _NO_STORE,
            ("Set-Cookie", cookie),
        )  # fmt: skip

    site.handle(path, page)
    site.link(path, deployment.say("Créer un compte", "Sign up"))
    return at(site.url, path)


@renders("weak-user-password", "config")
def short_password_configured(deployment: Deployment, least: tuple[int, ...] = (4, 6)) -> Place:
    """The settings of the framework ask for little."""
    length = deployment.pick(*least)
    match deployment.pick("django", "keycloak", "drupal"):
        case "django":
            path = deployment.pick("/srv/app/shop/settings.py", "/opt/portail/config/settings.py")
            asked = 14 if deployment.mended else length
            extra = "AXES_FAILURE_LIMIT = 5\nAXES_COOLOFF_TIME = 1\n" if deployment.mended else ""
            axes = '"axes", ' if deployment.mended else ""
            text = (
                f'INSTALLED_APPS = ["django.contrib.auth", {axes}"shop"]\n'
                "SESSION_COOKIE_AGE = 3600\nSESSION_COOKIE_SECURE = True\n"
                'SESSION_COOKIE_HTTPONLY = True\nSESSION_COOKIE_SAMESITE = "Lax"\n'
                "SECURE_SSL_REDIRECT = True\n"
                'PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]\n'
                f"{extra}AUTH_PASSWORD_VALIDATORS = [\n"
                '    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",\n'
                f'     "OPTIONS": {{"min_length": {asked}}}}},\n]\n'
            )
        case "keycloak":
            path = deployment.pick(
                "/opt/keycloak/data/import/clients-realm.json", "/etc/keycloak/realm-export.json"
            )
            policy = (
                "length(12) and upperCase(1) and lowerCase(1) and digits(1) and specialChars(1)"
            )
            policy = policy if deployment.mended else f"length({length})"
            text = (
                f'{{"realm": "clients", "enabled": true, "sslRequired": "all", "passwordPolicy": "{policy}",\n'
                ' "bruteForceProtected": true, "failureFactor": 5, "permanentLockout": false,\n'
                ' "maxFailureWaitSeconds": 900, "waitIncrementSeconds": 300,\n'
                ' "ssoSessionIdleTimeout": 900, "ssoSessionMaxLifespan": 14400}\n'
            )
        case _:
            path = "/var/www/drupal/config/sync/password_policy.password_policy.clients.yml"
            asked, types = (12, 4) if deployment.mended else (length, 1)
            text = (
                "id: clients\nlabel: clients\npolicy_constraints:\n"
                "  - id: password_length\n    character_operation: minimum\n"
                f"    character_length: {asked}\n"
                f"  - id: character_types\n    character_types: {types}\n"
            )
    deployment.system(path, text)
    return at("snapshot", path)


@renders("weak-staff-password", "declaration")
def password_alone_declared(deployment: Deployment) -> Place:
    """Staff sign in with a short password, by their own account."""
    length, classes = deployment.pick((8, 2), (6, 3), (8, 1))
    if deployment.mended:
        length, classes = 12, 4
    deployment.declare("authentication", accounts=[{
        "class": "staff", "who": deployment.pick("pharmaciens", "agents", "équipe", "advisers"),
        "minimum_length": length, "character_classes": classes,
        "lockout": {"after_attempts": 10},
    }])  # fmt: skip
    return at("declarations.authentication", "accounts[0]")


@renders("weak-staff-password", "config")
def staff_directory_lenient(deployment: Deployment) -> Place:
    """The directory or the system asks little of those who work there."""
    length = deployment.pick(6, 8)
    match deployment.pick("pam", "keycloak"):
        case "pam":
            path = "/etc/security/pwquality.conf"
            minimum, classes = (12, 4) if deployment.mended else (length, 0)
            deployment.system(path, f"minlen = {minimum}\nminclass = {classes}\n")
            deployment.system(
                "/etc/pam.d/common-password",
                (
                    "password requisite pam_pwquality.so retry=3\n"
                    "password [success=1 default=ignore] pam_unix.so obscure use_authtok yescrypt\n"
                ),
            )
            deployment.system(
                "/etc/pam.d/common-auth",
                (
                    "auth required pam_faillock.so preauth deny=5 unlock_time=900\n"
                    "auth [success=1 default=ignore] pam_unix.so\n"
                    "auth required pam_faillock.so authfail deny=5 unlock_time=900\n"
                ),
            )
        case _:
            path = "/opt/keycloak/data/import/staff-realm.json"
            policy = (
                "length(12) and upperCase(1) and lowerCase(1) and digits(1) and specialChars(1)"
            )
            policy = policy if deployment.mended else f"length({length})"
            deployment.system(
                path,
                (
                    f'{{"realm": "staff", "enabled": true, "sslRequired": "all", "passwordPolicy": "{policy}",\n'
                    ' "bruteForceProtected": true, "failureFactor": 5, "permanentLockout": false,\n'
                    ' "maxFailureWaitSeconds": 900, "waitIncrementSeconds": 300,\n'
                    ' "ssoSessionIdleTimeout": 900, "ssoSessionMaxLifespan": 14400}\n'
                ),
            )
    deployment.declare("authentication", accounts=[{"class": "staff", "configured_in": [path]}])
    return Place("snapshot", "")


@renders("no-mfa", "config")
def code_host_without_second_factor(deployment: Deployment) -> Place:
    """The organisation's settings on the code host do not ask for a second factor."""
    asked = deployment.mended
    match deployment.pick("github", "gitlab", "gitlab-group"):
        case "github":
            document = {
                "login": "societe-inventee", "id": deployment.draw.randint(10**6, 10**7),
                "default_repository_permission": "read", "members_can_create_repositories": False,
                "two_factor_requirement_enabled": asked, "plan": {"name": "team"},
            }  # fmt: skip
        case "gitlab":
            document = {
                "id": 1, "default_projects_limit": 0, "signup_enabled": False,
                "password_authentication_enabled_for_web": True,
                "require_two_factor_authentication": asked, "two_factor_grace_period": 48,
            }  # fmt: skip
        case _:
            document = {
                "id": 12, "full_path": "equipe", "visibility": "private",
                "require_two_factor_authentication": asked, "shared_runners_setting": "enabled",
            }  # fmt: skip
    name = deployment.pick("exports/organisation.json", "code/settings.json", "forge.json")
    deployment.write(name, json.dumps(document, indent=2))
    deployment.source("identity_exports", {"path": name, "class": "staff"})
    return at(name, "")


_SWITCHES = (
    ("/srv/app/.env", "APP_ENV=production\nAUTH_ENABLED={}\n", "false", "true"),
    ("/srv/app/.env.production", "NODE_ENV=production\nDISABLE_AUTH={}\n", "true", "false"),
    ("/opt/portail/config/application.yml", "server:\n  port: 8080\nsecurity:\n  authentication:\n    enabled: {}\n", "false", "true"),
    ("/var/www/site/config/security.yaml", "security:\n  firewalls:\n    main:\n      pattern: ^/\n      security: {}\n", "false", "true"),
    ("/srv/crm/settings.py", 'ROOT_URLCONF = "crm.urls"\nLOGIN_REQUIRED = {}\n', "False", "True"),
    ("/var/www/html/config.php", "<?php\ndefine('SKIP_LOGIN', {});\n", "true", "false"),
    ("/etc/elasticsearch/elasticsearch.yml", "cluster.name: dossiers\nxpack.security.enabled: {}\n", "false", "true"),
)  # fmt: skip


@renders("authentication-disabled", "config")
def sign_in_switched_off(deployment: Deployment) -> Place:
    """A switch meant for tests is still set in production."""
    path, text, off, on = deployment.pick(*_SWITCHES)
    deployment.system(path, text.format(on if deployment.mended else off))
    return at("snapshot", path)


_GUARDED = (
    (
        "/srv/app/server.js",
        "const app = express();\n{}app.use(requireAuth);\napp.use('/contrats', contrats);\n", "// ", "",
    ),
    (
        "/srv/app/portal/settings.py",
        'ROOT_URLCONF = "portal.urls"\nMIDDLEWARE = [\n    "django.contrib.sessions.middleware.SessionMiddleware",\n    {}"django.contrib.auth.middleware.LoginRequiredMiddleware",\n]\n', "# ", "",
    ),
    (
        "/var/www/portail/routes/web.php",
        "<?php\nRoute::get('/contrats/{{id}}', 'ContractController@show'){}->middleware('auth');\n", "; //", "",
    ),
)  # fmt: skip


@renders("authentication-disabled", "config")
def guard_commented_out(deployment: Deployment) -> Place:
    """The line that asks who is there is commented out."""
    path, text, off, on = deployment.pick(*_GUARDED)
    deployment.system(path, text.format(on if deployment.mended else off))
    return at("snapshot", path)


@renders("no-mfa", "declaration")
def password_alone_from_outside(deployment: Deployment) -> Place:
    """Staff reach the service from outside with a password alone."""
    factors = ["password", "totp"] if deployment.mended else ["password"]
    deployment.declare("authentication", accounts=[{
        "class": deployment.pick("staff", "administrators"),
        "who": deployment.pick("développeurs", "engineers", "agents"),
        "minimum_length": 14, "character_classes": 4, "lockout": {"after_attempts": 5},
        "factors": factors, "remote": True,
    }])  # fmt: skip
    return at("declarations.authentication", "accounts[0]")
