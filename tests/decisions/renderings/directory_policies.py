"""What a directory or a server asks of the passwords of those who work there, and when it locks."""

from __future__ import annotations

import json

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_TICKS = 10_000_000
_SNAPSHOT = "snapshot"
_FOLDERS = ("/srv/export", "/root/audit", "/opt/annuaire", "/etc/ldap/export")


def active_directory(
    deployment: Deployment, *, length: int, complex_: bool, tries: int, minutes: int
) -> Place:
    """The domain's password policy, as `ldifde` exports it; the place is its first number."""
    domain = deployment.pick("dc=hopital,dc=example", "dc=agence,dc=example", "dc=clinique,dc=lan")
    fine = deployment.draw.random() < 0.4
    name = deployment.pick("domaine.ldif", "ad-export.ldif", "policy.ldif")
    if fine:
        group = deployment.pick("PSO-Conseillers", "PSO-Staff", "Partenaires")
        lines = [
            f"dn: CN={group},CN=Password Settings Container,CN=System,{domain}",
            "objectClass: msDS-PasswordSettings",
            f"msDS-MinimumPasswordLength: {length}",
            f"msDS-PasswordComplexityEnabled: {'TRUE' if complex_ else 'FALSE'}",
            f"msDS-LockoutThreshold: {tries}",
            f"msDS-LockoutDuration: {-minutes * 60 * _TICKS}",
        ]
    else:
        lines = [
            f"dn: {domain}",
            "objectClass: domainDNS",
            f"lockoutDuration: {-minutes * 60 * _TICKS}",
            f"lockoutThreshold: {tries}",
            f"maxPwdAge: {-(2**63)}",
            f"minPwdLength: {length}",
            f"pwdProperties: {int(complex_)}",
        ]
    return _exported(deployment, name, "\n".join(lines) + "\n")


def openldap(deployment: Deployment, *, length: int, tries: int, minutes: int) -> Place:
    """The default policy of OpenLDAP's ppolicy, as slapcat writes it."""
    suffix = deployment.pick("dc=labo,dc=example", "o=reseau,c=fr")
    lines = [
        f"dn: cn={deployment.pick('default', 'personnel', 'staff')},ou=policies,{suffix}",
        "objectClass: device",
        "objectClass: pwdPolicy",
        "pwdAttribute: userPassword",
        f"pwdLockout: {'TRUE' if tries else 'FALSE'}",
        f"pwdMaxFailure: {tries}",
        f"pwdLockoutDuration: {minutes * 60}",
        f"pwdMinLength: {length}",
    ]
    return _exported(deployment, "ppolicy.ldif", "\n".join(lines) + "\n")


def keycloak(deployment: Deployment, *, policy: str, tries: int, wait: int) -> Place:
    """A realm of Keycloak, exported, which the declarations say is the staff's."""
    realm = deployment.pick("agents", "soignants", "staff", "partenaires")
    realm = f"{realm}-{deployment.draw.randint(1, 10**6)}"
    document = {
        "realm": realm,
        "enabled": True,
        "sslRequired": "external",
        "passwordPolicy": policy,
        "bruteForceProtected": tries > 0,
        "failureFactor": tries,
        "waitIncrementSeconds": wait,
    }
    path = f"{deployment.pick(*_FOLDERS)}/{realm}-realm.json"
    deployment.system(path, json.dumps(document, indent=2))
    _serves_staff(deployment, path)
    return at(_SNAPSHOT, path)


def _serves_staff(deployment: Deployment, path: str) -> None:
    who = f"{deployment.say('le personnel', 'staff')} ({path.rpartition('/')[2]})"
    accounts = [{"class": "staff", "who": who, "configured_in": [path]}]
    deployment.declare("authentication", accounts=accounts)


def _exported(deployment: Deployment, name: str, text: str) -> Place:
    stem, _, ending = name.rpartition(".")
    name = f"{stem}-{deployment.draw.randint(1, 10**6)}.{ending}"
    if deployment.draw.random() < 0.5:
        path = f"exports/{name}"
        deployment.write(path, text)
        deployment.source("identity_exports", {"path": path})
        return at(path, path)
    path = f"{deployment.pick(*_FOLDERS)}/{name}"
    deployment.system(path, text)
    return at(_SNAPSHOT, path)


@renders("weak-staff-password", "config")
def short_in_the_directory(deployment: Deployment) -> Place:
    """Passwords of the directory short or simple for the protection around them."""
    length, complex_, tries = deployment.pick(
        (8, True, 0), (8, True, 50), (6, True, 10), (7, False, 5), (8, False, 10)
    )
    sound = deployment.pick((8, True, 10), (12, True, 5), (14, True, 3), (20, False, 10))
    if deployment.mended:
        length, complex_, tries = sound
    return active_directory(
        deployment, length=length, complex_=complex_, tries=tries, minutes=deployment.pick(15, 30)
    )


@renders("weak-staff-password", "config")
def short_in_openldap(deployment: Deployment) -> Place:
    """A policy of OpenLDAP that asks for a few characters of any kind."""
    length, tries = deployment.pick((6, 5), (8, 0), (8, 10), (0, 10))
    sound = deployment.pick((11, 5), (18, 3), (20, 10))
    if deployment.mended:
        length, tries = sound
    return openldap(deployment, length=length, tries=tries, minutes=deployment.pick(10, 60))


@renders("weak-staff-password", "config")
def short_in_the_realm(deployment: Deployment) -> Place:
    """A realm of Keycloak without a policy that is worth its name."""
    weak = deployment.pick("length(8)", "length(6) and digits(1)", "", "length(8) and upperCase(1)")
    sound = deployment.pick(
        "length(12) and upperCase(1) and lowerCase(1) and digits(1) and specialChars(1)",
        "length(14) and upperCase(1) and lowerCase(1) and digits(1)",
    )
    policy = sound if deployment.mended else weak
    return keycloak(deployment, policy=policy, tries=deployment.pick(5, 10), wait=900)


@renders("weak-staff-password", "config")
def short_on_the_server(deployment: Deployment) -> Place:
    """The server's own accounts: PAM with a short minimum, or none."""
    by_module = deployment.pick(True, False)
    length, tries = deployment.pick(6, 8), deployment.pick(5, 10)
    if by_module:
        weak = f"# minclass = 4\nminlen = {length}\n"
        deployment.system(
            "/etc/security/pwquality.conf",
            "minlen = 12\nminclass = 4\n" if deployment.mended else weak,
        )
        quality = "password requisite pam_pwquality.so retry=3\n"
    else:
        least = "minlen=14 minclass=3" if deployment.mended else f"minlen={length}"
        quality = f"password requisite pam_pwquality.so {least}\n"
    unix = "password [success=1 default=ignore] pam_unix.so obscure use_authtok yescrypt\n"
    path = "/etc/pam.d/common-password"
    deployment.system(path, quality + unix)
    if deployment.mended:
        lock = f"auth required pam_faillock.so preauth deny={tries} unlock_time=900\n"
        deployment.system("/etc/pam.d/common-auth", lock + "auth sufficient pam_unix.so\n")
    return at(_SNAPSHOT, path)


@renders("no-lockout", "config")
def late_lock_in_the_directory(deployment: Deployment) -> Place:
    """A directory that locks an account late or never."""
    tries = deployment.pick(50, 30, 0, 100)
    sound = deployment.pick(3, 5, 10)
    minutes = deployment.pick(15, 30, 60)
    return active_directory(
        deployment,
        length=deployment.pick(14, 16),
        complex_=True,
        tries=sound if deployment.mended else tries,
        minutes=minutes,
    )


@renders("no-lockout", "config")
def late_lock_in_openldap(deployment: Deployment) -> Place:
    """A policy of OpenLDAP without a lock, or with a late one."""
    tries, sound = deployment.pick(0, 50, 25), deployment.pick(5, 10)
    tries = sound if deployment.mended else tries
    return openldap(deployment, length=20, tries=tries, minutes=deployment.pick(15, 60))


@renders("no-lockout", "config")
def late_lock_in_the_realm(deployment: Deployment) -> Place:
    """A realm of Keycloak whose protection is off, or begins late."""
    tries, sound = deployment.pick(0, 30, 50), deployment.pick(5, 10)
    policy = "length(14) and upperCase(1) and lowerCase(1) and digits(1)"
    tries = sound if deployment.mended else tries
    return keycloak(deployment, policy=policy, tries=tries, wait=deployment.pick(300, 900))
