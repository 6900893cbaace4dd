"""Sign-in pages and their cookies, as a visitor sees them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from cnilcheck.collectors.base import Nothing
from cnilcheck.collectors.cookies import cookie_of, cookies_of, is_session
from cnilcheck.collectors.sign_in import SignIn
from cnilcheck.model.facts import (
    ProSanteRequest,
    ResetPage,
    SessionCookies,
    SignInPage,
    SignInWays,
)
from cnilcheck.model.scope import WebTarget
from cnilcheck.replica import Replica, certificates
from cnilcheck.replica.tls import tls_context
from collectors.web_servers import (
    HTML,
    Reply,
    facts,
    gaps,
    observed,
    pages,
    tools_for,
    web,
)

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def sign_in(
    folder: Path, body: str, *headers: tuple[str, str]
) -> tuple[SignInPage, SessionCookies]:
    table: dict[str, Reply | bytes] = {"/in": (200, (HTML, *headers), body.encode())}
    with web(pages(table)) as url:
        seen = observed(SignIn(), tools_for(folder, WebTarget(url, login="/in")))
    page, cookies = facts(seen, SignInPage)["/in"], facts(seen, SessionCookies)["/in"]
    assert isinstance(page, SignInPage)
    assert isinstance(cookies, SessionCookies)
    return page, cookies


@pytest.mark.parametrize(
    ("body", "method"),
    [
        ("<form method=post><input type=password></form>", "post"),
        ("<form METHOD=' POST '><input type=' Password '></form>", "post"),
        ("<form method=get action=/x><input type=password></form>", "get"),
        ("<form action=/x><input type=password></form>", "get"),
        ("<form><input type=password></form>", "get"),
        ("<script src=a.js></script><form><input type=password></form>", None),
        ("<form onsubmit='go()' action=/x><input type=password></form>", None),
        ("<div><input type=password></div>", None),
        (
            "<form action=/search><input type=search></form>"
            "<form method=post action=/register><input type=password><input type=password></form>"
            "<form method=get action=/login><input type=password></form>",
            "get",
        ),
    ],
)
def test_the_method_of_the_form_is_read(tmp_path: Path, body: str, method: str | None) -> None:
    assert sign_in(tmp_path, f"<html>{body}</html>")[0].method == method


@pytest.mark.parametrize(
    ("attributes", "limits"),
    [
        ("", (None, None)),
        ("minlength=12 maxlength=128", (12, 128)),
        ("maxlength=8", (None, 8)),
        ("minlength=-1 maxlength=abc", (None, None)),
        ("maxlength=99999999999999999999", (None, None)),
    ],
)
def test_the_visible_limits_of_the_password_are_read(
    tmp_path: Path, attributes: str, limits: tuple[int | None, int | None]
) -> None:
    page, _ = sign_in(tmp_path, f"<form method=post><input type=password {attributes}></form>")
    assert (page.minimum_length, page.maximum_length) == limits


@pytest.mark.parametrize(
    ("hidden", "token"),
    [
        ("<input type=hidden name=_csrf_token value=abcdefgh12345678>", True),
        ("<input type=hidden name=jeton value=0123456789abcdef>", True),
        ("<input type=hidden name=x value=0123456789abcdef0123456789abcdef>", True),
        ("<input type=hidden name=csrf_token value=''>", False),
        ("<input type=hidden name=next value=/accueil>", False),
        ("", False),
    ],
)
def test_a_token_against_forgery_is_recognised(tmp_path: Path, hidden: str, token: bool) -> None:
    page, _ = sign_in(tmp_path, f"<form method=post>{hidden}<input type=password></form>")
    assert page.anti_forgery_token is token


@pytest.mark.parametrize(
    ("action", "scheme"),
    [
        ("https://127.0.0.1/x", "https"),
        ("http://127.0.0.1/x", "http"),
        ("/x", "http"),
        ("", "http"),
    ],
)
def test_where_the_password_goes_is_read(tmp_path: Path, action: str, scheme: str) -> None:
    body = f"<form method=post action='{action}'><input type=password></form>"
    assert sign_in(tmp_path, body)[0].posts_to_scheme == scheme


def test_cookies_and_cache_control_are_read(tmp_path: Path) -> None:
    body = "<form method=post><input type=password></form>"
    page, cookies = sign_in(
        tmp_path, body, ("Cache-Control", "No-Store"), ("Set-Cookie", "PHPSESSID=abc; path=/"),
        ("Set-Cookie", "lang=fr; Expires=Wed, 21 Oct 2037 07:28:00 GMT"),
    )  # fmt: skip
    assert page.cache_control == "no-store"
    assert [(c.name, c.session) for c in cookies.cookies] == [("PHPSESSID", True), ("lang", False)]


def test_a_page_met_by_the_crawl_is_looked_at(tmp_path: Path) -> None:
    table: dict[str, Reply | bytes] = {
        "/": b"<html><a href=/espace/>Espace</a> <a href=/logout>Quitter</a></html>",
        "/espace/": b"<html><form method=post><input type=password></form></html>",
    }
    with web(pages(table)) as url:
        seen = observed(SignIn(), tools_for(tmp_path, url))
    assert set(facts(seen, SignInPage)) == {"/espace/"}


def test_a_site_without_a_sign_in_page_delivers_nothing(tmp_path: Path) -> None:
    with web(pages({"/": b"<html>Bonjour</html>"})) as url:
        seen = observed(SignIn(), tools_for(tmp_path, url))
    assert {type(sighting) for sighting in seen} == {Nothing}
    assert {sighting.of for sighting in seen} == {SignInWays, ProSanteRequest, ResetPage}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ((200, (HTML,), b"<html><div id=app></div><script src=a.js></script></html>"), "Malformed"),
        ((404, (HTML,), b"x"), "Malformed"),
        ((403, (HTML,), b"x"), "Refused"),
        ((302, (("Location", "https://sso.example.org/"),), b""), "NotPermitted"),
    ],
)
def test_a_declared_page_that_shows_no_form_is_a_gap(
    tmp_path: Path, reply: Reply, error: str
) -> None:
    with web(pages({"/in": reply}), tls_context(certificates.issue(), mended=True)) as url:
        seen = observed(SignIn(), tools_for(tmp_path, WebTarget(url, login="/in")))
    assert gaps(seen, SignInPage) == [error]
    assert gaps(seen, SessionCookies) == [error]


def test_a_session_cookie_set_on_the_way_to_https_is_told(tmp_path: Path) -> None:
    way = (("Location", "https://127.0.0.1/in"), ("Set-Cookie", "PHPSESSID=abc"))
    with web(pages({"/in": (301, way, b"")})) as url:
        seen = observed(SignIn(), tools_for(tmp_path, WebTarget(url, login="/in")))
    assert Nothing("/in", SignInPage) in seen
    assert set(facts(seen, SessionCookies)) == {"/in"}


def test_the_flawed_replica_and_its_mended_twin(tmp_path: Path) -> None:
    login = "/espace-pharmacien/connexion"
    for mended in (False, True):
        with Replica(tmp_path / str(mended), mended=mended) as replica:
            targets = (WebTarget(replica.https, login), WebTarget(replica.http, login))
            seen = [observed(SignIn(), tools_for(tmp_path, target)) for target in targets]
        page = facts(seen[0], SignInPage)[login]
        cookies = facts(seen[0], SessionCookies)[login]
        assert isinstance(page, SignInPage)
        assert isinstance(cookies, SessionCookies)
        assert page.anti_forgery_token is mended
        assert all(c.secure and c.http_only and c.same_site for c in cookies.cookies) is mended
        if mended:
            assert seen[1][:2] == [Nothing(login, SignInPage), Nothing(login, SessionCookies)]
            assert facts(seen[1], SignInWays) == {}
        else:
            assert facts(seen[1], SignInPage)[login].page_scheme == "http"  # type: ignore[attr-defined]


# Cookies.


@pytest.mark.parametrize(
    "name",
    "PHPSESSID JSESSIONID sid connect.sid ASP.NET_SessionId .ASPXAUTH __Host-session "
    "laravel_session wordpress_logged_in_ab auth_token KEYCLOAK_IDENTITY depistage_session".split(),
)
def test_a_session_cookie_is_known_by_its_name(name: str) -> None:
    assert is_session(name, "x")


@pytest.mark.parametrize(
    "name",
    "lang XSRF-TOKEN csrftoken _ga _gid _pk_id.1.1fff AWSALB BIGipServerpool __cf_bm "
    "tarteaucitron cookie_consent wordpress_test_cookie SERVERID theme incap_ses_1".split(),
)
def test_a_cookie_that_opens_nothing_is_no_session(name: str) -> None:
    assert not is_session(name, "0123456789abcdef0123456789abcdef")


def test_a_random_value_makes_a_session_of_an_unknown_name() -> None:
    assert is_session("x1", "8f14e45fceea167a5a36dedd4bea2543")
    assert not is_session("x1", "fr-FR")
    assert not is_session("x1", "accueil-accueil-accueil")


def test_attributes_are_read_as_a_browser_does() -> None:
    cookie = cookie_of("sid=1; SECURE; httponly ; SameSite=lax; Max-Age=60; Expires=bad", NOW)
    assert cookie is not None
    assert (cookie.secure, cookie.http_only, cookie.same_site, cookie.lifetime) == (
        True, True, "Lax", 60,
    )  # fmt: skip
    other = cookie_of("sid=Secure; SameSite=Whatever; Expires=Sun, 22 Nov 2026 00:01:00 GMT", NOW)
    assert other is not None
    assert (other.secure, other.same_site, other.lifetime) == (False, None, 60)


@pytest.mark.parametrize("header", ["", "nothing", "=x", "sid=; Max-Age=0", "sid=x; Max-Age=-1", "sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"])  # fmt: skip
def test_a_header_that_sets_nothing_gives_no_cookie(header: str) -> None:
    assert cookie_of(header, NOW) is None


def test_the_last_of_two_cookies_of_a_name_counts_and_no_value_is_kept() -> None:
    cookies = cookies_of(["sid=geheim1", "sid=geheim2; Secure"], NOW)
    assert [c.secure for c in cookies] == [True]
    assert "geheim" not in repr(cookies)
