"""The comparison on every face: the same changes, in both languages, harmless."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import pytest
from rich.console import Console

from cnilcheck.documents.past_report import past_report
from cnilcheck.model.comparison import Comparison, compare
from cnilcheck.model.report import Finding, Report
from cnilcheck.model.words import Lang, Outcome, Severity
from cnilcheck.renderers import compared, json_report

if TYPE_CHECKING:
    from conftest import Sample


@pytest.fixture
def comparison(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> Comparison:
    nasty = "<script>alert(1)</script>\x1b[31m| `x` [red]"
    before = (made("1" * 16), made("2" * 16), made("3" * 16), made("4" * 16, location="/old"))
    after = (
        made("1" * 16, outcome=Outcome.PASS),
        made("2" * 16, severity=Severity.CRITICAL),
        made("3" * 16),
        made("5" * 16, nasty, rule="new"),
    )
    before = (*before[:3], msgspec.structs.replace(before[3], evidence=()))
    old, new = (
        past_report(json_report.to_bytes(report_of(f, sample.collected)), "x")
        for f in (before, after)
    )
    return compare(old, new)


def test_json_holds_every_change(comparison: Comparison) -> None:
    told = json.loads(compared.to_json(comparison))
    assert told["schema"] == "cnilcheck/comparison/1"
    assert told["counts"] == {
        "new": 1, "worse": 1, "still": 1, "no_longer_observed": 1, "mended": 1,
    }  # fmt: skip


@pytest.mark.parametrize("lang", list(Lang))
def test_every_face_tells_every_kind_of_change(comparison: Comparison, lang: Lang) -> None:
    stream = io.StringIO()
    compared.render_to(Console(file=stream, width=100, highlight=False), comparison, lang)
    page = compared.to_html(comparison, lang)
    for text in (page, compared.to_markdown(comparison, lang), stream.getvalue()):
        for name in ("Nouveau Pire Corrigé" if lang is Lang.FR else "New Worse Mended").split():
            assert name in text
        assert "\x1b" not in text
    assert "<script" not in page
    assert "src=" not in page


def test_nothing_to_tell_is_said(sample: Sample, report_of: Callable[..., Report]) -> None:
    nothing = past_report(json_report.to_bytes(report_of((), sample.collected)), "x")
    assert "No failure in either" in compared.to_html(compare(nothing, nothing), Lang.EN)
    assert "No failure in either" in compared.to_markdown(compare(nothing, nothing), Lang.EN)
