"""A database that speaks the PostgreSQL protocol: enough for a real client to count the patients.

Message formats: PostgreSQL documentation, "Frontend/Backend Protocol", "Message Formats".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from socketserver import StreamRequestHandler

from cnilcheck.replica.servers import TIMEOUT_SECONDS, LoopbackServer

NAME = "depistage"
USER = "depistage"
PASSWORD = "Depist2021!"  # invented; the leaked source shows it

_SSL_REQUEST, _CANCEL_REQUEST, _GSS_REQUEST = 80877103, 80877102, 80877104
_LARGEST_STARTUP, _LARGEST_MESSAGE = 10_000, 64 * 1024
_MESSAGES_PER_CONNECTION = 1000
_INT4, _INT8 = (23, 4), (20, 8)

_PARAMETERS = {
    "server_version": "9.6.24",
    "server_encoding": "UTF8",
    "client_encoding": "UTF8",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "integer_datetimes": "on",
    "is_superuser": "off",
    "session_authorization": USER,
    "standard_conforming_strings": "on",
}


class DatabaseServer(LoopbackServer):
    """The patients' database, open to whoever knows the password."""

    def __init__(self, patients: int, port: int = 0) -> None:
        """The port is bound."""
        super().__init__(DatabaseHandler, port=port)
        self.patients = patients


class DatabaseHandler(StreamRequestHandler):
    """One session of a client."""

    server: DatabaseServer
    timeout = TIMEOUT_SECONDS
    disable_nagle_algorithm = True  # else a second write waits 40 ms for an acknowledgement

    def handle(self) -> None:
        """The session is over: refused, ended by the client, or cut for breaking the protocol."""
        settings = self._startup()
        if settings is not None and self._signed_in(settings):
            self._greet()
            self._answer_queries()

    def _startup(self) -> dict[str, str] | None:
        """The settings of the client's startup message; offers of encryption are declined."""
        for _ in range(3):
            (length,) = struct.unpack("!I", self._exactly(4))
            if not 8 <= length <= _LARGEST_STARTUP:
                return None
            body = self._exactly(length - 4)
            (code,) = struct.unpack("!I", body[:4])
            if code >> 16 == 3:
                words = body[4:].decode("utf-8", "replace").split("\0")
                return dict(zip(words[::2], words[1::2], strict=False))
            if code not in (_SSL_REQUEST, _GSS_REQUEST):
                self._refuse(code)
                return None
            self.wfile.write(b"N")
        return None

    def _refuse(self, code: int) -> None:
        if code == _CANCEL_REQUEST:
            return  # PostgreSQL never answers it
        # Word for word what PostgreSQL 9.6.24 says: scanners recognise the server by it.
        version = f"{code >> 16}.{code & 0xFFFF}"
        text = f"unsupported frontend protocol {version}: server supports 1.0 to 3.0"
        place = {"F": "postmaster.c", "L": "2063", "R": "ProcessStartupPacket"}
        self.wfile.write(_error("FATAL", "0A000", text, place))

    def _signed_in(self, settings: dict[str, str]) -> bool:
        user, database = (
            settings.get("user", ""),
            settings.get("database", settings.get("user", "")),
        )
        self.wfile.write(_message(b"R", struct.pack("!I", 3)))  # AuthenticationCleartextPassword
        kind, body = self._message()
        if kind != b"p" or (user, body) != (USER, PASSWORD.encode() + b"\0"):
            text = f'password authentication failed for user "{user}"'
            self.wfile.write(_error("FATAL", "28P01", text))
            return False
        if database != NAME:
            self.wfile.write(_error("FATAL", "3D000", f'database "{database}" does not exist'))
            return False
        return True

    def _greet(self) -> None:
        self.wfile.write(_message(b"R", struct.pack("!I", 0)))  # AuthenticationOk
        for name, value in _PARAMETERS.items():
            self.wfile.write(_message(b"S", _words(name, value)))
        self.wfile.write(_message(b"K", struct.pack("!II", 4242, 4242)))
        self.wfile.write(_ready())

    def _answer_queries(self) -> None:
        for _ in range(_MESSAGES_PER_CONNECTION):
            kind, body = self._message()
            if kind == b"X":
                return
            if kind == b"Q":
                sql = body.rstrip(b"\0").decode("utf-8", "replace")
                self.wfile.write(b"".join(self._results(sql)) + _ready())
            elif kind == b"P":
                # Parse opens the extended protocol; its other messages are skipped up to Sync.
                text = "only the simple query protocol is spoken here"
                self.wfile.write(_error("ERROR", "0A000", text))
            elif kind == b"S":
                self.wfile.write(_ready())

    def _results(self, sql: str) -> Iterator[bytes]:
        match " ".join(sql.rstrip("; \n").lower().split()):
            case "":
                yield _message(b"I", b"")
            case "select 1":
                yield from _one_number("?column?", _INT4, 1)
            case "select count(*) from patients":
                yield from _one_number("count", _INT8, self.server.patients)
            case _:
                yield _error(
                    "ERROR", "42501", "permission denied: this replica only counts its patients"
                )

    def _message(self) -> tuple[bytes, bytes]:
        kind, length = struct.unpack("!cI", self._exactly(5))
        if not 4 <= length <= _LARGEST_MESSAGE:
            raise ConnectionAbortedError
        return kind, self._exactly(length - 4)

    def _exactly(self, size: int) -> bytes:
        content = self.rfile.read(size)
        if len(content) < size:
            raise ConnectionResetError
        return content


def _one_number(column: str, kind: tuple[int, int], value: int) -> Iterator[bytes]:
    """A result of one row and one column, in text format."""
    oid, size = kind
    described = (
        struct.pack("!H", 1) + _words(column) + struct.pack("!IhIhih", 0, 0, oid, size, -1, 0)
    )
    text = str(value).encode()
    yield _message(b"T", described)
    yield _message(b"D", struct.pack("!HI", 1, len(text)) + text)
    yield _message(b"C", _words("SELECT 1"))


def _error(severity: str, code: str, text: str, place: dict[str, str] | None = None) -> bytes:
    fields = {"S": severity, "V": severity, "C": code, "M": text, **(place or {})}
    return _message(b"E", _words(*(key + value for key, value in fields.items())) + b"\0")


def _ready() -> bytes:
    return _message(b"Z", b"I")


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def _words(*words: str) -> bytes:
    return b"".join(word.encode() + b"\0" for word in words)
