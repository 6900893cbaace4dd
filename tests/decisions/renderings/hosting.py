"""Who holds the health data."""

from __future__ import annotations

import datetime as dt

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_ALL = [1, 2, 3, 4, 5, 6]


@renders("no-hds-host", "declaration")
def host_without_certificate(deployment: Deployment) -> Place:
    """The declared provider holds no certificate, one that expired, or one for other activities."""
    name = deployment.pick(
        "Nuage d'Armor (inventé)", "Hébergeur Ysatis (inventé)", "CloudBay (invented)"
    )
    flaw = deployment.pick("none", "expired", "other_activities")
    issued = deployment.day - dt.timedelta(days=300)
    certificate = {
        "holder": name, "number": f"INV-{deployment.draw.randint(1000, 9999)}",
        "body": "Organisme accrédité (inventé)", "referential": "2.0",
        "issued_on": issued, "expires_on": issued + dt.timedelta(days=1090), "activities": _ALL,
    }  # fmt: skip
    provider = {"name": name, "activities": _ALL, "certificate": certificate,
                "storage": [{"country": "FR", "purpose": "production"}]}  # fmt: skip
    if not deployment.mended and flaw == "none":
        del provider["certificate"]
    elif not deployment.mended and flaw == "expired":
        old = deployment.day - dt.timedelta(days=1200)
        certificate |= {"issued_on": old, "expires_on": old + dt.timedelta(days=1090)}
    elif not deployment.mended:
        certificate["activities"] = [1, 2]
    deployment.declare("hosting", service="saas", providers=[provider])
    # A part of the chain is judged at the provider, or at the activity that nobody covers.
    return at(
        "declarations.hosting", "" if flaw == "other_activities" else f"providers[0] ({name})"
    )


@renders("no-hds-host", "config")
def database_hosted_elsewhere(deployment: Deployment) -> Place:
    """The settings name a database on a product that its host leaves out of its certificate."""
    path, key = deployment.pick(
        ("/srv/app/.env", "DB_HOST="), ("/etc/portail/settings.ini", "DB_HOST = "),
        ("/var/www/html/config/app.yml", "DB_HOST: "),
    )  # fmt: skip
    number = f"{deployment.draw.randrange(16**8):08x}"
    host = deployment.pick(f"vps-{number}.vps.ovh.net", f"cluster0{number[1:3]}.hosting.ovh.net")
    host = "127.0.0.1" if deployment.mended else host
    deployment.system(path, f"# base\n{key}{host}\n")
    return at("snapshot", path)
