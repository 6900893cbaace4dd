"""Failures and open questions as SARIF 2.1.0, for code-scanning views.

Such views want a file of the repository: each result points at the scope file, at the line of its
target when that is known, and names the audited place as a logical location. GitHub makes an alert
of every result, whatever its kind: what conforms is left out, and an open question has a rule of
its own without a severity.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, TypeAlias
from urllib.parse import quote

from cnilcheck.model.evidence import Collected
from cnilcheck.model.report import Finding, Report
from cnilcheck.model.words import Lang, Outcome, Severity
from cnilcheck.renderers import words
from cnilcheck.renderers.harmless import harmless, harmless_lines

Object: TypeAlias = dict[str, Any]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# GitHub refuses a run of more results, and shows the 5,000 gravest.
MOST_RESULTS = 25_000
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# The bounds of GitHub's own words: over 9.0 critical, 7.0 high, 4.0 medium, 0.1 low.
_SECURITY_SEVERITIES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}


def render(
    report: Report,
    lang: Lang,
    collected: Collected | None = None,
    scope_file: str = "cnilcheck.yaml",
    lines: Mapping[str, int] | None = None,
) -> str:
    """Return the log; `lines` says on which line of the scope file each target stands."""
    asked = [f for f in report.findings if f.outcome in (Outcome.FAIL, Outcome.INCONCLUSIVE)]
    told = asked[:MOST_RESULTS]
    rules = {_rule_id(f): f for f in told}
    order = {rule: n for n, rule in enumerate(rules)}
    results = [
        _result(f, order[_rule_id(f)], lang, scope_file, _line(f, lines or {})) for f in told
    ]
    if any(f.known for f in told):
        for finding, result in zip(told, results, strict=True):
            result["baselineState"] = "unchanged" if finding.known else "new"
    run: Object = {
        "tool": {"driver": _driver(report, [_rule(f, lang) for f in rules.values()])},
        "automationDetails": {"id": "cnilcheck/"},
        "invocations": [_invocation(report, collected, len(asked) - len(told))],
        "results": results,
        "columnKind": "unicodeCodePoints",
        "properties": {"asOf": report.as_of.isoformat(), "rulesDigest": report.tool.rules},
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _line(finding: Finding, lines: Mapping[str, int]) -> int:
    # What the scope leaves out has no line of its own: the nearest key above it has.
    names = [finding.target, finding.location.replace("[]", "")]
    if finding.target.count(".") == 1:
        names.append(finding.target.partition(".")[0])
    at = [lines[name] for name in names if name in lines]
    at += [line for pattern, line in lines.items() if fnmatchcase(finding.target, pattern)]
    return at[0] if at else 1


def _driver(report: Report, rules: list[Object]) -> Object:
    name, version = harmless(report.tool.name, 80), harmless(report.tool.version, 80)
    return {"name": name, "version": version, "rules": rules}


def _invocation(report: Report, collected: Collected | None, left_out: int) -> Object:
    invocation: Object = {"executionSuccessful": not report.summary.interrupted}
    if collected is not None:
        invocation["startTimeUtc"] = f"{collected.started_at:%Y-%m-%dT%H:%M:%SZ}"
        invocation["endTimeUtc"] = f"{collected.ended_at:%Y-%m-%dT%H:%M:%SZ}"
    if left_out:
        text = f"{left_out} results more than {MOST_RESULTS} are left out; report.json has them"
        invocation["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": text}}]
    return invocation


def _rule_id(finding: Finding) -> str:
    rule = harmless(finding.rule, 120)
    return rule if finding.outcome is Outcome.FAIL else f"{rule}.open"


def _rule(finding: Finding, lang: Lang) -> Object:
    fails = finding.outcome is Outcome.FAIL
    title = harmless(finding.title.to(lang))
    if not fails:
        title = f"{words.OUTCOMES[finding.outcome].to(lang)}{words.COLON.to(lang)} {title}"
    tags = ["security", "cnil", finding.module.value, harmless(finding.weakness, 80)]
    severity = {"security-severity": _SECURITY_SEVERITIES[finding.severity], "precision": "high"}
    return {
        "id": _rule_id(finding),
        "shortDescription": {"text": title},
        "fullDescription": {"text": harmless(finding.rationale.to(lang), 1000)},
        "help": {"text": _help(finding, lang) if fails else _question(finding, lang)},
        "defaultConfiguration": {"level": _LEVELS[finding.severity] if fails else "note"},
        "properties": {"tags": tags} | (severity if fails else {}),
    }


def _question(finding: Finding, lang: Lang) -> str:
    asked = finding.question.text if finding.question else finding.title
    return harmless(asked.to(lang), 1000)


def _help(finding: Finding, lang: Lang) -> str:
    mend = finding.remediation
    steps = mend.steps.fr if lang is Lang.FR else mend.steps.en
    lines = [f"{n}. {harmless(step, 1000)}" for n, step in enumerate(steps, 1)]
    for fix in mend.fixes:
        lines += [f"{harmless(fix.for_, 80)}{words.COLON.to(lang)}", harmless_lines(fix.code)]
    return "\n".join([*lines, harmless(mend.verify.to(lang), 1000)])


def _result(finding: Finding, index: int, lang: Lang, scope_file: str, line: int) -> Object:
    fails = finding.outcome is Outcome.FAIL
    place = words.place(finding.target, finding.location, lang)
    said = f"{place} {harmless(finding.sentence.to(lang), 1000)}"
    result: Object = {
        "ruleId": _rule_id(finding),
        "ruleIndex": index,
        "kind": "fail" if fails else "open",
        # SARIF 2.1.0 section 3.27.10: a result that is no failure has the level `none`.
        "level": _LEVELS[finding.severity] if fails else "none",
        # SARIF 2.1.0 section 3.11.6: `[words](address)` in a message is a link.
        "message": {"text": said.replace("](", "] (")},
        "locations": [_location(place, scope_file, line)],
        "partialFingerprints": {"cnilcheckFinding/v1": harmless(finding.id, 64)},
    }
    if finding.waived and finding.waived.in_force:
        result["suppressions"] = [_suppression(finding.waived.waiver.reason)]
    return result


def _suppression(reason: str) -> Object:
    return {"kind": "external", "status": "accepted", "justification": harmless(reason, 600)}


def _location(place: str, scope_file: str, line: int) -> Object:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(scope_file)},
            "region": {"startLine": line},
        },
        "logicalLocations": [{"fullyQualifiedName": place, "kind": "resource"}],
    }
