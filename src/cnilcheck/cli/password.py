"""`cnilcheck password-policy`: what a password policy is worth by the CNIL's own model."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from cnilcheck.cli.policy_words import Told, read_policy
from cnilcheck.cli.run import catalogue
from cnilcheck.errors import UsageError
from cnilcheck.model.facts import AccountPolicy
from cnilcheck.model.password_policy import (
    DEVICE_BITS,
    DEVICE_DIGITS,
    DEVICE_FAILURES,
    Kind,
    Norm,
    Policy,
    Worth,
    worth,
)
from cnilcheck.model.rule import BoundRule
from cnilcheck.model.scope import Lockout
from cnilcheck.model.summary import ExitCode
from cnilcheck.model.text import Text, Value, fill, french
from cnilcheck.model.verdict import Context, Verdict
from cnilcheck.model.words import AccountClass, Lang, Outcome

_POLICY_RULE, _LIMIT_RULE = "staff-password-policy", "sign-in-throttled"
_LIMITS = {
    "lockout": "after_attempts",
    "delay": "delay_seconds",
    "per_day": "attempts_per_day",
    "captcha": "captcha",
}
_MOST = {
    "length": 1000,
    "classes": 4,
    "words": 100,
    "lockout": 10**6,
    "delay": 10**6,
    "per-day": 10**6,
}
_KINDS = {
    Kind.LOWER: Text("minuscules", "lower case"),
    Kind.UPPER: Text("majuscules", "upper case"),
    Kind.DIGITS: Text("chiffres", "digits"),
    Kind.SPECIAL: Text("caractères spéciaux", "special characters"),
}


class _Answer(Struct, frozen=True):
    """The verdict on a policy, and the case of CNIL 2022-100 that decides it."""

    outcome: Outcome
    why: Text


def explain_policy(
    description: str, options: Mapping[str, int | bool | None], lang: Lang
) -> ExitCode:
    """Print the entropy, the CNIL's cases and the verdict; 0 enough, 1 not, 3 undecidable.

    An option counts more than the description. Raises UsageError when neither a length nor a
    number of words is told, or a number is not one a policy can have.
    """
    told = _completed(read_policy(description), options)
    policy = Policy(told.length, told.classes, told.kinds, told.words)
    _check(policy, told, description)
    norm = msgspec.convert(
        {k: v for k, v in _with(_POLICY_RULE).items() if k in Norm.__struct_fields__}, Norm
    )
    found, limited = worth(policy, norm), _limited(told)
    answer = _device(told) or _judged(found, limited, norm)
    for line in _page(told, policy, found, limited, norm, answer):
        print(textwrap.fill(line.to(lang), 88, subsequent_indent="    "))
    for requirement in _rule(_POLICY_RULE).rule.requirements:
        print(f"  {catalogue().sources[requirement.source].title.to(lang)}")
    return {
        Outcome.PASS: ExitCode.NOTHING_FAILS,
        Outcome.FAIL: ExitCode.SOMETHING_FAILS,
    }.get(answer.outcome, ExitCode.NOT_OBSERVED)


def _completed(told: Told, options: Mapping[str, int | bool | None]) -> Told:
    given: dict[str, Any] = {k: v for k, v in options.items() if v is not None and v is not False}
    limits = {field: given.pop(name) for name, field in _LIMITS.items() if name in given}
    no_limit = bool(given.pop("no_lockout", told.no_limit))
    if "classes" in given:
        given["kinds"] = frozenset()
    lockout = (
        msgspec.structs.replace(told.lockout or Lockout(), **limits) if limits else told.lockout
    )
    return msgspec.structs.replace(told, **given, lockout=lockout, no_limit=no_limit)


def _check(policy: Policy, told: Told, description: str) -> None:
    if policy.length is None and policy.words is None:
        raise UsageError(
            f"password-policy: no length in `{description[:80]}`",
            'for instance "12 characters, 4 classes, lockout 10"',
        )
    if policy.length is not None and policy.words is not None:
        raise UsageError("password-policy: characters or words, not both")
    if told.no_limit and told.lockout is not None:
        raise UsageError("password-policy: a limit of attempts, and none: which one holds?")
    limit = told.lockout or Lockout()
    numbers = {
        "length": policy.length, "classes": policy.classes, "words": policy.words,
        "lockout": limit.after_attempts, "delay": limit.delay_seconds,
        "per-day": limit.attempts_per_day,
    }  # fmt: skip
    for name, number in numbers.items():
        if number is not None and not 1 <= number <= _MOST[name]:
            raise UsageError(f"password-policy: {name}: 1 to {_MOST[name]}, {number} given")


def _rule(name: str) -> BoundRule:
    return next(bound for bound in catalogue().rules if bound.rule.id == name)


def _with(name: str) -> dict[str, object]:
    return dict(_rule(name).rule.with_)


def _limited(told: Told) -> bool | None:
    """Return whether attempts are limited enough, by the rule that judges it; None is unsaid."""
    policy = AccountPolicy(
        class_=AccountClass.STAFF, lockout="none" if told.no_limit else told.lockout
    )
    verdict = _rule(_LIMIT_RULE).judge(policy, Context(as_of=dt.date.today()))
    outcome = verdict.outcome if isinstance(verdict, Verdict) else None
    return {Outcome.PASS: True, Outcome.FAIL: False}.get(outcome) if outcome else None


def _judged(found: Worth, limited: bool | None, norm: Norm) -> _Answer:
    if found.alone:
        return _Answer(Outcome.PASS, Text("cas 1, mot de passe seul", "case 1, password alone"))
    if found.restricted and limited:
        case = Text("cas 2, avec limite des essais", "case 2, with limited attempts")
        return _Answer(Outcome.PASS, case)
    if limited is False:
        possible = found.most + norm.tolerance >= norm.bits_alone
        case = Text(
            "cas 1, sans limite suffisante des essais", "case 1, without enough limit of attempts"
        )
    else:
        possible = found.restricted or found.most + norm.tolerance >= norm.bits_restricted
        case = Text("même avec limite des essais", "even with limited attempts")
    if not possible:
        return _Answer(Outcome.FAIL, case)
    if found.restricted:
        missing = Text(
            "suffisante seulement si les essais sont limités (cas 2)",
            "sufficient only if attempts are limited (case 2)",
        )
    else:
        missing = Text(
            "tout dépend des types de caractères exigés",
            "all depends on the classes of characters asked for",
        )
    return _Answer(Outcome.INCONCLUSIVE, missing)


def _device(told: Told) -> _Answer | None:
    """Return the verdict on the code of a device (case 3); None when it is none."""
    if not told.device or told.length is None:
        return None
    case = Text("cas 3, code d’un appareil", "case 3, code of a device")
    tries = told.lockout.after_attempts if told.lockout else None
    if told.length < DEVICE_DIGITS or told.no_limit or (tries or 0) > DEVICE_FAILURES:
        return _Answer(Outcome.FAIL, case)
    return _Answer(Outcome.PASS if tries else Outcome.INCONCLUSIVE, case)


_VERDICTS = {
    Outcome.PASS: Text("Suffisante", "Sufficient"),
    Outcome.FAIL: Text("Insuffisante", "Insufficient"),
}
_UNDECIDED = Text("Indécidable", "Undecidable")


def _page(
    told: Told, policy: Policy, found: Worth, limited: bool | None, norm: Norm, answer: _Answer
) -> Iterator[Text]:
    verdict = _VERDICTS.get(answer.outcome, _UNDECIDED)
    yield _line("{verdict} : {why}.", "{verdict}: {why}.", verdict=verdict, why=answer.why)
    yield _line(
        "  Politique : {policy}, {limit}", "  Policy: {policy}, {limit}",
        policy=_policy(policy), limit=_limit(told, limited),
    )  # fmt: skip
    yield _entropy(policy, found, norm)
    if told.device:
        yield _line(
            "  Cas 3, code d’un appareil : {bits} bits, {digits} chiffres, blocage après {tries} "
            "échecs",
            "  Case 3, code of a device: {bits} bits, {digits} digits, blocked after {tries} "
            "failures",
            bits=int(DEVICE_BITS), digits=DEVICE_DIGITS, tries=DEVICE_FAILURES,
        )  # fmt: skip
        return
    yield _line(
        "  Cas 1, mot de passe seul : {bits} bits, {reached}",
        "  Case 1, password alone: {bits} bits, {reached}",
        bits=int(norm.bits_alone), reached=_reached(found.alone, found.named_alone),
    )  # fmt: skip
    yield _line(
        "  Cas 2, avec limite des essais : {bits} bits, {reached}",
        "  Case 2, with limited attempts: {bits} bits, {reached}",
        bits=int(norm.bits_restricted),
        reached=_reached(found.restricted, found.named_restricted),
    )


def _line(fr: str, en: str, **values: Value) -> Text:
    return fill(Text(french(fr), en), values)


def _policy(policy: Policy) -> Text:
    if policy.length is None:
        return _line("{n} mots", "{n} words", n=policy.words)
    many, count = "s" if policy.length > 1 else "", policy.class_count
    length = _line(
        f"{{n}} caractère{many} au moins", f"at least {{n}} character{many}", n=policy.length
    )
    if count is None:
        return _line(
            "{length}, types de caractères non précisés",
            "{length}, character classes not stated",
            length=length,
        )
    kinds = tuple(_KINDS[kind] for kind in Kind if kind in policy.kinds)
    return _line(
        f"{{length}}, {{count}} type{'s' if count > 1 else ''} de caractères"
        + (" ({kinds})" if kinds else ""),
        f"{{length}}, {{count}} character class{'es' if count > 1 else ''}"
        + (" ({kinds})" if kinds else ""),
        length=length, count=count, kinds=kinds,
    )  # fmt: skip


def _limit(told: Told, limited: bool | None) -> Text:
    if told.no_limit:
        return Text("sans limite des essais", "without a limit of attempts")
    if told.lockout is None:
        return Text("limite des essais non précisée", "limit of attempts not stated")
    return {
        True: Text("essais limités", "limited attempts"),
        False: Text("limite des essais trop large", "limit of attempts too wide"),
        None: Text("limite des essais incomplète", "limit of attempts incomplete"),
    }[limited]


def _entropy(policy: Policy, found: Worth, norm: Norm) -> Text:
    values: dict[str, Value] = {"bits": _two(found.least), "most": _two(found.most)}
    if policy.length is None:
        return _line(
            "  Entropie : {bits} bits (la CNIL tient {words} mots pour {needed} bits)",
            "  Entropy: {bits} bits (the CNIL takes {words} words for {needed} bits)",
            **values, words=norm.words_alone, needed=int(norm.bits_alone),
        )  # fmt: skip
    if found.most > found.least:
        return _line(
            "  Entropie : {bits} à {most} bits, selon les types de caractères",
            "  Entropy: {bits} to {most} bits, by the character classes",
            **values,
        )
    how = f"{policy.length} × log2 {policy.alphabet}"
    return _line("  Entropie : {bits} bits ({how})", "  Entropy: {bits} bits ({how})",
                 **values, how=how)  # fmt: skip


def _two(value: float) -> Text:
    """Return the number with two decimals, as each language writes it."""
    text = f"{value:.2f}"
    return Text(text.replace(".", ","), text)


def _reached(reached: bool, named: bool) -> Text:
    if named:
        return Text(
            "atteint (au moins ce que la CNIL donne en exemple)",
            "reached (at least what the CNIL gives as an example)",
        )
    return Text("atteint", "reached") if reached else Text("non atteint", "not reached")
