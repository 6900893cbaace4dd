from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from enum import Enum

import msgspec
import pytest

from cnilcheck.model import facts
from cnilcheck.model.text import Text
from cnilcheck.model.words import Lang
from cnilcheck.renderers import fact_words, words
from cnilcheck.renderers.harmless import harmless, harmless_lines, parts

# Proper names and identifiers, the same in both languages.
SAME = {"Heartbleed", "ROBOT", "Lax", "None", "Strict", "get", "http", "https", "md5", "relp", "scram", "sms", "tcp", "totp",
        "udp"}  # fmt: skip


def texts(value: object) -> Iterator[Text]:
    match value:
        case Text():
            yield value
        case words.Counted(one, many):
            yield from (one, many)
        case dict():
            for item in value.values():
                yield from texts(item)
        case tuple():
            for item in value:
                yield from texts(item)


EVERY = [
    text
    for module in (words, fact_words)
    for value in list(vars(module).values())
    for text in texts(value)
]


def test_french_typography_is_right() -> None:
    assert EVERY
    for text in EVERY:
        assert text.fr.strip()
        assert text.en.strip()
        assert "'" not in text.fr
        assert not re.search(r" [:;!?%»]|« ", text.fr)


@pytest.mark.parametrize(
    ("n", "fr", "en"),
    [
        (0, "0 point à corriger", "0 points to mend"),
        (1, "1 point à corriger", "1 point to mend"),
        (2, "2 points à corriger", "2 points to mend"),
    ],
)
def test_numbers_agree_with_their_noun(n: int, fr: str, en: str) -> None:
    assert fr == words.TO_MEND.to(n, Lang.FR)
    assert en == words.TO_MEND.to(n, Lang.EN)


@pytest.mark.parametrize(
    ("days", "fr", "en"),
    [
        (0.1, "quelques heures", "a few hours"),
        (0.5, "½ jour", "½ day"),
        (1, "1 jour", "1 day"),
        (1.5, "1,5 jour", "1.5 days"),
        (10, "10 jours", "10 days"),
    ],
)
def test_efforts_are_said_in_working_days(days: float, fr: str, en: str) -> None:
    assert fr == words.work(days, Lang.FR).replace("\u00a0", " ")
    assert en == words.work(days, Lang.EN).replace("\u00a0", " ")


def test_a_word_for_each_field_of_a_fact_and_each_closed_value() -> None:
    """A new fact's fields are named in renderers/fact_words.py."""
    names, values = _spoken(typing.get_args(facts.AnyFact))
    assert not names - fact_words.FIELDS.keys()
    assert not values - fact_words.VALUES.keys() - SAME


def _spoken(kinds: tuple[object, ...]) -> tuple[set[str], set[str]]:
    names, values, seen, waiting = set[str](), set[str](), set[object](), list(kinds)
    while waiting:
        kind = waiting.pop()
        if typing.get_origin(kind) is typing.Literal:
            values |= {a for a in typing.get_args(kind) if isinstance(a, str)}
        elif isinstance(kind, type) and issubclass(kind, Enum):
            values |= {str(member.value) for member in kind}
        elif kind is Text:
            continue
        elif isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in seen:
            seen.add(kind)
            names |= {f.encode_name for f in msgspec.structs.fields(kind)}
            waiting += [f.type for f in msgspec.structs.fields(kind)]
        else:
            waiting += typing.get_args(kind)
    return names, values


def test_harmless_text_is_one_bounded_line_without_hidden_characters() -> None:
    assert harmless("a\x1b[31m\u202eb\u200b\nc\ud800") == "a�[31m�b� c�"
    assert len(harmless("x" * 10_000)) == 400
    assert harmless("e" + "\u0301" * 50) == "e" + "\u0301" * 3
    assert harmless("12\u00a0mai\u202f!") == "12\u00a0mai\u202f!"


def test_code_keeps_its_lines_and_indentation() -> None:
    assert harmless_lines("a {\n\tb;\x07\n}\n") == "a {\n    b;�\n}"


def test_code_stands_between_backticks() -> None:
    assert parts("run `ls -l` now") == [(False, "run "), (True, "ls -l"), (False, " now")]
    assert parts("a lone ` stays") == [(False, "a lone ` stays")]


@pytest.mark.parametrize(
    ("target", "location", "said"),
    [
        ("https://a.fr/", "/x?y", "https://a.fr/ /x?y"),
        ("https://a.fr/", "/", "https://a.fr/ /"),
        ("https://a.fr:8443/", "a.fr:8443", "https://a.fr:8443/"),
        ("db.a.fr", "db.a.fr:5432", "db.a.fr:5432"),
        ("db.a.fr", "db.a.fr", "db.a.fr"),
        ("a.fr:587", "", "a.fr:587"),
        ("scope", "targets[].url", "scope targets[].url"),
    ],
)
def test_a_place_is_not_said_twice(target: str, location: str, said: str) -> None:
    assert said == words.place(target, location, Lang.EN)
