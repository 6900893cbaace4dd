"""The steps the commands share: observe, judge, write, tell, and the exit code."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cnilcheck import __version__
from cnilcheck.audit import collect, judge
from cnilcheck.checks.registry import checks
from cnilcheck.cli.words import LANG, say
from cnilcheck.documents.rules import Catalogue, load_catalogue
from cnilcheck.errors import UsageError
from cnilcheck.folder import EVIDENCE, SCOPE, AuditFolder
from cnilcheck.model.evidence import Collected
from cnilcheck.model.report import Report, Tool
from cnilcheck.model.scope import Scope
from cnilcheck.model.summary import ExitCode, exit_code, make_report
from cnilcheck.model.words import Lang, Severity
from cnilcheck.resources import rules_directory


class Format(StrEnum):
    """A face of the report beside report.json and report.html."""

    MARKDOWN = "md"
    SARIF = "sarif"
    JUNIT = "junit"


@dataclass(frozen=True)
class Telling:
    """How a report is told: languages, faces, what fails a pipeline."""

    lang: Lang = LANG
    formats: tuple[Format, ...] = ()
    fail_on: Severity = Severity.HIGH
    strict: bool = False
    quiet: bool = False


def catalogue() -> Catalogue:
    """Return the rules with their checks; raises RuleError when one is wrong."""
    return load_catalogue(rules_directory(), checks())


def day(text: str | None, option: str) -> dt.date:
    """Return the day an option names (YYYY-MM-DD), today without one; raises UsageError."""
    if text is None:
        return dt.date.today()
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option}: `{text}` is not a day such as 2026-11-22") from None


def observe(
    scope: Scope, base: Path, written: bytes, out: Path, *, force: bool, telling: Telling
) -> tuple[AuditFolder, Collected]:
    """Return the folder being written and all that was observed; nothing is contacted before."""
    from cnilcheck.cli.progress import Watch
    from cnilcheck.collectors.base import Journal, Tools
    from cnilcheck.collectors.catalogue import collectors

    folder = AuditFolder.prepare(out, force=force)
    folder.write(SCOPE, written)
    instruments = collectors()
    total = sum(len(instrument.tasks(scope)) for instrument in instruments)
    with folder.open_journal() as stream, Watch(total, telling.quiet) as watch:
        tools = Tools(base, scope, Journal(stream), scope.limits)
        collected = collect(scope, instruments, tools, watch)
    return folder, collected


def conclude(
    folder: AuditFolder, scope: Scope, collected: Collected, as_of: dt.date, telling: Telling
) -> ExitCode:
    """Judge, write every file of the audit, print the report, and return the exit code."""
    from cnilcheck.documents.evidence import evidence_to_bytes

    known = catalogue()
    findings = judge(known.rules, collected, scope, as_of)
    tool = Tool("cnilcheck", __version__, known.digest)
    report = make_report(tool, scope, as_of, collected, findings)
    folder.write(EVIDENCE, evidence_to_bytes(collected))
    _write_reports(folder, report, collected, known, telling)
    folder.finish()
    code = exit_code(report, telling.fail_on, telling.strict)
    _tell(folder, report, code, telling)
    return code


def _write_reports(
    folder: AuditFolder, report: Report, collected: Collected, known: Catalogue, telling: Telling
) -> None:
    from cnilcheck.renderers import html, json_report, junit, markdown, sarif

    lang, sources = telling.lang, known.sources
    folder.write("report.json", json_report.to_bytes(report))
    page = html.render(report, lang, collected, sources=sources)
    folder.write("report.html", page.encode("utf-8"))
    for face in dict.fromkeys(telling.formats):
        match face:
            case Format.MARKDOWN:
                text, name = markdown.render(report, lang, collected, sources=sources), "report.md"
            case Format.SARIF:
                text, name = sarif.render(report, lang, collected), "report.sarif"
            case Format.JUNIT:
                text, name = junit.render(report, lang, collected), "report.xml"
        folder.write(name, text.encode("utf-8"))


def _tell(folder: AuditFolder, report: Report, code: ExitCode, telling: Telling) -> None:
    if not telling.quiet:
        from rich.console import Console

        from cnilcheck.renderers import console

        console.render_to(Console(highlight=False), report, telling.lang)
    print(say("Rapport : ", "Report: ") + str(folder.path / "report.html"))
    print(_meaning(code, telling.fail_on), file=sys.stderr)


def _meaning(code: ExitCode, fail_on: Severity) -> str:
    from cnilcheck.renderers.words import SEVERITIES

    level = SEVERITIES[fail_on].to(LANG).lower()
    match code:
        case ExitCode.SOMETHING_FAILS:
            meaning = say(
                f"au moins un manquement de gravité {level} ou plus",
                f"at least one failure of severity {level} or above",
            )
        case ExitCode.NOT_OBSERVED:
            meaning = say(
                "aucun manquement à ce niveau, mais tout n'a pas pu être observé ou jugé",
                "no failure at that level, but not everything could be observed or judged",
            )
        case _:
            meaning = say(
                f"aucun manquement de gravité {level} ou plus",
                f"no failure of severity {level} or above",
            )
    return say(f"Code de sortie {code.value} : {meaning}.", f"Exit code {code.value}: {meaning}.")
