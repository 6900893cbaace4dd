"""The files of the replica: the copy of the server's tree, the samples and the extracts."""

from __future__ import annotations

import base64
import hashlib
import os
import random
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path

from cnilcheck.replica import templates
from cnilcheck.replica.people import Person

DOCUMENT_ROOT = Path("snapshot/var/www/depistage")
PLUGIN = "wp-content/plugins/depistage"

_LEFT_OPEN = (
    "connexion-bdd.php.txt",
    "export-2021-07.csv",
    "export-2021-08.csv",
    "includes/lisez-moi.txt",
)
_PASSWORDS = (
    "soleil1",
    "pharma",
    "depist21",
    "azerty3",
    "croix",
    "officine",
    "test2021",
    "marseil",
    "velo44",
)
_ACCOUNTS = 30


def write_tree(
    base: Path, mended: bool, day: date, people: tuple[Person, ...], values: Mapping[str, str]
) -> None:
    """The copy of the server's tree stands below `snapshot/`, with the server's access rights."""
    folder = templates.twin(mended)
    snapshot = base / "snapshot"
    for part, root in (("etc", snapshot / "etc"), ("www", base / DOCUMENT_ROOT)):
        for relative, text in templates.texts_below(folder / part):
            write(root / relative, templates.filled(text, values).encode())
    source, plugin = base / DOCUMENT_ROOT / "connexion-bdd.php", base / DOCUMENT_ROOT / PLUGIN
    if mended:
        source.chmod(0o640)
        for name in _LEFT_OPEN:  # the folder may have held the flawed twin before
            (plugin / name).unlink(missing_ok=True)
    else:
        write(plugin / "connexion-bdd.php.txt", source.read_bytes())
        write(plugin / "export-2021-07.csv", extract(people[:60]))
        write(plugin / "export-2021-08.csv", extract(people[60:]))
    _date(snapshot, day - timedelta(days=30))


def write_samples(base: Path, mended: bool, day: date, people: tuple[Person, ...]) -> None:
    """What the owner hands to the auditor: passwords, a backup, accounts and a message."""
    draw = random.Random(f"cnilcheck: samples of {day}")
    hashes = _argon2_hashes(draw) if mended else _weak_hashes(draw)
    rows = [f"ph-{number:04d},{value}" for number, value in enumerate(hashes, start=1)]
    write(base / "samples/utilisateurs.csv", _lines(["identifiant,mot_de_passe", *_quoted(rows)]))
    backup = _encrypted(draw) if mended else _dump(people[:8])
    write(base / "samples/sauvegarde.sql", backup)
    write(base / "samples/comptes.csv", _lines(_accounts(mended, day)))
    write(base / "samples/messages/bienvenue.txt", _welcome(mended))


def _accounts(mended: bool, day: date) -> list[str]:
    """The accounts of the pharmacists; in the flawed twin one of them left three months ago."""
    seen, left = day - timedelta(days=2), day - timedelta(days=90)
    changed = day - timedelta(days=200)
    departure = "" if mended else f"{left:%d/%m/%Y}"
    last = seen if mended else left + timedelta(days=20)
    rows = [f"ph-0001;oui;;{seen:%d/%m/%Y}", f"ph-0002;oui;{departure};{last:%d/%m/%Y}"]
    header = "identifiant;actif;date de départ;dernière connexion;mot de passe modifié le"
    return [header, *(f"{row};{changed:%d/%m/%Y}" for row in rows)]


def _welcome(mended: bool) -> bytes:
    if mended:
        return _lines(
            [
                "Bonjour, votre compte est ouvert.",
                "Choisissez votre mot de passe, dans les 24 heures, à l'adresse :",
                "https://depistage.example/bienvenue?jeton={{ jeton }}",
            ]
        )
    return _lines(["Bonjour, votre compte est ouvert.", "Votre mot de passe : {{ mot_de_passe }}"])


def extract(people: Iterable[Person]) -> bytes:
    """The pharmacists' extract as it was left in the public directory."""
    rows = ["nom;prenom;nir;date_naissance;telephone;courriel;resultat"]
    rows += [
        ";".join(
            (
                p.surname,
                p.first_name,
                p.nir,
                f"{p.born_on:%d/%m/%Y}",
                p.telephone,
                p.email,
                p.result,
            )
        )
        for p in people
    ]
    return _lines(rows)


def write(path: Path, content: bytes) -> None:
    """The file and its folders exist; everybody may read it, as on a server set up in haste."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o644)


def _lines(rows: Iterable[str]) -> bytes:
    return "".join(f"{row}\n" for row in rows).encode()


def _quoted(rows: Iterable[str]) -> list[str]:
    # The parameters of an Argon2 hash are separated by commas.
    return [f'{name},"{value}"' for name, value in (row.split(",", 1) for row in rows)]


def _date(folder: Path, day: date) -> None:
    moment = datetime.combine(day, time(12)).timestamp()
    for path in folder.rglob("*"):
        os.utime(path, (moment, moment))


def _weak_hashes(draw: random.Random) -> list[str]:
    chosen = [draw.choice(_PASSWORDS).encode() for _ in range(_ACCOUNTS)]
    md5 = [hashlib.md5(password, usedforsecurity=False).hexdigest() for password in chosen[:20]]
    return md5 + [
        hashlib.sha1(password, usedforsecurity=False).hexdigest() for password in chosen[20:]
    ]


def _argon2_hashes(draw: random.Random) -> list[str]:
    parameters = "$argon2id$v=19$m=19456,t=2,p=1"
    return [f"{parameters}${_base64(draw, 16)}${_base64(draw, 32)}" for _ in range(_ACCOUNTS)]


def _base64(draw: random.Random, size: int) -> str:
    return base64.b64encode(draw.randbytes(size)).decode().rstrip("=")


def _dump(people: Iterable[Person]) -> bytes:
    columns = "nom, prenom, nir, date_naissance, telephone, courriel, resultat"
    rows = ["-- Sauvegarde de « depistage » (démonstration : toutes les personnes sont inventées)"]
    rows += ["CREATE TABLE patients (nom text, prenom text, nir char(15), date_naissance date,"]
    rows += ["    telephone text, courriel text, resultat text);"]
    for p in people:
        values = (p.surname, p.first_name, p.nir, f"{p.born_on}", p.telephone, p.email, p.result)
        quoted = ", ".join(f"'{value}'" for value in values)
        rows.append(f"INSERT INTO patients ({columns}) VALUES ({quoted});")
    return _lines(rows)


def _encrypted(draw: random.Random) -> bytes:
    """Bytes in the form of an age file (age-encryption.org/v1): header, recipient, cipher text."""
    recipient = f"-> X25519 {_base64(draw, 32)}\n{_base64(draw, 32)}\n--- {_base64(draw, 32)}\n"
    return f"age-encryption.org/v1\n{recipient}".encode() + draw.randbytes(4096)
