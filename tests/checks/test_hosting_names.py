"""A certificate is recognised as the host's under the names hosts go by, and under no other."""

from __future__ import annotations

import datetime as dt

import pytest

from cnilcheck.checks.hosting import certificate_holder_matches
from cnilcheck.model.facts import HostingActor
from cnilcheck.model.scope import Certificate
from cnilcheck.model.verdict import Context
from cnilcheck.model.words import HealthData

CONTEXT = Context(dt.date(2026, 11, 22), HealthData.THIRD_PARTY)
DAY = dt.date(2024, 12, 20)


@pytest.mark.parametrize(
    ("name", "holder", "expected"),
    [
        ("AWS", "Amazon Web Services EMEA SARL", "pass"),
        ("OVHcloud", "OVH SAS", "pass"),
        ("Hébergeur Centre", "HEBERGEUR CENTRE S.A.S.", "pass"),
        ("Clever Cloud", "Cloud Temple", "fail"),
        ("Hébergeur Nord", "Hébergeur Sud", "fail"),
        ("Exemple", "", "fail"),
        ("Microsoft Azure", "Microsoft Ireland Operations Ltd", "inconclusive"),
    ],
)
def test_names_are_compared_as_people_write_them(name: str, holder: str, expected: str) -> None:
    certificate = Certificate(holder, "1", "Organisme", "2.0", DAY, DAY, (1,))
    verdict = certificate_holder_matches(HostingActor(name, (1,), certificate), CONTEXT)
    assert expected == verdict.outcome.value
