"""One survey of a TLS listener by bare ClientHellos, shared by the instruments that want it."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass, field

from cnilcheck.collectors.base import Task, Tools
from cnilcheck.collectors.client_hello import (
    Cause,
    NoMoreConnections,
    Reason,
    Survey,
    Undetermined,
    probe,
)
from cnilcheck.collectors.client_hello import Refused as RefusedVersion
from cnilcheck.collectors.listeners import Listener, as_collection_error, connect_tls
from cnilcheck.errors import (
    BudgetSpent,
    CollectionError,
    Interrupted,
    Malformed,
    Refused,
    TimedOut,
    Unreachable,
)

_SURVEY_SECONDS = 60.0
_SHELF = "tls-survey"
_INSTRUMENT = "tls-listener"


@dataclass
class _Slot:
    """What one listener's survey came to: whoever asks first fills it, the others wait."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    outcome: Survey | CollectionError | None = None


def survey_of(task: Task, tools: Tools) -> Survey:
    """Return what the task's listener answered; it is asked once in a run, whoever wants to know.

    Raises the CollectionError that ended the survey: no connection, no TLS, no answer.
    """
    listener: Listener = task.subject
    with tools.lock:
        shelf: dict[Listener, _Slot] = tools.shared.setdefault(_SHELF, {})
        slot = shelf.setdefault(listener, _Slot())
    with slot.lock:
        if slot.outcome is None:
            slot.outcome = _ask(task, tools)
    if isinstance(slot.outcome, CollectionError):
        raise slot.outcome
    return slot.outcome


def _ask(task: Task, tools: Tools) -> Survey | CollectionError:
    try:
        survey = _survey(task.subject, tools)
    except CollectionError as problem:
        tools.journal.write(task.target, _INSTRUMENT, "ClientHello", str(problem))
        return problem
    accepted = ", ".join(version.value for version in survey.answered) or "nothing"
    told = "not TLS" if survey.not_tls else f"accepted: {accepted}"
    asked = f"{survey.connections} ClientHellos"
    tools.journal.write(task.target, _INSTRUMENT, asked, told)
    if survey.answered or any(isinstance(r, RefusedVersion) for r in survey.protocols):
        return survey
    return _no_answer(survey, task.location)


def _survey(listener: Listener, tools: Tools) -> Survey:
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


def _no_answer(survey: Survey, place: str) -> CollectionError:
    """Return why not one version could be settled, by the first cause that says something."""
    causes = [r.cause for r in survey.protocols if isinstance(r, Undetermined)]
    telling = [c for c in causes if c.reason not in (Reason.SILENT, Reason.SLOW, Reason.DEADLINE)]
    cause = telling[0] if telling else Cause(Reason.SILENT)
    match cause.reason:
        case Reason.NOT_TLS:
            return Malformed(f"{place}: answers in plain text, not TLS")
        case Reason.ALERT:
            return Refused(f"{place}: answers every ClientHello with the alert {cause.detail}")
        case Reason.CLOSED | Reason.RESET:
            return Refused(f"{place}: ends the connection during every handshake")
        case Reason.MALFORMED | Reason.TOO_LONG:
            return Malformed(f"{place}: {cause.detail or 'an answer without end'}")
        case Reason.UNREACHABLE:
            return Unreachable(f"{place}: no longer takes connections")
        case Reason.NOT_ALLOWED:
            return BudgetSpent(f"{place}: the request budget of this host is used up")
        case _:
            return TimedOut(f"{place}: no answer to any ClientHello")
