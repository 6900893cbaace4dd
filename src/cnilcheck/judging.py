"""One rule at one place: from observations to verdicts, and from a verdict to its finding."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Container, Iterator
from typing import TypeAlias

import msgspec

from cnilcheck.model.evidence import Absence, Collected, Evidence, Gap, Observation
from cnilcheck.model.facts import AccountPolicy, Fact, SessionCookies, fact_name
from cnilcheck.model.personal_data import printable
from cnilcheck.model.report import Finding, Waived
from cnilcheck.model.rule import BoundRule, Rule
from cnilcheck.model.scope import Attestation, Scope
from cnilcheck.model.sentences import (
    DECLARED,
    GAPS,
    JUDGED_BY,
    LOOSER,
    NO_OBJECT,
    NOT_IN_FORCE,
    OTHER_PEOPLE,
    UNANSWERED,
)
from cnilcheck.model.text import Text, Value, fill
from cnilcheck.model.verdict import Context, Verdict, not_applicable, undecided
from cnilcheck.model.words import GapReason, Method, Outcome, Profile

_BASES = {Method.TEST: "measured", Method.EXAMINE: "read", Method.INTERVIEW: "declared"}


def verdicts_of(
    bound: BoundRule, collected: Collected, context: Context
) -> Iterator[tuple[Observation | None, Verdict | None]]:
    """Yield each observation the rule is about, with its verdict; None for a gap."""
    if bound.rule.only_profile not in (None, context.profile):
        return
    if not bound.rule.effective.covers(context.as_of):
        yield None, None
        return
    name = fact_name(bound.fact.__name__)
    silent, absent, answered = list[Observation](), list[Observation](), False
    for observation in collected.observations:
        match observation:
            case Evidence(fact=fact) if type(fact) is bound.fact:
                verdicts = _by_profile(bound, fact, context)
                answered = answered or bool(verdicts)
                yield from ((observation, verdict) for verdict in verdicts)
                silent += [] if verdicts else [observation]
            case Gap(missing=missing, reason=reason) if missing == name:
                if reason is GapReason.NOT_GIVEN:
                    silent.append(observation)
                else:
                    answered = True
                    yield observation, None
            case Absence(of=of) if of == name:
                absent.append(observation)
    if not answered:
        yield from _without_answer(bound.rule, silent, absent)


Judged: TypeAlias = tuple[Observation | None, Verdict | None]


def outranked(bound: BoundRule, judged: list[Judged], context: Context) -> list[Judged]:
    """Return the verdicts without those on a declaration that a configuration answers better.

    Where a declaration of accounts names the configuration that holds it, what was read counts.
    What the configuration leaves unsaid is completed by the declaration, and shows as declared.
    """
    judged = _measured_later(judged)
    policies = [
        (o, v, o.fact)
        for o, v in judged
        if isinstance(o, Evidence) and isinstance(o.fact, AccountPolicy)
    ]
    dropped = list[Observation]()
    instead = list[Judged]()
    for declared, _, said in policies:
        read = [(o, v, f) for o, v, f in policies if f.product and _same_accounts(f, said)]
        if said.product or not said.configured_in or not read:
            continue
        dropped.append(declared)
        for observation, verdict, fact in read:
            if verdict is None or verdict.outcome is Outcome.INCONCLUSIVE:
                dropped.append(observation)
                whole = _completed(fact, said)
                instead += [(declared, v) for v in _answers(bound, whole, context)]
    return [(o, v) for o, v in judged if not any(o is d for d in dropped)] + instead


def _measured_later(judged: list[Judged]) -> list[Judged]:
    """Return the verdicts without the open ones on a page whose session was seen after sign-in."""
    known = {
        (o.target, o.fact.signed_in_at)
        for o, v in judged
        if isinstance(o, Evidence) and isinstance(o.fact, SessionCookies) and _decided(v)
    }
    return [
        (o, v)
        for o, v in judged
        if o is None
        or _decided(v)
        or not _is_about(o, SessionCookies)
        or (o.target, o.location) not in known
    ]


def _decided(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.outcome in (Outcome.PASS, Outcome.FAIL)


def _is_about(observation: Observation, kind: type[Fact]) -> bool:
    return isinstance(observation, Evidence) and type(observation.fact) is kind


def _same_accounts(read: AccountPolicy, declared: AccountPolicy) -> bool:
    return (read.class_, read.who) == (declared.class_, declared.who)


def _completed(read: AccountPolicy, declared: AccountPolicy) -> AccountPolicy:
    stated = {k: v for k, v in msgspec.structs.asdict(read).items() if v is not None and v != ""}
    return msgspec.structs.replace(declared, **(stated | {"configured_in": (), "product": ""}))


def _by_profile(bound: BoundRule, fact: Fact, context: Context) -> tuple[Verdict, ...]:
    """Return the verdicts; numbers that are not ANSSI's are named, and looser ones never pass."""
    verdicts = _answers(bound, fact, context)
    if context.profile is Profile.ANSSI or context.profile not in bound.rule.profiles:
        return verdicts
    by_norm = _answers(bound, fact, msgspec.structs.replace(context, profile=Profile.ANSSI))
    refused = {verdict.at: verdict for verdict in by_norm if verdict.outcome is Outcome.FAIL}
    return tuple(_named(bound.rule, v, refused.get(v.at), context) for v in verdicts)


def _answers(bound: BoundRule, fact: Fact, context: Context) -> tuple[Verdict, ...]:
    answer = bound.judge(fact, context)
    return answer if isinstance(answer, tuple) else (answer,) if answer else ()


def _named(rule: Rule, verdict: Verdict, refused: Verdict | None, context: Context) -> Verdict:
    values: dict[str, Value] = {"profile": context.profile.value}
    said = _sentence(rule, verdict, context.as_of)
    if verdict.outcome is not Outcome.PASS or refused is None:
        sentence = fill(JUDGED_BY, values | {"said": said})
        return msgspec.structs.replace(verdict, sentence=sentence)
    refusal = _sentence(rule, refused, context.as_of)
    sentence = fill(LOOSER, values | {"refusal": refusal})
    return msgspec.structs.replace(verdict, outcome=Outcome.NOT_APPLICABLE, sentence=sentence)


def _without_answer(
    rule: Rule, silent: list[Observation], absent: list[Observation]
) -> Iterator[tuple[Observation, Verdict | None]]:
    # A fact that said nothing leaves the question open; a thing that is not there has no rule.
    unjudged = [o for o in silent if isinstance(o, Evidence)]
    concerned = [o for o in unjudged if not _of_other_people(rule, o.fact)]
    if concerned:
        yield concerned[0], undecided()
    elif unjudged:
        yield unjudged[0], msgspec.structs.replace(not_applicable(), sentence=OTHER_PEOPLE)
    elif absent:
        yield absent[0], not_applicable()
    elif silent:
        yield silent[0], None


def _of_other_people(rule: Rule, fact: Fact) -> bool:
    """Return whether a rule for some classes of accounts meets one that is known to be another."""
    classes = rule.with_.get("classes")
    of = getattr(fact, "class_", None)
    return isinstance(classes, list | tuple) and of is not None and of not in classes


def finding_of(
    rule: Rule, observation: Observation | None, verdict: Verdict | None, as_of: dt.date
) -> Finding:
    """Return the finding; its identifier depends on rule, target and location only."""
    target = observation.target if observation else "scope"
    place = observation.location if observation else ""
    at = verdict.at if verdict and verdict.at else ""
    location = printable(place + at if at.startswith(" ") else at or place)
    outcome, sentence = _outcome(rule, observation, verdict, as_of)
    key = "\x1f".join((rule.id, target, location))
    observed = outcome in (Outcome.PASS, Outcome.FAIL) and observation is not None
    return Finding(
        id=hashlib.sha256(key.encode()).hexdigest()[:16],
        rule=rule.id, module=rule.module, weakness=rule.weakness, severity=rule.severity,
        outcome=outcome, target=target, location=location,
        title=rule.title, sentence=sentence, rationale=rule.rationale,
        requirements=rule.requirements, remediation=rule.remediation,
        evidence=(observation,) if observation else (),
        basis=_BASES[observation.provenance.method] if observed and observation else None,  # type: ignore[arg-type]
        question=rule.question if outcome is Outcome.INCONCLUSIVE else None,
        gap=observation.reason if isinstance(observation, Gap) else None,
    )  # fmt: skip


def _outcome(
    rule: Rule, observation: Observation | None, verdict: Verdict | None, as_of: dt.date
) -> tuple[Outcome, Text]:
    values: dict[str, Value] = {"as_of": as_of}
    if isinstance(observation, Gap):
        values["detail"] = observation.detail
        return Outcome.INCONCLUSIVE, fill(GAPS[observation.reason], values)
    if verdict is None:
        return Outcome.NOT_APPLICABLE, fill(NOT_IN_FORCE, values)
    return verdict.outcome, verdict.sentence or _sentence(rule, verdict, as_of)


def _sentence(rule: Rule, verdict: Verdict, as_of: dt.date) -> Text:
    sentences = {
        Outcome.PASS: rule.says.pass_,
        Outcome.FAIL: rule.says.fail,
        Outcome.NOT_APPLICABLE: _fitting(rule.says.not_applicable, verdict, NO_OBJECT),
        Outcome.INCONCLUSIVE: _fitting(rule.says.inconclusive, verdict, UNANSWERED),
    }
    return fill(sentences[verdict.outcome], {"as_of": as_of} | verdict.values)


def _fitting(said: Text | None, verdict: Verdict, otherwise: Text) -> Text:
    """Return the rule's sentence, unless it wants values and the engine's own verdict has none."""
    return otherwise if said is None or (not verdict.values and "{" in said.fr) else said


def with_people(
    finding: Finding, scope: Scope, as_of: dt.date, named: Container[str] = ()
) -> Finding:
    """Return the finding with the waiver or the attestation the scope holds for it.

    A waiver does not hold against what the formal notice names.
    """
    if finding.outcome is Outcome.FAIL:
        for waiver in scope.waivers:
            if waiver.rule == finding.rule and waiver.target == finding.target:
                refused = finding.weakness in named or finding.module.value in named
                in_force = as_of <= waiver.until and not refused
                waived = Waived(waiver, in_force, named=refused)
                return msgspec.structs.replace(finding, waived=waived)
    if finding.outcome is Outcome.INCONCLUSIVE:
        for attestation in scope.attestations:
            if _attests(attestation, finding, as_of):
                return _attested(finding, attestation)
    return finding


def _attests(attestation: Attestation, finding: Finding, as_of: dt.date) -> bool:
    about = attestation.target in (None, finding.target) and attestation.rule == finding.rule
    return about and attestation.signed_on <= as_of <= attestation.expires_on


def _attested(finding: Finding, attestation: Attestation) -> Finding:
    values: dict[str, Value] = {
        "statement": attestation.statement, "signed_by": attestation.signed_by,
        "role": attestation.role, "signed_on": attestation.signed_on,
    }  # fmt: skip
    return msgspec.structs.replace(
        finding, outcome=Outcome.PASS, basis="declared", attested=attestation,
        sentence=fill(DECLARED, values),
    )  # fmt: skip


_OUTCOMES = [Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS, Outcome.NOT_APPLICABLE]


def mending_order(finding: Finding) -> tuple[int, int, float, str, str, str]:
    """Return the key that puts failures first, the gravest of them, then the soonest mended."""
    # What is worst comes first; among equals, what is mended soonest.
    return (
        _OUTCOMES.index(finding.outcome), finding.severity.rank, finding.remediation.days,
        finding.rule, finding.target, finding.location,
    )  # fmt: skip
