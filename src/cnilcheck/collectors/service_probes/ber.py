"""The little of ASN.1's basic encoding that LDAP and SNMP need (ITU-T X.690, definite lengths)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice

_MOST = 1000


def ber(tag: int, *parts: bytes) -> bytes:
    """Return one element; its content is shorter than 64 KiB."""
    body = b"".join(parts)
    size = bytes([len(body)]) if len(body) < 128 else b"\x82" + struct.pack("!H", len(body))
    return bytes([tag]) + size + body


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of the elements side by side, as far as they are whole."""
    return islice(_elements(data), _MOST)


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place + 2 <= len(data):
        tag, size = data[place], data[place + 1]
        place += 2
        if size & 0x80:
            width = size & 0x7F
            size = int.from_bytes(data[place : place + width], "big")
            place += width
        if place + size > len(data):
            return
        yield tag, data[place : place + size]
        place += size
