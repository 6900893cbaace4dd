"""Accounts that are nobody's own, in lists of accounts and in logs."""

from __future__ import annotations

import datetime as dt

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@renders("shared-accounts", "config")
def generic_accounts_listed(deployment: Deployment) -> Place:
    """The directory's accounts, exported: some bear the name of a task."""
    separator = deployment.pick(";", ",")
    login, group, active = deployment.pick(
        ("identifiant", "groupes", "actif"), ("sAMAccountName", "memberOf", "enabled")
    )
    generic = deployment.draw.sample(
        ("manutenzione", "maintenance", "admin", "support", "prestataire", "helpdesk", "fornitore"),
        3,
    )
    people = [f"{p.first_name}.{p.surname}".lower() for p in deployment.people[:14]]
    rows = [(name, "Utilisateurs", "oui") for name in people]
    if not deployment.mended:
        rows += [(name, "Domain Admins", "oui") for name in generic]
    deployment.draw.shuffle(rows)
    rows += [(f"{deployment.people[20].surname}.adm".lower(), "Domain Admins", "oui")]
    lines = [separator.join((login, group, active)), *(separator.join(row) for row in rows)]
    path = f"exports/{deployment.pick('comptes', 'ad-users', 'accounts')}.csv"
    deployment.write(path, "\n".join(lines) + "\n")
    deployment.source("accounts", {"path": path})
    return at(path, path)


@renders("shared-accounts", "logs")
def generic_author_of_accesses(deployment: Deployment) -> Place:
    """The log of accesses to records has an author whom several people are."""
    shared = deployment.pick("admin", "accueil", "user", "root")
    people = [f"u{n:03d}" for n in range(9)]
    names = people if deployment.mended else [*people, shared, shared, shared]
    path = f"logs/{deployment.pick('acces', 'records', 'ehr')}.log"
    moment = dt.datetime.combine(deployment.day - dt.timedelta(days=3), dt.time(7), dt.UTC)
    lines = []
    for _ in range(400):
        moment += dt.timedelta(seconds=deployment.draw.randint(20, 160))
        when = f"{moment:%d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"
        record = deployment.draw.randint(10_000, 99_999)
        asked = f"GET /dossiers/{record} HTTP/1.1"
        name = deployment.draw.choice(names)
        lines.append(
            f'192.0.2.{deployment.draw.randint(2, 99)} - {name} [{when}] "{asked}" 200 981 "-" "M"\n'
        )
    deployment.write(path, "".join(lines), age_days=1)
    deployment.source("logs", {"path": path, "class": "application_access"})
    return at(path, path)
