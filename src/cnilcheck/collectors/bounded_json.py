"""A JSON answer of a stranger as plain values, bounded in size and depth."""

from __future__ import annotations

import json
from typing import Any

from cnilcheck.errors import Malformed


def json_object(body: bytes, truncated: bool = False) -> dict[str, Any]:
    """Return the object a body holds; raises Malformed for anything else, or one cut short."""
    if truncated:
        raise Malformed("a longer answer than such a document can be")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("not a JSON document") from None
    if not isinstance(value, dict):
        raise Malformed("not a JSON object")
    return value


def texts(value: object, most: int = 60) -> tuple[str, ...] | None:
    """Return the texts of a list, the first `most` of them; None when there is no such list."""
    if not isinstance(value, list):
        return None
    return tuple(item[:100] for item in value[:most] if isinstance(item, str))
