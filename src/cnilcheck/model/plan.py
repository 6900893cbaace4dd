"""The deadline of a formal notice (regulation.md PRO-06 to PRO-10)."""

from __future__ import annotations

import calendar
import datetime as dt

from cnilcheck.model.report import Deadline
from cnilcheck.model.scope import Notice


def deadline(notice: Notice, as_of: dt.date) -> Deadline:
    """Return the due date: receipt plus months, clamped to the month's end, or the extension.

    No text establishes that a CNIL notice ending on a day off moves to the next working day
    (PRO-08): that day is given as information, and never used as the due date.
    """
    due = notice.extended_to or add_months(notice.received_on, notice.months)
    return Deadline(
        received_on=notice.received_on,
        due_on=due,
        days_left=(due - as_of).days,
        extended=notice.extended_to is not None,
        next_working_day=next_working_day(due),
    )


def add_months(day: dt.date, months: int) -> dt.date:
    """Return the same day-number that many months later, or the last day of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def next_working_day(day: dt.date) -> dt.date:
    """Return that day, or the first one after it that is no weekend or French public holiday."""
    while day.weekday() >= 5 or day in public_holidays(day.year):
        day += dt.timedelta(days=1)
    return day


def public_holidays(year: int) -> frozenset[dt.date]:
    """Return the public holidays of metropolitan France (Code du travail L.3133-1)."""
    fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)]
    easter = _easter(year)
    moving = [easter + dt.timedelta(days=n) for n in (1, 39, 50)]
    return frozenset([dt.date(year, m, d) for m, d in fixed] + moving)


def _easter(year: int) -> dt.date:
    # Anonymous Gregorian computus (Meeus, Jones, Butcher).
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return dt.date(year, month, day + 1)
