"""Plain values into types of ours, one thread at a time.

msgspec (0.22.0) prepares a type when it is first converted to, and does not guard that work: two
threads that meet there end the whole process with a segmentation fault.
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_ONE_AT_A_TIME = threading.Lock()


def convert(value: Any, kind: type[T]) -> T:
    """Return the value as that type; raises msgspec.ValidationError when it is none."""
    with _ONE_AT_A_TIME:
        return msgspec.convert(value, kind)


def decode_json(content: bytes, kind: type[T]) -> T:
    """Return the JSON as that type; raises msgspec.DecodeError or ValidationError."""
    with _ONE_AT_A_TIME:
        return msgspec.json.decode(content, type=kind)
