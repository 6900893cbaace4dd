"""Each omission planted in a small deployment shows in the cell it belongs to, and in no other."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace

from cnilcheck.model.evidence import SCHEMA, Collected, Evidence, Provenance
from cnilcheck.model.facts import (
    AccessLogSetting,
    ConfiguredEvent,
    Fact,
    LogCoverage,
    LoggedEvents,
    LoggingPractice,
    LogSourceSetting,
)
from cnilcheck.model.logging_coverage import logging_matrix, with_matrix
from cnilcheck.model.logging_matrix import (
    CATEGORIES,
    EVENT_FIELDS,
    CategoryRow,
    EventCategory,
    EventCount,
    EventField,
    FieldCount,
    FieldEvidence,
    mandatory,
)
from cnilcheck.model.words import GapReason, LogClass, Method

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
READ = Provenance("logs", "1", Method.EXAMINE, NOW)
TOLD = Provenance("logging-declaration", "1", Method.INTERVIEW, NOW)
ACCESS, TECHNICAL = LogClass.APPLICATION_ACCESS, LogClass.TECHNICAL


def lines(
    category: EventCategory, events: int = 100, without: dict[EventField, int] | None = None,
    log_class: LogClass = ACCESS, place: str = "logs/acces.log",
) -> Evidence:  # fmt: skip
    """Return a log with events of one category, some without a field."""
    lost = without or {}
    fields = tuple(
        FieldCount(name, events - lost.get(name, 0), f"{place}:1", f"{place}:9" * (name in lost))
        for name in EVENT_FIELDS
    )
    count = EventCount(category, events, f"{place}:1", fields)
    return Evidence(place, place, READ, LogCoverage(log_class, "JSON", events, (count,), 0))


def configured(
    category: EventCategory, logged: bool = True, fields: tuple[EventField, ...] = EVENT_FIELDS
) -> Evidence:
    event = ConfiguredEvent(category, logged, fields, "/etc/pg.conf:3")
    return Evidence("./copy/", "/etc/pg.conf", READ, LogSourceSetting("PostgreSQL", (event,)))


def declared(*events: str) -> Evidence:
    fact = LoggingPractice(events=events)  # type: ignore[arg-type]
    return Evidence("declarations.logging", "logging", TOLD, fact)


def row(category: EventCategory, *seen: Evidence) -> CategoryRow:
    matrix = logging_matrix(seen)
    assert matrix is not None
    assert tuple(one.category for one in matrix.rows) == CATEGORIES
    (found,) = [one for one in matrix.rows if one.category == category]
    return found


def levels(found: CategoryRow) -> dict[str, int | None]:
    return {one.field: one.level for one in found.fields}


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("field", EVENT_FIELDS)
def test_an_omission_shows_in_its_own_cell_and_in_no_other(
    category: EventCategory, field: EventField
) -> None:
    found = row(category, lines(category, without={field: 60}))
    assert levels(found) == {name: 0 if name == field else 3 for name in EVENT_FIELDS}
    (cell,) = [one for one in found.fields if one.field == field]
    assert (cell.filled, cell.events, cell.place) == (40, 100, "logs/acces.log:9")
    assert found.level == (0 if field in mandatory(category) else 3)
    assert found.logged == 3


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_complete_log_is_complete_everywhere_and_says_nothing_of_the_rest(
    category: EventCategory,
) -> None:
    matrix = logging_matrix([lines(category)])
    assert matrix is not None
    for one in matrix.rows:
        assert one.level == (3 if one.category == category else None)


@pytest.mark.parametrize(("lost", "level"), [(0, 3), (5, 3), (6, 0), (100, 0)])
def test_nineteen_events_in_twenty_are_enough(lost: int, level: int) -> None:
    assert row("consultation", lines("consultation", without={"author": lost})).level == level


def test_a_technical_log_without_author_proves_nothing() -> None:
    found = row("consultation", lines("consultation", without={"author": 100}, log_class=TECHNICAL))
    assert (found.logged, found.level, levels(found)["author"]) == (3, None, None)


@pytest.mark.parametrize(
    ("seen", "logged", "level"),
    [
        ((configured("consultation"),), 2, 2),
        ((configured("consultation", fields=("time", "operation")),), 2, None),
        ((configured("consultation", logged=False),), 0, 0),
        ((declared("consultation"),), 1, 1),
        ((declared("sign_in_success"),), None, None),
        ((configured("consultation", logged=False), declared("consultation")), 1, 1),
        ((configured("consultation", logged=False), lines("consultation")), 3, 3),
        # Another source may hold the author: what is only configured leaves it open.
        ((configured("consultation", fields=("time",)), configured("consultation", logged=False)),
         2, None),
        ((lines("consultation", without={"author": 50}), configured("consultation")), 3, 0),
        ((lines("consultation", without={"author": 50}), lines("consultation", place="b.log")),
         3, 3),
    ],
)  # fmt: skip
def test_the_best_source_counts(
    seen: tuple[Evidence, ...], logged: int | None, level: int | None
) -> None:
    found = row("consultation", *seen)
    assert (found.logged, found.level) == (logged, level)


OFF = AccessLogSetting("nginx", ("/etc/nginx/a:1 server",), ("/etc/nginx/a:9 location /dossiers/",))


def setting(fact: Fact) -> Evidence:
    return Evidence("./copy/", "/etc/nginx/nginx.conf", READ, fact)  # type: ignore[arg-type]


def test_a_log_switched_off_where_records_are_disproves_what_is_only_configured() -> None:
    found = row("consultation", setting(OFF), configured("consultation"))
    assert found.level == 0
    assert [s.place for s in found.sources if s.partly] == ["/etc/nginx/a:9 location /dossiers/"]
    assert row("consultation", setting(OFF), lines("consultation")).level == 3


@pytest.mark.parametrize(
    "context", ["location /static/", r"location ~ \.css$", "server return 301"]
)
def test_a_log_switched_off_where_no_record_is_says_nothing(context: str) -> None:
    off = AccessLogSetting("nginx", (), (f"/etc/nginx/a:9 {context}",))
    assert logging_matrix([setting(off)]) is None


def test_creation_and_modification_are_one_event() -> None:
    assert row("modification", declared("creation", "consultation")).level is None
    assert row("modification", declared("creation", "modification")).level == 1


def collected(*seen: Evidence) -> Collected:
    return Collected(SCHEMA, "0", NOW, NOW, False, seen)


def test_the_matrix_is_drawn_from_the_evidence_and_says_from_which() -> None:
    (*kept, drawn) = with_matrix(collected(declared("search"))).observations
    assert len(kept) == 1
    assert isinstance(drawn, Evidence)
    assert isinstance(drawn.fact, LoggedEvents)
    assert drawn.provenance.method is Method.INTERVIEW
    both = with_matrix(collected(declared("search"), lines("search"))).observations[-1]
    assert both.provenance.method is Method.EXAMINE


def test_where_nothing_was_given_the_question_is_one() -> None:
    (drawn,) = with_matrix(collected()).observations
    assert drawn.reason is GapReason.NOT_GIVEN  # type: ignore[union-attr]


def test_a_field_no_source_speaks_of_is_unknown() -> None:
    found = row("sign_out", configured("sign_out", fields=("time", "operation")))
    assert found.fields[EVENT_FIELDS.index("author")] == FieldEvidence("author", None)


@pytest.mark.parametrize(("unread", "levels_of"), [(5, {3}), (6, {None})])
def test_too_many_unread_lines_leave_the_fields_open_and_the_event_seen(
    unread: int, levels_of: set[int | None]
) -> None:
    read = lines("consultation", events=95)
    seen = replace(read, fact=replace(read.fact, unparsed=unread))
    found = row("consultation", seen)
    assert set(levels(found).values()) == levels_of
    assert found.logged == 3
