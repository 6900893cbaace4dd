"""A session without a name on a file server, to count the shares it lists to nobody in particular.

Formats: MS-SMB2 2.2.5 to 2.2.32, MS-NLMP 2.2.1 (anonymous: 3.2.5.1.2), MS-SRVS 3.1.4.8
(NetrShareEnum), C706 chapter 12 (RPC). Only an active audit opens it; no share is entered.
"""

from __future__ import annotations

import struct
import uuid

from cnilcheck.collectors.service_probes.conversation import Door, SignIn, Talk, framed

_NEGOTIATE, _SETUP, _TREE, _CREATE, _IOCTL = 0, 1, 3, 5, 11
_MORE = 0xC0000016  # STATUS_MORE_PROCESSING_REQUIRED
_ASYNC = 2  # where another number takes the place of the tree
_PENDING = struct.pack("<I", 0x103)  # STATUS_PENDING
_TRANSCEIVE = 0x0011C017
_DISK = 0
_SRVSVC = uuid.UUID("4b324fc8-1670-01d3-1278-5a47bf6ee188").bytes_le + struct.pack("<HH", 3, 0)
_NDR = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le + struct.pack("<I", 2)
_whole = framed(3, "big", at=1, more=4)


def shares_for_nobody(door: Door) -> tuple[SignIn, int]:
    """Return `none` and how many shares are listed to nobody; `credentials` where it declines."""
    with door.open(6.0) as talk:
        session = _Session(talk)
        session.ask(_NEGOTIATE, negotiate())
        if session.status != 0:
            return "unknown", 0
        session.ask(_SETUP, _setup(_ntlm_hello()))
        if session.status != _MORE:
            return "unknown", 0
        session.ask(_SETUP, _setup(_ntlm_nobody()))
        if session.status != 0:
            return "credentials", 0
        listed = _listed(session, door.host)
    return ("credentials", 0) if listed is None else ("none", listed) if listed else ("unknown", 0)


class _Session:
    """The numbers a conversation in SMB 2 carries along; `status` is the last answer's."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._message = 0
        self._session = bytes(8)
        self._tree = bytes(4)
        self.status = -1

    def ask(self, command: int, body: bytes) -> bytes:
        """Return the body of the answer, empty when there is none."""
        head = b"\xfeSMB" + struct.pack("<HHIHHIIQI", 64, 1, 0, command, 8, 0, 0, self._message, 0)
        message = head + self._tree + self._session + bytes(16) + body
        answer = self._final(self._talk.ask(struct.pack("!I", len(message)) + message, _whole))
        self._message += 1
        if answer[:4] != b"\xfeSMB" or len(answer) < 64:
            self.status = -1
            return b""
        (self.status,) = struct.unpack_from("<I", answer, 8)
        self._session = answer[40:48]
        if not answer[16] & _ASYNC:
            self._tree = answer[36:40]
        return answer[64:]

    def _final(self, heard: bytes) -> bytes:
        """Return the message that ends the request: a server may say first that it is working."""
        for _ in range(5):
            size = 4 + int.from_bytes(heard[1:4], "big")
            answer, heard = heard[4:size], heard[size:]
            if answer[8:12] != _PENDING:
                return answer
            heard = (
                heard if len(heard) >= 4 and _whole(heard) else heard + self._talk.ask(b"", _whole)
            )
        return b""


def negotiate() -> bytes:
    """Return the body that offers every dialect from SMB 2.0.2 to 3.1.1 (MS-SMB2 2.2.3)."""
    dialects = struct.pack("<5H", 0x0202, 0x0210, 0x0300, 0x0302, 0x0311)
    # 3.1.1 wants to know a hash for its handshake: SHA-512, and a salt.
    hashes = struct.pack("<HHIHHH", 1, 38, 0, 1, 32, 1) + b"cnilcheck" * 3 + b"audit"
    head = struct.pack("<HHHHI", 36, 5, 1, 0, 0) + b"cnilcheck-audit!"
    return head + struct.pack("<IHH", 64 + 48, 1, 0) + dialects + bytes(2) + hashes


def _setup(token: bytes) -> bytes:
    return struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 64 + 24, len(token), 0) + token


def _ntlm_hello() -> bytes:
    # Unicode, request target, NTLM, always sign, extended session security.
    return b"NTLMSSP\0" + struct.pack("<II", 1, 0x00088205) + bytes(16)


def _ntlm_nobody() -> bytes:
    one = 64
    fields = struct.pack("<HHI", 1, 1, one) + struct.pack("<HHI", 0, 0, one + 1) * 5
    return b"NTLMSSP\0" + struct.pack("<I", 3) + fields + struct.pack("<I", 0x00088A05) + b"\0"


def _listed(session: _Session, host: str) -> int | None:
    """Return how many disk shares are listed; None when the server declines."""
    path = f"\\\\{host}\\IPC$".encode("utf-16-le")
    session.ask(_TREE, struct.pack("<HHHH", 9, 0, 64 + 8, len(path)) + path)
    if session.status != 0:
        return None
    pipe = "srvsvc".encode("utf-16-le")
    opened = session.ask(_CREATE, _create(pipe))
    if session.status != 0 or len(opened) < 80:
        return None
    handle = opened[64:80]
    session.ask(_IOCTL, _ioctl(handle, _rpc(11, _bind())))
    answer = session.ask(_IOCTL, _ioctl(handle, _rpc(0, _enumerate())))
    return _disks(answer) if session.status == 0 else None


def _create(name: bytes) -> bytes:
    # Impersonation level 2, FILE_READ_DATA | FILE_WRITE_DATA, share all, open what exists.
    head = struct.pack("<HBBIQQ", 57, 0, 0, 2, 0, 0)
    rights = struct.pack("<IIIII", 0x3, 0, 7, 1, 0)
    return head + rights + struct.pack("<HHII", 64 + 56, len(name), 0, 0) + name


def _ioctl(handle: bytes, data: bytes) -> bytes:
    sizes = struct.pack("<IIIIIIII", 64 + 56, len(data), 0, 0, 0, 65536, 1, 0)
    return struct.pack("<HHI", 57, 0, _TRANSCEIVE) + handle + sizes + data


def _rpc(kind: int, body: bytes) -> bytes:
    return struct.pack("<BBBBIHHI", 5, 0, kind, 3, 0x10, 16 + len(body), 0, 1) + body


def _bind() -> bytes:
    return struct.pack("<HHIBxxxHBx", 4280, 4280, 0, 1, 0, 1) + _SRVSVC + _NDR


def _enumerate() -> bytes:
    # No server name, level 1, an empty container, as much as there is, no place to resume at.
    stub = struct.pack("<IIIIIIII", 0, 1, 1, 0x20004, 0, 0, 0xFFFFFFFF, 0)
    return struct.pack("<IHH", len(stub), 0, 15) + stub


def _disks(answer: bytes) -> int | None:
    """Count the folders in an answer of NetrShareEnum; None when it is not one."""
    start, size = struct.unpack_from("<II", answer, 32) if len(answer) >= 48 else (0, 0)
    rpc = answer[start - 64 : start - 64 + size]
    if len(rpc) < 48 or rpc[2] != 2 or start < 64:
        return None
    (count,) = struct.unpack_from("<I", rpc, 24 + 12)
    kinds = (rpc[place : place + 4] for place in range(24 + 24 + 4, len(rpc), 12))
    return sum(kind == bytes(4) for _, kind in zip(range(min(count, 1000)), kinds, strict=False))
