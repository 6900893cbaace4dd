"""The findings as a table for a spreadsheet: one line each, and nothing a cell would compute."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

from cnilcheck.model.evidence import Collected
from cnilcheck.model.report import Finding, PlannedRepair, Report
from cnilcheck.model.rule import Requirement, Source
from cnilcheck.model.words import Lang, Outcome
from cnilcheck.renderers import words
from cnilcheck.renderers.harmless import harmless

_BEGINS_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "|", "%")


def render(
    report: Report,
    lang: Lang,
    collected: Collected | None = None,
    sources: Mapping[str, Source] | None = None,
) -> str:
    """Return the table with `;` between cells and a byte order mark, as Excel in French wants."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
    writer.writerow(heading.to(lang) for heading in words.COLUMNS)
    for row in rows(report, lang, sources):
        writer.writerow(map(_inert, row))
    return "\ufeff" + stream.getvalue()


def rows(
    report: Report, lang: Lang, sources: Mapping[str, Source] | None = None
) -> Iterator[tuple[str, ...]]:
    """Yield a row of harmless text for each finding, under the headings of `words.COLUMNS`."""
    planned = {r.rule: (n, r) for n, r in enumerate(report.plan.repairs, 1)} if report.plan else {}
    for finding in report.findings:
        fails = finding.outcome is Outcome.FAIL
        order, repair = planned.get(finding.rule, (0, None)) if fails else (0, None)
        yield _cells(finding, order, repair, lang, sources or {})


def _inert(cell: str) -> str:
    """Return the cell so that a spreadsheet shows it: an apostrophe keeps a formula text."""
    return f"'{cell}" if cell.lstrip().startswith(_BEGINS_FORMULA) else cell


def _cells(
    finding: Finding, order: int, repair: PlannedRepair | None, lang: Lang,
    sources: Mapping[str, Source],
) -> tuple[str, ...]:  # fmt: skip
    mend = finding.remediation
    steps = mend.steps.fr if lang is Lang.FR else mend.steps.en
    cited = [_cited(requirement, lang, sources) for requirement in finding.requirements]
    held = finding.waived is not None and finding.waived.in_force
    until = words.until(finding.waived.waiver.until, lang) if held and finding.waived else ""
    return (
        str(order) if order else "",
        harmless(finding.id, 64),
        words.MODULES[finding.module].to(lang),
        words.SEVERITIES[finding.severity].to(lang),
        words.OUTCOMES[finding.outcome].to(lang),
        harmless(finding.title.to(lang)),
        harmless(finding.target),
        harmless(finding.location),
        harmless(finding.sentence.to(lang), 1000),
        words.BASES[finding.basis].to(lang) if finding.basis else "",
        " • ".join(harmless(step, 600) for step in steps) if order else "",
        harmless(mend.verify.to(lang), 600) if order else "",
        words.work(mend.days, lang) if order else "",
        repair.start.isoformat() if repair else "",
        repair.end.isoformat() if repair else "",
        words.PAGE["yes" if repair.fits else "no"].to(lang) if repair else "",
        harmless(finding.question.text.to(lang), 600) if finding.question else "",
        " • ".join(harmless(text, 300) for text in cited),
        until,
        "",
        "",
        harmless(finding.rule, 120),
    )


def _cited(requirement: Requirement, lang: Lang, sources: Mapping[str, Source]) -> str:
    known = sources.get(requirement.source)
    title = known.title.to(lang) if known else requirement.source
    binding = words.BINDINGS[requirement.binding].to(lang)
    return f"{binding}{words.COLON.to(lang)} {title}, {requirement.place.to(lang)}"
