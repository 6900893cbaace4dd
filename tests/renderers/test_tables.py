"""CSV, JSON Lines and OCSF: every finding, harmless, in the shape their readers want."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from cnilcheck.model.report import Finding, Report
from cnilcheck.model.words import Lang, Outcome
from cnilcheck.renderers import csv_table, json_lines, ocsf

if TYPE_CHECKING:
    from conftest import Sample


def rows(report: Report, lang: Lang = Lang.FR) -> list[dict[str, str]]:
    text = csv_table.render(report, lang)
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:]), delimiter=";", strict=True))


@pytest.mark.parametrize("lang", list(Lang))
def test_a_spreadsheet_has_a_line_for_each_finding(sample: Sample, lang: Lang) -> None:
    identifier = "Identifiant" if lang is Lang.FR else "Identifier"
    assert [row[identifier] for row in rows(sample.report, lang)] == [
        f.id for f in sample.report.findings
    ]


def test_its_headings_are_french_when_the_reader_is(sample: Sample) -> None:
    first = rows(sample.report)[0]
    assert {"Gravité", "Emplacement", "Comment corriger", "Début", "Fin", "Responsable"} <= set(
        first
    )
    assert first["Gravité"] == "Critique"
    assert first["Dans le délai"] in ("oui", "non")


@pytest.mark.parametrize(
    "words", ["=1+1", "+33 1", "-2", "@SUM(A1)", "\t=1", " =1", "=HYPERLINK(\"http://x\";\"y\")", "＝1", "|calc"]
)  # fmt: skip
def test_no_cell_is_a_formula(
    words: str, sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    report = report_of((made("=cmd|' /C calc'!A0", words, target=words),), sample.collected)
    for cell in rows(report)[0].values():
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "|"))


def test_hostile_words_stay_in_their_cell(hostile: Sample) -> None:
    table = rows(hostile.report)
    assert len(table) == len(hostile.report.findings)
    assert all(None not in row and None not in row.values() for row in table)
    assert not any("\x1b" in cell or "\u202e" in cell for row in table for cell in row.values())


def test_json_lines_hold_what_the_report_holds(sample: Sample) -> None:
    lines = [json.loads(line) for line in json_lines.to_bytes(sample.report).splitlines()]
    assert [line["id"] for line in lines] == [f.id for f in sample.report.findings]
    assert {line["schema"] for line in lines} == {"cnilcheck/finding/1"}
    assert {line["as_of"] for line in lines} == {"2026-11-22"}


def test_broken_surrogates_have_a_line(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    report = report_of((made("1" * 16, "a\ud800b"),), sample.collected)
    (line,) = json_lines.to_bytes(report).splitlines()
    assert json.loads(line)["title"]["fr"] == "a?b"


def events(sample: Sample) -> dict[str, list[dict[str, Any]]]:
    rendered = ocsf.render(sample.report, Lang.FR, sample.collected, sample.sources)
    return {source: json.loads(text) for source, text in rendered.items()}


def test_ocsf_has_a_file_for_each_text_that_is_cited(sample: Sample) -> None:
    cited = {r.source for f in sample.report.findings for r in f.requirements}
    assert set(events(sample)) == cited
    for source, found in events(sample).items():
        expected = [
            f.id for f in sample.report.findings if source in {r.source for r in f.requirements}
        ]
        assert [event["finding_info"]["uid"] for event in found] == expected


STATUS = {
    Outcome.PASS: 1, Outcome.INCONCLUSIVE: 2, Outcome.FAIL: 3, Outcome.NOT_APPLICABLE: 99,
}  # fmt: skip


def test_an_open_question_is_no_pass_in_ocsf(sample: Sample) -> None:
    outcomes = {f.id: f for f in sample.report.findings}
    for event in (e for found in events(sample).values() for e in found):
        finding = outcomes[event["finding_info"]["uid"]]
        assert event["compliance"]["status_id"] == STATUS[finding.outcome]
        held = finding.waived is not None and finding.waived.in_force
        assert (event["status"] == "Suppressed") is held
        assert (event["class_uid"], event["type_uid"]) == (2003, 200301)
        assert event["compliance"]["requirements"]
        assert isinstance(event["time"], int)
        assert event["time"] > 1_700_000_000_000
