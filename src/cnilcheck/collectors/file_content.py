"""What a file a visitor can read turns out to be, by its content: kind, records, personal data.

Nothing of the content itself is kept: counts, known column names, and lines with the secret masked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cnilcheck.collectors.archives import is_tar, unpacked
from cnilcheck.collectors.html_page import looks_html
from cnilcheck.collectors.pdf_text import shown_text
from cnilcheck.model.facts import FileKind
from cnilcheck.model.people import PeopleCounter
from cnilcheck.model.personal_data import (
    DataCount,
    SecretSeen,
    count_personal_data,
    find_secrets,
    printable,
)

_INFLATED = 8 * 1024 * 1024
_TEXT = 256 * 1024
_COUNTED = 8 * 1024 * 1024

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
_FAMILY_NAMES = frozenset("nom noms name last_name lastname surname".split())
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


@dataclass(frozen=True)
class Content:
    """A file's kind, the sign that proves it, and what it holds, counted."""

    kind: FileKind
    proof: str
    records: int | None = None
    personal: tuple[DataCount, ...] = ()
    secrets: tuple[SecretSeen, ...] = ()
    people: int | None = None


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
    whole, text = text[:_COUNTED], text[:_TEXT]
    counter = _read(whole)
    secrets = find_secrets(text, path)
    for recognised in (_dump, _messages, _source, _log):
        found = recognised(text)
        if found is not None:
            kind, proof, records = found
            people = _people(counter)
            return Content(kind, proof, records, counter.counts, secrets, people)
    table = _table(whole, truncated)
    if table is not None:
        counter.records(table.names)
        if not any(count.kind == "birth_date" for count in counter.counts):
            # The word that tells a date of birth stands in the first line only.
            counter.births(table.births)
        if tells_of_people(counter.counts) or table.names_people:
            people = counter.people or None
            return Content("data_extract", table.columns, table.records, counter.counts, (), people)
    personal = counter.counts
    if secrets or len(_SETTINGS.findall(text)) >= 3:
        return Content("configuration", _first_name(text), None, personal, secrets)
    if tells_of_people(personal):
        return Content("data_extract", _kinds(personal), None, personal, (), counter.people or None)
    return None


def page_content(text: str) -> Content | None:
    """Return what a page shows of people; a page of addresses to write to shows nothing."""
    words = re.sub(
        r"(?is)<(script|style)\b.{0,100000}?</\1>|<[^<>]{0,2000}>", "\n", text[:_COUNTED]
    )
    counter = _read(words)
    count = {found.kind: found.distinct for found in counter.counts}
    marks = count.get("nir", 0) + count.get("birth_date", 0)
    # A page that explains the number shows an example of it.
    if marks < 2:
        return None
    return Content("data_extract", _kinds(counter.counts), None, counter.counts, (), counter.people)


def _read(text: str) -> PeopleCounter:
    """Return the counts of a text, read piece by piece; each piece ends with a line."""
    counter, place = PeopleCounter(), 0
    while place < len(text):
        end = text.rfind("\n", place, place + _TEXT) + 1
        end = end if end > place else place + _TEXT
        counter.read(text[place:end])
        place = end
    return counter


def _people(counter: PeopleCounter) -> int | None:
    return counter.people or None if tells_of_people(counter.counts) else None


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
    names: tuple[str, ...]


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
    births = _columns(lines[1:], separator, cells, _BIRTHS) if has_header else ()
    births = tuple(b for b in births if re.search(r"\d{2,4}[-/.]\d\d[-/.]\d{2,4}", b))
    parts = [
        _columns(lines[1:], separator, cells, names) for names in (_FAMILY_NAMES, _FIRST_NAMES)
    ]
    both = family and has_header and all(parts)
    names = tuple(f"{a}\x1f{b}" for a, b in zip(*parts, strict=True) if a or b) if both else ()
    return _Table(printable(shown, 160), len(lines) - has_header, people, births, names)


def _columns(
    lines: list[str], separator: str, cells: list[str], names: frozenset[str]
) -> tuple[str, ...]:
    """Return the cells below the first column of one of those names, one for each line."""
    number = next((n for n, cell in enumerate(cells) if cell in names), None)
    if number is None:
        return ()
    rows = (line.split(separator) for line in lines)
    return tuple(row[number].strip(" \"'") if number < len(row) else "" for row in rows)


def _office(body: bytes) -> Content | None:
    """Return what a PDF or an old Office file holds, as far as its text lies open."""
    parts = [body]
    if body.startswith(b"%PDF"):
        parts = [shown_text(body), body[:_TEXT]]
    text = _text(b"\n".join(parts).replace(b"\x00", b"")[:_COUNTED])
    counter = _read(text)
    sign = "%PDF" if body.startswith(b"%PDF") else "OLE"
    if not tells_of_people(counter.counts):
        return None
    return Content("document", sign, None, counter.counts, (), counter.people or None)


def _packed(body: bytes, path: str, name: str) -> Content | None:
    """Return what an archive holds; archives of programs, by name and content, are none."""
    for sign, word in ((b"\x1f\x8b", "gzip"), (b"PK\x03\x04", "PK")):
        if body.startswith(sign):
            return _archive(word, unpacked(body, _INFLATED), path, name)
    signs = {b"7z\xbc\xaf'\x1c": "7z", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"Rar!\x1a": "rar"}
    for sign, word in signs.items():
        if body.startswith(sign):
            return _archive(word, b"", path, name)
    return _archive("tar", unpacked(body, _INFLATED), path, name) if is_tar(body) else None


def _archive(sign: str, inside: bytes, path: str, name: str) -> Content | None:
    text = _text(inside).replace("\x00", "\n") if inside else ""
    found = text_content(text, path) if text.strip() else None
    if found is not None and (found.kind == "database_dump" or tells_of_people(found.personal)):
        kind: FileKind = "data_extract" if found.kind != "database_dump" else "database_dump"
        proof = f"{sign}: {found.proof}"
        return Content(kind, proof, found.records, found.personal, (), found.people)
    if _BACKUP_NAME.search(name) and not name.endswith((".xlsx", ".docx", ".pptx", ".odt", ".jar")):
        return Content("backup_archive", sign)
    if found is not None and found.secrets:
        return Content("backup_archive", sign, None, found.personal, ())
    return None


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
