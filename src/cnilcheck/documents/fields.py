"""Turn plain values into a type of the model, naming the field that is wrong and its neighbour."""

from __future__ import annotations

import difflib
import re
from typing import Any, TypeVar

import msgspec
from msgspec.inspect import type_info

from cnilcheck.errors import UsageError

T = TypeVar("T")

_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]*)`")
_PLACE = re.compile(r" - at `(?P<key>key in )?\$?(?P<place>[^`]*)`")


def to_model(value: object, kind: type[T], where: str, error: type[UsageError]) -> T:
    """Return the value as that type; raises `error` with one line: file, field, nearest key."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as problem:
        raise error(explain(str(problem), kind, where)) from None
    except RecursionError:
        raise error(f"{where}: nested too deeply") from None


def explain(message: str, kind: Any, where: str) -> str:
    """Return one line for a validation message: where, which field, what is wrong, nearest key."""
    found = _PLACE.search(message)
    place = found["place"].lstrip(".") if found else ""
    what = _PLACE.sub("", message)
    unknown = _UNKNOWN.search(what)
    if unknown:
        name = unknown["name"]
        field = f"{place}.{name}" if place else name
        keys = keys_at(kind, place)
        near = difflib.get_close_matches(name, keys, n=1, cutoff=0.5)
        hint = f"did you mean `{near[0]}`?" if near else f"known keys: {', '.join(sorted(keys))}"
        return f"{where}: {field}: unknown key; {hint}"
    what = what[0].lower() + what[1:]
    return f"{where}: {place or 'document'}: {what}"


def keys_at(kind: Any, place: str) -> set[str]:
    """Return the keys a mapping at that place of the type may have."""
    kinds = [type_info(kind)]
    for step in re.findall(r"[^.\[\]]+|\[[^\]]*\]", place):
        kinds = [inner for k in kinds for inner in _step(k, step)]
    return {f.encode_name for k in kinds for f in getattr(_plain(k), "fields", ())}


def _step(kind: Any, step: str) -> list[Any]:
    inner: list[Any] = []
    for option in _options(kind):
        if step.startswith("["):
            item = getattr(option, "item_type", None) or getattr(option, "value_type", None)
            inner += _options(item) if item is not None else []
        else:
            inner += [
                o
                for f in getattr(option, "fields", ())
                if f.encode_name == step
                for o in _options(f.type)
            ]
    return inner


def _options(kind: Any) -> list[Any]:
    plain = _plain(kind)
    return list(getattr(plain, "types", None) or [plain])


def _plain(kind: Any) -> Any:
    return kind.type if isinstance(kind, msgspec.inspect.Metadata) else kind
