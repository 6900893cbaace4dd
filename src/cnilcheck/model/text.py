"""A sentence in both languages, and how values are spelled in each."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import Struct

from cnilcheck.model.words import Lang

NBSP = "\u00a0"
NNBSP = "\u202f"


class Text(Struct, frozen=True, forbid_unknown_fields=True):
    """The same words in French and in English; neither is a translation of the other."""

    fr: str
    en: str

    def to(self, lang: Lang) -> str:
        """Return the words in that language."""
        return self.fr if lang is Lang.FR else self.en


Scalar: TypeAlias = str | int | float | bool | dt.date | dt.datetime | Text | None
Value: TypeAlias = Scalar | tuple[Scalar, ...]

_MONTHS_FR = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
_MONTHS_EN = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def fill(template: Text, values: Mapping[str, Value]) -> Text:
    """Return the template with each {placeholder} replaced by its value, in both languages.

    Raises KeyError when a placeholder has no value. Braces inside values stay as they are.
    """
    return Text(
        fr=template.fr.format_map({k: spell(v, Lang.FR) for k, v in values.items()}),
        en=template.en.format_map({k: spell(v, Lang.EN) for k, v in values.items()}),
    )


def spell(value: Value, lang: Lang) -> str:
    """Return a value as a person writes it in that language: dates, numbers, lists, yes or no."""
    match value:
        case Text():
            return value.to(lang)
        case None:
            return "non précisé" if lang is Lang.FR else "not stated"
        case bool():
            return _yes_no(value, lang)
        case int():
            return _grouped(value, lang)
        case float():
            return _decimal(value, lang)
        case dt.datetime():
            return f"{spell(value.date(), lang)} {value:%H:%M}"
        case dt.date():
            return _date(value, lang)
        case tuple():
            none = "aucun" if lang is Lang.FR else "none"
            return ", ".join(spell(item, lang) for item in value) or none
        case str():
            return value


def _yes_no(value: bool, lang: Lang) -> str:
    if lang is Lang.FR:
        return "oui" if value else "non"
    return "yes" if value else "no"


def _grouped(value: int, lang: Lang) -> str:
    text = f"{value:,}" if abs(value) >= 10_000 else str(value)
    # French groups thousands with a narrow no-break space (Imprimerie nationale).
    return text.replace(",", NNBSP) if lang is Lang.FR else text


def _decimal(value: float, lang: Lang) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return text.replace(".", ",") if lang is Lang.FR else text


def _date(value: dt.date, lang: Lang) -> str:
    if lang is Lang.FR:
        day = "1er" if value.day == 1 else str(value.day)
        return f"{day}{NBSP}{_MONTHS_FR[value.month - 1]} {value.year}"
    return f"{value.day}{NBSP}{_MONTHS_EN[value.month - 1]} {value.year}"


_CODE = re.compile(r"(`[^`]*`|https?://\S+|\{[^}]*\})")


def french(text: str) -> str:
    """Return French text with typographic apostrophes and no-break spaces where they belong.

    Lexique des règles typographiques en usage à l'Imprimerie nationale: a no-break space before a
    colon and inside « », a narrow one before ; ! ? and %. Code between backticks, addresses and
    placeholders stay as they are.
    """
    return _outside_code(_typeset, text)


def english(text: str) -> str:
    """Return English text with typographic apostrophes; code and addresses stay as they are."""
    return _outside_code(lambda part: re.sub(r"(?<=\w)'(?=\w|\s|$|[.,;:)])", "’", part), text)


def _outside_code(change: Callable[[str], str], text: str) -> str:
    parts = _CODE.split(text)
    parts[::2] = [change(part) for part in parts[::2]]
    return "".join(parts)


def _typeset(text: str) -> str:
    text = text.replace("'", "’")
    text = re.sub(r" +(?=[:»])", NBSP, text)
    text = re.sub(r"« +", f"«{NBSP}", text)
    return re.sub(r" +(?=[;!?%])", NNBSP, text)
