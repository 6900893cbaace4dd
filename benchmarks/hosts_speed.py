"""How fast the tables of hosts load and answer, beside maxminddb over the same networks.

    python benchmarks/hosts_speed.py

Nothing is contacted. The peer reads an MMDB file made here of the packaged networks' first ranges.
"""

from __future__ import annotations

import ipaddress
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import maxminddb

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from cnilcheck.hosts.asn import load_asn_table
from cnilcheck.hosts.catalogue import load_catalogue
from cnilcheck.hosts.identify import Asked, Tables, identify
from cnilcheck.resources import rules_directory
from hosts.test_mmdb import mmdb

_TABLES = rules_directory() / "tables"
_PEER_NETWORKS = 3000
_ADDRESSES = 20_000


def seconds(work: Callable[[], object], rounds: int = 7) -> float:
    """Return the median time of one call."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    """Print what loading and looking up takes, and the peer's times in the same run."""
    table = load_asn_table(_TABLES / "asn.bin")
    catalogue = load_catalogue(_TABLES / "hosts.json")
    draw = random.Random(1)
    addresses = [ipaddress.ip_address(draw.getrandbits(32)) for _ in range(_ADDRESSES)]
    names = [f"x{n}.eu-west-3.compute.amazonaws.com" for n in range(2000)]
    load = seconds(lambda: load_asn_table(_TABLES / "asn.bin"))
    load += seconds(lambda: load_catalogue(_TABLES / "hosts.json").by_suffix)
    look = seconds(lambda: [table.lookup(a) for a in addresses]) / _ADDRESSES
    suffix = seconds(lambda: [catalogue.host_of_name(n) for n in names]) / len(names)
    tables = Tables()
    whole = seconds(lambda: [identify(Asked(n), tables) for n in names[:200]]) / 200
    print(f"load networks and catalogue     {load * 1e3:8.2f} ms   (bar: 20 ms)")
    print(f"look an address up              {look * 1e6:8.2f} µs   (bar: 10 µs)")
    print(f"look a name's ending up         {suffix * 1e6:8.2f} µs")
    print(f"identify a name, all signs      {whole * 1e6:8.2f} µs")
    for mode, label in ((maxminddb.MODE_AUTO, "C"), (maxminddb.MODE_MEMORY, "Python")):
        peer = peer_seconds(mode, addresses)
        print(
            f"maxminddb, {label:<6} look-up       {peer * 1e6:8.2f} µs   ratio {peer / look:5.2f}"
        )


def peer_seconds(
    mode: int, addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address]
) -> float:
    """Return what one look-up takes in an MMDB file of as many /24 as the peer is given."""
    rows = {
        f"51.{n // 256}.{n % 256}.0/24": {"autonomous_system_number": 64500 + n % 100}
        for n in range(_PEER_NETWORKS)
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "peer.mmdb"
        path.write_bytes(mmdb(rows))
        with maxminddb.open_database(path, mode) as reader:
            return seconds(lambda: [reader.get(a) for a in addresses], 3) / len(addresses)


if __name__ == "__main__":
    main()
