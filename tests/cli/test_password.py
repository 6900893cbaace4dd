"""`password-policy`: the entropy, the CNIL's case and the verdict of a policy told in a line."""

from __future__ import annotations

import itertools

import pytest
from msgspec import convert

from cnilcheck.cli.password import explain_policy
from cnilcheck.cli.policy_words import Told, read_policy
from cnilcheck.cli.run import catalogue
from cnilcheck.errors import UsageError
from cnilcheck.model.password_policy import Kind
from cnilcheck.model.scope import Lockout
from cnilcheck.model.words import Lang


def told(
    capsys: pytest.CaptureFixture[str], policy: str, lang: Lang = Lang.EN, **options: int | bool
) -> tuple[int, str]:
    code = explain_policy(policy, options, lang)
    return int(code), " ".join(capsys.readouterr().out.split())


# regulation.md, section 11 and the table of section 2.1.
@pytest.mark.parametrize(
    ("policy", "code", "said"),
    [
        ("12 characters, 4 classes, no lockout", 0, "case 1, password alone. * 79.55 bits"),
        ("14 characters, upper, lower, digits, no lockout", 0, "case 1, password alone. * 83.36"),
        ("8 characters, 3 classes, lockout 10", 0, "case 2, with limited attempts. * 47.63 bits"),
        ("8 characters, 3 classes, no lockout", 1, "case 1, without enough limit * 47.63 bits"),
        ("8 characters, lower, digits, special, no limit", 1, "49.52 bits (8 × log2 73)"),
        ("8 characters, upper, lower, special, no limit", 1, "51.81 bits (8 × log2 89)"),
        ("18 lower-case letters, no lockout", 0, "case 1, password alone. * 84.61 bits"),
        ("7 words", 0, "case 1, password alone"),
        ("5 words, lockout 10", 0, "case 2, with limited attempts"),
        ("4 words, lockout 10", 1, "Insufficient"),
        ("15 digits, lockout 10", 0, "49.83 bits (15 × log2 10)"),
        ("16 digits, no lockout", 1, "53.15 bits (16 × log2 10)"),
        ("PIN of a device, 4 digits, lockout 3", 0, "case 3, code of a device. * 13.29 bits"),
        ("PIN of a device, 6 digits, lockout 10", 1, "case 3, code of a device. * 19.93 bits"),
        ("8 characters, 3 classes", 3, "sufficient only if attempts are limited (case 2)"),
        ("8 characters, 3 classes, lockout 50", 1, "limit of attempts too wide"),
        ("8 characters, 3 classes, captcha", 0, "limited attempts"),
        ("8 characters, 3 classes, wait 2 minutes after 5, 25 per day", 0, "limited attempts"),
        ("8 characters, 3 classes, locked for 15 minutes after 10 failures", 0, "limited attempts"),
        ("8 characters", 3, "37.60 to 53.03 bits"),
    ],
)
def test_a_policy_is_worth_what_the_cnil_says(
    capsys: pytest.CaptureFixture[str], policy: str, code: int, said: str
) -> None:
    found, text = told(capsys, policy)
    assert code == found
    for part in said.split(" * "):
        assert part in text


def test_the_answer_is_whole_in_french(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = told(capsys, "12 caractères, 4 types, sans blocage", Lang.FR)
    assert code == 0
    assert "Suffisante : cas 1, mot de passe seul." in text
    assert "Entropie : 79,55 bits (12 × log2 99)" in text
    assert "Cas 2, avec limite des essais : 50 bits, atteint" in text
    assert "délibération n° 2022-100 du 21 juillet 2022" in text


@pytest.mark.parametrize(
    ("description", "parts"),
    [
        ("12 caractères, 4 types, blocage après 10 échecs", Told(12, 4, lockout=Lockout(10))),
        ("longueur 12, types 4, 10 essais", Told(12, 4, lockout=Lockout(10))),
        ("minimum 12 chars, 3 of 4 classes", Told(12, 3)),
        ("passphrase of 7 words, without limit", Told(words=7, no_limit=True)),
        ("14 car, majuscules et chiffres", Told(14, kinds=frozenset((Kind.UPPER, Kind.DIGITS)))),
        (
            "12 caractères avec majuscules, minuscules, chiffres et caractères spéciaux",
            Told(12, kinds=frozenset(Kind)),
        ),
        (
            "8 characters, 25 attempts per day, wait 90 s after 5 failures",
            Told(8, lockout=Lockout(5, delay_seconds=90, attempts_per_day=25)),
        ),
    ],
)
def test_a_line_of_either_language_is_read(description: str, parts: Told) -> None:
    assert parts == read_policy(description)


def test_options_say_the_same_as_words_and_count_more(capsys: pytest.CaptureFixture[str]) -> None:
    words = told(capsys, "8 characters, 3 classes, wait 60 s after 5, 25 per day")
    assert words == told(capsys, "", length=8, classes=3, lockout=5, delay=60, per_day=25)
    assert told(capsys, "8 characters, 3 classes", length=14)[0] == 0
    assert told(capsys, "8 characters, 3 classes", no_lockout=True)[0] == 1
    assert told(capsys, "8 characters, 3 classes", captcha=True)[0] == 0


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        ("", {}),
        ("hello", {}),
        ("0 characters", {}),
        ("12 characters, 9 classes", {}),
        ("12 characters, 4 classes, 77", {}),
        ("99999999999999999999 characters", {}),
        ("12 characters, 7 words", {}),
        ("12 characters, no lockout, lockout 10", {}),
        ("", {"length": 0}),
        ("", {"length": 12, "classes": 0}),
        ("", {"length": 12, "delay": -1}),
        ("1 " * 5000, {}),
    ],
)
def test_what_is_no_policy_is_refused_in_one_line(policy: str, options: dict[str, int]) -> None:
    with pytest.raises(UsageError) as refusal:
        explain_policy(policy, options, Lang.EN)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 300


def test_the_calculator_and_the_rule_never_disagree(capsys: pytest.CaptureFixture[str]) -> None:
    import datetime as dt

    from cnilcheck.model.facts import AccountPolicy
    from cnilcheck.model.verdict import Context, Verdict

    (bound,) = [b for b in catalogue().rules if b.rule.id == "staff-password-policy"]
    limits: list[object] = [None, "none", {"after_attempts": 10}, {"after_attempts": 50}]
    codes = {"pass": 0, "fail": 1, "inconclusive": 3}
    for length, classes, limit in itertools.product(range(4, 20), (None, 1, 2, 3, 4), limits):
        given = {"class": "staff", "minimum_length": length, "character_classes": classes}
        policy = convert(given | {"lockout": limit, "fact": "account-policy"}, AccountPolicy)
        verdict = bound.judge(policy, Context(as_of=dt.date(2026, 11, 26)))
        assert isinstance(verdict, Verdict)
        options: dict[str, int | bool] = {"length": length, "no_lockout": limit == "none"}
        options |= {"classes": classes} if classes else {}
        options |= {"lockout": limit["after_attempts"]} if isinstance(limit, dict) else {}
        assert codes[verdict.outcome] == told(capsys, "", **options)[0], given | {"lockout": limit}
