"""Judgements of the logging module: what is written down, how long, and who looks at it."""

from __future__ import annotations

from cnilcheck.model.facts import LoggingPractice
from cnilcheck.model.scope import Frequency, LogEvent
from cnilcheck.model.text import Text
from cnilcheck.model.verdict import Verdict, failed, passed, undecided

_EVENTS: dict[LogEvent, Text] = {
    "sign_in_success": Text("connexions réussies", "successful sign-ins"),
    "sign_in_failure": Text("connexions refusées", "failed sign-ins"),
    "sign_out": Text("déconnexions", "sign-outs"),
    "consultation": Text("consultations", "consultations"),
    "search": Text("recherches", "searches"),
    "creation": Text("créations", "creations"),
    "modification": Text("modifications", "modifications"),
    "deletion": Text("suppressions", "deletions"),
    "export": Text("exports", "exports"),
    "access_denied": Text("accès refusés", "denied accesses"),
    "rights_change": Text("changements de droits", "changes of rights"),
    "configuration_change": Text("changements de configuration", "changes of configuration"),
    "log_change": Text("interventions sur les journaux", "interventions on the logs"),
}
_FREQUENCIES: dict[Frequency, Text] = {
    "daily": Text("chaque jour", "daily"),
    "weekly": Text("chaque semaine", "weekly"),
    "monthly": Text("chaque mois", "monthly"),
    "quarterly": Text("chaque trimestre", "quarterly"),
    "yearly": Text("chaque année", "yearly"),
    "never": Text("jamais", "never"),
}


def operations_logged(fact: LoggingPractice, /, *, required: tuple[LogEvent, ...]) -> Verdict:
    """Pass when each of the required events is declared as logged."""
    if fact.events is None:
        return undecided()
    missing = tuple(_EVENTS[event] for event in required if event not in fact.events)
    if missing:
        return failed(missing=missing)
    return passed(logged=tuple(_EVENTS[event] for event in required))


def logs_reviewed(fact: LoggingPractice, /, *, regular: tuple[Frequency, ...]) -> Verdict:
    """Pass when somebody looks at the logs regularly; a rarer look is to be explained."""
    if fact.reviewed is None or fact.reviewed not in (*regular, "never"):
        return undecided()
    often = _FREQUENCIES[fact.reviewed]
    return failed() if fact.reviewed == "never" else passed(often=often)


def alerts_raised(fact: LoggingPractice, /) -> Verdict:
    """Pass when abnormal events raise an alert."""
    return _answered(fact.alerting)


def logs_kept_apart(fact: LoggingPractice, /) -> Verdict:
    """Pass when the logs are kept apart from the system they watch."""
    return _answered(fact.separated)


def clocks_synchronised(fact: LoggingPractice, /) -> Verdict:
    """Pass when the clocks of the machines that log are synchronised."""
    return _answered(fact.clock_synchronised)


def declared_retention(
    fact: LoggingPractice, /, *, minimum_days: int, maximum_days: int
) -> Verdict:
    """Pass within the general case; longer depends on the class of the log and on a reason."""
    days = fact.retention_days
    if days is None or days > maximum_days:
        return undecided()
    if days < minimum_days:
        return failed(days=days, minimum=minimum_days)
    return passed(days=days)


def _answered(answer: bool | None) -> Verdict:
    if answer is None:
        return undecided()
    return passed() if answer else failed()
