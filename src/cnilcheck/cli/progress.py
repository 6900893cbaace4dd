"""One progress display for all instruments, on standard error, only on a terminal."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cnilcheck.cli.words import say
from cnilcheck.model.personal_data import printable


def note(line: str) -> None:
    """Say one line on standard error; an audit goes on where nobody reads it any more."""
    with suppress(OSError, ValueError):
        print(line, file=sys.stderr)


class Watch:
    """Counts the observations that ended, and names those under way."""

    def __init__(self, total: int, quiet: bool, steps: bool = False) -> None:
        self._console = Console(stderr=True)
        self._steps = steps
        shown = self._console.is_terminal and not quiet
        self._progress = Progress(
            TextColumn("[bold]{task.description}"), BarColumn(bar_width=16), MofNCompleteColumn(),
            TimeElapsedColumn(), TextColumn("{task.fields[under_way]}", markup=False),
            console=self._console, transient=True, disable=not shown,
        )  # fmt: skip
        description = say("Observation", "Observing")
        self._task = self._progress.add_task(description, total=total, under_way="")
        self._under_way: list[str] = []
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._told = 0.0

    def __enter__(self) -> Watch:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._progress.stop()

    def read(self, name: str, done: int, total: int) -> None:
        """Show how much of something long was read, how fast, and how much time is left."""
        now = time.monotonic()
        if now - self._told < 0.2:
            return
        self._told = now
        rate = done / max(now - self._began, 0.001)
        left = f", {round((total - done) / rate)} s" if total > done and rate else ""
        share = f" {done * 100 // total} %" if total else ""
        shown = f"{printable(name, 28)}{share} {rate / 1e6:.0f} MB/s{left}"
        self._progress.update(self._task, under_way=shown)

    def __call__(self, instrument: str, target: str, step: str) -> None:
        """Note one step of one observation: `start`, `done` or `gap`."""
        what = f"{instrument} {printable(target, 28)}"
        with self._lock:
            if self._steps:
                note(f"{step} {instrument} {printable(target)}")
            if step == "start":
                self._under_way.append(what)
            elif what in self._under_way:
                self._under_way.remove(what)
                self._progress.advance(self._task)
            shown = ", ".join(self._under_way[:2]) + (" …" if len(self._under_way) > 2 else "")
        self._progress.update(self._task, under_way=shown)
