"""Passwords too weak for what they open: accepted, announced, or configured."""

from __future__ import annotations

import json
from html import escape

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders
from decisions.portal import portal
from decisions.website import html

_SYSTEM = "./snapshot/"
_SIGN_UP = ("/inscription", "/creer-un-compte", "/register", "/signup")


@renders("weak-user-password", "remote")
def short_one_accepted(deployment: Deployment) -> Place:
    """A test account may take a password of seven characters."""
    accounts = portal(deployment)
    least = deployment.pick(4, 5, 6, 7)
    accounts.least = deployment.pick(12, 14) if deployment.mended else least
    accounts.lend()
    return at(accounts.site.url, accounts.change)


def _sign_up(deployment: Deployment, said: str, attributes: str) -> Place:
    site, path = deployment.site(), deployment.pick(*_SIGN_UP)
    token, secret = deployment.draw.randbytes(20).hex(), deployment.pick("password", "mdp", "code")
    title = deployment.say("Créer un compte", "Create an account")
    form = (
        f'<form method="post" action="{path}"><input type="hidden" name="csrf_token" value="{token}">'
        f'<input name="email" type="email"><label>{escape(said)}</label>'
        f'<input name="{secret}" type="password" autocomplete="new-password" {attributes}>'
        f'<input name="{secret}2" type="password" autocomplete="new-password" {attributes}>'
        f"<button>OK</button></form>"
    )

    def shown(_: object) -> object:
        fresh = deployment.draw.randbytes(20).hex()
        return html(title, form.replace(token, fresh), ("Cache-Control", "no-store"))

    site.handle(path, shown)  # type: ignore[arg-type]
    site.link(path, title)
    return at(site.url, path)


@renders("weak-user-password", "remote")
def short_one_announced(deployment: Deployment) -> Place:
    """The page where an account is opened announces the least length."""
    least = deployment.pick(4, 5, 6, 7)
    least = 12 if deployment.mended else least
    words = deployment.pick(
        f"Mot de passe ({least} caractères minimum)",
        f"Votre mot de passe doit contenir au moins {least} caractères",
        f"Password: at least {least} characters",
        f"Choose a password of {least} characters or more",
    )
    return _sign_up(deployment, words, deployment.pick("", f'minlength="{least}"'))


@renders("weak-user-password", "remote")
def narrow_field(deployment: Deployment) -> Place:
    """The field takes a few digits or letters only; mended, a long passphrase."""
    size = deployment.draw.randint(4, 6)
    narrow = deployment.pick(
        rf'pattern="\d{{{size}}}" maxlength="{size}"',
        f'pattern="[0-9]{{{size}}}"',
        f'pattern="[a-z0-9]{{4,{size}}}" maxlength="{size}"',
    )
    wide = 'minlength="12" maxlength="128" pattern=".{12,128}"'
    said = deployment.say("Mot de passe", "Password")
    return _sign_up(deployment, said, wide if deployment.mended else narrow)


def _named_for_users(deployment: Deployment, path: str) -> None:
    deployment.declare(
        "authentication",
        accounts=[{"class": "users", "who": deployment.say("clients", "customers"),
                   "configured_in": [path]}],
    )  # fmt: skip


@renders("weak-user-password", "config")
def django_validators(deployment: Deployment) -> Place:
    """Django asks for a few characters; mended, for sixteen of them and a lock beside."""
    path = deployment.pick("/srv/app/site/settings.py", "/opt/portail/config/settings/prod.py")
    short, known = deployment.draw.randint(4, 7), deployment.pick(True, False)
    least = 18 if deployment.mended else short
    text = f"""INSTALLED_APPS = ["django.contrib.auth", "axes", "accounts"]
AXES_FAILURE_LIMIT = 5
AUTH_PASSWORD_VALIDATORS = [
    {{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
      "OPTIONS": {{"min_length": {least}}}}},
]
SESSION_COOKIE_AGE = 1800
SESSION_SAVE_EVERY_REQUEST = True
SESSION_COOKIE_SECURE = True
SECURE_SSL_REDIRECT = True
"""
    deployment.system(path, text)
    if known:
        _named_for_users(deployment, path)
    return at(_SYSTEM, path)


@renders("weak-user-password", "config")
def keycloak_realm(deployment: Deployment) -> Place:
    """A realm asks for little; mended, for twelve characters of four classes."""
    path = deployment.pick(
        "/srv/idp/realm-export.json", "/opt/keycloak/data/import/clients-realm.json"
    )
    short = deployment.pick("length(6)", "length(5) and digits(1)", "length(4)", "")
    sound = "length(12) and upperCase(1) and lowerCase(1) and digits(1) and specialChars(1)"
    known = deployment.pick(True, False)
    realm = {
        "realm": deployment.pick("clients", "boutique", "patients"),
        "enabled": True,
        "sslRequired": "external",
        "bruteForceProtected": True,
        "failureFactor": 8,
        "permanentLockout": True,
        "passwordPolicy": sound if deployment.mended else short,
        "ssoSessionIdleTimeout": 1200,
        "ssoSessionMaxLifespan": 28800,
    }
    deployment.system(path, json.dumps(realm, indent=2))
    if known:
        _named_for_users(deployment, path)
    return at(_SYSTEM, path)


@renders("weak-user-password", "config")
def drupal_policy(deployment: Deployment) -> Place:
    """Drupal's password policy asks for little; mended, for enough."""
    name = deployment.pick("clients", "members", "patients")
    path = f"/var/www/html/config/sync/password_policy.password_policy.{name}.yml"
    short, classes = deployment.draw.randint(4, 6), deployment.pick(1, 2)
    length, classes = (12, 4) if deployment.mended else (short, classes)
    text = f"""label: {name}
policy_constraints:
  - id: password_length
    character_length: {length}
    character_operation: minimum
  - id: character_types
    character_types: {classes}
"""
    deployment.system(path, text)
    return at(_SYSTEM, path)
