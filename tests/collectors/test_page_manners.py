"""Foreign origins, TRACE, search engines, caches and software: told from their compliant twins."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from cnilcheck.collectors.base import Nothing
from cnilcheck.collectors.page_manners import PageManners
from cnilcheck.collectors.software import distribution_in, ends_of_life, named_software
from cnilcheck.model.facts import CrossOrigin, PersonalPage, SoftwareVersions, TraceMethod
from cnilcheck.model.scope import WebTarget
from collectors.service_lab import fake
from collectors.web_servers import HTML, facts, observed, pages, tools_for, web

NIRS = [f"{n}{97 - n % 97:02d}" for n in (2850578006084, 1850375123456)]
PERSON = f"<html><title>Dossier</title><p>{NIRS[0]}</p><p>{NIRS[1]}</p></html>".encode()


def talk(admits: bool, echoes: bool):
    """A server that copies the Origin it is given, and sends TRACE back; or its twin."""

    def converse(line) -> None:
        while said := line.recv(65536).decode("latin-1"):
            head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
            origin = [v[8:] for v in said.split("\r\n") if v.lower().startswith("origin: ")]
            if origin and admits:
                head += f"Access-Control-Allow-Origin: {origin[0]}\r\n"
                head += "Access-Control-Allow-Credentials: true\r\n"
            body = said if said.startswith("TRACE") and echoes else "<html>Bonjour</html>"
            if said.startswith("TRACE") and not echoes:
                head = "HTTP/1.1 405 Not Allowed\r\n"
            line.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    return converse


@pytest.mark.parametrize("flawed", [True, False])
def test_foreign_origins_and_trace_are_told(flawed: bool, tmp_path: Path) -> None:
    with fake(talk(flawed, flawed)) as port:
        seen = observed(PageManners(), tools_for(tmp_path, WebTarget(f"http://127.0.0.1:{port}/")))
    (origins,) = facts(seen, CrossOrigin).values()
    assert origins == (CrossOrigin(("any", "null"), True) if flawed else CrossOrigin((), False))
    (trace,) = facts(seen, TraceMethod).values()
    assert trace == TraceMethod(200 if flawed else 405, flawed)


def test_an_interface_open_to_all_without_credentials_is_no_flaw(tmp_path: Path) -> None:
    star = ("Access-Control-Allow-Origin", "*")
    with web(lambda path: (200, (HTML, star), b"<html>ok</html>")) as url:
        seen = observed(PageManners(), tools_for(tmp_path, WebTarget(url)))
    assert facts(seen, CrossOrigin) == {"/": CrossOrigin(("*",), False)}


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ((), PERSON, PersonalPage(True, "")),
        (
            (("X-Robots-Tag", "noindex"), ("Cache-Control", "no-store")),
            PERSON,
            PersonalPage(False, "no-store"),
        ),
        (
            (),
            PERSON.replace(b"<title>", b"<meta name=robots content=noindex><title>"),
            PersonalPage(False, ""),
        ),
        (
            (),
            b"<html>Votre numero (ex. " + NIRS[0].encode() + b") figure sur la carte</html>",
            None,
        ),
    ],
)
def test_a_page_about_people_speaks_to_engines_and_caches(
    headers: tuple[tuple[str, str], ...], body: bytes, expected: PersonalPage | None, tmp_path: Path
) -> None:
    with web(lambda path: (200, (HTML, *headers), body)) as url:
        seen = observed(PageManners(), tools_for(tmp_path, WebTarget(url)))
    assert facts(seen, PersonalPage).get("/") == expected
    assert NIRS[0] not in repr(seen)
    if expected is None:
        assert any(isinstance(s, Nothing) and s.of is PersonalPage for s in seen)


@pytest.mark.parametrize(
    ("banner", "ended_on"),
    [
        ("PHP/7.2.34", dt.date(2020, 11, 30)),
        ("PHP/5.3.3", dt.date(2014, 8, 14)),
        ("Apache/2.2.15 (Unix)", dt.date(2017, 7, 11)),
        ("Apache/2.4.58", None),
        ("Microsoft-IIS/7.5", dt.date(2020, 1, 14)),
        ("MariaDB 10.3.39-MariaDB", dt.date(2023, 5, 25)),
        ("OpenSSL/1.1.1k", dt.date(2023, 9, 11)),
    ],
)
def test_a_version_is_looked_up_by_its_branch(banner: str, ended_on: dt.date | None) -> None:
    (software,) = named_software(banner, "server")
    assert software.ended_on == ended_on


@pytest.mark.parametrize(
    "banner", ["nginx", "Apache", "Apache-Coyote/1.1", "cloudflare", "mod_PHP"]
)
def test_a_banner_without_a_known_version_names_nothing(banner: str) -> None:
    assert not list(named_software(banner, "server"))


def test_a_distribution_is_seen_beside_the_version(tmp_path: Path) -> None:
    server = ("Server", "Apache/2.2.22 (Debian)")
    home = b"<html><meta name=generator content='WordPress 5.2'>Bonjour</html>"
    with web(pages({"/": (200, (HTML, server), home)})) as url:
        seen = observed(PageManners(), tools_for(tmp_path, WebTarget(url)))
    (fact,) = facts(seen, SoftwareVersions).values()
    assert isinstance(fact, SoftwareVersions)
    assert fact.distribution == "Debian"
    assert [(s.product, s.version) for s in fact.found] == [
        ("Apache HTTP Server", "2.2.22"), ("WordPress", "5.2"),
    ]  # fmt: skip
    assert distribution_in("MariaDB 10.3.39-MariaDB-0+deb10u1") == "Debian"


def test_the_table_of_ends_has_a_source_for_each_product() -> None:
    table = ends_of_life()
    assert len({entry.product for entry in table}) == len(table)
    for entry in table:
        assert entry.source.startswith("https://")
        assert all(
            dt.date(2009, 1, 1) < day < dt.date(2040, 1, 1) for day in entry.branches.values()
        )
