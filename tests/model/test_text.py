"""Values are spelled as people of each language write them."""

from __future__ import annotations

import datetime as dt

import pytest

from cnilcheck.model.text import Text, english, fill, french, spell
from cnilcheck.model.words import Lang


@pytest.mark.parametrize(
    ("value", "fr", "en"),
    [
        (386_970, "386\u202f970", "386,970"),
        (2021, "2021", "2021"),
        (79.55, "79,5", "79.5"),
        (3.0, "3", "3"),
        (dt.date(2026, 12, 1), "1er\u00a0décembre 2026", "1\u00a0December 2026"),
        (True, "oui", "yes"),
        (None, "non précisé", "not stated"),
        ((), "aucun", "none"),
        (("TLS 1.0", "TLS 1.1"), "TLS 1.0, TLS 1.1", "TLS 1.0, TLS 1.1"),
        (Text("chat", "cat"), "chat", "cat"),
    ],
)
def test_a_value_is_spelled_in_each_language(value: object, fr: str, en: str) -> None:
    assert spell(value, Lang.FR) == fr  # type: ignore[arg-type]
    assert spell(value, Lang.EN) == en  # type: ignore[arg-type]


def test_braces_inside_a_value_stay_as_they_are() -> None:
    assert fill(Text("vu {x}", "seen {x}"), {"x": "{y}"}) == Text("vu {y}", "seen {y}")


@pytest.mark.parametrize(
    ("plain", "typeset"),
    [
        ("l'audit : « oui » !", "l’audit\u00a0: «\u00a0oui\u00a0»\u202f!"),
        ("50 % ; 3 ?", "50\u202f% ; 3\u202f?".replace(" ;", "\u202f;")),
        ("`a : b` puis c : d", "`a : b` puis c\u00a0: d"),
        ("voir https://exemple.fr/?a=b : ici", "voir https://exemple.fr/?a=b\u00a0: ici"),
        ("vaut {x} : {y}", "vaut {x}\u00a0: {y}"),
    ],
)
def test_french_is_typeset_and_code_is_left_alone(plain: str, typeset: str) -> None:
    assert french(plain) == typeset


def test_english_apostrophes_are_typeset_and_code_is_left_alone() -> None:
    assert english("the host's, patients' `it's`") == "the host’s, patients’ `it's`"
