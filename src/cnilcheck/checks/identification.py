"""Judgements of how health professionals are identified, by the framework and its dates."""

from __future__ import annotations

from cnilcheck.checks.authentication import FACTORS
from cnilcheck.model.facts import AccountPolicy
from cnilcheck.model.scope import Assurance, Factor
from cnilcheck.model.text import Text, Value
from cnilcheck.model.verdict import Context, Verdict, failed, not_applicable, passed, undecided
from cnilcheck.model.words import AccountClass, HealthData


def _concerned(fact: AccountPolicy) -> bool:
    # A configuration tells how an account is made, and not what else people may sign in with.
    return not fact.product and fact.class_ is AccountClass.STAFF


def pro_sante_connect_offered(
    fact: AccountPolicy, context: Context, /, *, new_patients: int, professionals: int
) -> Verdict | None:
    """Pass when a sensitive service offers Pro Santé Connect to professionals.

    One sign is enough to be sensitive: access from outside, more new patients a year, more
    professionals a year than the norm's numbers.
    """
    if context.health_data is HealthData.NONE:
        return not_applicable()
    if not _concerned(fact):
        return None
    if fact.factors is None:
        return undecided()
    if "pro_sante_connect" in fact.factors:
        return passed()
    signs = (
        fact.remote,
        _more(fact.new_patients_per_year, new_patients),
        _more(fact.professionals_per_year, professionals),
    )
    if any(signs) and context.health_data is None:
        # Nobody said whether health is concerned: a shop's back office needs no such thing.
        return undecided()
    if any(signs):
        return failed(why=_why(fact, new_patients, professionals))
    return undecided() if None in signs else not_applicable()


def _more(number: int | None, limit: int) -> bool | None:
    return None if number is None else number > limit


def _why(fact: AccountPolicy, new_patients: int, professionals: int) -> tuple[Text, ...]:
    why = []
    if fact.remote:
        why.append(Text("accès depuis l’extérieur", "access from outside"))
    if _more(fact.new_patients_per_year, new_patients):
        why.append(
            Text(
                f"plus de {new_patients} nouveaux patients par an",
                f"more than {new_patients} new patients a year",
            )
        )
    if _more(fact.professionals_per_year, professionals):
        why.append(
            Text(
                f"plus de {professionals} professionnels par an",
                f"more than {professionals} professionals a year",
            )
        )
    return tuple(why)


def means_approved(
    fact: AccountPolicy, context: Context, /, *, approved: tuple[Assurance, ...]
) -> Verdict | None:
    """Pass when professionals identify themselves by one of the framework's four families only.

    A card may be a CPx card or any other; beside Pro Santé Connect another way may stay open.
    """
    if context.health_data is HealthData.NONE:
        return not_applicable()
    if not _concerned(fact):
        return None
    if fact.factors is None and fact.assurance is None:
        return undecided()
    factors = fact.factors or ()
    if fact.assurance in approved or set(factors) == {"pro_sante_connect"}:
        return passed(factors=_named(factors))
    other = not set(factors) & {"pro_sante_connect", "smart_card"}
    if fact.assurance == "none" and factors and other:
        return failed(factors=_named(factors))
    return undecided(factors=_named(factors))


def _named(factors: tuple[Factor, ...]) -> tuple[Text, ...]:
    return tuple(FACTORS[factor] for factor in factors)


def france_connect_kept_for_patients(fact: AccountPolicy, context: Context, /) -> Verdict | None:
    """Pass when professionals do not sign in with the means made for patients."""
    if context.health_data is HealthData.NONE:
        return not_applicable()
    if not _concerned(fact):
        return None
    if fact.factors is None:
        return undecided()
    return failed() if "france_connect" in fact.factors else passed()


def idle_sessions_end(fact: AccountPolicy, context: Context, /) -> Verdict | None:
    """Pass when a professional's session ends by itself when nobody works in it."""
    if context.health_data is HealthData.NONE:
        return not_applicable()
    if not _concerned(fact):
        return None
    if fact.idle_minutes is None:
        return undecided()
    if fact.idle_minutes <= 0:
        return failed()
    return passed(minutes=fact.idle_minutes)


def arrivals_and_departures_formalised(fact: AccountPolicy, context: Context, /) -> Verdict | None:
    """Pass when who comes and who leaves goes through a written and applied process."""
    if context.health_data is HealthData.NONE:
        return not_applicable()
    if not _concerned(fact):
        return None
    if fact.arrivals_departures is None:
        return undecided()
    return passed() if fact.arrivals_departures else failed()


def pro_sante_connect_everywhere(fact: AccountPolicy, context: Context, /) -> Verdict | None:
    """Pass when professionals may use Pro Santé Connect, whatever the size of the service."""
    if context.health_data is HealthData.NONE:
        return not_applicable()
    if not _concerned(fact):
        return None
    if fact.factors is None:
        return undecided()
    return passed() if "pro_sante_connect" in fact.factors else failed()


def sessions_within(
    fact: AccountPolicy, context: Context, /, *, idle_minutes: int, session_minutes: int
) -> Verdict | None:
    """Pass when a professional's session lasts no longer than that, idle and in all."""
    if context.health_data is HealthData.NONE:
        return not_applicable()
    if not _concerned(fact):
        return None
    idle, whole = fact.idle_minutes, fact.session_minutes
    values: dict[str, Value] = {"idle": _minutes(idle), "whole": _minutes(whole)}
    over = [
        said is not None and (said <= 0 or said > limit)
        for said, limit in ((idle, idle_minutes), (whole, session_minutes))
    ]
    if any(over):
        return failed(**values)
    return undecided(**values) if None in (idle, whole) else passed(**values)


def _minutes(number: int | None) -> Value:
    if number is None:
        return None
    return Text("sans fin", "endless") if number <= 0 else Text(f"{number} min", f"{number} min")
