"""Whether the lines of a log follow each other in time, on one clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from cnilcheck.collectors.log_places import Line, further

# A web server writes a line when a request ends, some with the time it began.
_USUAL = 120
_MAX_STEPS = 20
_AHEAD = 86_400


@dataclass(frozen=True, order=True)
class Step:
    """A line whose time lies before that of the line above it, by so many seconds."""

    seconds: int
    at: Line
    time: int


@dataclass
class Timeline:
    """The steps back in a log: how many, and the largest of them; and lines ahead of the file."""

    backwards: int = 0
    steps: list[Step] = field(default_factory=list)
    ahead: int = 0
    _file: int = -1
    _previous: int = 0
    _first: tuple[int, int, bool] | None = None

    def see(
        self, file: int, epochs: Sequence[int], numbers: Sequence[int], *, zoned: bool = True
    ) -> None:
        """Take the times of lines, in order."""
        if not epochs:
            return
        before = epochs[0] if file != self._file else self._previous
        if file != self._file:
            self._first = epochs[0], numbers[0], zoned
        self._file, self._previous = file, epochs[-1]
        times = [before, *epochs]
        if times != sorted(times):
            self._steps(file, times, numbers, zoned)

    def _steps(self, file: int, times: Sequence[int], numbers: Sequence[int], zoned: bool) -> None:
        for number, (one, other) in zip(numbers, pairwise(times), strict=True):
            back = one - other
            if back > _USUAL and (zoned or not _summer_time_ends(one, back)):
                self.backwards += 1
                self.steps.append(Step(back, (file, number), other))
        if len(self.steps) > _MAX_STEPS:
            self.steps = sorted(self.steps, reverse=True)[:_MAX_STEPS]

    def join(self, end: Timeline, lines: int) -> None:
        """Add the steps of the end of the last file, whose lines come after so many others."""
        if end._first is None:
            return
        epoch, number, zoned = end._first
        self.see(end._file, (epoch,), (number + lines,), zoned=zoned)
        self.backwards += end.backwards
        self.ahead += end.ahead
        self.steps += [Step(s.seconds, further(s.at, lines), s.time) for s in end.steps]
        self.steps = sorted(self.steps, reverse=True)[:_MAX_STEPS]
        self._previous = end._previous

    def late(self, epoch: int, written: int, count: int = 1) -> None:
        """Count lines whose time is more than a day after the file was last written."""
        if written and epoch > written + _AHEAD:
            self.ahead += count


def _summer_time_ends(local: int, back: int) -> bool:
    """Return whether a clock without zone goes back as it must, the last Sunday of October."""
    day = dt.datetime.fromtimestamp(local, dt.UTC)
    return day.month == 10 and day.day >= 25 and day.weekday() == 6 and back <= 3_600 + _USUAL
