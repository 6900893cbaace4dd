"""The findings as OCSF compliance findings (class 2003), one file for each text they cite.

References such as “R4” mean different things in different texts: readers match them inside one.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from cnilcheck.model.evidence import Collected
from cnilcheck.model.report import Finding, Report
from cnilcheck.model.rule import Requirement, Source
from cnilcheck.model.words import Lang, Outcome, Severity
from cnilcheck.renderers import words
from cnilcheck.renderers.harmless import harmless

Object: TypeAlias = dict[str, Any]

VERSION = "1.5.0"
_SEVERITIES = {
    Severity.CRITICAL: (5, "Critical"), Severity.HIGH: (4, "High"), Severity.MEDIUM: (3, "Medium"),
    Severity.LOW: (2, "Low"), Severity.INFO: (1, "Informational"),
}  # fmt: skip
# What could not be judged is a warning: CISO Assistant reads it as not checked, never as a pass.
_STATUSES = {
    Outcome.PASS: (1, "Pass"), Outcome.INCONCLUSIVE: (2, "Warning"), Outcome.FAIL: (3, "Fail"),
    Outcome.NOT_APPLICABLE: (99, "Not Applicable"),
}  # fmt: skip


def render(
    report: Report,
    lang: Lang,
    collected: Collected | None = None,
    sources: Mapping[str, Source] | None = None,
) -> dict[str, str]:
    """Return a JSON array of events by the id of the text they are about."""
    events: dict[str, list[Object]] = {}
    for finding in report.findings:
        for source in dict.fromkeys(r.source for r in finding.requirements):
            cited = [r for r in finding.requirements if r.source == source]
            title = sources[source].title.to(lang) if sources and source in sources else source
            events.setdefault(source, []).append(_event(report, finding, cited, title, lang))
    return {
        source: json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        for source, found in sorted(events.items())
    }


def _event(
    report: Report, finding: Finding, cited: list[Requirement], title: str, lang: Lang
) -> Object:
    place = words.place(finding.target, finding.location, lang)
    sentence = f"{place} {harmless(finding.sentence.to(lang), 1000)}"
    severity_id, severity = _SEVERITIES[finding.severity]
    status_id, status = _STATUSES[finding.outcome]
    held = finding.waived is not None and finding.waived.in_force
    return {
        "activity_id": 1, "activity_name": "Create",
        "category_uid": 2, "category_name": "Findings",
        "class_uid": 2003, "class_name": "Compliance Finding",
        "type_uid": 200301, "type_name": "Compliance Finding: Create",
        "severity_id": severity_id, "severity": severity,
        "status_id": 3 if held else 1, "status": "Suppressed" if held else "New",
        "time": _moment(report, finding),
        "message": sentence,
        "metadata": _metadata(report),
        "finding_info": _info(finding, lang),
        "compliance": {
            "standards": [harmless(title, 300)],
            "requirements": [harmless(r.place.to(lang), 200) for r in cited],
            "control": harmless(finding.rule, 120),
            "status_id": status_id, "status": status,
            # `status_detail` is deprecated since OCSF 1.4, and still what readers look at.
            "status_detail": sentence, "status_details": [sentence],
        },
        "resources": [{"uid": place, "name": harmless(finding.target), "type": "target"}],
        "remediation": {"desc": _steps(finding, lang)},
    }  # fmt: skip


def _metadata(report: Report) -> Object:
    name, version = harmless(report.tool.name, 80), harmless(report.tool.version, 80)
    return {"version": VERSION, "product": {"name": name, "vendor_name": name, "version": version}}


def _info(finding: Finding, lang: Lang) -> Object:
    return {
        "uid": harmless(finding.id, 64),
        "title": harmless(finding.title.to(lang)),
        "desc": harmless(finding.rationale.to(lang), 1000),
        "types": [finding.module.value],
    }


def _steps(finding: Finding, lang: Lang) -> str:
    steps = finding.remediation.steps
    said = steps.fr if lang is Lang.FR else steps.en
    return " ".join(f"{n}. {harmless(step, 600)}" for n, step in enumerate(said, 1))


def _moment(report: Report, finding: Finding) -> int:
    # OCSF counts milliseconds; a finding without evidence has the day it was judged for.
    seen = [o.provenance.observed_at for o in finding.evidence]
    noon = dt.datetime.combine(report.as_of, dt.time(12), dt.UTC)
    return int(max(seen, default=noon).timestamp() * 1000)
