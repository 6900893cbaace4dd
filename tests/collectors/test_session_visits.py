"""Session identifiers over fresh visits: what is predictable is told, what is random is not."""

from __future__ import annotations

import base64
import hashlib
import itertools
import secrets
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from cnilcheck.checks.sign_in import session_identifiers_unpredictable
from cnilcheck.collectors.base import Nothing
from cnilcheck.collectors.identifier_series import Visit, identifiers_of
from cnilcheck.collectors.session_visits import VISITS, SessionVisits
from cnilcheck.model.facts import SessionIdentifiers
from cnilcheck.model.scope import WebTarget
from cnilcheck.model.words import Outcome
from collectors.web_servers import HTML, Reply, facts, observed, tools_for, web

NUMBERS = {"refused": 64, "advised": 128, "tolerance": 8, "least_visits": 12}
COUNT = itertools.count(104_729)


def judged(fact: SessionIdentifiers) -> Outcome:
    return session_identifiers_unpredictable(fact, **NUMBERS).outcome


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def ulid() -> str:
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    value = int(time.time() * 1000) << 80 | secrets.randbits(80)
    return "".join(letters[value >> shift & 31] for shift in range(125, -5, -5))


PREDICTABLE: dict[str, tuple[Callable[[], str], str]] = {
    "a counter": (lambda: str(next(COUNT)), "counter"),
    "a counter among words": (lambda: f"sess-{next(COUNT):08d}-guest", "counter"),
    "a counter in hexadecimal": (lambda: f"{next(COUNT):032x}", "counter"),
    "a counter in base64": (
        lambda: base64.b64encode(f"session:{next(COUNT)}".encode()).decode(), "counter"
    ),
    "seconds and a few digits": (lambda: f"{int(time.time())}{secrets.randbelow(1000):03d}", ""),
    "milliseconds": (lambda: str(int(time.time() * 1000)), "timestamp"),
    "uniqid": (lambda: "{:08x}{:05x}".format(*divmod(int(time.time() * 1e6), 10**6)), "timestamp"),
    "md5 of a counter": (lambda: md5(str(next(COUNT) % 40_000)), "digest_of_number"),
    "md5 of the time": (lambda: md5(str(int(time.time()))), "digest_of_time"),
    "md5 of milliseconds": (lambda: md5(str(int(time.time() * 1000))), "digest_of_time"),
    "sha1 of the time": (
        lambda: hashlib.sha1(str(int(time.time())).encode(), usedforsecurity=False).hexdigest(),
        "digest_of_time",
    ),
    "md5 of uniqid": (
        lambda: md5("{:08x}{:05x}".format(*divmod(int(time.time() * 1e6), 10**6))), "digest_of_time"
    ),
    "eight random digits": (lambda: f"{secrets.randbelow(10**8):08d}", ""),
    "one of ten values": (lambda: md5(f"pool {secrets.randbelow(10)}"), "repeated"),
}  # fmt: skip
RANDOM: dict[str, Callable[[], str]] = {
    "PHP": lambda: secrets.token_hex(16),
    "Tomcat": lambda: secrets.token_hex(16).upper(),
    "Django": lambda: "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(32)),
    "Express": lambda: f"s%3A{secrets.token_urlsafe(24)}.{base64.b64encode(secrets.token_bytes(32)).decode().rstrip('=')}",
    "a random UUID": lambda: str(uuid.uuid4()),
    "ASP.NET": lambda: "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz012345") for _ in range(24)),
    "a time and 128 random bits": lambda: f"{int(time.time()):08x}{secrets.token_hex(16)}",
    "random digits": lambda: "".join(secrets.choice("0123456789") for _ in range(40)),
    "base64url": lambda: secrets.token_urlsafe(32),
}  # fmt: skip


def visits(make: Callable[[], str], count: int = VISITS) -> list[Visit]:
    found = []
    for _ in range(count):
        began = time.time()
        value = make()
        time.sleep(0.002)
        found.append(Visit(value, began, time.time()))
    return found


@pytest.mark.parametrize("kind", PREDICTABLE)
def test_a_predictable_identifier_fails_and_is_called_by_its_name(kind: str) -> None:
    make, sign = PREDICTABLE[kind]
    fact = identifiers_of("sid", visits(make, 40 if sign == "repeated" else VISITS))
    assert judged(fact) is Outcome.FAIL, fact
    assert not sign or sign in fact.signs


@pytest.mark.parametrize("kind", RANDOM)
def test_a_random_identifier_passes(kind: str) -> None:
    for _ in range(5):
        fact = identifiers_of("sid", visits(RANDOM[kind]))
        assert judged(fact) is Outcome.PASS, fact
        assert set(fact.signs) <= {"timestamp"}


def test_eighty_random_bits_after_a_time_leave_the_question_open() -> None:
    assert judged(identifiers_of("sid", visits(ulid))) is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("count", [1, 2, 5, 11])
def test_few_visits_prove_nothing(count: int) -> None:
    fact = identifiers_of("sid", visits(RANDOM["PHP"], count))
    assert judged(fact) is Outcome.INCONCLUSIVE
    assert fact.least_bits <= 5


def test_the_same_value_for_all_may_be_no_identifier() -> None:
    fact = identifiers_of("session", visits(lambda: "guest"))
    assert judged(fact) is Outcome.INCONCLUSIVE


def test_content_that_is_signed_is_no_identifier() -> None:
    fact = identifiers_of("session", visits(lambda: f"eyJ1IjoxfQ.{secrets.token_urlsafe(8)}.x"))
    assert judged(fact) is Outcome.NOT_APPLICABLE


def test_the_bounds_are_in_order() -> None:
    for make in RANDOM.values():
        fact = identifiers_of("sid", visits(make, 16))
        assert 0 < fact.least_bits < fact.most_bits


@pytest.mark.parametrize(
    "value", ["", '"', "%", "%ff%00", "\x1b[31mrouge", "é" * 300, "=" * 50, "٣٤٥٦٧٨٩", "9" * 5000]
)
def test_odd_values_are_looked_at_without_harm(value: str) -> None:
    moment = time.time()
    fact = identifiers_of("sid", [Visit(value + str(n), moment, moment) for n in range(12)])
    assert fact.visits == 12


@pytest.mark.parametrize("random", [False, True])
def test_a_server_is_visited_as_a_new_person_each_time(tmp_path: Path, random: bool) -> None:
    def answer(_: str) -> Reply:
        value = secrets.token_hex(16) if random else str(next(COUNT))
        return 200, (HTML, ("Set-Cookie", f"PHPSESSID={value}; Path=/")), b"<html>Connexion</html>"

    with web(answer) as url:
        seen = observed(SessionVisits(), tools_for(tmp_path, WebTarget(url, login="/in")))
    found = facts(seen, SessionIdentifiers)
    assert set(found) == {"/in PHPSESSID"}
    for fact in found.values():
        assert isinstance(fact, SessionIdentifiers)
        assert fact.visits == VISITS
        assert judged(fact) is (Outcome.PASS if random else Outcome.FAIL)


def test_a_server_without_sessions_has_no_identifiers(tmp_path: Path) -> None:
    with web(lambda _: (200, (HTML, ("Set-Cookie", "lang=fr")), b"<html></html>")) as url:
        assert observed(SessionVisits(), tools_for(tmp_path, url)) == [
            Nothing("/", SessionIdentifiers)
        ]


def test_cookies_without_end_and_names_with_escapes_are_bounded(tmp_path: Path) -> None:
    def answer(_: str) -> Reply:
        many = [("Set-Cookie", f"sid{n}={secrets.token_hex(16)}") for n in range(60)]
        bad = ("Set-Cookie", f"\x1b]0;sess\x07ion={secrets.token_hex(16)}")
        return 200, (HTML, bad, *many), b"<html></html>"

    with web(answer) as url:
        found = facts(observed(SessionVisits(), tools_for(tmp_path, url)), SessionIdentifiers)
    assert 1 <= len(found) <= 5
    assert not any("\x1b" in place or "\x07" in place for place in found)
