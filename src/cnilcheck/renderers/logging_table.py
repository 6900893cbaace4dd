"""The logging matrix as tables: sixteen events by eight fields, and where each was seen."""

from __future__ import annotations

from cnilcheck.model.logging_matrix import (
    CATEGORY_NAMES,
    EVENT_FIELDS,
    CategoryRow,
    EvidenceKind,
    FieldEvidence,
    SourceEvidence,
    mandatory,
    told_unread,
)
from cnilcheck.model.report import Report
from cnilcheck.model.text import NBSP, NNBSP, Text, french, spell
from cnilcheck.model.words import Lang
from cnilcheck.renderers.harmless import harmless
from cnilcheck.renderers.page import AnnexRow, AnnexTable, Cell

_MAX_SOURCES = 120
_MAX_UNREAD = 20
_KEYS = {0: "refused", 1: "weak", 2: "weak", 3: "certified", 4: "certified", 5: "certified"}


def _t(fr: str, en: str) -> Text:
    return Text(french(fr), en)


TITLE = _t("Ce qui est journalisé", "What is logged")
SOURCES_TITLE = _t("D'où on le sait", "Where that is known from")
NOTE = _t(
    "Pour chaque événement, jusqu'où il est montré qu'une ligne le dit, et ce qu'elle dit :"
    " 0 réfuté, 1 déclaré, 2 réglé dans la configuration, 3 observé dans des lignes, 4 prouvé par"
    " un essai, 5 prouvé dans le dépôt distant ; « ? » rien ne le dit. Un pourcentage est la part"
    " des lignes où le champ est rempli. « * » marque les champs sans lesquels la ligne en dit trop"
    " peu. L'absence dans un extrait ne prouve rien.",
    "For each event, how far it is shown that a line tells of it, and what the line tells:"
    " 0 disproved, 1 declared, 2 set in the configuration, 3 observed in lines, 4 proved by a test,"
    " 5 proved in the remote store; “?” nothing says. A percentage is the share of lines in which"
    " the field is filled. “*” marks the fields without which a line tells too little. Absence in a"
    " sample proves nothing.",
)
SOURCES_NOTE = _t(
    "Une ligne par événement et par source, avec le premier endroit où on le voit.",
    "One row for each event and source, with the first place where it is seen.",
)
EVENT = _t("événement", "event")
LINES = _t("lignes", "lines")
LEVEL = _t("niveau", "level")
HEADS: dict[str, Text] = {
    "time": _t("quand", "when"),
    "author": _t("qui", "who"),
    "operation": _t("acte", "act"),
    "reference": _t("objet", "on"),
    "outcome": _t("issue", "end"),
    "origin": _t("d'où", "from"),
    "equipment": _t("poste", "host"),
    "correlation": _t("lien", "link"),
}
KINDS: dict[EvidenceKind, Text] = {
    "declaration": _t("déclaration", "declaration"),
    "configuration": _t("configuration", "configuration"),
    "lines": _t("lignes lues", "lines read"),
    "test": _t("essai", "test"),
    "remote_test": _t("essai, dépôt distant", "test, remote store"),
}
SOURCE_COLUMNS = (
    EVENT, _t("source", "source"), LEVEL, LINES, _t("première trace", "first trace"),
    _t("ce qui manque", "what is missing"),
)  # fmt: skip
SWITCHED_OFF = _t("journal coupé ici", "log switched off here")
UNREAD = _t("Lignes illisibles : ", "Lines that could not be read: ")
SEMICOLON = _t(" ;", ";")
NOT_LOGGED = _t("n'est pas journalisé", "is not logged")


def logging_table(report: Report, lang: Lang) -> AnnexTable | None:
    """Return the sixteen events by the eight fields; None where nothing is known of any."""
    if report.logging is None:
        return None
    rows = tuple(_row(row, lang) for row in report.logging.rows)
    heads = (EVENT, LEVEL, LINES, *(HEADS[name] for name in EVENT_FIELDS))
    columns = tuple(head.to(lang) for head in heads)
    return AnnexTable(TITLE.to(lang), NOTE.to(lang), columns, rows, unread_lines(report, lang))


def unread_lines(report: Report, lang: Lang) -> str:
    """Return which lines could not be read, log by log; empty when all were."""
    logs = report.logging.unread if report.logging else ()
    shown = [f"{one.log}, {told_unread(one).to(lang)}" for one in logs[:_MAX_UNREAD]]
    if not shown:
        return ""
    return harmless(UNREAD.to(lang) + f"{SEMICOLON.to(lang)} ".join(shown), 4_000) + "."


def _row(row: CategoryRow, lang: Lang) -> AnnexRow:
    level = Cell(told(row.level), "" if row.level is None else _KEYS[row.level])
    lines = Cell(spell(row.events, lang) if row.events else "–")
    needed = mandatory(row.category)
    cells = (_cell(one, one.field in needed, lang) for one in row.fields)
    return AnnexRow(CATEGORY_NAMES[row.category].to(lang), (level, lines, *cells))


def told(level: int | None) -> str:
    """Return a level as a table shows it."""
    return "?" if level is None else str(level)


def _cell(one: FieldEvidence, needed: bool, lang: Lang) -> Cell:
    mark = "*" if needed else ""
    share = f" ({percent(one.filled, one.events, lang)})" if one.events else ""
    key = "" if one.level is None or (one.level == 0 and not needed) else _KEYS[one.level]
    return Cell(f"{told(one.level)}{mark}{share}", key)


def percent(filled: int, events: int, lang: Lang) -> str:
    """Return a share rounded down: only all of them is 100 %."""
    number = 100 * filled // events if events else 0
    return f"{number}{NNBSP}%" if lang is Lang.FR else f"{number}%"


def logging_sources(report: Report, lang: Lang) -> AnnexTable | None:
    """Return what each source shows of each event, with the place to look at."""
    if report.logging is None:
        return None
    found = [(row, source) for row in report.logging.rows for source in row.sources]
    rows = tuple(_source(row, source, lang) for row, source in found[:_MAX_SOURCES])
    columns = tuple(column.to(lang) for column in SOURCE_COLUMNS)
    return AnnexTable(SOURCES_TITLE.to(lang), SOURCES_NOTE.to(lang), columns, rows)


def _source(row: CategoryRow, source: SourceEvidence, lang: Lang) -> AnnexRow:
    kind = KINDS[source.kind].to(lang)
    cells = (
        Cell(f"{harmless(source.source, 120)} ({kind})"),
        Cell(told(source.level), "" if source.level is None else _KEYS[source.level]),
        Cell(spell(source.events, lang) if source.events else "–"),
        Cell(harmless(source.place, 200) or "–"),
        Cell(_missing(row, source, lang) or "–"),
    )
    return AnnexRow(CATEGORY_NAMES[row.category].to(lang), cells)


def _missing(row: CategoryRow, source: SourceEvidence, lang: Lang) -> str:
    if source.partly:
        return SWITCHED_OFF.to(lang)
    if source.logged == 0:
        return NOT_LOGGED.to(lang)
    wanting = [
        one for one in source.fields if one.field in mandatory(row.category) and not one.level
    ]
    return ", ".join(_wanting(one, lang) for one in wanting)


def _wanting(one: FieldEvidence, lang: Lang) -> str:
    name = HEADS[one.field].to(lang)
    share = f"{NBSP}{percent(one.filled, one.events, lang)}" if one.events else ""
    at = f" ({harmless(one.place, 200)})" if one.place else ""
    return f"{name}{share}{at}"
