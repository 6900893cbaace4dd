"""Read the networks or the countries of a MaxMind DB file (MMDB) that the operator has."""

from __future__ import annotations

import datetime as dt
import ipaddress
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from cnilcheck.hosts.asn import AsnTable, Range
from cnilcheck.hosts.store import TableError

if TYPE_CHECKING:
    from maxminddb import Reader

_MOST_ROWS = 3_000_000
_SECONDS = 120.0
_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class _Row(NamedTuple):
    """What one network of the file says: a network number, or a country as two letters."""

    network: _Network
    number: int
    holder: str


def mmdb_table(content: bytes, source: str) -> AsnTable:
    """Return the table of networks, or of countries, that the file holds, with the day it was made.

    Raises TableError for a damaged file, one that holds neither, or one without end.
    """
    try:
        import maxminddb
    except ImportError:
        advice = "pip install 'cnilcheck[mmdb]'"
        raise TableError(f"{source}: maxminddb is not installed", advice) from None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.mmdb"
        path.write_bytes(content)
        try:
            # In Python: the library's C reader (3.2.0) ends the process on some damaged files.
            with maxminddb.open_database(path, maxminddb.MODE_MEMORY) as reader:
                made = dt.datetime.fromtimestamp(reader.metadata().build_epoch, dt.UTC).date()
                return _table(reader, source, str(made))
        # The reader meets a damaged file with any of these.
        except (
            maxminddb.InvalidDatabaseError, ValueError, OSError, OverflowError, TypeError, KeyError,
            IndexError, AttributeError, RecursionError, MemoryError,
        ) as problem:  # fmt: skip
            reason = str(problem).splitlines()[0][:120] if str(problem) else "damaged"
            raise TableError(f"{source}: not a MaxMind DB file: {reason}") from None


def _table(reader: Reader, source: str, made: str) -> AsnTable:
    holders: dict[int, str] = {}
    four, six = list[Range](), list[Range]()
    countries = False
    for row in _rows(reader, source):
        first, last = int(row.network.network_address), int(row.network.broadcast_address)
        if row.holder is _COUNTRY:
            countries = True
        else:
            holders.setdefault(row.number, row.holder)
        if row.network.version == 4:
            four.append(Range(first, last, row.number))
        elif row.network.prefixlen <= 64:
            six.append(Range(first >> 64, last >> 64, row.number))
    if countries and holders:
        raise TableError(f"{source}: holds networks and countries at once")
    if not four and not six:
        raise TableError(f"{source}: holds neither networks nor countries that this tool knows")
    return AsnTable(four, six, holders, source, made)


_COUNTRY = "(country)"


def _rows(reader: Reader, source: str) -> Iterator[_Row]:
    until = time.monotonic() + _SECONDS
    for count, (network, record) in enumerate(reader):
        if count >= _MOST_ROWS or (count % 10_000 == 0 and time.monotonic() > until):
            raise TableError(f"{source}: too many networks to be read")
        if not isinstance(record, dict):
            continue
        if (number := _number(record)) is not None:
            yield _Row(network, number, _holder(record))
        elif code := _country(record):
            yield _Row(network, ord(code[0]) << 8 | ord(code[1]), _COUNTRY)


def _number(record: dict[str, Any]) -> int | None:
    """Return the network's number, as GeoLite2, DB-IP or IPinfo name it."""
    found = record.get("autonomous_system_number", record.get("asn"))
    if isinstance(found, str):
        found = int(found[2:]) if found[:2] == "AS" and found[2:].isdecimal() else None
    return found if isinstance(found, int) and 0 < found < 2**32 else None


def _holder(record: dict[str, Any]) -> str:
    for field in ("autonomous_system_organization", "as_name", "name"):
        if isinstance(found := record.get(field), str):
            return found[:80]
    return ""


def _country(record: dict[str, Any]) -> str:
    inside = record.get("country")
    found = inside.get("iso_code") if isinstance(inside, dict) else record.get("country_code")
    found = found if found is not None else inside
    valid = isinstance(found, str) and len(found) == 2 and found.isascii() and found.isupper()
    return str(found) if valid else ""
