"""The addresses a name stands for in this run: asked once, so that no later answer leads astray."""

from __future__ import annotations

import ipaddress
import socket

from cnilcheck.collectors.base import Tools
from cnilcheck.errors import NotPermitted, Unreachable


def addresses(tools: Tools, host: str) -> tuple[str, ...]:
    """Return what the name resolved to when this run first asked; a literal address is itself.

    A name server that changes its mind within the run (DNS rebinding) is not asked again. Raises
    Unreachable, or NotPermitted when the name stands for no host on a network: link-local
    addresses, where clouds keep their keys, broadcast, or none.
    """
    with tools.lock:
        known: dict[str, tuple[str, ...]] = tools.shared.setdefault("addresses", {})
        if host in known:
            return known[host]
    found = _resolved(host)
    with tools.lock:
        return known.setdefault(host, found)


def _resolved(host: str) -> tuple[str, ...]:
    try:
        return (str(ipaddress.ip_address(host.strip("[]"))),)
    except ValueError:
        pass
    try:
        answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        words = getattr(problem, "strerror", None) or type(problem).__name__
        raise Unreachable(f"{host}: {words}") from None
    found = tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))
    if any(_nowhere(address) for address in found):
        raise NotPermitted(f"{host} stands for {', '.join(found)}, which no audited host has")
    return found


def _nowhere(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_link_local or mapped.is_multicast or mapped.is_unspecified)


def dial(tools: Tools, host: str, port: int, timeout: float) -> socket.socket:
    """Return a connection to the first of the host's addresses that accepts one.

    Raises OSError from the last of them, and what `addresses` raises.
    """
    problem: OSError = ConnectionRefusedError("no address")
    for address in addresses(tools, host):
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as error:
            problem = error
    raise problem
