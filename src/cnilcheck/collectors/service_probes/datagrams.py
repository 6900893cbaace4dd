"""SNMP and TFTP, asked over UDP: an answer is a fact, a refusal is closed, silence tells nothing.

Formats: RFC 3412 section 6 and RFC 3414 section 4 (discovery of an SNMP engine), RFC 3416 and
RFC 1157 (GetRequest), RFC 1350 (TFTP). One value is asked for (sysDescr), and a file that does
not exist; nothing is set, written or fetched.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cnilcheck.collectors.addresses import addresses
from cnilcheck.collectors.base import Tools
from cnilcheck.collectors.service_probes.ber import ber, elements
from cnilcheck.model.facts import Datagram

SECONDS = 1.0
_TRIES = 2
_MAX_BYTES = 4096
_SYS_DESCR = b"\x2b\x06\x01\x02\x01\x01\x01\x00"  # 1.3.6.1.2.1.1.1.0
_NUMBER = b"\x63\x6e\x69\x6c"
_INVENTED_FILE = b"cnilcheck-does-not-exist"

State = Literal["closed", "silent"]


@dataclass(frozen=True)
class Letterbox:
    """One UDP port of the scope; each datagram sent counts as one request."""

    host: str
    port: int
    tools: Tools

    def ask(self, datagram: bytes, known: Callable[[bytes], bool]) -> bytes | State:
        """Return the first answer that is known; `closed` when the host says so, or `silent`."""
        for _ in range(_TRIES):
            heard = self._once(datagram, known, connected=True)
            if heard != "silent":
                return heard
        return "silent"

    def ask_from_anywhere(self, datagram: bytes, known: Callable[[bytes], bool]) -> bytes | State:
        """Ask as `ask` does, and take the answer from any port of the host (RFC 1350 section 4).

        Only a connected socket is told of a closed port, so a silence is asked about once more.
        """
        heard = self._once(datagram, known, connected=False)
        return heard if heard != "silent" else self._once(datagram, known, connected=True)

    def _once(
        self, datagram: bytes, known: Callable[[bytes], bool], *, connected: bool
    ) -> bytes | State:
        address = addresses(self.tools, self.host)[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.tools.spend(self.host)
        with socket.socket(family, socket.SOCK_DGRAM) as line:
            line.settimeout(SECONDS)
            try:
                if connected:
                    line.connect((address, self.port))
                    line.send(datagram)
                else:
                    line.sendto(datagram, (address, self.port))
                answer, sender = line.recvfrom(_MAX_BYTES)
            except ConnectionRefusedError:
                return "closed"
            except OSError:
                return "silent"
        return answer if sender[0] == address and known(answer) else "silent"


def snmp(box: Letterbox) -> Datagram | State:
    """Ask who the agent is; where the audit is active, read one value as the community `public`."""
    versions = ((1, "v2c"), (0, "v1")) if box.tools.active else ()
    for version, name in versions:
        heard = box.ask(_get(version), _is_response)
        if isinstance(heard, bytes):
            return Datagram(box.port, "snmp", f"SNMP {name}", "none")
        if heard == "closed":
            return "closed"
    heard = box.ask(_discovery(), _is_report)
    if not isinstance(heard, bytes):
        return heard
    return Datagram(box.port, "snmp", "SNMP", "credentials" if versions else "unknown")


def _integer(value: bytes) -> bytes:
    return ber(2, value)


def _get(version: int) -> bytes:
    asked = ber(0x30, ber(0x30, ber(6, _SYS_DESCR), ber(5)))
    request = ber(0xA0, _integer(_NUMBER), _integer(b"\0"), _integer(b"\0"), asked)
    return ber(0x30, _integer(bytes([version])), ber(4, b"public"), request)


def _is_response(answer: bytes) -> bool:
    """Return whether it is the answer to our request, without an error, and holds a value."""
    message = _inside(answer)
    if len(message) != 3 or message[2][0] != 0xA2:
        return False
    parts = list(elements(message[2][1]))
    return len(parts) == 4 and parts[0][1] == _NUMBER and parts[1][1] == b"\0"


def _discovery() -> bytes:
    head = ber(0x30, _integer(_NUMBER), _integer(b"\x04\0"), ber(4, b"\x04"), _integer(b"\x03"))
    nobody = ber(0x30, ber(4), _integer(b"\0"), _integer(b"\0"), ber(4), ber(4), ber(4))
    request = ber(0xA0, _integer(_NUMBER), _integer(b"\0"), _integer(b"\0"), ber(0x30))
    scoped = ber(0x30, ber(4), ber(4), request)
    return ber(0x30, _integer(b"\x03"), head, ber(4, nobody), scoped)


def _is_report(answer: bytes) -> bool:
    message = _inside(answer)
    return len(message) == 4 and message[0] == (2, b"\x03") and message[1][0] == 0x30


def _inside(answer: bytes) -> list[tuple[int, bytes]]:
    outer = next(elements(answer), (0, b""))
    return list(elements(outer[1])) if outer[0] == 0x30 else []


def tftp(box: Letterbox) -> Datagram | State:
    """Ask for a file that does not exist: TFTP knows no sign-in, who answers would have sent it."""
    request = b"\0\x01" + _INVENTED_FILE + b"\0octet\0"
    heard = box.ask_from_anywhere(request, lambda answer: answer[:2] in (b"\0\x03", b"\0\x05"))
    return Datagram(box.port, "tftp", "TFTP", "none") if isinstance(heard, bytes) else heard


QUESTIONS: dict[int, Callable[[Letterbox], Datagram | State]] = {69: tftp, 161: snmp}
