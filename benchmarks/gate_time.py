"""How long a gate takes on the replica, beside its slowest instrument run alone.

    python benchmarks/gate_time.py [--turns N] [--mended]

Every instrument is first run alone twice, in a process of its own; the four slowest are then run
again in turn with the whole gate. Everything counts: process start, judging, writing the reports.
Bar: the gate takes at most a fifth longer than the slowest instrument of the same turn. Processor
time is printed beside: the replica runs on this machine too. Run it on a quiet machine; only
127.0.0.1 is contacted.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TypeAlias

from cnilcheck.cli.run import Format, ScopeText, Telling, conclude, observe
from cnilcheck.collectors.catalogue import collectors
from cnilcheck.documents.scope import read_scope
from cnilcheck.replica import Replica

_BAR = 1.2
_GATE = "the gate"


def main() -> None:
    """Print the seconds of each, and whether the bar is met; exit with 1 when it is not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--mended", action="store_true")
    parser.add_argument("--child", nargs=2, metavar=("SCOPE", "INSTRUMENT"))
    asked = parser.parse_args()
    if asked.child:
        gate(Path(asked.child[0]), asked.child[1])
        return
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    with (
        tempfile.TemporaryDirectory(prefix="cnilcheck-gate-") as folder,
        Replica(Path(folder), asked.mended) as replica,
    ):
        sys.exit(measure(replica.scope_path, asked.turns))


def measure(scope: Path, turns: int) -> int:
    """Return 0 when the bar is met, 1 when it is not."""
    read = read_scope(scope, dt.date.today())
    at_work = [c.name for c in collectors() if c.tasks(read)]
    alone = {name: min(time_of(scope, name) for _ in range(2)) for name in at_work}
    slowest = sorted(alone, key=lambda name: alone[name], reverse=True)[:4]
    taken: dict[str, list[Time]] = {name: [] for name in (_GATE, *slowest)}
    for _ in range(turns):
        for name, times in taken.items():
            times.append(time_of(scope, name))
    for name, times in taken.items():
        lasted, worked = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"{name:28} {lasted:6.2f} s, {worked:6.2f} s of processor time")
    ratio = statistics.median(
        whole / max(taken[name][n][0] for name in slowest)
        for n, (whole, _) in enumerate(taken[_GATE])
    )
    print(f"{len(at_work)} instruments; the gate takes {ratio:.2f} times the slowest (bar {_BAR})")
    return 0 if ratio <= _BAR else 1


Time: TypeAlias = tuple[float, float]


def time_of(scope: Path, instrument: str) -> Time:
    """Return the seconds and those of the processor of a run of one instrument, or of all."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, __file__, "--child", str(scope), instrument]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lasted, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return lasted, worked


def gate(scope_path: Path, instrument: str) -> None:
    """Audit as `cnilcheck scan --format junit,sarif` does, with all instruments or with one."""
    telling = Telling(formats=(Format.JUNIT, Format.SARIF), quiet=True)
    today = dt.date.today()
    scope = read_scope(scope_path, today)
    chosen = [c for c in collectors() if instrument in (c.name, _GATE)]
    written = scope_path.read_bytes()
    with tempfile.TemporaryDirectory(prefix="cnilcheck-gate-") as out:
        folder, collected = observe(
            scope, scope_path.parent, written, Path(out),
            force=False, telling=telling, instruments=chosen,
        )  # fmt: skip
        conclude(folder, scope, collected, today, telling, ScopeText(written=written))


if __name__ == "__main__":
    main()
