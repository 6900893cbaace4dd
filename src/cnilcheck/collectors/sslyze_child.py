"""Keeps one child process in which sslyze works, and starts another when it ends or is worn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import weakref
from concurrent.futures import Future
from typing import Any

from cnilcheck.collectors.base import Tools
from cnilcheck.errors import CollectionError, InstrumentMissing, TimedOut

SCANS_PER_CHILD = 100
"""sslyze keeps 1 to 3 MiB of each scan (sslyze issue 603): a child is relieved in time."""
SCAN_SECONDS = 40.0
_LONGEST_ANSWER = 4 * 1024 * 1024
_SHELF = "sslyze-child"
_COMMAND = ("-P", "-c", "from cnilcheck.collectors.sslyze_worker import main; main()")


class _Ended(Exception):
    """The child went away before it answered."""


class _Child:
    """One running process; `ask` may be called from several threads at once."""

    def __init__(self) -> None:
        if not sys.executable:
            raise InstrumentMissing("sslyze: no Python interpreter to run it in")
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        try:
            self._process = subprocess.Popen(
                [sys.executable, *_COMMAND], env=environment, text=True, encoding="utf-8",
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except OSError as problem:
            raise InstrumentMissing(f"sslyze: {problem.strerror}") from None
        self.asked = 0
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._listen, daemon=True, name="cnilcheck-sslyze").start()

    def ask(self, question: dict[str, Any]) -> Future[dict[str, Any]]:
        """Return what will hold the answer, or _Ended."""
        future: Future[dict[str, Any]] = Future()
        with self._lock:
            self.asked += 1
            self._waiting[self.asked] = future
            line = json.dumps({"id": self.asked} | question) + "\n"
            try:
                assert self._process.stdin is not None
                self._process.stdin.write(line)
                self._process.stdin.flush()
            except (OSError, ValueError):
                self._waiting.pop(self.asked, None)
                future.set_exception(_Ended())
        return future

    def _listen(self) -> None:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline(_LONGEST_ANSWER):
            try:
                answer = json.loads(line)
                with self._lock:
                    future = self._waiting.pop(answer.pop("id"))
            except (ValueError, KeyError, TypeError, AttributeError):
                break
            future.set_result(answer)
        self.kill()
        with self._lock:
            left, self._waiting = self._waiting, {}
        for future in left.values():
            future.set_exception(_Ended())
        self._process.wait()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """Let it finish what it was asked, and go."""
        with self._lock:
            if self._process.stdin is not None and not self._process.stdin.closed:
                try:
                    self._process.stdin.close()
                except OSError:
                    self._process.kill()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()


class SslyzeChild:
    """Asks sslyze in another process: its crash or hang is one failed scan, and no more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._farewell: weakref.finalize[..., Any] | None = None

    def start(self) -> None:
        """Have a child ready; to load sslyze takes it half a second, beside other work."""
        self._current()

    def _current(self) -> _Child:
        with self._lock:
            child = self._child
            if child is None or not child.alive or child.asked >= SCANS_PER_CHILD:
                if self._farewell is not None:
                    self._farewell()
                child = self._child = _Child()
                self._farewell = weakref.finalize(self, child.close)
            return child

    def scan(self, question: dict[str, Any], seconds: float = SCAN_SECONDS) -> dict[str, Any]:
        """Return what sslyze found, or `{"error": words}` when it would not scan.

        Raises TimedOut, or CollectionError when the child died of it twice: the second time alone,
        so that another server's scan is not to blame.
        """
        try:
            return self._answer(self._current(), question, seconds)
        except _Ended:
            alone = _Child()
        try:
            return self._answer(alone, question, seconds)
        except _Ended:
            raise CollectionError("sslyze ended in the middle of this scan, twice") from None
        finally:
            alone.close()

    def _answer(self, child: _Child, question: dict[str, Any], seconds: float) -> dict[str, Any]:
        try:
            answer = child.ask(question).result(timeout=seconds)
        except TimeoutError:
            child.kill()
            raise TimedOut(f"sslyze: no end after {seconds:.0f} s") from None
        found = answer.get("found")
        return found if isinstance(found, dict) else {"error": str(answer.get("error", ""))}


def sslyze_child(tools: Tools) -> SslyzeChild:
    """Return this run's child, the same for all listeners."""
    with tools.lock:
        child: SslyzeChild = tools.shared.setdefault(_SHELF, SslyzeChild())
    return child
