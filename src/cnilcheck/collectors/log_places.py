"""Where a line stands in a log."""

from __future__ import annotations

from typing import TypeAlias

Line: TypeAlias = tuple[int, int]
"""The number of its file among those of the log, from 0, and its own in the file, from 1."""
