"""What a listener accepts: versions, suites and groups, by bare ClientHellos."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.client_hello import (
    Accepted,
    NoMoreConnections,
    Refused,
    Survey,
    Undetermined,
    probe,
)
from cnilcheck.collectors.listeners import (
    Listener,
    as_collection_error,
    connect_tls,
    tls_tasks,
)
from cnilcheck.errors import BudgetSpent, CollectionError, Interrupted, Malformed, TimedOut
from cnilcheck.model.facts import Suite, TlsKeyExchange, TlsProtocols, TlsSuites
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_SURVEY_SECONDS = 60.0


class TlsListener:
    """Offers all, takes away what the server chose, stops at the refusal: few connections."""

    name = "tls-listener"
    method = Method.TEST
    yields = (TlsProtocols, TlsSuites, TlsKeyExchange)
    asks = "targets[].url, targets[].tls"

    def version(self) -> str:
        """Return cnilcheck's own version: no library is needed to read a ServerHello."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return each TLS listener once."""
        return tls_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield versions, suites and groups the listener accepts."""
        survey = self._survey(task, tools)
        asked = f"{survey.connections} ClientHellos"
        if survey.not_tls:
            tools.journal.write(task.target, self.name, asked, "not TLS")
            raise Malformed(f"{task.location}: answers in plain text, not TLS")
        protocols = _protocols(survey)
        accepted = ", ".join(protocols.accepted) or "nothing"
        tools.journal.write(task.target, self.name, asked, f"accepted: {accepted}")
        silent = not protocols.accepted and not protocols.refused
        if silent:
            raise TimedOut(f"{task.location}: no answer to any ClientHello")
        yield Seen(task.location, protocols)
        yield from _details(survey, task.location)

    def _survey(self, task: Task, tools: Tools) -> Survey:
        listener: Listener = task.subject
        # Whoever offers no TLS says so once, in its own words.
        connect_tls(listener, tools).close()

        def open_connection() -> socket.socket:
            try:
                return connect_tls(listener, tools)
            except (BudgetSpent, Interrupted) as problem:
                raise NoMoreConnections(str(problem)) from None
            except CollectionError as problem:
                raise ConnectionError(str(problem)) from None

        deadline = time.monotonic() + _SURVEY_SECONDS
        try:
            return probe(open_connection, listener.server_name, deadline=deadline)
        except OSError as problem:
            raise as_collection_error(problem, listener.spelling) from None


def _protocols(survey: Survey) -> TlsProtocols:
    accepted, refused, undetermined = [], [], []
    for result in survey.protocols:
        match result:
            case Accepted(version=version):
                accepted.append(version.value)
            case Undetermined(version=version) if version in survey.answered:
                accepted.append(version.value)
            case Undetermined(version=version):
                undetermined.append(version.value)
            case Refused(version=version):
                refused.append(version.value)
    return TlsProtocols(tuple(accepted), tuple(refused), tuple(undetermined))


def _details(survey: Survey, location: str) -> Iterator[Sighting]:
    suites = tuple(
        Suite(
            found.version.value, suite.name, suite.key_exchange, suite.authentication,
            suite.cipher, suite.bits, suite.mode, suite.mac,
        )
        for found in survey.suites
        for suite in found.suites
    )  # fmt: skip
    if not suites:
        yield Missing(location, TlsSuites, Malformed(f"{location}: no suite was accepted"))
        yield Missing(location, TlsKeyExchange, Malformed(f"{location}: no suite was accepted"))
        return
    yield Seen(location, TlsSuites(suites))
    groups = tuple(dict.fromkeys(g.name for found in survey.groups for g in found.groups))
    sizes = tuple(sorted({parameters.bits for parameters in survey.dh}))
    yield Seen(location, TlsKeyExchange(groups, sizes))
