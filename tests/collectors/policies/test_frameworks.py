"""Frameworks, servers and cloud directories, each in a weak and a strict version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cnilcheck.collectors.sign_in_configuration import SignInConfiguration
from cnilcheck.model.facts import (
    AccountPolicy,
    PasswordHashes,
    SessionLifetime,
    SignInOpenings,
)
from cnilcheck.model.scope import Lockout
from cnilcheck.model.words import AccountClass
from collectors.trees import facts, gaps, look, write

VALIDATOR = "django.contrib.auth.password_validation."
APPS = "INSTALLED_APPS = ['django.contrib.auth', 'axes']\n"


def read(root: Path, **files: str):
    return look(SignInConfiguration(), write(root, files))


def told(seen: Any) -> list[tuple[str, Any, Any, Any]]:
    policies = facts(seen, AccountPolicy).items()
    return [(k, f.minimum_length, f.character_classes, f.lockout) for k, f in policies]


def lives(seen: Any) -> list[tuple[str, int | None, int | None]]:
    sessions = facts(seen, SessionLifetime).items()
    return [(place, fact.idle_seconds, fact.absolute_seconds) for place, fact in sessions]


def opened(seen: Any) -> list[tuple[str, str]]:
    return [(o.kind, o.place) for f in facts(seen, SignInOpenings).values() for o in f.found]


SETTINGS = "/srv/officine/officine/settings.py"


def test_django_without_its_own_accounts_says_nothing_of_them(tmp_path: Path) -> None:
    seen = read(tmp_path, **{SETTINGS: "INSTALLED_APPS = ['crm']\nDEBUG = False\n"})
    assert told(seen) == lives(seen) == []


def test_django_without_validators_takes_one_character_for_two_weeks(tmp_path: Path) -> None:
    seen = read(tmp_path, **{SETTINGS: "import os\nINSTALLED_APPS = ['django.contrib.auth']\n"})
    assert told(seen) == [(f"{SETTINGS}:2", 1, 1, None)]
    assert lives(seen) == [(f"{SETTINGS}:2", None, 1_209_600)]


def test_a_strict_django(tmp_path: Path) -> None:
    text = f"""{APPS}
AUTH_PASSWORD_VALIDATORS = [
    {{"NAME": "{VALIDATOR}MinimumLengthValidator", "OPTIONS": {{"min_length": 18}}}},
    {{"NAME": "{VALIDATOR}CommonPasswordValidator"}},
]
SESSION_COOKIE_AGE = 60 * 30
SESSION_SAVE_EVERY_REQUEST = True
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=30)
"""
    seen = read(tmp_path, **{SETTINGS: text})
    lock = Lockout(after_attempts=5, unlocked_after_seconds=1800)
    assert told(seen) == [(f"{SETTINGS}:3", 18, 1, lock)]
    assert lives(seen) == [(f"{SETTINGS}:7", 1800, None)]


def test_what_django_computes_or_takes_from_elsewhere_is_not_known(tmp_path: Path) -> None:
    text = "from .base import *\nINSTALLED_APPS += ['x']\nSESSION_COOKIE_AGE = env.int('AGE')\n"
    assert not told(read(tmp_path, **{SETTINGS: text}))


def test_a_validator_of_ones_own_leaves_the_classes_open(tmp_path: Path) -> None:
    own = "AUTH_PASSWORD_VALIDATORS = [{'NAME': 'officine.validators.Complexity'}]\n"
    assert told(read(tmp_path, **{SETTINGS: own})) == [(f"{SETTINGS}:1", 1, None, None)]


SYMFONY = "/var/www/app/config/packages/security.yaml"
FIREWALLS = """security:
    password_hashers:
        App\\Entity\\User: 'auto'
    firewalls:
        dev:
            pattern: ^/_profiler
            security: false
        main:
            form_login: {{login_path: connexion}}
{throttling}
"""


@pytest.mark.parametrize(
    ("throttling", "line", "lockout"),
    [
        ("", 9, "none"),
        ("            login_throttling: ~", 10, Lockout(after_attempts=5, delay_seconds=60)),
        ("            login_throttling: {max_attempts: 3, interval: '6 hours'}", 10,
         Lockout(after_attempts=3, delay_seconds=21600)),
    ],
)  # fmt: skip
def test_symfony(tmp_path: Path, throttling: str, line: int, lockout: object) -> None:
    seen = read(tmp_path, **{SYMFONY: FIREWALLS.format(throttling=throttling)})
    assert told(seen) == [(f"{SYMFONY}:{line}", None, None, lockout)]


LARAVEL = "/var/www/app/config/session.php"


@pytest.mark.parametrize(
    ("env", "seconds"), [("", 7200), ("SESSION_LIFETIME=30\n", 1800), ("SESSION_LIFETIME=x", None)]
)
def test_laravel_asks_its_environment_first(tmp_path: Path, env: str, seconds: int | None) -> None:
    text = """<?php
use Illuminate\\Support\\Str;
return [
    // 'lifetime' => 5,
    'driver' => env('SESSION_DRIVER', 'file'),
    'lifetime' => (int) env('SESSION_LIFETIME', 120),
    'cookie' => env('SESSION_COOKIE', Str::slug(env('APP_NAME', 'a'), '_').'_session'),
    'lottery' => [2, 100],
];
"""
    seen = read(tmp_path, **{LARAVEL: text, "/var/www/app/.env": env})
    assert lives(seen) == ([(f"{LARAVEL}:6", seconds, None)] if seconds else [])


@pytest.mark.parametrize(
    ("name", "text", "lived", "kinds"),
    [
        ("application.yml", "server:\n  servlet:\n    session:\n      timeout: 30d\nspring:\n  security:\n    user:\n      password: admin123\n",
         (4, 2_592_000), ["default_password"]),
        ("application.properties", "server.servlet.session.timeout=15m\nspring.security.user.password=${ADMIN}\n",
         (1, 900), []),
        ("application-prod.yaml", "server.servlet.session.timeout: PT20M\n", (1, 1200), []),
    ],
)  # fmt: skip
def test_spring_boot(
    tmp_path: Path, name: str, text: str, lived: tuple[int, int], kinds: list[str]
) -> None:
    path = f"/opt/portail/config/{name}"
    seen = read(tmp_path, **{path: text})
    assert lives(seen) == [(f"{path}:{lived[0]}", lived[1], None)]
    assert [kind for kind, _ in opened(seen)] == kinds


def test_drupal(tmp_path: Path) -> None:
    root = "/var/www/drupal"
    seen = read(tmp_path, **{
        f"{root}/sites/default/services.yml": "parameters:\n  session.storage.options:\n    gc_maxlifetime: 200000\n    cookie_lifetime: 2000000\n",
        f"{root}/config/sync/user.flood.yml": "uid_only: true\nuser_limit: 5\nuser_window: 21600\n",
        f"{root}/config/sync/password_policy.password_policy.officine.yml": "label: Officine\npolicy_constraints:\n  -\n    id: password_length\n    character_length: 12\n    character_operation: minimum\n  -\n    id: character_types\n    character_types: '4'\n",
    })  # fmt: skip
    assert lives(seen) == [(f"{root}/sites/default/services.yml:3", 200_000, 2_000_000)]
    lock = Lockout(after_attempts=5, unlocked_after_seconds=21600)
    assert {(length, classes, lockout) for _, length, classes, lockout in told(seen)} == {
        (12, 4, None),
        (None, None, lock),
    }


def test_php_and_wordpress(tmp_path: Path) -> None:
    ini = "/etc/php/8.2/fpm/php.ini"
    config = "/var/www/html/wp-config.php"
    seen = read(tmp_path, **{ini: "; x\nsession.gc_maxlifetime = 86400\n", config: "<?php\n"})
    assert lives(seen) == [(f"{ini}:2", 86_400, None)]
    assert told(seen) == [(config, None, None, "none")]
    guard = "/var/www/html/wp-content/plugins/wordfence/wordfence.php"
    assert not told(read(tmp_path, **{guard: "<?php"}))


def test_a_dump_of_wordpress_says_what_its_guard_does(tmp_path: Path) -> None:
    dump = (
        "CREATE TABLE `wp_options` (`option_id` int, `option_name` varchar(191), `option_value` text);\n"
        "INSERT INTO `wp_options` VALUES (1,'limit_login_allowed_retries','4'),\n"
        "(2,'limit_login_lockout_duration','1200');\n"
    )
    seen = read(tmp_path, **{"/srv/backup/site.sql": dump})
    lock = Lockout(after_attempts=4, unlocked_after_seconds=1200)
    assert told(seen) == [("/srv/backup/site.sql:2", None, None, lock)]


def test_a_dump_of_mysql_says_which_accounts_have_no_password(tmp_path: Path) -> None:
    dump = (
        "CREATE TABLE `user` (`Host` char(255), `User` char(128), `plugin` char(64), `authentication_string` text);\n"
        "INSERT INTO `user` VALUES ('%','app','mysql_native_password',''),('localhost','root','unix_socket',''),\n"
        "('%','web','caching_sha2_password','$A$005$xx');\n"
    )
    seen = read(tmp_path, **{"/srv/backup/mysql.sql": dump})
    (fact,) = facts(seen, SignInOpenings).values()
    assert [(o.kind, o.setting) for o in fact.found] == [
        ("empty_password", "app@%"), ("from_anywhere", "app@%"), ("from_anywhere", "web@%"),
    ]  # fmt: skip
    tied = dump.replace("'%'", "'10.0.0.5'").replace("''),('loc", "'x'),('loc")
    assert opened(read(tmp_path, **{"/srv/backup/mysql.sql": tied})) == []


USERS = (
    "CREATE TABLE `wp_usermeta` (`umeta_id` int, `user_id` int, `meta_key` varchar(255), `meta_value` text);\n"
    "INSERT INTO `wp_usermeta` VALUES (1,1,'wp_capabilities','a:1:{{s:13:\"administrator\";b:1;}}'),\n"
    "(2,2,'wp_capabilities','a:1:{{s:13:\"administrator\";b:1;}}'),\n"
    "(3,3,'wp_capabilities','a:1:{{s:10:\"subscriber\";b:1;}}'),\n"
    "(4,1,'_two_factor_enabled_providers','a:1:{{i:0;s:15:\"Two_Factor_Totp\";}}'){rest};\n"
)
_OF_TWO = ",\n(5,2,'_two_factor_enabled_providers','a:1:{{i:0;s:{n}:\"{name}\";}}')"


@pytest.mark.parametrize(
    ("rest", "factors"),
    [
        ("", ("password",)),
        (_OF_TWO.format(n=15, name="Two_Factor_Totp"), ("password", "totp")),
        (_OF_TWO.format(n=16, name="Two_Factor_Email"), ("password", "email")),
        (_OF_TWO.format(n=23, name="Two_Factor_Backup_Codes"), ("password",)),
    ],
)
def test_a_dump_of_wordpress_says_which_second_factor_its_administrators_have(
    tmp_path: Path, rest: str, factors: tuple[str, ...]
) -> None:
    path = "/srv/backup/site.sql"
    text = USERS.replace("{rest}", rest).replace("{{", "{").replace("}}", "}")
    (fact,) = facts(read(tmp_path, **{path: text}), AccountPolicy).values()
    assert (fact.class_, fact.factors) == (AccountClass.ADMINISTRATORS, factors)
    other = text.replace("_two_factor_enabled", "_other")
    assert not facts(read(tmp_path, **{path: other}), AccountPolicy)


def methods(state: str) -> str:
    offered = [
        {"id": "Fido2", "state": "enabled"},
        {"id": "Sms", "state": state},
        {"id": "Voice", "state": "disabled"},
    ]
    policy = {"id": "authenticationMethodsPolicy", "authenticationMethodConfigurations": offered}
    return json.dumps(policy, indent=1)


def test_entra_says_whether_it_offers_codes_by_sms(tmp_path: Path) -> None:
    path = "/srv/exports/authentication-methods-policy.json"
    assert opened(read(tmp_path, **{path: methods("enabled")})) == [("sms_factor", f"{path}:9")]
    seen = read(tmp_path, **{path: methods("disabled")})
    assert [(f.looked_for, f.found) for f in facts(seen, SignInOpenings).values()] == [
        (("sms_factor",), ())
    ]


NGINX = "/etc/nginx/nginx.conf"
APACHE = "/etc/apache2/apache2.conf"


@pytest.mark.parametrize(
    ("server", "clear"),
    [
        ("listen 80; auth_basic Officine;", True),
        ("auth_basic Officine;", True),
        ("listen 443 ssl; listen 80; auth_basic Officine;", True),
        ("listen 80; location /admin { auth_basic Officine; }", True),
        ("listen 443 ssl; auth_basic Officine;", False),
        ("listen 127.0.0.1:8080; auth_basic Officine;", False),
        ("listen 80; auth_basic Officine; return 301 https://$host$request_uri;", False),
        ("listen 80; auth_basic Officine; if ($scheme = http) { return 301 https://a.example; }", False),
    ],
)  # fmt: skip
def test_nginx_asks_for_a_password_in_clear(tmp_path: Path, server: str, clear: bool) -> None:
    seen = read(tmp_path, **{NGINX: f"events {{}}\nhttp {{ server {{\n{server}\n}} }}\n"})
    found = [o.place for f in facts(seen, SignInOpenings).values() for o in f.found]
    assert found == ([f"{NGINX}:3"] if clear else [])


@pytest.mark.parametrize(
    "server", ["auth_basic off;", "location / { auth_basic A; return 301 https://$host; } auth_basic off;"]
)  # fmt: skip
def test_nginx_that_asks_for_no_password_says_nothing(tmp_path: Path, server: str) -> None:
    text = f"events {{}}\nhttp {{ auth_basic A; server {{ listen 80; {server} }} }}\n"
    assert not facts(read(tmp_path, **{NGINX: text}), SignInOpenings)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<VirtualHost *:80>\n<Location /admin>\nAuthType Basic\nRequire valid-user\n</Location>\n</VirtualHost>\n", 3),
        ("<Directory /srv>\nAuthType Basic\n</Directory>\n<VirtualHost *:80>\n</VirtualHost>\n", 2),
        ("<VirtualHost *:443>\nSSLEngine on\nAuthType Basic\n</VirtualHost>\n", None),
        ("<VirtualHost *:80>\n<Location />\nSSLRequireSSL\nAuthType Basic\n</Location>\n</VirtualHost>\n", None),
        ("<VirtualHost *:80>\nAuthType Basic\nRedirect permanent / https://a.example/\n</VirtualHost>\n", None),
        ("<VirtualHost 127.0.0.1:80>\nAuthType Basic\n</VirtualHost>\n", None),
        ("<Directory /srv>\nAuthType Basic\n</Directory>\n<VirtualHost *:443>\nSSLEngine on\n</VirtualHost>\n", None),
    ],
)  # fmt: skip
def test_apache_asks_for_a_password_in_clear(tmp_path: Path, text: str, line: int | None) -> None:
    (fact,) = facts(read(tmp_path, **{APACHE: text}), SignInOpenings).values()
    assert [o.place for o in fact.found] == ([f"{APACHE}:{line}"] if line else [])


def test_pg_hba(tmp_path: Path) -> None:
    path = "/etc/postgresql/15/main/pg_hba.conf"
    weak = (
        "# TYPE\nlocal all all trust\nhost all all 127.0.0.1/32 trust\nhost all all 0.0.0.0/0 trust\n"
        "host a b 10.0.0.0 255.0.0.0 md5\nhostssl a b 10.0.0.0/8 password\nhost a b 10.0.0.0/8 password\n"
    )
    assert opened(read(tmp_path, **{path: weak})) == [
        ("no_password", f"{path}:4"),
        ("md5_password", f"{path}:5"),
        ("clear_password", f"{path}:7"),
    ]
    strict = "local all all peer\nhostssl a b 10.0.0.0/8 scram-sha-256\nhost all all all reject\n"
    assert not opened(read(tmp_path, **{path: strict}))


OPENVPN = "/etc/openvpn/server.conf"


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("port 1194\nserver 10.8.0.0 255.255.255.0\nca ca.crt\n", ["single_factor"]),
        ("server 10.8.0.0 255.255.255.0\nverify-client-cert none\nplugin openvpn-plugin-auth-pam.so login\n", ["single_factor"]),
        ("server 10.8.0.0 255.255.255.0\nverify-client-cert none\n", ["no_password"]),
        ("server 10.8.0.0 255.255.255.0\nca ca.crt\nplugin openvpn-plugin-auth-pam.so login # x\n", []),
        ("client\nremote vpn.example.fr 1194\n", []),
    ],
)  # fmt: skip
def test_openvpn(tmp_path: Path, text: str, kinds: list[str]) -> None:
    assert [kind for kind, _ in opened(read(tmp_path, **{OPENVPN: text}))] == kinds


def test_an_htpasswd_is_a_sample_of_hashes(tmp_path: Path) -> None:
    text = (
        "# comment\nadmin:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\nweb:$apr1$abcdefgh$" + "a" * 22 + "\n"
    )
    (fact,) = facts(read(tmp_path, **{"/etc/nginx/.htpasswd": text}), PasswordHashes).values()
    assert fact.total == 2
    assert len(fact.groups) == 2


ENTRA = "/srv/exports/conditional-access-policies.json"


def entra(
    state: str = "enabled", operator: str = "OR", controls: tuple[str, ...] = ("mfa",), **users: Any
) -> str:
    policy = {
        "id": "5f1b",
        "displayName": "MFA pour tous",
        "state": state,
        "conditions": {
            "applications": {"includeApplications": ["All"]},
            "users": users or {"includeUsers": ["All"]},
            "locations": None,
        },
        "grantControls": {"operator": operator, "builtInControls": list(controls)},
        "sessionControls": {"signInFrequency": {"value": 8, "type": "hours", "isEnabled": True}},
    }
    return json.dumps({"@odata.context": "https://graph.example", "value": [policy]}, indent=1)


@pytest.mark.parametrize(
    ("text", "staff", "administrators"),
    [
        (entra(), 2, 2),
        (entra(includeRoles=["62e90394"]), None, 2),
        (entra(includeGroups=["a"]), None, None),
        (entra(state="enabledForReportingButNotEnforced"), 1, 1),
        (entra(controls=("compliantDevice",)), 1, 1),
        (entra(controls=("mfa", "compliantDevice")), 1, 1),
        (entra(operator="AND", controls=("mfa", "compliantDevice")), 2, 2),
    ],
)
def test_entra(tmp_path: Path, text: str, staff: int | None, administrators: int | None) -> None:
    seen = read(tmp_path, **{ENTRA: text})
    policies = facts(seen, AccountPolicy).values()
    found = {f.class_: None if f.factors is None else len(f.factors) for f in policies}
    assert found == {AccountClass.STAFF: staff, AccountClass.ADMINISTRATORS: administrators}


def test_entra_sessions_and_password_rules(tmp_path: Path) -> None:
    assert lives(read(tmp_path, **{ENTRA: entra()})) == [(f"{ENTRA}:28", None, 28_800)]
    rules = {"displayName": "Password Rule Settings", "values": [
        {"name": "LockoutThreshold", "value": "10"},
        {"name": "LockoutDurationInSeconds", "value": "60"}]}  # fmt: skip
    text = json.dumps({"value": [rules]})
    path = "/srv/exports/entra-settings.json"
    lock = Lockout(after_attempts=10, unlocked_after_seconds=60)
    seen = look(SignInConfiguration(), write(tmp_path / "b", {path: text}))
    assert told(seen) == [(f"{path}:1", 8, 3, lock)]


def okta(length: int, symbols: int, attempts: int, factor: bool) -> str:
    return json.dumps([
        {"id": "00p1", "status": "ACTIVE", "name": "Officine", "type": "PASSWORD", "settings": {
            "password": {
                "complexity": {"minLength": length, "minLowerCase": 1, "minUpperCase": 1,
                               "minNumber": 1, "minSymbol": symbols},
                "age": {"maxAgeDays": 0},
                "lockout": {"maxAttempts": attempts, "autoUnlockMinutes": 0}}}},
        {"id": "00p2", "status": "ACTIVE", "name": "Connexion", "type": "OKTA_SIGN_ON", "rules": [
            {"id": "0pr1", "name": "Défaut", "status": "ACTIVE", "actions": {"signon": {
                "access": "ALLOW", "requireFactor": factor,
                "session": {"maxSessionIdleMinutes": 30, "maxSessionLifetimeMinutes": 480}}}}]},
    ], indent=1)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "length", "classes", "lockout", "factors"),
    [
        (okta(12, 1, 5, True), 12, 4, Lockout(after_attempts=5), 2),
        (okta(8, 0, 0, False), 8, 3, "none", 1),
    ],
)
def test_okta(
    tmp_path: Path, text: str, length: int, classes: int, lockout: object, factors: int
) -> None:
    seen = read(tmp_path, **{"/srv/exports/okta-policies.json": text})
    password, sign_on = facts(seen, AccountPolicy).values()
    assert (password.minimum_length, password.character_classes) == (length, classes)
    assert password.lockout == lockout
    assert len(sign_on.factors or ()) == factors
    assert [life[1:] for life in lives(seen)] == [(1800, 28_800)]


@pytest.mark.parametrize(
    ("options", "length", "classes", "lockout"),
    [
        (
            {"passwordPolicy": "excellent", "password_complexity_options": {"min_length": 14}},
            14,
            3,
            None,
        ),
        ({"passwordPolicy": "low", "brute_force_protection": False}, 6, 1, "none"),
    ],
)
def test_auth0(
    tmp_path: Path, options: dict[str, Any], length: int, classes: int, lockout: object
) -> None:
    connection = {"name": "patients", "strategy": "auth0", "options": options}
    path = "/srv/auth0/connections.json"
    seen = read(tmp_path, **{
        path: json.dumps([connection]),
        "/srv/auth0/guardian/policies.json": '{"policies": ["all-applications"]}',
        "/srv/auth0/tenant.json": '{"session_lifetime": 168, "idle_session_lifetime": 72}',
    })  # fmt: skip
    assert (f"{path}:1", length, classes, lockout) in told(seen)
    assert ("password", "second_factor") in [f.factors for f in facts(seen, AccountPolicy).values()]
    assert [life[1:] for life in lives(seen)] == [(259_200, 604_800)]


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
)


@pytest.mark.parametrize(
    ("path", "text", "gap"),
    [
        (SYMFONY, "firewalls:\n" + BOMB, True),
        (SYMFONY, "firewalls: " + "[" * 100_000, True),
        (SYMFONY, "firewalls: &a [*a]", True),
        (SYMFONY, "security: {firewalls: [1, 2], x: !php/const A}\n", False),
        ("/opt/a/application.properties", "spring\x00\x01" * 10, False),
        (SETTINGS, "AUTH_PASSWORD_VALIDATORS = " + "(" * 50_000, True),
        (SETTINGS, "AUTH_PASSWORD_VALIDATORS = " + "-" * 50_000 + "1", True),
        (SETTINGS, "AUTH_PASSWORD_VALIDATORS = [{'NAME': 3, 'OPTIONS': 'x'}, 5]\n", False),
        (SETTINGS, "INSTALLED_APPS=[]\nSESSION_COOKIE_AGE = 9**9**9**9\n", False),
        (LARAVEL, "<?php return " + "['lifetime' => " * 5000, False),
        (LARAVEL, "<?php return ['lifetime' => '" + "\\" * 100_001, False),
        (ENTRA, '{"value": [{"conditions": [], "grantControls": 3, "state": "enabled"}, 1]}', False),
        (ENTRA, '{"value": [' * 30_000, False),
        ("/srv/exports/okta.json", '[{"type": "PASSWORD", "settings": {"password": {"lockout": 3, "complexity": []}}}]', False),
        (OPENVPN, "server\n" * 10_000 + "<ca>\n" + "x" * 100_000, False),
        ("/etc/postgresql/15/main/pg_hba.conf", 'host "' + "a " * 50_000, False),
        ("/srv/b.sql", "authentication_string INSERT INTO user VALUES (" + "(" * 10_000, False),
        ("/etc/nginx/.htpasswd", ":" * 10_000 + "\n\n", False),
    ],
)  # fmt: skip
def test_hostile_settings_end_in_a_gap_or_in_nothing(
    tmp_path: Path, path: str, text: str, gap: bool
) -> None:
    missing = [(p, t) for p, t, e in gaps(read(tmp_path, **{path: text})) if p == path]
    assert bool(missing) is gap
