"""Lines in columns, counted a million bytes at a time.

A whole block is cut at its quotes and spaces, or taken apart by one pattern, and counted column by
column, so that the interpreter is entered per block and per new value, not per line. The count is
the one a reader of single lines makes: a line the pattern does not fit is handed to that reader.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import compress, repeat

from cnilcheck.collectors.log_accounts import HOUR, MOST_NETWORKS, TAKEN, coarse_network
from cnilcheck.collectors.log_behaviour import HEAVY
from cnilcheck.collectors.log_events import (
    LOOPBACK,
    SAME_DIGITS,
    WebKind,
    names_a_person,
)
from cnilcheck.collectors.log_layouts import Layout
from cnilcheck.collectors.log_personal import decoded
from cnilcheck.collectors.log_shapes import Shape, Shapes
from cnilcheck.collectors.log_tally import Flags, Tally, web_mask
from cnilcheck.collectors.log_times import Instant, times_of
from cnilcheck.collectors.log_words import Words
from cnilcheck.model.personal_data import DataKind

_MAX_KNOWN = 50_000
_EMPTY = frozenset({b"-", b""})
_NOWHERE = frozenset(name.encode() for name in LOOPBACK)


class _Values(dict[bytes, bool]):
    """What a value counts as; any that is not listed is meaningful."""

    def __missing__(self, _: bytes) -> bool:
        return True


_FILLED = _Values.fromkeys(_EMPTY, False).__getitem__
_SOMEWHERE = _Values.fromkeys(_NOWHERE, False).__getitem__

_NO_EMAIL: frozenset[DataKind] = frozenset({"email"})

_Named = dict[str, Sequence[bytes]]
_Stamp = bytes | tuple[bytes, bytes]
_Asked = tuple[Shape, bytes]
"""A request without its ids, and the status it was answered with."""

ReadLine = Callable[[bytes, int], None]
"""Takes a line that is not in the columns, and its number."""


@dataclass(frozen=True)
class _Latest:
    """The latest minute seen, and the block it is in while its seconds were not looked at."""

    epoch: int
    stamp: _Stamp
    block: bytes


@dataclass
class Columns:
    """Counts blocks of one file into a tally."""

    layout: Layout
    tally: Tally
    file: int
    read_line: ReadLine
    since: int = 0
    written: int = 0
    shapes: Shapes = field(default_factory=Shapes)
    words: Words = field(default_factory=Words)
    _people: dict[bytes, bool] = field(default_factory=dict)
    _latest: _Latest | None = None

    def take(self, block: bytes, number: int) -> int:
        """Count a block that ends with a newline and begins at line `number`; return its lines."""
        return self._take_rows(block, number) or self._take_any(block, number)

    def _take_rows(self, block: bytes, number: int) -> int:
        """Count a block that can be cut, whose times are of one day and late enough; else 0."""
        rows = self.layout.cut.rows(block) if self.layout.cut is not None else None
        times = times_of(rows.stamps, rows.zone) if rows is not None else None
        if rows is None or times is None or min(times.counts) + 59 < self.since:
            return 0
        tally, numbers = self.tally, range(number, number + len(rows.stamps))
        tally.lines += len(numbers)
        tally.span(times.first, times.last)
        tally.offsets[times.offset] += len(numbers)
        for epoch, count in times.counts.items():
            tally.minutes.add(epoch, times.offset, count)
            tally.timeline.late(epoch, self.written, count)
        ends = slice(None, None, len(numbers) - 1 or 1) if times.ordered else slice(None)
        tally.timeline.see(self.file, times.epochs[ends], numbers[ends])
        self._count(rows.columns, numbers, times.epochs, repeat(True), times.offset)
        return len(numbers)

    def _take_any(self, block: bytes, number: int) -> int:
        columns: _Named = dict(self.layout.table(block))
        stamps, times = self._stamps(columns)
        count = len(stamps)
        numbers: Sequence[int] = range(number, number + len(stamps))
        if None in times.values():
            kept = [times[stamp] is not None for stamp in stamps]
            lines = block.split(b"\n")
            for row in (n for n, keep in enumerate(kept) if not keep):
                if lines[row]:
                    self.read_line(lines[row], number + row)
            columns = {name: tuple(compress(column, kept)) for name, column in columns.items()}
            stamps, numbers = tuple(compress(stamps, kept)), tuple(compress(numbers, kept))
        known = {stamp: time for stamp, time in times.items() if time is not None}
        if self.since and any(time[0] + 59 < self.since for time in known.values()):
            kept = [known[stamp][0] + 59 >= self.since for stamp in stamps]
            columns = {name: tuple(compress(column, kept)) for name, column in columns.items()}
            stamps, numbers = tuple(compress(stamps, kept)), tuple(compress(numbers, kept))
            known = {stamp: known[stamp] for stamp in set(stamps)}
        if numbers:
            self.tally.lines += len(numbers)
            self._count_times(stamps, known, block)
            zoned = {stamp: offset is not None for stamp, (_, offset) in known.items()}
            every, epochs = all(zoned.values()), [known[stamp][0] for stamp in stamps]
            self.tally.timeline.see(self.file, epochs, numbers, zoned=every)
            rows = repeat(True) if every else [zoned[stamp] for stamp in stamps]
            self._count(columns, numbers, epochs, rows, known[stamps[0]][1])
        return count

    def _stamps(self, columns: _Named) -> tuple[Sequence[_Stamp], dict[_Stamp, Instant | None]]:
        """Return the minute of each row, with its zone where zones differ, and what time it is."""
        minutes, zones = columns["minute"], columns.get("zone", ())
        different = set(zones)
        if len(different) > 1:
            stamps = tuple(zip(minutes, zones, strict=True))
            return stamps, {stamp: self.layout.time(*stamp) for stamp in set(stamps)}
        zone = different.pop() if different else b""
        return minutes, {minute: self.layout.time(minute, zone) for minute in set(minutes)}

    def _count_times(
        self, stamps: Sequence[_Stamp], times: dict[_Stamp, Instant], block: bytes
    ) -> None:
        tally = self.tally
        for stamp, count in Counter(stamps).items():
            epoch, offset = times[stamp]
            tally.minutes.add(epoch, offset or 0, count)
            tally.offsets[offset] += count
            tally.timeline.late(epoch, self.written, count)
        low = min(times, key=lambda stamp: times[stamp][0])
        if tally.first is None or times[low][0] <= tally.first:
            first = times[low][0] + min(_seconds(block, low))
            tally.span(first, first)
        high = max(times, key=lambda stamp: times[stamp][0])
        if self._latest is not None and self._latest.epoch == times[high][0]:
            self.end()
        if self._latest is None or self._latest.epoch < times[high][0]:
            self._latest = _Latest(times[high][0], high, block)
        elif self._latest.epoch == times[high][0]:
            last = times[high][0] + max(_seconds(block, high))
            tally.span(last, last)

    def end(self) -> None:
        """Settle what is left open between blocks: the second of the last line."""
        latest = self._latest
        if latest is not None and latest.block:
            last = latest.epoch + max(_seconds(latest.block, latest.stamp))
            self.tally.span(last, last)
            self._latest = _Latest(latest.epoch, latest.stamp, b"")

    def _count(
        self, columns: _Named, numbers: Sequence[int], epochs: Sequence[int],
        zoned: Iterable[bool], offset: int | None,
    ) -> None:  # fmt: skip
        requests, statuses, clients = _requests(columns), columns["status"], columns.get("client")
        behaviour, personal = self.tally.behaviour, self.tally.personal
        different = set(clients or ())
        if clients and len(clients) - len(different) >= HEAVY - 1:
            behaviour.requests(clients, requests, statuses, epochs, numbers, self.file)
        if users := columns.get("user"):
            self.tally.readers.see(users, requests, statuses, epochs, numbers, self.file)
        asked = b"\n".join(requests)
        text = decoded(asked)
        shapes = self.shapes.of(text.translate(SAME_DIGITS), personal)
        authors = Counter(columns.get("user", ()))
        filled = self._flags(columns, authors, different, zoned)
        kinds = self._count_kinds(shapes, filled, statuses, numbers)
        failing = {key for key, kind in kinds.items() if kind.category == "sign_in_failure"}
        if failing:
            for n, key in enumerate(zip(shapes, statuses, strict=True)):
                if key in failing:
                    self._note_failure(clients[n] if clients else b"", statuses[n], epochs[n],
                                       numbers[n])  # fmt: skip
        taken = {key for key, kind in kinds.items() if kind.category in TAKEN}
        if self.tally.accounts.wanted and any(map(self._people.__getitem__, authors)) and taken:
            given = list(map(taken.__contains__, zip(shapes, statuses, strict=True)))
            self._note_given(columns, given, epochs, offset, numbers)
        if self.tally.accounts.departures:
            self._note_leavers(columns.get("user", ()), authors, epochs, numbers)
        self.tally.count_authors(
            Counter({name.decode("utf-8", "replace"): n for name, n in authors.items()})
        )
        bearing = {shape for shape, _ in kinds if shape.bears}
        if bearing:
            parts = text.split(b"\n") if text is not asked else requests
            personal.confirm([parts[n] for n in sorted(_places(shapes, bearing))])
        self._search(columns)

    def _flags(
        self, columns: _Named, authors: Iterable[bytes], clients: set[bytes],
        zoned: Iterable[bool],
    ) -> dict[str, Iterable[bool]]:  # fmt: skip
        """Return, for each field that some rows fill, whether each row fills it."""
        flags: dict[str, Iterable[bool]] = {"zoned": zoned}
        if users := columns.get("user"):
            self._learn(authors)
            flags["person"] = list(map(self._people.__getitem__, users))
        if clients:
            here = not clients.isdisjoint(_NOWHERE)
            flags["origin"] = list(map(_SOMEWHERE, columns["client"])) if here else repeat(True)
        for name in ("equipment", "correlation"):
            if name in columns:
                flags[name] = list(map(_FILLED, columns[name]))
        return flags

    def _learn(self, users: Iterable[bytes]) -> None:
        """Know of each author whether it names a person."""
        if len(self._people) > _MAX_KNOWN:
            self._people.clear()
        for user in users:
            if user not in self._people:
                self._people[user] = names_a_person(user.decode("utf-8", "replace"))

    def _count_kinds(
        self, shapes: Sequence[Shape], flags: dict[str, Iterable[bool]],
        statuses: Sequence[bytes], numbers: Sequence[int],
    ) -> dict[_Asked, WebKind]:  # fmt: skip
        """Count rows by what they ask for and fill; return what each request of them is."""
        kinds = dict[_Asked, WebKind]()
        same = {name: True for name, flag in flags.items() if isinstance(flag, repeat)}
        different = {name: flag for name, flag in flags.items() if name not in same}
        counts = Counter(zip(shapes, statuses, *different.values(), strict=True))
        for key, count in counts.items():
            shape, status, *filled = key
            kind = shape.kind(status)
            if self.words.texts:
                kind = self.words.of_request(kind, shape.template, status)
            kinds[shape, status] = kind
            told = _flags_of((*same, *different), (*same.values(), *filled))
            mask, at = web_mask(kind, told), (0, 0)
            if not self.tally.known(kind.category, mask):
                rows = zip(shapes, statuses, *different.values(), strict=True)
                at = self.file, numbers[next(n for n, row in enumerate(rows) if row == key)]
            self.tally.request(kind, mask, told, at, count)
        return kinds

    def _note_given(
        self, columns: _Named, given: Sequence[bool], epochs: Sequence[int], offset: int | None,
        numbers: Sequence[int],
    ) -> None:  # fmt: skip
        """Note which accounts were given the records of the rows so marked, hour by hour."""
        users, clients = columns["user"], columns.get("client") or (b"",) * len(given)
        in_order = sorted(epochs)
        if in_order != epochs:
            order = sorted(range(len(epochs)), key=epochs.__getitem__)
            users, clients = [users[n] for n in order], [clients[n] for n in order]
            given, numbers = [given[n] for n in order], [numbers[n] for n in order]
        start = 0
        while start < len(in_order):
            hour = in_order[start] // HOUR
            end = bisect_left(in_order, (hour + 1) * HOUR, start + 1)
            self._note_hour(users[start:end], clients[start:end], given[start:end],
                            numbers[start:end], in_order[start], offset)  # fmt: skip
            start = end

    def _note_hour(
        self, users: Sequence[bytes], clients: Sequence[bytes], given: Sequence[bool],
        numbers: Sequence[int], epoch: int, offset: int | None,
    ) -> None:  # fmt: skip
        accounts, wanting = self.tally.accounts, dict[bytes, set[bytes]]()
        first: dict[bytes, int] = {}
        for user, count in Counter(compress(users, given)).items():
            if not self._people[user]:
                continue
            hour = accounts.hour_of(user.decode("utf-8", "replace"), epoch, offset)
            if hour is None:
                continue
            if not hour.records:
                first = first or _firsts(users, given, numbers)
                hour.first = self.file, first[user]
            hour.records += count
            accounts.records += count
            accounts.located += count
            if len(hour.networks) < MOST_NETWORKS:
                wanting[user] = hour.networks
        unlocated = {user for user, networks in wanting.items() if not networks}
        for user, client in compress(zip(users, clients, strict=True), given) if wanting else ():
            found = wanting.get(user)
            if found is not None:
                network = client.rpartition(b".")[0] or coarse_network(client)
                if network and network not in found:
                    found.add(network)
                    if len(found) >= MOST_NETWORKS:
                        del wanting[user]
        unlocated = {user for user in unlocated & wanting.keys() if not wanting[user]}
        if unlocated:
            accounts.located -= sum(user in unlocated for user in compress(users, given))

    def _note_leavers(
        self, users: Sequence[bytes], authors: Iterable[bytes], epochs: Sequence[int],
        numbers: Sequence[int],
    ) -> None:  # fmt: skip
        accounts = self.tally.accounts
        gone = {user for user in authors if accounts.may_have_left(user.decode("utf-8", "replace"))}
        for n in (n for n, user in enumerate(users) if user in gone) if gone else ():
            accounts.see(users[n].decode("utf-8", "replace"), epochs[n], (self.file, numbers[n]))

    def _note_failure(self, client: bytes, status: bytes, epoch: int, number: int) -> None:
        self.tally.behaviour.failed_sign_in(
            client.decode("utf-8", "replace"), epoch, (self.file, number), status.decode("latin-1")
        )

    def _search(self, columns: _Named) -> None:
        for name, column in columns.items():
            if name in ("referrer", "agent") or name.startswith(("other", "more")):
                # An e-mail is out of place in an address, not in the name of a crawler.
                without = frozenset[DataKind]() if name == "referrer" else _NO_EMAIL
                self.tally.personal.search_column(column, without)


def _firsts(
    users: Sequence[bytes], given: Sequence[bool], numbers: Sequence[int]
) -> dict[bytes, int]:
    """Return the number of the first marked row of each user."""
    marked = list(compress(zip(users, numbers, strict=True), given))
    return dict(reversed(marked))


@lru_cache(maxsize=256)
def _flags_of(names: tuple[str, ...], filled: tuple[bool, ...]) -> Flags:
    return Flags(**dict(zip(names, filled, strict=True)))


def _places(shapes: list[Shape], wanted: set[Shape]) -> Iterator[int]:
    """Yield where the wanted ones are; most often they are few."""
    if len(wanted) > 20:
        yield from compress(range(len(shapes)), map(wanted.__contains__, shapes))
        return
    for shape in wanted:
        place = -1
        for _ in range(shapes.count(shape)):
            place = shapes.index(shape, place + 1)
            yield place


def _seconds(block: bytes, stamp: _Stamp) -> list[int]:
    minute, zone = (stamp, b"") if isinstance(stamp, bytes) else stamp
    pattern = re.escape(minute) + rb":(\d\d)(?:[.,]\d{1,9})? ?" + re.escape(zone)
    found = re.findall(pattern, block)
    return [int(second) for second in found] or [0]


def _requests(columns: _Named) -> Sequence[bytes]:
    """Return the request line of each row: as written, or put together from its parts."""
    if "request" in columns:
        return columns["request"]
    paths = columns.get("path") or columns["status"]
    methods = columns.get("method") or repeat(b"GET", len(paths))
    queries = columns.get("query")
    if queries is None:
        return [b"%b %b" % row for row in zip(methods, paths, strict=True)]
    return [
        b"%b %b%b%b" % (method, path, b"" if q in _EMPTY or q[:1] == b"?" else b"?",
                        b"" if q in _EMPTY else q)
        for method, path, q in zip(methods, paths, queries, strict=True)
    ]  # fmt: skip
