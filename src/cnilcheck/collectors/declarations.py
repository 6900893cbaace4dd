"""Read what only people can answer from the scope's declarations, and add nothing to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Seen, Sighting, Task, Tools
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import (
    AccountPolicy,
    CoverageRow,
    CredentialDelivery,
    Fact,
    HostingActor,
    HostingChain,
    HostingStorage,
    HostingTerms,
    HostingTransfers,
    LoggingPractice,
    SecurityPractice,
)
from cnilcheck.model.hosting_matrix import ACTIVITIES, needed_activities
from cnilcheck.model.scope import (
    AuthenticationDeclaration,
    HostingContract,
    HostingDeclaration,
    LoggingDeclaration,
    Provider,
    Scope,
    SecurityDeclaration,
)
from cnilcheck.model.words import GapReason, Method


class NotAnswered(CollectionError):
    """A declaration leaves out a part that only people can answer."""

    reason = GapReason.NOT_GIVEN


class Hosting(msgspec.Struct, frozen=True):
    """The hosting declaration, with the name of the organisation that makes it."""

    declared: HostingDeclaration
    organisation: str

    def is_own(self, provider: Provider) -> bool:
        """Return whether that provider is the audited organisation itself."""
        named_alike = provider.name.strip().casefold() == self.organisation.strip().casefold()
        alone = self.declared.service == "self_hosted" and len(self.declared.providers) == 1
        return alone or named_alike

    @property
    def outsourced(self) -> bool:
        """Whether anybody but the organisation holds the data."""
        return any(not self.is_own(provider) for provider in self.declared.providers)


class HostingDeclarations:
    """Who holds the health data, where, with which certificates and under which contract."""

    name = "hosting-declaration"
    method = Method.INTERVIEW
    yields: tuple[type[Fact], ...] = (
        HostingActor,
        HostingChain,
        HostingStorage,
        HostingTransfers,
        HostingTerms,
    )
    asks = "declarations.hosting"

    def version(self) -> str:
        """Return the version of cnilcheck, which reads the scope."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the hosting declaration, if there is one."""
        declared = scope.declarations.hosting
        organisation = scope.organisation.name if scope.organisation else ""
        return _task(self.asks, Hosting(declared, organisation)) if declared else ()

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield each actor, the chain they form, and what their contract holds."""
        hosting: Hosting = task.subject
        _note(task, tools, self.name, f"{len(hosting.declared.providers)} providers")
        yield from _actors(hosting)
        yield Seen("providers", _chain(hosting))
        access = hosting.declared.third_country_access
        exists = access.exists if access else None
        documented = access.documented if access else None
        transfers = HostingTransfers(exists, documented, hosting.outsourced)
        yield Seen("third_country_access", transfers)
        yield _terms(hosting)


class AuthenticationDeclarations:
    """The sign-in policy of each class of accounts, and how passwords reach people."""

    name = "authentication-declaration"
    method = Method.INTERVIEW
    yields: tuple[type[Fact], ...] = (AccountPolicy, CredentialDelivery)
    asks = "declarations.authentication"

    def version(self) -> str:
        """Return the version of cnilcheck, which reads the scope."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the authentication declaration, if there is one."""
        declared = scope.declarations.authentication
        return _task(self.asks, declared) if declared else ()

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the policy of each class of accounts, then the delivery of passwords."""
        declared: AuthenticationDeclaration = task.subject
        _note(task, tools, self.name, f"{len(declared.accounts)} classes of accounts")
        for index, accounts in enumerate(declared.accounts):
            place = f"accounts[{index}] ({accounts.who.strip() or accounts.class_.value})"
            yield Seen(place, AccountPolicy(**msgspec.structs.asdict(accounts)))
        if not declared.accounts:
            yield Missing("accounts", AccountPolicy, NotAnswered(f"{self.asks}.accounts"))
        delivery = CredentialDelivery(declared.passwords_sent_by, declared.reset)
        yield Seen("passwords_sent_by, reset", delivery)


class LoggingDeclarations:
    """What is logged, kept and looked at."""

    name = "logging-declaration"
    method = Method.INTERVIEW
    yields: tuple[type[Fact], ...] = (LoggingPractice,)
    asks = "declarations.logging"

    def version(self) -> str:
        """Return the version of cnilcheck, which reads the scope."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the logging declaration, if there is one."""
        declared = scope.declarations.logging
        return _task(self.asks, declared) if declared else ()

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the declared practice."""
        declared: LoggingDeclaration = task.subject
        _note(task, tools, self.name, "read")
        yield Seen(task.location, LoggingPractice(**msgspec.structs.asdict(declared)))


class SecurityDeclarations:
    """Encryption at rest, testing, and the practices around the service."""

    name = "security-declaration"
    method = Method.INTERVIEW
    yields: tuple[type[Fact], ...] = (SecurityPractice,)
    asks = "declarations.security"

    def version(self) -> str:
        """Return the version of cnilcheck, which reads the scope."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the security declaration, if there is one."""
        declared = scope.declarations.security
        return _task(self.asks, declared) if declared else ()

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the declared practice."""
        declared: SecurityDeclaration = task.subject
        _note(task, tools, self.name, "read")
        yield Seen(task.location, SecurityPractice(**msgspec.structs.asdict(declared)))


def _task(section: str, subject: Any) -> tuple[Task, ...]:
    return (Task(section, section.rpartition(".")[2], subject),)


def _note(task: Task, tools: Tools, name: str, result: str) -> None:
    tools.journal.write(task.target, name, "read the declaration in the scope", result)


def _actors(hosting: Hosting) -> Iterator[Seen]:
    for index, provider in enumerate(hosting.declared.providers):
        place, outsourced = f"providers[{index}] ({provider.name})", not hosting.is_own(provider)
        activities = tuple(sorted(set(provider.activities)))
        actor = HostingActor(provider.name, activities, provider.certificate, outsourced)
        yield Seen(place, actor)
        yield Seen(place, HostingStorage(provider.name, provider.storage, outsourced))
    if not hosting.declared.providers:
        # `providers: []` says that nobody else holds the data: the organisation is the one actor.
        yield Seen("providers", HostingActor(hosting.organisation, (), None, outsourced=False))
        yield Seen("providers", HostingStorage(hosting.organisation, (), outsourced=False))


def _chain(hosting: Hosting) -> HostingChain:
    performed, covered, uncertified = set[int](), set[int](), set[int]()
    short = set[int]()
    for provider in hosting.declared.providers:
        mine = set(provider.activities)
        performed |= mine
        if provider.certificate is None:
            uncertified |= mine
        else:
            covered |= mine & set(provider.certificate.activities)
            short |= mine - set(provider.certificate.activities)
    needed = needed_activities(hosting.declared)
    # An activity shared by two actors is covered only when each certified one is certified for it.
    return HostingChain(
        hosting.declared.service,
        tuple(sorted(performed)),
        tuple(sorted(covered - short)),
        tuple(sorted(uncertified - short)),
        hosting.outsourced,
        needed.certain,
        _coverage(hosting.declared),
        needed.undetermined,
    )


def _coverage(declared: HostingDeclaration) -> tuple[CoverageRow, ...]:
    needed = needed_activities(declared).all
    return tuple(
        CoverageRow(
            activity,
            not needed or activity in needed,
            tuple(p.name for p in declared.providers if activity in p.activities),
            tuple(
                p.name
                for p in declared.providers
                if p.certificate and activity in p.certificate.activities
            ),
        )
        for activity in ACTIVITIES
    )


def _terms(hosting: Hosting) -> Sighting:
    contract = hosting.declared.contract
    if contract is None and hosting.outsourced:
        error = NotAnswered("declarations.hosting.contract")
        return Missing("contract", HostingTerms, error)
    return Seen("contract", HostingTerms(contract or HostingContract(), hosting.outsourced))
