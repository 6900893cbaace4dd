from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from cnilcheck.model.report import Finding, Report
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
    failures = [made(f"{n:016x}") for n in range(27)]
    many = replace(sample, report=report_of(failures, sample.collected))
    assert "… and 2 more findings in report.html" in printed(many, Lang.EN)
    assert printed(many, Lang.EN).count("no-extract-readable") == 25


def test_it_says_how_much_was_assessed(sample: Sample, empty: Sample) -> None:
    assert "rules assessed" in printed(sample, Lang.EN)
    assert "Nothing was assessed" in printed(empty, Lang.EN)
