"""Which network announces an address: sorted ranges of addresses, searched by halves."""

from __future__ import annotations

import json
import sys
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from cnilcheck.errors import RuleError
from cnilcheck.hosts.catalogue import Address
from cnilcheck.resources import rules_directory

PACKED = "asn.bin"
_MAGIC = b"cnilcheck/asn/1\n"
_MAX_BYTES = 64_000_000


class Announced(NamedTuple):
    """The network that announces an address, and the name it is registered under."""

    asn: int
    holder: str


class Range(NamedTuple):
    """Addresses from first to last, both included, announced by one network."""

    first: int
    last: int
    asn: int


class AsnTable:
    """A table of ranges for both families; of IPv6 it knows the first 64 bits."""

    def __init__(
        self,
        v4: Iterable[Range],
        v6: Iterable[Range],
        holders: dict[int, str],
        source: str = "",
        as_of: str = "",
    ) -> None:
        """`v6` counts in /64 networks; ranges do not overlap."""
        self.source, self.as_of, self.holders = source, as_of, holders
        self._v4 = _columns(v4, "I")
        self._v6 = _columns(v6, "Q")

    def lookup(self, address: Address) -> Announced | None:
        """Return the network that announces the address, or None when the table has none."""
        number = int(address)
        first, last, asns = self._v4 if address.version == 4 else self._v6
        if address.version == 6:
            number >>= 64
        at = bisect_right(first, number) - 1
        if at < 0 or number > last[at]:
            return None
        return Announced(asns[at], self.holders.get(asns[at], ""))

    def __len__(self) -> int:
        return len(self._v4[0]) + len(self._v6[0])

    def pack(self) -> bytes:
        """Return the table as bytes that `unpack` reads."""
        head = {
            "source": self.source,
            "as_of": self.as_of,
            "ranges": [len(self._v4[0]), len(self._v6[0])],
            "holders": {str(k): v for k, v in sorted(self.holders.items())},
        }
        line = json.dumps(head, ensure_ascii=False, sort_keys=True).encode() + b"\n"
        columns = [_little(column) for column in (*self._v4, *self._v6)]
        return _MAGIC + zlib.compress(line + b"".join(columns), 9)


def _columns(ranges: Iterable[Range], kind: str) -> tuple[array[int], array[int], array[int]]:
    ordered = sorted(ranges)
    return (
        array(kind, (r.first for r in ordered)),
        array(kind, (r.last for r in ordered)),
        array("I", (r.asn for r in ordered)),
    )


def _little(column: array[int]) -> bytes:
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column.tobytes()


def unpack(content: bytes, name: str) -> AsnTable:
    """Return the table of those bytes; raises RuleError, beginning with the name, for others."""
    try:
        if not content.startswith(_MAGIC):
            raise ValueError("not a table of networks")
        expander = zlib.decompressobj()
        body = expander.decompress(content[len(_MAGIC) :], _MAX_BYTES)
        line, _, data = body.partition(b"\n")
        head = json.loads(line)
        table = AsnTable((), (), {int(k): v for k, v in head["holders"].items()})
        table.source, table.as_of = head["source"], head["as_of"]
        v4, v6 = head["ranges"]
        sizes = [("I", v4), ("I", v4), ("I", v4), ("Q", v6), ("Q", v6), ("I", v6)]
        columns, at = [], 0
        for kind, count in sizes:
            column = array(kind)
            column.frombytes(data[at : at + count * column.itemsize])
            at += count * column.itemsize
            if len(column) != count:
                raise ValueError("cut short")
            if sys.byteorder == "big":
                column.byteswap()
            columns.append(column)
        table._v4 = (columns[0], columns[1], columns[2])
        table._v6 = (columns[3], columns[4], columns[5])
    except (ValueError, KeyError, TypeError, zlib.error, AttributeError) as problem:
        raise RuleError(f"{name}: {problem}") from None
    return table


def load_asn_table(path: Path) -> AsnTable:
    """Return the table of a packed file; raises RuleError, beginning with the file."""
    try:
        return unpack(path.read_bytes(), str(path))
    except OSError as problem:
        raise RuleError(f"{path}: cannot be read: {problem.strerror}") from None


@cache
def packaged_asn_table() -> AsnTable:
    """Return the table cnilcheck was built with, cut to the networks of the catalogue."""
    return load_asn_table(rules_directory() / "tables" / PACKED)
