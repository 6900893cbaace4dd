"""Ask an open port, in one or two packets, which data service it is and what it wants first.

No password is ever sent. Formats: PostgreSQL "Frontend/Backend Protocol" (SSLRequest,
StartupMessage), MySQL "Protocol::HandshakeV10", Redis "RESP".
"""

from __future__ import annotations

import re
import socket
import struct
import time
from dataclasses import dataclass
from typing import Literal

from cnilcheck.collectors.base import Tools
from cnilcheck.collectors.listeners import connect
from cnilcheck.errors import CollectionError
from cnilcheck.model.personal_data import mask, printable

_SECONDS = 2.0
_BANNER_SECONDS = 0.5
_MAX_BYTES = 4096
_CLIENT_SSL = 0x0800

SignIn = Literal["none", "clear_password", "md5", "scram", "password", "unknown"]


@dataclass(frozen=True)
class Service:
    """What an open port says of itself; `data` marks a service that holds data."""

    name: str
    product: str = ""
    data: bool = False
    sign_in: SignIn = "unknown"
    offers_tls: bool | None = None
    accepts_plaintext: bool | None = None


def identify(host: str, port: int, tools: Tools) -> Service:
    """Return what the port says of itself; an empty name when it says nothing we know."""
    try:
        banner = _exchange(host, port, b"", tools, _BANNER_SECONDS)
        if banner:
            return _of_banner(banner)
        return _postgresql(host, port, tools) or _redis(host, port, tools) or Service("")
    except CollectionError:
        return Service("")


def _exchange(host: str, port: int, request: bytes, tools: Tools, seconds: float) -> bytes:
    with connect(host, port, tools, seconds) as line:
        try:
            if request:
                line.sendall(request)
            return _read(line, seconds)
        except OSError:
            return b""


def _read(line: socket.socket, seconds: float) -> bytes:
    """Return what arrives until a pause, the end, 4 KiB or the time is up."""
    deadline, answer = time.monotonic() + seconds, b""
    while len(answer) < _MAX_BYTES and (left := deadline - time.monotonic()) > 0:
        line.settimeout(min(left, 0.15) if answer else left)
        try:
            part = line.recv(_MAX_BYTES)
        except TimeoutError:
            break
        if not part:
            break
        answer += part
    return answer


def _of_banner(banner: bytes) -> Service:
    mysql = _mysql(banner)
    if mysql:
        return mysql
    text = printable(mask(banner[:200].decode("latin-1")), 80)
    for prefix, name in (
        (b"SSH-", "ssh"),
        (b"220", "ftp or smtp"),
        (b"+OK", "pop3"),
        (b"* OK", "imap"),
    ):
        if banner.startswith(prefix):
            return Service(name, text)
    if banner.startswith(b"RFB "):
        return Service("vnc", text)
    return Service("", text)


def _mysql(banner: bytes) -> Service | None:
    if len(banner) < 6:
        return None
    body = banner[4:]
    if body[0] == 0xFF and re.search(rb"MySQL|MariaDB|not allowed|blocked", body):
        return Service("mysql", "MySQL or MariaDB", True, "password")
    version, separator, rest = body[1:].partition(b"\0")
    if body[0] != 10 or not separator or len(rest) < 15:
        return None
    product = "MariaDB" if b"MariaDB" in version else "MySQL"
    (capabilities,) = struct.unpack("<H", rest[13:15])
    offers = bool(capabilities & _CLIENT_SSL)
    label = f"{product} {printable(version.decode('latin-1'), 40)}"
    return Service("mysql", label, True, "password", offers, None if offers else True)


def _postgresql(host: str, port: int, tools: Tools) -> Service | None:
    answer = _exchange(host, port, struct.pack("!II", 8, 80877103), tools, _SECONDS)
    if answer[:1] not in (b"S", b"N") or len(answer) != 1:
        return None
    offers = answer == b"S"
    fields = b"user\0cnilcheck\0database\0cnilcheck\0\0"
    startup = struct.pack("!II", 8 + len(fields), 196608) + fields
    reply = _exchange(host, port, startup, tools, _SECONDS)
    sign_in, plaintext = _startup_reply(reply)
    if plaintext is False and not offers:
        plaintext = None
    return Service("postgresql", "PostgreSQL", True, sign_in, offers, plaintext)


def _startup_reply(reply: bytes) -> tuple[SignIn, bool | None]:
    if reply[:1] == b"R" and len(reply) >= 9:
        (method,) = struct.unpack("!I", reply[5:9])
        known: dict[int, SignIn] = {0: "none", 3: "clear_password", 5: "md5", 10: "scram"}
        return known.get(method, "unknown"), True
    if reply[:1] == b"E":
        # 28000 with pg_hba.conf: no line admits this client without TLS, or at all.
        refused = b"28000" in reply and b"pg_hba" in reply
        return "password", False if refused else None
    return "unknown", None


def _redis(host: str, port: int, tools: Tools) -> Service | None:
    answer = _exchange(host, port, b"PING\r\n", tools, _SECONDS)
    if answer.startswith(b"+PONG"):
        return Service("redis", "Redis", True, "none", False, True)
    if answer.startswith((b"-NOAUTH", b"-DENIED")):
        return Service("redis", "Redis", True, "password", False, True)
    if answer.startswith(b"HTTP/"):
        return Service("http")
    return None
