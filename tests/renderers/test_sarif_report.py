from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from cnilcheck.model.report import Finding, Report
from cnilcheck.model.words import Lang, Outcome
from cnilcheck.renderers import sarif

if TYPE_CHECKING:
    from conftest import Sample


ASKED = (Outcome.FAIL, Outcome.INCONCLUSIVE)


def run_of(sample: Sample, lang: Lang = Lang.EN, **more: Any) -> dict[str, Any]:
    log = json.loads(sarif.render(sample.report, lang, sample.collected, **more))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    return run


@pytest.mark.parametrize("lang", list(Lang))
def test_each_failure_and_open_question_is_a_result(sample: Sample, lang: Lang) -> None:
    results = run_of(sample, lang)["results"]
    told = [f for f in sample.report.findings if f.outcome in ASKED]
    assert [f.id for f in told] == [
        r["partialFingerprints"]["cnilcheckFinding/v1"] for r in results
    ]
    kinds = ["fail" if f.outcome is Outcome.FAIL else "open" for f in told]
    assert kinds == [r["kind"] for r in results]


def test_results_point_at_their_rule_and_at_a_file(sample: Sample) -> None:
    run = run_of(sample, lines={"https://app.example.fr/": 7})
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert physical["artifactLocation"]["uri"] == "cnilcheck.yaml"
        expected = (
            7 if "app.example.fr" in location["logicalLocations"][0]["fullyQualifiedName"] else 1
        )
        assert expected == physical["region"]["startLine"]
        assert result["message"]["text"]
        assert (result["level"] == "none") == (result["kind"] == "open")


def test_rules_are_described_once_with_their_security_severity(sample: Sample) -> None:
    rules = run_of(sample)["tool"]["driver"]["rules"]
    assert len({r["id"] for r in rules}) == len(rules)
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
        # GitHub would show a question that is open as an alert of its rule's severity.
        severity = rule["properties"].get("security-severity")
        assert (severity is None) is rule["id"].endswith(".open")
        assert severity is None or 0 <= float(severity) <= 10
        assert len(rule["properties"]["tags"]) <= 10


def test_only_a_waiver_in_force_suppresses(sample: Sample) -> None:
    results = {
        r["partialFingerprints"]["cnilcheckFinding/v1"]: r for r in run_of(sample)["results"]
    }
    waived = [f for f in sample.report.findings if f.waived]
    assert {f.waived.in_force for f in waived if f.waived} == {True, False}
    for finding in waived:
        assert finding.waived
        assert finding.waived.in_force == ("suppressions" in results[finding.id])


def test_hostile_words_stay_words(hostile: Sample) -> None:
    text = sarif.render(hostile.report, Lang.FR, hostile.collected)
    assert "\\u001b" not in text
    assert "\u202e" not in text
    assert len(text) < 50_000


def test_the_same_report_gives_the_same_bytes(sample: Sample) -> None:
    assert len({sarif.render(sample.report, Lang.FR, sample.collected) for _ in range(2)}) == 1


def test_a_message_holds_no_link_and_a_file_name_is_an_address(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    report = report_of((made("1" * 16, "[x](javascript:1)"),), sample.collected)
    log = json.loads(sarif.render(report, Lang.FR, scope_file="périmètre n°1.yaml"))
    (result,) = log["runs"][0]["results"]
    assert "](" not in result["message"]["text"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "p%C3%A9rim%C3%A8tre%20n%C2%B01.yaml"


def test_a_file_named_by_a_pattern_has_the_pattern_s_line(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    report = report_of((made("1" * 16, target="logs/access.log.1"),), sample.collected)
    log = json.loads(sarif.render(report, Lang.EN, lines={"logs/access.log*": 9}))
    (result,) = log["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 9


def test_the_baseline_is_told_when_there_is_one(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    findings = (made("1" * 16, known=True), made("2" * 16))
    log = json.loads(sarif.render(report_of(findings, sample.collected), Lang.EN))
    assert [r["baselineState"] for r in log["runs"][0]["results"]] == ["unchanged", "new"]
    assert "baselineState" not in sarif.render(sample.report, Lang.EN)
