"""The end of a large log, read by a second process while the first reads its beginning.

The cut lies where a block of the whole file begins, so that both together count what one reader
does. The helper is a plain interpreter: `multiprocessing` would run the caller's script again.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from cnilcheck.collectors import log_files
from cnilcheck.collectors.log_columns import Columns
from cnilcheck.collectors.log_files import MAX_LINE, Blocks, FileSeen, part_of
from cnilcheck.collectors.log_formats import FORMATS
from cnilcheck.collectors.log_layouts import Layout
from cnilcheck.collectors.log_reading import Lines
from cnilcheck.collectors.log_tally import Tally

WORTH_IT = 128 << 20
"""Bytes of a file below which a second interpreter costs more than it saves."""
# Who reads the beginning also digests the end, a twelfth of the work of counting it.
_BEGINNING = 0.46
_START = "import sys; sys.path[:] = {}; from cnilcheck.collectors.log_parts import main; main()"


@dataclass(frozen=True)
class Job:
    """What the helper is to count: the lines of a file from the block at `start` to `size`."""

    path: Path
    start: int
    size: int
    layout: Layout
    written: int
    file: int
    key: bytes
    departures: dict[str, int]
    wanted: bool


@dataclass
class Part:
    """What was counted of the end of a file, its lines numbered from 1."""

    tally: Tally
    seen: FileSeen


def count_part(job: Job, progress: Callable[[int], None] = lambda _: None) -> Part:
    """Return the count of the end of a file; raises OSError."""
    tally, seen = Tally(), FileSeen(job.path.name, job.written)
    tally.personal.key = job.key
    tally.accounts.departures, tally.accounts.wanted = job.departures, job.wanted
    rest = Lines(FORMATS["web access"], job.written, tally, job.file)
    columns = Columns(job.layout, tally, job.file, rest.take_line, 0, job.written)
    with part_of(job.path, seen, job.start, job.size) as blocks:
        for block in blocks:
            seen.lines += columns.take(block, seen.lines + 1)
            progress(len(block))
    columns.end()
    return Part(tally, seen)


def main() -> None:
    """Count the part that standard input names; tell standard output how far, then the count."""
    out = sys.stdout.buffer
    job = pickle.load(sys.stdin.buffer)

    def tell(message: object) -> None:
        pickle.dump(message, out)
        out.flush()

    try:
        tell(count_part(job, tell))
    except OSError:
        sys.exit(1)


@dataclass
class Helper:
    """A second process at work on the end of a file."""

    job: Job
    process: subprocess.Popen[bytes]
    done: int = 0
    part: Part | None = None
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        """Follow what the process tells."""
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        out, into = self.process.stdout, self.process.stdin
        if out is None or into is None:
            return
        try:
            pickle.dump(self.job, into)
            into.flush()
            while self.part is None:
                told = pickle.load(out)
                if isinstance(told, Part):
                    self.part = told
                else:
                    self.done += told
        except (OSError, EOFError, pickle.UnpicklingError):
            return

    def wait(self, go_on: Callable[[], None]) -> Part:
        """Return the count, calling `go_on` several times a second; what the process fails to
        count is counted here. Raises what `go_on` raises, and OSError."""
        while self._thread.is_alive():
            go_on()
            self._thread.join(0.2)
        return self.part or count_part(self.job, lambda _: go_on())

    def end(self) -> None:
        """Leave no process behind."""
        self.process.kill()
        self.process.wait()
        self._thread.join()
        for pipe in (self.process.stdin, self.process.stdout):
            _close(pipe)


def _close(pipe: IO[bytes] | None) -> None:
    try:
        if pipe is not None:
            pipe.close()
    except OSError:
        return


def helper_for(
    path: Path, layout: Layout, blocks: Blocks, file: int, tally: Tally
) -> Helper | None:
    """Start a second process on the end of a plain file that is worth it; None for any other.

    It will count into a tally of its own, which `tally` can be joined with.
    """
    size = blocks.seen.size
    plain = not blocks.seen.packed and blocks.stored.count == blocks.seen.read
    start = int(size * _BEGINNING) // log_files.BLOCK * log_files.BLOCK
    if not plain or size < WORTH_IT or start < MAX_LINE or _cores() < 2 or not sys.executable:
        return None
    shared = tally.personal.key, tally.accounts.departures, tally.accounts.wanted
    job = Job(path, start, size, layout, blocks.seen.written, file, *shared)
    try:
        with path.open("rb") as found:
            found.seek(start - MAX_LINE)
            if b"\n" not in found.read(MAX_LINE):
                return None
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START.format(repr(sys.path))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    except OSError:
        return None
    return Helper(job, process)


def _cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
