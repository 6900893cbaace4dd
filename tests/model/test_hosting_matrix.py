"""The matrix of actors by activities says what is needed, who covers it, and what is left."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from cnilcheck.audit import collect, judge
from cnilcheck.checks.registry import checks
from cnilcheck.collectors.base import Journal, Tools
from cnilcheck.collectors.declarations import HostingDeclarations
from cnilcheck.documents.rules import load_catalogue
from cnilcheck.model.hosting_matrix import needed_activities
from cnilcheck.model.report import HostingMatrix, Report, Tool
from cnilcheck.model.scope import (
    Certificate,
    Declarations,
    HostingDeclaration,
    Limits,
    Organisation,
    Provider,
    Scope,
)
from cnilcheck.model.summary import make_report
from cnilcheck.model.words import HealthData, Lang
from cnilcheck.renderers.annex_tables import conclusion
from cnilcheck.resources import rules_directory

TODAY = dt.date(2026, 11, 22)
RULES = load_catalogue(rules_directory(), checks()).rules
HELD = Certificate(
    "Cloud", "EX-1", "LNE", "2.0", dt.date(2024, 12, 20), dt.date(2027, 12, 19), (1, 2, 3, 4)
)


def report(
    declared: HostingDeclaration, data: HealthData = HealthData.THIRD_PARTY, as_of: dt.date = TODAY
) -> Report:
    from pathlib import Path

    scope = Scope(
        version=1, organisation=Organisation("Pharmacie"), health_data=data,
        declarations=Declarations(hosting=declared),
    )  # fmt: skip
    tools = Tools(Path(), scope, Journal(), Limits())
    collected = collect(scope, [HostingDeclarations()], tools)
    findings = judge(RULES, collected, scope, as_of)
    return make_report(Tool("cnilcheck", "0", "0"), scope, as_of, collected, findings)


def matrix(
    declared: HostingDeclaration, data: HealthData = HealthData.THIRD_PARTY
) -> HostingMatrix:
    found = report(declared, data).hosting
    assert found is not None
    return found


def states(found: HostingMatrix) -> list[str]:
    return [column.state for column in found.activities]


def rented(*providers: Provider, **more: object) -> HostingDeclaration:
    base = HostingDeclaration(
        providers, "iaas", administration="organisation", backups="organisation"
    )
    return msgspec.structs.replace(base, **more)


CLOUD = Provider("Cloud", (1, 2, 3, 4), HELD)


def test_saas_on_a_cloud_certified_for_four_activities_leaves_five_and_six() -> None:
    found = matrix(HostingDeclaration((CLOUD, Provider("Éditeur", (5, 6))), "saas"))
    assert states(found) == ["covered"] * 4 + ["uncovered"] * 2
    assert [c.state for c in found.actors[1].cells] == ["none"] * 4 + ["uncertified"] * 2
    assert conclusion(found, Lang.EN) == "Activities to be covered or checked: 5, 6."


def test_who_runs_its_own_rented_machines_needs_three_activities() -> None:
    found = matrix(rented(CLOUD))
    assert [column.needed for column in found.activities] == [True] * 3 + [False] * 3
    assert "covered" in conclusion(found, Lang.EN)


@pytest.mark.parametrize(
    ("more", "left"),
    [
        ({"administration": "third_party"}, [5]),
        ({"backups": "third_party"}, [6]),
        ({"managed_database": True}, [6]),
        ({"administration": "third_party", "backups": "third_party"}, [5, 6]),
    ],
)
def test_each_thing_left_to_others_needs_its_activity(
    more: dict[str, object], left: list[int]
) -> None:
    found = matrix(rented(CLOUD, **more))
    assert left == [c.activity for c in found.activities if c.state == "nobody"]


@pytest.mark.parametrize("by", ["organisation", "third_party", None])
def test_a_managed_database_calls_for_activity_six_and_no_other(by: str | None) -> None:
    declared = rented(CLOUD, managed_database=True, backups=by)
    assert needed_activities(declared) == ((1, 2, 3, 6), ())


def test_an_expired_certificate_covers_nothing_and_an_unknown_body_is_to_be_checked() -> None:
    over = msgspec.structs.replace(HELD, expires_on=dt.date(2026, 1, 1))
    assert (
        states(matrix(rented(msgspec.structs.replace(CLOUD, certificate=over))))[:3]
        == ["uncovered"] * 3
    )
    body = msgspec.structs.replace(HELD, body="Autre Certification")
    assert (
        states(matrix(rented(msgspec.structs.replace(CLOUD, certificate=body))))[:3]
        == ["to_check"] * 3
    )


def test_an_activity_that_the_certificate_does_not_list_is_told_apart() -> None:
    all_six = msgspec.structs.replace(CLOUD, activities=(1, 2, 3, 4, 5, 6))
    found = matrix(HostingDeclaration((all_six,), "saas"))
    assert [c.state for c in found.actors[0].cells] == ["certified"] * 4 + ["outside"] * 2


def test_own_patients_on_own_machines_need_no_certificate() -> None:
    found = matrix(HostingDeclaration((), "self_hosted"), HealthData.OWN_PATIENTS)
    assert {column.state for column in found.activities} == {"own"}
    assert {column.needed for column in found.activities} == {False}


def test_hosting_others_data_on_own_machines_needs_all_six() -> None:
    found = matrix(HostingDeclaration((), "self_hosted"))
    assert {column.needed for column in found.activities} == {True}


def test_a_service_that_is_not_declared_leaves_the_need_open() -> None:
    found = matrix(HostingDeclaration((CLOUD,)))
    assert [column.needed for column in found.activities] == [None] * 6
    assert "service" in conclusion(found, Lang.EN)


def test_without_declaration_or_health_data_there_is_no_matrix() -> None:
    assert report(rented(CLOUD), HealthData.NONE).hosting is None
    assert report(rented(CLOUD)).hosting is not None
