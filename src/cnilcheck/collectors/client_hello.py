"""What a TLS server accepts, read from its answers to bare ClientHellos, by removal.

Offer everything, take away what the server chose, ask again, stop at the refusal: one connection
per accepted thing and one more. Nothing is encrypted and no handshake is finished; the answer is
in ServerHello, HelloRetryRequest, Certificate and ServerKeyExchange (TLS 1.2 and older) or in the
alert. What a TLS 1.3 server encrypts (certificate, ALPN) is not seen here.

A server that refuses by closing the connection is believed when it closes twice on the same
question and still answers another one in between; otherwise the question is undetermined.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol, TypeAlias, TypeVar

from cnilcheck.collectors import tls_names
from cnilcheck.collectors.tls_names import SUITES, VERSION_OF_WIRE, Group, Suite, Version

LONGEST_ANSWER = 64 * 1024
"""Bytes read of one answer; certificate chains on the Internet stay below a third of it."""


class NoMoreConnections(OSError):
    """Raised by a `Connect` whose caller allows no further connection; ends the survey there."""


class Connect(Protocol):
    """Opens one connection, already through STARTTLS when the service needs it.

    Counts and paces are the caller's affair. Any failure must be an OSError: the survey then keeps
    what it has seen. Other exceptions go through `probe` untouched.
    """

    def __call__(self) -> socket.socket:
        """Return a connected socket; `probe` sets its timeout and closes it."""


class Reason(StrEnum):
    """Why a question has no answer."""

    SILENT = "silent"
    SLOW = "slow"
    CLOSED = "closed"
    RESET = "reset"
    ALERT = "alert"
    MALFORMED = "malformed"
    TOO_LONG = "too_long"
    NOT_TLS = "not_tls"
    UNREACHABLE = "unreachable"
    NOT_ALLOWED = "not_allowed"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason with its particulars, in our words: nothing of what the server wrote."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server speaks this version, and its list of suites is complete."""

    version: Version


@dataclass(frozen=True, slots=True)
class Refused:
    """The server declined this version; `how` is the alert's name, or what it did instead."""

    version: Version
    how: str


@dataclass(frozen=True, slots=True)
class Undetermined:
    """No answer, or the list of suites broke off; suites seen before that are in the survey."""

    version: Version
    cause: Cause


ProtocolResult: TypeAlias = Accepted | Refused | Undetermined


@dataclass(frozen=True, slots=True)
class SuiteList:
    """Suites accepted in one version, in the server's order of choice.

    `server_preference` is None with fewer than two suites, and when the server would not say.
    SSL 2.0 has none: there the client chooses.
    """

    version: Version
    suites: tuple[Suite, ...]
    server_preference: bool | None


@dataclass(frozen=True, slots=True)
class GroupList:
    """Groups accepted in one version, in order of choice; `broken_off` says why it is not whole."""

    version: Version
    groups: tuple[Group, ...]
    broken_off: Cause | None


@dataclass(frozen=True, slots=True)
class DhParameters:
    """A finite field the server used for DHE; `name` when many servers share the prime."""

    bits: int
    prime: int
    generator: int
    name: str | None


@dataclass(frozen=True, slots=True)
class Survey:
    """All that was learnt. A feature is None where it could not be asked, or was not answered.

    `stapled` is whether a revocation answer comes with the certificate; `chain_without_name_der` is
    what a client is shown that names no server, when it could be asked.
    """

    protocols: tuple[ProtocolResult, ...]
    suites: tuple[SuiteList, ...]
    groups: tuple[GroupList, ...]
    dh: tuple[DhParameters, ...]
    extended_master_secret: bool | None
    encrypt_then_mac: bool | None
    secure_renegotiation: bool | None
    session_ticket: bool | None
    compression: bool | None
    fallback_scsv: bool | None
    alpn: tuple[str, ...] | None
    certificate_chains_der: tuple[tuple[bytes, ...], ...]
    connections: int
    stapled: bool | None = None
    chain_without_name_der: tuple[bytes, ...] = ()

    @property
    def certificate_chain_der(self) -> tuple[bytes, ...]:
        """The chain shown first; a server with RSA and ECDSA certificates shows two."""
        return self.certificate_chains_der[0] if self.certificate_chains_der else ()

    @property
    def answered(self) -> tuple[Version, ...]:
        """Versions in which a ServerHello was seen, also when their list of suites broke off."""
        listed = {suites.version for suites in self.suites}
        return tuple(
            r.version for r in self.protocols if isinstance(r, Accepted) or r.version in listed
        )

    @property
    def not_tls(self) -> bool:
        """Whether the server answered in plain text: then every version is undetermined."""
        return any(
            isinstance(r, Undetermined) and r.cause.reason is Reason.NOT_TLS for r in self.protocols
        )


def probe(
    connect: Connect, server_name: str | None, *, deadline: float, patience: float = 2.5
) -> Survey:
    """Return what the server accepts; `deadline` is an instant of `time.monotonic()`.

    No answer is awaited longer than `patience` seconds, and two silences in a row from a server
    that never spoke TLS end the survey. Raises the OSError of the first connection, when not even
    that one can be opened; nothing else.
    """
    return _Examiner(_Line(connect, deadline, patience), _sni(server_name)).survey()


def _sni(server_name: str | None) -> bytes | None:
    """Return the name as RFC 6066 wants it: no address, no final dot, ASCII."""
    if not server_name:
        return None
    with suppress(ValueError):
        ipaddress.ip_address(server_name.strip("[]"))
        return None
    with suppress(UnicodeError):
        return server_name.rstrip(".").encode("idna")
    return None


# What goes out.


def _vector(width: int, content: bytes) -> bytes:
    return len(content).to_bytes(width, "big") + content


def _numbers(values: Sequence[int]) -> bytes:
    return b"".join(value.to_bytes(2, "big") for value in values)


@dataclass(frozen=True, slots=True)
class Hello:
    """A ClientHello to be; `bare` leaves all extensions out, `shares` guesses the key shares."""

    version: Version
    suites: tuple[int, ...]
    groups: tuple[int, ...]
    server_name: bytes | None = None
    alpn: tuple[str, ...] = ()
    shares: bool = False
    bare: bool = False

    def encode(self) -> bytes:
        """Return the record to send. Lengths 256 to 511 are padded away (RFC 7685: F5 hangs)."""
        modern = self.version is Version.TLS_1_3
        suites = (*self.suites, tls_names.RENEGOTIATION_SCSV) if self._plain else self.suites
        head = (
            min(self.version.wire, Version.TLS_1_2.wire).to_bytes(2, "big")
            + os.urandom(32)
            + _vector(1, os.urandom(32) if modern else b"")
            + _vector(2, _numbers(suites))
            + (b"\x01\x00" if modern else b"\x02\x01\x00")
        )
        extensions = b"" if self._plain else self._extensions()
        length = 4 + len(head) + 2 + len(extensions)
        if extensions and 255 < length < 512:
            extensions += _extension(21, bytes(max(0, 512 - length - 4)))
        body = head + (_vector(2, extensions) if extensions else b"")
        wire = 0x0300 if self.version is Version.SSL_3_0 else 0x0301
        return b"\x16" + wire.to_bytes(2, "big") + _vector(2, b"\x01" + _vector(3, body))

    @property
    def _plain(self) -> bool:
        return self.bare or self.version is Version.SSL_3_0

    def _extensions(self) -> bytes:
        """Return the extensions; the last one is never empty (WebSphere hangs on that)."""
        modern = self.version is Version.TLS_1_3
        parts = [_extension(23, b""), _extension(0xFF01, b"\x00"), _extension(35, b"")]
        if self.server_name:
            name = b"\x00" + _vector(2, self.server_name)
            parts.insert(0, _extension(0, _vector(2, name)))
        if not modern:
            parts.append(_extension(22, b""))
            # RFC 6066 section 8: status_request, of kind OCSP, for no responder in particular.
            parts.append(_extension(5, b"\x01\x00\x00\x00\x00"))
        if self.alpn:
            names = b"".join(_vector(1, name.encode("ascii")) for name in self.alpn)
            parts.append(_extension(16, _vector(2, names)))
        if modern:
            parts.append(_extension(43, b"\x02\x03\x04"))
            parts.append(_extension(45, b"\x01\x01"))
            parts.append(_extension(51, _vector(2, self._key_shares())))
        if modern or self.version is Version.TLS_1_2:
            parts.append(_extension(13, _vector(2, _numbers(tls_names.SIGNATURE_SCHEMES))))
        if self.groups:
            parts.append(_extension(10, _vector(2, _numbers(self.groups))))
            parts.append(_extension(11, b"\x01\x00"))
        return b"".join(parts)

    def _key_shares(self) -> bytes:
        """Return no share, which asks for a HelloRetryRequest (RFC 8446 §4.2.8), or all we can."""
        if not self.shares:
            return b""
        made = ((group, tls_names.key_share(group)) for group in self.groups)
        return b"".join(_numbers([group]) + _vector(2, key) for group, key in made if key)


def _extension(number: int, content: bytes) -> bytes:
    return _numbers([number]) + _vector(2, content)


def ssl2_hello() -> bytes:
    """Return a CLIENT-HELLO of the SSL 2.0 draft, with all its ciphers."""
    kinds = b"".join(c.to_bytes(3, "big") for c in tls_names.offered(Version.SSL_2_0))
    body = b"\x01\x00\x02" + _numbers([len(kinds), 0, 16]) + kinds + os.urandom(16)
    return (0x8000 | len(body)).to_bytes(2, "big") + body


# What comes back.


@dataclass(frozen=True, slots=True)
class Chosen:
    """A ServerHello or HelloRetryRequest and what followed it; `cut` when that broke off."""

    version: Version
    suite: int
    compression: int = 0
    extensions: Mapping[int, bytes] = field(default_factory=dict)
    group: int | None = None
    dh: tuple[int, int] | None = None
    chain: tuple[bytes, ...] = ()
    cut: Cause | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """An alert, or (None) a connection closed as an answer."""

    alert: int | None

    @property
    def how(self) -> str:
        """Return the alert's registered name."""
        if self.alert is None:
            return "connection closed"
        return tls_names.ALERTS.get(self.alert, f"alert {self.alert}")


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer that means anything."""

    cause: Cause


Answer: TypeAlias = Chosen | Declined | Lost


class _Malformed(ValueError):
    """A length points outside its message, or a value is none of its type's."""


class _Cursor:
    """Reads a message from left to right; raises _Malformed at its end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        piece = self._data[self._at : self._at + count]
        if len(piece) < count:
            raise _Malformed("a length points outside its message")
        self._at += count
        return piece

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def vector(self, width: int) -> bytes:
        return self.take(self.number(width))

    @property
    def more(self) -> bool:
        return self._at < len(self._data)


# RFC 8446 §4.1.3: the ServerHello whose random this is, is a HelloRetryRequest.
_RETRY_RANDOM = hashlib.sha256(b"HelloRetryRequest").digest()
_ALERT, _HANDSHAKE = 21, 22
_RECORD_TYPES = range(20, 25)
_SERVER_HELLO, _CERTIFICATE, _SERVER_KEY_EXCHANGE, _SERVER_HELLO_DONE = 2, 11, 12, 14


class Reading:
    """The answer so far; `feed` it bytes until `done`, then ask what it `means`."""

    def __init__(self) -> None:
        self.done = False
        self.spoke_tls = False
        self._pending = b""
        self._handshake = b""
        self._chosen: Chosen | None = None
        self._declined: Declined | None = None
        self._cause: Cause | None = None

    def feed(self, data: bytes) -> None:
        """Take in what arrived; never raises."""
        self._pending += data
        try:
            while not self.done and self._record():
                pass
        except _Malformed as error:
            self._stop(Cause(Reason.MALFORMED, str(error)))

    def means(self, ending: Cause) -> Answer:
        """Return the answer; `ending` is why no more bytes came, should they be missing."""
        cause = self._cause or ending
        if self._chosen:
            return self._chosen if self.done and not self._cause else self._cut(cause)
        if self._declined:
            return self._declined
        if self._pending and not self._cause:
            if not _begins_record(self._pending):
                cause = self._foreign()
            elif cause.reason in (Reason.CLOSED, Reason.RESET):
                cause = Cause(Reason.MALFORMED, "the answer broke off")
        return Lost(cause)

    def _cut(self, cause: Cause) -> Chosen:
        assert self._chosen is not None
        return replace(self._chosen, cut=cause)

    def _stop(self, cause: Cause) -> None:
        self._cause, self.done = cause, True

    def _record(self) -> bool:
        """Consume one record; return False until it is whole."""
        head = self._pending[:5]
        if not _begins_record(head):
            if len(head) == 5:
                self._stop(self._foreign())
            return False
        length = int.from_bytes(head[3:5], "big")
        if len(head) == 5 and length > 2**14 + 2048:
            raise _Malformed("a record is longer than TLS allows")
        if len(head) < 5 or len(self._pending) < 5 + length:
            return False
        body, self._pending = self._pending[5 : 5 + length], self._pending[5 + length :]
        self._content(head[0], body)
        return True

    def _foreign(self) -> Cause:
        """Say what bytes are that begin no TLS record."""
        if self.spoke_tls:
            return Cause(Reason.MALFORMED, "no TLS record where one should begin")
        head = self._pending[:5]
        if all(32 <= byte < 127 or byte in b"\r\n\t" for byte in head):
            return Cause(Reason.NOT_TLS, "HTTP" if head == b"HTTP/" else "plain text")
        return Cause(Reason.MALFORMED, "the answer is no TLS record")

    def _content(self, kind: int, body: bytes) -> None:
        if kind == _HANDSHAKE:
            self._handshake += body
            while not self.done and self._message():
                pass
        elif kind == _ALERT and len(body) >= 2:
            self.spoke_tls = True
            self._declined = Declined(body[1])
            # A warning (unrecognized_name) may come before the ServerHello; closing may not.
            self.done = body[0] != 1 or body[1] == 0
            if self.done and self._chosen:
                self._stop(Cause(Reason.ALERT, self._declined.how))
        else:
            raise _Malformed("a record that has no place in an answer to ClientHello")

    def _message(self) -> bool:
        """Consume one handshake message; return False until it is whole."""
        length = int.from_bytes(self._handshake[1:4], "big")
        if len(self._handshake) >= 4 and length > LONGEST_ANSWER:
            raise _Malformed("a handshake message is longer than is read here")
        if len(self._handshake) < 4 + length or len(self._handshake) < 4:
            return False
        kind, body = self._handshake[0], self._handshake[4 : 4 + length]
        self._handshake = self._handshake[4 + length :]
        if self._chosen is None:
            if kind != _SERVER_HELLO:
                raise _Malformed("the first handshake message is no ServerHello")
            self._chosen = _server_hello(body)
            self.spoke_tls = True
            self.done = self._chosen.version is Version.TLS_1_3
        else:
            self._after_hello(self._chosen, kind, body)
        return True

    def _after_hello(self, chosen: Chosen, kind: int, body: bytes) -> None:
        exchange = SUITES[chosen.suite].key_exchange
        if kind == _CERTIFICATE:
            self._chosen = replace(chosen, chain=_certificates(body))
            self.done = exchange not in ("DHE", "ECDHE")
        elif kind == _SERVER_KEY_EXCHANGE:
            self._chosen = _with_key_exchange(chosen, exchange, body)
            self.done = True
        else:
            self.done = kind == _SERVER_HELLO_DONE


def _begins_record(data: bytes) -> bool:
    """Return whether TLS could go on from these first bytes."""
    return (not data or data[0] in _RECORD_TYPES) and data[1:2] in (b"", b"\x03")


def _server_hello(body: bytes) -> Chosen:
    cursor = _Cursor(body)
    wire, retry = cursor.number(2), cursor.take(32) == _RETRY_RANDOM
    cursor.vector(1)
    suite, compression = cursor.number(2), cursor.number(1)
    extensions: dict[int, bytes] = {}
    if cursor.more:
        inner = _Cursor(cursor.vector(2))
        while inner.more:
            number = inner.number(2)
            extensions[number] = inner.vector(2)
    wire = int.from_bytes(extensions[43], "big") if 43 in extensions else wire
    if wire not in VERSION_OF_WIRE or suite not in SUITES:
        raise _Malformed("the server chose a version or a suite that was not offered")
    share = extensions.get(51, b"")
    if 51 in extensions and (len(share) < 2 or (retry and len(share) != 2)):
        raise _Malformed("the key share has the wrong length")
    group = int.from_bytes(share[:2], "big") if share else None
    return Chosen(VERSION_OF_WIRE[wire], suite, compression, extensions, group)


def _certificates(body: bytes) -> tuple[bytes, ...]:
    listed, chain = _Cursor(_Cursor(body).vector(3)), []
    while listed.more:
        chain.append(listed.vector(3))
    return tuple(chain)


_NAMED_CURVE, _EXPLICIT_CURVES = 3, {1: 0xFF01, 2: 0xFF02}


def _with_key_exchange(chosen: Chosen, exchange: str, body: bytes) -> Chosen:
    cursor = _Cursor(body)
    if exchange == "DHE":
        prime, generator = cursor.vector(2), cursor.vector(2)
        return replace(chosen, dh=(int.from_bytes(prime, "big"), int.from_bytes(generator, "big")))
    if exchange == "ECDHE":
        form = cursor.number(1)
        group = cursor.number(2) if form == _NAMED_CURVE else _EXPLICIT_CURVES.get(form)
        return replace(chosen, group=group)
    return chosen  # RSA_EXPORT sends its short RSA key here


def read_ssl2(data: bytes) -> tuple[tuple[int, ...], tuple[bytes, ...]] | None:
    """Return cipher kinds and certificate of an SSL 2.0 SERVER-HELLO, None until it is whole.

    Raises ValueError when the bytes are something else.
    """
    if (data and not data[0] & 0x80) or data[2:3] not in (b"", b"\x04"):
        raise _Malformed("no SERVER-HELLO of SSL 2.0")
    if len(data) < 2 or len(data) < 2 + (int.from_bytes(data[:2], "big") & 0x7FFF):
        return None
    cursor = _Cursor(data[2 : 2 + (int.from_bytes(data[:2], "big") & 0x7FFF)])
    cursor.take(3)
    if cursor.number(2) != Version.SSL_2_0.wire:
        raise _Malformed("a SERVER-HELLO of another version")
    certificate, kinds, _ = cursor.number(2), cursor.number(2), cursor.number(2)
    leaf, listed = cursor.take(certificate), cursor.take(kinds)
    codes = tuple(int.from_bytes(listed[at : at + 3], "big") for at in range(0, kinds, 3))
    return tuple(c for c in codes if c in SUITES), (leaf,) if leaf else ()


# The wire between.

# Waits in a row that end a survey. A filter in front of a server that answers may drop old versions
# silently: TLS 1.1 and 1.0, SSL 3.0, SSL 2.0 twice.
_PATIENT, _IMPATIENT = 6, 2


class _Line:
    """Asks one question per connection, within the deadline; knows when it is no use to go on."""

    def __init__(self, connect: Connect, deadline: float, patience: float) -> None:
        self._connect, self._deadline, self._patience = connect, deadline, patience
        self.connections = 0
        self.over: Cause | None = None
        self._spoke_tls = False
        self._waits = 0
        self._failures = 0

    def ask(self, hello: bytes) -> Answer:
        """Send one TLS ClientHello and return what it was answered."""
        reading = Reading()
        ending = self._exchange(hello, reading.feed, lambda: reading.done)
        answer = reading.means(ending)
        self._spoke_tls |= reading.spoke_tls
        match answer:
            case Chosen(cut=cause) | Lost(cause=cause):
                self._learn(cause)
            case Declined():
                self._learn(None)
        return answer

    def ask_ssl2(self, hello: bytes, *, half_close: bool = False) -> tuple[bytes, Cause]:
        """Send an SSL 2.0 CLIENT-HELLO; return all bytes of the answer and how it ended."""
        data = bytearray()

        def whole() -> bool:
            try:
                return read_ssl2(bytes(data)) is not None
            except ValueError:
                return len(data) >= 7

        ending = self._exchange(hello, data.extend, whole, half_close)
        self._learn(None if data else ending)
        return bytes(data), ending

    def _learn(self, cause: Cause | None) -> None:
        """Give up on a server that is no TLS server, is out of reach, or lets us wait."""
        reason = cause.reason if cause else None
        self._waits = self._waits + 1 if reason in (Reason.SILENT, Reason.SLOW) else 0
        self._failures = self._failures + 1 if reason is Reason.UNREACHABLE else 0
        if (
            reason in (Reason.DEADLINE, Reason.NOT_ALLOWED)
            or (reason is Reason.NOT_TLS and not self._spoke_tls)
            or self._failures >= 2
            or self._waits >= (_PATIENT if self._spoke_tls else _IMPATIENT)
        ):
            self.over = self.over or cause

    def _exchange(
        self,
        hello: bytes,
        feed: Callable[[bytes], None],
        done: Callable[[], bool],
        half_close: bool = False,
    ) -> Cause:
        """Send, then feed until done; return why the bytes ended."""
        if self.over:
            return self.over
        if time.monotonic() >= self._deadline:
            return Cause(Reason.DEADLINE)
        try:
            line = self._connect()
        except OSError as error:
            if not self.connections:
                raise
            allowed = not isinstance(error, NoMoreConnections)
            return Cause(Reason.UNREACHABLE if allowed else Reason.NOT_ALLOWED)
        self.connections += 1
        with suppress(OSError), line:
            return self._converse(line, hello, feed, done, half_close)
        return Cause(Reason.RESET)

    def _converse(
        self,
        line: socket.socket,
        hello: bytes,
        feed: Callable[[bytes], None],
        done: Callable[[], bool],
        half_close: bool,
    ) -> Cause:
        until, total = min(self._deadline, time.monotonic() + self._patience), 0
        try:
            self._wait_at_most(line, until)
            line.sendall(hello)
            if half_close:
                line.shutdown(socket.SHUT_WR)
            while not done():
                if total >= LONGEST_ANSWER:
                    return Cause(Reason.TOO_LONG)
                self._wait_at_most(line, until)
                data = line.recv(min(16384, LONGEST_ANSWER - total))
                if not data:
                    return Cause(Reason.CLOSED)
                total += len(data)
                feed(data)
        except TimeoutError:
            if time.monotonic() >= self._deadline:
                return Cause(Reason.DEADLINE)
            return Cause(Reason.SLOW if total else Reason.SILENT)
        except OSError:
            return Cause(Reason.RESET)
        return Cause(Reason.CLOSED)

    @staticmethod
    def _wait_at_most(line: socket.socket, until: float) -> None:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        line.settimeout(left)


# The questions.

# Alerts that mean "not with this offer". Others (internal_error, unrecognized_name) may mean
# anything, and count as a refusal only when they come again while another offer is accepted.
_REFUSALS = {10, 40, 47, 50, 70, 71, 86, 109, 110, 120}
_PROTOCOL_VERSION = 70
_BATCH = 24

_T = TypeVar("_T")


def _doubtful(answer: Answer) -> bool:
    """Return whether the answer needs to be seen twice."""
    match answer:
        case Declined(alert):
            return alert not in _REFUSALS
        case Lost(cause):
            return cause.reason in (Reason.CLOSED, Reason.RESET)
        case Chosen():
            return False


@dataclass(frozen=True, slots=True)
class _Style:
    """How a version is asked: all at once, or shorter for a server that chokes on that."""

    bare: bool = False
    shares: bool = False
    batches: bool = False


@dataclass
class _Notes:
    """What answers say beside what they were asked for."""

    suites: dict[Version, list[int]] = field(default_factory=dict)
    styles: dict[Version, _Style] = field(default_factory=dict)
    groups: dict[Version, list[int]] = field(default_factory=dict)
    chains: list[tuple[bytes, ...]] = field(default_factory=list)
    dh: list[tuple[int, int]] = field(default_factory=list)
    features: dict[str, bool] = field(default_factory=dict)

    def take(self, answer: Chosen, hello: Hello) -> None:
        """Note one answer; the first that can tell about a feature tells."""
        if answer.chain and all(answer.chain[0] != chain[0] for chain in self.chains):
            self.chains.append(answer.chain)
        if answer.dh and answer.dh not in self.dh:
            self.dh.append(answer.dh)
        seen = self.groups.setdefault(answer.version, [])
        if answer.group in tls_names.GROUPS and answer.group not in seen:
            seen.append(answer.group)
        if answer.version is not Version.TLS_1_3:
            self._features(answer, hello)

    def _features(self, answer: Chosen, hello: Hello) -> None:
        has = answer.extensions.keys()
        self.features.setdefault("secure_renegotiation", 0xFF01 in has)
        self.features["compression"] = self.features.get("compression", False) or (
            answer.compression == 1
        )
        if hello.bare or Version.SSL_3_0 in (hello.version, answer.version):
            return
        self.features.setdefault("extended_master_secret", 23 in has)
        self.features.setdefault("session_ticket", 35 in has)
        # Servers fetch the answer after the first question: a later hello may show it.
        self.features["stapled"] = self.features.get("stapled", False) or 5 in has
        # RFC 7366 §3: only an answer with a CBC suite may carry it.
        if SUITES[answer.suite].mode == "CBC":
            self.features.setdefault("encrypt_then_mac", 22 in has)


class _Examiner:
    """Asks one server the questions, most telling first."""

    def __init__(self, line: _Line, server_name: bytes | None) -> None:
        self._line, self._server_name = line, server_name
        self._notes = _Notes()
        self._results: dict[Version, ProtocolResult] = {}

    def survey(self) -> Survey:
        """Ask everything, and return what was learnt."""
        for version in reversed(Version):
            if version is not Version.SSL_2_0:
                self._examine(version)
        self._ssl2()
        self._settle_closures()
        suites = tuple(self._suite_list(version) for version in self._seen())
        groups = tuple(self._all_groups())
        alpn, scsv, nameless = self._alpn(), self._fallback_scsv(), self._chain_without_name()
        notes = self._notes
        return Survey(
            protocols=tuple(self._results[version] for version in Version),
            suites=suites,
            groups=groups,
            dh=tuple(_dh_parameters(prime, generator) for prime, generator in notes.dh),
            extended_master_secret=notes.features.get("extended_master_secret"),
            encrypt_then_mac=notes.features.get("encrypt_then_mac"),
            secure_renegotiation=notes.features.get("secure_renegotiation"),
            session_ticket=notes.features.get("session_ticket"),
            compression=notes.features.get("compression"),
            fallback_scsv=scsv,
            alpn=alpn,
            certificate_chains_der=tuple(notes.chains),
            connections=self._line.connections,
            stapled=notes.features.get("stapled"),
            chain_without_name_der=nameless,
        )

    def _seen(self) -> list[Version]:
        """Versions with suites, oldest first."""
        return [version for version in Version if self._notes.suites.get(version)]

    def _classic(self) -> Version | None:
        """The newest version with suites below TLS 1.3 that was asked with extensions."""
        seen = [
            v
            for v in self._seen()
            if v in (Version.TLS_1_0, Version.TLS_1_1, Version.TLS_1_2)
            and not self._notes.styles[v].bare
        ]
        return seen[-1] if seen else None

    def _hello(self, version: Version, suites: Sequence[int], style: _Style) -> Hello:
        modern = version is Version.TLS_1_3
        groups = tls_names.TLS13_GROUPS if modern else tls_names.ECDHE_GROUPS
        name = self._server_name
        return Hello(version, tuple(suites), groups, name, shares=style.shares, bare=style.bare)

    def _ask(self, hello: Hello) -> Answer:
        answer = self._line.ask(hello.encode())
        if isinstance(answer, Chosen):
            self._notes.take(answer, hello)
        return answer

    # Versions and their suites.

    def _examine(self, version: Version) -> None:
        """Settle one version: its result, and its suites when it has any."""
        everything = tls_names.offered(version)
        for style in self._styles(version):
            offer = everything
            if style.batches:
                offer = tuple(c for c in everything if c in tls_names.COMMON_SUITES)
            answer = self._ask(self._hello(version, offer, style))
            self._results[version] = self._verdict(version, answer)
            if isinstance(self._results[version], Accepted):
                assert isinstance(answer, Chosen)
                return self._enumerate(version, style, answer)
            if answer == Declined(_PROTOCOL_VERSION) or self._line.over:
                return None
        return None

    def _styles(self, version: Version) -> Iterator[_Style]:
        """Yield ways to ask; the second only when nothing shows yet that the first one works."""
        yield _Style()
        if version is Version.TLS_1_3:
            yield _Style(shares=True)
        elif not any(
            style == _Style() for v, style in self._notes.styles.items() if v.wire < 0x304
        ):
            yield _Style(batches=True, bare=version.wire < Version.TLS_1_2.wire)

    @staticmethod
    def _verdict(version: Version, answer: Answer) -> ProtocolResult:
        match answer:
            case Chosen(version=chosen) if chosen is version:
                return Accepted(version)
            case Chosen(version=chosen) if chosen.wire < version.wire:
                return Refused(version, f"answered {chosen}")
            case Chosen():
                return Undetermined(version, Cause(Reason.MALFORMED, "answered a newer version"))
            case Declined():
                if _doubtful(answer):
                    return Undetermined(version, Cause(Reason.ALERT, answer.how))
                return Refused(version, answer.how)
            case Lost(cause):
                return Undetermined(version, cause)

    def _enumerate(self, version: Version, style: _Style, first: Answer) -> None:
        """List the suites of a version that is accepted, in the server's order of choice."""

        def question(suites: Sequence[int]) -> Hello:
            return self._hello(version, suites, style)

        def pick(answer: Chosen) -> int | None:
            return answer.suite if answer.version is version else None

        self._notes.styles[version] = style
        found = self._notes.suites.setdefault(version, [])
        offer = tls_names.offered(version)
        if style.batches:
            cause = self._in_batches(offer, question, pick, found)
        else:
            cause = self._remove(offer, question, pick, found, first)
        if cause:
            self._results[version] = Undetermined(version, cause)

    def _in_batches(
        self,
        offer: Sequence[int],
        question: Callable[[Sequence[int]], Hello],
        pick: Callable[[Chosen], int | None],
        found: list[int],
    ) -> Cause | None:
        """List suites by short offers; put them in order afterwards when one offer holds them."""
        common = [code for code in offer if code in tls_names.COMMON_SUITES]
        rest = [code for code in offer if code not in tls_names.COMMON_SUITES]
        starts = range(0, len(rest), _BATCH)
        for batch in (common, *(rest[at : at + _BATCH] for at in starts)):
            batch_found: list[int] = []
            cause = self._remove(batch, question, pick, batch_found, control=found)
            found += batch_found
            if cause:
                return cause
        if 1 < len(found) <= _BATCH:
            ordered: list[int] = []
            cause = self._remove(tuple(found), question, pick, ordered)
            found[:] = ordered + [code for code in found if code not in ordered]
            return cause
        return None

    def _remove(
        self,
        offer: Sequence[_T],
        question: Callable[[Sequence[_T]], Hello],
        pick: Callable[[Chosen], _T | None],
        found: list[_T],
        first: Answer | None = None,
        control: Sequence[_T] = (),
    ) -> Cause | None:
        """Offer, take away what was chosen, until refused; return what broke this off, if anything.

        `found` grows by what was chosen. `control` is an offer known to be accepted.
        """
        remaining = [item for item in offer if item not in found]
        while remaining:
            known = tuple(found) or tuple(control)
            answer = first or self._settled(question(remaining), question(known) if known else None)
            first = None
            match answer:
                case Declined():
                    return None
                case Lost(cause):
                    return cause
                case Chosen():
                    item = pick(answer)
                    if item is None:
                        return answer.cut
                    if item not in remaining:
                        return Cause(Reason.MALFORMED, "the server chose what was not offered")
                    found.append(item)
                    remaining.remove(item)
        return None

    def _settled(self, hello: Hello, control: Hello | None) -> Answer:
        """Ask; when the answer is doubtful, ask again, and see if the server still answers."""
        answer = self._ask(hello)
        if not _doubtful(answer):
            return answer
        answer = self._ask(hello)
        if not _doubtful(answer):
            return answer
        if control is not None and isinstance(self._ask(control), Chosen):
            return answer if isinstance(answer, Declined) else Declined(None)
        return Lost(Cause(Reason.ALERT, answer.how)) if isinstance(answer, Declined) else answer

    # SSL 2.0, and versions refused by closing.

    def _ssl2(self) -> None:
        """Ask for SSL 2.0; a server that waits for more of a hello it does not know is told so."""
        result = self._ask_ssl2()
        if isinstance(result, Undetermined) and result.cause.reason is Reason.SILENT:
            result = self._ask_ssl2(half_close=True)
        self._results[Version.SSL_2_0] = result

    def _ask_ssl2(self, *, half_close: bool = False) -> ProtocolResult:
        data, ending = self._line.ask_ssl2(ssl2_hello(), half_close=half_close)
        try:
            answer = read_ssl2(data)
        except ValueError:
            return self._ssl2_verdict(data, ending)
        if answer is None:
            broken = data and ending.reason in (Reason.CLOSED, Reason.RESET)
            cause = Cause(Reason.MALFORMED, "the answer broke off") if broken else ending
            return Undetermined(Version.SSL_2_0, cause)
        kinds, chain = answer
        self._notes.suites[Version.SSL_2_0] = list(kinds)
        if chain and not self._notes.chains:
            self._notes.chains.append(chain)
        return Accepted(Version.SSL_2_0)

    def _ssl2_verdict(self, data: bytes, ending: Cause) -> ProtocolResult:
        """Judge an answer in another version's format: an alert, mostly."""
        reading = Reading()
        reading.feed(data)
        match reading.means(ending):
            case Chosen(version=chosen):
                return Refused(Version.SSL_2_0, f"answered {chosen}")
            case answer:
                return self._verdict(Version.SSL_2_0, answer)

    def _settle_closures(self) -> None:
        """Believe a closed connection when it comes twice from a server that answers others."""
        pending = [v for v in self._results if self._closed(v)]
        if not self._seen() or not pending:
            return
        before = {v: self._results[v] for v in pending}
        for version in pending:
            if version is Version.SSL_2_0:
                self._ssl2()
            else:
                self._examine(version)
        still = [v for v in pending if isinstance(self._results[v], Undetermined)]
        believed = all(self._closed(v) for v in still) and self._still_answers()
        for version in still:
            result = self._results[version]
            if believed and isinstance(result, Undetermined):
                how = result.cause.detail or "connection closed"
                self._results[version] = Refused(version, how)
            elif version not in self._notes.suites:
                self._results[version] = before[version]

    def _still_answers(self) -> bool:
        """Return whether the server accepts again what it accepted before."""
        newest = self._seen()[-1]
        if newest is Version.SSL_2_0:
            return isinstance(self._ask_ssl2(), Accepted)
        suites, style = self._notes.suites[newest], self._notes.styles[newest]
        return isinstance(self._ask(self._hello(newest, suites, style)), Chosen)

    def _closed(self, version: Version) -> bool:
        """Return whether the version was refused in a way that must be seen twice."""
        match self._results[version]:
            case Undetermined(cause=Cause(reason=Reason.CLOSED | Reason.RESET | Reason.ALERT)):
                return version not in self._notes.suites
            case _:
                return False

    # What else can be asked of versions that are accepted.

    def _suite_list(self, version: Version) -> SuiteList:
        suites = tuple(SUITES[code] for code in self._notes.suites[version])
        return SuiteList(version, suites, self._preference(version))

    def _preference(self, version: Version) -> bool | None:
        """Offer the suites backwards: does the server keep to its order?"""
        found = self._notes.suites[version]
        if len(found) < 2 or version is Version.SSL_2_0:
            return None
        offer = _backwards(found)
        match self._settled(self._hello(version, offer, self._notes.styles[version]), None):
            case Chosen(version=chosen, suite=suite) if chosen is version:
                return {found[0]: True, offer[0]: False}.get(suite)
            case _:
                return None

    def _all_groups(self) -> Iterator[GroupList]:
        """List groups in TLS 1.3, and in the newest older version that has ECDHE."""
        if self._notes.suites.get(Version.TLS_1_3):
            yield self._groups(Version.TLS_1_3, self._notes.suites[Version.TLS_1_3])
        classic = self._classic()
        suites = self._notes.suites[classic] if classic else []
        ecdhe = [code for code in suites if SUITES[code].key_exchange == "ECDHE"]
        if classic and ecdhe:
            yield self._groups(classic, ecdhe)

    def _groups(self, version: Version, suites: Sequence[int]) -> GroupList:
        base = self._hello(version, suites, self._notes.styles[version])
        found = list(self._notes.groups.get(version, ()))

        def question(groups: Sequence[int]) -> Hello:
            return replace(base, groups=tuple(groups))

        def question_beside(groups: Sequence[int]) -> Hello:
            return replace(base, groups=tuple(dict.fromkeys((*groups, *found))))

        def new(answer: Chosen) -> int | None:
            return answer.group if answer.group not in found else None

        cause = self._remove(base.groups, question, lambda answer: answer.group, found)
        # RFC 8422 §5.1: the groups must name the curve of an ECDSA certificate too, so the list
        # may have ended because that was taken away.
        if not cause and found and any(SUITES[code].authentication == "ECDSA" for code in suites):
            cause = self._remove(base.groups, question_beside, new, found)
        return GroupList(version, tuple(tls_names.GROUPS[code] for code in found), cause)

    def _alpn(self) -> tuple[str, ...] | None:
        """List application protocols by removal; None when nothing was learnt."""
        version = self._classic()
        if version is None:
            return None
        base = self._hello(version, self._notes.suites[version], self._notes.styles[version])
        found: list[str] = []
        cause = self._remove(
            tls_names.ALPN_NAMES,
            lambda names: replace(base, alpn=tuple(names)),
            _alpn_name,
            found,
        )
        return None if cause and not found else tuple(found)

    def _chain_without_name(self) -> tuple[bytes, ...]:
        """Return the chain shown to a client that names no server; empty when not learnt."""
        version = self._classic()
        if version is None or self._server_name is None:
            return ()
        hello = self._hello(version, self._notes.suites[version], self._notes.styles[version])
        match self._line.ask(replace(hello, server_name=None).encode()):
            case Chosen(chain=chain):
                return chain
            case _:
                return ()

    def _fallback_scsv(self) -> bool | None:
        """Pretend to fall back (RFC 7507); None with a single version or without an answer."""
        spoken = [v for v in self._seen() if v is not Version.SSL_2_0]
        if len(spoken) < 2:
            return None
        lower = spoken[-2]
        suites = (*self._notes.suites[lower], tls_names.FALLBACK_SCSV)
        match self._settled(self._hello(lower, suites, self._notes.styles[lower]), None):
            case Chosen():
                return False
            case Declined():
                return True
            case Lost():
                return None


def _backwards(found: Sequence[int]) -> list[int]:
    """Reverse the order of choice; ChaCha20 last, for OpenSSL can put it first when clients do."""
    backwards = list(reversed(found))
    backwards.sort(key=lambda code: SUITES[code].cipher == "CHACHA20")
    return backwards if backwards[0] != found[0] else list(reversed(found))


def _dh_parameters(prime: int, generator: int) -> DhParameters:
    name = tls_names.known_primes().get(prime)
    return DhParameters(prime.bit_length(), prime, generator, name)


def _alpn_name(answer: Chosen) -> str | None:
    """Return the application protocol a server chose, if it is one of those that are offered."""
    chosen = answer.extensions.get(16, b"")
    return next((n for n in tls_names.ALPN_NAMES if chosen[3:] == n.encode("ascii")), None)
