"""People's data that lie readable where they are kept."""

from __future__ import annotations

import io
import json
import zipfile

from cnilcheck.replica.people import Person
from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_FOLDERS = ("migration", "echange/labo-12", "ftp/public", "export")


def _table(deployment: Deployment, people: tuple[Person, ...]) -> str:
    header = deployment.pick("nir;nom;prenom;telephone;commentaire", "nom;prenom;nir;courriel;note")
    remark = deployment.pick("HIV: suivi", "grossesse", "traitement en cours", "anticoagulant")
    first = header.startswith("nir")
    rows = [
        f"{p.nir};{p.surname};{p.first_name};{p.telephone};{remark}"
        if first
        else f"{p.surname};{p.first_name};{p.nir};{p.email};{remark}"
        for p in people
    ]
    return "\n".join([header, *rows]) + "\n"


@renders("data-at-rest-unencrypted", "sample")
def readable_extract(deployment: Deployment) -> Place:
    """An extract as CSV, JSON, SQL, or an archive without a key; mended, an age or OpenSSL file."""
    folder, draw = deployment.pick(*_FOLDERS), deployment.draw
    people = deployment.people[: draw.randint(20, 60)]
    table, kind = _table(deployment, people), deployment.pick("csv", "json", "sql", "zip", "txt")
    sealed = deployment.pick(
        b"age-encryption.org/v1\n-> X25519 " + draw.randbytes(16).hex().encode()
        + b"\n" + draw.randbytes(32) + b"\n--- " + draw.randbytes(20).hex().encode() + b"\n",
        b"Salted__" + draw.randbytes(8),
    ) + draw.randbytes(4000)  # fmt: skip
    match kind:
        case "json":
            rows = [{"nir": p.nir, "nom": p.surname, "resultat": p.result} for p in people]
            content = json.dumps(rows, ensure_ascii=False).encode()
        case "sql":
            values = ",\n".join(f"('{p.nir}','{p.surname}','{p.result}')" for p in people)
            content = f"INSERT INTO patients (nir, nom, resultat) VALUES\n{values};\n".encode()
        case "zip":
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("patients.csv", table)
            content = packed.getvalue()
        case _:
            content = table.encode()
    name = f"{folder}/patients-{draw.randint(1, 99)}.{kind}"
    deployment.write(name, sealed if deployment.mended else content)
    deployment.source("data_samples", {"path": name, "kind": "extract"})
    return at(name, name)
