"""The logging matrix in each face: every event, every field, the shares and the places."""

from __future__ import annotations

import datetime as dt
import io

import msgspec
import pytest
from rich.console import Console

from cnilcheck.model.evidence import SCHEMA, Collected, Evidence, Provenance
from cnilcheck.model.facts import LogCoverage, LogExtent
from cnilcheck.model.logging_matrix import (
    CATEGORY_NAMES,
    EVENT_FIELDS,
    EventCount,
    FieldCount,
    UnreadLine,
)
from cnilcheck.model.report import Report, Tool
from cnilcheck.model.scope import Scope
from cnilcheck.model.summary import make_report
from cnilcheck.model.words import Lang, LogClass, Method
from cnilcheck.renderers import console, html, json_report, markdown
from cnilcheck.renderers.logging_table import logging_sources, logging_table, percent

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
PLACE = "logs/a<b>.log"


def report(*seen: Evidence) -> tuple[Report, Collected]:
    collected = Collected(SCHEMA, "0", NOW, NOW, False, seen)
    tool = Tool("cnilcheck", "0", "0" * 64)
    return make_report(tool, Scope(version=1), NOW.date(), collected, ()), collected


def one_log() -> Evidence:
    fields = tuple(
        FieldCount(name, 412 if name == "author" else 1000, f"{PLACE}:1", f"{PLACE}:7")
        for name in EVENT_FIELDS
    )
    count = EventCount("consultation", 1000, f"{PLACE}:1", fields)
    provenance = Provenance("logs", "1", Method.EXAMINE, NOW)
    fact = LogCoverage(LogClass.APPLICATION_ACCESS, "JSON", 1000, (count,), 0)
    return Evidence(PLACE, PLACE, provenance, fact)


@pytest.mark.parametrize("lang", Lang)
def test_each_of_the_sixteen_events_has_a_row_and_each_field_a_cell(lang: Lang) -> None:
    table = logging_table(report(one_log())[0], lang)
    assert table is not None
    assert [row.name for row in table.rows] == [n.to(lang) for n in CATEGORY_NAMES.values()]
    assert {len(row.cells) for row in table.rows} == {2 + len(EVENT_FIELDS)}
    (row,) = [r for r in table.rows if r.name == CATEGORY_NAMES["consultation"].to(lang)]
    share = "41\u202f%" if lang is Lang.FR else "41%"
    assert row.cells[0].text == "0"
    assert row.cells[3].text == f"0* ({share})"
    assert row.cells[2].text.startswith("3* (100")


def test_the_place_of_the_first_line_that_lacks_a_field_is_told() -> None:
    table = logging_sources(report(one_log())[0], Lang.EN)
    assert table is not None
    (row,) = table.rows
    assert row.cells[3].text == f"{PLACE}:1"
    assert row.cells[4].text == f"who\u00a041% ({PLACE}:7)"


def test_without_any_fact_there_is_no_table() -> None:
    told, collected = report()
    assert told.logging is None
    assert logging_table(told, Lang.EN) is None
    assert "What is logged" not in html.render(told, Lang.EN, collected)


def test_every_face_shows_the_matrix_and_escapes_what_it_holds() -> None:
    told, collected = report(one_log())
    page = html.render(told, Lang.EN, collected)
    assert '<th scope="row">consultation of a record</th>' in page
    assert "a&lt;b&gt;.log:7" in page
    assert "a<b>.log" not in page
    assert "| consultation of a record | 0 | 1000 |" in markdown.render(told, Lang.EN, collected)
    stored = msgspec.json.decode(json_report.to_bytes(told))
    (row,) = [r for r in stored["logging"]["rows"] if r["category"] == "consultation"]
    assert (row["logged"], row["level"], row["events"]) == (3, 0, 1000)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_terminal_shows_the_events_something_is_known_of(width: int) -> None:
    stream = io.StringIO()
    told, _ = report(one_log())
    console.render_to(Console(file=stream, width=width, highlight=False), told, Lang.EN)
    text = stream.getvalue()
    assert "What is logged" in text
    assert "remote maintenance" not in text
    assert all(len(line) <= width for line in text.splitlines())


@pytest.mark.parametrize(("filled", "events", "said"), [(999, 1000, "99%"), (0, 0, "0%")])
def test_only_all_is_a_hundred_percent(filled: int, events: int, said: str) -> None:
    assert percent(filled, events, Lang.EN) == said


@pytest.mark.parametrize("lang", Lang)
def test_lines_that_could_not_be_read_are_told_under_the_matrix(lang: Lang) -> None:
    day = dt.datetime(2026, 11, 3, tzinfo=dt.UTC)
    fact = LogExtent(
        LogClass.TECHNICAL, 4000, 3, day, day, samples=(UnreadLine("a.log:7", "odd <b>"),)
    )
    extent = Evidence(PLACE, PLACE, one_log().provenance, fact)
    told, collected = report(one_log(), extent)
    said = {
        Lang.FR: f"{PLACE}, 3 sur 4000 (0,1\u202f%)\u00a0: a.log:7 `odd <b>`",
        Lang.EN: f"{PLACE}, 3 of 4000 (0.1%): a.log:7 `odd <b>`",
    }[lang]
    table = logging_table(told, lang)
    assert table is not None
    assert said in table.conclusion
    assert "odd &lt;b&gt;" in html.render(told, lang, collected)
    screen = io.StringIO()
    console.render_to(Console(file=screen, width=200), told, lang)
    assert "a.log:7" in screen.getvalue()
