"""Lines in columns, counted a million bytes at a time.

A whole block is taken apart by one pattern and counted column by column, so that the interpreter
is entered per block and per new value, not per line. The count is the one a reader of single lines
makes: a line the pattern does not fit is handed to that reader.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import compress, repeat
from typing import Any

from cnilcheck.collectors.log_events import (
    LOOPBACK,
    REFUSALS,
    SAME_DIGITS,
    WebKind,
    names_a_person,
    web_kind,
    without_values,
)
from cnilcheck.collectors.log_layouts import Layout
from cnilcheck.collectors.log_personal import decoded
from cnilcheck.collectors.log_tally import Flags, Tally, web_mask
from cnilcheck.collectors.log_times import Instant
from cnilcheck.model.personal_data import DataKind

_LONG_ID = re.compile(rb"(?<=/)(?=[a-f-]{0,60}0)[0a-f-]{16,128}+(?![\w-])")
_MANY = 500
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

_Named = dict[str, tuple[bytes, ...]]
_Stamp = bytes | tuple[bytes, bytes]
_Key = tuple[Any, ...]
"""Request without its ids, status, and a truth value for each field that rows may leave empty."""

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
    _kinds: dict[tuple[bytes, bytes], WebKind] = field(default_factory=dict)
    _people: dict[bytes, bool] = field(default_factory=dict)
    _latest: _Latest | None = None

    def take(self, block: bytes, number: int) -> int:
        """Count a block that ends with a newline and begins at line `number`; return its lines."""
        columns = self.layout.table(block)
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
            self._note(columns, numbers, [known[stamp][0] for stamp in stamps], known)
            self._count(columns, numbers, stamps, known)
        return count

    def _note(
        self, columns: _Named, numbers: Sequence[int], epochs: list[int],
        times: dict[_Stamp, Instant],
    ) -> None:  # fmt: skip
        zoned = all(offset is not None for _, offset in times.values())
        self.tally.timeline.see(self.file, epochs, numbers, zoned=zoned)
        if "client" in columns:
            self.tally.behaviour.requests(
                columns["client"], _requests(columns), columns["status"], epochs, numbers, self.file
            )

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
        self, columns: _Named, numbers: Sequence[int], stamps: Sequence[_Stamp],
        times: dict[_Stamp, Instant],
    ) -> None:  # fmt: skip
        text = decoded(b"\n".join(_requests(columns)))
        shapes = text.translate(SAME_DIGITS)
        users = columns.get("user", ())
        flags = self._flags(columns, users, stamps, times)
        keys = list(zip(_templates(shapes), columns["status"], *flags.values(), strict=False))
        self._count_kinds(keys, tuple(flags), numbers)
        if not REFUSALS.isdisjoint(columns["status"]):
            self._note_failures(keys, columns, numbers, [times[stamp][0] for stamp in stamps])
        authors = Counter(users)
        self.tally.count_authors(
            Counter({name.decode("utf-8", "replace"): n for name, n in authors.items()})
        )
        self._search(text, shapes, columns)

    def _flags(
        self, columns: _Named, users: Sequence[bytes], stamps: Sequence[_Stamp],
        times: dict[_Stamp, Instant],
    ) -> dict[str, Iterable[bool]]:  # fmt: skip
        """Return, for each field that is not the same in all rows, whether each row fills it.

        A field that all rows fill is there with no value; one that none fills is not there.
        """
        flags = dict[str, Iterable[bool]]()
        if users:
            flags["person"] = self._named(users)
        if clients := columns.get("client"):
            here = not _NOWHERE.isdisjoint(clients)
            flags["origin"] = map(_SOMEWHERE, clients) if here else repeat(True)
        zoned = {stamp: time[1] is not None for stamp, time in times.items()}
        flags["zoned"] = repeat(True) if all(zoned.values()) else map(zoned.__getitem__, stamps)
        for name in ("equipment", "correlation"):
            if name in columns:
                flags[name] = map(_FILLED, columns[name])
        return flags

    def _named(self, users: Sequence[bytes]) -> Iterable[bool]:
        """Return whether each row has a person as its author."""
        if not users:
            return repeat(False)
        if len(self._people) > _MAX_KNOWN:
            self._people.clear()
        for user in set(users) - self._people.keys():
            self._people[user] = names_a_person(user.decode("utf-8", "replace"))
        return map(self._people.__getitem__, users)

    def _count_kinds(
        self, keys: list[_Key], names: tuple[str, ...], numbers: Sequence[int]
    ) -> None:
        if len(self._kinds) > _MAX_KNOWN:
            self._kinds.clear()
        for key, count in Counter(keys).items():
            template, status, *filled = key
            kind = self._kinds.get((template, status))
            if kind is None:
                kind = web_kind(template.decode("utf-8", "replace"), status.decode("latin-1"))
                self._kinds[template, status] = kind
            flags = _flags_of(names, tuple(filled))
            mask = web_mask(kind, flags)
            new = not self.tally.known(kind.category, mask)
            at = (self.file, numbers[keys.index(key)]) if new else (0, 0)
            self.tally.request(kind, mask, flags, at, count)

    def _note_failures(
        self, keys: list[_Key], columns: _Named, numbers: Sequence[int], epochs: list[int]
    ) -> None:
        clients = columns.get("client")
        for n in (n for n, status in enumerate(columns["status"]) if status in REFUSALS):
            key = keys[n]
            if self._kinds[key[:2]].category == "sign_in_failure":
                client = clients[n] if clients else b""
                self.tally.behaviour.failed_sign_in(
                    client.decode("utf-8", "replace"), epochs[n], (self.file, numbers[n]),
                    key[1].decode("latin-1"),
                )  # fmt: skip

    def _search(self, text: bytes, shapes: bytes, columns: _Named) -> None:
        personal = self.tally.personal
        personal.search(text, shapes)
        for name, column in columns.items():
            if name in ("referrer", "agent") or name.startswith(("other", "more")):
                # An e-mail is out of place in an address, not in the name of a crawler.
                without = frozenset[DataKind]() if name == "referrer" else _NO_EMAIL
                personal.search_column(column, without)


@lru_cache(maxsize=256)
def _flags_of(names: tuple[str, ...], filled: tuple[bool, ...]) -> Flags:
    return Flags(**dict(zip(names, filled, strict=True)))


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


def _templates(shapes: bytes) -> list[bytes]:
    """Return requests without what differs from one record to the next."""
    shapes = without_values(shapes)
    templates = shapes.split(b"\n")
    if len(set(templates)) > _MANY:
        templates = _LONG_ID.sub(b"0", shapes).split(b"\n")
    return templates
