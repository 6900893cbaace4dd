"""A MaxMind DB file gives networks or countries with its own day; a damaged one is refused."""

from __future__ import annotations

import datetime as dt
import ipaddress
import random
import struct
from pathlib import Path
from typing import Any

import pytest

from cnilcheck.hosts.importing import Given, take
from cnilcheck.hosts.store import NETWORKS, TableError, load_tables

TODAY = dt.date(2026, 11, 22)
MARK = b"\xab\xcd\xefMaxMind.com"


class Short(int):
    """A number of 16 bits."""


class Long(int):
    """A number of 64 bits."""


def encoded(value: Any) -> bytes:
    """Return a value in the file's data section format (MaxMind DB specification 2.0)."""
    match value:
        case str():
            raw = value.encode()
            return head(2, len(raw)) + raw
        case int():
            raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
            kind = {Short: 5, Long: 9}.get(type(value), 6)
            return head(kind, len(raw)) + raw
        case dict():
            parts = [encoded(key) + encoded(item) for key, item in value.items()]
            return head(7, len(value)) + b"".join(parts)
        case list():
            return head(11, len(value)) + b"".join(map(encoded, value))
    raise TypeError(value)


def head(kind: int, size: int) -> bytes:
    low = size if size < 29 else 29
    more = bytes([size - 29]) if size >= 29 else b""
    return bytes([kind << 5 | low]) + more if kind < 8 else bytes([low, kind - 7]) + more


def mmdb(rows: dict[str, Any], kind: str = "Test-ASN") -> bytes:
    """Return a file of IPv6 layout that holds those networks; IPv4 lies below ::/96."""
    nodes: list[list[Any]] = [[None, None]]
    data, places = b"", dict[str, int]()
    for network, record in rows.items():
        places[network] = len(data)
        data += encoded(record)
        parsed = ipaddress.ip_network(network)
        width = 128 if parsed.version == 6 else 32
        bits = bin(int(parsed.network_address) | 1 << width)[3:][: parsed.prefixlen]
        bits = bits if parsed.version == 6 else "0" * 96 + bits
        at = 0
        for bit in bits[:-1]:
            following = nodes[at][int(bit)]
            if following is None:
                nodes.append([None, None])
                following = nodes[at][int(bit)] = len(nodes) - 1
            at = following
        nodes[at][int(bits[-1])] = ("data", network)
    count = len(nodes)

    def pointer(entry: Any) -> int:
        if isinstance(entry, tuple):
            return count + 16 + places[entry[1]]
        return count if entry is None else int(entry)

    tree = b"".join(struct.pack(">II", *map(pointer, node)) for node in nodes)
    about = {
        "node_count": count, "record_size": Short(32), "ip_version": Short(6), "database_type": kind,
        "languages": ["en"], "binary_format_major_version": Short(2), "binary_format_minor_version": Short(0),
        "build_epoch": Long(1780272000), "description": {"en": "test"},
    }  # fmt: skip
    return tree + b"\0" * 16 + data + MARK + encoded(about)


NUMBERED: dict[str, Any] = {
    f"51.91.{n}.0/24": {
        "autonomous_system_number": 64500,
        "autonomous_system_organization": "Exemple",
    }
    for n in range(30)
} | {"2001:db8::/32": {"asn": "AS64501", "as_name": "Autre"}}
PLACED: dict[str, Any] = {f"51.91.{n}.0/24": {"country": {"iso_code": "CH"}} for n in range(30)}


def test_networks_of_both_families_are_taken_with_the_day_of_the_file(tmp_path: Path) -> None:
    taken = take(mmdb(NUMBERED), "asn.mmdb", Given(), tmp_path, TODAY)
    assert (taken.name, taken.rows, taken.as_of) == ("networks", 31, "2026-06-01")
    table = load_tables(tmp_path).networks[0]
    assert table.lookup(ipaddress.ip_address("51.91.3.3")) == (64500, "Exemple")
    assert table.lookup(ipaddress.ip_address("2001:db8::1")) == (64501, "Autre")
    assert table.lookup(ipaddress.ip_address("51.92.0.1")) is None


def test_countries_are_a_table_of_their_own(tmp_path: Path) -> None:
    assert take(mmdb(PLACED), "country.mmdb", Given(), tmp_path, TODAY).name == "countries"
    flat = {network: {"country_code": "FR"} for network in PLACED}
    assert take(mmdb(flat), "country.mmdb", Given(), tmp_path, TODAY).former == 30


@pytest.mark.parametrize(
    "content",
    [
        mmdb({"51.91.0.0/24": {"city": "Paris"}}), mmdb(NUMBERED)[:400] + MARK,
        b"\0" * 500 + MARK, b"\0" * 500 + MARK + b"\xff" * 900, mmdb(NUMBERED)[:-30],
        mmdb({f"51.91.{n}.0/24": NUMBERED["51.91.0.0/24"] for n in range(5)}),
    ],
    ids=["cities", "cut", "no metadata", "odd metadata", "metadata cut", "few"],
)  # fmt: skip
def test_a_damaged_or_useless_file_is_refused_and_the_table_kept(
    content: bytes, tmp_path: Path
) -> None:
    take(mmdb(NUMBERED), "asn.mmdb", Given(), tmp_path, TODAY)
    before = (tmp_path / NETWORKS).read_bytes()
    with pytest.raises(TableError) as raised:
        take(content, "x.mmdb", Given(), tmp_path, TODAY)
    assert "\n" not in str(raised.value)
    assert before == (tmp_path / NETWORKS).read_bytes()


def test_a_file_with_any_byte_changed_is_read_or_refused(tmp_path: Path) -> None:
    whole, chance = mmdb(NUMBERED), random.Random(7)
    for _ in range(150):
        spoilt = bytearray(whole)
        for _ in range(chance.choice((1, 3, 20))):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        try:
            take(bytes(spoilt), "x.mmdb", Given(), tmp_path, TODAY)
        except TableError as refused:
            assert "\n" not in str(refused)
