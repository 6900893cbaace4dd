"""Where a line stands in a log."""

from __future__ import annotations

from typing import TypeAlias

Line: TypeAlias = tuple[int, int]
"""The number of its file among those of the log, from 0, and its own in the file, from 1."""


def further(at: Line, lines: int) -> Line:
    """Return the place so many lines further down its file."""
    file, number = at
    return file, number + lines
