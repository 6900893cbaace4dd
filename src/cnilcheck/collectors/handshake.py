"""One finished TLS handshake with Python's `ssl`: the leaf it shows and the tickets it gives."""

from __future__ import annotations

import select
import ssl
import time
from dataclasses import dataclass

from cnilcheck.collectors.base import Tools
from cnilcheck.collectors.listeners import Listener, as_collection_error, connect_tls
from cnilcheck.errors import CollectionError, Refused

_SECONDS = 5.0
_LEAST_WAIT = 0.15
"""Seconds waited at least for a ticket, which TLS 1.3 sends after the handshake."""


@dataclass(frozen=True)
class Shaken:
    """What a finished handshake showed; `ticket_seconds` is 0 when no ticket came.

    None when the server ended the connection before it could have come: a TLS 1.3 server that wants
    a client's certificate does so after the handshake.
    """

    leaf_der: bytes
    ticket_seconds: int | None


def shake(listener: Listener, version: ssl.TLSVersion, tools: Tools) -> Shaken:
    """Return what one handshake in that version showed, whoever the server is; see `secured`."""
    begun = time.monotonic()
    with secured(listener, version, tools) as tls:
        leaf = tls.getpeercert(binary_form=True) or b""
        patience = min(1.0, max(_LEAST_WAIT, 3 * (time.monotonic() - begun)))
        whole = version is not ssl.TLSVersion.TLSv1_3 or _take_tickets(tls, patience)
        return Shaken(leaf, _ticket_seconds(tls) if whole else None)


def secured(listener: Listener, version: ssl.TLSVersion, tools: Tools) -> ssl.SSLSocket:
    """Return a connection whose handshake is finished, in exactly that version.

    `MAXIMUM_SUPPORTED` admits every version. Raises CollectionError when there is none: this
    machine's OpenSSL may not speak what the server does.
    """
    line = connect_tls(listener, tools)
    line.settimeout(_SECONDS)
    try:
        return _context(version).wrap_socket(line, server_hostname=listener.server_name)
    except ssl.SSLError as problem:
        reason = problem.reason or "no handshake"
        raise Refused(f"{listener.spelling}: {reason.lower().replace('_', ' ')}") from None
    except OSError as problem:
        raise as_collection_error(problem, listener.spelling) from None
    finally:
        # Once wrapped, this one is detached and closing it does nothing.
        line.close()


def _context(version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    everything = version is ssl.TLSVersion.MAXIMUM_SUPPORTED
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED if everything else version
    context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    # OpenSSL 3 refuses servers without RFC 5746 unless told: they are looked at, not trusted.
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0)
    return context


def _ticket_seconds(tls: ssl.SSLSocket) -> int:
    session = tls.session
    return session.ticket_lifetime_hint if session is not None and session.has_ticket else 0


def _take_tickets(tls: ssl.SSLSocket, seconds: float) -> bool:
    """Read until a ticket came or the time is over; False when the server ended the connection."""
    until = time.monotonic() + seconds
    tls.setblocking(False)
    while (left := until - time.monotonic()) > 0:
        try:
            ended = not tls.recv(1)
        except ssl.SSLWantReadError:
            if _ticket_seconds(tls):
                return True
            select.select([tls], [], [], left)
        except OSError:
            return False
        else:
            return not ended
    return True


def longest_ticket(listener: Listener, versions: list[ssl.TLSVersion], tools: Tools) -> int | None:
    """Return the longest life promised to a ticket in these versions, 0 when none came.

    None when no handshake could be finished.
    """
    lives: list[int] = []
    for version in versions:
        try:
            seconds = shake(listener, version, tools).ticket_seconds
        except CollectionError:
            continue
        lives += [] if seconds is None else [seconds]
    return max(lives, default=None)
