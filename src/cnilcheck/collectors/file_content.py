"""What a file a visitor can read turns out to be, by its content: kind, records, personal data.

Nothing of the content itself is kept: counts, known column names, and lines with the secret masked.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from cnilcheck.collectors.html_page import looks_html
from cnilcheck.collectors.transport import inflate
from cnilcheck.model.facts import FileKind
from cnilcheck.model.personal_data import (
    DataCount,
    SecretSeen,
    count_personal_data,
    find_secrets,
    printable,
)

_INFLATED = 1024 * 1024
_TEXT = 256 * 1024

# Column names that say nothing about anyone; any other cell of a first line may be a value.
_COLUMNS = frozenset(
    "nom noms prenom prénom prenoms name first_name last_name firstname lastname surname nir ssn "
    "ins numero_securite_sociale num_secu date_naissance naissance date_de_naissance birth_date "
    "dob birthdate telephone téléphone tel phone mobile courriel email e-mail mail adresse address "
    "code_postal ville city zip resultat résultat result resultat_test test date_test date type "
    "date_prelevement sexe sex genre id identifiant login user username utilisateur mot_de_passe "
    "password hash patient patient_id statut status created_at updated_at pharmacie pharmacien "
    "medecin médecin rpps finess lot vaccin dose".split()
)
_FIRST_NAMES = frozenset("prenom prénom prenoms first_name firstname".split())
_BIRTHS = frozenset("date_naissance naissance date_de_naissance birth_date dob birthdate".split())
_TELLING = frozenset(
    "nir ssn ins numero_securite_sociale num_secu patient patient_id mot_de_passe password".split()
)
_LOG_LINE = re.compile(
    r"(?m)^(?:\[?\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d"
    r"|\S{1,60} \S{1,60} \S{1,60} \[\d\d/[A-Z][a-z]{2}/\d{4}:"
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d "
    r"|\[\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d|\[\d\d-\w{3}-\d{4} )"
)
_DUMP = re.compile(
    r"(?i)^(?:\s*--[^\n]{0,200}\n|\s*/\*[^\n]{0,200}\n|\s*\n){0,40}?"
    r"\s*-- *(?:mysql dump|mariadb dump|postgresql database(?: cluster)? dump|phpmyadmin sql dump"
    r"|adminer [\d.]{1,12})"
)
_ROWS = re.compile(
    r"(?im)\binsert\s+into\s+[`\"\[\w.]{1,100}|^copy [\w.\"]{1,100} .{0,400} from stdin"
)
_TABLES = re.compile(r"(?i)\bcreate\s+table\s")
_SETTINGS = re.compile(r"(?m)^(?:export )?[A-Z][A-Z0-9_]{2,60}=")
_BACKUP_NAME = re.compile(
    r"(?i)(?:^|[^a-z])(?:back-?ups?|bkp|sauvegardes?|dumps?|exports?|extractions?|archives?|bdd|db"
    r"|database|base|mysql|sql|pgsql|data|donnees|patients?|site|www|htdocs|html|prod|old)(?:[^a-z]|$)"
)

# SQLite; PostgreSQL's custom format; SQL Server's backups; Access.
_DATABASES = (
    (0, b"SQLite format 3"),
    (0, b"PGDMP"),
    (0, b"TAPE\x00\x00"),
    (4, b"Standard Jet DB"),
    (4, b"Standard ACE DB"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PDF_STREAM = re.compile(rb"stream\r?\n(.{1,200000}?)endstream", re.DOTALL)


@dataclass(frozen=True)
class Content:
    """A file's kind, the sign that proves it, and what it holds, counted."""

    kind: FileKind
    proof: str
    records: int | None = None
    personal: tuple[DataCount, ...] = ()
    secrets: tuple[SecretSeen, ...] = ()


def content_of(body: bytes, path: str, truncated: bool = False) -> Content | None:
    """Return what a file is, or None when its content shows nothing that a visitor may not have.

    `path` gives the name secrets are placed under, and the extension where the content alone
    cannot tell. A file cut by the size cap is read as far as it goes.
    """
    name = path.partition("?")[0].rpartition("/")[2].lower()
    if not body.strip() or looks_html(body):
        return None
    packed = _packed(body, path, name)
    if packed is not None:
        return packed
    for place, sign in _DATABASES:
        if body[place:].startswith(sign):
            return Content("database_dump", sign.decode().rstrip("\x00"))
    if body[128:132] == b"DICM":
        return Content("data_extract", "DICM", records=1)
    if body.startswith((b"%PDF", _OLE)):
        return _office(body)
    if b"\x00" in body[:4096] and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    return text_content(_text(body), path, truncated)


def text_content(text: str, path: str, truncated: bool = False) -> Content | None:
    """Return what a text is; None when it is neither data, code, settings nor a log."""
    text = text[:_TEXT]
    personal = count_personal_data(text)
    secrets = find_secrets(text, path)
    for recognised in (_dump, _messages, _source, _log):
        found = recognised(text)
        if found is not None:
            kind, proof, records = found
            return Content(kind, proof, records, personal, secrets)
    table = _table(text, truncated)
    if table is not None:
        personal = _with_births(personal, table.births)
        if tells_of_people(personal) or table.names_people:
            return Content("data_extract", table.columns, table.records, personal)
    if secrets or len(_SETTINGS.findall(text)) >= 3:
        return Content("configuration", _first_name(text), None, personal, secrets)
    if tells_of_people(personal):
        return Content("data_extract", _kinds(personal), None, personal)
    return None


def tells_of_people(personal: tuple[DataCount, ...]) -> bool:
    """Return whether the counts speak of people: a contact address on a page does not."""
    count = {found.kind: found.distinct for found in personal}
    health = count.get("test_result", 0) > 0
    # Phone numbers alone are a directory of businesses as often as not.
    mails, reachable = count.get("email", 0), count.get("email", 0) + count.get("phone", 0)
    return (
        count.get("nir", 0) > 0
        or count.get("birth_date", 0) >= 2
        or (count.get("birth_date", 0) > 0 and (health or reachable > 0))
        or (health and reachable >= 3)
        or mails >= 5
    )


def _dump(text: str) -> tuple[FileKind, str, int | None] | None:
    rows = len(_ROWS.findall(text))
    marker = _DUMP.match(text[:8000])
    if marker:
        return "database_dump", printable(marker[0].strip().splitlines()[-1], 40), None
    tables = _TABLES.search(text)
    if rows >= 2 and (tables or re.match(r"(?i)\s*(?:--|insert\s|set\s|begin|/\*)", text)):
        return "database_dump", "INSERT INTO", None
    if tables and rows == 0 and re.match(r"(?i)\s*(?:--|create\s|set\s|drop\s|/\*)", text):
        return "source_code", "CREATE TABLE", None
    return None


def _messages(text: str) -> tuple[FileKind, str, int | None] | None:
    # HL7 v2: a message begins with MSH, its separators, and ends its segments with CR.
    messages = re.findall(r"(?m)^\x0b?MSH\|\^~\\&", text.replace("\r", "\n"))
    return ("data_extract", "MSH|^~\\&", len(messages)) if messages else None


def _source(text: str) -> tuple[FileKind, str, int | None] | None:
    start = text[:400].lstrip("\ufeff \t\r\n")
    for sign in ("<?php", "<?=", "<%@"):
        if start.startswith(sign):
            return "source_code", sign, None
    return None


def _log(text: str) -> tuple[FileKind, str, int | None] | None:
    lines = text.count("\n") + 1
    dated = len(_LOG_LINE.findall(text))
    return ("log", f"{dated} / {lines}", None) if dated >= 3 and dated * 2 >= lines - 1 else None


@dataclass(frozen=True)
class _Table:
    columns: str
    records: int
    names_people: bool
    births: tuple[str, ...]


def _table(text: str, truncated: bool) -> _Table | None:
    """Return the known column names and the number of records of a table of separated values."""
    lines = [line for line in text.splitlines() if line.strip()]
    if truncated and len(lines) > 2:
        lines = lines[:-1]
    for separator in (";", ",", "\t", "|"):
        widths = [line.count(separator) for line in lines[:50]]
        if len(widths) >= 2 and widths[0] >= 1 and widths.count(widths[0]) * 5 >= len(widths) * 4:
            return _table_of(lines, separator)
    return None


def _table_of(lines: list[str], separator: str) -> _Table:
    cells = [c.strip(" \"'\ufeff").lower().replace(" ", "_") for c in lines[0].split(separator)]
    known = [c for c in cells if c in _COLUMNS]
    has_header = bool(known) and not count_personal_data(lines[0])
    named = set(known) if has_header else set[str]()
    shown = ", ".join(known[:12]) if has_header else f"{len(cells)} × “{separator}”"
    family = "nom" in named or "last_name" in named
    people = bool(named & _TELLING) or (family and bool(named & _FIRST_NAMES))
    birth = next((n for n, cell in enumerate(cells) if cell in _BIRTHS), None)
    dated = has_header and birth is not None
    births = tuple(_column(lines[1:], separator, birth or 0)) if dated else ()
    return _Table(printable(shown, 160), len(lines) - has_header, people, births)


def _column(lines: list[str], separator: str, number: int) -> Iterator[str]:
    for line in lines:
        cells = line.split(separator)
        if number < len(cells) and re.search(r"\d{2,4}[-/.]\d\d[-/.]\d{2,4}", cells[number]):
            yield cells[number]


def _with_births(found: tuple[DataCount, ...], births: tuple[str, ...]) -> tuple[DataCount, ...]:
    # The word that tells a date of birth stands in the first line only.
    if not births or any(count.kind == "birth_date" for count in found):
        return found
    return (*found, DataCount("birth_date", len(births), len(set(births))))


def _office(body: bytes) -> Content | None:
    """Return what a PDF or an old Office file holds, as far as its text lies open."""
    parts = [body]
    if body.startswith(b"%PDF"):
        parts += [inflate(m[1], 65536, 15) or b"" for m in _PDF_STREAM.finditer(body)][:20]
    text = b"\n".join(parts).replace(b"\x00", b"")[:_TEXT].decode("cp1252", "replace")
    personal = count_personal_data(text)
    sign = "%PDF" if body.startswith(b"%PDF") else "OLE"
    return Content("document", sign, None, personal) if tells_of_people(personal) else None


def _packed(body: bytes, path: str, name: str) -> Content | None:
    """Return what an archive holds; archives of programs, by name and content, are none."""
    if body.startswith(b"\x1f\x8b"):
        inside = inflate(body, _INFLATED) or b""
        return _archive("gzip", inside, path, name)
    if body.startswith(b"PK\x03\x04"):
        return _archive("PK", _unzipped(body), path, name)
    signs = {b"7z\xbc\xaf'\x1c": "7z", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"Rar!\x1a": "rar"}
    for sign, word in signs.items():
        if body.startswith(sign):
            return _archive(word, b"", path, name)
    return _archive("tar", body, path, name) if body[257:262] == b"ustar" else None


def _archive(sign: str, inside: bytes, path: str, name: str) -> Content | None:
    tar = inside[257:262] == b"ustar"
    text = _text(inside[512:] if tar else inside).replace("\x00", "\n") if inside else ""
    found = text_content(text, path) if text.strip() else None
    if found is not None and (found.kind == "database_dump" or tells_of_people(found.personal)):
        kind: FileKind = "data_extract" if found.kind != "database_dump" else "database_dump"
        return Content(kind, f"{sign}: {found.proof}", found.records, found.personal)
    if _BACKUP_NAME.search(name) and not name.endswith((".xlsx", ".docx", ".pptx", ".odt", ".jar")):
        return Content("backup_archive", sign)
    if found is not None and found.secrets:
        return Content("backup_archive", sign, None, found.personal, ())
    return None


def _unzipped(body: bytes) -> bytes:
    """Return the text members of a small archive, bounded; of a spreadsheet, its strings."""
    parts, total = list[bytes](), 0
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for member in archive.infolist()[:50]:
                if not re.search(r"(?i)\.(?:csv|txt|sql|xml|json|php|env|log)$", member.filename):
                    continue
                with archive.open(member) as stream:
                    part = stream.read(_INFLATED - total)
                parts.append(re.sub(rb"<[^<>]{0,200}>", b"\n", part))
                total += len(part)
                if total >= _INFLATED:
                    break
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, OSError):
        return b"\n".join(parts)  # encrypted, cut or damaged: what was read until there
    return b"\n".join(parts)


def _text(body: bytes) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    # A cut in the middle of a character must not turn a UTF-8 file into another encoding.
    whole = body[:-4].decode("utf-8-sig", "ignore")
    return (
        whole if "\ufffd" not in whole and _mostly_utf8(body) else body.decode("cp1252", "replace")
    )


def _mostly_utf8(body: bytes) -> bool:
    return len(body[:-4].decode("utf-8", "ignore").encode()) >= len(body) - 4


def _first_name(text: str) -> str:
    named = _SETTINGS.search(text)
    return printable(named[0].rstrip("="), 60) if named else "…"


def _kinds(personal: tuple[DataCount, ...]) -> str:
    return ", ".join(found.kind for found in personal)
