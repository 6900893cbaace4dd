"""Plain HTTP, HSTS and the headers of the main page."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors.base import Nothing, Sighting
from cnilcheck.collectors.plain_http import MainPage, strict_transport
from cnilcheck.collectors.transport import permitted
from cnilcheck.model.facts import PlainHttp, ResponseHeaders, StrictTransport
from cnilcheck.model.scope import Scope, WebTarget
from cnilcheck.replica import Replica, certificates
from cnilcheck.replica.tls import tls_context
from collectors.web_servers import HTML, Reply, facts, gaps, observed, pages, tools_for, web

PAGE = b"<html>Bonjour</html>"


def main_page(folder: Path, *urls: str) -> list[Sighting]:
    return observed(MainPage(), tools_for(folder, *urls))


@pytest.mark.parametrize(
    ("header", "age", "subdomains"),
    [
        ("max-age=31536000; includeSubDomains", 31536000, True),
        ('Max-Age="300" ;; INCLUDESUBDOMAINS; preload', 300, True),
        ("max-age=0", 0, False),
        ("includeSubDomains", None, True),
        ("max-age=abc", None, False),
        ("max-age=-5", None, False),
        ("max-age=1; max-age=2", None, False),
        ("max-age=٣", None, False),
        ("", None, False),
    ],
)
def test_the_header_is_read_by_its_rfc(header: str, age: int | None, subdomains: bool) -> None:
    fact = strict_transport(header)
    assert fact.max_age == age
    assert fact.include_subdomains is (subdomains and age is not None)


def test_plain_http_that_serves_a_page_is_told_with_its_status(tmp_path: Path) -> None:
    with web(pages({"/": PAGE})) as url:
        assert facts(main_page(tmp_path, url), PlainHttp)["/"] == PlainHttp(200, None)


def test_a_redirection_is_told_and_not_followed(tmp_path: Path) -> None:
    reply: Reply = (301, (("Location", "https://example.invalid/x"),), b"")
    with web(lambda path: reply) as url:
        seen = main_page(tmp_path, url)
    assert facts(seen, PlainHttp)["/"] == PlainHttp(301, "https://example.invalid/x")
    assert Nothing("/", ResponseHeaders) in seen


def test_headers_of_https_are_told_lower_case_and_absent_ones_are_absent(tmp_path: Path) -> None:
    reply: Reply = (200, (HTML, ("Server", "nginx/1.14.0"), ("X-Frame-Options", "DENY")), PAGE)
    with web(lambda path: reply, tls_context(certificates.issue(), mended=True)) as url:
        seen = main_page(tmp_path, url)
    fact = facts(seen, ResponseHeaders)["/"]
    assert fact == ResponseHeaders({"server": "nginx/1.14.0", "x-frame-options": "DENY"})
    assert facts(seen, StrictTransport)["/"] == StrictTransport(None, False)
    assert Nothing("/", PlainHttp) in seen


def test_policies_written_in_the_page_count(tmp_path: Path) -> None:
    body = (
        b"<html><meta http-equiv=Content-Security-Policy content=\"default-src 'self';"
        b" frame-ancestors 'none'\"><meta name=referrer content=no-referrer></html>"
    )
    with web(pages({"/": body})) as url:
        fact = facts(main_page(tmp_path, url), ResponseHeaders)["/"]
    assert isinstance(fact, ResponseHeaders)
    assert fact.headers["referrer-policy"] == "no-referrer"
    assert "default-src" in fact.headers["content-security-policy"]
    assert "frame-ancestors" not in fact.headers["content-security-policy"]


def test_hsts_of_a_redirection_inside_the_site_counts(tmp_path: Path) -> None:
    table: dict[str, Reply | bytes] = {
        "/": (302, (("Location", "/fr/"), ("Strict-Transport-Security", "max-age=31536000")), b""),
        "/fr/": PAGE,
    }
    with web(pages(table), tls_context(certificates.issue(), mended=True)) as url:
        seen = main_page(tmp_path, url)
    assert facts(seen, StrictTransport)["/"] == StrictTransport(31536000, False)
    assert "/" in facts(seen, ResponseHeaders)


@pytest.mark.parametrize(("status", "error"), [(403, "Refused"), (500, "Malformed")])
def test_headers_of_an_error_page_are_a_gap(tmp_path: Path, status: int, error: str) -> None:
    reply: Reply = (status, (HTML,), PAGE)
    with web(lambda path: reply, tls_context(certificates.issue(), mended=True)) as url:
        assert gaps(main_page(tmp_path, url), ResponseHeaders) == [error]


def test_a_lone_plain_target_is_judged_for_its_headers_and_a_twin_is_not(tmp_path: Path) -> None:
    with Replica(tmp_path) as replica:
        alone = main_page(tmp_path, replica.http)
        both = main_page(tmp_path, replica.https, replica.http)
    assert "/" in facts(alone, ResponseHeaders)
    assert Nothing("/", ResponseHeaders) in both


def test_port_80_goes_with_https_on_443_and_with_no_other_port() -> None:
    scope = Scope(1, (WebTarget("https://app.example/"), WebTarget("https://b.example:8443/")))
    assert permitted(scope) == {("app.example", 443), ("app.example", 80), ("b.example", 8443)}


def test_the_mended_replica_redirects_and_insists_on_https(tmp_path: Path) -> None:
    with Replica(tmp_path, mended=True) as replica:
        plain = facts(main_page(tmp_path, replica.http), PlainHttp)["/"]
        secured = facts(main_page(tmp_path, replica.https), StrictTransport)["/"]
    assert plain == PlainHttp(301, replica.https)
    assert isinstance(secured, StrictTransport)
    assert (secured.max_age or 0) >= 31536000
