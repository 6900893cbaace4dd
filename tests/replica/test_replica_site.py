"""What a visitor of the flawed site and of its mended twin sees."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest

from cnilcheck.replica import Replica
from cnilcheck.replica.people import nir_key

Browse = Callable[..., Any]
PLUGIN = "/wp-content/plugins/depistage/"
SIGN_IN = "/espace-pharmacien/connexion"


def test_the_flawed_site_is_the_same_over_http_and_https(
    flawed: Replica, browse_flawed: Browse
) -> None:
    for path in ("/", PLUGIN, "/resultats/2f9c.pdf", "/robots.txt"):
        secure, plain = browse_flawed(flawed.https, path), browse_flawed(flawed.http, path)
        assert (200, secure.body) == (plain.status, plain.body)
        assert secure.headers["Strict-Transport-Security"] is None


def test_a_crawler_can_walk_from_the_home_page_to_the_open_directory(
    flawed: Replica, browse_flawed: Browse
) -> None:
    assert f"{PLUGIN}style.css" in browse_flawed(flawed.https, "/").text
    listing = browse_flawed(flawed.https, PLUGIN).text
    assert "<title>Index of /wp-content/plugins/depistage</title>" in listing
    names = re.findall(r'<a href="([^/"]+/?)"', listing)
    expected = [
        "connexion-bdd.php.txt",
        "export-2021-07.csv",
        "export-2021-08.csv",
        "includes/",
        "style.css",
    ]
    assert expected == names
    for name in names:
        assert browse_flawed(flawed.https, PLUGIN + name).status == 200


def test_the_extracts_hold_people_with_valid_numbers(
    flawed: Replica, browse_flawed: Browse
) -> None:
    page = browse_flawed(flawed.https, f"{PLUGIN}export-2021-08.csv")
    rows = list(csv.DictReader(io.StringIO(page.text), delimiter=";"))
    assert page.headers["Content-Type"].startswith("text/csv")
    assert list(rows[0]) == [
        "nom",
        "prenom",
        "nir",
        "date_naissance",
        "telephone",
        "courriel",
        "resultat",
    ]
    assert len(rows) == 60
    for row in rows:
        assert row["nir"][13:] == nir_key(row["nir"][:13])


def test_the_leaked_source_shows_the_database_and_its_password(
    flawed: Replica, browse_flawed: Browse
) -> None:
    source = browse_flawed(flawed.http, f"{PLUGIN}connexion-bdd.php.txt").text
    host, port = flawed.database
    assert f"define('DB_HOST', '{host}:{port}');" in source
    assert re.search(r"define\('DB_PASSWORD', '.+'\);", source)


@pytest.mark.parametrize("identifier", ["2f9c", "2f9d", "2f9e"])
def test_neighbouring_results_are_readable_without_signing_in(
    flawed: Replica, browse_flawed: Browse, identifier: str
) -> None:
    page = browse_flawed(flawed.https, f"/resultats/{identifier}.pdf")
    assert (page.status, page.headers["Content-Type"]) == (200, "application/pdf")
    start = int(re.findall(rb"startxref\n(\d+)\n%%EOF", page.body)[0])
    assert page.body.startswith(b"%PDF-1.4") and page.body[start:].startswith(b"xref")
    assert re.search(rb"NIR\xa0: \d{5}\w{2}\d{8}", page.body)


def test_the_flawed_sign_in_never_locks(flawed: Replica, browse_flawed: Browse) -> None:
    page = browse_flawed(flawed.https, SIGN_IN)
    field = '<input type="password" id="mot_de_passe" name="mot_de_passe" minlength="4" maxlength="8" required>'
    assert field in page.text
    assert re.fullmatch(r"PHPSESSID=\w+; path=/", page.headers["Set-Cookie"])
    pages = [_attempt(browse_flawed, flawed, "ph-0001") for _ in range(12)]
    assert {200} == {page.status for page in pages}
    assert "Identifiant ou mot de passe incorrect" in pages[-1].text


def test_unknown_pages_are_not_found(
    flawed: Replica, mended: Replica, browse_flawed: Browse, browse_mended: Browse
) -> None:
    for path in (
        "/inconnu",
        "/.env",
        "/.git/config",
        "/../../etc/passwd",
        f"{PLUGIN}../../../connexion-bdd.php",
    ):
        assert browse_flawed(flawed.https, path).status == 404
        assert browse_mended(mended.https, path).status == 404


def test_plain_http_only_sends_to_https(mended: Replica, browse_mended: Browse) -> None:
    for path in ("/", PLUGIN, "/resultats/2f9c.pdf?a=b"):
        page = browse_mended(mended.http, path)
        assert (page.status, page.body) == (301, b"")
        assert mended.https + path[1:] == page.headers["Location"]


def test_every_mended_page_has_the_security_headers(mended: Replica, browse_mended: Browse) -> None:
    for path in ("/", SIGN_IN, "/inconnu", PLUGIN, "/resultats/2f9c.pdf"):
        headers = browse_mended(mended.https, path).headers
        assert headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert (headers["Referrer-Policy"], headers["X-Content-Type-Options"]) == (
            "no-referrer",
            "nosniff",
        )
        assert headers["Server"] == "nginx"


def test_the_mended_directory_is_closed_and_empty_of_data(
    mended: Replica, browse_mended: Browse
) -> None:
    expected = {"": 403, "style.css": 200, "export-2021-08.csv": 404, "connexion-bdd.php.txt": 404}
    assert expected == {
        name: browse_mended(mended.https, PLUGIN + name).status for name in expected
    }


def test_a_mended_result_asks_the_visitor_to_sign_in(
    mended: Replica, browse_mended: Browse
) -> None:
    for identifier in ("2f9c", "2f9d", "0" * 32):
        page = browse_mended(mended.https, f"/resultats/{identifier}.pdf")
        assert (page.status, page.headers["Location"], page.body) == (302, SIGN_IN, b"")


def test_the_mended_sign_in_page_protects_the_session(
    mended: Replica, browse_mended: Browse
) -> None:
    page = browse_mended(mended.https, SIGN_IN)
    assert re.fullmatch(
        r"__Host-session=\w{64}; Path=/; Secure; HttpOnly; SameSite=Strict",
        page.headers["Set-Cookie"],
    )
    assert page.headers["Cache-Control"] == "no-store"
    assert 'minlength="12" maxlength="128"' in page.text
    cookie, token = (
        page.headers["Set-Cookie"].split(";")[0],
        re.findall(r'value="(\w{32})"', page.text)[0],
    )
    body = f"identifiant=ph-0007&mot_de_passe=x&jeton_csrf={token}"
    assert browse_mended(mended.https, SIGN_IN, "POST", body, cookie).status == 200
    assert browse_mended(mended.https, SIGN_IN, "POST", body, "__Host-session=autre").status == 403


def test_the_mended_sign_in_locks_the_account_and_no_other(
    mended: Replica, browse_mended: Browse
) -> None:
    statuses = [_attempt(browse_mended, mended, "ph-0001").status for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    assert _attempt(browse_mended, mended, "ph-0002").status == 200


def test_oversized_and_strange_requests_are_refused(flawed: Replica, browse_flawed: Browse) -> None:
    assert browse_flawed(flawed.http, SIGN_IN, "POST", "a" * 70_000).status == 413
    assert browse_flawed(flawed.http, "/" + "a" * 70_000).status == 414
    assert browse_flawed(flawed.http, "/", "TRACE").status == 501
    assert browse_flawed(flawed.http, "/", "POST", "a=b").status == 405


def test_a_head_request_has_no_body(flawed: Replica, browse_flawed: Browse) -> None:
    page = browse_flawed(flawed.https, "/", "HEAD")
    assert (page.status, page.body) == (200, b"")


def _attempt(browse: Browse, replica: Replica, account: str) -> Any:
    """One wrong password, sent as a browser would: with the cookie and the hidden field."""
    page = browse(replica.https, SIGN_IN)
    cookie = page.headers["Set-Cookie"].split(";")[0]
    token = "".join(re.findall(r'name="jeton_csrf" value="(\w+)"', page.text))
    body = f"identifiant={account}&mot_de_passe=faux&jeton_csrf={token}"
    return browse(replica.https, SIGN_IN, "POST", body, cookie)
