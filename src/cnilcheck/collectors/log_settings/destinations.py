"""Where log lines are sent, in one form for all programs that send them."""

from __future__ import annotations

from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from cnilcheck.model.addresses import is_loopback
from cnilcheck.model.facts import LogDestination
from cnilcheck.model.personal_data import printable

Transport: TypeAlias = Literal["udp", "tcp", "relp", "http", "agent", "unknown"]
_KNOWN: dict[str, Transport] = {
    "udp": "udp", "tcp": "tcp", "relp": "relp", "http": "http", "agent": "agent",
}  # fmt: skip


def destination(
    host: str, port: str | None, transport: str, encrypted: bool | None
) -> LogDestination:
    """Return the destination of a host and port; names of the machine itself count as here."""
    bare = printable(host.strip("[] \"'"), 120)
    address = f"{bare}:{printable(str(port), 20)}" if port else bare
    return LogDestination(address, _KNOWN.get(transport, "unknown"), encrypted, _here(bare))


def of_url(url: str) -> LogDestination:
    """Return the destination of an address such as `https://logs.example:3100/`; no credentials."""
    try:
        parts = urlsplit(url.strip("\"' "))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return LogDestination(
            printable(url.partition("//")[2].split("@")[-1], 120), "unknown", None
        )
    scheme = parts.scheme.lower().replace("tcp+tls", "tls")
    encrypted = {"https": True, "tls": True, "http": False, "tcp": False, "udp": False}.get(scheme)
    if scheme.startswith("unix"):
        return LogDestination(printable(parts.path, 120), "unknown", None, True)
    transport = "http" if scheme.startswith("http") else "udp" if scheme == "udp" else "tcp"
    return destination(host, str(port) if port else None, transport, encrypted)


def _here(host: str) -> bool:
    return not host or host.startswith("/") or is_loopback(host)
