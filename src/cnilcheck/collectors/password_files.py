"""Find the stored passwords in a file: lines, a CSV column, a database dump, an export, LDIF."""

from __future__ import annotations

import base64
import binascii
import csv
import difflib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from cnilcheck.collectors import sql_dump
from cnilcheck.collectors.bounded_text import BoundedText
from cnilcheck.collectors.password_formats import (
    CLEAR,
    DERIVED_OR_DIGEST,
    EMPTY,
    LOCKED,
    UNRECOGNISED,
    Kind,
    Salt,
    Stored,
    identify,
    known,
    salt_of_text,
)
from cnilcheck.errors import Malformed
from cnilcheck.model.personal_data import printable

_HEAD = 65_536
_MAX_JSON = 50_000_000
_DELIMITERS = ";,\t|"
_TITLES = frozenset("password passwd pwd hash password_hash mot_de_passe motdepasse mdp".split())
# What columns of dumps and fields of exports are called, without signs and capitals.
_NAMES = re.compile(
    r"(?:user|login|account|compte|hashed?|encrypted|crypted|db)?(?:passwords?|passwd|pwd|mdp"
    r"|motdepasse|passhash|passphrase)(?:hash(?:ed)?|digest|crypt|encrypted|enc|md5|sha1)?"
    r"|hash(?:mdp|motdepasse)|user_?pass|rolpassword|authenticationstring"
)
_PEOPLE = re.compile(r"(?i)user|account|compte|member|membre|utilisateur|login|customer|client")
_BESIDE = re.compile(
    r"(?i).*salt.*|(?:.*[_ .-])?(?:sel|salage|iterations?|rounds|kdf)(?:[_ .-].*)?"
)
_SALT_COLUMN = re.compile(r"(?i).*salt(?!ed).*|(?:.*[_ .-])?(?:sel|salage)(?:[_ .-].*)?")


class Entry(NamedTuple):
    """One stored password as found, and what it looks made by; the value goes no further."""

    stored: Stored
    value: str


def entries(text: BoundedText, column: str | None) -> Iterator[Entry]:
    """Yield the stored passwords of a file. Raises Malformed when it holds none to be found."""
    head = text.peek(_HEAD)
    if not head:
        raise Malformed("the file is empty")
    if head.startswith("PGDMP"):
        raise Malformed("a dump in PostgreSQL’s own format: `pg_restore -f` makes it text")
    start = head.lstrip("\ufeff \t\r\n")
    if re.match(r"\{\s*[\"}]|\[\s*[{\[\]]", start):
        return _of_export(text, column)
    if re.match(r"(?:(?:#.*|version: *\d+)?\r?\n)*dn::? ", start):
        return _of_ldif(text.lines())
    if sql_dump.looks_sql(head):
        return _of_dump(text, head, column)
    if column is None:
        return _of_lines(text.lines())
    return _of_column(text.lines(), column)


def _entry(value: str, salt: str | None = None, beside: bool = False) -> Entry:
    """Return the entry of a value; `beside` says that its row holds salts or costs of its own."""
    stored = identify(value)
    kind = stored.kind
    if kind.function in (EMPTY, LOCKED, CLEAR) or kind.salted or not (beside or salt):
        return Entry(stored, value.strip())
    if kind.function in DERIVED_OR_DIGEST:
        kind = Kind(UNRECOGNISED)
    elif kind.function != UNRECOGNISED:
        kind = kind._replace(salted=True)
    return Entry(Stored(kind, salt_of_text(salt) if salt else None), value.strip())


def _of_lines(lines: Iterable[str]) -> Iterator[Entry]:
    for number, line in enumerate(lines):
        text = line.rstrip("\r\n")
        if number == 0:
            _refuse_table(text)
        if text.strip() and not (number == 0 and text.strip().lower() in _TITLES):
            yield _entry(_stored_part(text))


def _refuse_table(first: str) -> None:
    for delimiter in _DELIMITERS:
        titles = {cell.strip(' "').lower() for cell in first.split(delimiter)}
        if len(titles) > 1 and titles & _TITLES:
            name = sorted(titles & _TITLES)[0]
            raise Malformed(f"a table with several columns: name one, such as `column: {name}`")


def _stored_part(line: str) -> str:
    """Return the stored password of a line: all of it, or what stands after `user:`."""
    if ":" not in line or known(line.strip()):
        return line
    user, value, *rest = line.split(":")
    if len(rest) >= 2 and value.isdigit() and re.fullmatch(r"[0-9A-Fa-f]{32}", rest[1]):
        return rest[1]  # pwdump: user, number, LM hash, NT hash
    if value == "x" and rest:
        return ""  # passwd(5): the password is in the shadow file
    # Formats that hold colons themselves stand whole after the user.
    whole = line.removeprefix(f"{user}:")
    return whole if known(whole.strip()) else value


def _of_column(lines: Iterator[str], column: str) -> Iterator[Entry]:
    first = next(lines, "")
    rows = csv.reader(_chain(first, lines), delimiter=_delimiter(first, column))
    header = [name.strip() for name in next(rows)]
    index = _index(header, column)
    beside, salt = _salts(header, index)
    for row in rows:
        if row:
            yield _entry(_cell(row, index), _cell(row, salt), beside)


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _cell(row: list[str] | tuple[str | None, ...], index: int | None) -> str:
    return (row[index] or "") if index is not None and index < len(row) else ""


def _salts(columns: Iterable[str], own: int) -> tuple[bool, int | None]:
    """Return whether a column holds salts or costs, and which holds the salts."""
    others = [(place, name) for place, name in enumerate(columns) if place != own]
    salt = next((place for place, name in others if _SALT_COLUMN.fullmatch(name)), None)
    return any(_BESIDE.fullmatch(name) for _, name in others), salt


def _delimiter(first: str, column: str) -> str:
    def fits(delimiter: str) -> tuple[bool, int]:
        cells = [cell.strip(' "\r\n').casefold() for cell in first.split(delimiter)]
        return column.strip().casefold() in cells, len(cells)

    return max(_DELIMITERS, key=fits)


def _index(header: list[str], column: str) -> int:
    if column in header:
        return header.index(column)
    folded = [name.casefold() for name in header]
    wanted = column.strip().casefold()
    if wanted in folded:
        return folded.index(wanted)
    raise Malformed(f"no column `{column}`; {_nearest(header, wanted)}")


def _nearest(names: list[str], wanted: str) -> str:
    folded = [name.casefold() for name in names]
    near = difflib.get_close_matches(wanted, folded, n=1, cutoff=0.5)
    # A file without a header begins with somebody's data: only what looks like a name is shown.
    named = near and re.fullmatch(r"[^\W\d][\w -]{0,40}", near[0])
    if named and identify(near[0]).kind == Kind(CLEAR):
        return f"the nearest is `{printable(names[folded.index(near[0])])}`"
    return f"none of the {len(names)} of the first line is near"


def _of_dump(text: BoundedText, head: str, column: str | None) -> Iterator[Entry]:
    seen: dict[str, tuple[int | None, bool, int | None]] = {}
    for row in sql_dump.rows(text, head):
        key = f"{row.table}\0{','.join(row.columns)}"
        if key not in seen:
            own = _password_column(row, column)
            seen[key] = (None, False, None) if own is None else (own, *_salts(row.columns, own))
        own, beside, salt = seen[key]
        if own is not None:
            yield _entry(_cell(row.cells, own), _cell(row.cells, salt), beside)
    if all(own is None for own, _, _ in seen.values()):
        names = sorted({name for key in seen for name in key.partition("\0")[2].split(",") if name})
        if column is None:
            raise Malformed("no column of the dump is called a password: name it with `column`")
        raise Malformed(f"no column `{column}` in the dump; {_nearest(names, column.casefold())}")


def _password_column(row: sql_dump.Row, column: str | None) -> int | None:
    """Return which column of the row's table holds passwords; `column` may be `table.column`."""
    folded = [name.casefold() for name in row.columns]
    if column is None:
        return next((n for n, name in enumerate(folded) if _is_password(name, row.table)), None)
    table, _, name = column.strip().casefold().rpartition(".")
    if table and table != row.table.casefold():
        return None
    return folded.index(name) if name in folded else None


def _is_password(name: str, table: str = "") -> bool:
    plain = re.sub(r"[^a-z0-9]", "", name.casefold())
    return bool(_NAMES.fullmatch(plain)) or (plain == "pass" and bool(_PEOPLE.search(table)))


def _of_ldif(lines: Iterator[str]) -> Iterator[Entry]:
    waiting = ""
    for line in lines:
        text = line.rstrip("\r\n")
        if text.startswith(" "):  # RFC 2849: a folded line goes on after one space
            waiting = f"{waiting}{text[1:]}"[:10_000]
            continue
        yield from _ldif_entry(waiting)
        waiting = text
    yield from _ldif_entry(waiting)


def _ldif_entry(line: str) -> Iterator[Entry]:
    match = re.fullmatch(r"(?i)(?:userPassword|sambaNTPassword)(?:;[^:]*)?(::?) *(.*)", line)
    if match is None:
        return
    value = match[2]
    if match[1] == "::":
        try:
            value = base64.b64decode(value, validate=True).decode("utf-8", "replace")
        except binascii.Error:
            value = ""
    yield _entry(value)


def _of_export(text: BoundedText, column: str | None) -> Iterator[Entry]:
    """Yield the passwords of a JSON export: Keycloak’s credentials, or fields called passwords."""
    found = False
    for document in _documents(text):
        for entry in _of_document(document, column):
            found = True
            yield entry
    if not found:
        name = column or "password"
        raise Malformed(f"the JSON holds no field `{name}` and no credential")


def _documents(text: BoundedText) -> Iterator[Any]:
    whole = text.read(_MAX_JSON)
    while len(whole) < _MAX_JSON and (more := text.read(_MAX_JSON - len(whole))):
        whole += more
    if text.peek(1):
        raise Malformed("a JSON file larger than 50 MB: give a part of it")
    try:
        yield json.loads(whole.lstrip("\ufeff"))
        return
    except RecursionError:
        raise Malformed("the JSON is nested too deeply") from None
    except ValueError:
        lines = [line for line in whole.splitlines() if line.strip()]
    for number, line in enumerate(lines, start=1):  # one document per line, as mongoexport writes
        try:
            yield json.loads(line)
        except (RecursionError, ValueError):
            raise Malformed(f"line {number} is not JSON") from None


def _of_document(document: Any, column: str | None) -> Iterator[Entry]:
    waiting, credentials, fields = [document], list[Entry](), list[Entry]()
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += reversed(item)
        elif isinstance(item, dict):
            credentials += _keycloak(item)
            fields += _fields(item, column)
            waiting += reversed(list(item.values()))
    # A realm has other fields called passwords, such as that of its mail server.
    yield from credentials or fields


def _fields(item: dict[str, Any], column: str | None) -> Iterator[Entry]:
    names = list(item)
    for number, name in enumerate(names):
        wanted = name.casefold() == column.casefold() if column else _is_password(name)
        if wanted and isinstance(item[name], str):
            beside, salt = _salts(names, number)
            salt_text = item[names[salt]] if salt is not None else None
            yield _entry(item[name], salt_text if isinstance(salt_text, str) else None, beside)


_KEYCLOAK = {
    "pbkdf2": "PBKDF2-HMAC-SHA1",
    "pbkdf2-sha1": "PBKDF2-HMAC-SHA1",
    "pbkdf2-sha256": "PBKDF2-HMAC-SHA256",
    "pbkdf2-sha512": "PBKDF2-HMAC-SHA512",
}


def _keycloak(item: dict[str, Any]) -> Iterator[Entry]:
    """Yield the password of a Keycloak credential: two JSON texts, or one older object."""
    if item.get("type") != "password":
        return
    secret, how = _object(item.get("secretData")), _object(item.get("credentialData"))
    value = secret.get("value") or item.get("hashedSaltedValue")
    salt = secret.get("salt") or item.get("salt")
    algorithm = how.get("algorithm") or item.get("algorithm")
    iterations = how.get("hashIterations", item.get("hashIterations"))
    if not (isinstance(value, str) and isinstance(salt, str) and isinstance(algorithm, str)):
        return
    kind = Kind(UNRECOGNISED)
    if algorithm in _KEYCLOAK and _is_number(iterations):
        kind = Kind(_KEYCLOAK[algorithm], True, (("iterations", int(str(iterations))),))
    elif algorithm == "argon2":
        kind = _keycloak_argon2(how, iterations)
    yield Entry(Stored(kind, Salt(salt, len(salt.rstrip("=")) * 6 // 8 * 8)), value)


def _keycloak_argon2(how: dict[str, Any], iterations: Any) -> Kind:
    more = how.get("additionalParameters")
    lists = more if isinstance(more, dict) else {}
    first = {k: v[0] for k, v in lists.items() if isinstance(v, list) and v}
    numbers = {"m": first.get("memory"), "p": first.get("parallelism"), "t": iterations}
    kind = f"Argon2{first.get('type', 'id')}"
    if kind not in ("Argon2id", "Argon2i", "Argon2d"):
        return Kind(UNRECOGNISED)
    if not all(_is_number(number) for number in numbers.values()):
        return Kind(kind, True)
    return Kind(kind, True, tuple((name, int(str(n))) for name, n in sorted(numbers.items())))


def _is_number(value: Any) -> bool:
    return re.fullmatch(r"\d{1,9}", str(value)) is not None


def _object(text: Any) -> dict[str, Any]:
    if isinstance(text, dict):
        return text
    if not isinstance(text, str) or len(text) > 10_000:
        return {}
    try:
        found = json.loads(text)
    except (RecursionError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
