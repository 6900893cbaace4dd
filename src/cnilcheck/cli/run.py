"""The steps the commands share: observe, judge, write, tell, and the exit code."""

from __future__ import annotations

import datetime as dt
import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cnilcheck import __version__
from cnilcheck.audit import collect, judge, tasks_left
from cnilcheck.checks.registry import checks
from cnilcheck.cli.words import LANG, say
from cnilcheck.documents.rules import Catalogue, load_catalogue
from cnilcheck.errors import UsageError
from cnilcheck.folder import EVIDENCE, SCOPE, AuditFolder
from cnilcheck.model.comparison import PastReport
from cnilcheck.model.decision import named_by
from cnilcheck.model.evidence import Collected
from cnilcheck.model.report import Report, Tool
from cnilcheck.model.scope import Scope
from cnilcheck.model.summary import ExitCode, exit_code, make_report
from cnilcheck.model.words import Lang, Module, Severity
from cnilcheck.resources import rules_directory
from cnilcheck.retesting import Earlier

if TYPE_CHECKING:
    from cnilcheck.collectors.base import Collector, Passwords


class Format(StrEnum):
    """A face of the report beside report.json and report.html."""

    MARKDOWN = "md"
    SARIF = "sarif"
    JUNIT = "junit"
    PDF = "pdf"
    CSV = "csv"
    WORKBOOK = "xlsx"
    JSON_LINES = "jsonl"
    OCSF = "ocsf"
    OSCAL = "oscal"


class Level(StrEnum):
    """How much of its work the command says on standard error, least first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    DEBUG = "debug"

    def says(self, level: Level) -> bool:
        """Return whether messages of that level are said."""
        return list(Level).index(self) >= list(Level).index(level)


@dataclass(frozen=True)
class Telling:
    """How a report is told: languages, faces, what fails a pipeline."""

    lang: Lang = LANG
    formats: tuple[Format, ...] = ()
    fail_on: Severity = Severity.HIGH
    strict: bool = False
    quiet: bool = False
    baseline: PastReport | None = None
    level: Level = Level.WARNING
    on_stdout: str | None = None
    """The file of the audit that goes to standard output, when no folder is kept."""


_FILES = {
    "json": "report.json", "html": "report.html", Format.MARKDOWN: "report.md",
    Format.SARIF: "report.sarif", Format.JUNIT: "report.xml", Format.PDF: "report.pdf",
    Format.CSV: "report.csv", Format.WORKBOOK: "report.xlsx",
    Format.JSON_LINES: "report.jsonl", Format.OSCAL: "report.oscal.json",
}  # fmt: skip


def file_of(formats: Sequence[str]) -> str:
    """Return the file for standard output: of the one format asked for, report.json without one.

    Raises UsageError for several formats, and for one that writes several files.
    """
    if len(formats) > 1:
        raise UsageError("--out -: one --format, not several", "name a folder")
    (name,) = formats or ["json"]
    if name not in _FILES:
        raise UsageError(f"--out -: {name} writes several files", "name a folder")
    return _FILES[name]


@cache
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
    scope: Scope,
    base: Path,
    written: bytes,
    out: Path,
    *,
    force: bool,
    telling: Telling,
    earlier: Earlier | None = None,
    passwords: Mapping[str, Passwords] | None = None,
    instruments: Sequence[Collector] | None = None,
) -> tuple[AuditFolder, Collected]:
    """Return the folder being written and all that was observed; nothing is contacted before.

    What an earlier audit settled is not looked at again. With `passwords`, those of the lent test
    accounts by target, the audit is active. Only `instruments` look, when they are given.
    """
    from cnilcheck.cli.announce import announced
    from cnilcheck.cli.progress import Watch
    from cnilcheck.collectors.base import Journal, Tools
    from cnilcheck.collectors.catalogue import collectors

    folder = AuditFolder.prepare(out, force=force)
    folder.write(SCOPE, written)
    instruments = collectors() if instruments is None else instruments
    searching = any(instrument.name == "web-exposure" for instrument in instruments)
    for line in announced(scope) if searching and not telling.quiet else ():
        print(line, file=sys.stderr)
    total = sum(len(tasks_left(i, i.tasks(scope), earlier)) for i in instruments)
    echo = _echo if telling.level.says(Level.DEBUG) else None
    steps = telling.level.says(Level.INFO)
    with folder.open_journal() as stream, Watch(total, telling.quiet, steps) as watch:
        given = passwords or {}
        hidden = [p for both in given.values() for p in (both.current, both.other) if p]
        tools = Tools(
            base, scope, Journal(stream, hidden, echo), scope.limits,
            active=passwords is not None, passwords=given, progress=watch.read,
        )  # fmt: skip
        collected = collect(scope, instruments, tools, watch, earlier)
    return folder, collected


def _echo(line: Mapping[str, str]) -> None:
    from cnilcheck.cli.progress import note

    note(" ".join(line.values()))


@dataclass(frozen=True)
class ScopeText:
    """The scope as it was written, and the name under which others find it."""

    name: str = SCOPE
    written: bytes = b""


def conclude(
    folder: AuditFolder,
    scope: Scope,
    collected: Collected,
    as_of: dt.date,
    telling: Telling,
    text: ScopeText | None = None,
    module: Module | None = None,
) -> ExitCode:
    """Judge, write every file of the audit, print the report, and return the exit code.

    Only the rules of `module` are judged, when it is given.
    """
    from cnilcheck.documents.evidence import evidence_to_bytes

    known = catalogue()
    rules = tuple(r for r in known.rules if module in (None, r.rule.module))
    findings = judge(rules, collected, scope, as_of, _named(scope, known))
    tool = Tool("cnilcheck", __version__, known.digest)
    report = make_report(tool, scope, as_of, collected, findings)
    if telling.baseline is not None:
        report = beside(report, telling.baseline)
    text, evidence = text or ScopeText(), evidence_to_bytes(collected)
    folder.write(EVIDENCE, evidence)
    digests = {EVIDENCE: evidence} | ({SCOPE: text.written} if text.written else {})
    for name, content in _faces(report, collected, known, telling, text, digests):
        folder.write(name, content)
    folder.finish()
    code = exit_code(report, telling.fail_on, telling.strict)
    _tell(folder, report, code, telling)
    return code


def _named(scope: Scope, known: Catalogue) -> frozenset[str]:
    """Return what the formal notice names, and say when waivers cannot be held against it."""
    from cnilcheck.documents.decisions import read_decisions

    families = {name: weakness.family for name, weakness in known.weaknesses.items()}
    decisions = read_decisions(rules_directory(), known.weaknesses) if scope.notice else ()
    named = named_by(scope.notice, decisions, families)
    if scope.waivers and scope.notice is not None and not named:
        print(
            say(
                "Attention : notice.names manque ; ce que vise la mise en demeure ne peut être "
                "accepté, et n'est pas connu.",
                "Warning: notice.names is missing; what the formal notice names cannot be waived, "
                "and is not known.",
            ),
            file=sys.stderr,
        )
    return named


def beside(report: Report, baseline: PastReport) -> Report:
    """Return the report with the failures marked that the baseline has already."""
    from cnilcheck.documents.past_report import past_report
    from cnilcheck.model.comparison import known_failures
    from cnilcheck.renderers.json_report import to_bytes

    known = known_failures(baseline, past_report(to_bytes(report), "report.json"))
    findings = tuple(replace(f, known=True) if f.id in known else f for f in report.findings)
    return replace(report, findings=findings)


def _faces(
    report: Report,
    collected: Collected,
    known: Catalogue,
    telling: Telling,
    text: ScopeText,
    files: Mapping[str, bytes],
) -> Iterator[tuple[str, bytes]]:
    """Yield each file of the report: report.json, report.html, and the formats asked for."""
    from cnilcheck.documents.decisions import read_decisions
    from cnilcheck.renderers import html, json_report

    lang = telling.lang
    decisions = read_decisions(rules_directory(), known.weaknesses)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    told = (report, lang, collected, known.sources, decisions, digests)
    yield "report.json", json_report.to_bytes(report)
    yield "report.html", html.render(*told).encode("utf-8")
    for face in dict.fromkeys(telling.formats):
        match face:
            case Format.MARKDOWN:
                from cnilcheck.renderers import markdown

                yield "report.md", markdown.render(*told).encode("utf-8")
            case Format.PDF:
                from cnilcheck.renderers import pdf

                yield "report.pdf", pdf.render(*told)
            case Format.SARIF:
                from cnilcheck.documents.lines import lines_of_targets
                from cnilcheck.renderers import sarif

                lines = lines_of_targets(text.written)
                yield (
                    "report.sarif",
                    sarif.render(report, lang, collected, text.name, lines).encode("utf-8"),
                )
            case Format.OSCAL:
                from cnilcheck.renderers import oscal

                told_so = oscal.render(report, lang, collected, known.sources, digests)
                yield "report.oscal.json", told_so.encode("utf-8")
            case _:
                yield from _tables(face, report, collected, known, lang)


def _tables(
    face: Format, report: Report, collected: Collected, known: Catalogue, lang: Lang
) -> Iterator[tuple[str, bytes]]:
    from cnilcheck.renderers import csv_table, json_lines, junit, ocsf

    match face:
        case Format.JUNIT:
            yield "report.xml", junit.render(report, lang, collected).encode("utf-8")
        case Format.CSV:
            table = csv_table.render(report, lang, collected, known.sources)
            yield "report.csv", table.encode("utf-8")
        case Format.WORKBOOK:
            from cnilcheck.renderers import workbook

            yield "report.xlsx", workbook.render(report, lang, collected, known.sources)
        case Format.JSON_LINES:
            yield "report.jsonl", json_lines.to_bytes(report)
        case Format.OCSF:
            for source, events in ocsf.render(report, lang, collected, known.sources).items():
                yield f"report.ocsf-{source}.json", events.encode("utf-8")


def _tell(folder: AuditFolder, report: Report, code: ExitCode, telling: Telling) -> None:
    if not telling.quiet:
        from rich.console import Console

        from cnilcheck.renderers import console

        console.render_to(Console(highlight=False, stderr=True), report, telling.lang)
    if telling.on_stdout is not None:
        _to_stdout(folder.path / telling.on_stdout)
    else:
        told = say("Rapport : ", "Report: ") + str(folder.path / "report.html")
        print(told, file=sys.stderr)
    print(_meaning(code, telling.fail_on, new=telling.baseline is not None), file=sys.stderr)


def _to_stdout(path: Path) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(path.read_bytes())
    sys.stdout.buffer.flush()


def _meaning(code: ExitCode, fail_on: Severity, *, new: bool) -> str:
    from cnilcheck.renderers.words import SEVERITIES

    level = SEVERITIES[fail_on].to(LANG).lower()
    match code:
        case ExitCode.SOMETHING_FAILS:
            meaning = say(
                f"au moins un manquement{' nouveau' if new else ''} de gravité {level} ou plus",
                f"at least one {'new ' if new else ''}failure of severity {level} or above",
            )
        case ExitCode.NOT_OBSERVED:
            meaning = say(
                "aucun manquement à ce niveau, mais tout n'a pas pu être observé ou jugé",
                "no failure at that level, but not everything could be observed or judged",
            )
        case _:
            meaning = say(
                f"aucun manquement{' nouveau' if new else ''} de gravité {level} ou plus",
                f"no {'new ' if new else ''}failure of severity {level} or above",
            )
    return say(f"Code de sortie {code.value} : {meaning}.", f"Exit code {code.value}: {meaning}.")
