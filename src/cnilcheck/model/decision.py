"""Public decisions about security, and which of them are about the weakness of a finding."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from cnilcheck.model.scope import Notice
from cnilcheck.model.text import Text

# How far a statement about a decision may be trusted; only `verified` is ever printed.
Trust = Literal["verified", "secondary", "inferred", "memory"]


class Shortcoming(Struct, frozen=True, forbid_unknown_fields=True):
    """One weakness an authority found; `class-only`: its class was read, not its detail."""

    weakness: str
    evidence: Trust
    scorable: Literal["yes", "class-only", "no"]
    what: Text

    @property
    def printable(self) -> bool:
        """Whether a report may state it."""
        return self.evidence == "verified" and self.scorable != "no"


class Decision(Struct, frozen=True, forbid_unknown_fields=True):
    """A public decision; `fine` is in euros, for the whole of it, None when none is known."""

    id: str
    authority: str
    organisation: Text
    kind: Literal["sanction", "formal_notice", "warning"]
    source: str
    shortcomings: tuple[Shortcoming, ...]
    date: dt.date | None = None
    year: int | None = None
    health: bool = False
    fine: int | None = None
    note: Text | None = None

    @property
    def decided_in(self) -> int:
        """The year of the decision."""
        return self.date.year if self.date else self.year or 0


def named_by(
    notice: Notice | None, decisions: Iterable[Decision], families: Mapping[str, str]
) -> frozenset[str]:
    """Return the weaknesses and the modules that a formal notice finds wanting.

    They are the ones the scope file gives; else, for a decision that was made public, the ones
    read in it, and the whole module where only the class of a shortcoming was read.
    """
    if notice is None:
        return frozenset()
    public = [s for d in decisions if d.id == notice.reference for s in d.shortcomings]
    read = {
        families.get(s.weakness, s.weakness) if s.scorable == "class-only" else s.weakness
        for s in public
        if s.printable
    }
    return frozenset(notice.names or read)


def about(weakness: str, decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Return the decisions in which an authority found that weakness, the nearest first.

    Each keeps only what may be printed, and of that only what is about the weakness.
    """
    return _nearest(_kept(decisions, {weakness}))


def comparable(weaknesses: Iterable[str], decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Return the decisions that share a weakness with an audit, the nearest first."""
    return _nearest(_kept(decisions, set(weaknesses)))


def _kept(decisions: Iterable[Decision], weaknesses: set[str]) -> Iterator[Decision]:
    for decision in decisions:
        kept = tuple(s for s in decision.shortcomings if s.printable and s.weakness in weaknesses)
        if kept:
            yield replace(decision, shortcomings=kept)


def _nearest(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    # Health before other sectors, the CNIL before its neighbours, what has more in common first.
    return tuple(sorted(decisions, key=_distance))


def _distance(decision: Decision) -> tuple[bool, bool, int, int, str]:
    foreign = decision.authority != "CNIL"
    common = _different(decision.shortcomings)
    return foreign, not decision.health, -common, -decision.decided_in, decision.id


def _different(shortcomings: Sequence[Shortcoming]) -> int:
    return len({s.weakness for s in shortcomings})
