"""How SSH packets are protected after the key exchange: the ciphers this client can speak.

Sources: RFC 4253 section 6, RFC 4344 (CTR), RFC 5647 with OpenSSH's PROTOCOL (AES-GCM, -etm MACs),
PROTOCOL.chacha20poly1305.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from cnilcheck.errors import Malformed

Read: TypeAlias = Callable[[int], bytes]
Material: TypeAlias = Callable[[bytes, int], bytes]


@dataclass(frozen=True)
class Keys:
    """A cipher and a MAC to use in both directions; no MAC where the cipher protects integrity."""

    cipher: str
    mac: str


class Protection(Protocol):
    """One direction of a connection: turns packets into what is sent, and back."""

    block: int
    length_is_padded: bool

    def seal(self, sequence: int, packet: bytes) -> bytes:
        """Return the bytes to send for a packet with its length in front."""

    def open(self, sequence: int, read: Read, limit: int) -> bytes:
        """Return the next packet without its length; raises Malformed when it is not sound."""


class Clear:
    """No protection: before the first key exchange."""

    block, length_is_padded = 8, True

    def seal(self, sequence: int, packet: bytes) -> bytes:
        """Return the packet as it is."""
        return packet

    def open(self, sequence: int, read: Read, limit: int) -> bytes:
        """Return the next packet without its length."""
        return read(_length(read(4), limit))


def _tampered() -> Malformed:
    return Malformed("an SSH packet that was not sealed with the agreed key")


def _length(field: bytes, limit: int) -> int:
    length = int.from_bytes(field, "big")
    if not 6 <= length <= limit:
        raise Malformed("an SSH packet with a wrong length")
    return length


class _Gcm:
    block, length_is_padded = 16, False

    def __init__(self, key: bytes, nonce: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._aes, self._nonce = AESGCM(key), nonce

    def seal(self, sequence: int, packet: bytes) -> bytes:
        return packet[:4] + self._aes.encrypt(self._next(), packet[4:], packet[:4])

    def open(self, sequence: int, read: Read, limit: int) -> bytes:
        from cryptography.exceptions import InvalidTag

        field = read(4)
        content = read(_length(field, limit) + 16)
        try:
            return self._aes.decrypt(self._next(), content, field)
        except InvalidTag:
            raise _tampered() from None

    def _next(self) -> bytes:
        nonce, (count,) = self._nonce, struct.unpack("!Q", self._nonce[4:])
        self._nonce = nonce[:4] + struct.pack("!Q", (count + 1) % 2**64)
        return nonce


class _ChaCha:
    block, length_is_padded = 8, False

    def __init__(self, key: bytes) -> None:
        self._body, self._head = key[:32], key[32:]

    def seal(self, sequence: int, packet: bytes) -> bytes:
        sealed = self._apply(self._head, sequence, 0, packet[:4])
        sealed += self._apply(self._body, sequence, 1, packet[4:])
        return sealed + self._tag(sequence, sealed)

    def open(self, sequence: int, read: Read, limit: int) -> bytes:
        head = read(4)
        body = read(_length(self._apply(self._head, sequence, 0, head), limit))
        if not hmac.compare_digest(read(16), self._tag(sequence, head + body)):
            raise _tampered()
        return self._apply(self._body, sequence, 1, body)

    def _apply(self, key: bytes, sequence: int, counter: int, data: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers import Cipher
        from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

        nonce = struct.pack("<Q", counter) + struct.pack("!Q", sequence)
        return Cipher(ChaCha20(key, nonce), None).encryptor().update(data)

    def _tag(self, sequence: int, sealed: bytes) -> bytes:
        from cryptography.hazmat.primitives.poly1305 import Poly1305

        return Poly1305.generate_tag(self._apply(self._body, sequence, 0, bytes(32)), sealed)


class _Mac:
    """AES with a MAC of the clear packet, or (`after`) of the encrypted one."""

    block = 16

    def __init__(self, apply: Callable[[bytes], bytes], mac_key: bytes, mac: str) -> None:
        self._apply, self._key = apply, mac_key
        self._after = mac in _AFTER
        self._hash = _MACS[mac.removesuffix(_ETM)]
        self.length_is_padded = not self._after

    def seal(self, sequence: int, packet: bytes) -> bytes:
        if self._after:
            sealed = packet[:4] + self._apply(packet[4:])
            return sealed + self._tag(sequence, sealed)
        return self._apply(packet) + self._tag(sequence, packet)

    def open(self, sequence: int, read: Read, limit: int) -> bytes:
        size = self._hash().digest_size
        if self._after:
            field = read(4)
            body = read(_length(field, limit))
            self._verify(read(size), sequence, field + body)
            return self._apply(body)
        first = self._apply(read(16))
        rest = _length(first[:4], limit) - 12
        if rest < 0 or rest % 16:
            raise Malformed("an SSH packet with a wrong length")
        packet = first + self._apply(read(rest))
        self._verify(read(size), sequence, packet)
        return packet[4:]

    def _verify(self, tag: bytes, sequence: int, content: bytes) -> None:
        if not hmac.compare_digest(tag, self._tag(sequence, content)):
            raise _tampered()

    def _tag(self, sequence: int, content: bytes) -> bytes:
        return hmac.new(self._key, struct.pack("!I", sequence) + content, self._hash).digest()


_ETM = "-etm@openssh.com"
_MACS = {"hmac-sha2-256": hashlib.sha256, "hmac-sha2-512": hashlib.sha512,
         "hmac-sha1": hashlib.sha1, "hmac-md5": hashlib.md5}  # fmt: skip
_AFTER = frozenset(name + _ETM for name in _MACS)
_CHACHA = "chacha20-poly1305@openssh.com"
_WHOLE = ("aes256-gcm@openssh.com", "aes128-gcm@openssh.com", _CHACHA)
_BLOCK = ("aes256-ctr", "aes192-ctr", "aes128-ctr", "aes256-cbc", "aes192-cbc", "aes128-cbc")


def common_keys(ciphers: tuple[str, ...], macs: tuple[str, ...]) -> Keys | None:
    """Return a cipher and MAC this client can speak among those a server offers, if any."""
    whole = next((name for name in _WHOLE if name in ciphers), "")
    if whole:
        return Keys(whole, "")
    cipher = next((name for name in _BLOCK if name in ciphers), "")
    known = [name + suffix for name in _MACS for suffix in (_ETM, "")]
    mac = next((name for name in known if name in macs), "")
    return Keys(cipher, mac) if cipher and mac else None


def protection(keys: Keys, material: Material, letters: bytes, *, encrypting: bool) -> Protection:
    """Return the protection of one direction; `letters` name its derived keys (RFC 4253, 7.2)."""
    nonce, key, mac = (letters[n : n + 1] for n in range(3))
    if keys.cipher == _CHACHA:
        return _ChaCha(material(key, 64))
    size = int(keys.cipher[3:6]) // 8
    if keys.cipher in _WHOLE:
        return _Gcm(material(key, size), material(nonce, 12))
    apply = _aes(keys.cipher, material(key, size), material(nonce, 16), encrypting)
    length = _MACS[keys.mac.removesuffix(_ETM)]().digest_size
    return _Mac(apply, material(mac, length), keys.mac)


def _aes(name: str, key: bytes, nonce: bytes, encrypting: bool) -> Callable[[bytes], bytes]:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if name.endswith("-ctr"):
        stream = Cipher(algorithms.AES(key), modes.CTR(nonce))
        return stream.encryptor().update
    chain = Cipher(algorithms.AES(key), modes.CBC(nonce))
    return chain.encryptor().update if encrypting else chain.decryptor().update
