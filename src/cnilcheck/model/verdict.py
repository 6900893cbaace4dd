"""What a check answers: a verdict with the observed values, at a place if it knows one."""

from __future__ import annotations

import datetime as dt
from typing import TypeAlias

from msgspec import Struct

from cnilcheck.model.text import Text, Value
from cnilcheck.model.words import HealthData, Outcome, Profile, Role


class Context(Struct, frozen=True):
    """What a check may know beside its fact: the day judged for, whose data, whose numbers."""

    as_of: dt.date
    health_data: HealthData | None = None
    role: Role | None = None
    profile: Profile = Profile.ANSSI


class Verdict(Struct, frozen=True):
    """One answer; `at` names a place inside the evidence's location, `values` fill the sentence.

    An `at` that begins with a space goes on from the evidence's location: `host:443` and ` RC4`.
    """

    outcome: Outcome
    values: dict[str, Value]
    at: str | None = None
    sentence: Text | None = None
    """What is said instead of the rule's own sentence, where the engine has more to say."""


# A check returns one verdict, several at their places, or None when the fact is not its concern.
Answer: TypeAlias = Verdict | tuple[Verdict, ...] | None


def passed(at: str | None = None, /, **values: Value) -> Verdict:
    """Return the verdict that the condition holds."""
    return Verdict(Outcome.PASS, values, at)


def failed(at: str | None = None, /, **values: Value) -> Verdict:
    """Return the verdict that the condition does not hold."""
    return Verdict(Outcome.FAIL, values, at)


def not_applicable(at: str | None = None, /, **values: Value) -> Verdict:
    """Return the verdict that the condition has no object here."""
    return Verdict(Outcome.NOT_APPLICABLE, values, at)


def undecided(at: str | None = None, /, **values: Value) -> Verdict:
    """Return the verdict that the fact is too thin to decide."""
    return Verdict(Outcome.INCONCLUSIVE, values, at)
