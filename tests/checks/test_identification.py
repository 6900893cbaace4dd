"""The framework for identifying professionals: its dates, and a draft that speaks on demand only."""

from __future__ import annotations

import datetime as dt

import pytest

from cnilcheck.audit import judge
from cnilcheck.checks.registry import checks
from cnilcheck.documents.rules import load_catalogue
from cnilcheck.model.evidence import SCHEMA, Collected, Evidence, Provenance
from cnilcheck.model.facts import AccountPolicy
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import AccountClass, HealthData, Method, Outcome, Profile
from cnilcheck.resources import rules_directory

RULES = [b for b in load_catalogue(rules_directory(), checks()).rules if b.fact is AccountPolicy]
NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
OLD = AccountPolicy(
    AccountClass.STAFF, factors=("password", "totp"), assurance="none", remote=True,
    idle_minutes=60, session_minutes=600, arrivals_departures=False,
)  # fmt: skip


def said(fact: AccountPolicy, day: dt.date, profile: Profile = Profile.ANSSI) -> dict[str, Outcome]:
    stamp = Provenance("test", "1", Method.INTERVIEW, NOW)
    collected = Collected(SCHEMA, "0", NOW, NOW, False, (Evidence("t", "x", stamp, fact),))
    scope = Scope(1, health_data=HealthData.OWN_PATIENTS, profile=profile)
    return {f.rule: f.outcome for f in judge(RULES, collected, scope, day)}


@pytest.mark.parametrize(
    ("rule", "last_day_before"),
    [
        ("pro-sante-connect-offered", dt.date(2022, 12, 31)),
        ("arrivals-departures-formalised", dt.date(2023, 12, 31)),
        ("professional-means-approved", dt.date(2025, 12, 31)),
    ],
)
def test_a_requirement_begins_on_its_day(rule: str, last_day_before: dt.date) -> None:
    assert said(OLD, last_day_before)[rule] is Outcome.NOT_APPLICABLE
    assert said(OLD, last_day_before + dt.timedelta(days=1))[rule] is Outcome.FAIL


def test_the_unpublished_draft_speaks_under_its_own_profile_only() -> None:
    drafts = {b.rule.id for b in RULES if b.rule.only_profile is Profile.RIE_V2_DRAFT}
    assert drafts
    for profile in Profile:
        found = said(OLD, NOW.date(), profile)
        if profile is Profile.RIE_V2_DRAFT:
            assert {found[rule] for rule in drafts} == {Outcome.FAIL}
        else:
            assert not drafts & found.keys()


def test_patients_and_administrators_are_not_asked_for_what_professionals_owe() -> None:
    for class_ in (AccountClass.USERS, AccountClass.ADMINISTRATORS):
        other = AccountPolicy(class_, factors=("password", "france_connect"), assurance="none", remote=True)  # fmt: skip
        found = said(other, NOW.date())
        for rule in ("pro-sante-connect-offered", "professional-means-approved", "france-connect-for-patients"):  # fmt: skip
            assert found[rule] is Outcome.INCONCLUSIVE
