"""A test that hangs fails and says so; how fast a test runs is nowhere asserted."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from types import FrameType

import pytest

# Far above what any test takes on a busy machine: only what would never end meets it.
_PATIENCE = 180


@pytest.fixture(autouse=True)
def _no_test_hangs() -> Iterator[None]:
    """Interrupt a test that does not end; a quadratic reading of a large file does not."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def hangs(number: int, frame: FrameType | None) -> None:
        pytest.fail(f"not done after {_PATIENCE} s")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(_PATIENCE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
