"""The deadline of a notice, by the vectors of regulation.md PRO-09."""

from __future__ import annotations

import datetime as dt

import pytest

from cnilcheck.model.plan import add_months, deadline, next_working_day, public_holidays
from cnilcheck.model.scope import Notice

D = dt.date.fromisoformat


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2021-10-04", "2021-12-04"),
        ("2021-10-14", "2021-12-14"),
        ("2021-12-31", "2022-02-28"),
        ("2026-12-30", "2027-02-28"),
        ("2023-12-31", "2024-02-29"),
    ],
)
def test_two_months_run_from_receipt_and_are_clamped_to_the_month_s_end(
    received: str, due: str
) -> None:
    assert deadline(Notice(D(received)), D(received)).due_on == D(due)


def test_a_due_date_on_a_saturday_is_kept_and_the_next_working_day_only_told() -> None:
    found = deadline(Notice(D("2021-10-04")), D("2021-11-04"))
    assert (found.due_on, found.next_working_day) == (D("2021-12-04"), D("2021-12-06"))
    assert found.days_left == 30


def test_an_extension_replaces_the_computed_date() -> None:
    found = deadline(Notice(D("2026-10-05"), extended_to=D("2027-01-15")), D("2027-01-16"))
    assert (found.due_on, found.days_left, found.extended) == (D("2027-01-15"), -1, True)


def test_months_cross_the_year() -> None:
    assert add_months(D("2026-08-31"), 6) == D("2027-02-28")
    assert add_months(D("2026-12-15"), 1) == D("2027-01-15")


def test_french_public_holidays_are_known() -> None:
    assert {D("2026-04-06"), D("2026-05-14"), D("2026-05-25")} <= public_holidays(2026)
    assert next_working_day(D("2026-05-01")) == D("2026-05-04")
    assert next_working_day(D("2027-05-08")) == D("2027-05-10")
