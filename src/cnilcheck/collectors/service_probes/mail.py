"""Mail servers: the greeting, and whether a stranger may have mail sent elsewhere.

Format: RFC 5321. The dialogue ends before DATA, by RSET and QUIT: no message is ever sent. Sender
and recipient are of domains reserved for examples (RFC 2606): nobody could receive anything.
"""

from __future__ import annotations

import re

from cnilcheck.collectors.service_probes.conversation import Door, Relay, Service, Talk, words

# A server may let a client wait before it greets (postscreen: 6 s), and distrusts who speaks first.
_GREETING_SECONDS = 8.0
_RELAY_SECONDS = 10.0
_HELLO = b"EHLO audit.example.com\r\n"
_SENDERS = (b"<cnilcheck@example.org>", b"<>")
_RECIPIENT = b"<cnilcheck@example.net>"


def patient(door: Door) -> Service | None:
    """Wait for a greeting as long as a mail server's client must."""
    greeting = door.ask(b"", _whole, _GREETING_SECONDS)
    return smtp(greeting, door) if greeting.startswith(b"220") else None


def smtp(greeting: bytes, door: Door) -> Service:
    """Return the mail server, and what it said to a recipient of a domain that is not its own."""
    product = words(greeting[4:].splitlines()[0].strip()) if greeting[4:].strip() else "SMTP"
    with door.open(_RELAY_SECONDS) as talk:
        talk.ask(b"", _whole)
        if not talk.ask(_HELLO, _whole).startswith(b"250"):
            talk.ask(b"HELO audit.example.com\r\n", _whole)
        reply = _recipient(talk)
        talk.ask(b"RSET\r\n", _whole)
        talk.ask(b"QUIT\r\n", _whole)
    return Service("smtp", product, relay=_relay(reply))


def _recipient(talk: Talk) -> bytes:
    """Return the answer to the recipient; the sender's, when none was taken.

    The empty sender, which no server may refuse (RFC 5321 section 4.5.5), comes second.
    """
    for sender in _SENDERS:
        given = talk.ask(b"MAIL FROM:" + sender + b"\r\n", _whole)
        if given.startswith(b"250"):
            return talk.ask(b"RCPT TO:" + _RECIPIENT + b"\r\n", _whole)
    return given


def _relay(reply: bytes) -> Relay | None:
    code = _last_code(reply)
    if code is None:
        return None
    # 250 takes the recipient, 251 promises to pass it on; 252 says that it does not know.
    accepted = True if code in (250, 251) else False if 500 <= code < 600 else None
    return Relay(accepted, code)


def _last_code(reply: bytes) -> int | None:
    found = re.match(rb"(\d{3})[ -]", reply.splitlines()[-1] if reply.strip() else b"")
    return int(found[1]) if found else None


def _whole(answer: bytes) -> bool:
    return re.search(rb"(?m)^\d{3}(?: [^\n]{0,1000})?\r?\n\Z", answer) is not None
