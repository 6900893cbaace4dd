"""Medical protocols: a DICOM verification, and nothing at all said to an HL7 listener.

Formats: DICOM PS3.8 section 9.3 and PS3.7 section 9.3.5 (C-ECHO); HL7 MLLP release 1. A message
sent to an HL7 listener could become a patient's record: none is ever sent.
"""

from __future__ import annotations

import ssl
import struct

from cnilcheck.collectors.service_probes.conversation import Door, Service, SignIn, Talk, framed
from cnilcheck.collectors.transport import tls_context
from cnilcheck.errors import CollectionError

MLLP_PORTS = frozenset((2575, 6661))
_VERIFICATION = b"1.2.840.10008.1.1"
_IMPLICIT = b"1.2.840.10008.1.2"
_CONTEXT = b"1.2.840.10008.3.1.1.1"
_pdu = framed(4, "big", at=2, more=6)


def dicom(door: Door) -> Service | None:
    """Ask for an association that can verify only, send one echo, and release it."""
    with door.open() as talk:
        answer = talk.ask(_associate(), _pdu)
        if answer[:1] == b"\x03" and len(answer) >= 10:
            return Service("dicom", "DICOM", True, "refused")
        if answer[:1] != b"\x02" or len(answer) < 74 or answer[6:8] != b"\0\x01":
            return None
        sign_in = _echo(talk)
        talk.ask(b"\x05\0" + struct.pack("!I", 4) + bytes(4), _pdu)
    return Service("dicom", "DICOM", True, sign_in)


def _item(kind: int, body: bytes) -> bytes:
    return struct.pack("!BBH", kind, 0, len(body)) + body


def _associate() -> bytes:
    syntaxes = _item(0x30, _VERIFICATION) + _item(0x40, _IMPLICIT)
    user = _item(0x51, struct.pack("!I", 16384)) + _item(0x52, b"1.2.826.0.1.3680043.10.1")
    items = _item(0x10, _CONTEXT) + _item(0x20, b"\x01\0\0\0" + syntaxes) + _item(0x50, user)
    names = b"ANY-SCP".ljust(16) + b"CNILCHECK".ljust(16)
    body = struct.pack("!HH", 1, 0) + names + bytes(32) + items
    return struct.pack("!BBI", 1, 0, len(body)) + body


def _element(number: int, value: bytes) -> bytes:
    return struct.pack("<HHI", 0, number, len(value)) + value


def _echo(talk: Talk) -> SignIn:
    elements = (
        _element(0x0002, _VERIFICATION + b"\0")
        + _element(0x0100, struct.pack("<H", 0x0030))
        + _element(0x0110, struct.pack("<H", 1))
        + _element(0x0800, struct.pack("<H", 0x0101))
    )
    command = _element(0, struct.pack("<I", len(elements))) + elements
    value = struct.pack("!IBB", len(command) + 2, 1, 3) + command
    answer = talk.ask(struct.pack("!BBI", 4, 0, len(value)) + value, _pdu)
    # Status is element (0000,0900), two bytes long; 0 is success.
    place = answer.find(struct.pack("<HHI", 0, 0x0900, 2))
    echoed = answer[:1] == b"\x04" and place >= 0 and answer[place + 8 : place + 10] == b"\0\0"
    return "none" if echoed else "unknown"


def mllp(door: Door) -> Service:
    """Only see whether the port that HL7 uses would speak TLS; nothing else is said to it."""
    offers = _speaks_tls(door)
    unasked = "a message would have to be sent, which an audit never does"
    return Service(
        "hl7", "HL7 (MLLP, by its port)", True, "unknown", offers, not offers, unasked=unasked
    )


def _speaks_tls(door: Door) -> bool:
    try:
        with door.open() as talk, tls_context().wrap_socket(talk.line, server_hostname=None):
            return True
    except (OSError, ssl.SSLError, ValueError):
        return False
    except CollectionError:
        return False
