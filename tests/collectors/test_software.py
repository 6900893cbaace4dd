"""The table of ends of life: every date has its source, and what was not read accuses nobody."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

import pytest

from cnilcheck.checks.exposure import software_supported
from cnilcheck.collectors.software import EndOfLife, ends_of_life
from cnilcheck.model.facts import SoftwareVersions
from cnilcheck.model.verdict import Context, Verdict
from cnilcheck.model.words import Outcome

TODAY = dt.date(2026, 11, 26)


@pytest.mark.parametrize("entry", ends_of_life(), ids=lambda e: e.product)
def test_an_entry_says_where_and_when_its_dates_were_read(entry: EndOfLife) -> None:
    assert urlsplit(entry.source).scheme == urlsplit(entry.read.at).scheme == "https"
    assert entry.read.day <= TODAY
    assert not entry.branches.keys() & entry.unread.keys()
    assert all(dt.date(2005, 1, 1) < day < dt.date(2040, 1, 1) for day in entry.branches.values())


@pytest.mark.parametrize(
    ("product", "version", "outcome"),
    [
        ("Symfony", "4.4.50", Outcome.FAIL),
        ("Symfony", "5.4.1", Outcome.INCONCLUSIVE),
        ("Laravel", "9.52.0", Outcome.INCONCLUSIVE),
        ("MongoDB", "6.0.27", Outcome.INCONCLUSIVE),
        ("MongoDB", "8.0.19", Outcome.PASS),
        ("PHP", "8.4.1", Outcome.PASS),
        ("PHP", "5.1.6", Outcome.FAIL),
        ("WordPress", "4.6.29", Outcome.FAIL),
        ("WordPress", "6.9.1", Outcome.INCONCLUSIVE),
    ],
)
def test_only_a_date_that_was_read_decides(product: str, version: str, outcome: Outcome) -> None:
    (entry,) = (entry for entry in ends_of_life() if entry.product == product)
    fact = SoftwareVersions((entry.software(version, "banner"),))
    verdict = software_supported(fact, Context(TODAY))
    assert isinstance(verdict, Verdict)
    assert verdict.outcome is outcome
