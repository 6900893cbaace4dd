"""Every machine format is what its official schema or its usual reader takes."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import junitparser
import msgspec
import pypdf
import pytest
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

from cnilcheck.model.report import Finding, Report
from cnilcheck.model.words import Lang, Outcome
from cnilcheck.renderers import csv_table, junit, ocsf, oscal, pdf, sarif, words

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


@pytest.mark.parametrize("lang", list(Lang))
def test_a_spreadsheet_program_guesses_the_table_right(any_sample: Sample, lang: Lang) -> None:
    """As such programs open it: the encoding from its mark, the separator from the first line."""
    content = csv_table.render(any_sample.report, lang, any_sample.collected).encode("utf-8")
    assert content.startswith(b"\xef\xbb\xbf")
    text = content.decode("utf-8-sig")
    assert csv.Sniffer().sniff(text.splitlines()[0], ";,\t|").delimiter == ";"
    table = list(csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True))
    assert {len(row) for row in table} == {len(words.COLUMNS)}
    assert len(table) == len(any_sample.report.findings) + 1


def structure(node: Any) -> Iterator[Any]:
    """Yield the elements of the structure of a PDF, in reading order."""
    waiting = [node]
    while waiting:
        element = waiting.pop().get_object()
        if isinstance(element, pypdf.generic.DictionaryObject):
            if "/S" in element:
                yield element
            inner = element.get("/K", pypdf.generic.ArrayObject())
            inner = inner.get_object()
            kids = inner if isinstance(inner, pypdf.generic.ArrayObject) else [inner]
            waiting += list(reversed(kids))


@pytest.mark.parametrize("lang", list(Lang))
def test_the_pdf_can_be_read_aloud(any_sample: Sample, lang: Lang) -> None:
    """What PDF/UA-1 asks and a program can see: tags, language, title, texts for pictures."""
    content = pdf.render(any_sample.report, lang, any_sample.collected, any_sample.sources)
    document = pypdf.PdfReader(io.BytesIO(content))
    root = document.root_object
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == lang.value
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert document.metadata is not None
    assert document.metadata.title
    elements = list(structure(root["/StructTreeRoot"]))
    kinds = [element["/S"] for element in elements]
    assert kinds[0] == "/Document"
    assert all(e.get("/Alt") for e in elements if e["/S"] == "/Figure")
    assert kinds.count("/Table") <= kinds.count("/TH")
    levels = [int(kind[2:]) for kind in kinds if kind[1] == "H" and kind[2:].isdigit()]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all("/StructParents" in page for page in document.pages)


def test_poppler_finds_the_pdf_tagged_and_without_script(sample: Sample, tmp_path: Path) -> None:
    if shutil.which("pdfinfo") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("pdfinfo is not installed")
    file = tmp_path / "report.pdf"
    file.write_bytes(pdf.render(sample.report, Lang.FR, sample.collected, sample.sources))
    done = subprocess.run(["pdfinfo", file], capture_output=True, text=True, timeout=30, check=True)
    told = dict(line.split(":", 1) for line in done.stdout.splitlines())
    assert {name: told[name].strip() for name in ("Tagged", "JavaScript", "Form")} == {
        "Tagged": "yes", "JavaScript": "no", "Form": "none",
    }  # fmt: skip
