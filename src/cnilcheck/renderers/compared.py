"""The comparison of two audits, on a terminal, as a page, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from cnilcheck.model.comparison import Change, Changed, Comparison
from cnilcheck.model.text import spell
from cnilcheck.model.words import Lang, Outcome
from cnilcheck.renderers import arrange, words
from cnilcheck.renderers.harmless import harmless
from cnilcheck.renderers.json_report import whole
from cnilcheck.renderers.page import Where, Word
from cnilcheck.resources import templates_directory

if TYPE_CHECKING:
    from rich.console import Console

    from cnilcheck.renderers.console import Screen

_STYLES = {
    Change.NEW: "bold red", Change.WORSE: "bold red", Change.STILL: "yellow",
    Change.GONE: "yellow", Change.MENDED: "green",
}  # fmt: skip
_SHOWN = 20


@dataclass(frozen=True)
class Row:
    """One finding with what was said before and is said now."""

    title: str
    severity: Word
    where: Where
    before: str
    after: str
    rule: str


@dataclass(frozen=True)
class Section:
    """The findings with which the same has happened."""

    key: str
    name: str
    note: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Pages:
    """What a comparison says, in one language."""

    old: str
    new: str
    counts: tuple[Word, ...]
    sections: tuple[Section, ...]


def pages_of(comparison: Comparison, lang: Lang) -> Pages:
    """Return the comparison arranged for reading."""
    groups = [(c, [x for x in comparison.changes if x.change is c]) for c in Change]
    return Pages(
        old=spell(comparison.old, lang),
        new=spell(comparison.new, lang),
        counts=tuple(
            Word(change.value, words.CHANGES[change].to(lang), str(len(found)))
            for change, found in groups
        ),
        sections=tuple(_section(change, found, lang) for change, found in groups if found),
    )


def _section(change: Change, found: Sequence[Changed], lang: Lang) -> Section:
    return Section(
        change.value,
        words.CHANGES[change].to(lang),
        words.CHANGE_NOTES[change].to(lang),
        tuple(_row(changed, lang) for changed in found),
    )


def _row(changed: Changed, lang: Lang) -> Row:
    return Row(
        title=harmless(changed.title.to(lang)),
        severity=arrange.severity(changed.severity, lang),
        where=Where(*words.where(changed.target, changed.location, lang)),
        before=_said(changed.was, changed.before.to(lang) if changed.before else "", lang),
        after=_said(changed.is_now, changed.after.to(lang) if changed.after else "", lang),
        rule=harmless(changed.rule, 120),
    )


def _said(outcome: Outcome | None, sentence: str, lang: Lang) -> str:
    if outcome is None:
        return "–"
    said = harmless(sentence, 600)
    if outcome in (Outcome.FAIL, Outcome.INCONCLUSIVE):
        return said
    return f"{words.OUTCOMES[outcome].to(lang)}{words.COLON.to(lang)} {said}"


def to_json(comparison: Comparison) -> str:
    """Return the comparison as a machine reads it."""
    plain = whole(msgspec.to_builtins(comparison))
    return msgspec.json.format(msgspec.json.encode(plain, order="sorted"), indent=2).decode() + "\n"


def to_html(comparison: Comparison, lang: Lang) -> str:
    """Return one self-contained page."""
    from cnilcheck.renderers.html import environment

    template = environment(templates_directory()).get_template("compare.html.j2")
    return template.render(page=pages_of(comparison, lang), lang=lang.value, w=words.page(lang))


def to_markdown(comparison: Comparison, lang: Lang) -> str:
    """Return the comparison as Markdown, without any HTML from the data."""
    from cnilcheck.renderers.markdown import print_template

    page = pages_of(comparison, lang)
    return print_template("compare.md.j2", page=page, w=words.page(lang))


def render_to(console: Console, comparison: Comparison, lang: Lang) -> None:
    """Print the comparison on a terminal; data cannot colour, move or break it."""
    from cnilcheck.renderers.console import on_screen

    with on_screen(console) as screen:
        _print(screen, pages_of(comparison, lang))


def _print(screen: Screen, page: Pages) -> None:
    screen.line(f"{page.old} → {page.new}", "bold")
    for count in page.counts:
        style = _STYLES[Change(count.key)] if count.shape != "0" else "dim"
        screen.line(f"{count.shape:>6}  {count.name}", style)
    for section in page.sections:
        screen.title(section.name)
        for row in section.rows[:_SHOWN]:
            place = " ".join(filter(None, (row.where.target, row.where.location)))
            said = row.before if row.after == "–" else row.after
            screen.line(f"{row.severity.shape} {place} {said} [{row.rule}]")
        rest = len(section.rows) - _SHOWN
        if rest > 0:
            screen.line(f"… +{rest}", "dim")
    screen.console.print()
