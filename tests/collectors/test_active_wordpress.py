"""The trials on a real WordPress: as it comes, and with a small plugin that locks."""

from __future__ import annotations

from typing import Any

import pytest

from cnilcheck.collectors.active_sign_in import ActiveSignIn
from cnilcheck.collectors.base import Seen, Sighting
from cnilcheck.model.facts import (
    AccountDisclosure,
    FailedSignIns,
    LentAccountLeft,
    SessionCookies,
    SessionEnd,
    SessionRenewal,
    ShortPassword,
)
from collectors.test_active_sign_in import seen_in, tools_of
from collectors.web_servers import observed
from collectors.wordpress_lab import LOCK, wordpress

ACCOUNT: dict[str, Any] = {
    "login": "/wp-login.php",
    "signed_in": "/wp-admin/profile.php",
    "change": "/wp-admin/profile.php",
    "reset": "/wp-login.php?action=lostpassword",
}
Ran = tuple[list[Sighting], dict[str, Any], str]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Ran]:
    """What the trials see of the site as it comes, then with the plugin."""
    folder, ran = tmp_path_factory.mktemp("wordpress"), list[Ran]()
    with wordpress(folder) as (url, plugins):
        for name in ("bare", "locked"):
            (folder / name).mkdir()
            ran.append((observed(ActiveSignIn(), tools_of(folder / name, url, **ACCOUNT)), {}, ""))
            (plugins / "lock.php").write_text(LOCK)
    return ran[0], ran[1]


def test_a_bare_wordpress_locks_nobody_and_tells_accounts_apart(both: tuple[Ran, Ran]) -> None:
    bare, _ = both
    (failed,) = seen_in(bare, FailedSignIns)
    assert (failed.failures, failed.protection, failed.right_password) == (10, None, "accepted")
    told = {s.location: s.fact for s in bare[0] if isinstance(s, Seen)}
    assert "message" in told["/wp-login.php?action=lostpassword"].differences
    assert [fact.form for fact in seen_in(bare, AccountDisclosure)] == ["reset", "sign_in"]
    assert all("message" in fact.differences for fact in seen_in(bare, AccountDisclosure))


def test_a_wordpress_that_locks_and_answers_alike_is_told_so(both: tuple[Ran, Ran]) -> None:
    _, locked = both
    (failed,) = seen_in(locked, FailedSignIns)
    assert (failed.failures, failed.protection, failed.right_password) == (6, "message", "refused")
    assert [fact.differences for fact in seen_in(locked, AccountDisclosure)] == [(), ()]


def test_sessions_of_wordpress_are_seen_to_begin_and_to_end(both: tuple[Ran, Ran]) -> None:
    for ran in both:
        assert [SessionRenewal((), (), planted=True)] == seen_in(ran, SessionRenewal)
        assert [SessionEnd("sign_out", still_open=False)] == seen_in(ran, SessionEnd)
        (cookies,) = seen_in(ran, SessionCookies)
        assert {True} == {c.http_only for c in cookies.cookies if c.session}


def test_a_profile_that_holds_more_than_a_password_is_left_alone(both: tuple[Ran, Ran]) -> None:
    # As asked for in a scope: the page has lists and a text area, whose content would be lost.
    for ran in both:
        assert seen_in(ran, ShortPassword) == []
        assert [LentAccountLeft] == [type(left) for left in seen_in(ran, LentAccountLeft)]
        assert {"unchanged"} == {left.password for left in seen_in(ran, LentAccountLeft)}
