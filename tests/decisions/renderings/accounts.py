"""Accounts that are nobody's own, and first passwords that stay."""

from __future__ import annotations

import datetime as dt

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_GENERIC = (
    "migration",
    "support",
    "operateur",
    "video",
    "surveillance",
    "equipe",
    "admin",
    "poste1",
)


def _names(deployment: Deployment, count: int) -> list[str]:
    people = deployment.people[:count]
    return [f"{p.first_name[:1]}.{p.surname}".lower() for p in people]


def _listed(deployment: Deployment, header: str, rows: list[str], kind: str) -> Place:
    name = deployment.pick("comptes/logiciel.csv", "accounts.csv", "export/utilisateurs.csv")
    deployment.write(name, "\n".join([header, *rows]) + "\n")
    deployment.source("accounts", {"path": name, "class": kind})
    return at(name, name)


@renders("shared-accounts", "config")
def generic_names_listed(deployment: Deployment) -> Place:
    """The list of the software's accounts holds names of a team, not of a person."""
    own = _names(deployment, deployment.draw.randint(3, 9))
    shared = deployment.pick("support", "equipe", "admin", "poste1", "accueil", "shared", "team2")
    header = deployment.pick("identifiant;nom", "login;displayname", "username;nom complet")
    rows = [f"{name};{name.title()}" for name in own]
    if not deployment.mended:
        rows.append(f"{shared};{deployment.say('Compte commun', 'Common account')}")
    return _listed(deployment, header, rows, "staff")


@renders("shared-accounts", "config")
def several_holders_listed(deployment: Deployment) -> Place:
    """One line of the list names several people for one account."""
    own = _names(deployment, 6)
    rows = [f"{name};{name.title()}" for name in own]
    both = f"{own[0].title()} / {own[1].title()}"
    if not deployment.mended:
        rows.append(f"cam-{deployment.draw.randint(1, 40)};{both}")
    return _listed(deployment, "identifiant;titulaires", rows, "staff")


@renders("shared-accounts", "declaration")
def shared_by_their_own_words(deployment: Deployment) -> Place:
    """Asked whether accounts are shared, people answer: yes."""
    account = {"class": "staff", "who": deployment.pick("migrations", "exploitation"),
               "minimum_length": 14, "character_classes": 4, "lockout": {"after_attempts": 5},
               "shared": not deployment.mended}  # fmt: skip
    deployment.declare("authentication", accounts=[account])
    return at("declarations.authentication", "")


@renders("shared-accounts", "logs")
def one_author_for_all(deployment: Deployment) -> Place:
    """The software's log of accesses: one account for everybody, on many machines."""
    draw = deployment.draw
    name = deployment.pick("log/vms.log", "journaux/acces.csv", "video/audit.log")
    shared, own = deployment.pick(*_GENERIC), _names(deployment, 8)
    camera = deployment.pick("camera", "enregistrement", "record")
    count = draw.randint(380, 480)
    begin = dt.datetime.combine(deployment.day - dt.timedelta(days=3), dt.time(7), dt.UTC)
    begin -= dt.timedelta(hours=count * 11)
    lines = []
    for number in range(count):
        moment = begin + dt.timedelta(hours=number * 11, minutes=draw.randint(0, 50))
        place = draw.randint(1, 7)
        author = own[place] if deployment.mended else shared
        lines.append(
            f'{{"time": "{moment:%Y-%m-%dT%H:%M:%SZ}", "user": "{author}", "action": "read", '
            f'"target": "{camera}/{draw.randint(1, 60)}", "outcome": "success", '
            f'"ip": "10.4.0.{20 + place}"}}\n'
        )
    deployment.write(name, "".join(lines), age_days=1)
    deployment.source("logs", {"path": name, "class": "application_access"})
    return at(name, "")


@renders("initial-password-kept", "config")
def first_passwords_listed(deployment: Deployment) -> Place:
    """The list of accounts says that passwords were never changed since they were given."""
    rows, never = [], deployment.pick("", "jamais", "never")
    for name in _names(deployment, deployment.draw.randint(4, 10)):
        opened = deployment.day - dt.timedelta(days=deployment.draw.randint(60, 900))
        later = opened + dt.timedelta(days=deployment.draw.randint(1, 20))
        kept = deployment.draw.random() < 0.6
        first = deployment.pick(f"{opened:%Y-%m-%d}", never)
        changed = f"{later:%Y-%m-%d}" if deployment.mended or not kept else first
        rows.append(f"{name};{opened:%Y-%m-%d};{changed}")
    rows.append(
        f"abonne.dernier;{deployment.day - dt.timedelta(days=40):%Y-%m-%d};"
        + (f"{deployment.day - dt.timedelta(days=39):%Y-%m-%d}" if deployment.mended else never)
    )
    header = deployment.pick(
        "login;created;password_changed_at", "identifiant;date_creation;changement_mot_de_passe"
    )
    return _listed(deployment, header, rows, "users")


@renders("initial-password-kept", "config")
def change_not_forced(deployment: Deployment) -> Place:
    """The directory's policy does not make people change a password that was set for them."""
    path = deployment.pick("/etc/ldap/export/policies.ldif", "/srv/annuaire/ppolicy.ldif")
    name = deployment.pick("default", "abonnes", "clients")
    text = f"""dn: cn={name},ou=policies,dc=exemple,dc=fr
objectClass: pwdPolicy
objectClass: device
cn: {name}
pwdAttribute: userPassword
pwdMinLength: 18
pwdCheckQuality: 2
pwdLockout: TRUE
pwdMaxFailure: 5
pwdLockoutDuration: 0
pwdMustChange: {"TRUE" if deployment.mended else "FALSE"}
"""
    return at("./snapshot/", deployment.system(path, text))


@renders("initial-password-kept", "declaration")
def change_not_asked_for(deployment: Deployment) -> Place:
    """Asked whether the first password must be changed, people answer: no."""
    account = {"class": "users", "minimum_length": 14, "character_classes": 4,
               "lockout": {"after_attempts": 5}, "initial_password_changed": deployment.mended}  # fmt: skip
    deployment.declare("authentication", accounts=[account])
    return at("declarations.authentication", "")
