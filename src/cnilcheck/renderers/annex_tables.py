"""The tables of the annex, one function each; a new one is added to the list and nowhere else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TypeAlias

from cnilcheck.model.evidence import Evidence, Observation
from cnilcheck.model.facts import LogFields, NetworkIdentity
from cnilcheck.model.report import ActivityColumn, HostingMatrix, Report
from cnilcheck.model.text import spell
from cnilcheck.model.words import Lang
from cnilcheck.renderers import words
from cnilcheck.renderers.fact_words import VALUES
from cnilcheck.renderers.harmless import harmless
from cnilcheck.renderers.logging_table import logging_sources, logging_table
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


_MOST_ENDPOINTS = 60


def endpoints(_report: Report, seen: Sequence[Observation], lang: Lang) -> AnnexTable:
    """Return who runs each place of the deployment, by which sign, and what is known of them."""
    w = words.PAGE
    found = [
        (words.place(o.target, o.location, lang), o.fact)
        for o in seen
        if isinstance(o, Evidence) and isinstance(o.fact, NetworkIdentity) and not o.fact.reserved
    ]
    rows = tuple(
        AnnexRow(
            harmless(place, 200),
            (
                Cell(VALUES[fact.use].to(lang)),
                Cell(harmless(fact.provider or w["unidentified"].to(lang), 120)),
                Cell(_signs(fact, lang)),
                Cell(_known(fact, lang)),
            ),
            code=True,
        )
        for place, fact in found[:_MOST_ENDPOINTS]
    )
    columns = ("where", "use", "host", "sign", "certificate_known")
    left = len(found) - _MOST_ENDPOINTS
    return AnnexTable(
        w["endpoints"].to(lang), w["endpoints_note"].to(lang),
        tuple(w[column].to(lang) for column in columns), rows,
        words.MORE_ENDPOINTS.to(left, lang) if left > 0 else "",
    )  # fmt: skip


def _signs(fact: NetworkIdentity, lang: Lang) -> str:
    """Return the signs that name the host, with source and day, or what disagrees."""
    if fact.conflicts:
        return f"{words.PAGE['conflict'].to(lang)} {harmless(', '.join(fact.conflicts), 200)}"
    told = [
        f"{VALUES[s.kind].to(lang)}{words.COLON.to(lang)} {harmless(s.value, 100)}"
        f" [{', '.join(filter(None, (harmless(s.source, 60), _day(s.seen_on, lang))))}]"
        for s in fact.signals
        if s.host is not None and s.host == fact.provider
    ]
    if not told:
        return "–"
    signs = f"{words.PAGE['semicolon'].to(lang)} ".join(told[:2])
    return f"{signs} ({VALUES[fact.strength].to(lang)})"


def _known(fact: NetworkIdentity, lang: Lang) -> str:
    """Return what was read of the host's certificate, by whom and when: never a proof."""
    entry, lead = fact.entry, fact.lead
    if entry is not None:
        key = "listed" if entry.listed else "not_on_list"
        return words.PAGE[key].to(lang).format(day=spell(entry.list_date, lang))
    if lead is None:
        return "–"
    source = harmless(lead.source.what.to(lang), 160)
    day = _day(lead.source.seen_on, lang)
    return f"{VALUES[lead.status].to(lang)} ({', '.join(filter(None, (source, day)))})"


def _day(written: str, lang: Lang) -> str:
    try:
        return spell(dt.date.fromisoformat(written), lang)
    except ValueError:
        return harmless(written, 20)


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


def _logging(report: Report, _seen: Sequence[Observation], lang: Lang) -> AnnexTable | None:
    return logging_table(report, lang)


def _logging_sources(report: Report, _seen: Sequence[Observation], lang: Lang) -> AnnexTable | None:
    return logging_sources(report, lang)


_TABLES: tuple[_Maker, ...] = (hosting_matrix, endpoints, _logging, _logging_sources, log_matrix)
