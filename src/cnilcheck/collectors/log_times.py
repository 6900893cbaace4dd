"""Times as logs write them, to seconds since 1970 and seconds east of UTC."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

Instant: TypeAlias = tuple[int, int | None]
"""Seconds since 1970, and seconds east of UTC, None when the time has no zone."""

MONTHS = {name: n for n, name in enumerate(
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), start=1)}  # fmt: skip
_ZONES = {"Z": 0, "UTC": 0, "GMT": 0, "CET": 3600, "CEST": 7200, "WET": 0, "WEST": 3600}
_EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
_DAY = 86_400
# Outside these years a time is a broken clock's, and tells nothing of when.
_FIRST_YEAR, _LAST_YEAR = 1980, 2100


def days(year: int, month: int, day: int) -> int | None:
    """Return the days since 1970, None for a day that is none, or before 1980 or after 2100."""
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return dt.date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        return None


@lru_cache(maxsize=64)
def year_of(epoch: int) -> int:
    """Return the year of a time."""
    return dt.date.fromordinal(epoch // _DAY + _EPOCH_DAY).year


def offset_of(zone: str) -> int | None:
    """Return the seconds east of UTC of `+0100`, `+01:00`, `+01`, `Z` or a known name."""
    if zone in _ZONES:
        return _ZONES[zone]
    found = re.fullmatch(r"([+-])(\d\d):?(\d\d)?", zone)
    if found is None:
        return None
    seconds = int(found[2]) * 3600 + int(found[3] or 0) * 60
    return -seconds if found[1] == "-" else seconds


_WEB_MINUTE = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d)")


_WEB_ZONE = re.compile(rb"[+-]\d{4}")


@lru_cache(maxsize=8192)
def web_minute(stamp: bytes, zone: bytes) -> Instant | None:
    """Return the time of `03/Nov/2026:10:00` and `+0100`, None when it is none."""
    found = _WEB_MINUTE.fullmatch(stamp.decode("latin-1"))
    offset = offset_of(zone.decode("latin-1")) if _WEB_ZONE.fullmatch(zone) else None
    if found is None or offset is None:
        return None
    day = days(int(found[3]), MONTHS.get(found[2], 0), int(found[1]))
    if day is None:
        return None
    return day * _DAY + int(found[4]) * 3600 + int(found[5]) * 60 - offset, offset


_ISO_MINUTE = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)")


@lru_cache(maxsize=8192)
def iso_minute(stamp: bytes, zone: bytes) -> Instant | None:
    """Return the time of `2026-11-03T10:00` and its zone, which may be empty."""
    found = _ISO_MINUTE.fullmatch(stamp.decode("latin-1"))
    day = days(int(found[1]), int(found[2]), int(found[3])) if found else None
    if found is None or day is None:
        return None
    offset = offset_of(zone.decode("latin-1")) if zone else None
    return day * _DAY + int(found[4]) * 3600 + int(found[5]) * 60 - (offset or 0), offset


def utc_minute(stamp: bytes, _zone: bytes) -> Instant | None:
    """Return the time of `2026-11-03 10:00`, which the format says is UTC."""
    return iso_minute(stamp, b"Z")


def unix_time(stamp: bytes, _zone: bytes) -> Instant | None:
    """Return the time of seconds since 1970."""
    seconds = int(stamp)
    return (seconds, 0) if _FIRST_YEAR <= 1970 + seconds // 31_556_952 <= _LAST_YEAR else None


STAMP = re.compile(
    r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,]\d{1,9})?"
    r" ?(Z|UTC|GMT|[A-Z]{3,4}(?![A-Za-z])|[+-]\d\d:?\d\d|[+-]\d\d(?!\d))?"
)
_LEVELS = frozenset({"INFO", "WARN", "LOG", "CRIT", "ERR"})


def instant(found: re.Match[str]) -> Instant | None:
    """Return the time of a match of STAMP."""
    day = days(int(found[1]), int(found[2]), int(found[3]))
    if day is None:
        return None
    local = day * _DAY + int(found[4]) * 3600 + int(found[5]) * 60 + int(found[6])
    zone = found[7] if found[7] and found[7] not in _LEVELS else None
    offset = offset_of(zone) if zone else None
    # A name of a zone that is not known still is one: the time is off, and not by much.
    return local - (offset or 0), 0 if zone and offset is None else offset


def instant_of(text: str) -> Instant | None:
    """Return the time of a text that is one."""
    found = STAMP.fullmatch(text)
    return instant(found) if found else None


def any_instant(value: Any) -> Instant | None:
    """Return the time of a value of JSON: a text, or seconds to nanoseconds since 1970."""
    if isinstance(value, str) and re.fullmatch(r"\d{9,19}(?:\.\d{1,9})?", value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        found = STAMP.match(value)
        return instant(found) if found else _month_first(value)
    for unit in (1, 1_000, 1_000_000, 1_000_000_000):
        # From 2001 to 2096.
        if 1e9 <= value / unit < 4e9:
            return int(value / unit), 0
    return None


@dataclass(frozen=True)
class Times:
    """The times of lines: of each its minute, in seconds since 1970, and how many each minute has.

    `first` and `last` are the earliest and the latest second; `ordered` says that no line is of an
    earlier second than the line before it.
    """

    epochs: Sequence[int]
    counts: dict[int, int]
    offset: int
    first: int
    last: int
    ordered: bool


def times_of(stamps: list[bytes], zone: bytes) -> Times | None:
    """Return the times of `[03/Nov/2026:10:00:59`s; None unless they are times of one day."""
    in_order = sorted(stamps)
    low, high = in_order[0], in_order[-1]
    if low[:13] != high[:13]:
        return None
    ordered = stamps == in_order
    minutes = _runs(stamps) if ordered else Counter([stamp[1:-3] for stamp in stamps])
    known, offset = dict[bytes, int](), 0
    for minute in minutes:
        epoch, east = web_minute(minute, zone) or (0, None)
        if east is None:
            return None
        known[minute], offset = epoch, east
    epochs = list[int]()
    if ordered:
        for minute, count in minutes.items():
            epochs += [known[minute]] * count
    else:
        epochs = [known[stamp[1:-3]] for stamp in stamps]
    counts = {known[minute]: count for minute, count in minutes.items()}
    first, last = known[low[1:-3]] + int(low[-2:]), known[high[1:-3]] + int(high[-2:])
    return Times(epochs, counts, offset, first, last, ordered)


def _runs(stamps: list[bytes]) -> dict[bytes, int]:
    """Return how many times each minute has, of times in order."""
    runs, start = dict[bytes, int](), 0
    while start < len(stamps):
        minute = stamps[start][1:-3]
        end = bisect_right(stamps, b"[" + minute + b":99", start)
        runs[minute], start = end - start, end
    return runs


_MONTH_FIRST = re.compile(
    r"([A-Z][a-z]{2}) {1,2}(\d{1,2}),? (\d{4}) (\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?"
    r"(?: ([A-Z]{3,4}|[+-]\d\d:?\d\d))?"
)


def _month_first(text: str) -> Instant | None:
    """Return the time of `Nov 03 2026 10:00:00`, as CEF and LEEF write it."""
    found = _MONTH_FIRST.match(text)
    day = days(int(found[3]), MONTHS.get(found[1], 0), int(found[2])) if found else None
    if found is None or day is None:
        return None
    offset = offset_of(found[7]) if found[7] else None
    local = day * _DAY + int(found[4]) * 3600 + int(found[5]) * 60 + int(found[6])
    return local - (offset or 0), offset
