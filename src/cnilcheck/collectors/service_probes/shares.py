"""Directories and shares: LDAP, SMB, NFS, rsync, FTP; names are counted, no file is opened.

Formats: RFC 4511 (LDAP), MS-SMB2 2.2.3 and MS-CIFS 2.2.4.52, RFC 5531 and 1833 (ONC RPC,
portmapper), RFC 1813 appendix I (MOUNT), rsync "csprotocol.txt", RFC 959, 2389 and 4217 (FTP).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from itertools import islice

from cnilcheck.collectors.service_probes.ber import ber, elements
from cnilcheck.collectors.service_probes.conversation import (
    SECONDS,
    Door,
    Service,
    SignIn,
    Talk,
    counted,
    framed,
    version_in,
    words,
)
from cnilcheck.collectors.service_probes.smb_session import negotiate, shares_for_nobody
from cnilcheck.model.scope import HostTarget

_STARTTLS = b"1.3.6.1.4.1.1466.20037"


def ldap(door: Door) -> Service | None:
    """Read what a directory says of itself, then ask for the first entries, without attributes."""
    with door.open() as talk:
        root = talk.ask(
            _search(1, b"", 0, 0, (b"namingContexts", b"supportedExtension")), _searched
        )
        if not root.startswith(b"\x30") or not re.search(rb"\x02\x01\x01[\x64\x65]", root[:16]):
            return None
        offers = _STARTTLS in root if b"supportedExtension" in root else None
        contexts = _values_of(root, b"namingContexts")
        if not contexts:
            return Service("ldap", "LDAP", True, "unknown", offers)
        found = talk.ask(_search(2, contexts[0], 2, 5, (b"1.1",)), _searched)
    entries = sum(tag == 0x64 for tag, _ in _operations(found))
    code = next((value[2:3] for tag, value in _operations(found) if tag == 0x65), b"")
    # A base that certainly exists and is not shown is hidden from strangers (OpenLDAP: `auth`);
    # 1, 8, 32, 48, 49, 50 and 53 are what servers say to somebody they do not know.
    declined = code in (b"\x01", b"\x08", b"\x20", b"\x30", b"\x31", b"\x32", b"\x35")
    hidden: SignIn = "credentials" if declined else "refused" if code == b"\0" else "unknown"
    holds = counted("entries", entries) if entries else ()
    return Service("ldap", "LDAP", True, "none" if entries else hidden, offers, holds=holds)


def _search(
    number: int, base: bytes, scope: int, most: int, attributes: tuple[bytes, ...]
) -> bytes:
    request = ber(
        0x63, ber(4, base), ber(10, bytes([scope])), ber(10, b"\0"), ber(2, bytes([most])),
        ber(2, b"\x02"), ber(1, b"\0"), ber(0x87, b"objectClass"),
        ber(0x30, *(ber(4, a) for a in attributes)),
    )  # fmt: skip
    return ber(0x30, ber(2, bytes([number])), request)


def _operations(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the operation of each message, and its content."""
    for tag, message in elements(data):
        if tag == 0x30:
            yield from islice(elements(message), 1, 2)


def _searched(answer: bytes) -> bool:
    return any(tag == 0x65 for tag, _ in _operations(answer))


def _values_of(data: bytes, name: bytes) -> list[bytes]:
    for tag, entry in _operations(data):
        attributes = [e for t, e in elements(entry) if t == 0x30] if tag == 0x64 else []
        for attribute in (e for a in attributes for t, e in elements(a) if t == 0x30):
            parts = list(elements(attribute))
            if len(parts) == 2 and parts[0][1].lower() == name.lower():
                return [value[:500] for _, value in islice(elements(parts[1][1]), 20)]
    return []


def smb(door: Door) -> Service | None:
    """Negotiate twice: as a modern client, and as one that knows SMB 1 only."""
    head = b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ", 64, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + bytes(16)
    answer = _netbios(door, head + negotiate())
    accepted = list[str]()
    if answer[:4] == b"\xfeSMB" and len(answer) >= 70 and answer[8:12] == bytes(4):
        mode, dialect = struct.unpack_from("<HH", answer, 66)
        accepted.append(f"SMB {dialect >> 8}.{dialect >> 4 & 15}" + ".1" * (dialect == 0x0311))
        accepted += [] if mode & 2 else ["SMB unsigned"]
    elif answer[:4] != b"\xffSMB" and answer:
        return None
    if _speaks_smb1(door):
        accepted.insert(0, "SMB 1")
    if not accepted:
        return None
    if not door.tools.active:
        unasked = "a session without a name is tried only with --active"
        return Service("microsoft-ds", "SMB", True, dialects=tuple(accepted), unasked=unasked)
    sign_in, shares = shares_for_nobody(door)
    holds = counted("shares", shares) if shares else ()
    return Service("microsoft-ds", "SMB", True, sign_in, holds=holds, dialects=tuple(accepted))


def _speaks_smb1(door: Door) -> bool:
    head = b"\xffSMB\x72" + bytes(4) + b"\x18\x01\x28" + bytes(20)
    names = b"\x02NT LM 0.12\0"
    answer = _netbios(door, head + b"\0" + struct.pack("<H", len(names)) + names)
    return (
        answer[:5] == b"\xffSMB\x72"
        and answer[9:9] == b""
        and answer[33:35] not in (b"", b"\xff\xff")
    )


def _netbios(door: Door, message: bytes) -> bytes:
    answer = door.ask(struct.pack("!I", len(message)) + message, framed(3, "big", at=1, more=4))
    return answer[4:]


_PORTMAPPER, _NFS, _MOUNT = 100000, 100003, 100005


def portmapper(door: Door) -> Service | None:
    """Ask the portmapper what runs here; where NFS does, ask what it exports, and to whom."""
    listed = _call(door, _PORTMAPPER, 2, 4)
    if listed is None:
        return None
    programs = list(_programs(listed))
    mounts = [port for program, protocol, port in programs if program == _MOUNT and protocol == 6]
    if not mounts or not any(program == _NFS for program, _, _ in programs):
        return Service("rpcbind", "portmapper", False, holds=())
    there = Door(door.host, mounts[-1], door.tools, door.ends)
    if not _in_scope(there):
        return Service("nfs", "NFS", True, unasked=f"port {there.port} is not in the scope")
    exports = _call(there, _MOUNT, 3, 5)
    if exports is None:
        return Service("nfs", "NFS", True)
    groups = list(_exports(exports))
    anyone = [
        g for g in groups if not g or any(n in (b"*", b"(everyone)", b"0.0.0.0/0") for n in g)
    ]
    if anyone:
        return Service("nfs", "NFS", True, "none", holds=counted("exports", len(anyone)))
    return Service("nfs", "NFS", True, "refused")


def _in_scope(door: Door) -> bool:
    targets = [t for t in door.tools.scope.targets if isinstance(t, HostTarget)]
    return any(t.host == door.host and (not t.ports or door.port in t.ports) for t in targets)


def _call(door: Door, program: int, version: int, procedure: int) -> bytes | None:
    call = struct.pack("!IIIIII", 0x636E696C, 0, 2, program, version, procedure) + bytes(16)
    answer = door.ask(struct.pack("!I", 0x80000000 | len(call)) + call, _record)
    accepted = answer[4:12] == b"cnil\0\0\0\x01" and answer[12:16] == bytes(4)
    return answer[28:] if accepted and answer[24:28] == bytes(4) else None


def _record(answer: bytes) -> bool:
    return len(answer) >= 4 and len(answer) >= 4 + (int.from_bytes(answer[:4], "big") & 0x7FFFFFFF)


def _programs(data: bytes) -> Iterator[tuple[int, int, int]]:
    for place in range(0, min(len(data), 20_000) - 19, 20):
        follows, program, _, protocol, port = struct.unpack_from("!IIIII", data, place)
        if not follows:
            return
        yield program, protocol, port


def _exports(data: bytes) -> Iterator[list[bytes]]:
    """Yield the names each exported folder is for; none stands for everybody."""
    place = 0

    def opaque() -> bytes:
        nonlocal place
        (length,) = struct.unpack_from("!I", data, place)
        text = data[place + 4 : place + 4 + length]
        place += 4 + (length + 3 & ~3)
        return text

    def follows() -> bool:
        nonlocal place
        (more,) = struct.unpack_from("!I", data, place)
        place += 4
        return bool(more)

    try:
        while follows():
            opaque()
            names = list[bytes]()
            while follows():
                names.append(opaque())
            yield names
    except struct.error:
        return


def rsync(banner: bytes, door: Door) -> Service:
    """Ask for the list of modules, then of each of the first whether it wants a password."""
    listing = door.ask(b"@RSYNCD: 31.0\n#list\n", lambda a: b"@RSYNCD: EXIT" in a or b"@ERROR" in a)
    lines = listing.replace(banner, b"", 1).splitlines()
    names = [line.partition(b"\t")[0].strip() for line in lines if line and line[:1] != b"@"]
    modules = [n for n in names if re.fullmatch(rb"[\w.-]{1,80}", n)]
    answers = {_module(door, module) for module in modules[:5]}
    product = f"rsync (protocol {version_in(banner)})"
    holds = counted("modules", len(modules)) if modules else ()
    order: tuple[SignIn, ...] = ("none", "credentials", "refused")
    sign_in: SignIn = next((way for way in order if way in answers), "unknown")
    return Service("rsync", product, True, sign_in, False, True, holds)


def _module(door: Door, name: bytes) -> SignIn:
    answer = door.ask(
        b"@RSYNCD: 31.0\n" + name + b"\n",
        lambda a: any(w in a for w in (b"@RSYNCD: OK", b"AUTHREQD", b"@ERROR")),
    )
    if b"@RSYNCD: OK" in answer:
        return "none"
    return (
        "credentials" if b"AUTHREQD" in answer else "refused" if b"@ERROR" in answer else "unknown"
    )


def ftp(banner: bytes, door: Door) -> Service | None:
    """Ask for the features; sign in as anonymous only where the audit is allowed to be active."""
    features = _ftp(door, b"FEAT\r\n")
    offers = b"AUTH TLS" in features or b"AUTH SSL" in features
    if not offers and (b"EHLO" in features or b"SMTP" in banner.upper()):
        return None
    if not features.startswith((b"211", b"500", b"502", b"530", b"421")):
        return None
    product = words(banner[4:].strip(), 60) or "FTP"
    if not door.tools.active:
        unasked = "an anonymous sign-in is tried only with --active"
        return Service(
            "ftp", product, True, "unknown", offers, None if offers else True, unasked=unasked
        )
    # Servers let a failed sign-in wait.
    with door.open(3 * SECONDS) as talk:
        talk.ask(b"", _ftp_whole)
        asked = talk.ask(b"USER anonymous\r\n", _ftp_whole)
        given = _password(talk) if asked.startswith(b"331") else asked
        talk.ask(b"QUIT\r\n", _ftp_whole)
    sign_in: SignIn = (
        "none" if given.startswith(b"230") else "password" if given[:1] == b"5" else "unknown"
    )
    return Service("ftp", product, True, sign_in, offers, None if offers else True)


def _password(talk: Talk) -> bytes:
    return talk.ask(b"PASS cnilcheck@example.org\r\n", _ftp_whole)


def _ftp(door: Door, command: bytes) -> bytes:
    with door.open() as talk:
        talk.ask(b"", _ftp_whole)
        return talk.ask(command, _ftp_whole)


def _ftp_whole(answer: bytes) -> bool:
    return re.search(rb"(?m)^\d{3} [^\n]{0,500}\n\Z", answer) is not None
