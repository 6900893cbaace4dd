"""A test account at work on real applications, and on servers that never lock, lie or drag."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cnilcheck.collectors.active_sign_in import ActiveSignIn
from cnilcheck.collectors.base import Journal, Missing, Passwords, Seen, Sighting, Tools
from cnilcheck.errors import NotPermitted
from cnilcheck.model.facts import (
    AccountDisclosure,
    FailedSignIns,
    LentAccountLeft,
    SessionCookies,
    SessionEnd,
    SessionRenewal,
    ShortPassword,
    SignedInPage,
)
from cnilcheck.model.scope import (
    Authorisation,
    ConsentedAccount,
    Limits,
    Scope,
    Secret,
    WebTarget,
)
from collectors.web_servers import observed

NAME, PASSWORD, OTHER = "essai@example.org", "Une-Phrase-de-Test-42", "Autre-Phrase-de-Test-7"
GIVEN = Authorisation("Mme Exemple", "AUT-1", dt.date(2030, 1, 1))
DJANGO = Path(__file__).parent.parent / "laboratory" / "django_site.py"


def tools_of(folder: Path, url: str, **account: Any) -> Tools:
    lent = ConsentedAccount(NAME, Secret(env="UNUSED"), "Mme Exemple", **account)
    target = WebTarget(url, login="/connexion", test_account=lent)
    scope = Scope(1, (target,), authorisation=GIVEN)
    passwords = {url: Passwords(PASSWORD, OTHER)}
    journal = Journal((folder / "journal").open("w", encoding="utf-8"), (PASSWORD, OTHER))
    return Tools(folder, scope, journal, Limits(), active=True, passwords=passwords)


@contextmanager
def django(kind: str, folder: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, str(DJANGO), kind, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)


def count(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}count", timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


EVERYTHING = {
    "signed_in": "/compte",
    "change": "/mot-de-passe",
    "reset": "/oubli",
    "sign_up": "/inscription",
}
Ran = tuple[list[Sighting], dict[str, Any], str]


def run(kind: str, folder: Path) -> Ran:
    with django(kind, folder) as url:
        seen = observed(ActiveSignIn(), tools_of(folder, url, **EVERYTHING))
        return seen, count(url), (folder / "journal").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def weak(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return run("weak", tmp_path_factory.mktemp("weak"))


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return run("strict", tmp_path_factory.mktemp("strict"))


def seen_in(ran: Ran, kind: type) -> list[Any]:
    """The facts of one kind, in the order of the trials."""
    return [s.fact for s in ran[0] if isinstance(s, Seen) and type(s.fact) is kind]


def test_every_planted_weakness_of_the_weak_application_is_found(weak: Ran) -> None:
    assert [SessionRenewal(("sessionid",))] == seen_in(weak, SessionRenewal)
    assert [SignedInPage("")] == seen_in(weak, SignedInPage)
    assert [
        SessionEnd("sign_out", still_open=True),
        SessionEnd("password_change", still_open=True),
    ] == seen_in(weak, SessionEnd)
    assert [ShortPassword(7, accepted=True, form="change")] == seen_in(weak, ShortPassword)
    told = {fact.form: fact.differences for fact in seen_in(weak, AccountDisclosure)}
    assert told.keys() == {"reset", "sign_up", "sign_in"}
    assert all("message" in differences for differences in told.values())
    (cookies,) = seen_in(weak, SessionCookies)
    assert [(c.name, c.secure, c.http_only, c.same_site) for c in cookies.cookies if c.session] == [
        ("sessionid", False, False, None)
    ]


def test_an_application_that_never_locks_gets_ten_wrong_passwords_and_no_more(weak: Ran) -> None:
    (failed,) = seen_in(weak, FailedSignIns)
    assert (failed.failures, failed.protection, failed.right_password) == (10, None, "accepted")
    # The server's own count: ten wrong ones, and sign-ins with a password that was right then.
    _, counted, _ = weak
    assert counted["sent"][NAME] <= 10 + 15
    assert counted["sent"]["reset"] <= 10


def test_nothing_is_found_on_the_strict_application(strict: Ran) -> None:
    assert [SessionRenewal((), (), planted=True)] == seen_in(strict, SessionRenewal)
    assert all("no-store" in fact.cache_control for fact in seen_in(strict, SignedInPage))
    assert [
        SessionEnd("sign_out", still_open=False),
        SessionEnd("password_change", still_open=False),
    ] == seen_in(strict, SessionEnd)
    assert [ShortPassword(7, accepted=False, form="change")] == seen_in(strict, ShortPassword)
    told = {fact.form: fact.differences for fact in seen_in(strict, AccountDisclosure)}
    assert told == {"reset": (), "sign_up": (), "sign_in": ()}


def test_the_first_protection_seen_ends_the_wrong_passwords(strict: Ran) -> None:
    (failed,) = seen_in(strict, FailedSignIns)
    # Five are examined, the sixth meets the lock.
    assert (failed.failures, failed.protection, failed.right_password) == (6, "message", "refused")
    assert not failed.whole_address
    assert [LentAccountLeft("put_back", may_be_locked=True)] == seen_in(strict, LentAccountLeft)


def test_the_password_is_put_back_and_no_account_is_opened(weak: Ran, strict: Ran) -> None:
    for _, counted, _ in (weak, strict):
        assert counted["unchanged"]
        assert counted["accounts"] == 1


def test_no_password_and_no_name_reach_the_journal(weak: Ran, strict: Ran) -> None:
    for seen, _, journal in (weak, strict):
        for secret in (PASSWORD, OTHER, OTHER[:7], NAME):
            assert secret not in journal
            assert secret not in str(seen)
        assert "POST" in journal


def test_without_active_nothing_is_contacted_and_everything_is_a_gap(tmp_path: Path) -> None:
    tools = tools_of(tmp_path, "http://127.0.0.1:9/", **EVERYTHING)
    tools.active = False
    seen = observed(ActiveSignIn(), tools)
    assert {NotPermitted} == {type(s.error) for s in seen if isinstance(s, Missing)}
    assert (tmp_path / "journal").read_text(encoding="utf-8") == ""
