"""One observation as a reader sees it: where it comes from, and what it says."""

from __future__ import annotations

import datetime as dt
import math
import typing
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

import msgspec
from msgspec.structs import FieldInfo

from cnilcheck.model.evidence import Absence, Evidence, Gap, Observation
from cnilcheck.model.facts import LogFields, fact_name
from cnilcheck.model.text import NBSP, NNBSP, Text, spell
from cnilcheck.model.words import Lang
from cnilcheck.renderers import words
from cnilcheck.renderers.fact_words import FIELDS, VALUES
from cnilcheck.renderers.harmless import harmless
from cnilcheck.renderers.reproduce import command

_SHOWN = 12
# Entries of an inventory are long: the rest is in evidence.json.
_ENTRIES = 6
_LETTERS = 300
# Numbers that name something, and are not grouped by thousands.
_NAMES = {"port", "asked", "status", "bits", "dh_bits"}


@dataclass(frozen=True)
class Row:
    """One field of a fact: its name, and its values, one per line."""

    label: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Proof:
    """What was observed, with its provenance; a gap has no rows."""

    instrument: str
    version: str
    method: str
    observed_at: str
    fact: str
    rows: tuple[Row, ...]
    reproduce: str = ""


def proof_of(observation: Observation, lang: Lang, location: str = "") -> Proof:
    """Return the observation in that language; of an inventory, what it says of the location."""
    origin = observation.provenance
    match observation:
        case Evidence(fact=fact):
            name, rows = fact_name(type(fact).__name__), _rows(fact, lang, location)
        case Gap(missing=missing):
            name, rows = missing, ()
        case Absence(of=of):
            name, rows = of, ()
    return Proof(
        instrument=harmless(origin.instrument, 80),
        version=harmless(origin.version, 80),
        method=words.METHODS[origin.method].to(lang),
        observed_at=words.moment(origin.observed_at, lang),
        fact=harmless(name, 80),
        rows=rows,
        reproduce=command(observation, location or observation.location),
    )


def is_inventory_of(observation: Observation, location: str) -> bool:
    """Return whether the observation lists several things, of which one is at the location."""
    if not isinstance(observation, Evidence):
        return False
    fact = observation.fact
    values = (getattr(fact, field.name) for field in _fields(type(fact)))
    return any(len(_about(value, location)) < len(value) for value in values if _is_list(value))


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[FieldInfo, ...]:
    # msgspec works the annotations out anew each time.
    return msgspec.structs.fields(kind)


def _is_list(value: object) -> bool:
    return isinstance(value, tuple) and any(
        isinstance(item, msgspec.Struct) and not isinstance(item, Text) for item in value
    )


def _about(items: tuple[Any, ...], location: str) -> tuple[Any, ...]:
    """Return those of the items that are at the location; all of them when none says so."""
    there = tuple(item for item in items if _is_at(item, location))
    return there or items


def _is_at(item: Any, location: str) -> bool:
    exact = [getattr(item, name, None) for name in ("path", "place")]
    port = getattr(item, "port", None)
    return (location != "" and location in exact) or (
        port is not None and location.rpartition(":")[2] == str(port)
    )


def _rows(fact: msgspec.Struct, lang: Lang, location: str) -> tuple[Row, ...]:
    rows, unsaid = list[Row](), list[str]()
    for field in _fields(type(fact)):
        value = getattr(fact, field.name)
        label = _label(field.encode_name, lang)
        if value is None:
            unsaid.append(label)
        elif isinstance(fact, LogFields) and isinstance(value, float):
            rows.append(Row(label, (share(value, lang),)))
        elif len(about := _entries(value, location)) == 1:
            rows += _entry(about[0], len(value) - 1, lang)
        else:
            rows.append(Row(label, _values(value, field, lang, location)))
    # What the source does not say can matter: it is told, in one line.
    return (*rows, *([Row(spell(None, lang), (", ".join(unsaid),))] if unsaid else ()))


def _entries(value: Any, location: str) -> tuple[Any, ...]:
    """Return the things of a list that are at the location; none when it lists no such thing."""
    there = value if _is_list(value) else ()
    return tuple(item for item in there if _is_at(item, location))


def _entry(item: msgspec.Struct, rest: int, lang: Lang) -> list[Row]:
    fields = [(field, getattr(item, field.name)) for field in _fields(type(item))]
    said = [(field, value) for field, value in fields if value is not None and value != ()]
    rows = [Row(_label(f.encode_name, lang), _values(value, f, lang, "")) for f, value in said]
    more = [Row(words.PAGE["others"].to(lang), (words.MORE.to(rest, lang),))] if rest else []
    return rows + more


def share(value: float, lang: Lang) -> str:
    """Return a share of lines in percent."""
    # Rounded down: 99.96 % of lines is not all of them.
    percent = spell(math.floor(value * 1000) / 10, lang)
    return f"{percent}{NNBSP}%" if lang is Lang.FR else f"{percent}%"


def _label(name: str, lang: Lang) -> str:
    word = FIELDS.get(name)
    return word.to(lang) if word else harmless(name.replace("_", " "), 60)


def _values(value: object, field: FieldInfo, lang: Lang, location: str) -> tuple[str, ...]:
    if isinstance(value, tuple) and _is_list(value):
        about = _about(value, location)
        shown = [_line(item, field, lang) for item in about[:_ENTRIES]]
        rest = len(value) - len(shown)
        return (*shown, words.MORE.to(rest, lang)) if rest else tuple(shown)
    if isinstance(value, dict):
        return _cut([f"{harmless(str(k), 80)}{_colon(lang)}{_line(v, None, lang)}"
                     for k, v in sorted(value.items())], lang)  # fmt: skip
    return (_line(value, field, lang),)


def _cut(lines: list[str], lang: Lang) -> tuple[str, ...]:
    if not lines:
        return (spell((), lang),)
    rest = len(lines) - _SHOWN
    return tuple(lines if rest <= 0 else [*lines[:_SHOWN], words.MORE.to(rest, lang)])


def _line(value: object, field: FieldInfo | None, lang: Lang) -> str:
    match value:
        case Text():
            return harmless(value.to(lang))
        case msgspec.Struct():
            return _struct(value, lang)
        case tuple():
            named = [_line(item, field, lang) for item in value[:_SHOWN]]
            more = [words.MORE.to(len(value) - _SHOWN, lang)] if len(value) > _SHOWN else []
            return ", ".join(named + more) or spell((), lang)
        case dict():
            pairs = (f"{k}{_colon(lang)}{_line(v, None, lang)}" for k, v in sorted(value.items()))
            return harmless(", ".join(pairs)) or spell((), lang)
        case dt.datetime():
            return words.moment(value, lang)
        case str() if field and value in VALUES and value in _closed(field.type):
            return VALUES[value].to(lang)
        case int() if field and field.name in _NAMES and not isinstance(value, bool):
            return str(value)
        case None | bool() | int() | float() | dt.date() | str():
            return harmless(spell(value, lang)) or spell(None, lang)
    return harmless(str(value))


def _struct(value: msgspec.Struct, lang: Lang) -> str:
    """Return what the thing says of itself; of lists inside it, only how long they are."""
    said = ((f, getattr(value, f.name)) for f in _fields(type(value)))
    line = ", ".join(
        f"{_label(f.encode_name, lang)}{_colon(lang)}"
        f"{spell(len(v), lang) if _is_list(v) else _line(v, f, lang)}"
        for f, v in said
        if v is not None and v not in ((), "")
    )
    return line if len(line) <= _LETTERS else line[: _LETTERS - 1].rstrip() + "…"


def _colon(lang: Lang) -> str:
    return f"{NBSP}: " if lang is Lang.FR else ": "


@cache
def _closed(kind: object) -> frozenset[str]:
    """Return the closed words a field may hold; free text has none."""
    if typing.get_origin(kind) is typing.Literal:
        return frozenset(a for a in typing.get_args(kind) if isinstance(a, str))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return frozenset(str(member.value) for member in kind)
    return frozenset[str]().union(*(_closed(inner) for inner in typing.get_args(kind)))
