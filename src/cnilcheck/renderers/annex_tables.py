"""The tables of the annex, one function each; a new one is added to the list and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from cnilcheck.model.evidence import Evidence, Observation
from cnilcheck.model.facts import LogFields
from cnilcheck.model.report import ActivityColumn, HostingMatrix, Report
from cnilcheck.model.text import spell
from cnilcheck.model.words import Lang
from cnilcheck.renderers import words
from cnilcheck.renderers.harmless import harmless
from cnilcheck.renderers.page import AnnexRow, AnnexTable, Cell
from cnilcheck.renderers.proof import share

_Maker: TypeAlias = Callable[[Report, Sequence[Observation], Lang], AnnexTable | None]


def annex_tables(report: Report, seen: Sequence[Observation], lang: Lang) -> tuple[AnnexTable, ...]:
    """Return the tables that have something to say, in the order of the page."""
    made = (make(report, seen, lang) for make in _TABLES)
    return tuple(table for table in made if table is not None and table.rows)


def hosting_matrix(report: Report, _seen: Sequence[Observation], lang: Lang) -> AnnexTable | None:
    """Return the actors of the hosting chain by the six activities, and what comes out."""
    matrix, w = report.hosting, words.PAGE
    if matrix is None or all(column.state == "not_needed" for column in matrix.activities):
        return None
    names = [f"{n}. {name.to(lang)}" for n, name in enumerate(words.ACTIVITIES, 1)]
    rows = [
        AnnexRow(
            harmless(actor.name, 120),
            tuple(Cell(words.CELLS[c.state].to(lang), c.state) for c in actor.cells),
        )
        for actor in matrix.actors
    ]
    needed = tuple(Cell(words.NEEDED[c.needed].to(lang)) for c in matrix.activities)
    results = tuple(Cell(words.COVERED[c.state].to(lang), c.state) for c in matrix.activities)
    rows.append(AnnexRow(w["needed"].to(lang), needed, total=True))
    rows.append(AnnexRow(w["result"].to(lang), results, total=True))
    return AnnexTable(
        w["activities"].to(lang), w["activities_note"].to(lang),
        (w["actor"].to(lang), *names), tuple(rows), conclusion(matrix, lang),
    )  # fmt: skip


def conclusion(matrix: HostingMatrix, lang: Lang) -> str:
    """Return in one sentence which activities are still to be covered, or that none is."""
    wanting = [c for c in matrix.activities if _wanting(c)]
    if wanting:
        listed = ", ".join(str(c.activity) for c in wanting)
        return words.NOT_COVERED.to(len(wanting), lang).format(listed=listed)
    certain = all(c.needed is not None for c in matrix.activities)
    return words.PAGE["all_covered" if certain else "coverage_unknown"].to(lang)


def _wanting(column: ActivityColumn) -> bool:
    return column.state in ("uncovered", "nobody", "to_check")


def log_matrix(_report: Report, seen: Sequence[Observation], lang: Lang) -> AnnexTable:
    """Return how much of each log records what the CNIL recommends to record."""
    w = words.PAGE
    logs = [
        (o.location, o.fact)
        for o in seen
        if isinstance(o, Evidence) and isinstance(o.fact, LogFields)
    ]
    rows = tuple(
        AnnexRow(
            harmless(place, 200),
            tuple(map(Cell, (spell(f.lines, lang), *(
                share(value, lang)
                for value in (f.author, f.time_with_zone, f.operation, f.reference))))),
            code=True,
        )
        for place, f in logs
    )  # fmt: skip
    columns = ("log", "lines", "author", "time", "operation", "object")
    return AnnexTable(
        w["log_matrix"].to(lang), w["log_matrix_note"].to(lang),
        tuple(w[column].to(lang) for column in columns), rows,
    )  # fmt: skip


_TABLES: tuple[_Maker, ...] = (hosting_matrix, log_matrix)
