"""The deadline of a notice, and the plan to meet it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnilcheck.model.evidence import SCHEMA, Collected, Evidence, Provenance
from cnilcheck.model.facts import ReadableFile, ReadableFiles
from cnilcheck.model.plan import add_months, deadline, plan
from cnilcheck.model.report import Deadline, Finding, Plan, Tool, Waived
from cnilcheck.model.rule import Remediation, Steps
from cnilcheck.model.scope import Notice, Scope, Waiver
from cnilcheck.model.summary import make_report
from cnilcheck.model.text import Text
from cnilcheck.model.words import Method, Module, Outcome, Severity
from cnilcheck.model.working_days import next_working_day, public_holidays

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


def job(rule: str, days: float = 1, **changes: Any) -> Finding:
    """Return a failure that takes that many days to mend."""
    said = Text("dit", "says")
    finding = Finding(
        id=rule, rule=rule, module=Module.CRYPTOGRAPHY, weakness="obsolete-tls",
        severity=Severity.HIGH, outcome=Outcome.FAIL, target="t", location="", title=said,
        sentence=said, rationale=said, requirements=(),
        remediation=Remediation(days, Steps((), ()), said), evidence=(), basis="measured",
    )  # fmt: skip
    return msgspec.structs.replace(finding, **changes)


NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
AS_OF = D("2026-11-23")  # a Monday
DUE = deadline(Notice(D("2026-11-20")), AS_OF)  # 20 January 2027


def planned(*findings: Finding, due: Deadline | None = DUE, as_of: dt.date = AS_OF) -> Plan:
    made = plan(findings, due, as_of)
    assert made is not None
    return made


def order(*findings: Finding) -> list[str]:
    return [repair.rule for repair in planned(*findings).repairs]


def test_nothing_to_mend_needs_no_plan() -> None:
    accepted = Waived(Waiver("a", "t", "", "", AS_OF), in_force=True)
    assert plan((job("a", outcome=Outcome.PASS), job("b", waived=accepted)), DUE, AS_OF) is None


def test_the_gravest_comes_first_then_what_strangers_reach_then_what_is_soonest_done() -> None:
    assert order(
        job("low", 0.5, severity=Severity.LOW),
        job("long", 3),
        job("short", 1),
        job("reachable", 5, module=Module.EXPOSURE),
        job("critical", 9, severity=Severity.CRITICAL),
    ) == ["critical", "reachable", "short", "long", "low"]


def test_among_equals_more_people_come_first() -> None:
    def dump(records: int) -> tuple[Evidence, ...]:
        origin = Provenance("x", "1", Method.TEST, dt.datetime(2026, 11, 22, tzinfo=dt.UTC))
        file = ReadableFile("/x", "data_extract", "CSV", 5, records)
        return (Evidence("t", "/", origin, ReadableFiles(2, (file,))),)

    few, many = (
        job("few", location="/x", evidence=dump(10)),
        job("many", location="/x", evidence=dump(99)),
    )
    other = job("other", location="/elsewhere", evidence=dump(500))
    assert order(few, many, other) == ["many", "few", "other"]
    assert [r.people for r in planned(few, many, other).repairs] == [99, 10, 0]


def test_what_others_wait_for_is_done_before_them() -> None:
    made = planned(
        job("a-change-password", 1, weakness="secrets-in-files", severity=Severity.CRITICAL),
        job("z-close-folder", 2, weakness="files-in-web-root", severity=Severity.CRITICAL),
    )
    first, second = made.repairs
    assert (first.rule, second.after) == ("z-close-folder", ("z-close-folder",))
    assert second.start > first.end


def test_a_detail_never_delays_what_is_urgent() -> None:
    assert order(
        job("urgent", weakness="secrets-in-files", severity=Severity.CRITICAL),
        job("detail", weakness="directory-listing", severity=Severity.LOW),
    ) == ["urgent", "detail"]


def test_failures_of_one_rule_are_one_repair() -> None:
    (repair,) = planned(job("a"), job("a", id="b")).repairs
    assert repair.findings == ("a", "b")


def test_work_is_done_on_working_days_by_two_people_on_each_track() -> None:
    made = planned(job("a", 6), job("b", 6), job("c", 1), job("move", 4, module=Module.HOSTING))
    dates = {r.rule: (r.start, r.end) for r in made.repairs}
    assert dates["c"] == (D("2026-11-23"), D("2026-11-23"))
    assert dates["a"] == (D("2026-11-23"), D("2026-11-30"))
    assert dates["b"] == (D("2026-11-24"), D("2026-12-01"))
    assert dates["move"] == (D("2026-11-23"), D("2026-11-26"))


def test_half_days_share_a_day() -> None:
    made = planned(*(job(name, 0.5) for name in "abcd"))
    assert {(r.start, r.end) for r in made.repairs} == {(AS_OF, AS_OF)}


def test_time_is_kept_for_testing_again_and_for_writing() -> None:
    made = planned(job("a"))
    assert made.mending and made.retest and made.answer
    assert made.start == made.mending.start == AS_OF
    assert made.mending.end < made.retest.start <= made.retest.end < made.answer.start
    assert made.answer.end == DUE.due_on
    holidays = {D("2026-12-25"), D("2027-01-01")}
    assert not holidays & {made.retest.start, made.retest.end, made.answer.start}


def test_what_does_not_fit_is_said() -> None:
    made = planned(job("host", 60, module=Module.HOSTING), job("a", 1))
    assert {r.rule: r.fits for r in made.repairs} == {"host": False, "a": True}


@pytest.mark.parametrize(
    ("as_of", "kept"),
    [
        ("2027-01-18", (True, True, True)),
        ("2027-01-19", (False, True, True)),
        ("2027-01-20", (False, False, True)),
        ("2027-01-21", (False, False, False)),
    ],
)
def test_in_the_last_days_the_answer_is_written_first(
    as_of: str, kept: tuple[bool, bool, bool]
) -> None:
    day = D(as_of)
    made = planned(job("a"), due=deadline(Notice(D("2026-11-20")), day), as_of=day)
    assert (bool(made.mending), bool(made.retest), bool(made.answer)) == kept
    assert made.repairs[0].fits is kept[0]


def test_without_a_notice_nothing_is_late() -> None:
    made = planned(job("a", 90), job("b", 0.25), due=None)
    assert all(r.fits for r in made.repairs)
    assert made.answer is None
    assert made.retest and made.mending
    assert made.mending.end >= max(r.end for r in made.repairs)


def test_a_day_off_is_no_day_to_begin() -> None:
    assert planned(job("a"), as_of=D("2026-11-22")).start == D("2026-11-23")


@given(
    st.lists(
        st.tuples(st.sampled_from(list(Severity)), st.floats(0.1, 40), st.booleans()),
        min_size=1,
        max_size=30,
    ),
    st.dates(dt.date(2026, 1, 1), dt.date(2028, 1, 1)),
    st.integers(0, 200),
)
def test_every_plan_holds_together(
    work: list[tuple[Severity, float, bool]], received: dt.date, later: int
) -> None:
    as_of = received + dt.timedelta(days=later)
    findings = [
        job(f"r{n}", days, severity=s, module=Module.HOSTING if host else Module.LOGGING)
        for n, (s, days, host) in enumerate(work)
    ]
    made = planned(*findings, due=deadline(Notice(received), as_of), as_of=as_of)
    assert sorted(r.rule for r in made.repairs) == sorted(f.rule for f in findings)
    for repair in made.repairs:
        assert made.start <= repair.start <= repair.end
        assert repair.fits == bool(made.mending and repair.end <= made.mending.end)
        assert next_working_day(repair.start) == repair.start
        assert next_working_day(repair.end) == repair.end


def test_the_report_tells_what_to_mend_in_the_order_of_the_plan() -> None:
    collected = Collected(SCHEMA, "0", NOW, NOW, False, ())
    findings = (
        job("soon", 0.5), job("urgent", 5, module=Module.EXPOSURE),
        job("conform", outcome=Outcome.PASS),
    )  # fmt: skip
    report = make_report(Tool("x", "1", ""), Scope(version=1), AS_OF, collected, findings)
    assert report.plan is not None
    assert [f.rule for f in report.findings] == ["urgent", "soon", "conform"]
    assert [r.rule for r in report.plan.repairs] == ["urgent", "soon"]
