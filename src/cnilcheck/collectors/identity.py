"""Say who answers at a target's address, from its names and networks: a lead, never a proof."""

from __future__ import annotations

import dataclasses
import datetime as dt
import ipaddress
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from cnilcheck import __version__
from cnilcheck.collectors.base import Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.name_service import NameService
from cnilcheck.collectors.registries import networks, registrant
from cnilcheck.errors import (
    CollectionError,
    Malformed,
    NotReadable,
    TimedOut,
    Unreachable,
    UsageError,
)
from cnilcheck.hosts.catalogue import Address
from cnilcheck.hosts.identify import Asked, Registered, Tables, identify
from cnilcheck.hosts.store import load_tables
from cnilcheck.model.addresses import is_loopback, is_public
from cnilcheck.model.company_names import name_words, same_name
from cnilcheck.model.facts import DeclaredService, Fact, HostingIntermediary, NetworkIdentity
from cnilcheck.model.hosting_matrix import ACTIVITIES, needed_activities
from cnilcheck.model.scope import (
    HostingDeclaration,
    HostTarget,
    Scope,
    SshTarget,
    Target,
    TlsTarget,
    WebTarget,
)
from cnilcheck.model.words import Method

_RESOLVER_SECONDS = 5.0
_MAX_ADDRESSES = 16
_DECLARED = "declarations.hosting"

_Answer = TypeVar("_Answer")


class NetworkIdentities:
    """Looks each target's names and addresses up in the tables of hosts.

    The one thing asked of the network is the name, from this machine's own resolver; with
    `online_identity`, also the aliases and the names of the addresses, and of public registries
    who announces and who holds them.
    """

    name = "network-identity"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (NetworkIdentity,)
    asks = "targets"

    def version(self) -> str:
        """Return the version of cnilcheck, which holds the tables."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return one task per web, host or TLS target, and one per origin declared behind them."""
        hosts = [(t.spelling, host_of(t)) for t in scope.targets if not isinstance(t, SshTarget)]
        declared = scope.declarations.hosting
        origins = [
            Task(_DECLARED, f"origins[{number}] ({origin})", origin.strip("[]"))
            for number, origin in enumerate(declared.origins if declared else ())
        ]
        return (*(Task(spelling, host or spelling, host) for spelling, host in hosts), *origins)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield who answers at one target: one fact, or one for each group of its addresses."""
        asked = self._ask(task, tools)
        found = identify(asked, tables_of(tools))
        for number, seen in enumerate(found):
            place = task.location if number == 0 else f"{task.location} ({seen.addresses[0]})"
            yield Seen(place, with_declarations(seen, tools.scope))

    def _ask(self, task: Task, tools: Tools) -> Asked:
        host: str = task.subject
        scope = tools.scope
        by_name = is_name(host)
        if task.target == _DECLARED and not scope.online_identity:
            # What lies behind is no target: its name alone tells, and nobody is asked.
            return _unasked(host)
        if not (by_name and (scope.online_identity or scope.identity.resolver)):
            addresses, canonical = self._resolved(task, tools)
            chain: tuple[str, ...] = (canonical,)
        else:
            addresses, chain = self._looked_up(task, tools)
        if not scope.online_identity:
            return Asked(host, chain, addresses)
        return online(Asked(host, chain, addresses), tools, task.target, self.name)

    def _resolved(self, task: Task, tools: Tools) -> tuple[tuple[Address, ...], str]:
        host: str = task.subject
        try:
            addresses, canonical = resolve(host)
        except CollectionError as error:
            tools.journal.write(task.target, self.name, f"resolve {host}", str(error))
            raise
        written = ", ".join(map(str, addresses))
        tools.journal.write(task.target, self.name, f"resolve {host}", written)
        return addresses, canonical

    def _looked_up(self, task: Task, tools: Tools) -> tuple[tuple[Address, ...], tuple[str, ...]]:
        """Return addresses and aliases as the resolver tells them, and as this machine sees them.

        A file of hosts or a split horizon may show this machine another address: both count. A
        resolver that the scope names is asked alone.
        """
        host: str = task.subject
        try:
            addresses, chain = NameService(tools, self.name, task.target).addresses(host)
        except CollectionError:
            if tools.scope.identity.resolver:
                raise
            found, canonical = self._resolved(task, tools)
            return found, (canonical,)
        if not tools.scope.identity.resolver:
            with suppress(CollectionError):
                addresses += self._resolved(task, tools)[0]
        return tuple(dict.fromkeys(addresses))[:_MAX_ADDRESSES], chain


def online(asked: Asked, tools: Tools, target: str, instrument: str) -> Asked:
    """Return the question with what the resolver and the registries say of its public addresses.

    What one of them does not answer is left out: the signs at hand stay.
    """
    today, wanted = dt.date.today(), tools.scope.identity.ask
    names = NameService(tools, instrument, target)
    reverse: dict[Address, tuple[str, ...]] = {}
    registered: dict[Address, tuple[Registered, ...]] = {}
    for address in filter(is_public, asked.addresses):
        said: list[Registered] = []
        if "names" in wanted:
            with suppress(CollectionError):
                reverse[address] = names.names_of(address)
        if "networks" in wanted:
            with suppress(CollectionError):
                said += networks(names, address, today)
        if "registrants" in wanted:
            with suppress(CollectionError):
                said += registrant(tools, address, today, target, instrument)
        registered[address] = tuple(said)
    return dataclasses.replace(asked, reverse=reverse, registered=registered)


def _unasked(host: str) -> Asked:
    try:
        return Asked("", (), (ipaddress.ip_address(host),))
    except ValueError:
        return Asked(host)


def is_name(host: str) -> bool:
    """Return whether the host is a name that a resolver may know, and not this machine."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return not is_loopback(host)
    return False


class HostingIntermediaries:
    """The intermediaries in front of the service, as declared."""

    name = "hosting-intermediaries"
    method = Method.INTERVIEW
    yields: tuple[type[Fact], ...] = (HostingIntermediary,)
    asks = "declarations.hosting.intermediaries"

    def version(self) -> str:
        """Return the version of cnilcheck, which reads the scope."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return one task when the declaration says what stands in front, be it nothing."""
        declared = scope.declarations.hosting
        if declared is None or declared.intermediaries is None:
            return ()
        return (Task("declarations.hosting", "intermediaries", declared),)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield each declared intermediary."""
        declared: HostingDeclaration = task.subject
        fronts = declared.intermediaries or ()
        count = f"{len(fronts)} intermediaries"
        tools.journal.write(task.target, self.name, "read the declaration in the scope", count)
        if not fronts:
            yield Nothing(task.location, HostingIntermediary)
        for index, one in enumerate(fronts):
            place = f"intermediaries[{index}] ({one.name})"
            yield Seen(place, HostingIntermediary(one.name, one.article_28, one.stores))


def tables_of(tools: Tools) -> Tables:
    """Return the tables of hosts, read once in a run; raises NotReadable for a damaged one."""
    with tools.lock:
        if "hosts" not in tools.shared:
            try:
                tools.shared["hosts"] = load_tables()
            except UsageError as problem:
                raise NotReadable(str(problem)) from None
        tables: Tables = tools.shared["hosts"]
        return tables


def with_declarations(seen: NetworkIdentity, scope: Scope) -> NetworkIdentity:
    """Return the identity with what the scope declares of the same host."""
    declared = scope.declarations.hosting
    if declared is None:
        return seen
    organisation = scope.organisation.name if scope.organisation else ""
    own = name_words(organisation)
    others = [p for p in declared.providers if name_words(p.name) != own]
    return msgspec.structs.replace(
        seen,
        outsourced=bool(others) and declared.service != "self_hosted",
        origin_declared=bool(declared.origins),
        declared=_declared(seen, declared),
    )


def _declared(seen: NetworkIdentity, declared: HostingDeclaration) -> DeclaredService | None:
    names = [seen.provider or "", *seen.legal_name.split("/")]
    for provider in declared.providers:
        if any(same_name(name_words(provider.name), name_words(name)) for name in names):
            covered = {
                a
                for other in declared.providers
                if other.certificate
                for a in set(other.activities) & set(other.certificate.activities)
            }
            clauses = declared.contract.clauses if declared.contract else ()
            return DeclaredService(
                provider.name, provider.certificate, provider.offer_activated, clauses,
                tuple(a for a in needed_activities(declared).all or ACTIVITIES if a not in covered),
            )  # fmt: skip
    return None


def host_of(target: Target) -> str:
    """Return the name or address a target is reached at; empty when its address is none."""
    match target:
        case WebTarget(url=url):
            try:
                return urlsplit(url).hostname or ""
            except ValueError:
                return ""
        case HostTarget(host=host):
            return host.strip("[]")
        case TlsTarget(tls=listener) | SshTarget(ssh=listener):
            return listener.rpartition(":")[0].strip("[]") or listener


def resolve(host: str) -> tuple[tuple[Address, ...], str]:
    """Return the addresses of a host and its canonical name, in bounded time."""
    try:
        return (ipaddress.ip_address(host),), host
    except ValueError:
        pass
    if not host or "\0" in host or len(host) > 253:
        raise Malformed("not a host name")

    def ask() -> list[tuple[str, str]]:
        kind, flags = socket.SOCK_STREAM, socket.AI_CANONNAME
        answers = socket.getaddrinfo(host, None, type=kind, flags=flags)
        return [(str(answer[4][0]).partition("%")[0], str(answer[3])) for answer in answers]

    answers = _in_time(ask)
    found = sorted({address for address, _ in answers})[:_MAX_ADDRESSES]
    canonical = next((name for _, name in answers if name), host)
    return tuple(ipaddress.ip_address(address) for address in found), canonical


def _in_time(ask: Callable[[], _Answer]) -> _Answer:
    # The system's resolver takes no timeout: it is asked on a thread, left behind when it is late.
    answer: queue.SimpleQueue[_Answer | CollectionError] = queue.SimpleQueue()

    def work() -> None:
        try:
            answer.put(ask())
        except UnicodeError:
            answer.put(Malformed("not a host name"))
        except OSError:
            answer.put(Unreachable("the name does not resolve"))

    threading.Thread(target=work, daemon=True, name="cnilcheck-resolver").start()
    try:
        result = answer.get(timeout=_RESOLVER_SECONDS)
    except queue.Empty:
        raise TimedOut(f"the resolver gave no answer in {_RESOLVER_SECONDS:.0f} s") from None
    if isinstance(result, CollectionError):
        raise result
    return result
