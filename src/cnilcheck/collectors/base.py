"""What every instrument has in common: its type, and the manners it works under."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Protocol, TypeAlias
from urllib.parse import quote_plus

from msgspec import Struct

from cnilcheck.errors import BudgetSpent, CollectionError, Interrupted
from cnilcheck.model.addresses import is_loopback
from cnilcheck.model.facts import AnyFact, Fact
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Limits, Scope
from cnilcheck.model.words import GapReason, Method

# What putting a password back may take, after the audit's own budget.
_MENDING_REQUESTS = 60


class Seen(Struct, frozen=True):
    """A fact as an instrument hands it over, with its place."""

    location: str
    fact: AnyFact


class Missing(Struct, frozen=True):
    """A fact an instrument looked for and could not observe."""

    location: str
    missing: type[Fact]
    error: CollectionError


class Nothing(Struct, frozen=True):
    """A fact that was looked for, and has no object there: neither a fact nor a gap."""

    location: str
    of: type[Fact]


Sighting: TypeAlias = Seen | Missing | Nothing


@dataclass(frozen=True)
class Task:
    """One thing for one instrument to look at; `target` is the scope's own spelling.

    `subject` is what the instrument needs to know of it, in a type of its own choice.
    """

    target: str
    location: str
    subject: Any
    seconds: float | None = None
    """How long it may take, where that is longer than instruments usually get."""
    closes: bool = False
    """Whether what is yielded once the audit stops still counts: a count of what was read."""


class Collector(Protocol):
    """An instrument. Facts of `yields` that `observe` does not deliver become gaps."""

    @property
    def name(self) -> str:
        """The instrument's name in evidence and journal."""

    @property
    def method(self) -> Method:
        """How its facts are obtained."""

    @property
    def yields(self) -> tuple[type[Fact], ...]:
        """The types of fact it looks for."""

    @property
    def asks(self) -> str:
        """The field of the scope that gives it something to look at."""

    def version(self) -> str:
        """Return the version of the library or program that does the work."""

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return what the scope gives this instrument to look at."""

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what is seen, as it is seen; raise CollectionError when nothing more can be."""


class Journal:
    """journal.jsonl: each request made or file read, with personal data masked."""

    def __init__(
        self,
        stream: IO[str] | None = None,
        hidden: Iterable[str] = (),
        echo: Callable[[Mapping[str, str]], None] | None = None,
    ) -> None:
        """What is `hidden` (the passwords the audit was given) never reaches a line.

        `echo` is told of each line as it is written.
        """
        self._stream = stream
        self._echo = echo
        self._hidden = {spelling for secret in hidden for spelling in (secret, quote_plus(secret))}
        self._lock = threading.Lock()

    def write(self, target: str, instrument: str, what: str, result: str) -> None:
        """Append one line: time (UTC), target, instrument, what was done, how it ended."""
        if self._stream is None:
            return
        line = {
            "time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
            "target": target,
            "instrument": instrument,
            "what": printable(mask(self._without_hidden(what))),
            "result": printable(mask(self._without_hidden(result))),
        }
        with self._lock:
            if not self._stream.closed:
                self._stream.write(json.dumps(line, ensure_ascii=False) + "\n")
                self._stream.flush()
                if self._echo is not None:
                    self._echo(line)

    def _without_hidden(self, text: str) -> str:
        for secret in self._hidden:
            text = text.replace(secret, "***")
        return text


@dataclass
class Budget:
    """Requests left and pace of one host; shared by all instruments that contact it."""

    requests: int
    per_second: float
    _next: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def spend(self, stop: threading.Event) -> None:
        """Wait for this host's turn. Raises BudgetSpent, or Interrupted when the audit stops."""
        with self._lock:
            if self.requests <= 0:
                raise BudgetSpent("the request budget of this host is used up")
            self.requests -= 1
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + 1 / self.per_second
        if stop.wait(max(0.0, turn - now)):
            raise Interrupted("stopped by the operator")


@dataclass(frozen=True, repr=False)
class Passwords:
    """The password of a test account, and the one it may be changed to for a moment."""

    current: str
    other: str | None = None


@dataclass
class Tools:
    """What an instrument is given: the scope, its folder, the journal, budgets, stop signal."""

    folder: Path
    scope: Scope
    journal: Journal
    limits: Limits
    stop: threading.Event = field(default_factory=threading.Event)
    active: bool = False
    progress: Callable[[str, int, int], None] = lambda *_: None
    """Told, of what is long to read, its name, the bytes read, and of how many (0: unknown)."""
    shared: dict[str, Any] = field(default_factory=dict)
    """Values instruments of one run share (fetched pages), by instrument name."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    passwords: Mapping[str, Passwords] = field(default_factory=dict)
    """Those of the consented test accounts, by the target's spelling."""
    mending: set[int] = field(default_factory=set)
    """The restorations under way; the audit does not end before they do."""
    _budgets: dict[str, Budget] = field(default_factory=dict)

    def spend(self, host: str) -> None:
        """Count one request to that host and wait for its turn.

        Loopback hosts are not slowed: nobody else is served by them. Raises BudgetSpent or
        Interrupted.
        """
        pace = pace_of(self.limits, host)
        with self.lock:
            budget = self._budgets.setdefault(host, Budget(self.limits.requests_per_host, pace))
        budget.spend(self.stop)

    @contextmanager
    def restoration(self) -> Iterator[Tools]:
        """Yield tools that go on after an interrupt, for few requests; the audit waits for them."""
        calm = replace(
            self, stop=threading.Event(), _budgets={},
            limits=Limits(_MENDING_REQUESTS, self.limits.requests_per_second),
        )  # fmt: skip
        with self.lock:
            self.mending.add(id(calm))
        try:
            yield calm
        finally:
            with self.lock:
                self.mending.discard(id(calm))

    def path(self, written: str) -> Path:
        """Return the path a scope means: relative ones start at the scope file's folder."""
        return (self.folder / Path(written).expanduser()).absolute()


def pace_of(limits: Limits, host: str) -> float:
    """Return how many requests a second that host may get; a loopback host is nobody else's."""
    return (
        max(1000.0, limits.requests_per_second) if is_loopback(host) else limits.requests_per_second
    )


def reason_of(error: BaseException) -> GapReason:
    """Return the gap reason of an error that ended an observation."""
    if isinstance(error, CollectionError):
        return error.reason
    if isinstance(error, TimeoutError):
        return GapReason.TIMED_OUT
    if isinstance(error, PermissionError | FileNotFoundError | IsADirectoryError):
        return GapReason.NOT_READABLE
    if isinstance(error, ConnectionError | OSError):
        return GapReason.UNREACHABLE
    return GapReason.INSTRUMENT_FAILED
