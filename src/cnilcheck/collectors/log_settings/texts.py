"""Configuration texts of a copied tree as plain values with their lines: sections, YAML, JSON."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from cnilcheck.collectors.base import Missing, Sighting
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError, Malformed, NotReadable
from cnilcheck.model.facts import Fact

_MAX_DEPTH = 60
_MAX_ALIASES = 30
_MAX_DOCUMENTS = 200
_MERGED_LIST = re.compile(r"<<[ \t]*:[ \t]*(?:\[|\r?\n[ \t]*-)")
ON = frozenset(("on", "yes", "true", "1", "enable", "enabled"))
OFF = frozenset(("off", "no", "false", "0", "disable", "disabled", "none", ""))


class Line(NamedTuple):
    """One `name = value` of a sectioned file, with its section and its place."""

    section: str
    name: str
    value: str
    place: str


def is_on(word: object) -> bool | None:
    """Return whether a switch is on; None for a word that is none."""
    text = str(word).strip().strip("\"'").lower()
    return True if text in ON else False if text in OFF else None


def lines_of(snapshot: Snapshot, path: str, comments: str = "#;") -> Iterator[tuple[str, str]]:
    """Yield each line that says something, stripped, with its place `file:line`."""
    for number, raw in enumerate(snapshot.read(path).split("\n"), start=1):
        line = raw.strip()
        if line and line[0] not in comments:
            yield line, f"{path}:{number}"


def sections_of(snapshot: Snapshot, path: str) -> Iterator[Line]:
    """Yield the settings of a file with [sections], as systemd, PHP and fail2ban write them."""
    section = ""
    for line, place in lines_of(snapshot, path):
        if line.startswith("["):
            section = line.strip("[] \t").casefold()
        else:
            name, _, value = line.partition("=")
            yield Line(section, name.strip().casefold(), value.strip(), place)


def values_of(snapshot: Snapshot, path: str, text: str | None = None) -> list[Any]:
    """Return the documents of a YAML, JSON or TOML file; raises Malformed for anything else."""
    text = snapshot.read(path) if text is None else text
    try:
        if path.endswith(".toml"):
            return [tomllib.loads(text)]
        if text.lstrip()[:1] in ("{", "["):
            return [json.loads(text)]
        return _yaml(text, path)
    except (ValueError, RecursionError):
        raise Malformed(f"{path} is not the YAML, JSON or TOML its name promises") from None


def _yaml(text: str, path: str) -> list[Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        depth = aliases = 0
        for event in yaml.parse(text, Loader=loader):
            aliases += isinstance(event, yaml.AliasEvent)
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            # Lists of merged aliases multiply: thirty lines could fill the memory.
            if depth > _MAX_DEPTH or (aliases > _MAX_ALIASES and _MERGED_LIST.search(text)):
                raise Malformed(f"{path}: nested too deep, or too many aliases")
        found = []
        for document in yaml.load_all(text, Loader=loader):
            found.append(document)
            if len(found) >= _MAX_DOCUMENTS:
                break
        return found
    except yaml.YAMLError:
        raise Malformed(f"{path} is not YAML") from None


def at(value: Any, *names: str) -> Any:
    """Return what lies below those names, written nested or with full stops; None if nothing."""
    for count in range(len(names), 0, -1):
        if isinstance(value, dict) and ".".join(names[:count]) in value:
            inner = value[".".join(names[:count])]
            found = at(inner, *names[count:]) if names[count:] else inner
            if found is not None:
                return found
    return None


def items_of(value: Any) -> list[Any]:
    """Return the items of a list, a lone value as a list of one, nothing for None."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def place_of(path: str, text: str, word: str, start: int = 0) -> str:
    """Return `file:line` of the first place a word stands at, the file alone if nowhere."""
    offset = text.find(word, start) if word else -1
    return f"{path}:{text.count(chr(10), 0, offset) + 1}" if offset >= 0 else path


def each(
    snapshot: Snapshot,
    patterns: tuple[str, ...],
    fact: type[Fact],
    read: Callable[[str], Iterator[Sighting]],
) -> Iterator[Sighting]:
    """Yield what a reader says of each file there is; a file that cannot be read is a gap."""
    paths: dict[str, None] = {}
    for pattern in patterns:
        try:
            paths |= dict.fromkeys(snapshot.glob(pattern))
        except NotReadable as error:
            yield Missing(pattern, fact, error)
    for path in paths:
        try:
            yield from read(path)
        except CollectionError as error:
            yield Missing(path, fact, error)


_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([a-zA-Zµ]*)")
_SECONDS = {
    "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "micros": 1e-6, "nanos": 1e-9,
    "": 1, "s": 1, "sec": 1, "second": 1, "seconds": 1,
    "m": 60, "min": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hr": 3600, "hour": 3600, "hours": 3600,
    "d": 86_400, "day": 86_400, "days": 86_400,
    "w": 604_800, "week": 604_800, "weeks": 604_800,
    "month": 2_592_000, "months": 2_592_000, "y": 31_536_000, "year": 31_536_000,
    "years": 31_536_000,
}  # fmt: skip


def days_of(duration: str) -> float | None:
    """Return the days of `90d`, `9month` or `2h30m`; a month counts thirty, a year 365 days.

    None for anything else. A number alone counts seconds.
    """
    found = _DURATION.findall(duration)
    if not found or _DURATION.sub("", duration).strip():
        return None
    total = 0.0
    for count, unit in found:
        seconds = _SECONDS.get(unit if unit == "M" else unit.lower())
        if unit == "M":
            seconds = _SECONDS["month"]
        if seconds is None:
            return None
        total += float(count) * seconds
    return total / 86_400
