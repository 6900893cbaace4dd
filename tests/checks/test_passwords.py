"""The CNIL's cases of password policies, and the limits of failed sign-ins."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from cnilcheck.checks.registry import checks
from cnilcheck.documents.rules import bind, read_rule
from cnilcheck.model.facts import AccountPolicy
from cnilcheck.model.verdict import Context
from cnilcheck.resources import rules_directory

CONTEXT = Context(dt.date(2026, 11, 22))


def outcome(rule: str, **answers: Any) -> str | None:
    path = rules_directory() / "authentication" / f"{rule}.yaml"
    fact = msgspec.convert({"fact": "account-policy", "class": "staff"} | answers, AccountPolicy)
    verdict = bind(read_rule(path), checks(), path).judge(fact, CONTEXT)
    return verdict.outcome.value if verdict else None  # type: ignore[union-attr]


LOCK = {"after_attempts": 10}


@pytest.mark.parametrize(
    ("length", "classes", "lockout", "expected"),
    [
        (12, 4, "none", "pass"),  # 79.55 bits, named by the CNIL
        (12, 3, "none", "fail"),  # 71.5
        (14, 3, "none", "pass"),  # 83.4
        (18, 1, "none", "pass"),  # 84.6
        (17, 1, "none", "pass"),  # 79.9, within the tolerance
        (16, 1, "none", "fail"),  # 75.2
        (8, 3, LOCK, "pass"),  # named by the CNIL
        (8, 3, "none", "fail"),
        (8, 4, LOCK, "pass"),  # 53.0
        (7, 4, LOCK, "fail"),  # 46.4
        (8, 2, LOCK, "fail"),  # 41.4
        (10, 2, LOCK, "pass"),  # 51.7
        (12, 4, None, "pass"),
        (8, 3, None, "inconclusive"),
        (7, 4, None, "fail"),
        (8, None, LOCK, "inconclusive"),
        (6, None, LOCK, "fail"),
        (12, None, "none", "inconclusive"),
        (8, None, "none", "fail"),
        (18, None, "none", "pass"),
        (None, 4, LOCK, "inconclusive"),
        (0, 0, LOCK, "fail"),
    ],
)
def test_a_policy_is_weighed_by_its_case(
    length: Any, classes: Any, lockout: Any, expected: str
) -> None:
    answers = {"minimum_length": length, "character_classes": classes, "lockout": lockout}
    assert expected == outcome("staff-password-policy", **answers)


@pytest.mark.parametrize(
    ("words", "lockout", "expected"),
    [
        (7, "none", "pass"),
        (6, "none", "fail"),
        (5, LOCK, "pass"),
        (4, LOCK, "fail"),
        (5, None, "inconclusive"),
    ],
)
def test_a_passphrase_is_weighed_by_its_words(words: int, lockout: Any, expected: str) -> None:
    assert expected == outcome("staff-password-policy", words=words, lockout=lockout)


def test_an_unlimited_captcha_is_a_limit() -> None:
    assert (
        outcome(
            "staff-password-policy",
            minimum_length=8,
            character_classes=3,
            lockout={"captcha": True},
        )
        == "pass"
    )


def test_the_policy_of_other_accounts_is_another_rules_concern() -> None:
    assert None is outcome("user-password-policy", minimum_length=4, character_classes=1)


def test_a_failure_without_a_known_limit_does_not_say_that_there_is_none() -> None:
    path = rules_directory() / "authentication" / "staff-password-policy.yaml"
    fact = msgspec.convert(
        {"fact": "account-policy", "class": "staff", "minimum_length": 6}, AccountPolicy
    )
    verdict = bind(read_rule(path), checks(), path).judge(fact, CONTEXT)
    assert verdict.values["needed"] == 50  # type: ignore[union-attr]
    assert "not stated" in verdict.values["limit"].en  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("lockout", "expected"),
    [
        ({"after_attempts": 3}, "pass"),
        ({"after_attempts": 11}, "fail"),
        ({"after_attempts": 5, "delay_seconds": 61, "attempts_per_day": 25}, "pass"),
        ({"after_attempts": 5, "delay_seconds": 61, "attempts_per_day": 26}, "fail"),
        ({"after_attempts": 5, "delay_seconds": 900}, "inconclusive"),
        ({"after_attempts": 10, "delay_seconds": 86_400}, "pass"),
        ({"delay_seconds": 60}, "inconclusive"),
        ({"after_attempts": 50, "captcha": True}, "pass"),
        ({}, "inconclusive"),
    ],
)
def test_failed_sign_ins_are_limited_in_one_of_three_ways(lockout: Any, expected: str) -> None:
    assert expected == outcome("sign-in-throttled", lockout=lockout)
