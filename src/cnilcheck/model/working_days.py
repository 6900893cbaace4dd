"""The days on which people in metropolitan France do not work."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache


def next_working_day(day: dt.date) -> dt.date:
    """Return that day, or the first one after it that is no weekend or French public holiday."""
    while day.weekday() >= 5 or day in public_holidays(day.year):
        day += dt.timedelta(days=1)
    return day


@lru_cache(maxsize=64)
def public_holidays(year: int) -> frozenset[dt.date]:
    """Return the public holidays of metropolitan France (Code du travail L.3133-1)."""
    fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)]
    sunday = easter(year)
    moving = [sunday + dt.timedelta(days=n) for n in (1, 39, 50)]
    return frozenset([dt.date(year, m, d) for m, d in fixed] + moving)


@lru_cache(maxsize=64)
def easter(year: int) -> dt.date:
    """Return Easter Sunday, by the anonymous Gregorian algorithm (Nature, 1876)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return dt.date(year, month, day + 1)
