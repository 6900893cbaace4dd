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
        compact = msgspec.json.encode(whole(msgspec.to_builtins(report)), order="sorted")
    return msgspec.json.format(compact, indent=2) + b"\n"


def whole(value: Any) -> Any:
    """Return the value without halves of surrogate pairs in its texts."""
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {whole(key): whole(item) for key, item in value.items()}
        case list() | tuple():
            return [whole(item) for item in value]
    return value
