"""The rhythm of a log, learned from itself, and the stretches where lines are missing from it.

Reference: a run without lines is unlikely when the sum of the rates expected during it is large
(under a Poisson process its probability is exp(-sum)). Rates come from the same quarter or whole
hours of the weeks around, low enough that a lunch break or a closed Monday expects nothing.
"""

from __future__ import annotations

import datetime as dt
import math
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from cnilcheck.model.facts import Silence
from cnilcheck.model.working_days import easter, public_holidays

_DAY = 86_400
_EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
_MAX_DAYS = 800
_ALPHA = 1e-9  # one false alarm in a thousand million runs, before dispersion
_LEAST_DISPERSION, _MOST_DISPERSION = 1.5, 50.0
_NEAREST = 9  # weeks on either side that speak for a day
_EDGE = 30  # minutes: people open later and close earlier than usual
_MAX_SILENCES = 50


@dataclass
class Minutes:
    """How many lines each minute has, by UTC day; and the offset the log's own times had."""

    days: dict[int, array[int]] = field(default_factory=dict)
    offsets: dict[int, int] = field(default_factory=dict)

    def add(self, epoch: int, offset: int, count: int = 1) -> None:
        """Count lines of one time."""
        day, second = divmod(epoch, _DAY)
        if day not in self.days:
            if len(self.days) >= _MAX_DAYS:
                return
            self.days[day] = array("L", bytes(1440 * array("L").itemsize))
        self.days[day][second // 60] += count
        self.offsets[day] = offset

    def join(self, others: Minutes) -> None:
        """Add the lines of other minutes."""
        for day, counts in others.days.items():
            for minute, count in enumerate(counts):
                if count:
                    self.add(day * _DAY + minute * 60, others.offsets[day], count)

    def active(self) -> tuple[array[int], array[int]]:
        """Return the minutes that have lines, in order, and how many.

        Days far from all others are left out: one line with a wrong date is not a log.
        """
        minutes, counts = array("q"), array("q")
        known = sorted(self.days)
        middle = known[len(known) // 2] if known else 0
        for day in (d for d in known if abs(d - middle) <= _MAX_DAYS):
            for minute, count in enumerate(self.days[day]):
                if count:
                    minutes.append(day * 1440 + minute)
                    counts.append(count)
        return minutes, counts


@dataclass(frozen=True)
class Rhythm:
    """The silences of a log and the shortest one that could have been seen in it."""

    silences: tuple[Silence, ...]
    smallest_visible_minutes: int


def find_silences(minutes: Minutes) -> Rhythm | None:
    """Return the stretches without lines that the rhythm does not explain, None without a rhythm.

    A stretch counts when the log's own clock and the clock of Paris both say so: the change to
    summer time shifts one of the two.
    """
    active, counts = minutes.active()
    if not active:
        return None

    def own(minute: int) -> int:
        return minutes.offsets.get(minute // 1440, 0) // 60

    readings = [_Clock(active, counts, clock) for clock in (own, _paris)]
    if any(not reading.rate for reading in readings):
        return None
    first, second = (reading.silent() for reading in readings)
    both = [(*run, min(score, second[run])) for run, score in first.items() if run in second]
    silences = tuple(
        Silence(_time(start), _time(end), round(score, 1)) for start, end, score in both
    )
    return Rhythm(silences[:_MAX_SILENCES], max(reading.smallest() for reading in readings))


def _time(minute: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(minute * 60, dt.UTC)


class _Clock:
    """The log as seen on one clock: days of that clock in bins, and what each bin expects."""

    def __init__(
        self, active: array[int], counts: array[int], offset: Callable[[int], int]
    ) -> None:
        self._active = active
        self._local = array("q", (minute + offset(minute) for minute in active))
        first, last = self._local[0] // 1440, self._local[-1] // 1440
        self.bin = _bin_size(active, counts)
        self._days = {day: [0] * (1440 // self.bin) for day in range(first, last + 1)}
        for local, count in zip(self._local, counts, strict=True):
            if first <= local // 1440 <= last:
                self._days[local // 1440][local % 1440 // self.bin] += count
        self._taught = self._ordinary(range(first + 1, last))
        self.rate = {day: rates for day in self._days if any(rates := self._expected(day))}
        self._threshold = -math.log(_ALPHA) * self._dispersion()

    def _ordinary(self, whole: range) -> list[int]:
        """Return the days that teach the rhythm: whole ones, holidays only if people worked."""
        totals = sorted(sum(self._days[day]) for day in whole if not _may_close(day))
        half = totals[len(totals) // 2] / 2 if totals else 0
        return [d for d in whole if not _may_close(d) or sum(self._days[d]) > half]

    def _dispersion(self) -> float:
        """Return the variance of neighbouring bins over their mean: 1 for lines on their own.

        Neighbours of like rates are compared within a day, so that neither a busy week nor the
        opening of the shop is taken for bursts.
        """
        squares, sums = 0, 0
        for day, rates in self.rate.items():
            bins = self._days[day]
            for n in range(len(bins) - 1):
                low, high = sorted(rates[n : n + 2])
                if low * 2 > high and bins[n] and bins[n + 1]:
                    squares += (bins[n] - bins[n + 1]) ** 2
                    sums += bins[n] + bins[n + 1]
        return min(max(squares / (sums or 1), _LEAST_DISPERSION), _MOST_DISPERSION)

    def _expected(self, day: int) -> list[float]:
        """Return the lines per bin that even a quiet week brings, 0 around any usual pause.

        A day is judged by others: the same weekday of the weeks around, and while there are few of
        them all other working days must agree.
        """
        others = [d for d in self._taught if d != day]
        samples = self._nearest(day, [d for d in others if (d - day) % 7 == 0])
        weekday = (day + 3) % 7 < 5
        likes = [d for d in others if (d + 3) % 7 < 5] if len(samples) < 8 else []
        if len(samples) < (1 if weekday else 8) or (likes and len(likes) < 8):
            return []
        single = self._low(samples, 1, likes)
        triple = self._low(samples, 3, likes)
        near = -(-_EDGE // self.bin)
        rates = [
            0.0 if not all(single[max(0, n - near) : n + near + 1]) else triple[n] / 3
            for n in range(len(single))
        ]
        if _may_close(day) and not self._open_all_day(day, rates):
            return []
        level = self._level(day, rates)
        return [rate * level for rate in rates]

    def _nearest(self, day: int, days: list[int]) -> list[int]:
        return sorted(days, key=lambda d: (abs(d - day), d))[:_NEAREST]

    def _low(self, samples: list[int], width: int, likes: list[int]) -> list[float]:
        """Return, for windows of bins, the low quartile of these days.

        With few weeks one outlier among three or more is allowed.
        """
        count, reach = 1440 // self.bin, width // 2
        index = (len(samples) - 1) // 4 if len(samples) >= 8 else int(len(samples) > 2)
        low = []
        for n in range(count):
            part = slice(max(0, n - reach), n + reach + 1)
            values = sorted(sum(self._days[d][part]) for d in samples)
            value = values[index]
            if likes and value:
                others = sorted(sum(self._days[d][part]) for d in likes)
                value = min(value, others[(len(others) - 1) // 4])
            low.append(float(value))
        return low

    def _level(self, day: int, rates: list[float]) -> float:
        """Return how much of the usual a day brings where it brings anything, at most all."""
        shares = sorted(
            n / rate for n, rate in zip(self._days[day], rates, strict=True) if n and rate
        )
        return min(1.0, shares[len(shares) // 2]) if shares else 1.0

    def _open_all_day(self, day: int, rates: list[float]) -> bool:
        """Return whether a day on which people may close is as busy as usual at both its ends."""
        half = sum(rates) / 2
        busy = [n for n, rate in enumerate(rates) if rate > half / max(1, len(rates))]
        edge = max(1, len(busy) // 5)
        bins = self._days[day]
        ends = busy[:edge], busy[-edge:]
        return bool(busy) and all(
            sum(bins[n] for n in end) > sum(rates[n] for n in end) / 2 for end in ends
        )

    def silent(self) -> dict[tuple[int, int], float]:
        """Return the runs without lines that are too long, in UTC minutes, with what they expected.

        Start is the last minute with lines, end the next one.
        """
        found = {}
        for n in range(len(self._local) - 1):
            local, until = self._local[n], self._local[n + 1]
            if until - local > 2:
                score = sum(self._scores(local + 1, until))
                if score > self._threshold:
                    found[self._active[n], self._active[n + 1]] = score
        return found

    def _scores(self, start: int, end: int) -> Iterator[float]:
        minute = start
        while minute < end:
            day, within = divmod(minute, 1440)
            stop = min(end, day * 1440 + (within // self.bin + 1) * self.bin)
            rates = self.rate.get(day)
            if rates:
                yield rates[within // self.bin] * (stop - minute) / self.bin
            minute = stop if rates else min(end, (day + 1) * 1440)

    def smallest(self) -> int:
        """Return the minutes of the shortest run that would be seen, at the busiest time."""
        busiest = max(rate for rates in self.rate.values() for rate in rates) / self.bin
        return math.ceil(self._threshold / busiest)


def _bin_size(active: array[int], counts: array[int]) -> int:
    """Return minutes wide enough to hold five lines of a usual hour with lines."""
    hours: dict[int, int] = {}
    for minute, count in zip(active, counts, strict=True):
        hours[minute // 60] = hours.get(minute // 60, 0) + count
    usual = sorted(hours.values())[len(hours) // 2]
    return next((size for size in (10, 15, 20, 30) if usual * size / 60 >= 5), 60)


@lru_cache(maxsize=64)
def _changes(year: int) -> tuple[int, int]:
    """Return the UTC minutes at which summer time begins and ends (directive 2000/84/EC)."""
    minutes = []
    for month in (3, 10):
        last = dt.date(year, month, 31)
        sunday = last - dt.timedelta(days=(last.weekday() + 1) % 7)
        minutes.append((sunday.toordinal() - _EPOCH_DAY) * 1440 + 60)
    return minutes[0], minutes[1]


def _paris(minute: int) -> int:
    """Return the minutes Paris is ahead of UTC."""
    return 120 if bisect_left(_changes(_year(minute // 1440)), minute + 1) == 1 else 60


def _year(day: int) -> int:
    return dt.date.fromordinal(day + _EPOCH_DAY).year


@lru_cache(maxsize=4096)
def _may_close(day: int) -> bool:
    """Return whether people may close that day: holidays, the days between one and a week-end.

    Code du travail, article L.3133-1, with Good Friday and 26 December (Alsace-Moselle), and the
    eves of Christmas and of the new year.
    """
    date = dt.date.fromordinal(day + _EPOCH_DAY)
    if _holiday(date) or (date.month, date.day) in ((12, 24), (12, 31)):
        return True
    one = dt.timedelta(days=1)
    return (date.weekday() == 0 and _holiday(date + one)) or (
        date.weekday() == 4 and _holiday(date - one)
    )


def _holiday(date: dt.date) -> bool:
    good_friday = easter(date.year) - dt.timedelta(days=2)
    alsace_moselle = date == good_friday or (date.month, date.day) == (12, 26)
    return alsace_moselle or date in public_holidays(date.year)
