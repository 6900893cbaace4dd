"""Instruments run side by side: values become types of ours without ending the process."""

from __future__ import annotations

import subprocess
import sys

RACE = """
import sys, threading
import msgspec
from cnilcheck.model.typed import convert

sys.setswitchinterval(1e-6)

def fresh():
    class Inner(msgspec.Struct, frozen=True):
        a: int
        b: tuple[str, ...] = ()
    class Outer(msgspec.Struct, frozen=True):
        m: tuple[Inner, ...]
        n: dict[str, Inner] = {}
    return Outer

raw = {"m": [{"a": 1, "b": ["q"]}] * 5, "n": {"x": {"a": 2}}}
for _ in range(150):
    kind, go = fresh(), threading.Barrier(8)
    def work():
        go.wait()
        convert(raw, kind)
    threads = [threading.Thread(target=work) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
print("whole")
"""


def test_threads_that_meet_at_a_new_type_do_not_end_the_process() -> None:
    """Without the lock, msgspec 0.22.0 ends with a segmentation fault here, each time."""
    command = [sys.executable, "-c", RACE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "whole"
