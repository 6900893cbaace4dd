"""Does a few marked things as the lent account, and looks for each of them in the logs."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from msgspec.structs import replace

from cnilcheck import __version__
from cnilcheck.collectors.active_sessions import press_sign_out
from cnilcheck.collectors.base import Missing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.lent_account import LentAccount
from cnilcheck.collectors.site import web_targets
from cnilcheck.collectors.trace_search import GrowingFiles, Store, Wanted
from cnilcheck.collectors.transport import Answer
from cnilcheck.collectors.visitor import Visitor
from cnilcheck.errors import CollectionError, Interrupted, NotPermitted
from cnilcheck.model.facts import Fact, TracedAction
from cnilcheck.model.logging_matrix import EventCategory
from cnilcheck.model.scope import Scope, WebTarget
from cnilcheck.model.words import Method

_LONGEST_WAIT = 600
_ACTING_SECONDS = 180.0
_POLL_SECONDS = 0.5
_STORE_SECONDS = 2.0


class ActiveTraces:
    """Each action once: nothing is changed but the synthetic record the scope names for it."""

    name = "active-traces"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (TracedAction,)
    asks = "targets[].test_account"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the web targets with a test account; the wait for the logs is added."""
        lent = [t for t in web_targets(scope) if t.test_account is not None]
        return tuple(Task(t.spelling, "/", t, _ACTING_SECONDS + _wait(t)) for t in lent)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield each action with the line it left, or without one where logs were searched."""
        target: WebTarget = task.subject
        account, passwords = target.test_account, tools.passwords.get(target.spelling)
        if not tools.active:
            raise NotPermitted("tried only with --active")
        if account is None or passwords is None or tools.scope.authorisation is None:
            raise NotPermitted("needs a consented test account, its password and an authorisation")
        files = GrowingFiles(tools, [log.path for log in tools.scope.sources.logs])
        stores = [Store(tools, one, self.name) for one in tools.scope.sources.log_stores]
        files.begin()
        acting = _Acting(LentAccount(tools, target, account, passwords, self.name), target)
        with alone_with(tools, target):
            acting.all()
        search = _Search(tools, files, stores, acting)
        search.until(_wait(target))
        yield from search.sightings()
        for place, error in acting.problems:
            yield Missing(place, TracedAction, error)


def alone_with(tools: Tools, target: WebTarget) -> threading.RLock:
    """Return the lock of a target's test account: its trials are made one after the other."""
    with tools.lock:
        lock: threading.RLock = tools.shared.setdefault(
            f"account {target.spelling}", threading.RLock()
        )
    return lock


def _wait(target: WebTarget) -> float:
    return float(min(max(target.traces.wait_seconds, 0), _LONGEST_WAIT))


def marker() -> str:
    """Return a word of letters and digits that stands in no log yet: any index keeps it whole."""
    return f"cnilcheck{secrets.token_hex(6)}"


@dataclass
class _Acting:
    """The actions as they are done, in order; one that fails leaves the others."""

    lent: LentAccount
    target: WebTarget
    done: list[tuple[str, TracedAction, float]] = field(default_factory=list)
    problems: list[tuple[str, CollectionError]] = field(default_factory=list)

    def all(self) -> None:
        """Do what the scope allows, at most one action of a kind."""
        lent, traces = self.lent, self.target.traces
        lent.prepare()
        self._try("/", self._unknown_page)
        self._try(lent.login_path, self._failed_sign_in)
        visitor = lent.visitor()
        self._try(lent.login_path, lambda: self._sign_in(visitor))
        record = traces.record or lent.account.signed_in
        if record:
            self._try(_path(record), lambda: self._read(visitor, record, "consultation"))
        if traces.forbidden:
            self._try(
                _path(traces.forbidden),
                lambda: self._read(visitor, traces.forbidden, "access_denied"),
            )
        if traces.search:
            self._try(_path(traces.search), lambda: self._search(visitor))
        if traces.export:
            self._try(_path(traces.export), lambda: self._read(visitor, traces.export, "export"))
        if traces.change is not None:
            self._try(_path(traces.change.address), lambda: self._change(visitor))
        if lent.account.sign_out:
            self._try(_path(lent.account.sign_out), lambda: self._sign_out(visitor))

    def _try(self, place: str, action: Callable[[], None]) -> None:
        try:
            self.lent.pause()
            action()
        except Interrupted:
            raise
        except CollectionError as error:
            self.problems.append((place, error))

    def _note(
        self, place: str, action: str, category: EventCategory, word: str, answer: Answer,
        began: dt.datetime, author: str = "", reference: str = "",
    ) -> None:  # fmt: skip
        fact = TracedAction(
            action, category, word, began, answer.status, (), None, author, reference  # type: ignore[arg-type]
        )  # fmt: skip
        self.done.append((place, fact, time.monotonic()))

    def _unknown_page(self) -> None:
        word, began = marker(), _now()
        visitor = self.lent.visitor()
        visitor.marker = word
        answer = visitor.get(self.lent.site.address(f"/{word}"))
        self._note("/", "unknown_page", "access_denied", word, answer, began, reference=word)

    def _failed_sign_in(self) -> None:
        """An invented name with a wrong password: no person's account is concerned."""
        word, author, began = marker(), marker(), _now()
        if "@" in self.lent.account.name:
            author += "@example.org"
        visitor = self.lent.visitor()
        visitor.marker = word
        answer = self.lent.stranger(visitor, author).answer
        place = self.lent.login_path
        self._note(place, "sign_in_failure", "sign_in_failure", word, answer, began, author)

    def _sign_in(self, visitor: Visitor) -> None:
        word, began = marker(), _now()
        visitor.marker = word
        self.lent.ledger.right()
        sent = self.lent.sign_in(visitor, self.lent.account.name, self.lent.passwords.current)
        place = self.lent.login_path
        self._note(place, "sign_in_success", "sign_in_success", word, sent.answer, began)

    def _read(self, visitor: Visitor, path: str, category: EventCategory) -> None:
        word, began = marker(), _now()
        visitor.marker = word
        address = self.lent.site.address(path)
        joint = "&" if "?" in address else "?"
        answer = visitor.get(f"{address}{joint}cnilcheck={word}")
        action = "forbidden_read" if category == "access_denied" else category
        named = _numbered(path) if category == "export" else _last(path)
        self._note(_path(path), action, category, word, answer, began, reference=named)

    def _search(self, visitor: Visitor) -> None:
        word, began = marker(), _now()
        visitor.marker = word
        written = self.target.traces.search
        address = self.lent.site.address(written.replace("{marker}", quote(word)))
        answer = visitor.get(address)
        self._note(_path(written), "search", "search", word, answer, began, reference=word)

    def _change(self, visitor: Visitor) -> None:
        change = self.target.traces.change
        assert change is not None
        word, began = marker(), _now()
        visitor.marker = word
        address = self.lent.site.address(change.address)
        fields = {name: value.replace("{marker}", word) for name, value in change.fields.items()}
        as_json = change.encoding == "json"
        answer = visitor.send(address, fields, self.lent.login, as_json=as_json)
        place = _path(change.address)
        reference = _last(change.address)
        self._note(place, "modification", "modification", word, answer, began, reference=reference)

    def _sign_out(self, visitor: Visitor) -> None:
        word, began = marker(), _now()
        visitor.marker = word
        answer = press_sign_out(self.lent, visitor)
        place = _path(self.lent.account.sign_out)
        self._note(place, "sign_out", "sign_out", word, answer, began)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def _path(written: str) -> str:
    return urlsplit(written).path or "/"


def _numbered(written: str) -> str:
    """Return the part of a path that names the record: the last with a digit, or else the last."""
    parts = [part for part in _path(written).split("/") if any(sign.isdigit() for sign in part)]
    return parts[-1] if parts else _last(written)


def _last(written: str) -> str:
    """Return the part of a path that names the record: its last."""
    return _path(written).rstrip("/").rpartition("/")[2]


@dataclass
class _Search:
    """What is looked for, where, and what could not be asked."""

    tools: Tools
    files: GrowingFiles
    stores: list[Store]
    acting: _Acting
    asked: dict[str, None] = field(default_factory=dict)
    refused: dict[str, CollectionError] = field(default_factory=dict)

    def __post_init__(self) -> None:
        account = self.acting.lent.account.name
        self.wanted = [Wanted(fact, account) for _, fact, _ in self.acting.done]
        self.began = min((at for _, _, at in self.acting.done), default=time.monotonic())

    def until(self, seconds: float) -> None:
        """Look until every action has its whole line, or the time is over."""
        if not self.files.ends and not self.stores:
            return
        ends, next_store = time.monotonic() + seconds, 0.0
        while True:
            delay = round(time.monotonic() - self.began, 1)
            self.files.search(self.wanted, delay)
            if time.monotonic() >= next_store:
                self._ask_stores(delay)
                next_store = time.monotonic() + _STORE_SECONDS
            if self._all_found() or time.monotonic() >= ends:
                return
            if self.tools.stop.wait(_POLL_SECONDS):
                raise Interrupted("stopped by the operator")

    def _all_found(self) -> bool:
        places = [False] * bool(self.files.ends) + [True] * bool(self.stores)
        return all(one.whole(remote=place) for one in self.wanted for place in places)

    def _ask_stores(self, delay: float) -> None:
        for store in self.stores:
            try:
                store.search(self.wanted, delay)
                self.asked[store.told.url] = None
                self.refused.pop(store.told.url, None)
            except Interrupted:
                raise
            except CollectionError as error:
                self.refused[store.told.url] = error

    def sightings(self) -> Iterator[Sighting]:
        """Yield each action with what was found; a store that did not answer proves no absence."""
        searched = (*self.files.names, *self.asked)
        for (place, fact, _), one in zip(self.acting.done, self.wanted, strict=True):
            error = next(iter((self.refused | self.files.problems).values()), None)
            if one.best is None and error is not None:
                yield Missing(f"{place} {fact.action}", TracedAction, error)
            else:
                found = replace(fact, searched=searched, trace=one.best)
                yield Seen(f"{place} {fact.action}", found)
