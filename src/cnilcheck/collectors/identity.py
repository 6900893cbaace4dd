"""Say who answers at a target's address, as far as its name tells: a lead, never a proof."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cnilcheck import __version__
from cnilcheck.collectors.base import Seen, Sighting, Task, Tools
from cnilcheck.errors import CollectionError, Malformed, TimedOut, Unreachable
from cnilcheck.model.facts import Fact, NetworkIdentity
from cnilcheck.model.scope import HostTarget, Scope, SshTarget, Target, TlsTarget, WebTarget
from cnilcheck.model.words import Method
from cnilcheck.resources import rules_directory

_RESOLVER_SECONDS = 5.0
_MAX_ADDRESSES = 16

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Platform(NamedTuple):
    """A platform, and the endings of the names it gives."""

    name: str
    suffixes: tuple[str, ...]


class NetworkIdentities:
    """Resolves each target's name and compares it with the names of well-known platforms.

    The one thing asked of the network is the name, from this machine's own resolver.
    """

    name = "network-identity"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (NetworkIdentity,)
    asks = "targets"

    def version(self) -> str:
        """Return the version of cnilcheck, which holds the table of names."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return one task per web, host or TLS target."""
        hosts = [(t.spelling, _host(t)) for t in scope.targets if not isinstance(t, SshTarget)]
        return tuple(Task(spelling, host or spelling, host) for spelling, host in hosts)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the addresses of one target and the platform its name belongs to, if any."""
        host: str = task.subject
        try:
            addresses, canonical = _resolve(host)
        except CollectionError as error:
            tools.journal.write(task.target, self.name, f"resolve {host}", str(error))
            raise
        tools.journal.write(
            task.target, self.name, f"resolve {host}", ", ".join(map(str, addresses))
        )
        yield Seen(task.location, identify(host, canonical, addresses, platforms()))


def identify(
    host: str, canonical: str, addresses: tuple[Address, ...], known: tuple[Platform, ...]
) -> NetworkIdentity:
    """Return what the names and addresses of a host tell about who answers there."""
    written = tuple(str(address) for address in addresses)
    if addresses and not any(is_public(address) for address in addresses):
        return NetworkIdentity(written, None, "reserved address", reserved=True)
    for name, said_by in ((host, "name"), (canonical, "canonical name")):
        for platform in known:
            for suffix in platform.suffixes:
                if f".{name.lower().rstrip('.')}".endswith(f".{suffix}"):
                    signal = f"{said_by} ends in {suffix}"
                    return NetworkIdentity(written, platform.name, signal, reserved=False)
    return NetworkIdentity(written, None, "no known name", reserved=False)


def is_public(address: Address) -> bool:
    """Return whether the address is announced on the Internet (IANA special-purpose registries)."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return is_public(address.ipv4_mapped)
    return address.is_global and not address.is_multicast


def platforms() -> tuple[Platform, ...]:
    """Return the table of platforms, rules/tables/hosts.yaml."""
    import yaml

    text = (rules_directory() / "tables" / "hosts.yaml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = yaml.safe_load(text)
    return tuple(Platform(row["name"], tuple(row["name_suffixes"])) for row in rows)


def _host(target: Target) -> str:
    match target:
        case WebTarget(url=url):
            try:
                return urlsplit(url).hostname or ""
            except ValueError:
                return ""
        case HostTarget(host=host):
            return host.strip("[]")
        case TlsTarget(tls=listener) | SshTarget(ssh=listener):
            return listener.rpartition(":")[0].strip("[]") or listener


def _resolve(host: str) -> tuple[tuple[Address, ...], str]:
    """Return the addresses of a host and its canonical name, in bounded time."""
    try:
        return (ipaddress.ip_address(host),), host
    except ValueError:
        answers = _ask_resolver(host)
    found = sorted({str(answer[4][0]).partition("%")[0] for answer in answers})[:_MAX_ADDRESSES]
    canonical = next((str(answer[3]) for answer in answers if answer[3]), host)
    return tuple(ipaddress.ip_address(address) for address in found), canonical


def _ask_resolver(host: str) -> list[Any]:
    # getaddrinfo takes no timeout: it is asked on a thread that is left behind when it is late.
    answer: queue.SimpleQueue[list[Any] | CollectionError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            kind, flags = socket.SOCK_STREAM, socket.AI_CANONNAME
            answer.put(list(socket.getaddrinfo(host, None, type=kind, flags=flags)))
        except UnicodeError:
            answer.put(Malformed("not a host name"))
        except OSError:
            answer.put(Unreachable("the name does not resolve"))

    if not host or "\0" in host or len(host) > 253:
        raise Malformed("not a host name")
    threading.Thread(target=ask, daemon=True, name="cnilcheck-resolver").start()
    try:
        result = answer.get(timeout=_RESOLVER_SECONDS)
    except queue.Empty:
        raise TimedOut(f"the resolver gave no answer in {_RESOLVER_SECONDS:.0f} s") from None
    if isinstance(result, CollectionError):
        raise result
    return result
