"""Where and when each account was given records: from how many networks in an hour, by night.

An hour is settled when the account's next one begins, so that little is kept; names stay only while
the log is read.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

from cnilcheck.collectors.log_places import Line, further
from cnilcheck.model.logging_matrix import EventCategory

TAKEN: frozenset[EventCategory | None] = frozenset({"consultation", "export"})
"""What hands a record out."""
HOUR = 3_600
_DAY = 86_400
_MAX_ACCOUNTS = 50_000
MOST_NETWORKS = 8
_MAX_DAYS = 200_000
_SHOWN = 20
# By local time. In UTC, what is night in metropolitan France in winter and in summer.
_NIGHT = range(5)
_UTC_NIGHT = range(3)


@dataclass
class Hour:
    """An hour of an account: of which local day, and what it was given; at most 8 networks."""

    number: int
    day: int
    by_night: bool
    first: Line = (0, 0)
    records: int = 0
    networks: set[bytes] = field(default_factory=set)


@dataclass(order=True)
class Peak:
    """A stretch of one account: a count, the line it begins with, its start in seconds."""

    count: int
    first: Line
    start: int


@dataclass
class Departed:
    """What an account did after its owner left."""

    left: int
    first: Line
    lines: int = 0
    last: int = 0


@dataclass
class Accounts:
    """What was noted so far; records only where they are `wanted`."""

    wanted: bool = False
    records: int = 0
    located: int = 0
    """Records whose client has an address."""
    most_networks: list[Peak] = field(default_factory=list)
    departures: dict[str, int] = field(default_factory=dict)
    """From when on accounts are those of people who left, by name in small letters."""
    listed: frozenset[str] = frozenset()
    """The accounts that the scope's lists name, of those who left and of the others."""
    departed: dict[str, Departed] = field(default_factory=dict)
    _nights: dict[str, dict[int, Peak]] = field(default_factory=dict)
    _days: dict[str, set[int]] = field(default_factory=dict)
    _heads: dict[str, Hour] = field(default_factory=dict)
    """The first hour of each account, settled last: what comes before may hold its beginning."""
    _open: dict[str, Hour] = field(default_factory=dict)
    _kept_days: int = 0

    def given(
        self, author: str, clients: Iterable[str], epoch: int, offset: int | None, at: Line,
        records: int = 1,
    ) -> None:  # fmt: skip
        """Note records that an account was given in one hour; `at` is the first line of them."""
        hour = self.hour_of(author, epoch, offset)
        if hour is None:
            return
        if not hour.records:
            hour.first = at
        hour.records += records
        for client in clients:
            if len(hour.networks) >= MOST_NETWORKS:
                break
            network = coarse_network(client.encode())
            if network:
                hour.networks.add(network)
        self.records += records
        self.located += records if hour.networks else 0

    def hour_of(self, author: str, epoch: int, offset: int | None) -> Hour | None:
        """Return the hour of an account that a time is in, None past the bound of accounts."""
        number = epoch // HOUR
        hour = self._open.get(author)
        if hour is not None and hour.number == number:
            return hour
        if hour is not None:
            self._close(author, hour)
        elif len(self._open) >= _MAX_ACCOUNTS:
            return None
        day, second = divmod(number * HOUR + (offset or 0), _DAY)
        by_night = second // HOUR in (_UTC_NIGHT if offset == 0 else _NIGHT)
        hour = self._open[author] = Hour(number, day, by_night)
        return hour

    def see(self, author: str, epoch: int, at: Line, lines: int = 1) -> None:
        """Note lines of an account, of whatever kind, that may be a leaver's."""
        name = _account(author)
        left = self.departures.get(name)
        if left is not None and epoch >= left:
            one = self.departed.setdefault(name, Departed(left, at))
            one.lines += lines
            one.last = max(one.last, epoch)

    def recognised(self, authors: Iterable[str]) -> int:
        """Return how many authors are accounts of the lists."""
        return len({name for author in authors if (name := _account(author)) in self.listed})

    def may_have_left(self, author: str) -> bool:
        """Return whether that account belongs to somebody who left, then or later."""
        return _account(author) in self.departures

    def _close(self, author: str, hour: Hour) -> None:
        if author in self._heads:
            self._settle(author, hour)
        else:
            self._heads[author] = hour

    def _settle(self, author: str, hour: Hour) -> None:
        start = hour.number * HOUR
        _keep(self.most_networks, Peak(len(hour.networks), hour.first, start))
        if self._kept_days < _MAX_DAYS:
            known = self._days.setdefault(author, set())
            self._kept_days += hour.day not in known
            known.add(hour.day)
            if hour.by_night:
                first = Peak(0, hour.first, start)
                night = self._nights.setdefault(author, {}).setdefault(hour.day, first)
                night.count += hour.records
                night.first = min(night.first, hour.first)

    def end(self) -> None:
        """Settle the hours that are open."""
        for hours in (self._heads, self._open):
            for author, hour in hours.items():
                self._settle(author, hour)
            hours.clear()

    def join(self, end: Accounts, lines: int) -> None:
        """Add what was noted of the end of the last file, whose lines come after so many others."""
        self.records += end.records
        self.located += end.located
        for author, later in end._open.items():
            head = end._heads.get(author)
            for hour in (head, later) if head is not None else (later,):
                self._go_on(author, hour, lines)
        for peak in end.most_networks:
            _keep(self.most_networks, Peak(peak.count, further(peak.first, lines), peak.start))
        for author, days in end._days.items():
            self._days.setdefault(author, set()).update(days)
        for author, nights in end._nights.items():
            known = self._nights.setdefault(author, {})
            for day, night in nights.items():
                first = Peak(0, further(night.first, lines), night.start)
                mine = known.setdefault(day, first)
                mine.count, mine.first = mine.count + night.count, min(mine.first, first.first)
        for name, one in end.departed.items():
            gone = self.departed.setdefault(name, Departed(one.left, further(one.first, lines)))
            gone.lines, gone.last = gone.lines + one.lines, max(gone.last, one.last)

    def _go_on(self, author: str, later: Hour, lines: int) -> None:
        """Let an hour of the part that comes after go on with the one that is open, or begin."""
        mine = self._open.get(author)
        if mine is not None and mine.number == later.number:
            mine.records += later.records
            mine.networks |= later.networks
            return
        if mine is not None:
            self._close(author, mine)
        later.first = further(later.first, lines)
        self._open[author] = later

    def rare_nights(self, least_days: int, most_nights: int) -> list[Peak]:
        """Return the nights of accounts that hardly ever work by night, most records first.

        Only of accounts seen on `least_days` days or more, on `most_nights` nights or fewer.
        """
        found = [
            night
            for author, nights in self._nights.items()
            if len(nights) <= most_nights and len(self._days[author]) >= least_days
            for night in nights.values()
        ]
        return sorted(found, reverse=True)[:_SHOWN]

    def known_accounts(self, least_days: int) -> int:
        """Return how many accounts were seen on so many days or more."""
        return sum(len(days) >= least_days for days in self._days.values())


def _account(author: str) -> str:
    """Return the name of an account without its domain, as lists of accounts have it."""
    return author.strip("\"' ").casefold().rpartition("\\")[2]


def _keep(peaks: list[Peak], peak: Peak) -> None:
    """Keep the largest."""
    if len(peaks) < _SHOWN:
        heapq.heappush(peaks, peak)
    else:
        heapq.heappushpop(peaks, peak)


def coarse_network(client: bytes) -> bytes:
    """Return what tells networks apart, /24 or /48 of IPv6; empty for what is no address."""
    if client.count(b".") == 3:
        return client.rpartition(b".")[0]
    return b":".join(client.split(b":")[:3]) if client.count(b":") > 1 else b""
