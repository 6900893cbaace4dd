"""Sign-in by HTTP itself, over HTTP and HTTPS, and addresses that carry a session."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cnilcheck.checks.sign_in import http_authentication_encrypted, sessions_not_in_addresses
from cnilcheck.collectors.base import Nothing
from cnilcheck.collectors.http_challenges import HttpChallenges, methods_of, session_parameter
from cnilcheck.collectors.transport import Answer
from cnilcheck.model.facts import HttpAuthentication, SessionAddresses
from cnilcheck.model.scope import WebTarget
from cnilcheck.model.words import Outcome
from cnilcheck.replica import certificates
from cnilcheck.replica.tls import tls_context
from collectors.web_servers import HTML, NGINX, facts, gaps, nginx, observed, pages, tools_for, web

BASIC = (401, (HTML, ("WWW-Authenticate", 'Basic realm="Espace"')), b"<html>401</html>")


@pytest.mark.parametrize("secured", [False, True])
def test_a_password_asked_for_by_http_itself(tmp_path: Path, secured: bool) -> None:
    table = {"/": b"<html><a href=/espace/>Espace</a></html>", "/espace/": BASIC}
    tls = tls_context(certificates.issue(), mended=True) if secured else None
    with web(pages(table), tls) as url:
        seen = observed(HttpChallenges(), tools_for(tmp_path, url))
    fact = facts(seen, HttpAuthentication)["/espace/"]
    assert fact == HttpAuthentication("https" if secured else "http", ("Basic",))
    assert http_authentication_encrypted(fact).outcome is (
        Outcome.PASS if secured else Outcome.FAIL
    )


def certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=localhost",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip


@pytest.mark.parametrize("secured", [False, True])
def test_a_real_nginx_with_basic_authentication(tmp_path: Path, secured: bool) -> None:
    assert NGINX, "nginx is needed for this test"
    root = tmp_path / "www"
    root.mkdir()
    (root / "index.html").write_text("<html>dossier</html>")
    (tmp_path / "mots").write_text("x:{PLAIN}y\n")
    directives = f"auth_basic 'Espace, Digest inventé'; auth_basic_user_file {tmp_path}/mots;"
    if secured:
        certificate(tmp_path)
        directives += (
            f" ssl_certificate {tmp_path}/cert.pem; ssl_certificate_key {tmp_path}/key.pem;"
        )
    with nginx(tmp_path, root, directives, secured=secured) as url:
        seen = observed(HttpChallenges(), tools_for(tmp_path, url))
    assert facts(seen, HttpAuthentication) == {
        "/": HttpAuthentication("https" if secured else "http", ("Basic",))
    }


@pytest.mark.parametrize(
    ("header", "methods"),
    [
        ('Basic realm="x"', ("Basic",)),
        ('bAsIc realm="x", charset="UTF-8"', ("Basic",)),
        ('Digest realm="a, Basic b", nonce="n"', ("Digest",)),
        ('Negotiate, Basic realm="x"', ("Negotiate", "Basic")),
        ("Bearer", ("Bearer",)),
        ('realm="Basic"', ()),
        ("", ()),
        ('Basic realm="' + '\\"' * 10_000, ("Basic",)),
        ("," * 50_000, ()),
    ],
)
def test_the_ways_of_a_challenge_are_read(header: str, methods: tuple[str, ...]) -> None:
    answer = Answer("http://x/", 401, (("WWW-Authenticate", header),), b"", False, 0.0)
    assert methods_of(answer) == methods


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("http://x/a;jsessionid=0A1B2C3D4E5F60718293A4B5C6D7E8F9", "jsessionid"),
        ("http://x/a?PHPSESSID=q1w2e3r4t5y6u7i8o9p0", "PHPSESSID"),
        ("http://x/a?access_token=eyJhbGciOi.eyJzdWIiOi1.x", "access_token"),
        ("http://x/a?lang=fr&page=2", ""),
        ("http://x/a?session=2026", ""),
        ("http://x/a?session=automne-hiver-printemps", ""),
        ("http://x/fichier?signature=q1w2e3r4t5y6u7i8o9p0", ""),
        ("http://x/a?sid=&x", ""),
        ("http://x/a?" + "a=1&" * 1000, ""),
        ("http://[", ""),
    ],
)
def test_a_session_in_an_address_is_told_from_other_parameters(address: str, name: str) -> None:
    assert session_parameter(address) == name


@pytest.mark.parametrize("weak", [False, True])
def test_links_that_carry_the_session(tmp_path: Path, weak: bool) -> None:
    tail = ";jsessionid=0A1B2C3D4E5F60718293A4B5C6D7E8F9" if weak else ""
    body = f"<html><a href='/compte{tail}'>Compte</a> <a href='https://ailleurs.example/?sid=q1w2e3r4t5y6'>x</a></html>"
    with web(pages({"/": body.encode()})) as url:
        seen = observed(HttpChallenges(), tools_for(tmp_path, url))
    fact = facts(seen, SessionAddresses)["/"]
    assert isinstance(fact, SessionAddresses)
    assert fact.found == (("/compte (jsessionid)",) if weak else ())
    assert sessions_not_in_addresses(fact).outcome is (Outcome.FAIL if weak else Outcome.PASS)
    assert Nothing("/", HttpAuthentication) in seen
    assert "0A1B2C" not in str(seen)


def test_a_site_that_does_not_answer_is_a_gap(tmp_path: Path) -> None:
    with web(pages({})) as url:
        closed = url
    seen = observed(HttpChallenges(), tools_for(tmp_path, WebTarget(closed, login="/in")))
    assert gaps(seen, HttpAuthentication) == ["Unreachable"]
