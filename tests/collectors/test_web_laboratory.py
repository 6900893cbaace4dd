"""What is planted in real web servers is found, and nothing on their strict twins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cnilcheck.collectors.base import Missing, Sighting
from cnilcheck.collectors.page_manners import PageManners
from cnilcheck.collectors.web_exposure import WebExposure
from cnilcheck.model.facts import (
    CrossOrigin,
    DirectoryListings,
    PersonalPage,
    ReadableFiles,
    TraceMethod,
)
from cnilcheck.model.scope import WebTarget
from collectors import web_lab
from collectors.service_lab import free_port, program
from collectors.web_servers import facts, nginx, observed, tools_for


def looked(folder: Path, url: str) -> tuple[dict[str, str], set[str], list[Sighting]]:
    """The kinds of the files found, by path, the listed folders, and all that was seen."""
    seen = observed(WebExposure(), tools_for(folder, url))
    assert not [s.error for s in seen if isinstance(s, Missing)]
    (files,) = facts(seen, ReadableFiles).values()
    (listings,) = facts(seen, DirectoryListings).values()
    assert isinstance(files, ReadableFiles)
    assert isinstance(listings, DirectoryListings)
    return {f.path: f.kind for f in files.found}, {d.path for d in listings.listed}, seen


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, str]]:
    """One Apache with six sites; its workers are not who runs the tests, and must get in."""
    with TemporaryDirectory(prefix="cnilcheck-apache-") as made:
        Path(made).chmod(0o755)
        yield from served(Path(made))


def served(folder: Path) -> Iterator[dict[str, str]]:
    root = web_lab.planted(folder / "www")
    with web_lab.wordpress(folder) as (weak, strict):
        names = {
            "weak": web_lab.weak_site(root),
            "strict": web_lab.strict_site(root),
            "wordpress": web_lab.wordpress_site(weak, strict=False),
            "strict wordpress": web_lab.wordpress_site(strict, strict=True),
            "phpmyadmin": web_lab.phpmyadmin_site(True),
            "strict phpmyadmin": web_lab.phpmyadmin_site(False),
        }
        taken = {name: free_port() for name in names}
        with web_lab.apache(folder, {taken[name]: text for name, text in names.items()}):
            yield {name: f"http://127.0.0.1:{port}/" for name, port in taken.items()}


def test_apache_that_lists_and_tells(ports: dict[str, str], tmp_path: Path) -> None:
    found, listed, seen = looked(tmp_path, ports["weak"])
    assert found == web_lab.PLANTED | {"/server-status": "diagnostic_page"}
    assert listed >= web_lab.LISTED
    assert web_lab.NIR not in repr(seen)
    assert "Durand" not in repr(seen)
    (trace,) = facts(
        observed(PageManners(), tools_for(tmp_path, ports["weak"])), TraceMethod
    ).values()
    assert trace == TraceMethod(200, True)


def test_apache_that_keeps_the_same_files_to_itself(ports: dict[str, str], tmp_path: Path) -> None:
    assert looked(tmp_path, ports["strict"])[:2] == ({}, set())
    seen = observed(PageManners(), tools_for(tmp_path, ports["strict"]))
    assert facts(seen, TraceMethod)["/"] == TraceMethod(405, False)


def test_wordpress_as_many_run_it(
    ports: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As under the usual manners: the addresses that are rarely the ones are left out.
    monkeypatch.setattr("cnilcheck.collectors.web_search.MANY_A_SECOND", 1e9)
    found, listed, seen = looked(tmp_path, ports["wordpress"])
    assert {
        "/wp-content/uploads/wpforms/reponses.csv": "data_extract",
        "/wp-content/debug.log": "log",
        "/wp-config.php.bak": "source_code",
        "/xmlrpc.php": "administration_page",
        "/readme.html": "diagnostic_page",
        "/wp-json/wp/v2/users": "diagnostic_page",
        "/wp-sitemap-users-1.xml": "diagnostic_page",
        "/wp-links-opml.php": "diagnostic_page",
    }.items() <= found.items()
    assert "/wp-content/uploads/wpforms/" in listed
    assert web_lab.NIR not in repr(seen)


def test_wordpress_as_it_should_be(
    ports: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnilcheck.collectors.web_search.MANY_A_SECOND", 1e9)
    assert looked(tmp_path, ports["strict wordpress"])[:2] == ({}, set())


def test_phpmyadmin_reached_by_everybody_and_by_a_network(
    ports: dict[str, str], tmp_path: Path
) -> None:
    found, _, _ = looked(tmp_path, ports["phpmyadmin"])
    assert found == {"/phpmyadmin/": "administration_page"}
    assert looked(tmp_path, ports["strict phpmyadmin"])[:2] == ({}, set())


@pytest.mark.parametrize("strict", [False, True])
def test_orthanc_open_and_closed(tmp_path: Path, strict: bool) -> None:
    with web_lab.orthanc_web(tmp_path, strict=strict) as url:
        seen = observed(WebExposure(), tools_for(tmp_path, url))
    (files,) = facts(seen, ReadableFiles).values() or (None,)
    if strict:
        assert files is None or files == ReadableFiles(files.asked, ())  # type: ignore[attr-defined]
        return
    assert isinstance(files, ReadableFiles)
    kinds = {f.path: f.kind for f in files.found}
    assert {
        "/statistics": "data_extract",
        "/system": "diagnostic_page",
        "/dicom-web/studies?limit=1": "data_extract",
        "/patients?limit=1&since=0": "data_extract",
        "/app/explorer.html": "administration_page",
    }.items() <= kinds.items()
    assert "DURAND" not in repr(seen)


PAGE = f"<!doctype html><html><title>Dossier</title><p>{web_lab.NIR}</p><p>{2850578006084}{97 - 2850578006084 % 97:02d}</p></html>"


@pytest.mark.parametrize("strict", [False, True])
def test_nginx_with_and_without_manners(tmp_path: Path, strict: bool) -> None:
    program("nginx")
    root = web_lab.planted(tmp_path / "www")
    (root / "dossier.html").write_text(PAGE)
    (root / "index.html").write_text(web_lab.HOME.replace("<p>", "<a href=/dossier.html>x</a><p>"))
    tmp_path.chmod(0o755)
    manners = (
        "location ~ (?:/\\.|\\.(?:csv|sql|ya?ml|lock|log)$) { deny all; }\n"
        "location = /openapi.json { deny all; }\n"
        'location = /dossier.html { add_header Cache-Control "no-store"; add_header X-Robots-Tag noindex; }'
        if strict
        else "autoindex on; location = /basic_status { stub_status; }\n"
        "add_header Access-Control-Allow-Origin $http_origin;"
        " add_header Access-Control-Allow-Credentials true;"
    )
    with nginx(tmp_path, root, manners) as url:
        found, listed, _ = looked(tmp_path, url)
        target = WebTarget(url)
        seen = observed(PageManners(), tools_for(tmp_path, target))
    origin, personal = facts(seen, CrossOrigin)["/"], facts(seen, PersonalPage)["/dossier.html"]
    # nginx answers TRACE with 405 whatever its configuration.
    assert facts(seen, TraceMethod)["/"] == TraceMethod(405, False)
    if strict:
        # The page about people is found by the crawl: it is what the site itself shows.
        assert (set(found), listed) == ({"/dossier.html"}, set())
        assert (origin, personal) == (CrossOrigin((), False), PersonalPage(False, "no-store"))
    else:
        expected = web_lab.PLANTED | {"/basic_status": "diagnostic_page"}
        assert found.items() >= expected.items()
        assert listed >= web_lab.LISTED
        assert (origin, personal) == (CrossOrigin(("any", "null"), True), PersonalPage(True, ""))
