"""The declarations of a scope become facts, and what is left out stays unanswered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from cnilcheck.collectors.base import Journal, Missing, Seen, Tools
from cnilcheck.collectors.declarations import (
    AuthenticationDeclarations,
    HostingDeclarations,
    LoggingDeclarations,
    SecurityDeclarations,
)
from cnilcheck.model.facts import (
    AccountPolicy,
    CredentialDelivery,
    HostingActor,
    HostingChain,
    HostingStorage,
    HostingTerms,
    HostingTransfers,
    LoggingPractice,
    SecurityPractice,
)
from cnilcheck.model.scope import Limits, Scope
from cnilcheck.model.words import GapReason

CERTIFICATE = {
    "holder": "Exemple", "number": "EX-1", "body": "Organisme", "referential": "2.0",
    "issued_on": "2024-12-20", "expires_on": "2027-12-19", "activities": [1, 2, 3, 4],
}  # fmt: skip


def scope_of(**declarations: Any) -> Scope:
    organisation = {"name": "Pharmacie Exemple"}
    raw = {"version": 1, "organisation": organisation, "declarations": declarations}
    return msgspec.convert(raw, Scope)


def sightings(collector: Any, scope: Scope) -> list[Any]:
    tools = Tools(Path(), scope, Journal(), Limits())
    return [s for task in collector.tasks(scope) for s in collector.observe(task, tools)]


def only(kind: type, seen: list[Any]) -> list[Any]:
    return [s.fact for s in seen if isinstance(s, Seen) and isinstance(s.fact, kind)]


@pytest.mark.parametrize(
    "collector",
    [
        HostingDeclarations(),
        AuthenticationDeclarations(),
        LoggingDeclarations(),
        SecurityDeclarations(),
    ],
)
def test_an_absent_section_gives_nothing_to_do(collector: Any) -> None:
    assert collector.tasks(scope_of()) == ()


def test_each_provider_becomes_an_actor_at_its_own_place() -> None:
    provider = {"name": "Exemple", "activities": [4, 1], "certificate": CERTIFICATE}
    seen = sightings(HostingDeclarations(), scope_of(hosting={"providers": [provider]}))
    assert seen[0].location == "providers[0] (Exemple)"
    (actor,) = only(HostingActor, seen)
    assert actor.activities == (1, 4)
    assert actor.outsourced
    assert actor.certificate.number == "EX-1"


def test_the_chain_tells_certified_activities_from_those_without_a_certificate() -> None:
    providers = [
        {"name": "A", "activities": [1, 2, 3, 4, 5], "certificate": CERTIFICATE},
        {"name": "B", "activities": [6]},
    ]
    seen = sightings(HostingDeclarations(), scope_of(hosting={"providers": providers}))
    (chain,) = only(HostingChain, seen)
    assert chain.performed == (1, 2, 3, 4, 5, 6)
    assert chain.covered == (1, 2, 3, 4)
    assert chain.uncertified == (6,)


def test_no_provider_means_that_the_organisation_hosts_for_itself() -> None:
    seen = sightings(HostingDeclarations(), scope_of(hosting={"providers": []}))
    facts = [s.fact for s in seen]
    assert {HostingActor, HostingChain, HostingStorage, HostingTransfers, HostingTerms} == {
        type(fact) for fact in facts
    }
    assert not any(fact.outsourced for fact in facts)
    assert facts[0].name == "Pharmacie Exemple"


def test_the_organisation_that_names_itself_is_not_a_third_party() -> None:
    hosting = {"providers": [{"name": "PHARMACIE EXEMPLE", "activities": [5]}]}
    (actor,) = only(HostingActor, sightings(HostingDeclarations(), scope_of(hosting=hosting)))
    assert not actor.outsourced


def test_a_contract_left_out_is_a_question_that_was_not_answered() -> None:
    hosting = {"providers": [{"name": "A", "activities": [1]}]}
    seen = sightings(HostingDeclarations(), scope_of(hosting=hosting))
    (missing,) = [s for s in seen if isinstance(s, Missing)]
    assert HostingTerms is missing.missing
    assert GapReason.NOT_GIVEN is missing.error.reason
    assert str(missing.error) == "declarations.hosting.contract"


def test_each_class_of_accounts_is_named_by_who_it_is_for() -> None:
    accounts = [
        {"class": "staff", "who": "pharmaciens", "lockout": "none"},
        {"class": "administrators", "lockout": {"after_attempts": 10}},
    ]
    declared = {"accounts": accounts, "passwords_sent_by": "never"}
    seen = sightings(AuthenticationDeclarations(), scope_of(authentication=declared))
    places = [s.location for s in seen]
    assert places[:2] == ["accounts[0] (pharmaciens)", "accounts[1] (administrators)"]
    first, second = only(AccountPolicy, seen)
    assert first.lockout == "none"
    assert second.lockout.after_attempts == 10
    assert None is second.shared
    assert [CredentialDelivery("never", None)] == only(CredentialDelivery, seen)


def test_no_class_of_accounts_is_a_question_that_was_not_answered() -> None:
    seen = sightings(AuthenticationDeclarations(), scope_of(authentication={}))
    assert isinstance(seen[0], Missing)
    assert AccountPolicy is seen[0].missing


def test_logging_and_security_are_handed_over_as_they_were_told() -> None:
    scope = scope_of(logging={"retention_days": 270}, security={"tests": "yearly"})
    assert [LoggingPractice(retention_days=270)] == only(
        LoggingPractice, sightings(LoggingDeclarations(), scope)
    )
    assert [SecurityPractice(tests="yearly")] == only(
        SecurityPractice, sightings(SecurityDeclarations(), scope)
    )
