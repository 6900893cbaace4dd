"""report.json: the report as a machine reads it, the same bytes each time."""

from __future__ import annotations

from typing import Any

import msgspec

from cnilcheck.model.report import Report


def to_bytes(report: Report) -> bytes:
    """Return the report as JSON, names sorted, indented by two spaces, with a final newline."""
    try:
        compact = msgspec.json.encode(report, order="sorted")
    except UnicodeEncodeError:
        # Half of a surrogate pair, from a server's broken text, has no place in UTF-8.
        compact = msgspec.json.encode(_whole(msgspec.to_builtins(report)), order="sorted")
    return msgspec.json.format(compact, indent=2) + b"\n"


def _whole(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {_whole(key): _whole(item) for key, item in value.items()}
        case list() | tuple():
            return [_whole(item) for item in value]
    return value
