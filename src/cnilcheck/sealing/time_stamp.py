"""A time stamp of RFC 3161 over the manifest: asked for, and read back.

Only a digest leaves the machine. Who signed the stamp is for `openssl ts -verify` to check, with
the authority's certificate: nothing here trusts it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass

from cnilcheck.errors import DossierError

_SHA256 = bytes.fromhex("0609608648016503040201")
_TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
_INTEGER, _BOOLEAN, _OCTETS, _NULL, _SEQUENCE, _TIME = 0x02, 0x01, 0x04, 0x05, 0x30, 0x18
_GRANTED = (0, 1)


@dataclass(frozen=True)
class TimeStamp:
    """What an authority states: the digest it saw, and when (UTC)."""

    digest: bytes
    at: dt.datetime


def query(content: bytes) -> bytes:
    """Return the request for a stamp over the SHA-256 of the content (RFC 3161, 2.4.1)."""
    imprint = _tlv(_SEQUENCE, _tlv(_SEQUENCE, _SHA256 + _tlv(_NULL, b""))
                   + _tlv(_OCTETS, hashlib.sha256(content).digest()))  # fmt: skip
    # 63 bits: as large as what every reader takes for an integer.
    nonce = _tlv(_INTEGER, secrets.randbits(63).to_bytes(8, "big").lstrip(b"\0") or b"\0")
    version, certificates = _tlv(_INTEGER, b"\1"), _tlv(_BOOLEAN, b"\xff")
    return _tlv(_SEQUENCE, version + imprint + nonce + certificates)


def read_response(response: bytes) -> TimeStamp:
    """Return what the response states; raises DossierError when it is none, or refuses."""
    try:
        status, *token = _parts(_one(response))
        if int.from_bytes(_parts(status[1])[0][1], "big") not in _GRANTED or not token:
            raise DossierError("the time-stamp authority refused")
        return _stated(response)
    except (IndexError, ValueError):
        raise DossierError("not a response of a time-stamp authority (RFC 3161)") from None


def _stated(response: bytes) -> TimeStamp:
    # The statement is the one octet string that follows the type id-ct-TSTInfo (RFC 3161, 2.4.2).
    at = response.index(_TST_INFO) + len(_TST_INFO)
    wrapped = _parts(response[at:], most=1)[0][1]
    _version, _policy, imprint, _serial, time, *_ = _parts(_one(_parts(wrapped)[0][1]))
    algorithm, digest = _parts(imprint[1])
    if not algorithm[1].startswith(_SHA256) or time[0] != _TIME:
        raise ValueError
    stamp = time[1].decode("ascii").partition(".")[0].rstrip("Z")
    at_time = dt.datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)
    return TimeStamp(digest[1], at_time)


def _tlv(tag: int, value: bytes) -> bytes:
    if len(value) < 0x80:
        return bytes([tag, len(value)]) + value
    length = len(value).to_bytes((len(value).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + value


def _one(blob: bytes) -> bytes:
    """Return what the sequence that fills the blob holds."""
    tag, value = _parts(blob, most=1)[0]
    if tag != _SEQUENCE:
        raise ValueError
    return value


def _parts(blob: bytes, most: int = 100) -> list[tuple[int, bytes]]:
    """Return the values that stand one after the other (X.690, definite lengths)."""
    found, at = list[tuple[int, bytes]](), 0
    while at < len(blob) and len(found) < most:
        tag, length, at = blob[at], blob[at + 1], at + 2
        if length >= 0x80:
            count = length & 0x7F
            if not 1 <= count <= 4:
                raise ValueError
            length, at = int.from_bytes(blob[at : at + count], "big"), at + count
        if at + length > len(blob):
            raise ValueError
        found.append((tag, blob[at : at + length]))
        at += length
    return found
