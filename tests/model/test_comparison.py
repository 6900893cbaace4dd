"""What became of each failure: mended is only what was looked at again."""

from __future__ import annotations

import datetime as dt
import hashlib

import msgspec
import pytest

from cnilcheck.model.comparison import (
    Accepted,
    Change,
    Past,
    PastReport,
    Seen,
    any_new,
    compare,
    known_failures,
)
from cnilcheck.model.text import Text
from cnilcheck.model.words import Module, Outcome, Severity

SITE = "https://app.example.fr/"
SAID = Text("dit", "says")


def found(location: str, outcome: Outcome = Outcome.FAIL, at: str = "", **changes: object) -> Past:
    """Return a finding at a place; `at` is where its evidence was looked for."""
    rule = str(changes.get("rule", "no-extract-readable"))
    target = str(changes.get("target", SITE))
    finding = Past(
        id=hashlib.sha256("\x1f".join((rule, target, location)).encode()).hexdigest()[:16],
        rule=rule, module=Module.EXPOSURE, severity=Severity.HIGH, outcome=outcome,
        target=target, location=location, title=SAID, sentence=SAID,
        evidence=(Seen(at or location),), basis="measured",
    )  # fmt: skip
    return msgspec.structs.replace(finding, **changes)


def report(*findings: Past) -> PastReport:
    return PastReport("cnilcheck/report/1", dt.date(2026, 11, 22), findings)


def changes(old: PastReport, new: PastReport) -> list[tuple[str, str]]:
    return [(c.change.value, c.location) for c in compare(old, new).changes]


def test_what_passes_at_the_same_place_is_mended() -> None:
    new = report(found("/", Outcome.PASS))
    assert changes(report(found("/")), new) == [("mended", "/")]


def test_a_file_that_is_gone_is_mended_when_the_search_was_made_again() -> None:
    old = report(found("/export.csv", at="/"), found("/dump.sql", at="/"))
    new = report(found("/dump.sql", at="/"))
    assert changes(old, new) == [("still", "/dump.sql"), ("mended", "/export.csv")]
    assert changes(old, report(found("/", Outcome.PASS))) == [
        ("mended", "/dump.sql"),
        ("mended", "/export.csv"),
    ]


@pytest.mark.parametrize(
    "after",
    [
        (),
        (found("/", Outcome.INCONCLUSIVE),),
        (found("/", Outcome.NOT_APPLICABLE),),
        (found("/", Outcome.PASS, rule="another"),),
        (found("/", Outcome.PASS, target="https://other.example.fr/"),),
        (found("/", Outcome.PASS, attested={"statement": "Fait."}, basis="declared"),),
        (found("/", Outcome.PASS, basis="declared"),),
    ],
)
def test_what_was_not_looked_at_again_is_never_mended(after: tuple[Past, ...]) -> None:
    comparison = compare(report(found("/")), report(*after))
    assert [c.change for c in comparison.changes] == [Change.GONE]
    assert comparison.counts["mended"] == 0


def test_a_search_that_broke_off_proves_no_file_gone() -> None:
    old = report(found("/export.csv", at="/"))
    new = report(found("/a.csv", Outcome.PASS, at="/"), found("/b", Outcome.INCONCLUSIVE, at="/b"))
    assert changes(old, new) == [("no_longer_observed", "/export.csv")]


def test_another_listener_of_the_same_target_proves_nothing() -> None:
    old = report(found("app.example.fr:443"))
    new = report(found("app.example.fr:8443", Outcome.PASS))
    assert changes(old, new) == [("no_longer_observed", "app.example.fr:443")]


def test_what_conformed_and_can_no_longer_be_seen_is_told() -> None:
    old = report(found("/", Outcome.PASS))
    assert changes(old, report()) == [("no_longer_observed", "/")]
    assert changes(old, old) == []


def test_a_declared_failure_can_be_mended_by_declaring_otherwise() -> None:
    old = report(found("contract", basis="declared"))
    new = report(found("contract", Outcome.PASS, basis="declared"))
    assert changes(old, new) == [("mended", "contract")]


@pytest.mark.parametrize(
    "before", [(), (found("/", Outcome.PASS),), (found("/", Outcome.INCONCLUSIVE),)]
)
def test_what_did_not_fail_before_is_new(before: tuple[Past, ...]) -> None:
    comparison = compare(report(*before), report(found("/")))
    assert [c.change for c in comparison.changes] == [Change.NEW]
    assert any_new(comparison, Severity.HIGH)
    assert not any_new(comparison, Severity.CRITICAL)


def listing(records: int) -> Seen:
    return Seen(
        "/", fact={"fact": "readable-files", "found": [{"path": "/x.csv", "records": records}]}
    )


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (found("/"), found("/"), "still"),
        (found("/"), found("/", severity=Severity.CRITICAL), "worse"),
        (found("/"), found("/", severity=Severity.LOW), "still"),
        (
            found("/x.csv", evidence=(listing(10),)),
            found("/x.csv", evidence=(listing(11),)),
            "worse",
        ),
        (
            found("/x.csv", evidence=(listing(10),)),
            found("/x.csv", evidence=(listing(9),)),
            "still",
        ),
        (found("/", waived=Accepted(True)), found("/", waived=Accepted(False)), "worse"),
        (found("/"), found("/", waived=Accepted(True)), "still"),
    ],
)
def test_a_failure_that_stays_can_get_worse(old: Past, new: Past, change: str) -> None:
    assert [c for c, _ in changes(report(old), report(new))] == [change]


def test_a_failure_accepted_from_the_start_is_not_new() -> None:
    assert not changes(report(), report(found("/", waived=Accepted(True))))


def test_a_line_that_moved_in_a_file_is_the_same_failure() -> None:
    old = report(found("/etc/nginx.conf:11"), found("/etc/nginx.conf:30"))
    new = report(found("/etc/nginx.conf:12"))
    assert changes(old, new) == [("still", "/etc/nginx.conf:12"), ("mended", "/etc/nginx.conf:30")]
    assert known_failures(old, new) == {new.findings[0].id}


def test_a_line_that_conforms_elsewhere_in_the_same_file_proves_it_mended() -> None:
    old, new = report(found("/etc/a.conf:8")), report(found("/etc/a.conf:7", Outcome.PASS))
    assert changes(old, new) == [("mended", "/etc/a.conf:8")]


def test_the_baseline_knows_what_is_no_worse() -> None:
    old = report(found("/a"), found("/b"))
    new = report(found("/a"), found("/b", severity=Severity.CRITICAL), found("/c"))
    assert known_failures(old, new) == {new.findings[0].id}


def test_each_failure_of_either_report_is_told_once() -> None:
    old = report(found("/a"), found("/b"), found("/c", Outcome.PASS))
    new = report(found("/b"), found("/c"), found("/d"))
    comparison = compare(old, new)
    assert sum(comparison.counts.values()) == len(comparison.changes) == 4
    assert len({c.id for c in comparison.changes}) == 4
