"""Talk SSH 2 just far enough to see what a server offers, which key it shows, how it signs in.

Bounded in time and size; no credential is ever sent, and the host key's signature is not verified:
the key is looked at, not trusted. Sources: RFC 4251 to 4253, 4419 (group exchange), 5656 (ECDH),
8731 (Curve25519).
"""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from typing import TypeAlias

from cnilcheck.collectors.ssh_ciphers import Clear, Keys, Protection, protection
from cnilcheck.errors import CollectionError, Malformed, Refused, TimedOut
from cnilcheck.model.personal_data import mask, printable

_MAX_PACKET = 35_000  # RFC 4253 section 6.1
_MAX_LINES = 64
_MAX_LINE = 1024
_MAX_NAMES = 256
_MAX_ASIDES = 32
_MAX_GROUP_BITS = 16_384
_NAME = re.compile(r"[!-+\--~]{1,64}")  # RFC 4251 section 6

_DISCONNECT, _SERVICE_REQUEST, _SERVICE_ACCEPT = 1, 5, 6
_KEXINIT, _NEWKEYS = 20, 21
_ASIDES = (2, 3, 4, 7, 53)  # ignore, unimplemented, debug, ext-info, banner
_USERAUTH_REQUEST, _USERAUTH_FAILURE, _USERAUTH_SUCCESS = 50, 51, 52

_IDENTIFICATION = b"SSH-2.0-cnilcheck"
_USER = "cnilcheck"


@dataclass(frozen=True)
class Identification:
    """The line a server begins with: protocol version, and the software it says it is."""

    protocol: str
    software: str

    @property
    def speaks_2(self) -> bool:
        """Whether protocol 2 is among what it speaks; 1.99 means both (RFC 4253 section 5.1)."""
        return self.protocol in ("2.0", "1.99")


@dataclass(frozen=True)
class Offer:
    """The lists of one SSH_MSG_KEXINIT, in the server's order; `payload` is the message itself."""

    payload: bytes
    guesses: bool
    key_exchanges: tuple[str, ...]
    host_keys: tuple[str, ...]
    ciphers_received: tuple[str, ...]
    ciphers_sent: tuple[str, ...]
    macs_received: tuple[str, ...]
    macs_sent: tuple[str, ...]
    compressions_received: tuple[str, ...]
    compressions_sent: tuple[str, ...]

    @property
    def lists(self) -> tuple[tuple[str, ...], ...]:
        """The lists in the order of the message, without languages."""
        return (
            self.key_exchanges, self.host_keys, self.ciphers_received, self.ciphers_sent,
            self.macs_received, self.macs_sent, self.compressions_received,
            self.compressions_sent,
        )  # fmt: skip


class Fields:
    """Reads the fields of one message; raises Malformed where it ends too soon."""

    def __init__(self, message: bytes) -> None:
        self._left = message

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        if count > len(self._left):
            raise Malformed("an SSH message that ends too soon")
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def string(self) -> bytes:
        """Return the next string."""
        return self.take(int.from_bytes(self.take(4), "big"))

    def number(self) -> int:
        """Return the next multiple-precision number; a negative one is Malformed."""
        content = self.string()
        if content[:1] > b"\x7f":
            raise Malformed("a negative number in the key exchange")
        return int.from_bytes(content, "big")

    def names(self) -> tuple[str, ...]:
        """Return the next name-list."""
        names = self.string().decode("ascii", "replace").split(",")
        if names == [""]:
            return ()
        if len(names) > _MAX_NAMES or not all(map(_NAME.fullmatch, names)):
            raise Malformed("a list of algorithms that is none")
        return tuple(names)


def string(content: bytes) -> bytes:
    """Return the bytes as an SSH string."""
    return struct.pack("!I", len(content)) + content


def _number(value: int) -> bytes:
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big") if value else b"")


class Conversation:
    """One connection to an SSH server, ended at `deadline` (monotonic clock).

    Every method raises Malformed for what is not SSH, Refused when the server ends it, TimedOut at
    the deadline.
    """

    def __init__(self, line: socket.socket, deadline: float) -> None:
        self._line = line
        self._deadline = deadline
        self._buffer = b""
        self._sent, self._received = 0, 0
        self._out: Protection = Clear()
        self._in: Protection = Clear()
        self._server, self._session = b"", b""
        self._derive: Callable[[bytes], bytes] = bytes

    def identify(self) -> Identification:
        """Return how the server introduces itself; lines before that one are skipped."""
        self._write(_IDENTIFICATION + b"\r\n")
        for _ in range(_MAX_LINES):
            line = self._read_line()
            if line.startswith(b"SSH-"):
                self._server = line
                return _identification(line)
        raise Malformed("no SSH identification among the first lines")

    def read_offer(self) -> Offer:
        """Return what the server offers in its SSH_MSG_KEXINIT."""
        message = self._next(_KEXINIT)
        fields = Fields(message)
        fields.take(17)
        lists = [fields.names() for _ in range(10)]
        return Offer(message, fields.take(1) != b"\0", *lists[:8])

    def exchange(
        self, offer: Offer, key_exchange: str, host_key: str, keys: Keys | None = None
    ) -> bytes:
        """Return the host key shown in that key exchange; `keys` is what to encrypt with later."""
        ours = self._propose(offer, key_exchange, host_key, keys)
        hashed, agree = _way(key_exchange)
        agreed = agree(self._request)
        names = (_IDENTIFICATION, self._server, ours, offer.payload, agreed.host_key)
        secret = _number(agreed.shared)
        session = hashed(b"".join(map(string, names)) + agreed.exchanged + secret).digest()
        self._derive = lambda data: hashed(secret + session + data).digest()
        self._session = session
        return agreed.host_key

    def encrypt(self, keys: Keys) -> None:
        """Encrypt from here on, with what the key exchange agreed."""
        self._next(_NEWKEYS)
        self._send(bytes([_NEWKEYS]))
        self._out = protection(keys, self._material, b"ACE", encrypting=True)
        self._in = protection(keys, self._material, b"BDF", encrypting=False)

    def ask_group(self, offer: Offer, key_exchange: str, host_key: str, least: int) -> int:
        """Return the size in bits of the group given to a client that takes `least` or more."""
        self._propose(offer, key_exchange, host_key, None)
        asked = struct.pack("!BIII", 34, least, least, 8192)
        return _group(self._request(asked, 31))[0].bit_length()

    def ask_sign_in(self) -> tuple[str, ...]:
        """Return the ways to sign in offered to an unknown user; `none` when one is let in.

        The request `none` of RFC 4252 section 5.2 exists to ask this, and carries no credential.
        """
        self._send(bytes([_SERVICE_REQUEST]) + string(b"ssh-userauth"))
        self._next(_SERVICE_ACCEPT)
        names = (_USER.encode(), b"ssh-connection", b"none")
        self._send(bytes([_USERAUTH_REQUEST]) + b"".join(map(string, names)))
        answer = self._next(_USERAUTH_FAILURE, _USERAUTH_SUCCESS)
        if answer[0] == _USERAUTH_SUCCESS:
            return ("none",)
        return Fields(answer[1:]).names()

    def leave(self) -> None:
        """Say goodbye in words the server's log will keep; it may be gone already."""
        words = string(b"cnilcheck audit, no credential sent") + string(b"")
        with suppress(CollectionError):
            self._send(struct.pack("!BI", _DISCONNECT, 11) + words)

    def _propose(self, offer: Offer, key_exchange: str, host_key: str, keys: Keys | None) -> bytes:
        # Without encryption to come, whatever the server has is agreed to.
        lists = [(key_exchange,), (host_key,), *offer.lists[2:]]
        if keys is not None:
            lists[2:] = [(keys.cipher,)] * 2 + [(keys.mac,) if keys.mac else offer.macs_sent] * 2
            lists += [("none",)] * 2
        body = b"".join(string(",".join(names).encode()) for names in [*lists, (), ()])
        ours = bytes([_KEXINIT]) + secrets.token_bytes(16) + body + bytes(5)
        self._send(ours)
        guessed = (offer.key_exchanges[:1], offer.host_keys[:1])
        if offer.guesses and guessed != ((key_exchange,), (host_key,)):
            self._receive()  # RFC 4253 section 7: a packet sent on a wrong guess is ignored.
        return ours

    def _request(self, message: bytes, answer: int) -> bytes:
        self._send(message)
        return self._next(answer)[1:]

    def _material(self, letter: bytes, size: int) -> bytes:
        made = self._derive(letter + self._session)
        while len(made) < size:
            made += self._derive(made)
        return made[:size]

    def _next(self, *wanted: int) -> bytes:
        """Return the next message of a wanted kind; remarks aside are skipped, a few of them."""
        for _ in range(_MAX_ASIDES):
            message = self._receive()
            if message[0] in wanted:
                return message
            if message[0] == _DISCONNECT:
                raise Refused(f"the server ends it: {_reason(message)}")
            if message[0] not in _ASIDES:
                raise Malformed(f"SSH message {message[0]} where {wanted[0]} was expected")
        raise Malformed("SSH remarks without end")

    def _receive(self) -> bytes:
        body = self._in.open(self._received, self._read, _MAX_PACKET)
        self._received += 1
        padding = body[0]
        if not 4 <= padding <= len(body) - 2:
            raise Malformed("an SSH packet with a wrong length")
        return body[1 : len(body) - padding]

    def _send(self, message: bytes) -> None:
        counted = len(message) + (5 if self._out.length_is_padded else 1)
        padding = self._out.block - counted % self._out.block
        padding += self._out.block if padding < 4 else 0
        body = bytes([padding]) + message + secrets.token_bytes(padding)
        self._write(self._out.seal(self._sent, struct.pack("!I", len(body)) + body))
        self._sent += 1

    def _write(self, content: bytes) -> None:
        with self._bounded():
            self._line.sendall(content)

    def _read_line(self) -> bytes:
        while b"\n" not in self._buffer:
            if len(self._buffer) > _MAX_LINE:
                raise Malformed("no SSH identification, but a line without end")
            self._more()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.removesuffix(b"\r")

    def _read(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._more()
        content, self._buffer = self._buffer[:count], self._buffer[count:]
        return content

    def _more(self) -> None:
        with self._bounded():
            part = self._line.recv(8192)
        if not part:
            raise Refused("the connection was closed")
        self._buffer += part

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        left = self._deadline - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            self._line.settimeout(left)
            yield
        except TimeoutError:
            raise TimedOut("no complete answer in time") from None
        except OSError:
            raise Refused("the connection was closed") from None


def _identification(line: bytes) -> Identification:
    found = re.fullmatch(rb"SSH-(\d{1,2}\.\d{1,3})-([^\r\n]{0,250})", line)
    if found is None:
        raise Malformed("an SSH identification that is none")
    software = printable(mask(found[2].decode("utf-8", "replace")), 120)
    return Identification(found[1].decode(), software)


def _reason(message: bytes) -> str:
    fields = Fields(message[1:])
    fields.take(4)
    return printable(mask(fields.string().decode("utf-8", "replace")), 120) or "no reason given"


@dataclass(frozen=True)
class _Agreed:
    """What a key exchange gave: the key shown, what both sent (as hashed), the secret."""

    host_key: bytes
    exchanged: bytes
    shared: int


_Request: TypeAlias = Callable[[bytes, int], bytes]
_Agree: TypeAlias = Callable[[_Request], _Agreed]

KEY_EXCHANGES = (
    "curve25519-sha256", "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256", "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512", "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1",
    "diffie-hellman-group1-sha1",
)  # fmt: skip
"""The ways to exchange keys known here, the cheap ones first."""

GROUP_EXCHANGES = ("diffie-hellman-group-exchange-sha256", "diffie-hellman-group-exchange-sha1")

# RFC 2409 section 6.2 and RFC 3526: p = 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) pi) + k).
_GROUPS = {"group1-": (1024, 129_093), "group14-": (2048, 124_476), "group16-": (4096, 240_904),
           "group18-": (8192, 4_743_158)}  # fmt: skip


def _way(key_exchange: str) -> tuple[Callable[[bytes], hashlib._Hash], _Agree]:
    if key_exchange.startswith("curve25519"):
        return hashlib.sha256, _curve25519
    if key_exchange.startswith("ecdh-sha2-"):
        curve = key_exchange.removeprefix("ecdh-sha2-")
        # RFC 5656 section 6.2.1: the hash grows with the curve.
        by_curve = {"nistp256": hashlib.sha256, "nistp384": hashlib.sha384}
        return by_curve.get(curve, hashlib.sha512), partial(_ecdh, curve)
    hashed = getattr(hashlib, key_exchange.rpartition("-")[2])
    if key_exchange in GROUP_EXCHANGES:
        return hashed, _group_exchange
    size = next(size for name, size in _GROUPS.items() if name in key_exchange)
    return hashed, lambda request: _diffie_hellman(request, modp(*size), 2, 30, b"")


def _curve25519(request: _Request) -> _Agreed:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    mine = X25519PrivateKey.generate()
    public = mine.public_key().public_bytes_raw()

    def agree(theirs: bytes) -> bytes:
        return mine.exchange(X25519PublicKey.from_public_bytes(theirs))

    return _elliptic(request, public, agree)


def _ecdh(name: str, request: _Request) -> _Agreed:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    curve = {"nistp256": ec.SECP256R1(), "nistp384": ec.SECP384R1(), "nistp521": ec.SECP521R1()}
    mine = ec.generate_private_key(curve[name])
    point = mine.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def agree(theirs: bytes) -> bytes:
        public = ec.EllipticCurvePublicKey.from_encoded_point(curve[name], theirs)
        return mine.exchange(ec.ECDH(), public)

    return _elliptic(request, point, agree)


def _elliptic(request: _Request, public: bytes, agree: Callable[[bytes], bytes]) -> _Agreed:
    fields = Fields(request(bytes([30]) + string(public), 31))
    host_key, theirs = fields.string(), fields.string()
    try:
        shared = int.from_bytes(agree(theirs), "big")
    except ValueError:
        raise Malformed("a key exchange with a point that is none") from None
    return _Agreed(host_key, string(public) + string(theirs), shared)


def _group_exchange(request: _Request) -> _Agreed:
    asked = struct.pack("!III", 1024, 2048, 8192)
    prime, base = _group(request(bytes([34]) + asked, 31))
    hashed = asked + _number(prime) + _number(base)
    return _diffie_hellman(request, prime, base, 32, hashed)


def _group(answer: bytes) -> tuple[int, int]:
    fields = Fields(answer)
    prime, base = fields.number(), fields.number()
    if not (256 <= prime.bit_length() <= _MAX_GROUP_BITS and prime % 2 and 1 < base < prime - 1):
        raise Malformed("a Diffie-Hellman group that is none")
    return prime, base


def _diffie_hellman(
    request: _Request, prime: int, base: int, message: int, hashed: bytes
) -> _Agreed:
    mine = secrets.randbits(512) | 1 << 511
    public = pow(base, mine, prime)
    fields = Fields(request(bytes([message]) + _number(public), message + 1))
    host_key, theirs = fields.string(), fields.number()
    if not 1 < theirs < prime - 1:
        raise Malformed("a Diffie-Hellman key outside its group")
    exchanged = hashed + _number(public) + _number(theirs)
    return _Agreed(host_key, exchanged, pow(theirs, mine, prime))


@cache
def modp(bits: int, k: int) -> int:
    """Return the prime of that size of RFC 2409 (1024 bits) or RFC 3526."""
    pi = sum(_arctangents(bits - 130 + 64)) >> 64
    return (1 << bits) - (1 << bits - 64) - 1 + (pi + k << 64)


def _arctangents(bits: int) -> Iterator[int]:
    # Machin: pi = 16 arctan(1/5) - 4 arctan(1/239), here times 2^bits.
    for factor, inverse in ((16, 5), (-4, 239)):
        term, odd = (1 << bits) // inverse, 1
        while term:
            yield factor * (term // odd if odd % 4 == 1 else -(term // odd))
            term, odd = term // inverse**2, odd + 2
