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
from msgspec.structs import replace

from cnilcheck.collectors.active_sign_in import ActiveSignIn
from cnilcheck.collectors.base import Journal, Missing, Passwords, Seen, Sighting, Tools
from cnilcheck.errors import NotPermitted
from cnilcheck.model.facts import (
    AccountDisclosure,
    FailedSignIns,
    ForgedSignIn,
    IdleSession,
    LentAccountLeft,
    SessionCookies,
    SessionEnd,
    SessionRenewal,
    ShortPassword,
    SignedInPage,
)
from cnilcheck.model.scope import (
    Accounts,
    AuthenticationDeclaration,
    Authorisation,
    ConsentedAccount,
    Declarations,
    Limits,
    Lockout,
    Scope,
    Secret,
    SignInForm,
    WebTarget,
)
from cnilcheck.model.words import AccountClass
from collectors.sign_in_lab import (
    FORM,
    NAME,
    OTHER,
    PASSWORD,
    Place,
    growing,
    moved,
    page,
    serving,
)
from collectors.web_servers import gaps, observed

GIVEN = Authorisation("Mme Exemple", "AUT-1", dt.date(2030, 1, 1))
DJANGO = Path(__file__).parent.parent / "laboratory" / "django_site.py"


def tools_of(folder: Path, url: str, login: str = "/connexion", **account: Any) -> Tools:
    lent = ConsentedAccount(NAME, Secret(env="UNUSED"), "Mme Exemple", **account)
    target = WebTarget(url, login=login, test_account=lent)
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
    assert [ForgedSignIn(("csrfmiddlewaretoken",), opened=False)] == seen_in(strict, ForgedSignIn)
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


def tried(place: Place, folder: Path, **account: Any) -> Ran:
    """What the trials see of a site that misbehaves."""
    with serving(place) as url:
        seen = observed(
            ActiveSignIn(), tools_of(folder, url, **({"signed_in": "/compte"} | account))
        )
    return seen, {}, (folder / "journal").read_text(encoding="utf-8")


def failed_of(ran: Ran) -> FailedSignIns:
    (fact,) = seen_in(ran, FailedSignIns)
    assert isinstance(fact, FailedSignIns)
    return fact


def test_a_server_that_lies_about_success_gets_ten_wrong_passwords_and_no_more(
    tmp_path: Path,
) -> None:
    place = Place(wrong=lambda _place, _name: page("<h1>Bienvenue, vous êtes connecté</h1>"))
    failed = failed_of(tried(place, tmp_path))
    assert (
        failed.failures, failed.protection, failed.right_password, failed.opened,
    ) == (10, None, "accepted", False)  # fmt: skip
    assert place.wrongly_sent() == 10


@pytest.mark.parametrize(("token", "opened"), [("", True), ("abcdefgh12345678", False)])
def test_the_right_password_is_sent_once_without_the_token(
    tmp_path: Path, token: str, opened: bool
) -> None:
    place = Place(token=token)
    ran = tried(place, tmp_path)
    assert seen_in(ran, ForgedSignIn) == [ForgedSignIn(("token",), opened)]
    assert failed_of(ran).right_password == "accepted"


def test_a_form_without_a_token_is_not_forged(tmp_path: Path) -> None:
    address = "<input type=hidden name=redirect_to value=http://127.0.0.1:8080/wp-admin/profile>"
    token = "<input type=hidden name=token value=abcdefgh12345678>"
    ran = tried(Place(sign_in_page=FORM.replace(token, address)), tmp_path)
    assert seen_in(ran, ForgedSignIn) == []
    assert gaps(ran[0], ForgedSignIn) == []


def test_a_lie_that_leads_to_the_account_page_is_seen_through(tmp_path: Path) -> None:
    place = Place(wrong=lambda _place, _name: moved("/compte", "sid=nothing"))
    assert not failed_of(tried(place, tmp_path)).opened
    assert place.wrongly_sent() == 10


def test_one_wrong_password_that_opens_is_enough(tmp_path: Path) -> None:
    place = Place(any_password=True)
    assert failed_of(tried(place, tmp_path)).opened
    assert place.wrongly_sent() <= 1


def test_a_lock_without_a_message_shows_by_the_right_password(tmp_path: Path) -> None:
    place = Place(locks_after=7)
    ran = tried(place, tmp_path)
    assert (failed_of(ran).protection, failed_of(ran).right_password) == ("lock", "refused")
    assert [LentAccountLeft("unchanged", may_be_locked=True)] == seen_in(ran, LentAccountLeft)
    assert place.wrongly_sent() == 10


@pytest.mark.parametrize(
    ("answer", "protection", "seconds"),
    [
        (page("Slow down", 429, Retry_After="30"), "refusal", 30),
        (page("Interdit", 403), "refusal", None),
        (page(f"<p>Compte bloqué.</p>{FORM}"), "message", None),
        (page(f"<p>Account locked. Try again after 15 minutes.</p>{FORM}"), "message", None),
        (page(f"<p>Non.</p><div class=h-captcha></div>{FORM}"), "captcha", None),
    ],
)
def test_the_first_protection_ends_the_trial(
    tmp_path: Path, answer: Any, protection: str, seconds: int | None
) -> None:
    def wrong(place: Place, name: str) -> Any:
        return answer if place.failures > 5 and name == NAME else page(f"<p>Non.</p>{FORM}")

    place = Place(wrong=wrong, locks_after=5)
    failed = failed_of(tried(place, tmp_path))
    assert (protection, seconds, 6) == (failed.protection, failed.delay_seconds, failed.failures)
    assert not failed.whole_address
    assert place.wrongly_sent() == 6


def test_a_warning_before_a_lock_is_not_a_lock(tmp_path: Path) -> None:
    warning = "Il vous reste 3 essais avant que le compte soit bloqué."
    place = Place(wrong=lambda _place, _name: page(f"<p>{warning}</p>{FORM}"))
    assert failed_of(tried(place, tmp_path)).protection is None
    assert place.wrongly_sent() == 10


def test_a_wait_that_grows_ends_the_trial(tmp_path: Path) -> None:
    place = Place(wrong=growing)
    ran = tried(place, tmp_path)
    assert failed_of(ran).protection == "delay"
    assert place.wrongly_sent() <= 3


def test_an_address_shut_out_is_told_from_an_account_locked(tmp_path: Path) -> None:
    def wrong(place: Place, _name: str) -> Any:
        return page("Stop", 429) if len(place.sent) > 8 else page(f"<p>Non.</p>{FORM}")

    failed = failed_of(tried(Place(wrong=wrong), tmp_path))
    assert (failed.protection, failed.whole_address) == ("refusal", True)


def test_a_page_that_everyone_gets_proves_no_session(tmp_path: Path) -> None:
    place = Place(everyone=True)
    ran = tried(place, tmp_path)
    assert gaps(ran[0], FailedSignIns) == ["Refused"]
    assert place.wrongly_sent() == 0


def test_a_wrong_test_password_costs_one_attempt(tmp_path: Path) -> None:
    place = Place(password="something else altogether")
    assert gaps(tried(place, tmp_path)[0], FailedSignIns) == ["Refused"]
    assert len(place.sent) == 1


def test_a_sign_in_in_json_is_walked_and_its_token_kept_for_the_session(tmp_path: Path) -> None:
    told = SignInForm("/connexion", "email", "secret", "json")
    ran = tried(Place(), tmp_path, sign_in=told)
    assert failed_of(ran).failures == 10
    assert [SessionRenewal((), (), planted=False)] == seen_in(ran, SessionRenewal)


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ("<form method=post action=/next><input name=email type=email></form>", "later page"),
        ("<p>Chargement</p><script src=app.js></script>", "no form"),
        (
            "<form action=/connexion><input name=email><input type=password name=p></form>",
            "address",
        ),
    ],
)
def test_a_sign_in_that_cannot_be_walked_is_a_gap_and_sends_nothing(
    tmp_path: Path, form: str, reason: str
) -> None:
    place = Place(sign_in_page=form)
    ran = tried(place, tmp_path)
    (told,) = [s for s in ran[0] if isinstance(s, Missing) and s.missing is FailedSignIns]
    assert reason in str(told.error)
    assert place.sent == []


def test_the_password_is_put_back_when_the_operator_interrupts(tmp_path: Path) -> None:
    place = Place()
    with serving(place) as url:
        tools = tools_of(tmp_path, url, signed_in="/compte", change="/change")
        place.on_change = lambda _place: tools.stop.set()
        observed(ActiveSignIn(), tools)
    assert place.changes == [OTHER, PASSWORD]
    assert place.password == PASSWORD


def test_a_password_that_cannot_be_put_back_is_said(tmp_path: Path) -> None:
    place = Place(refuses_password=lambda _place, new: new == PASSWORD or len(new) < 12)
    ran = tried(place, tmp_path, change="/change")
    assert [LentAccountLeft("other", may_be_locked=False)] == [
        replace(left, may_be_locked=False) for left in seen_in(ran, LentAccountLeft)
    ]
    assert place.password == OTHER
    assert len(place.sent) < 30


def test_an_idle_session_is_left_alone_for_as_long_as_was_asked(tmp_path: Path) -> None:
    ran = tried(Place(), tmp_path, idle_minutes=0.005)
    assert [IdleSession(0.005, still_open=True)] == seen_in(ran, IdleSession)


def test_an_account_that_may_not_be_locked_gets_no_wrong_password(tmp_path: Path) -> None:
    place = Place()
    ran = tried(place, tmp_path, may_be_locked=False)
    assert gaps(ran[0], FailedSignIns) == ["NotPermitted"]
    assert place.wrongly_sent() == 0


def test_the_lock_that_is_declared_for_the_page_is_carried_beside_what_was_seen(
    tmp_path: Path,
) -> None:
    patients = Accounts(AccountClass.USERS, lockout=Lockout(5), sign_in=("/connexion",))
    staff = Accounts(AccountClass.STAFF, lockout=Lockout(3), sign_in=("/pro",))
    told = Declarations(authentication=AuthenticationDeclaration((patients, staff)))
    with serving(Place()) as url:
        tools = tools_of(tmp_path, url, signed_in="/compte")
        tools.scope = replace(tools.scope, declarations=told)
        seen = observed(ActiveSignIn(), tools)
    failed = failed_of((seen, {}, ""))
    assert (failed.declared_after, failed.protection) == (5, None)
