"""The crawl stays inside the site, within its bounds, and asks for each address once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cnilcheck.collectors.site import MOST_PAGES, site
from cnilcheck.errors import CollectionError, TimedOut
from cnilcheck.model.scope import WebTarget
from collectors.web_servers import HTML, NOT_FOUND, Reply, pages, raw, tools_for, web


def test_the_crawl_follows_links_three_deep_and_gathers_the_folders_above(tmp_path: Path) -> None:
    table: dict[str, Reply | bytes] = {
        "/": b"<html><a href=/a>a</a><img src=/img/2021/x.png><script src=/js/app.js></script></html>",
        "/a": b"<html><a href=/b>b</a></html>",
        "/b": b"<html><a href=/c>c</a></html>",
        "/c": b"<html><a href=/d>d</a></html>",
        "/d": b"<html>too deep</html>",
        "/robots.txt": (200, (), b"User-agent: *\nDisallow: /secret/data/*.csv\nSitemap: /s.xml\n"),
        "/sitemap.xml": (200, (), b"<urlset><url><loc>/from/map</loc></url></urlset>"),
    }
    with web(pages(table)) as url:
        survey = site(tools_for(tmp_path, url), WebTarget(url)).survey("test")
    assert [page.answer.path for page in survey.pages] == ["/", "/a", "/b", "/c"]
    expected = {"/img/2021/", "/img/", "/js/", "/secret/data/", "/secret/", "/from/"}
    assert expected <= set(survey.directories)


def test_the_crawl_never_leaves_the_site_and_never_signs_out(tmp_path: Path) -> None:
    asked = []

    def answer(path: str) -> Reply:
        asked.append(path)
        if path != "/":
            return NOT_FOUND
        links = "/logout /deconnexion /panier?action=delete //other.example/ http://127.0.0.1:1/ "
        links += "javascript:alert(1) mailto:a@b.example /file.pdf ftp://x/ http://[bad/"
        return 200, (HTML,), "".join(f"<a href='{link}'>x</a>" for link in links.split()).encode()

    with web(answer) as url:
        site(tools_for(tmp_path, url), WebTarget(url)).survey("test")
    assert set(asked) == {"/", "/robots.txt", "/sitemap.xml"}


def test_the_crawl_of_an_endless_site_is_bounded(tmp_path: Path) -> None:
    asked = []

    def answer(path: str) -> Reply:
        asked.append(path)
        links = "".join(f"<a href='{path.rstrip('/')}/{n}'>x</a>" for n in range(50))
        return 200, (HTML,), f"<html>{links}</html>".encode()

    with web(answer) as url:
        survey = site(tools_for(tmp_path, url), WebTarget(url)).survey("test")
    assert len(survey.pages) == MOST_PAGES
    assert len(asked) <= MOST_PAGES + 2


def test_two_instruments_share_one_crawl(tmp_path: Path) -> None:
    asked = []

    def answer(path: str) -> Reply:
        asked.append(path)
        return pages({"/": b"<html><a href=/a>a</a></html>", "/a": b"<html>a</html>"})(path)

    with web(answer) as url:
        tools, target = tools_for(tmp_path, url), WebTarget(url)
        threads = [
            threading.Thread(target=lambda: site(tools, target).survey("test")) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
    assert len(asked) == len(set(asked))


def test_a_site_that_never_answers_in_time_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnilcheck.collectors.site.DEADLINE_SECONDS", 0.2)
    connections = []

    def silent(connection: object) -> None:
        connections.append(connection)
        threading.Event().wait(2)

    with raw(silent) as url:
        where = site(tools_for(tmp_path, url), WebTarget(url))
        for path in "abcdefgh":
            with pytest.raises(TimedOut):
                where.get("test", f"{url}{path}")
        with pytest.raises(CollectionError):
            where.survey("test")
    assert len(connections) == 3


def test_what_heads_scripts_and_maps_of_maps_name_is_remembered(tmp_path: Path) -> None:
    policy = ("Content-Security-Policy", "script-src 'self'; report-uri /rapports/csp?v=1")
    link = ("Link", "</api/v2/>; rel=preconnect")
    script = b"fetch('/api/resultats/liste');\n//# sourceMappingURL=app.4f.js.map\n"
    table: dict[str, Reply | bytes] = {
        "/": (200, (HTML, policy, link), b"<html><script src=/js/app.4f.js></script></html>"),
        "/js/app.4f.js": (200, (("Content-Type", "text/javascript"),), script),
        "/sitemap.xml": (200, (), b"<sitemapindex><loc>/plan-1.xml</loc></sitemapindex>"),
        "/plan-1.xml": (200, (), b"<urlset><url><loc>/conseils/</loc></url></urlset>"),
    }
    with web(pages(table)) as url:
        survey = site(tools_for(tmp_path, url), WebTarget(url)).survey("test")
    named = {"/rapports/csp?v=1", "/api/v2/", "/api/resultats/liste", "/js/app.4f.js.map"}
    assert named | {"/conseils/"} <= set(survey.addresses)


def test_addresses_of_other_sites_in_heads_and_scripts_are_not_kept(tmp_path: Path) -> None:
    policy = (
        "Content-Security-Policy",
        "connect-src https://other.example/api/; report-uri //x.example/r",
    )
    table: dict[str, Reply | bytes] = {"/": (200, (HTML, policy), b"<html>Bonjour</html>")}
    with web(pages(table)) as url:
        survey = site(tools_for(tmp_path, url), WebTarget(url)).survey("test")
    assert set(survey.addresses) == {"/"}
