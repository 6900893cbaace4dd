"""`cnilcheck password-policy`: what a password policy is worth by the CNIL's own model."""

from __future__ import annotations

import datetime as dt
import re
import textwrap

from cnilcheck.cli.run import catalogue
from cnilcheck.cli.words import say
from cnilcheck.errors import UsageError
from cnilcheck.model.facts import AccountPolicy
from cnilcheck.model.scope import Lockout
from cnilcheck.model.summary import ExitCode
from cnilcheck.model.text import Text, fill
from cnilcheck.model.verdict import Context
from cnilcheck.model.words import AccountClass, Lang, Outcome

_RULE = "staff-password-policy"
_PARTS = {
    "length": r"(?:length|longueur|minimum)\D{0,4}(\d+)|(\d+)\s*(?:char|caract|car\b)",
    "classes": r"(?:classes|types)\D{0,2}(\d)|(\d)\s*(?:class|types?\b)",
    "words": r"(\d+)\s*(?:words?|mots?)\b",
    "lockout": r"(?:lock\w*|blocage|verrou\w*|attempts|essais|tentatives)\D{0,8}(\d+)"
    r"|(\d+)\s*(?:attempts|essais|tentatives|échecs|failures)",
}
_NO_LOCKOUT = (
    r"(?i)\b(?:no|without|sans|aucun\w*)\s+(?:lock\w*|blocage|limite?|verrou\w*|throttling)"
)


def explain_policy(
    description: str, options: dict[str, int | None], no_lockout: bool, lang: Lang
) -> ExitCode:
    """Print the entropy, the CNIL's case and the verdict; 0 enough, 1 not, 3 undecidable.

    Raises UsageError when the description names neither a length nor a number of words.
    """
    read = {name: _number(pattern, description) for name, pattern in _PARTS.items()}
    told = {name: options.get(name) or value for name, value in read.items()}
    if told["length"] is None and told["words"] is None:
        raise UsageError(
            f"password-policy: no length in `{description}`",
            'for instance "12 characters, 4 classes, lockout 10"',
        )
    limit = None if told["lockout"] is None else Lockout(after_attempts=told["lockout"])
    unlimited = no_lockout or re.search(_NO_LOCKOUT, description) is not None
    policy = AccountPolicy(
        class_=AccountClass.STAFF,
        minimum_length=told["length"],
        character_classes=told["classes"],
        words=told["words"],
        lockout="none" if unlimited else limit,
    )
    return _judge(policy, lang)


def _number(pattern: str, description: str) -> int | None:
    found = re.search(pattern, description, re.IGNORECASE)
    return int(next(g for g in found.groups() if g)) if found else None


def _judge(policy: AccountPolicy, lang: Lang) -> ExitCode:
    bound = next(b for b in catalogue().rules if b.rule.id == _RULE)
    verdict = bound.judge(policy, Context(as_of=dt.date.today()))
    if verdict is None or isinstance(verdict, tuple):
        raise UsageError("password-policy: this policy cannot be judged")
    says = bound.rule.says
    sentence, word, code = {
        Outcome.PASS: (says.pass_, Text("Suffisante", "Sufficient"), ExitCode.NOTHING_FAILS),
        Outcome.FAIL: (says.fail, Text("Insuffisante", "Insufficient"), ExitCode.SOMETHING_FAILS),
    }.get(
        verdict.outcome,
        (says.inconclusive, Text("Indécidable", "Undecidable"), ExitCode.NOT_OBSERVED),
    )
    told = fill(sentence, verdict.values).to(lang) if sentence else ""
    colon = Text("\u00a0: ", ": ").to(lang)
    policy_words = say("la politique ", "the policy ")
    print(textwrap.fill(f"{word.to(lang)}{colon}{policy_words}{told}.", 88))
    for requirement in bound.rule.requirements:
        print(f"  {catalogue().sources[requirement.source].title.to(lang)}")
    return code
