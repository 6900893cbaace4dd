from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from cnilcheck.model.summary import counts_as_failure
from cnilcheck.model.words import Lang, Module, Outcome
from cnilcheck.renderers import junit

if TYPE_CHECKING:
    from conftest import Sample


def parsed(sample: Sample, lang: Lang = Lang.EN) -> ET.Element:
    return ET.fromstring(junit.render(sample.report, lang, sample.collected).encode())


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("name", ["sample", "hostile", "empty"])
def test_it_parses_with_one_suite_per_module(
    request: pytest.FixtureRequest, name: str, lang: Lang
) -> None:
    assert len(Module) == len(parsed(request.getfixturevalue(name), lang).findall("testsuite"))


def test_only_failures_that_count_fail(sample: Sample) -> None:
    root = parsed(sample)
    findings = sample.report.findings
    failing = [f for f in findings if counts_as_failure(f)]
    passing = [f for f in findings if f.outcome is Outcome.PASS]
    assert len(failing) == len(root.findall(".//failure"))
    assert len(findings) - len(failing) - len(passing) == len(root.findall(".//skipped"))
    assert root.get("tests") == str(len(findings))
    assert root.get("failures") == str(len(failing))


def test_what_is_skipped_says_why(sample: Sample) -> None:
    messages = [skipped.get("message") or "" for skipped in parsed(sample).iter("skipped")]
    assert all(messages)
    assert any(m.startswith("Failure accepted until 31\u00a0December 2026") for m in messages)
    assert any(m.startswith("Open question") for m in messages)


def test_a_failure_says_what_to_do(sample: Sample) -> None:
    failures = parsed(sample).findall(".//failure[@type='critical']")
    assert any("Remove the file." in (failure.text or "") for failure in failures)
