"""Talk a service into TLS in its own language, and hear whether it would go on without.

Sources: RFC 3207 (SMTP), RFC 3501 and 2595 (IMAP, POP3), RFC 4217 (FTP), RFC 4511 section 4.14
(LDAP), RFC 6120 section 5 (XMPP), PostgreSQL "SSLRequest", MySQL "Protocol::SSLRequest".
"""

from __future__ import annotations

import re
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from cnilcheck.errors import Malformed, Refused, TimedOut, Unreachable
from cnilcheck.model.personal_data import printable

_MAX_BYTES = 16 * 1024
_DIALOGUE_SECONDS = 5.0


class Protocol(StrEnum):
    """A protocol that begins in clear and may go on in TLS."""

    SMTP = "smtp"
    IMAP = "imap"
    POP3 = "pop3"
    FTP = "ftp"
    LDAP = "ldap"
    XMPP = "xmpp"
    POSTGRESQL = "postgresql"
    MYSQL = "mysql"


PORTS = {
    21: Protocol.FTP, 25: Protocol.SMTP, 110: Protocol.POP3, 143: Protocol.IMAP,
    389: Protocol.LDAP, 587: Protocol.SMTP, 2525: Protocol.SMTP, 3306: Protocol.MYSQL,
    5222: Protocol.XMPP, 5432: Protocol.POSTGRESQL,
}  # fmt: skip


@dataclass(frozen=True)
class Offer:
    """What a service says before TLS: whether it offers it, and takes credentials without it.

    `clear_sign_in` is None where only an attempt to sign in would tell.
    """

    tls: bool
    clear_sign_in: bool | None


def upgrade(line: socket.socket, protocol: Protocol, host: str) -> Offer:
    """Bring the connection to where the TLS handshake begins, and return what was offered.

    Raises Refused when TLS is not offered, Malformed when the answer is not of that protocol,
    TimedOut and Unreachable when none comes.
    """
    dialogue = _Dialogue(line)
    try:
        offer = _ASK[protocol](dialogue, host)
    except TimeoutError:
        raise TimedOut(f"{protocol}: no answer in time") from None
    except OSError as problem:
        raise Unreachable(f"{protocol}: {problem.strerror or 'connection ended'}") from None
    return offer


class NotOffered(Refused):
    """The service offers no TLS; `offer` says what it takes in clear."""

    def __init__(self, protocol: Protocol, clear_sign_in: bool | None) -> None:
        super().__init__(f"{protocol}: TLS is not offered")
        self.offer = Offer(False, clear_sign_in)


class _Dialogue:
    """Reads bounded answers before one deadline."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._deadline = time.monotonic() + _DIALOGUE_SECONDS
        self._buffer = b""

    def send(self, text: bytes) -> None:
        self._line.settimeout(self._left())
        self._line.sendall(text)

    def read_line(self) -> bytes:
        while b"\n" not in self._buffer:
            self._more()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r")

    def read_exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._more()
        content, self._buffer = self._buffer[:count], self._buffer[count:]
        return content

    def read_until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            self._more()
        content, _, self._buffer = self._buffer.partition(mark)
        return content

    def _more(self) -> None:
        if len(self._buffer) > _MAX_BYTES:
            raise Malformed("an answer without end")
        self._line.settimeout(self._left())
        part = self._line.recv(4096)
        if not part:
            raise ConnectionResetError(None, "connection ended")
        self._buffer += part

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _reply(dialogue: _Dialogue) -> tuple[int, list[str]]:
    """Return the code and lines of one SMTP or FTP reply (RFC 5321 section 4.2.1)."""
    lines = []
    for _ in range(64):
        line = dialogue.read_line().decode("latin-1")
        lines.append(line[4:])
        if re.match(r"\d{3}(?: |$)", line):
            return int(line[:3]), lines
        if not re.match(r"\d{3}-", line) and len(lines) == 1:
            raise Malformed(f"not a reply: {printable(line, 40)}")
    raise Malformed("a reply without end")


def _smtp(dialogue: _Dialogue, host: str) -> Offer:
    _expect(_reply(dialogue)[0], 220)
    dialogue.send(b"EHLO cnilcheck.invalid\r\n")
    code, lines = _reply(dialogue)
    _expect(code, 250)
    offered = {line.split()[0].upper() for line in lines[1:] if line.split()}
    clear = any(word == "AUTH" or word.startswith("AUTH=") for word in offered)
    if "STARTTLS" not in offered:
        raise NotOffered(Protocol.SMTP, clear)
    dialogue.send(b"STARTTLS\r\n")
    _expect(_reply(dialogue)[0], 220)
    return Offer(True, clear)


def _ftp(dialogue: _Dialogue, host: str) -> Offer:
    _expect(_reply(dialogue)[0], 220)
    dialogue.send(b"AUTH TLS\r\n")
    if _reply(dialogue)[0] != 234:
        raise NotOffered(Protocol.FTP, None)
    return Offer(True, None)


def _imap(dialogue: _Dialogue, host: str) -> Offer:
    if not dialogue.read_line().startswith(b"* OK"):
        raise Malformed("imap: no greeting")
    dialogue.send(b"a1 CAPABILITY\r\n")
    words = " ".join(_imap_lines(dialogue, b"a1")).upper().split()
    clear = "LOGINDISABLED" not in words
    if "STARTTLS" not in words:
        raise NotOffered(Protocol.IMAP, clear)
    dialogue.send(b"a2 STARTTLS\r\n")
    if not _imap_lines(dialogue, b"a2")[-1].upper().startswith("A2 OK"):
        raise NotOffered(Protocol.IMAP, clear)
    return Offer(True, clear)


def _imap_lines(dialogue: _Dialogue, tag: bytes) -> list[str]:
    lines = []
    for _ in range(64):
        line = dialogue.read_line()
        lines.append(line.decode("latin-1"))
        if line.startswith(tag + b" "):
            return lines
    raise Malformed("imap: an answer without end")


def _pop3(dialogue: _Dialogue, host: str) -> Offer:
    if not dialogue.read_line().startswith(b"+OK"):
        raise Malformed("pop3: no greeting")
    dialogue.send(b"CAPA\r\n")
    clear: bool | None = None
    if dialogue.read_line().startswith(b"+OK"):
        capabilities = dialogue.read_until(b"\r\n.\r\n").upper().split()
        # RFC 2449: USER among the capabilities says that a password is taken as it comes.
        clear = b"USER" in capabilities or b"SASL" in capabilities
    dialogue.send(b"STLS\r\n")
    if not dialogue.read_line().startswith(b"+OK"):
        raise NotOffered(Protocol.POP3, clear)
    return Offer(True, clear)


# ExtendedRequest 1.3.6.1.4.1.1466.20037 as message 1.
_LDAP_STARTTLS = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"


def _ldap(dialogue: _Dialogue, host: str) -> Offer:
    dialogue.send(_LDAP_STARTTLS)
    tag, length = dialogue.read_exactly(2)
    if tag != 0x30:
        raise Malformed("ldap: not an LDAP message")
    if length & 0x80:
        length = int.from_bytes(dialogue.read_exactly(length & 0x7F), "big")
    if length > _MAX_BYTES:
        raise Malformed("ldap: a message without end")
    message = dialogue.read_exactly(length)
    # messageID, then ExtendedResponse [APPLICATION 24] whose first element is the resultCode.
    found = re.search(rb"\x78.{1,5}?\x0a\x01(.)", message, re.DOTALL)
    if found is None:
        raise Malformed("ldap: not an extended response")
    if found[1] != b"\0":
        raise NotOffered(Protocol.LDAP, None)
    return Offer(True, None)


def _xmpp(dialogue: _Dialogue, host: str) -> Offer:
    name = re.sub(r"[^A-Za-z0-9.:_-]", "", host)
    opening = (
        f"<?xml version='1.0'?><stream:stream xmlns='jabber:client' to='{name}' version='1.0' "
        "xmlns:stream='http://etherx.jabber.org/streams'>"
    )
    dialogue.send(opening.encode())
    features = dialogue.read_until(b"</stream:features>")
    clear = b"<mechanism>PLAIN" in features
    if b"<starttls" not in features:
        raise NotOffered(Protocol.XMPP, clear)
    dialogue.send(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    if b"<proceed" not in dialogue.read_until(b">"):
        raise NotOffered(Protocol.XMPP, clear)
    return Offer(True, clear)


def _postgresql(dialogue: _Dialogue, host: str) -> Offer:
    dialogue.send(struct.pack("!II", 8, 80877103))
    answer = dialogue.read_exactly(1)
    if answer == b"N":
        raise NotOffered(Protocol.POSTGRESQL, True)
    if answer != b"S":
        raise Malformed("postgresql: not an answer to SSLRequest")
    return Offer(True, None)


_CLIENT_SSL, _CLIENT_PROTOCOL_41, _CLIENT_SECURE_CONNECTION = 0x0800, 0x0200, 0x8000


def _mysql(dialogue: _Dialogue, host: str) -> Offer:
    length = int.from_bytes(dialogue.read_exactly(3), "little")
    dialogue.read_exactly(1)
    if not 1 < length < 1024:
        raise Malformed("mysql: not a greeting")
    greeting = dialogue.read_exactly(length)
    _, separator, rest = greeting[1:].partition(b"\0")
    if greeting[0] != 10 or not separator or len(rest) < 15:
        raise (
            Refused("mysql: this client is not let in")
            if greeting[0] == 0xFF
            else Malformed("mysql: not a greeting")
        )
    if not struct.unpack("<H", rest[13:15])[0] & _CLIENT_SSL:
        raise NotOffered(Protocol.MYSQL, True)
    flags = _CLIENT_SSL | _CLIENT_PROTOCOL_41 | _CLIENT_SECURE_CONNECTION
    body = struct.pack("<IIB23x", flags, 1 << 24, 33)
    dialogue.send(len(body).to_bytes(3, "little") + b"\x01" + body)
    return Offer(True, None)


def _expect(code: int, wanted: int) -> None:
    if code != wanted:
        raise Refused(f"answers {code} where {wanted} was expected")


_ASK: dict[Protocol, Callable[[_Dialogue, str], Offer]] = {
    Protocol.SMTP: _smtp, Protocol.IMAP: _imap, Protocol.POP3: _pop3, Protocol.FTP: _ftp,
    Protocol.LDAP: _ldap, Protocol.XMPP: _xmpp, Protocol.POSTGRESQL: _postgresql,
    Protocol.MYSQL: _mysql,
}  # fmt: skip
