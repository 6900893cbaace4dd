"""What logs show of themselves: extent, fields, silences, personal data; never a value."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from cnilcheck import __version__
from cnilcheck.collectors.accounts import departures
from cnilcheck.collectors.base import Missing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.log_configured import configured_layouts
from cnilcheck.collectors.log_files import STDIN, base_name, files_of, modified, size
from cnilcheck.collectors.log_reading import Manner, Reading
from cnilcheck.collectors.log_rhythm import find_silences
from cnilcheck.collectors.log_signs import (
    account_use_of,
    accounts_of,
    clock_of,
    files_of_log,
    leavers_of,
    order_of,
    place_of,
    readers_of,
    sign_ins_of,
    walks_of,
)
from cnilcheck.collectors.log_tally import moment
from cnilcheck.collectors.log_words import words_of
from cnilcheck.errors import CollectionError, Interrupted, Malformed, NotReadable, TimedOut
from cnilcheck.model.facts import (
    Fact,
    LogAccounts,
    LogAccountUse,
    LogClock,
    LogCoverage,
    LogExtent,
    LogFields,
    LogFiles,
    LogLeavers,
    LogOrder,
    LogPersonalData,
    LogReaders,
    LogSignIns,
    LogSilences,
    LogWalks,
)
from cnilcheck.model.logging_matrix import UnreadLine
from cnilcheck.model.scope import LogSource, Scope
from cnilcheck.model.words import LogClass, Method

_SECONDS = 150.0
_FACTS: tuple[type[Fact], ...] = (
    LogExtent, LogFields, LogSilences, LogPersonalData, LogCoverage, LogClock, LogFiles, LogSignIns,
    LogWalks, LogAccounts, LogReaders, LogAccountUse, LogLeavers, LogOrder,
)  # fmt: skip


class Logs:
    """Reads every line of the logs of the scope, once."""

    name = "logs"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = _FACTS
    asks = "sources.logs"

    def __init__(self, seconds: float = _SECONDS, since: int | None = None) -> None:
        """Read for so long at most, and only lines from `since` (seconds since 1970) on."""
        self._seconds = seconds
        self._since = since

    def version(self) -> str:
        """Return the version of cnilcheck: the readers are its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return one task for each entry of `sources.logs`."""
        seconds = self._seconds + 30
        return tuple(
            Task(log.path, log.path, log, seconds=seconds, closes=True)
            for log in scope.sources.logs
        )

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the facts of each log: a file with those rotated from it is one log."""
        source: LogSource = task.subject
        logs = _logs(source.path, tools)
        advance = _Advance(source.path, tools, _size(logs))
        manner = Manner(
            source.format, source.mapping, configured_layouts(tools), words_of(source.words),
            since=self._since,
            stopped=tools.stop.is_set, deadline=time.monotonic() + self._seconds, progress=advance,
        )  # fmt: skip
        listed = departures(tools)
        gone = {name: _next_day(day) for name, day in listed.items() if day is not None}
        for location, paths in logs:
            reading = Reading(manner)
            reading.tally.accounts.departures = gone
            reading.tally.accounts.listed = frozenset(listed)
            # Who was given which records is asked of the log that is there to tell it.
            reading.tally.accounts.wanted = source.class_ is LogClass.APPLICATION_ACCESS
            try:
                failed = list(self._failed(reading, source, location, paths, tools))
            except (Interrupted, TimedOut) as error:
                yield from _of_a_part(source, reading, location, error)
            else:
                yield from _sightings(source, reading, location, failed, alone=len(paths) == 1)

    def _failed(
        self, reading: Reading, source: LogSource, location: str, paths: list[Path | None],
        tools: Tools,
    ) -> Iterator[tuple[str, CollectionError]]:  # fmt: skip
        """Read the files of a log; yield the name of each that cannot be, and why."""
        for path in paths:
            name = location if len(paths) == 1 or path is None else f"{location} ({path.name})"
            result = "ok"
            try:
                reading.take_in(path, path.name if path is not None else location)
            except (TimedOut, Interrupted):
                raise
            except CollectionError as error:
                result = str(error)
                yield name, error
            tools.journal.write(source.path, self.name, f"read {name}", result)


def _next_day(day: dt.date) -> int:
    """Return the start of the day after, in seconds since 1970."""
    return int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()) + 86_400


class _Advance:
    """Tells the operator how far the reading is."""

    def __init__(self, name: str, tools: Tools, total: int) -> None:
        self._name, self._tell, self._total = name, tools.progress, total
        self._done = 0

    def __call__(self, read: int) -> None:
        self._done += read
        self._tell(self._name, self._done, self._total)


def _size(logs: list[tuple[str, list[Path | None]]]) -> int:
    return sum(size(path) for _, paths in logs for path in paths if path is not None)


def _logs(written: str, tools: Tools) -> list[tuple[str, list[Path | None]]]:
    """Return each log of an entry of the scope: its name, and its files from old to new."""
    if written == STDIN:
        return [(STDIN, [None])]
    pattern: str | None = None
    start = tools.path(written)
    if any(sign in written for sign in "*?["):
        whole = Path(written).expanduser()
        start = Path(whole.anchor) if whole.is_absolute() else tools.path("")
        pattern = str(whole.relative_to(whole.anchor))
    elif not _is_folder(start):
        return [(written, [start])]
    paths = files_of(start, pattern)
    if not paths:
        raise NotReadable(f"no file matches {written}" if pattern else f"{written} holds no file")
    sets: dict[str, list[Path]] = {}
    for path in paths:
        name = _spelling(path.with_name(base_name(path.name)), written, tools)
        sets.setdefault(name, []).append(path)
    return sorted((name, [*sorted(found, key=modified)]) for name, found in sets.items())


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _spelling(path: Path, written: str, tools: Tools) -> str:
    folder = tools.path("")
    if not Path(written).is_absolute() and path.is_relative_to(folder):
        return path.relative_to(folder).as_posix()
    return str(path)


def _sightings(
    source: LogSource, reading: Reading, location: str, failed: list[tuple[str, CollectionError]],
    *, alone: bool,
) -> Iterator[Sighting]:  # fmt: skip
    """Yield the facts of what was read, and gaps at the files that could not be."""
    tally = reading.tally
    if tally.first is None or tally.last is None or (alone and failed):
        problem = failed or [(location, Malformed(f"{location} holds no line"))]
        yield from (Missing(location, fact, problem[0][1]) for fact in _FACTS)
        return
    yield Seen(location, _extent(source, reading, tally.first, tally.last))
    yield Seen(location, _fields(source, reading))
    yield Seen(location, LogPersonalData(tally.lines, tally.personal.found()))
    yield Seen(location, _coverage(source, reading))
    for fact in (clock_of(reading), files_of_log(reading), sign_ins_of(reading), walks_of(reading)):
        yield Seen(location, fact)
    yield Seen(location, accounts_of(reading, source.class_))
    yield Seen(location, readers_of(reading, source.class_))
    yield Seen(location, account_use_of(reading, source.class_))
    yield Seen(location, order_of(reading))
    yield Seen(location, leavers_of(reading))
    if not failed:
        yield Seen(location, _silences(reading, tally.first, tally.last))
    else:
        # A file that could not be read is itself a hole.
        yield Missing(location, LogSilences, failed[0][1])
    for name, error in failed:
        yield from (Missing(name, fact, error) for fact in _FACTS if fact is not LogSilences)


def _of_a_part(
    source: LogSource, reading: Reading, location: str, error: CollectionError
) -> Iterator[Sighting]:
    """Yield what a log that was not read to its end shows nevertheless, and gaps for the rest."""
    tally, told = reading.tally, set[type[Fact]]()
    if tally.first is not None and tally.last is not None:
        extent = _extent(source, reading, tally.first, tally.last)
        personal = LogPersonalData(tally.lines, tally.personal.found(), complete=False)
        for fact in (replace(extent, complete=False), personal):
            told.add(type(fact))
            yield Seen(location, fact)
    yield from (Missing(location, fact, error) for fact in _FACTS if fact not in told)


def _extent(source: LogSource, reading: Reading, first: int, last: int) -> LogExtent:
    tally = reading.tally
    return LogExtent(
        source.class_, tally.lines, tally.unparsed, moment(first), moment(last),
        source.justification, samples=tuple(
            UnreadLine(place_of(reading, at), text) for at, text in tally.unparsed_samples
        ),
    )  # fmt: skip


def _fields(source: LogSource, reading: Reading) -> LogFields:
    tally = reading.tally
    lines = tally.counted or 1
    expected, named = tally.named_expected, tally.named
    if not expected:
        expected, named = tally.lines - tally.unparsed, tally.named_at_all
    return LogFields(
        tally.counted, round(named / expected, 4), round(tally.timed / lines, 4),
        round(tally.operations / lines, 4), round(tally.references / lines, 4), source.class_,
        tally.unparsed,
    )  # fmt: skip


def _coverage(source: LogSource, reading: Reading) -> LogCoverage:
    tally, names = reading.tally, tuple(seen.name for seen in reading.files)
    return LogCoverage(
        source.class_, reading.format, tally.lines - tally.unparsed, tally.events(names),
        tally.unclassified, tally.unparsed,
    )  # fmt: skip


def _silences(reading: Reading, first: int, last: int) -> LogSilences:
    rhythm = find_silences(reading.tally.minutes)
    if rhythm is None:
        # Nothing repeats itself here: not even a hole as long as the log would show.
        return LogSilences((), max((last - first) // 60, 10_080))
    return LogSilences(rhythm.silences, rhythm.smallest_visible_minutes)
