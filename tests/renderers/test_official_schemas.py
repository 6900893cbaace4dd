"""Every machine format is what its official schema or its usual reader takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import junitparser
import msgspec
import pytest
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

from cnilcheck.model.report import Finding, Report
from cnilcheck.model.words import Lang, Outcome
from cnilcheck.renderers import junit, ocsf, oscal, sarif

from .conftest import Sample
from .official import junit_schema, oscal_schema, sarif_schema, wrong_with

REPORTS = ["sample", "hostile", "empty", "conform"]
DIGESTS = {"evidence.json": "ab" * 32, "scope.yaml": "cd" * 32}


@pytest.fixture(params=REPORTS)
def any_sample(request: pytest.FixtureRequest) -> Sample:
    sample: Sample = request.getfixturevalue(request.param)
    return sample


@pytest.mark.parametrize("lang", list(Lang))
def test_sarif_meets_the_schema_of_oasis(any_sample: Sample, lang: Lang) -> None:
    log = json.loads(sarif.render(any_sample.report, lang, any_sample.collected))
    assert wrong_with(sarif_schema(), log) == []


def test_the_sarif_schema_refuses_what_is_no_sarif(sample: Sample) -> None:
    log = json.loads(sarif.render(sample.report, Lang.EN))
    log["runs"][0]["results"][0]["kind"] = "failed"
    assert wrong_with(sarif_schema(), log)


@pytest.mark.parametrize("lang", list(Lang))
def test_oscal_meets_the_schema_of_nist(any_sample: Sample, lang: Lang) -> None:
    text = oscal.render(any_sample.report, lang, any_sample.collected, any_sample.sources, DIGESTS)
    document = json.loads(text)
    assert list(document) == ["assessment-results"]
    assert wrong_with(oscal_schema(), document["assessment-results"]) == []


def test_the_oscal_schema_refuses_what_is_no_oscal(sample: Sample) -> None:
    results = json.loads(oscal.render(sample.report, Lang.EN))["assessment-results"]
    results["results"][0]["findings"][0]["target"]["status"]["state"] = "open"
    assert wrong_with(oscal_schema(), results)


@pytest.mark.parametrize("lang", list(Lang))
def test_junit_meets_the_schema_of_jenkins(any_sample: Sample, lang: Lang) -> None:
    text = junit.render(any_sample.report, lang, any_sample.collected)
    assert [e.reason for e in junit_schema().iter_errors(text)] == []


def test_the_junit_schema_refuses_what_jenkins_does_not_know() -> None:
    assert not junit_schema().is_valid('<testsuites><testsuite name="x"/></testsuites>')


def test_a_junit_reader_counts_what_the_report_counts(sample: Sample, tmp_path: Path) -> None:
    file = tmp_path / "report.xml"
    file.write_text(junit.render(sample.report, Lang.FR), encoding="utf-8")
    suites = list(junitparser.JUnitXml.fromfile(str(file)))
    cases = [case for suite in suites for case in suite]
    assert len(cases) == len(sample.report.findings)
    failing = [
        case for case in cases if any(isinstance(r, junitparser.Failure) for r in case.result)
    ]
    assert len(failing) == sum(suite.failures for suite in suites)
    # GitLab tells cases apart by class and name.
    assert len({(case.classname, case.name) for case in cases}) == len(cases)


@pytest.mark.parametrize("lang", list(Lang))
def test_ocsf_events_are_what_the_models_of_its_readers_take(
    any_sample: Sample, lang: Lang
) -> None:
    rendered = ocsf.render(any_sample.report, lang, any_sample.collected, any_sample.sources)
    for event in (event for text in rendered.values() for event in json.loads(text)):
        ComplianceFinding.model_validate(event)


def imported(event: dict[str, Any]) -> tuple[list[str], str] | None:
    """What CISO Assistant makes of an event: references and result, or None when it skips it."""
    if event["class_uid"] != 2003 or event["status"] == "Suppressed":
        return None
    compliance = event["compliance"]
    results = {1: "compliant", 2: "not_assessed", 3: "non_compliant"}
    return compliance["requirements"], results.get(compliance["status_id"], "not_assessed")


def test_ciso_assistant_takes_no_gap_for_a_pass(sample: Sample) -> None:
    outcomes = {f.id: f for f in sample.report.findings}
    seen = set()
    for text in ocsf.render(sample.report, Lang.FR).values():
        for event in json.loads(text):
            finding = outcomes[event["finding_info"]["uid"]]
            told = imported(event)
            seen.add(told and told[1])
            if told is None:
                assert finding.waived
                assert finding.waived.in_force
            else:
                assert all(told[0])
                assert (told[1] == "compliant") is (finding.outcome is Outcome.PASS)
                assert (told[1] == "non_compliant") is (finding.outcome is Outcome.FAIL)
    assert seen == {None, "compliant", "non_compliant", "not_assessed"}


def test_a_report_of_many_findings_stays_within_the_limits_of_github(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    one = made("0" * 16)
    many = tuple(msgspec.structs.replace(one, id=f"{n:016}") for n in range(sarif.MOST_RESULTS + 7))
    (run,) = json.loads(sarif.render(report_of(many, sample.collected), Lang.EN))["runs"]
    assert len(run["results"]) == sarif.MOST_RESULTS
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"].startswith("7 results")
    assert all(len(rule["properties"]["tags"]) <= 20 for rule in run["tool"]["driver"]["rules"])
