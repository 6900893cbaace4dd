"""Finds the line that a test action left: in files as they grow, and in stores of logs."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cnilcheck.collectors.base import Tools
from cnilcheck.collectors.bounded_text import open_text
from cnilcheck.collectors.transport import LARGE, fetch
from cnilcheck.errors import CollectionError, Malformed, NotReadable
from cnilcheck.model.facts import Trace, TracedAction
from cnilcheck.model.logging_matrix import EventField, mandatory
from cnilcheck.model.personal_data import printable
from cnilcheck.model.scope import LogStore

_MOST_FILES = 200
_MOST_NEW = 64 * 1024 * 1024
_COUNTED = 200 * 1024 * 1024
_LONGEST_LINE = 65_536
_STILL_SECONDS = 3600
_SIGNS: tuple[tuple[EventField, str], ...] = (
    ("time", r"\d\d:\d\d:\d\d|\"?(?:ts|time|timestamp|@timestamp)\"?\s*[:=]\s*\"?\d{10}"),
    ("operation", r"(?i)\b(?:GET|POST|PUT|PATCH|DELETE|SELECT|INSERT|UPDATE)\b|consult|\bread|view"
     r"|log-?(?:in|out)|connexion|sign|auth|modif|updat|search|recherch|access|acc[èe]s|export"
     r"|download|t[ée]l[ée]charg|imprim|print"),
    ("outcome", r"(?i)\" ?[1-5]\d\d\b|\"?(?:status|outcome|result\w*|code)\"?\s*[:=]"
     r"|\b(?:success|succeeded|ok|fail\w*|denied|refus\w*|[ée]chec|granted|forbidden|interdit)"),
    ("origin", r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-fA-F]{0,4}(?:::?[0-9a-fA-F]{1,4}){1,7}\b"),
    ("correlation", r"(?i)req(?:uest)?[_-]?id|trace[_-]?id|session"),
)  # fmt: skip


@dataclass
class Wanted:
    """An action whose line is looked for, and the best found so far."""

    action: TracedAction
    account: str
    found: dict[bool, Trace] = field(default_factory=dict)
    """The best line so far in files, and in the stores (True)."""

    def take(self, line: str, place: str, *, remote: bool, delay: float | None) -> None:
        """Keep the line if it is the action's and says more than the one before."""
        if not self._is_its(line):
            return
        trace, before = Trace(place, remote, delay, self._fields(line)), self.found.get(remote)
        if before is None or self._rank(trace) > self._rank(before):
            self.found[remote] = trace

    @property
    def best(self) -> Trace | None:
        """The line that says most; of two that say as much, the one in the store."""
        return max(self.found.values(), key=self._rank, default=None)

    def whole(self, *, remote: bool) -> bool:
        """Return whether a line was found there with every field it must have."""
        return remote in self.found and self._missing(self.found[remote]) == 0

    def _is_its(self, line: str) -> bool:
        action = self.action
        words = [word for word in (action.marker, action.author_marker) if word]
        if any(word in line for word in words):
            return True
        # An application that does not write what a browser sends: the account, and what it did.
        if action.author_marker or not in_its_minute(line, action.sent_at):
            return False
        named = bool(self.account) and _holds(line, self.account)
        if action.action == "sign_in_success":
            return named and bool(_ENTERS.search(line)) and not _LEAVES.search(line)
        if action.action == "sign_out":
            return named and bool(_LEAVES.search(line))
        # A synthetic record's own number is nobody else's: such a line may lack its author.
        about = action.reference and action.reference in line
        own = len(action.reference) >= 6 and any(sign.isdigit() for sign in action.reference)
        return bool(about) and (named or own) and _does(line, action.action)

    def _fields(self, line: str) -> tuple[EventField, ...]:
        found: list[EventField] = [name for name, sign in _SIGNS if re.search(sign, line)]
        author = self.action.author_marker or self.account
        if author and _holds(line, author):
            found.append("author")
        if self.action.reference and self.action.reference in line:
            found.append("reference")
        return tuple(found)

    def _missing(self, trace: Trace) -> int:
        return len(set(mandatory(self.action.category)) - set(trace.fields))

    def _rank(self, trace: Trace) -> tuple[int, bool, int]:
        return -self._missing(trace), trace.remote, len(trace.fields)


_ENTERS = re.compile(
    r"(?i)log-?(?:ged)?[ _-]?in|sign|connexion|connect|auth|session|accepted|ouvert"
)


_LEAVES = re.compile(
    r"(?i)log-?(?:ged)?[ _-]?(?:out|off)|sign(?:ed)?[ _-]?out|d[ée]connexion|disconnect|ferm[ée]"
    r"|session[ _-](?:closed|end)"
)
_CHANGES = re.compile(
    r"(?i)modif|updat|edit|\b(?:POST|PUT|PATCH|INSERT)\b|change|enregistr|sav(?:e|ing)|writ|cr[ée]a"
)
_EXPORTS = re.compile(r"(?i)export|t[ée]l[ée]charg|download|extra(?:it|ct)|print|imprim|csv")
_READS = re.compile(r"(?i)consult|read|view|\bGET\b|lecture|affich|open|show|\bSELECT\b|acc[eè]s")


def _does(line: str, action: str) -> bool:
    """Return whether a line speaks of that kind of action: a read is no proof of a change."""
    if action == "modification":
        return bool(_CHANGES.search(line))
    if action == "consultation":
        return bool(_READS.search(line)) and not _CHANGES.search(line)
    if action == "export":
        return bool(_EXPORTS.search(line))
    return True


def _holds(line: str, word: str) -> bool:
    return word.casefold() in line.casefold() or quote(word, safe="") in line


def in_its_minute(line: str, moment: dt.datetime) -> bool:
    """Return whether a line's time is within two minutes of a moment, in any zone of Europe."""
    return any(spelling in line for spelling in _minutes(moment))


def _minutes(moment: dt.datetime) -> Iterator[str]:
    for minutes in range(-1, 3):
        for hours in range(4):
            at = moment + dt.timedelta(hours=hours, minutes=minutes)
            yield f"{at:%Y-%m-%dT%H:%M}"
            yield f"{at:%Y-%m-%d %H:%M}"
            yield f"{at.day:02}/{_MONTHS[at.month - 1]}/{at:%Y:%H:%M}"
            yield f"{_MONTHS[at.month - 1]} {at.day:2} {at:%H:%M}"
    for seconds in (-60, 0, 60, 120):
        yield str(int(moment.timestamp()) + seconds)[:-2]


_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@dataclass
class GrowingFiles:
    """The files of `sources.logs` from where they ended before the first action."""

    tools: Tools
    patterns: Sequence[str]
    ends: dict[Path, tuple[int, int]] = field(default_factory=dict)
    """Where reading goes on in each file, and how many lines stand before; -1 was not counted."""
    alive: set[Path] = field(default_factory=set)
    """The files written in the hour before, or since: the others may be copies."""
    problems: dict[str, CollectionError] = field(default_factory=dict)

    def begin(self) -> None:
        """Note where each file ends now."""
        for path in self._paths():
            try:
                found = path.stat()
                self.ends[path] = (found.st_size, _count_lines(path, found.st_size))
                if found.st_mtime > time.time() - _STILL_SECONDS:
                    self.alive.add(path)
            except OSError as error:
                why = (error.strerror or "unreadable").lower()
                self.problems[path.name] = NotReadable(f"{path.name}: {why}")

    def _paths(self) -> list[Path]:
        found = [path for written in self.patterns for path in self._of(written)]
        return [path for path in found[:_MOST_FILES] if path.is_file()]

    def _of(self, written: str) -> list[Path]:
        whole = self.tools.path(written)
        if not any(sign in written for sign in "*?["):
            return [whole]
        start = Path(whole.anchor)
        return list(islice(start.glob(str(whole.relative_to(start))), _MOST_FILES))

    @property
    def names(self) -> tuple[str, ...]:
        """The entries of the scope with a file that somebody still writes to."""
        return tuple(w for w in self.patterns if not self.alive.isdisjoint(self._of(w)))

    def search(self, wanted: Sequence[Wanted], delay: float) -> None:
        """Give the lines written since to each action that is looked for."""
        for path in self._paths():
            place, number = self.ends.get(path, (0, 0))
            try:
                lines, end = _new_lines(path, place)
            except OSError:
                continue
            for line in lines:
                number = number + 1 if number >= 0 else -1
                at = f"{path.name}:{number}" if number > 0 else path.name
                for one in wanted:
                    one.take(line, printable(at, 200), remote=False, delay=delay)
            if lines:
                self.alive.add(path)
            self.ends[path] = (end, number)


def _count_lines(path: Path, size: int) -> int:
    if size > _COUNTED:
        return -1
    count = 0
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            count += block.count(b"\n")
    return count


def _new_lines(path: Path, place: int) -> tuple[list[str], int]:
    """Return the whole lines after a place and where they end; a smaller file was begun anew."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode):
            return [], place
        place = 0 if found.st_size < place else place
        stream.seek(place)
        text = stream.read(_MOST_NEW)
    whole = text[: text.rfind(b"\n") + 1]
    lines = [line[:_LONGEST_LINE].decode("utf-8", "replace") for line in whole.split(b"\n")[:-1]]
    return lines, place + len(whole)


def search_file(path: Path, wanted: Sequence[Wanted]) -> None:
    """Give every line of a file handed over, gzip undone, to each action that is looked for.

    Raises NotReadable when it cannot be read.
    """
    with open_text(path) as stream:
        number = 0
        try:
            while line := stream.readline(_LONGEST_LINE):
                number += 1
                for one in wanted:
                    place = f"{printable(path.name, 120)}:{number}"
                    one.take(line, place, remote=False, delay=None)
        except (OSError, EOFError):
            raise Malformed(f"{path.name} is a damaged archive") from None


@dataclass
class Store:
    """One declared store of logs, asked for the words of the test and nothing else."""

    tools: Tools
    told: LogStore
    instrument: str

    def search(self, wanted: Sequence[Wanted], delay: float) -> None:
        """Give the entries that hold an action's words to that action; raises CollectionError."""
        for one in wanted:
            action = one.action
            words = [action.marker, action.author_marker]
            words += [one.account] if action.reference or action.action == "sign_in_success" else []
            for word in (word for word in words if word and not one.whole(remote=True)):
                for line in self._lines(word, action.sent_at):
                    one.take(line, printable(self.told.url, 200), remote=True, delay=delay)

    def _lines(self, word: str, since: dt.datetime) -> list[str]:
        loki = self.told.kind == "loki"
        url = self._loki(word, since) if loki else self._elasticsearch(word)
        headers = {"Accept": "application/json"}
        given = self.tools.passwords.get(self.told.url)
        if given is not None:
            headers["Authorization"] = given.current
        answer = fetch(
            self.tools, self.told.url, self.instrument, url, headers=headers, max_bytes=LARGE
        )
        if answer.status != 200:
            raise Malformed(f"{self.told.url} answers {answer.status}")
        try:
            value = json.loads(answer.text)
        except (ValueError, RecursionError):
            raise Malformed(f"{self.told.url} does not answer in JSON") from None
        return _loki_lines(value) if loki else _elasticsearch_lines(value)

    def _loki(self, word: str, since: dt.datetime) -> str:
        """`GET /loki/api/v1/query_range`: LogQL, times in nanoseconds."""
        escaped = word.replace("\\", "\\\\").replace('"', '\\"')
        query = quote(f'{self.told.query} |= "{escaped}"', safe="")
        start = int((since - dt.timedelta(minutes=1)).timestamp()) * 10**9
        end = start + 3_600 * 10**9
        base = self.told.url.rstrip("/")
        return f"{base}/loki/api/v1/query_range?query={query}&start={start}&end={end}&limit=50"

    def _elasticsearch(self, word: str) -> str:
        """`GET /INDEX/_search`: a phrase in the query-string syntax."""
        phrase = quote('"' + word.replace('"', "") + '"', safe="")
        index = quote(self.told.query, safe="*,-_.")
        return f"{self.told.url.rstrip('/')}/{index}/_search?q={phrase}&size=50"


def _loki_lines(value: Any) -> list[str]:
    streams = value.get("data", {}) if isinstance(value, dict) else {}
    found = streams.get("result", []) if isinstance(streams, dict) else []
    lines = [
        str(entry[1])[:_LONGEST_LINE]
        for stream in (found if isinstance(found, list) else [])[:50]
        if isinstance(stream, dict) and isinstance(stream.get("values"), list)
        for entry in stream["values"][:50]
        if isinstance(entry, list) and len(entry) > 1
    ]
    return lines[:200]


def _elasticsearch_lines(value: Any) -> list[str]:
    hits = value.get("hits", {}) if isinstance(value, dict) else {}
    found = hits.get("hits", []) if isinstance(hits, dict) else []
    return [
        json.dumps(hit.get("_source"), ensure_ascii=False)[:_LONGEST_LINE]
        for hit in (found if isinstance(found, list) else [])[:200]
        if isinstance(hit, dict)
    ]
