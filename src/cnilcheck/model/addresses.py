"""Which hosts are this machine."""

from __future__ import annotations

import ipaddress
from functools import lru_cache


@lru_cache(1024)
def is_loopback(host: str) -> bool:
    """Return whether the host, as written, is this machine: no name but localhost is trusted."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Return whether the address is announced on the Internet (IANA special-purpose registries)."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return is_public(address.ipv4_mapped)
    return address.is_global and not address.is_multicast


def resolver_address(written: str) -> tuple[str, int]:
    """Return address and port of `192.0.2.1`, `192.0.2.1:5353`, `::1` or `[::1]:5353`.

    Raises ValueError for anything else: a resolver that had to be resolved would be another's.
    """
    host, port = written, "53"
    if written.startswith("[") or written.count(":") == 1:
        host, _, port = written.rpartition(":")
    number = int(port)
    if not 0 < number < 65536:
        raise ValueError(f"{number} is not a port")
    return str(ipaddress.ip_address(host.strip("[]"))), number
