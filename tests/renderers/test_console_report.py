from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from cnilcheck.model.report import Finding, Report, Waived
from cnilcheck.model.scope import Waiver
from cnilcheck.model.words import Lang
from cnilcheck.renderers import console

if TYPE_CHECKING:
    from conftest import Sample


def printed(
    sample: Sample, lang: Lang = Lang.FR, width: int = 80, encoding: str = "utf-8", **more: object
) -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    screen = Console(file=stream, width=width, highlight=False, **more)  # type: ignore[arg-type]
    console.render_to(screen, sample.report, lang)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("name", ["sample", "hostile", "empty", "conform"])
def test_any_terminal_can_show_it(
    request: pytest.FixtureRequest, name: str, encoding: str, lang: Lang
) -> None:
    text = printed(request.getfixturevalue(name), lang, 80, encoding)
    assert max(map(len, text.splitlines())) <= 80


def test_data_neither_colour_nor_drive_the_terminal(hostile: Sample) -> None:
    text = printed(hostile, width=120)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]" in text


def test_without_colour_severity_is_still_a_word(
    sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = printed(sample, force_terminal=True)
    assert "Critique" in text
    assert "\x1b[31m" not in text
    assert "\x1b[1;31m" not in text


def test_french_is_spelled_without_accents_where_they_cannot_be_shown(sample: Sample) -> None:
    text = printed(sample, encoding="ascii")
    assert "Reponse attendue le 5 decembre 2026" in text
    assert "?" not in text.split("Points a corriger")[0]


def test_a_long_list_ends_with_how_many_more(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    failures = [made(f"{n:016x}", rule=f"rule-{n // 2}") for n in range(54)]
    many = replace(sample, report=report_of(failures, sample.collected))
    assert "… and 4 more findings in report.html" in printed(many, Lang.EN)
    assert " ".join(printed(many, Lang.EN).split()).count("(and 1 more place) [rule-") == 25


def test_no_line_breaks_at_a_no_break_space(sample: Sample) -> None:
    for width in range(40, 100, 7):
        lines = printed(sample, Lang.FR, width).splitlines()
        assert not [line for line in lines if re.match(r"\s*[:;!?%»](\s|$)", line)]


def test_what_is_accepted_is_told_apart_from_the_other_places_of_its_rule(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    waiver = Waiver("no-extract-readable", "https://a.fr/", "x", "x", dt.date(2026, 12, 31))
    failures = (made("1" * 16, waived=Waived(waiver, in_force=True)), made("2" * 16))
    text = printed(replace(sample, report=report_of(failures, sample.collected)), Lang.EN)
    assert text.count("[no-extract-readable]") == 2
    assert text.count("until") == 1


def test_the_last_lines_say_what_to_begin_with(sample: Sample) -> None:
    text = printed(sample, Lang.EN, 400)
    assert sample.report.plan is not None
    first = sample.report.plan.repairs[0].rule
    (finding, *_) = [f for f in sample.report.findings if f.rule == first]
    after = text.split("To begin with")[1]
    assert f"1.  {finding.title.en}: {finding.remediation.steps.en[0]}" in after


def test_it_says_how_much_was_assessed(sample: Sample, empty: Sample) -> None:
    assert "rules assessed" in printed(sample, Lang.EN)
    assert "Nothing was assessed" in printed(empty, Lang.EN)
