"""Take a table somebody published: told by its content, checked, and only then put in place."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import ipaddress
import re
import unicodedata
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from cnilcheck.hosts.asn import AsnTable, Range
from cnilcheck.hosts.mmdb import mmdb_table
from cnilcheck.hosts.official_list import ListRow, OfficialList
from cnilcheck.hosts.ranges import PublishedRange, RangeFile
from cnilcheck.hosts.spreadsheets import MAX_BYTES, Rows, read_rows
from cnilcheck.hosts.store import (
    COUNTRIES,
    NETWORKS,
    OFFICIAL,
    TableError,
    keep,
    networks,
    official_list,
    range_files,
    ranges_name,
)

# The official list named 205 companies in April 2022, 302 in May 2024 and 404 in May 2026.
_FEWEST = 200
_LARGEST_DROP = 0.2
_FEWEST_RANGES = 20
_MOST_EXPANDED = 150_000_000
_MMDB_MARK = b"\xab\xcd\xefMaxMind.com"

FIELDS: Mapping[str, tuple[str, ...]] = {
    "name": ("raison sociale", "nom", "hebergeur", "societe", "organisme", "entreprise",
             "company", "name"),
    "activities": ("activites", "activite", "perimetre", "activities", "scope"),
    "referential": ("referentiel", "version", "norme"),
    "body": ("organisme certificateur", "certificateur", "organisme de certification",
             "certification body"),
    "expires_on": ("date de fin", "validite", "valable", "fin de validite", "expiration",
                   "echeance", "valid until"),
    "siren": ("siren", "siret"),
    "issued_on": ("date de delivrance", "date de certification", "date de debut",
                  "date d'obtention", "delivre le", "issued on"),
    "page": ("url", "lien", "site", "page d'information", "transferts", "cartographie", "page"),
    # Last: "date de fin du certificat" names a certificate too.
    "number": ("numero", "n° de certificat", "n°", "certificat", "certificate"),
}  # fmt: skip


@dataclass(frozen=True)
class Given:
    """What the operator said of a file: its columns, its day, and to take it all the same."""

    columns: Mapping[str, str] = field(default_factory=dict)
    as_of: dt.date | None = None
    force: bool = False


@dataclass(frozen=True)
class Taken:
    """A table that was put in place."""

    name: str
    rows: int
    former: int | None
    as_of: str
    sha256: str


def take(content: bytes, source: str, given: Given, folder: Path, today: dt.date) -> Taken:
    """Put a table in place and return what it is; raises TableError and changes nothing else."""
    content = _opened(content, source)
    if _is_mmdb(content):
        return _take_networks(mmdb_table(content, source), content, given, folder)
    if content.lstrip()[:1] in (b"{", b"["):
        return _take_json(content, source, given, folder, today)
    if _is_ranges_csv(content):
        if given.as_of is None:
            advice = "give it with --as-of YYYY-MM-DD"
            raise TableError(f"{source}: the table carries no date", advice)
        table = _network_table(content, source, str(given.as_of))
        return _take_networks(table, content, given, folder)
    return _take_official([(content, source)], given, folder, today)


def take_pages(
    pages: Sequence[tuple[bytes, str]], given: Given, folder: Path, today: dt.date
) -> Taken:
    """Put in place the official list that several pages make, one for each letter for instance.

    Raises TableError, naming the page, and changes nothing, when one of them is not of the list.
    """
    opened = [(_opened(content, source), source) for content, source in pages]
    return _take_official(opened, given, folder, today)


def read_official(pages: Sequence[tuple[bytes, str]], given: Given, today: dt.date) -> OfficialList:
    """Return the list of those files without putting it in place; raises TableError for others."""
    source = pages[0][1] if len(pages) == 1 else f"{len(pages)} pages, {pages[0][1]}"
    if given.as_of is None:
        raise TableError(f"{source}: the list carries no date", "give it with --as-of YYYY-MM-DD")
    if given.as_of > today:
        raise TableError(f"{source}: --as-of {given.as_of} is still to come")
    entries = [
        entry for content, name in pages for entry in _entries(_rows(content, name), name, given)
    ]
    digest = hashlib.sha256(b"".join(content for content, _ in pages)).hexdigest()
    return OfficialList(given.as_of, source, digest, today, tuple(dict.fromkeys(entries)))


def _rows(content: bytes, source: str) -> Rows:
    if content.lstrip()[:1] != b"[":
        return read_rows(content, source)
    data = _json(content, source)
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise TableError(f"{source}: not a list of hosts")
    columns = list(dict.fromkeys(key for item in data for key in item))
    return [columns] + [[_scalar(item.get(key)) for key in columns] for item in data]


def _opened(content: bytes, source: str) -> bytes:
    """Return the content, expanded when it is gzip; raises TableError for too much or nothing."""
    if len(content) > MAX_BYTES:
        raise TableError(f"{source}: larger than {MAX_BYTES // 1_000_000} MB")
    if content.startswith(b"\x1f\x8b"):
        content = _gunzipped(content, source)
    if not content.strip():
        raise TableError(f"{source}: empty")
    return content


def _gunzipped(content: bytes, source: str) -> bytes:
    expander = zlib.decompressobj(wbits=31)
    try:
        found = expander.decompress(content, _MOST_EXPANDED)
    except zlib.error:
        raise TableError(f"{source}: damaged gzip") from None
    if expander.unconsumed_tail:
        raise TableError(f"{source}: expands to more than {_MOST_EXPANDED // 1_000_000} MB")
    if not expander.eof:
        raise TableError(f"{source}: gzip cut short")
    return found


def _take_json(content: bytes, source: str, given: Given, folder: Path, today: dt.date) -> Taken:
    data = _json(content, source)
    if isinstance(data, list):
        return _take_official([(content, source)], given, folder, today)
    return _take_ranges(data, content, source, given, folder)


def _json(content: bytes, source: str) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError) as problem:
        raise TableError(f"{source}: not JSON: {problem}") from None


def _scalar(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_scalar, value))[:4000]
    return "" if value is None else str(value)[:4000]


def _take_official(
    pages: Sequence[tuple[bytes, str]], given: Given, folder: Path, today: dt.date
) -> Taken:
    taken = read_official(pages, given, today)
    former, count = official_list(folder), len(taken.rows)
    before = len(former.rows) if former else None
    _enough(count, before, taken.source, given)
    if former and former.as_of > taken.as_of and not given.force:
        raise TableError(f"{taken.source}: older than the list of {former.as_of}", "use --force")
    keep(OFFICIAL, msgspec.json.encode(taken), folder)
    return Taken("official list", count, before, str(taken.as_of), taken.sha256)


def _enough(count: int, former: int | None, source: str, given: Given) -> None:
    if given.force:
        return
    if count < _FEWEST:
        raise TableError(f"{source}: {count} rows, fewer than {_FEWEST}", "use --force to take it")
    if former and count < former * (1 - _LARGEST_DROP):
        raise TableError(
            f"{source}: {count} rows where there were {former}", "use --force to take it"
        )


def _entries(rows: Rows, source: str, given: Given) -> Iterator[ListRow]:
    at, columns = _header(rows, source, given)
    for row in rows[at + 1 :]:
        cells = {name: row[i] for name, i in columns.items() if i < len(row)}
        name = cells.get("name", "").strip()
        if not name:
            continue
        yield ListRow(
            name, activities_of(cells.get("activities", "")),
            cells.get("referential", ""), cells.get("body", ""), cells.get("number", ""),
            day_of(cells.get("expires_on", "")), re.sub(r"\D", "", cells.get("siren", ""))[:9],
            day_of(cells.get("issued_on", "")), _page(cells.get("page", "")),
        )  # fmt: skip


def _page(cell: str) -> str:
    found = re.search(r"https?://[^\s<>\"'|]{4,300}", cell)
    return found[0] if found else ""


def _header(rows: Rows, source: str, given: Given) -> tuple[int, dict[str, int]]:
    for at, row in enumerate(rows[:30]):
        columns = _columns(row, given.columns)
        if "name" in columns and len(columns) >= 2:
            return at, columns
    seen = " | ".join(cell[:40] for cell in rows[0]) if rows else "nothing"
    raise TableError(
        f"{source}: no column of names found among: {seen}", "name them with --map name=COLUMN"
    )


def _columns(row: list[str], given: Mapping[str, str]) -> dict[str, int]:
    cells = [_key(cell) for cell in row]
    found: dict[str, int] = {}
    for name, column in given.items():
        if _key(column) in cells:
            found[name] = cells.index(_key(column))
    # Exact headers first; "organisme certificateur" must not be taken for "organisme".
    for exact in (True, False):
        for name, words in FIELDS.items():
            if name in found:
                continue
            for i, cell in enumerate(cells):
                fits = cell in words if exact else any(w in cell for w in words if len(w) > 3)
                if fits and i not in found.values():
                    found[name] = i
                    break
    return found


def _key(cell: str) -> str:
    plain = unicodedata.normalize("NFKD", cell.casefold())
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"\s+", " ", kept.replace("’", "'")).strip()


_OLD_CERTIFICATES = (
    ("infrastructure physique", (1, 2)),
    ("infogereur", (3, 4, 5, 6)),
)


def activities_of(text: str) -> tuple[int, ...]:
    """Return the activities a cell names: `1 à 6`, `1-4`, `1, 2, 3`, `5°`, the words of v1."""
    plain = _key(text)
    found = {a for words, numbers in _OLD_CERTIFICATES if words in plain for a in numbers}
    for first, last in re.findall(r"\b([1-6])\s*(?:a|-|–|to|au)\s*([1-6])\b", plain):
        found |= set(range(int(first), int(last) + 1))
    found |= {int(n) for n in re.findall(r"(?<![\d.])([1-6])(?![\d.]\d|\d)", plain)}
    return tuple(sorted(found))


def day_of(text: str) -> dt.date | None:
    """Return the day a cell names: 2027-12-19, 19/12/2027, or a spreadsheet's day number."""
    if found := re.search(r"\b(\d{4})-(\d{2})-(\d{2})\b", text):
        parts = [int(p) for p in found.groups()]
    elif found := re.search(r"\b(\d{1,2})[/.](\d{1,2})[/.](\d{4})\b", text):
        parts = [int(p) for p in reversed(found.groups())]
    elif re.fullmatch(r"[34567]\d{4}(?:\.0)?", text.strip()):
        # Day 0 of spreadsheets is 30 December 1899.
        return dt.date(1899, 12, 30) + dt.timedelta(days=int(float(text)))
    else:
        return None
    try:
        return dt.date(*parts)
    except ValueError:
        return None


def _take_ranges(data: Any, content: bytes, source: str, given: Given, folder: Path) -> Taken:
    try:
        cloud, as_of, rows = _ranges(data)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise TableError(f"{source}: not a file of ranges this tool knows ({problem})") from None
    day = str(given.as_of) if given.as_of else as_of
    if not day:
        raise TableError(f"{source}: the file carries no date", "give it with --as-of YYYY-MM-DD")
    former = next((f for f in range_files(folder) if f.cloud == cloud), None)
    dropped = former and len(rows) < len(former.rows) * (1 - _LARGEST_DROP)
    if not given.force and (len(rows) < _FEWEST_RANGES or dropped):
        raise TableError(f"{source}: only {len(rows)} ranges", "use --force to take it")
    digest = hashlib.sha256(content).hexdigest()
    file = RangeFile(cloud, day, source, digest, tuple(rows))
    keep(ranges_name(cloud), msgspec.json.encode(file), folder)
    return Taken(f"ranges {cloud}", len(rows), len(former.rows) if former else None, day, digest)


def _ranges(data: Any) -> tuple[str, str, list[PublishedRange]]:
    if "syncToken" in data and "prefixes" in data and "createDate" in data:
        rows = [
            _row(p.get("ip_prefix") or p["ipv6_prefix"], p["region"], p["service"])
            for p in [*data["prefixes"], *data.get("ipv6_prefixes", [])]
        ]
        return "aws", str(data["createDate"])[:10], rows
    if "changeNumber" in data and "values" in data:
        rows = [
            _row(prefix, value["properties"].get("region") or "", value["name"])
            for value in data["values"]
            for prefix in value["properties"]["addressPrefixes"]
        ]
        return "azure", "", rows
    if "prefixes" in data:
        rows = [
            _row(p.get("ipv4Prefix") or p["ipv6Prefix"], p["scope"], p["service"])
            for p in data["prefixes"]
        ]
        return "gcp", str(data.get("creationTime", ""))[:10], rows
    if "regions" in data:
        rows = [
            _row(cidr["cidr"], region["region"], ", ".join(cidr.get("tags", [])))
            for region in data["regions"]
            for cidr in region["cidrs"]
        ]
        return "oci", str(data.get("last_updated_timestamp", ""))[:10], rows
    raise ValueError("no known field")


def _row(prefix: str, region: str, product: str) -> PublishedRange:
    return PublishedRange(str(ipaddress.ip_network(prefix)), str(region)[:60], str(product)[:80])


def _is_ranges_csv(content: bytes) -> bool:
    first = content[:2000].decode("utf-8-sig", "replace").splitlines()[0]
    cells = re.split(r"[\t,]", first)
    return len(cells) >= 3 and _address(cells[0]) is not None and _address(cells[1]) is not None


def _address(text: str) -> int | None:
    text = text.strip().strip('"')
    if text.isdigit():
        return int(text)
    try:
        return int(ipaddress.ip_address(text))
    except ValueError:
        return None


def _is_mmdb(content: bytes) -> bool:
    # The metadata begins within the last 128 KiB (MaxMind DB file format, version 2.0).
    return _MMDB_MARK in content[-131_072 - len(_MMDB_MARK) :] and b"\0" in content[:4096]


def _take_networks(table: AsnTable, content: bytes, given: Given, folder: Path) -> Taken:
    if given.as_of is not None:
        table.as_of = str(given.as_of)
    name, label = (NETWORKS, "networks") if table.holders else (COUNTRIES, "countries")
    former = networks(folder, name)
    dropped = former and len(table) < len(former) * (1 - _LARGEST_DROP)
    if not given.force and (len(table) < _FEWEST_RANGES or dropped):
        raise TableError(f"{table.source}: only {len(table)} ranges", "use --force to take it")
    keep(name, table.pack(), folder)
    digest = hashlib.sha256(content).hexdigest()
    return Taken(label, len(table), len(former) if former else None, table.as_of, digest)


def _network_table(content: bytes, source: str, as_of: str) -> AsnTable:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TableError(f"{source}: not UTF-8 text") from None
    holders: dict[int, str] = {}
    four, six = list[Range](), list[Range]()
    for number, cells in enumerate(_cells(text, source), 1):
        row = _network(cells, source, number, holders)
        if row is not None:
            first, last, asn, version = row
            if version == 4:
                four.append(Range(first, last, asn))
            elif first >> 64 != last >> 64 or last - first == 2**64 - 1:
                six.append(Range(first >> 64, last >> 64, asn))
    _no_overlap(sorted(four), source)
    _no_overlap(sorted(six), source)
    return AsnTable(four, six, holders, source, as_of)


def _cells(text: str, source: str) -> Iterator[list[str]]:
    delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
    try:
        yield from csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    except csv.Error as problem:
        raise TableError(f"{source}: {problem}") from None


def _network(
    cells: list[str], source: str, number: int, holders: dict[int, str]
) -> tuple[int, int, int, int] | None:
    if not any(cells):
        return None
    first = _address(cells[0])
    last = _address(cells[1]) if len(cells) > 2 else None
    if first is None or last is None or not 0 <= first <= last < 2**128:
        raise TableError(f"{source}: line {number} is no range of addresses")
    version = 4 if last < 2**32 and ":" not in cells[0] else 6
    code = cells[2].strip()
    if re.fullmatch(r"[A-Z]{2}", code):
        return first, last, ord(code[0]) << 8 | ord(code[1]), version
    if not code.isdigit() or int(code) >= 2**32:
        raise TableError(f"{source}: line {number} names no network")
    if int(code) == 0:
        return None
    holders.setdefault(int(code), (cells[-1] if len(cells) > 3 else "")[:80])
    return first, last, int(code), version


def _no_overlap(ranges: list[Range], source: str) -> None:
    for before, after in pairwise(ranges):
        if after.first <= before.last:
            raise TableError(f"{source}: ranges overlap")
