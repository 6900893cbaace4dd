"""Decisions are told with care: verified ones only, as past facts, the notice reported closed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import pytest

from cnilcheck.checks.registry import checks
from cnilcheck.documents.decisions import read_decisions
from cnilcheck.documents.rules import load_catalogue
from cnilcheck.model.decision import Decision, Shortcoming, about, comparable
from cnilcheck.model.report import Finding, Report
from cnilcheck.model.text import Text
from cnilcheck.model.words import Lang
from cnilcheck.renderers import html, markdown
from cnilcheck.resources import rules_directory

if TYPE_CHECKING:
    from conftest import Sample

CLASS = "files-in-web-root"


def decision(identifier: str, **changes: object) -> Decision:
    what = Text(f"constat {identifier}", f"finding {identifier}")
    shortcoming = Shortcoming(CLASS, "verified", "yes", what)
    made = Decision(
        id=identifier, authority="CNIL", organisation=Text(f"Société {identifier}", f"Company {identifier}"),
        kind="sanction", source="https://example.org/", shortcomings=(shortcoming,),
        date=dt.date(2022, 4, 15), fine=1_500_000,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def weaker(trust: str, scorable: str = "yes") -> Shortcoming:
    return Shortcoming(CLASS, trust, scorable, Text("de mémoire", "from memory"))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def table() -> tuple[Decision, ...]:
    catalogue = load_catalogue(rules_directory(), checks())
    return read_decisions(rules_directory(), catalogue.weaknesses)


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize(
    "shortcoming",
    [weaker("memory"), weaker("inferred"), weaker("secondary"), weaker("verified", "no")],
)
def test_what_was_not_verified_is_never_printed(
    shortcoming: Shortcoming, lang: Lang, sample: Sample,
    made: Callable[..., Finding], report_of: Callable[..., Report],
) -> None:  # fmt: skip
    doubtful = decision("DOUBTFUL", shortcomings=(shortcoming,))
    report = report_of((made("1" * 16),), sample.collected)
    for render in (html.render, markdown.render):
        told = render(report, lang, sample.collected, sample.sources, (doubtful, decision("SURE")))
        assert "SURE" in told
        assert "DOUBTFUL" not in told
        assert shortcoming.what.to(lang) not in told


def test_of_a_decision_only_what_was_verified_is_told() -> None:
    mixed = decision("MIXED", shortcomings=(weaker("memory"), *decision("MIXED").shortcomings))
    (told,) = about(CLASS, [mixed])
    assert [s.what.en for s in told.shortcomings] == ["finding MIXED"]


def test_the_table_holds_nothing_that_may_not_be_printed(table: tuple[Decision, ...]) -> None:
    for entry in table:
        assert entry.shortcomings
        assert entry.source.startswith("https://")
        texts = [entry.organisation, *(s.what for s in entry.shortcomings)]
        texts += [entry.note] if entry.note else []
        for shortcoming in entry.shortcomings:
            assert shortcoming.printable, f"{entry.id}: {shortcoming.weakness}"
        for text in texts:
            assert text.fr.strip()
            assert text.en.strip()


def test_no_sentence_speaks_of_the_present(table: tuple[Decision, ...]) -> None:
    for entry in table:
        for shortcoming in entry.shortcomings:
            words = shortcoming.what.en.split()
            assert not {"is", "are", "has", "have"} & set(words), (
                f"{entry.id}: {shortcoming.what.en}"
            )


@pytest.mark.parametrize("lang", list(Lang))
def test_the_formal_notice_is_said_to_be_closed_wherever_it_is_told(
    lang: Lang, table: tuple[Decision, ...], sample: Sample,
    made: Callable[..., Finding], report_of: Callable[..., Report],
) -> None:  # fmt: skip
    report = report_of((made("1" * 16),), sample.collected)
    closed = Text("signalée close", "reported closed").to(lang)
    text = markdown.render(report, lang, sample.collected, sample.sources, table)
    told = [
        line
        for line in text.splitlines()
        if "Francetest" in line and ":" in line and "http" not in line
    ]
    assert told
    assert all(closed in line for line in told)
    past = Text("faits passés", "past facts").to(lang)
    assert past in text


def test_a_fine_is_spelled_and_a_missing_one_said(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    report = report_of((made("1" * 16),), sample.collected)
    cases = (
        decision("A"),
        decision("B", fine=None),
        decision("C", kind="formal_notice", fine=None),
    )
    fr = html.render(report, Lang.FR, None, None, cases)
    assert "1\u202f500\u202f000\u00a0€" in fr
    assert "amende, montant non vérifié" in fr
    assert "sans amende" in fr
    assert "€1,500,000" in html.render(report, Lang.EN, None, None, cases)


def test_the_nearest_cases_come_first() -> None:
    cases = [
        decision("FOREIGN", authority="AP (NL)", health=True),
        decision("SHOP"),
        decision("LABORATORY", health=True),
        decision("OTHER", shortcomings=(Shortcoming("no-tls", "verified", "yes", Text("a", "b")),)),
    ]
    assert [d.id for d in comparable([CLASS], cases)] == ["LABORATORY", "SHOP", "FOREIGN"]


def test_hostile_words_in_the_table_come_out_as_words(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    nasty = decision("X", organisation=Text("<b>x</b>", "<b>x</b>"), source="javascript:alert(1)")
    text = html.render(
        report_of((made("1" * 16),), sample.collected), Lang.FR, None, None, (nasty,)
    )
    assert "<b>" not in text
    assert "javascript:" not in text
