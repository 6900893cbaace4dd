"""One observation as a reader sees it: where it comes from, and what it says."""

from __future__ import annotations

import datetime as dt
import math
import typing
from dataclasses import dataclass
from enum import Enum
from functools import cache

import msgspec
from msgspec.structs import FieldInfo

from cnilcheck.model.evidence import Evidence, Gap, Observation
from cnilcheck.model.facts import LogFields, fact_name
from cnilcheck.model.text import NBSP, NNBSP, spell
from cnilcheck.model.words import Lang
from cnilcheck.renderers import words
from cnilcheck.renderers.fact_words import FIELDS, VALUES
from cnilcheck.renderers.harmless import harmless

_SHOWN = 12
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


def proof_of(observation: Observation, lang: Lang) -> Proof:
    """Return the observation in that language."""
    origin = observation.provenance
    match observation:
        case Evidence(fact=fact):
            name, rows = fact_name(type(fact).__name__), _rows(fact, lang)
        case Gap(missing=missing):
            name, rows = missing, ()
    return Proof(
        instrument=harmless(origin.instrument, 80),
        version=harmless(origin.version, 80),
        method=words.METHODS[origin.method].to(lang),
        observed_at=words.moment(origin.observed_at, lang),
        fact=harmless(name, 80),
        rows=rows,
    )


def _rows(fact: msgspec.Struct, lang: Lang) -> tuple[Row, ...]:
    shares = isinstance(fact, LogFields)
    return tuple(
        Row(
            _label(field.encode_name, lang),
            (_share(value, lang),)
            if shares and isinstance(value, float)
            else _values(value, field, lang),
        )
        for field in msgspec.structs.fields(fact)
        for value in [getattr(fact, field.name)]
    )


def _share(value: float, lang: Lang) -> str:
    # Rounded down: 99.96 % of lines is not all of them.
    percent = spell(math.floor(value * 1000) / 10, lang)
    return f"{percent}{NNBSP}%" if lang is Lang.FR else f"{percent}%"


def _label(name: str, lang: Lang) -> str:
    word = FIELDS.get(name)
    return word.to(lang) if word else harmless(name.replace("_", " "), 60)


def _values(value: object, field: FieldInfo, lang: Lang) -> tuple[str, ...]:
    if isinstance(value, tuple) and any(isinstance(item, msgspec.Struct) for item in value):
        return _cut([_line(item, field, lang) for item in value], lang)
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
        case msgspec.Struct():
            fields = msgspec.structs.fields(value)
            pieces = ((f, _line(getattr(value, f.name), f, lang)) for f in fields)
            return ", ".join(f"{_label(f.encode_name, lang)}{_colon(lang)}{p}" for f, p in pieces)
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
