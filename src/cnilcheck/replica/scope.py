"""The scope file of the replica, and the dates that it holds."""

from __future__ import annotations

import random
from datetime import date, timedelta


def protected_identifiers(mended: bool, day: date) -> tuple[str, str]:
    """The identifiers of two results that a visitor must not read: guessable, or of 128 bits."""
    if not mended:
        return "2f9c", "2f9d"
    draw = random.Random(f"cnilcheck: results of {day}")
    return draw.randbytes(16).hex(), draw.randbytes(16).hex()


def scope_values(mended: bool, day: date, https: str, http: str) -> dict[str, str]:
    """The blanks of the scope file, apart from the database's."""
    issued_on = day - timedelta(days=300)
    protected, neighbour = protected_identifiers(mended, day)
    return {
        "HTTPS": https,
        "HTTP": http,
        "RECEIVED_ON": f"{day - timedelta(days=20)}",
        "ISSUED_ON": f"{issued_on}",
        "EXPIRES_ON": f"{_three_years_later(issued_on)}",
        "PROTECTED": protected,
        "NEIGHBOUR": neighbour,
    }


def _three_years_later(issued_on: date) -> date:
    """The last day of three years, also for a certificate issued on 29 February."""
    eve = issued_on - timedelta(days=1)
    is_leap_day = (eve.month, eve.day) == (2, 29)
    return eve.replace(year=eve.year + 3, day=28 if is_leap_day else eve.day)
