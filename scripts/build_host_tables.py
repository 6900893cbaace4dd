"""Build the packed tables of hosts: `hosts.json` from the YAML, and `asn.bin` from two CSV files.

    python scripts/build_host_tables.py                       hosts.json
    python scripts/build_host_tables.py --asn V4.csv V6.csv --as-of 2026-06-17   and asn.bin

The CSV files are those of ip-location-db (`asn-ipv4-num.csv`, `asn-ipv6-num.csv`); only the
networks that the catalogue names are kept. See rules/tables/NOTICE.md for where they come from.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from cnilcheck.hosts.asn import AsnTable, Range
from cnilcheck.hosts.catalogue import Catalogue
from cnilcheck.model.text import english, french
from cnilcheck.resources import rules_directory

TABLES = rules_directory() / "tables"
ATTRIBUTION = "RouteViews, NRO, DB-IP (https://db-ip.com), CC BY 4.0, by ip-location-db"


def packed_hosts(tables: Path = TABLES) -> bytes:
    """Return the packed form of hosts.yaml and cloud_regions.yaml."""
    content = yaml.safe_load((tables / "hosts.yaml").read_text(encoding="utf-8"))
    regions = yaml.safe_load((tables / "cloud_regions.yaml").read_text(encoding="utf-8"))
    content["regions"] = {
        provider: {region: country for country, names in rows.items() for region in names}
        for provider, rows in regions.items()
    }
    catalogue = msgspec.convert(typeset(content), Catalogue)
    return msgspec.json.format(msgspec.json.encode(catalogue), indent=0) + b"\n"


def typeset(value: Any) -> Any:
    """Return the value with each language's typography below `fr` and `en`."""
    if isinstance(value, list):
        return [typeset(item) for item in value]
    if not isinstance(value, dict):
        return value
    done = {key: typeset(item) for key, item in value.items()}
    for key, set_type in (("fr", french), ("en", english)):
        if isinstance(done.get(key), str):
            done[key] = set_type(done[key])
        elif isinstance(done.get(key), list):
            done[key] = [set_type(item) for item in done[key]]
    return done


def asn_table(v4: Path, v6: Path, as_of: str, wanted: set[int]) -> AsnTable:
    """Return the table of those CSV files, cut to the wanted networks."""
    holders: dict[int, str] = {}
    four = list(_ranges(v4, wanted, holders))
    six = [
        Range(r.first >> 64, r.last >> 64, r.asn)
        for r in _ranges(v6, wanted, holders)
        if r.first >> 64 != r.last >> 64 or r.last - r.first == 2**64 - 1
    ]
    return AsnTable(four, six, holders, ATTRIBUTION, as_of)


def _ranges(path: Path, wanted: set[int], holders: dict[int, str]) -> Iterator[Range]:
    with path.open(encoding="utf-8", newline="") as stream:
        for first, last, asn, holder in csv.reader(stream):
            if int(asn) in wanted:
                holders.setdefault(int(asn), holder)
                yield Range(int(first), int(last), int(asn))


def main() -> None:
    """Write the packed files beside their sources."""
    parser = argparse.ArgumentParser(description="Build the packed tables of hosts.")
    parser.add_argument("--asn", nargs=2, type=Path, metavar=("V4", "V6"))
    parser.add_argument("--as-of", metavar="DATE")
    given = parser.parse_args()
    packed = packed_hosts()
    (TABLES / "hosts.json").write_bytes(packed)
    if given.asn:
        catalogue = msgspec.json.decode(packed, type=Catalogue)
        v4, v6 = given.asn
        table = asn_table(v4, v6, given.as_of, set(catalogue.by_asn))
        (TABLES / "asn.bin").write_bytes(table.pack())


if __name__ == "__main__":
    main()
