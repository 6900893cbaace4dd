"""Whether the numbers a log gives its own entries follow each other without a hole.

Numbers: of auditd's events, of Windows records, of journald's entries (since systemd 254), and of
the lines of each PostgreSQL session.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

from cnilcheck.collectors.log_places import Line

_MAX_STREAMS = 20_000
_MAX_HOLES = 2_000
# Entries of one moment are written in any order; what comes back further is a new count.
_LATE = 1_000


class Numbered(NamedTuple):
    """The number of an entry among those of one writer: a machine, a session."""

    kind: str
    writer: str
    number: int


@dataclass
class Hole:
    """Numbers `first` to `last` that were not seen, before the line `at`."""

    first: int
    last: int
    at: Line

    @property
    def missing(self) -> int:
        """How many numbers it spans."""
        return self.last - self.first + 1


@dataclass
class _Stream:
    last: int
    holes: list[Hole] = field(default_factory=list)


@dataclass
class Order:
    """The numbers seen so far."""

    kind: str = ""
    entries: int = 0
    restarts: int = 0
    too_many: bool = False
    """Whether there were more holes than are kept."""
    _streams: dict[str, _Stream] = field(default_factory=dict)
    _kept: int = 0

    def see(self, entry: Numbered, at: Line) -> None:
        """Take the number of the next entry."""
        self.kind, number = entry.kind, entry.number
        self.entries += 1
        stream = self._streams.get(entry.writer)
        if stream is None:
            if len(self._streams) < _MAX_STREAMS:
                self._streams[entry.writer] = _Stream(number)
        elif number == stream.last + 1:
            stream.last = number
        elif number > stream.last:
            self._missing(stream, number, at)
        elif number < stream.last - _LATE or (number <= 1 < stream.last):
            self.restarts += 1
            stream.last = number
        else:
            self._late(stream, number)

    def _missing(self, stream: _Stream, number: int, at: Line) -> None:
        if self._kept < _MAX_HOLES:
            stream.holes.append(Hole(stream.last + 1, number - 1, at))
            self._kept += 1
        else:
            self.too_many = True
        stream.last = number

    def _late(self, stream: _Stream, number: int) -> None:
        """Fill the hole that an entry out of turn belongs to."""
        n = bisect_right(stream.holes, number, key=lambda hole: hole.first) - 1
        hole = stream.holes[n] if n >= 0 else None
        if hole is None or not hole.first <= number <= hole.last:
            return
        parts = [Hole(hole.first, number - 1, hole.at), Hole(number + 1, hole.last, hole.at)]
        stream.holes[n : n + 1] = [part for part in parts if part.missing > 0]

    def holes(self) -> list[Hole]:
        """Return what was not seen, the largest first."""
        found = [hole for stream in self._streams.values() for hole in stream.holes]
        return sorted(found, key=lambda hole: (-hole.missing, hole.at))
