"""Run many observations side by side, bounded in time, and lose nothing when one goes wrong."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType

from cnilcheck.collectors.base import Collector, Sighting, Task, Tools
from cnilcheck.errors import Interrupted, TimedOut

Watcher = Callable[[str, str, str], None]
"""Told of each step: instrument, target, and `start`, `done` or `gap`."""

WORKERS = 8
PACED_WORKERS = 24
TASK_SECONDS = 180.0
_GRACE_SECONDS = 3.0
_MENDING_SECONDS = 120.0


class Run:
    """One instrument at one task: what it saw so far, and how it ended.

    As a context manager it is the one place where an instrument's error of any kind is caught.
    """

    def __init__(self, collector: Collector, task: Task) -> None:
        self.collector = collector
        self.task = task
        self.sightings: list[Sighting] = []
        self.error: BaseException | None = None
        self.started: float | None = None
        self.ended = threading.Event()

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _: TracebackType | None,
    ) -> bool:
        self.end(error)
        return True

    def execute(self, tools: Tools) -> None:
        """Observe until the instrument has no more to say, or the audit stops."""
        self.started = time.monotonic()
        with self:
            for sighting in self.collector.observe(self.task, tools):
                if self.ended.is_set():
                    return
                self.sightings.append(sighting)
                if tools.stop.is_set() and not self.task.closes:
                    raise Interrupted("stopped by the operator")

    def end(self, error: BaseException | None) -> None:
        """Close the run, once; what comes later is not kept."""
        if not self.ended.is_set():
            self.error = error
            self.ended.set()

    @property
    def overdue(self) -> bool:
        """Whether the run has used up its time and still goes on."""
        begun = self.started is not None and time.monotonic() - self.started > self.seconds
        return begun and not self.ended.is_set()

    @property
    def seconds(self) -> float:
        """How long it may take."""
        return self.task.seconds or TASK_SECONDS


def supervise(runs: Sequence[Run], tools: Tools, watch: Watcher) -> bool:
    """Run all to their end; return whether the operator interrupted.

    A run that hangs is ended after TASK_SECONDS and its thread left behind (threads are daemons).
    """
    # Those that mostly wait for their host's pace go side by side, and hold nobody else up.
    paced = [run for run in runs if run.task.seconds is not None]
    usual = [run for run in runs if run.task.seconds is None]
    queues = {
        True: _workers(paced, PACED_WORKERS, tools, watch),
        False: _workers(usual, WORKERS, tools, watch),
    }
    try:
        _wait(runs, lambda late: _worker(queues[late in paced], tools, watch), watch)
    except KeyboardInterrupt:
        tools.stop.set()
        _last_words(runs)
        _let_mend(tools)
        return True
    _let_mend(tools)
    return False


def _workers(
    runs: Sequence[Run], most: int, tools: Tools, watch: Watcher
) -> queue.SimpleQueue[Run]:
    waiting: queue.SimpleQueue[Run] = queue.SimpleQueue()
    for run in runs:
        waiting.put(run)
    for _ in range(min(most, len(runs))):
        _worker(waiting, tools, watch)
    return waiting


def _worker(waiting: queue.SimpleQueue[Run], tools: Tools, watch: Watcher) -> None:
    def work() -> None:
        while not tools.stop.is_set():
            try:
                run = waiting.get_nowait()
            except queue.Empty:
                return
            watch(run.collector.name, run.task.target, "start")
            run.execute(tools)
            watch(run.collector.name, run.task.target, "gap" if run.error else "done")

    threading.Thread(target=work, daemon=True, name="cnilcheck-instrument").start()


def _wait(runs: Sequence[Run], replace_worker: Callable[[Run], None], watch: Watcher) -> None:
    for run in runs:
        while not run.ended.wait(0.1):
            for late in (r for r in runs if r.overdue):
                late.end(TimedOut(f"no end after {late.seconds:.0f} s"))
                watch(late.collector.name, late.task.target, "gap")
                replace_worker(late)


def _let_mend(tools: Tools) -> None:
    """Wait, within bounds, for what was changed to be put back; impatience does not shorten it."""
    until = time.monotonic() + _MENDING_SECONDS
    while tools.mending and time.monotonic() < until:
        try:
            time.sleep(0.05)
        except KeyboardInterrupt:
            continue


def _last_words(runs: Sequence[Run]) -> None:
    until = time.monotonic() + _GRACE_SECONDS
    for run in runs:
        if run.started is not None:
            run.ended.wait(max(0.0, until - time.monotonic()))
        run.end(Interrupted("stopped by the operator"))
