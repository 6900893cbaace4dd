"""The TLS listeners of a scope, and one paced connection to each."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from cnilcheck.collectors.addresses import dial
from cnilcheck.collectors.base import Task, Tools
from cnilcheck.collectors.starttls import PORTS, Protocol, upgrade
from cnilcheck.errors import CollectionError, TimedOut, Unreachable
from cnilcheck.model.scope import Scope, TlsTarget, WebTarget

CONNECT_SECONDS = 5.0
_PROTOCOLS = {protocol.value: protocol for protocol in Protocol}


@dataclass(frozen=True)
class Listener:
    """One address that speaks TLS; `server_name` is None for a literal IP address."""

    host: str
    port: int
    protocol: Protocol | None = None

    @property
    def server_name(self) -> str | None:
        """The name to ask for (SNI); RFC 6066 section 3 admits no literal addresses."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return self.host
        return None

    @property
    def spelling(self) -> str:
        """`host:port`, brackets around an IPv6 address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def tls_tasks(scope: Scope) -> tuple[Task, ...]:
    """Return one task for each TLS listener of the scope, under the target that names it first."""
    tasks: dict[Listener, Task] = {}
    for target, listener in _listeners(scope):
        tasks.setdefault(listener, Task(target, listener.spelling, listener))
    return tuple(tasks.values())


def _listeners(scope: Scope) -> Iterator[tuple[str, Listener]]:
    for target in scope.targets:
        match target:
            case WebTarget(url=url):
                parts = urlsplit(url)
                if parts.scheme == "https":
                    yield url, Listener(parts.hostname or "", parts.port or 443)
            case TlsTarget(tls=address, starttls=starttls):
                host, _, port = address.rpartition(":")
                protocol = PORTS.get(int(port)) if starttls is None else _PROTOCOLS.get(starttls)
                yield address, Listener(host.strip("[]"), int(port), protocol)


def connect(host: str, port: int, tools: Tools, timeout: float = CONNECT_SECONDS) -> socket.socket:
    """Return a connected socket, counted against the host's budget.

    Raises Unreachable or TimedOut, and what `Tools.spend` raises.
    """
    tools.spend(host)
    try:
        return dial(tools, host, port, timeout)
    except OSError as problem:
        raise as_collection_error(problem, f"{host}:{port}") from None


def connect_tls(listener: Listener, tools: Tools) -> socket.socket:
    """Return a connection at the point where the TLS handshake begins; raises as `connect`.

    Raises NotOffered when the service offers no TLS.
    """
    line = connect(listener.host, listener.port, tools)
    if listener.protocol is not None:
        try:
            upgrade(line, listener.protocol, listener.host)
        except CollectionError:
            line.close()
            raise
    return line


def as_collection_error(problem: OSError, place: str) -> CollectionError:
    """Return the gap's error for a socket error, in one line that names the place."""
    if isinstance(problem, TimeoutError):
        return TimedOut(f"{place}: no answer in time")
    if isinstance(problem, ConnectionRefusedError):
        return Unreachable(f"{place}: connection refused")
    return Unreachable(f"{place}: {problem.strerror or type(problem).__name__}")
