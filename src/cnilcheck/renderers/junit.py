"""The findings as a JUnit file, the one format every build server shows.

Only what the schema of Jenkins knows is written. GitLab shows the text of a failure or of
what is skipped, not the message.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from cnilcheck.model.evidence import Collected
from cnilcheck.model.report import Finding, Report
from cnilcheck.model.words import Lang, Module, Outcome
from cnilcheck.renderers import words
from cnilcheck.renderers.harmless import harmless


def render(report: Report, lang: Lang, collected: Collected | None = None) -> str:
    """Return one suite per module: a failure fails; what was not or not fully judged is skipped."""
    root = ET.Element("testsuites", name="cnilcheck")
    for module in Module:
        root.append(_suite(module, [f for f in report.findings if f.module is module], lang))
    _count(root, root.findall("testsuite/testcase"))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _suite(module: Module, findings: Sequence[Finding], lang: Lang) -> ET.Element:
    suite = ET.Element("testsuite", name=words.MODULES[module].to(lang))
    suite.extend([_case(finding, lang) for finding in findings])
    _count(suite, suite.findall("testcase"))
    return suite


def _count(element: ET.Element, cases: Sequence[ET.Element]) -> None:
    # The format wants its own elements counted.
    element.set("tests", str(len(cases)))
    kinds = [("failures", "failure")]
    kinds += [("skipped", "skipped")] if element.tag == "testsuite" else []
    for kind, tag in kinds:
        element.set(kind, str(sum(case.find(tag) is not None for case in cases)))
    element.set("errors", "0")


def _case(finding: Finding, lang: Lang) -> ET.Element:
    place = words.place(finding.target, finding.location, lang)
    title, sentence = harmless(finding.title.to(lang)), harmless(finding.sentence.to(lang), 1000)
    case = ET.Element(
        "testcase",
        classname=f"cnilcheck.{finding.module.value}.{harmless(finding.rule, 120)}",
        name=f"{title} – {place}",
    )
    message = f"{place} {sentence}"
    if finding.outcome is Outcome.FAIL and not (finding.waived and finding.waived.in_force):
        severity = words.SEVERITIES[finding.severity].to(lang)
        failure = ET.SubElement(case, "failure", type=finding.severity.value, message=message)
        failure.text = "\n".join(
            [f"{severity}{words.COLON.to(lang)} {message}", *_steps(finding, lang)]
        )
    elif finding.outcome is not Outcome.PASS:
        why = _why_skipped(finding, message, lang)
        ET.SubElement(case, "skipped", message=why).text = why
    ET.SubElement(case, "system-out").text = harmless(finding.id, 64)
    return case


def _steps(finding: Finding, lang: Lang) -> list[str]:
    steps = finding.remediation.steps
    return [harmless(step, 1000) for step in (steps.fr if lang is Lang.FR else steps.en)]


def _why_skipped(finding: Finding, message: str, lang: Lang) -> str:
    if finding.waived:
        until = words.until(finding.waived.waiver.until, lang)
        return f"{until}{words.COLON.to(lang)} {message}"
    return f"{words.OUTCOMES[finding.outcome].to(lang)}{words.COLON.to(lang)} {message}"
