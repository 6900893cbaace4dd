"""The report on a terminal: what to mend first, what stays open, how much was seen."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING

from cnilcheck.model.report import Finding, Report
from cnilcheck.model.text import NBSP, NNBSP
from cnilcheck.model.words import Lang, Module, Outcome, Severity
from cnilcheck.renderers import arrange, words
from cnilcheck.renderers.annex_tables import hosting_matrix
from cnilcheck.renderers.harmless import harmless, parts
from cnilcheck.renderers.logging_table import logging_table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_SHOWN = 25
_NEXT = 3
_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
_STATES = {"mend": "bold red", "open": "yellow", "conform": "green", "none": "dim"}
_CELLS = {"covered": "green", "uncovered": "bold red", "nobody": "bold red", "to_check": "yellow"}


def render_to(console: Console, report: Report, lang: Lang) -> None:
    """Print the report; data cannot colour, move or break the terminal."""
    with on_screen(console) as screen:
        _report(screen, report, lang)


def _report(screen: Screen, report: Report, lang: Lang) -> None:
    _header(screen, report, lang)
    screen.console.print(_modules(screen, report, lang))
    _failures(screen, report, lang)
    _questions(screen, report, lang)
    _annex(screen, report, lang)
    _logging(screen, report, lang)
    _next(screen, report, lang)
    screen.line(arrange.coverage(report, lang) + ".", "bold")
    if report.summary.waived:
        screen.line(words.WAIVED.to(report.summary.waived, lang) + ".")
    if report.retest is not None:
        screen.line(arrange.retest(report, lang) + ".")
    if not report.summary.coverage.assessed:
        screen.line(words.PAGE["nothing_assessed"].to(lang), "bold yellow")
    if report.summary.interrupted:
        screen.line(words.PAGE["interrupted"].to(lang), "bold yellow")


def _annex(screen: Screen, report: Report, lang: Lang) -> None:
    """Print the hosting matrix, an activity to a line: seven columns are too many here."""
    table = hosting_matrix(report, (), lang)
    if table is None:
        return
    from rich.table import Table

    screen.line(table.title, "bold")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=2)
    for number, name in enumerate(table.columns[1:]):
        *actors, _, result = ((row.name, row.cells[number]) for row in table.rows)
        by = "; ".join(f"{actor} ({cell.text})" for actor, cell in actors if cell.key != "none")
        told = screen.text(result[1].text, _CELLS.get(result[1].key, ""))
        grid.add_row(*_numbered(screen, name), told, screen.text(by or "–", "dim"))
    screen.console.print(grid)
    screen.line(f"  {_said(table.conclusion)}", "bold")
    screen.console.print()


def _numbered(screen: Screen, name: str) -> tuple[Text, Text]:
    number, _, words_ = name.partition(" ")
    return screen.text(number), screen.text(words_)


_LEVELS = {"0": "bold red", "1": "yellow", "2": "yellow", "3": "green", "4": "green", "5": "green"}


def _logging(screen: Screen, report: Report, lang: Lang) -> None:
    """Print the logging matrix: an event to a line, a digit for each field."""
    table = logging_table(report, lang)
    if table is None:
        return
    from rich.table import Table

    screen.line(table.title, "bold")
    grid = Table(box=None, pad_edge=False, padding=(0, 1))
    for number, name in enumerate(table.columns):
        head = "0-5" if number == 1 else name
        grid.add_column(screen.text(head, "dim"), justify="left" if number == 0 else "center")
    for row in table.rows:
        said = [cell.text.split(" ")[0] for cell in row.cells[:1]]
        said += [cell.text for cell in row.cells[1:2]]
        said += [cell.text.split(" ")[0] for cell in row.cells[2:]]
        if any(word.strip("*?–") for word in said):
            styled = [screen.text(word, _LEVELS.get(word[:1], "dim")) for word in said]
            styled[1] = screen.text(said[1])
            grid.add_row(screen.text(row.name), *styled)
    screen.console.print(grid)
    screen.line(words.LEVELS.to(lang), "dim")
    if table.conclusion:
        screen.line(table.conclusion, "yellow")
    screen.console.print()


# rich breaks a line at every space that Python calls one, a no-break space among them: until the
# lines are made, these two stand in its place. No data holds them: `harmless` shows them as “�”.
_HELD = str.maketrans({NBSP: "\ue000", NNBSP: "\ue001"})
_LET_GO = str.maketrans({"\ue000": NBSP, "\ue001": NNBSP})


@contextmanager
def on_screen(console: Console) -> Iterator[Screen]:
    """Print what the block puts on the screen; no line is broken at a no-break space."""
    with console.capture() as captured:
        yield Screen(console)
    console.file.write(_shown(captured.get().translate(_LET_GO), console.encoding))
    console.file.flush()


class Screen:
    """A console, with words spelled in the characters it can show."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def text(self, words_: str, style: str = "") -> Text:
        """Return the words as rich text; no markup in them is obeyed."""
        from rich.text import Text

        return Text(_shown(words_.translate(_HELD), self.console.encoding), style)

    def line(self, words_: str, style: str = "") -> None:
        """Print one line, folded between words."""
        self.console.print(self.text(words_, style))

    def title(self, words_: str) -> None:
        """Print a heading after an empty line."""
        self.console.print()
        self.line(words_, "bold")


_PLAIN = str.maketrans({
    "’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "…": "...", "–": "-", "—": "-",
    "·": "-", "•": "*", "½": "1/2", "œ": "oe", "Œ": "OE", "æ": "ae", "\u00a0": " ", "\u202f": " ",
    "→": "->", "�": "?", "◆": "*", "▲": "!", "■": "=", "●": "-", "○": ".",
})  # fmt: skip


def _shown(text: str, encoding: str) -> str:
    """Return the text, with what the terminal cannot show spelled in what it can."""
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return "".join(_spelled(character, encoding) for character in text)
    return text


def _spelled(character: str, encoding: str) -> str:
    plain = unicodedata.normalize("NFKD", character.translate(_PLAIN))
    if character in "\ue000\ue001":
        return character
    for spelling in (character, plain, plain.encode("ascii", "ignore").decode() or "?"):
        try:
            spelling.encode(encoding)
        except UnicodeEncodeError:
            continue
        except LookupError:
            return plain.encode("ascii", "ignore").decode() or "?"
        return spelling
    return "?"


def _header(screen: Screen, report: Report, lang: Lang) -> None:
    screen.line(arrange.organisation(report.scope, lang), "bold")
    deadline = arrange.due(report.deadline, lang)
    if deadline is not None:
        style = "bold red" if deadline.late else "bold"
        due = words.PAGE["due"].to(lang)
        screen.line(f"{due} {deadline.on}{words.COLON.to(lang)} {deadline.left}", style)
    screen.console.print()


def _modules(screen: Screen, report: Report, lang: Lang) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(screen.text(words.CONSOLE["module"].to(lang)))
    table.add_column(screen.text(words.CONSOLE["state"].to(lang)))
    for name in ("mend", "open", "conform"):
        table.add_column(screen.text(words.CONSOLE[name].to(lang)), justify="right")
    for module, tile in zip(Module, arrange.tiles(report, lang), strict=True):
        counts = report.summary.modules.get(module, {})
        numbers = [counts.get(o, 0) for o in (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)]
        state = screen.text(tile.word, _STATES[tile.state])
        table.add_row(screen.text(tile.module), state, *map(str, numbers))
    return table


def _failures(screen: Screen, report: Report, lang: Lang) -> None:
    failures = [f for f in report.findings if f.outcome is Outcome.FAIL]
    if not failures:
        return
    screen.title(words.CONSOLE["failures"].to(lang))
    groups = [tuple(group) for _, group in groupby(failures, key=_alike)]
    for group in groups[:_SHOWN]:
        screen.console.print(_failure(screen, group[0], len(group) - 1, lang))
    rest = sum(map(len, groups[_SHOWN:]))
    if rest:
        screen.line(words.MORE_FAILURES.to(rest, lang))


def _alike(finding: Finding) -> tuple[str, bool, bool]:
    # What is accepted or known for now is not told of the other places of the rule.
    held = finding.waived is not None and finding.waived.in_force
    return finding.rule, finding.known, held


def _next(screen: Screen, report: Report, lang: Lang) -> None:
    """Print what to begin with: the lines that stay on the screen are the last."""
    if report.plan is None:
        return
    from rich.table import Table

    first = {f.rule: f for f in reversed(report.findings) if f.outcome is Outcome.FAIL}
    grid = Table.grid(padding=(0, 2))
    for number, repair in enumerate(report.plan.repairs[:_NEXT], 1):
        finding = first[repair.rule]
        steps = finding.remediation.steps
        step = (steps.fr if lang is Lang.FR else steps.en)[0]
        said = screen.text(_said(finding.title.to(lang)), "bold")
        said.append_text(screen.text(f"{words.COLON.to(lang)} {_said(step)}"))
        grid.add_row(screen.text(f"  {number}."), said)
    screen.line(words.CONSOLE["next"].to(lang), "bold")
    screen.console.print(grid)
    screen.console.print()


def _failure(screen: Screen, finding: Finding, others: int, lang: Lang) -> Table:
    from rich.table import Table

    row = Table.grid(padding=(0, 2))
    row.add_column(width=13, no_wrap=True)
    row.add_column(overflow="fold")
    severity = arrange.severity(finding.severity, lang)
    place = words.place(finding.target, finding.location, lang)
    said = screen.text("")
    said.append_text(screen.text(harmless(place, 200), "bold"))
    said.append_text(screen.text(f" {_said(finding.sentence.to(lang))} "))
    if others:
        said.append_text(screen.text(f"({words.MORE_PLACES.to(others, lang)}) "))
    said.append_text(screen.text(f"[{harmless(finding.rule, 120)}]", "dim"))
    if finding.known:
        said.append_text(screen.text(f" ({words.CONSOLE['known'].to(lang)})"))
    if finding.waived and finding.waived.in_force:
        until = words.until(finding.waived.waiver.until, lang)
        said.append_text(screen.text(f" ({until})"))
    row.add_row(screen.text(f"{severity.shape} {severity.name}", _STYLES[finding.severity]), said)
    return row


def _said(sentence: str) -> str:
    """Return a sentence without the marks of code, which a terminal has no type for."""
    return "".join(words_ for _, words_ in parts(harmless(sentence)))


def _questions(screen: Screen, report: Report, lang: Lang) -> None:
    open_ = [f for f in report.findings if f.outcome is Outcome.INCONCLUSIVE]
    if open_:
        screen.title(words.CONSOLE["questions"].to(lang))
    for group in arrange.audiences(open_, lang):
        number = len(group.questions)
        screen.line(f"  {group.name}{words.COLON.to(lang)} {words.QUESTIONS.to(number, lang)}")
    if report.summary.unobserved_targets:
        targets = ", ".join(harmless(t) for t in report.summary.unobserved_targets)
        unseen = words.CONSOLE["unseen"].to(lang)
        screen.console.print()
        screen.line(f"{unseen}{words.COLON.to(lang)} {targets}", "yellow")
    screen.console.print()
