"""Remote screens and consoles: RDP, VNC, X11, telnet; a way in is asked about, never taken.

Formats: MS-RDPBCGR 2.2.1.1 and 2.2.1.2, RFC 6143 section 7.1, X11 protocol section 8, RFC 854.
"""

from __future__ import annotations

import struct

from cnilcheck.collectors.service_probes.conversation import (
    Door,
    Service,
    SignIn,
    framed,
    version_in,
)

# RDP_NEG_REQ: what a client asks for, and what it is called when the server takes it.
_RDP_WAYS = ((0, "RDP without TLS"), (1, "RDP without NLA"), (3, "RDP with NLA"))


def rdp(door: Door) -> Service | None:
    """Ask for three ways to connect, each on a connection of its own."""
    accepted, spoken = list[str](), False
    for wanted, name in _RDP_WAYS:
        answer = _rdp(door, wanted)
        if answer[:1] != b"\x03" or answer[5:6] != b"\xd0":
            if not spoken:
                return None
            continue
        spoken = True
        kind, chosen = (answer[11], answer[15]) if len(answer) >= 19 else (2, 0)
        # A server that knows no negotiation answers without the structure: the old security.
        if kind == 2 and (chosen == wanted or (wanted == 3 and chosen in (2, 8))):
            accepted.append(name)
    return Service("ms-wbt-server", "RDP", False, "password", dialects=tuple(accepted))


def _rdp(door: Door, wanted: int) -> bytes:
    request = struct.pack("<BBHI", 1, 0, 8, wanted)
    packet = struct.pack("!BBHBBHHB", 3, 0, 19, 14, 0xE0, 0, 0, 0) + request
    return door.ask(packet, framed(2, "big", at=2))


_ENCRYPTED = {18, 19}  # TLS and VeNCrypt, in the registry of RFC 6143


def vnc(banner: bytes, door: Door) -> Service:
    """Answer with the server's own version, and hear its types of security."""
    with door.open() as talk:
        talk.ask(b"", lambda a: a.endswith(b"\n"))
        answer = talk.ask(banner[:12], lambda a: len(a) > a[0])
    old = banner[8:11] == b"003" and banner[4:7] == b"003"
    types = (
        set(answer[3:4])
        if old and len(answer) >= 4
        else set(answer[1 : 1 + answer[0]] if answer else b"")
    )
    sign_in: SignIn = "none" if 1 in types else "password" if types - {0} else "unknown"
    label = f"VNC (RFB {version_in(banner)})"
    plain = bool(types - _ENCRYPTED) if types else None
    return Service("vnc", label, True, sign_in, bool(types & _ENCRYPTED) if types else None, plain)


_X11_ANSWERS: dict[int, SignIn] = {0: "refused", 1: "none", 2: "credentials"}


def x11(door: Door) -> Service | None:
    """Open a display without any authority, and close it."""
    answer = door.ask(b"l\0" + struct.pack("<HHHHH", 11, 0, 0, 0, 0), lambda a: len(a) >= 8)
    if len(answer) < 8 or answer[0] not in _X11_ANSWERS or answer[2:4] != b"\x0b\0":
        return None
    return Service("X11", "X11", True, _X11_ANSWERS[answer[0]], False, True)


def telnet_of(banner: bytes) -> Service | None:
    """Return the service when it begins to negotiate as telnet does."""
    negotiates = len(banner) >= 3 and banner[0] == 0xFF and 0xFA <= banner[1] <= 0xFE
    return Service("telnet", "telnet", False, "password", False, True) if negotiates else None
