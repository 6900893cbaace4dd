"""Judgements of the cryptography module: what listeners accept and how secrets are stored."""

from __future__ import annotations

from cnilcheck.model.facts import TlsProtocols
from cnilcheck.model.verdict import Verdict, failed, passed, undecided


def only_protocols(fact: TlsProtocols, /, *, allowed: tuple[str, ...]) -> Verdict:
    """Pass when the listener accepts no protocol version beyond the allowed ones."""
    if not fact.accepted:
        return undecided()
    unexpected = tuple(p for p in fact.accepted if p not in allowed)
    if unexpected:
        return failed(accepted=fact.accepted, unexpected=unexpected)
    return passed(accepted=fact.accepted)
