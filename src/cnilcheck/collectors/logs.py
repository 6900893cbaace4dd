"""What logs show of themselves: extent, fields, silences, personal data; never a value."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import io
import lzma
import os
import re
import stat
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, cast
from urllib.parse import unquote

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.log_formats import (
    FORMATS,
    Entry,
    is_continuation,
    names_a_person,
    recognise,
)
from cnilcheck.collectors.log_rhythm import Minutes, find_silences
from cnilcheck.errors import CollectionError, Interrupted, Malformed, NotReadable, TimedOut
from cnilcheck.model.facts import Fact, LogExtent, LogFields, LogPersonalData, LogSilences
from cnilcheck.model.personal_data import DataCount, DataKind, personal_values, possible_kinds
from cnilcheck.model.scope import LogSource, Scope
from cnilcheck.model.words import Method

_MAX_LINE = 65_536
_MAX_FILES = 2_000
_SAMPLE = 200
_READ_BY = 0.9  # share of the sample one format must read
_SECONDS = 150.0
_MAX_DISTINCT = 100_000
_BLOCK = 16_384
_ROTATED = re.compile(r"(?:[.-]\d{1,3}|[.-]\d{8}(?:-?\d{2,10})?|[.-]\d{4}-\d\d-\d\d)$")
_PACKED = (".gz", ".xz")
_FACTS: tuple[type[Fact], ...] = (LogExtent, LogFields, LogSilences, LogPersonalData)
_KINDS: tuple[DataKind, ...] = (
    "nir", "email", "phone", "birth_date", "test_result", "credential", "iban", "rpps",
)  # fmt: skip


class Logs:
    """Reads every line of the logs of the scope, once."""

    name = "logs"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = _FACTS
    asks = "sources.logs"

    def version(self) -> str:
        """Return the version of cnilcheck: the readers are its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return one task for each entry of `sources.logs`."""
        return tuple(Task(log.path, log.path, log) for log in scope.sources.logs)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the four facts of each log: a file with those rotated from it is one log."""
        source: LogSource = task.subject
        deadline = time.monotonic() + _SECONDS
        for location, paths in _logs(source.path, tools):
            reading = _Reading(source, deadline, tools)
            try:
                failed = list(self._failed(reading, location, paths))
            except (TimedOut, Interrupted) as error:
                # Facts of half a log would be wrong.
                yield from (Missing(location, fact, error) for fact in _FACTS)
                continue
            yield from reading.sightings(location, failed, alone=len(paths) == 1)

    def _failed(
        self, reading: _Reading, location: str, paths: list[Path]
    ) -> Iterator[tuple[str, CollectionError]]:
        """Read the files of a log; yield the name of each that cannot be, and why."""
        for path in paths:
            name = location if len(paths) == 1 else f"{location} ({path.name})"
            result = "ok"
            try:
                reading.take_in(path)
            except (TimedOut, Interrupted):
                raise
            except CollectionError as error:
                result = str(error)
                yield name, error
            reading.tools.journal.write(reading.source.path, self.name, f"read {name}", result)


def _logs(written: str, tools: Tools) -> list[tuple[str, list[Path]]]:
    """Return each log of an entry of the scope: its name, and its files from old to new."""
    if not any(sign in written for sign in "*?["):
        return [(written, [tools.path(written)])]
    pattern = Path(written).expanduser()
    start = Path(pattern.anchor) if pattern.is_absolute() else tools.path("")
    found = list(islice(start.glob(str(pattern.relative_to(pattern.anchor))), _MAX_FILES + 1))
    if not found:
        raise NotReadable(f"no file matches {written}")
    if len(found) > _MAX_FILES:
        raise NotReadable(f"{written}: more than {_MAX_FILES} files match")
    sets: dict[str, list[Path]] = {}
    for path in sorted(p for p in found if not p.is_dir()):
        name = _spelling(path.with_name(_base(path.name)), written, tools)
        sets.setdefault(name, []).append(path)
    return sorted((name, sorted(paths, key=_modified)) for name, paths in sets.items())


def _base(name: str) -> str:
    for packed in _PACKED:
        name = name.removesuffix(packed)
    return _ROTATED.sub("", name) or name


def _spelling(path: Path, written: str, tools: Tools) -> str:
    folder = tools.path("")
    if not Path(written).is_absolute() and path.is_relative_to(folder):
        return path.relative_to(folder).as_posix()
    return str(path)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[str], int]]:
    """Open a log as text, unpacked, with the time it was last written.

    Raises NotReadable for what is no plain file, Malformed for a damaged archive.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise NotReadable(f"{path.name} is not a plain file")
            head = file.read(6)
            file.seek(0)
            raw: IO[bytes] = file
            if head.startswith(b"\x1f\x8b"):
                raw = cast(IO[bytes], gzip.GzipFile(fileobj=file))
            elif head == b"\xfd7zXZ\0":
                raw = cast(IO[bytes], lzma.LZMAFile(file))  # noqa: SIM115 - `file` is closed above
            elif head.startswith(b"\x28\xb5\x2f\xfd"):
                raise Malformed(f"{path.name} is packed with zstd, which is not read")
            yield io.TextIOWrapper(raw, "utf-8", "replace", newline="\n"), int(found.st_mtime)
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error):
        raise Malformed(f"{path.name} is a damaged archive") from None
    except OSError as error:
        raise NotReadable(f"{path.name}: {(error.strerror or 'unreadable').lower()}") from None


def _lines(text: IO[str]) -> Iterator[str]:
    """Yield the lines, each cut at 64 KiB."""
    while line := text.readline(_MAX_LINE):
        if not line.endswith("\n"):
            while (rest := text.readline(_MAX_LINE)) and not rest.endswith("\n"):
                pass
        line = line.rstrip("\r\n")
        if line and not line.isspace():
            yield line


@dataclass
class _Reading:
    """What was counted so far in the files of one log; nothing of a line is kept."""

    source: LogSource
    deadline: float
    tools: Tools
    lines: int = 0
    unparsed: int = 0
    first: int | None = None
    last: int | None = None
    minutes: Minutes = field(default_factory=Minutes)
    counted: int = 0
    timed: int = 0
    operations: int = 0
    references: int = 0
    named: int = 0
    named_expected: int = 0
    named_at_all: int = 0
    found: dict[DataKind, int] = field(default_factory=dict)
    distinct: dict[DataKind, set[int]] = field(default_factory=dict)
    key: bytes = field(default_factory=lambda: os.urandom(16))
    _block: list[str] = field(default_factory=list)
    _addresses: list[str] = field(default_factory=list)
    _size: int = 0

    def take_in(self, path: Path) -> None:
        """Count every line of a file; an empty file adds nothing.

        Raises NotReadable, or Malformed when no known format reads nine lines in ten.
        """
        with _opened(path) as (text, written):
            lines = _lines(text)
            sample = list(islice(lines, _SAMPLE))
            if not sample:
                return
            name, share = recognise(sample, written)
            if share < _READ_BY:
                shape = _shape(next((x for x in sample if not is_continuation(x)), sample[0]))
                raise Malformed(
                    f"unknown format: {name} reads {share:.0%} of the first {len(sample)} lines,"
                    f" which look like `{shape}`"
                )
            self._read(sample, name, written)
            self._read(lines, name, written)

    def _read(self, lines: Iterator[str] | list[str], name: str, written: int) -> None:
        parse, csv = FORMATS[name], name == "PostgreSQL csvlog"
        for number, line in enumerate(lines):
            if number % 5_000 == 0:
                self._on_time()
            entry = parse(line, written)
            if entry is not None:
                self._count(entry)
            elif not (is_continuation(line) or (csv and not line[:4].isdigit())):
                self.lines += 1
                self.unparsed += 1
            self._search(line, entry)
        self._search_block()

    def _on_time(self) -> None:
        if self.tools.stop.is_set():
            raise Interrupted("stopped by the operator")
        if time.monotonic() > self.deadline:
            raise TimedOut(f"not read to the end after {_SECONDS:.0f} s")

    def _count(self, entry: Entry) -> None:
        self.lines += 1
        epoch = entry.epoch
        if self.first is None or epoch < self.first:
            self.first = epoch
        if self.last is None or epoch > self.last:
            self.last = epoch
        self.minutes.add(epoch, entry.offset or 0)
        person = names_a_person(entry.author)
        self.named_at_all += person
        if entry.counts:
            self.counted += 1
            self.timed += entry.offset is not None
            self.operations += entry.operation
            self.references += entry.reference
        if entry.named:
            self.named_expected += 1
            self.named += person

    def _search(self, line: str, entry: Entry | None) -> None:
        if entry is not None:
            self._addresses.append(entry.address)
            if len(entry.author) > 1:
                # Who did it is the purpose of a log: the author is not personal data too many.
                line = line.replace(entry.author, "-", 1)
        self._block.append(line)
        self._size += len(line)
        if self._size > _BLOCK:
            self._search_block()

    def _search_block(self) -> None:
        # Many lines at once: most hold nothing, and asking each would take most of the time.
        text, addresses = "\n".join(self._block), "\n".join(self._addresses)
        self._block, self._addresses, self._size = [], [], 0
        if "%" in text:
            text, addresses = unquote(text), unquote(addresses)
        possible = possible_kinds(text)
        for line in text.split("\n") if possible else ():
            for kind, values in personal_values(line, possible):
                for value in values:
                    if kind != "email" or value in addresses:
                        self._note(kind, value)

    def _note(self, kind: DataKind, value: str) -> None:
        self.found[kind] = self.found.get(kind, 0) + 1
        seen = self.distinct.setdefault(kind, set())
        if len(seen) < _MAX_DISTINCT:
            digest = hashlib.blake2b(value.casefold().encode(), digest_size=8, key=self.key)
            seen.add(int.from_bytes(digest.digest()))

    def sightings(
        self, location: str, failed: list[tuple[str, CollectionError]], alone: bool
    ) -> Iterator[Sighting]:
        """Yield the facts of what was read, and gaps at the files that could not be."""
        if self.first is None or self.last is None or (alone and failed):
            problem = failed or [(location, Malformed(f"{location} holds no line"))]
            for fact in _FACTS:
                yield Missing(location, fact, problem[0][1])
            return
        source, first, last = self.source, _time(self.first), _time(self.last)
        extent = (source.class_, self.lines, self.unparsed, first, last, source.justification)
        yield Seen(location, LogExtent(*extent))
        yield Seen(location, self._fields())
        yield Seen(location, self._personal())
        if not failed:
            yield Seen(location, self._silences(first, last))
        else:
            # A file that could not be read is itself a hole.
            yield Missing(location, LogSilences, failed[0][1])
        for name, error in failed:
            for fact in _FACTS:
                if fact is not LogSilences:
                    yield Missing(name, fact, error)

    def _fields(self) -> LogFields:
        lines = self.counted or 1
        expected, named = self.named_expected, self.named
        if not expected:
            expected, named = self.lines - self.unparsed, self.named_at_all
        return LogFields(
            self.counted, round(named / expected, 4), round(self.timed / lines, 4),
            round(self.operations / lines, 4), round(self.references / lines, 4),
            self.source.class_,
        )  # fmt: skip

    def _personal(self) -> LogPersonalData:
        counts = tuple(
            DataCount(kind, self.found[kind], len(self.distinct[kind]))
            for kind in _KINDS
            if kind in self.found
        )
        return LogPersonalData(self.lines, counts)

    def _silences(self, first: dt.datetime, last: dt.datetime) -> LogSilences:
        rhythm = find_silences(self.minutes)
        if rhythm is None:
            # Nothing repeats itself here: not even a hole as long as the log would show.
            whole = int((last - first).total_seconds() // 60)
            return LogSilences((), max(whole, 10_080))
        return LogSilences(rhythm.silences, rhythm.smallest_visible_minutes)


def _time(epoch: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(epoch, dt.UTC)


def _shape(line: str) -> str:
    """Return the form of a line without its content: letters are `a`, digits `9`."""
    letters = re.sub(r"[^\W\d_]+", "a", line[:400])
    return re.sub(r"\d+", "9", letters)[:80]
