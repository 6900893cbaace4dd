"""What was counted in one log: exact, small, and able to be joined with the count of its next part.

Nothing of a line is kept but its number, and names of accounts and addresses of clients while the
log is read.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from cnilcheck.collectors.log_accounts import Accounts
from cnilcheck.collectors.log_behaviour import Behaviour
from cnilcheck.collectors.log_events import WebKind
from cnilcheck.collectors.log_order import Order
from cnilcheck.collectors.log_personal import PersonalData
from cnilcheck.collectors.log_places import Line, further
from cnilcheck.collectors.log_readers import Readers
from cnilcheck.collectors.log_rhythm import Minutes
from cnilcheck.collectors.log_timeline import Timeline
from cnilcheck.model.logging_matrix import (
    CATEGORIES,
    EVENT_FIELDS,
    EventCategory,
    EventCount,
    EventField,
    FieldCount,
)

BIT: dict[EventField, int] = {name: 1 << n for n, name in enumerate(EVENT_FIELDS)}
_MAX_AUTHORS = 50_000
_MAX_CLIENTS = 50_000
SHOWN_UNPARSED = 3


class Flags(NamedTuple):
    """What a line fills beside its request: each true when the value is meaningful."""

    person: bool = False
    origin: bool = False
    zoned: bool = False
    equipment: bool = False
    correlation: bool = False
    outcome: bool = True


@lru_cache(maxsize=4096)
def web_mask(kind: WebKind, flags: Flags) -> int:
    """Return the fields a line of a web server fills, as bits."""
    filled = {
        "time": flags.zoned, "author": flags.person, "operation": kind.operation,
        "reference": kind.reference, "outcome": flags.outcome, "origin": flags.origin,
        "equipment": flags.equipment, "correlation": flags.correlation,
    }  # fmt: skip
    return sum(1 << n for n, name in enumerate(EVENT_FIELDS) if filled[name])


@dataclass
class Cell:
    """Events of one category with the same fields filled: how many, and the first of them."""

    count: int = 0
    first: Line = (0, 0)


@dataclass
class Tally:
    """The count of a log, or of a part of it."""

    lines: int = 0
    unparsed: int = 0
    unparsed_samples: list[tuple[Line, str]] = field(default_factory=list)
    cut_starts: set[int] = field(default_factory=set)
    """Files whose first line could not be read: its beginning is elsewhere."""
    first: int | None = None
    last: int | None = None
    minutes: Minutes = field(default_factory=Minutes)
    offsets: Counter[int | None] = field(default_factory=Counter)
    cells: dict[tuple[EventCategory, int], Cell] = field(default_factory=dict)
    unclassified: int = 0
    counted: int = 0
    timed: int = 0
    operations: int = 0
    references: int = 0
    named: int = 0
    named_expected: int = 0
    named_at_all: int = 0
    authors: Counter[str] = field(default_factory=Counter)
    personal: PersonalData = field(default_factory=PersonalData)
    timeline: Timeline = field(default_factory=Timeline)
    behaviour: Behaviour = field(default_factory=Behaviour)
    readers: Readers = field(default_factory=Readers)
    accounts: Accounts = field(default_factory=Accounts)
    order: Order = field(default_factory=Order)

    def event(self, category: EventCategory | None, mask: int, at: Line, count: int = 1) -> None:
        """Count events of a category, of which `at` is the first."""
        if category is None:
            self.unclassified += count
            return
        cell = self.cells.get((category, mask))
        if cell is None:
            self.cells[category, mask] = Cell(count, at)
        else:
            cell.count += count

    def request(self, kind: WebKind, mask: int, flags: Flags, at: Line, count: int) -> None:
        """Count lines of a web server that are alike, of which `at` is the first."""
        self.event(kind.category, mask, at, count)
        self.named_at_all += count * flags.person
        if kind.counts:
            self.counted += count
            self.timed += count * flags.zoned
            self.operations += count * kind.operation
            self.references += count * kind.operation
        if kind.served:
            self.named_expected += count
            self.named += count * flags.person

    def single(self, kind: WebKind, flags: Flags, reference: bool, at: Line) -> None:
        """Count one line of any other log, whose address or object is a reference to data."""
        self.lines += 1
        self.request(kind, web_mask(kind, flags), flags, at, 1)
        if kind.counts:
            self.references += reference - kind.operation

    def known(self, category: EventCategory | None, mask: int) -> bool:
        """Return whether an event of the kind was seen, so that its first line is known."""
        return category is None or (category, mask) in self.cells

    def span(self, first: int, last: int) -> None:
        """Widen the time covered, in seconds since 1970."""
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)

    def count_authors(self, authors: Counter[str]) -> None:
        """Add lines of authors; past the bound only of those already known."""
        if len(self.authors) > _MAX_AUTHORS:
            authors = Counter({a: n for a, n in authors.items() if a in self.authors})
        self.authors.update(authors)

    def count_author(self, author: str) -> None:
        """Add one line of an author."""
        if len(self.authors) < _MAX_AUTHORS or author in self.authors:
            self.authors[author] += 1

    def join(self, end: Tally, lines: int) -> None:
        """Add the count of the end of the last file, whose lines come after so many others."""
        for name in ("lines", "unparsed", "unclassified", "counted", "timed", "operations",
                     "references", "named", "named_expected", "named_at_all"):  # fmt: skip
            setattr(self, name, getattr(self, name) + getattr(end, name))
        self.unparsed_samples += [(further(at, lines), text) for at, text in end.unparsed_samples]
        del self.unparsed_samples[SHOWN_UNPARSED:]
        if end.first is not None and end.last is not None:
            self.span(end.first, end.last)
        for (category, mask), cell in end.cells.items():
            self.event(category, mask, further(cell.first, lines), cell.count)
        self.offsets.update(end.offsets)
        self.count_authors(end.authors)
        self.minutes.join(end.minutes)
        self.personal.join(end.personal)
        self.timeline.join(end.timeline, lines)
        self.behaviour.join(end.behaviour, lines)
        self.readers.join(end.readers, lines)
        self.accounts.join(end.accounts, lines)

    def events(self, files: tuple[str, ...]) -> tuple[EventCount, ...]:
        """Return the counts per category and field, with the first lines as `file:line`."""
        return tuple(
            self._event_count(category, files)
            for category in CATEGORIES
            if any(known == category for known, _ in self.cells)
        )

    def _event_count(self, category: EventCategory, files: tuple[str, ...]) -> EventCount:
        cells = {mask: cell for (known, mask), cell in self.cells.items() if known == category}

        def first(chosen: list[Cell]) -> str:
            if not chosen:
                return ""
            number, line = min(cell.first for cell in chosen)
            return f"{files[number]}:{line}"

        fields = []
        for name in EVENT_FIELDS:
            have = [cell for mask, cell in cells.items() if mask & BIT[name]]
            lack = [cell for mask, cell in cells.items() if not mask & BIT[name]]
            filled = sum(cell.count for cell in have)
            fields.append(FieldCount(name, filled, first(have), first(lack)))
        total = sum(cell.count for cell in cells.values())
        return EventCount(category, total, first(list(cells.values())), tuple(fields))


def moment(epoch: int) -> dt.datetime:
    """Return the time in UTC."""
    return dt.datetime.fromtimestamp(epoch, dt.UTC)
