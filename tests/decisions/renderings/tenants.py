"""Establishments whose files a service keeps together."""

from __future__ import annotations

import json

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_SNAPSHOT = "snapshot"


@renders("cross-account-identifier", "config")
def shared_attachments(deployment: Deployment) -> Place:
    """The settings of several hospitals name one place for their attachments."""
    draw = deployment.draw
    names = draw.sample(("toledo", "cuenca", "albacete", "ciudad-real", "guadalajara"), 4)
    base = deployment.pick("/srv/adjuntos", "/mnt/nas/documentos", "/var/lib/app/files")
    common = deployment.pick("comun", "shared", "prod")
    sharing = draw.sample(names, 2)
    places = {
        name: f"{base}/{common if name in sharing and not deployment.mended else name}/docs"
        for name in names
    }
    kind = deployment.pick("yaml", "json", "properties", "ini")
    folder = deployment.pick("/opt/historia", "/srv/app/config", "/srv/hce")
    if kind == "yaml":
        path = f"{folder}/tenants.yml"
        text = "hospitals:\n" + "".join(
            f"  - id: {name}\n    database: {name.replace('-', '_')}\n"
            f"    attachments:\n      path: {place}\n"
            for name, place in places.items()
        )
    elif kind == "json":
        path = f"{folder}/sites.json"
        document = {"sites": {n: {"label": n.title(), "storagePath": p} for n, p in places.items()}}
        text = json.dumps(document, indent=2)
    elif kind == "properties":
        path = f"{folder}/application.properties"
        text = "".join(f"app.tenants.{n}.upload.dir={p}\n" for n, p in places.items())
    else:
        path = f"{folder}/etablissements.ini"
        text = "".join(
            f"[etablissement:{n}]\nnom={n}\ndossier_pieces={p}\n\n" for n, p in places.items()
        )
    deployment.system(path, text)
    return at(_SNAPSHOT, path)
