"""A bounded conversation with one port: what is said, what is heard, and nothing remembered."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from cnilcheck.collectors.base import Tools
from cnilcheck.collectors.listeners import as_collection_error, connect
from cnilcheck.errors import BudgetSpent, CollectionError, Interrupted, TimedOut
from cnilcheck.model.facts import Holding, HoldingKind
from cnilcheck.model.personal_data import mask, printable

SECONDS = 2.0
BANNER_SECONDS = 0.5
_PAUSE_SECONDS = 0.15
_MAX_BYTES = 64 * 1024

SignIn = Literal[
    "none", "clear_password", "md5", "scram", "password", "credentials", "refused", "unknown"
]


@dataclass(frozen=True)
class Relay:
    """What a mail server said to a stranger's recipient elsewhere: its code, and what it means."""

    accepted: bool | None
    code: int


@dataclass(frozen=True)
class Service:
    """What an open port says of itself; `data` marks a service whose answers matter.

    `holds` counts what it names to a stranger, `unasked` says why its sign-in was not tried,
    `dialects` are the protocol versions or ways in that it accepted.
    """

    name: str
    product: str = ""
    data: bool = False
    sign_in: SignIn = "unknown"
    offers_tls: bool | None = None
    accepts_plaintext: bool | None = None
    holds: tuple[Holding, ...] = ()
    dialects: tuple[str, ...] = ()
    unasked: str = ""
    relay: Relay | None = None


def counted(kind: HoldingKind, count: int) -> tuple[Holding, ...]:
    """Return what a service holds, as a fact says it."""
    return (Holding(kind, count),)


def words(raw: bytes, limit: int = 80) -> str:
    """Return what a server says of itself, fit to be shown."""
    return printable(mask(raw[:600].decode("utf-8", "replace")), limit)


def version_in(raw: bytes) -> str:
    """Return the first version number of a text, or nothing."""
    found = re.search(rb"\d{1,4}(?:\.\d{1,6}){1,3}", raw[:600])
    return found[0].decode() if found else ""


@dataclass(frozen=True)
class Door:
    """One port of the scope, with the manners of the run; each opening counts as one request."""

    host: str
    port: int
    tools: Tools
    ends: float

    @contextmanager
    def open(self, seconds: float = SECONDS) -> Iterator[Talk]:
        """Give a conversation; raises CollectionError when there is none to be had."""
        left = min(seconds, self.ends - time.monotonic())
        if left <= 0:
            raise TimedOut(f"{self.host}:{self.port}: answers too slowly")
        with connect(self.host, self.port, self.tools, left) as line:
            yield Talk(line, time.monotonic() + left)

    def ask(
        self, request: bytes, whole: Callable[[bytes], bool] | None = None, seconds: float = SECONDS
    ) -> bytes:
        """Return the answer to one question on a connection of its own; empty when none comes."""
        try:
            with self.open(seconds) as talk:
                return talk.ask(request, whole)
        except (BudgetSpent, Interrupted):
            raise
        except CollectionError:
            return b""


@dataclass
class Talk:
    """An open conversation that ends in time whatever the other side does."""

    line: socket.socket
    ends: float

    def ask(self, request: bytes, whole: Callable[[bytes], bool] | None = None) -> bytes:
        """Say one thing and return what comes back: all of it when `whole` says so."""
        try:
            if request:
                self.line.settimeout(max(0.01, self.ends - time.monotonic()))
                self.line.sendall(request)
        except OSError as problem:
            if isinstance(problem, TimeoutError):
                raise as_collection_error(problem, "the service") from None
            return b""
        return self._hear(whole)

    def _hear(self, whole: Callable[[bytes], bool] | None) -> bytes:
        answer = b""
        while len(answer) < _MAX_BYTES and (left := self.ends - time.monotonic()) > 0:
            if whole is not None and answer and whole(answer):
                break
            self.line.settimeout(min(left, _PAUSE_SECONDS) if answer and whole is None else left)
            try:
                part = self.line.recv(8192)
            except OSError:
                break
            if not part:
                break
            answer += part
        return answer[:_MAX_BYTES]


def framed(
    width: int, order: Literal["big", "little"], *, at: int = 0, more: int = 0
) -> Callable[[bytes], bool]:
    """Return a test whether a message is whole whose length stands in `width` bytes at `at`.

    `more` is what the length does not count.
    """

    def whole(answer: bytes) -> bool:
        if len(answer) < at + width:
            return False
        return len(answer) >= int.from_bytes(answer[at : at + width], order) + more

    return whole
