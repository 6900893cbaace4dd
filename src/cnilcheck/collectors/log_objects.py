"""Values of nested objects, by their names with full stops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def value_of(found: Mapping[str, Any], name: str) -> Any:
    """Return what `a.b` names, as one key or as one object in another; None for nothing."""
    if name in found:
        return found[name]
    head, _, rest = name.partition(".")
    inner = found.get(head) if rest else None
    return value_of(inner, rest) if isinstance(inner, dict) else None


def first_of(found: Mapping[str, Any], names: Iterable[str]) -> Any:
    """Return the first value that is neither empty nor missing, None where all are."""
    values = (value_of(found, name) for name in names)
    return next((value for value in values if value not in (None, "")), None)


def objects_in(found: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list, or the object itself; what is neither is left out."""
    several = found if isinstance(found, list) else [found]
    return [one for one in several if isinstance(one, dict)]
