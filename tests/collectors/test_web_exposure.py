"""Exposed files and directories: found where they are, and never where a server only says so."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
import string
import subprocess
import time
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from cnilcheck.collectors import soft_404
from cnilcheck.collectors.base import Missing, Seen
from cnilcheck.collectors.file_content import content_of
from cnilcheck.collectors.html_page import read_html
from cnilcheck.collectors.listings import listing_of
from cnilcheck.collectors.tables import Probe, web_probes
from cnilcheck.collectors.transport import Answer
from cnilcheck.collectors.web_exposure import WebExposure
from cnilcheck.model.facts import DirectoryListings, ReadableFile, ReadableFiles
from cnilcheck.model.scope import Limits
from cnilcheck.replica import Replica
from collectors.web_servers import (
    HTML,
    NGINX,
    NOT_FOUND,
    TEXT,
    Reply,
    facts,
    gaps,
    nginx,
    observed,
    pages,
    raw,
    tools_for,
    web,
)

# An invented NIR whose key is right: 97 - 1850375123456 mod 97.
NIR = f"1850375123456{97 - 1850375123456 % 97:02d}"
CSV = f"nom;prenom;nir;courriel\nDurand;Anne;{NIR};a.durand@example.org\n" * 4
HOME = (
    b"<html><title>Accueil</title><link rel=stylesheet href=/assets/css/site.css><p>Bonjour</html>"
)


def exposure(folder: Path, url: str, **options: object) -> list[object]:
    return observed(WebExposure(), tools_for(folder, url, **options))  # type: ignore[arg-type,return-value]


def files(sightings: list[object]) -> dict[str, ReadableFile]:
    fact = facts(sightings, ReadableFiles)["/"]  # type: ignore[arg-type]
    assert isinstance(fact, ReadableFiles)
    return {file.path: file for file in fact.found}


def listed(sightings: list[object]) -> set[str]:
    fact = facts(sightings, DirectoryListings)["/"]  # type: ignore[arg-type]
    assert isinstance(fact, DirectoryListings)
    return {directory.path for directory in fact.listed}


# The table of probes.


def body_of(example: str) -> bytes:
    return bytes.fromhex(example[4:]) if example.startswith("hex:") else example.encode()


PROBES = [pytest.param(probe, id=probe.id) for probe in web_probes().probes]


@pytest.mark.parametrize("probe", PROBES)
def test_a_probe_recognises_its_example_and_not_its_counter_example(probe: Probe) -> None:
    media = "text/plain" if probe.not_html else "text/html"
    assert probe.proves(probe.status[0], media, body_of(probe.example))
    assert not probe.proves(probe.status[0], media, body_of(probe.counter_example))


@pytest.mark.parametrize("probe", PROBES)
def test_a_probe_is_not_convinced_by_a_status_or_by_a_page(probe: Probe) -> None:
    page = b"<!doctype html><html><title>Bienvenue</title><p>Bonjour</p></html>"
    assert not probe.proves(200, "text/html", page)
    assert not probe.proves(200, "text/plain", b"")
    assert not probe.proves(403, "text/plain", body_of(probe.example))


def test_probes_have_names_of_their_own() -> None:
    names = [probe.id for probe in web_probes().probes]
    assert len(names) == len(set(names))


# Whole sites.


@pytest.fixture(scope="module")
def flawed(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    folder = tmp_path_factory.mktemp("flawed")
    with Replica(folder) as replica:
        return exposure(folder, replica.https)


def test_the_flawed_replica_gives_away_what_the_case_was_about(flawed: list[object]) -> None:
    plugin = "/wp-content/plugins/depistage/"
    assert listed(flawed) == {plugin, f"{plugin}includes/"}
    found = files(flawed)
    assert {path.removeprefix(plugin) for path in found} == {
        "connexion-bdd.php.txt", "export-2021-07.csv", "export-2021-08.csv",
    }  # fmt: skip
    assert found[f"{plugin}export-2021-07.csv"].kind == "data_extract"
    assert found[f"{plugin}export-2021-07.csv"].records == 60
    assert found[f"{plugin}connexion-bdd.php.txt"].secrets


def test_no_personal_data_and_no_secret_is_kept(flawed: list[object]) -> None:
    from cnilcheck.model.personal_data import count_personal_data
    from cnilcheck.replica import database

    told = repr(flawed)
    assert not [c for c in count_personal_data(told) if c.kind in ("nir", "email", "phone")]
    assert database.PASSWORD not in told


def test_the_mended_replica_gives_nothing_away(tmp_path: Path) -> None:
    with Replica(tmp_path, mended=True) as replica:
        for url in (replica.https, replica.http):
            sightings = exposure(tmp_path, url)
            assert files(sightings) == {}
            assert listed(sightings) == set()


@pytest.mark.skipif(NGINX is None, reason="no nginx here")
def test_nginx_with_a_listing_a_repository_and_an_extract(tmp_path: Path) -> None:
    root = tmp_path / "www"
    (root / "assets" / "css").mkdir(parents=True)
    (root / "assets" / "export.csv").write_text(CSV)
    (root / "assets" / "resultat_Durand_Anne.pdf").write_bytes(b"%PDF-1.4 rien")
    (root / "index.html").write_bytes(HOME)
    subprocess.run(["git", "init", "-q", str(root)], check=True, timeout=5)
    tmp_path.chmod(0o755)
    with nginx(tmp_path, root, "location /assets/ { autoindex on; }") as url:
        sightings = exposure(tmp_path, url)
    assert listed(sightings) == {"/assets/", "/assets/css/"}
    found = files(sightings)
    assert {path: file.kind for path, file in found.items()} == {
        "/.git/HEAD": "version_control", "/assets/export.csv": "data_extract",
    }  # fmt: skip
    assert "Durand" not in repr(sightings)


@pytest.mark.skipif(NGINX is None, reason="no nginx here")
def test_nginx_that_refuses_hidden_files_and_lists_nothing(tmp_path: Path) -> None:
    root = tmp_path / "www"
    (root / "assets" / "css").mkdir(parents=True)
    (root / ".env").write_text("APP_ENV=prod\nDB_PASSWORD=not-a-real-one\n")
    (root / "index.html").write_bytes(HOME)
    tmp_path.chmod(0o755)
    with nginx(tmp_path, root, r"location ~ /\. { deny all; }") as url:
        sightings = exposure(tmp_path, url)
    assert files(sightings) == {}
    assert listed(sightings) == set()
    assert gaps(sightings, ReadableFiles) == []


def varying(path: str) -> bytes:
    """A page for everything, in other words each time: the hardest soft 404 that was measured."""
    noise = " ".join(random.choices(string.ascii_lowercase.split() or ["x"], k=3))
    words = " ".join("".join(random.choices(string.ascii_lowercase, k=6)) for _ in range(60))
    return f"<html><head><title>Oups</title></head><body><p>{path}</p><p>{noise} {words}</p><form><input type=hidden value={random.random()}></form></body></html>".encode()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda path: (200, (HTML,), varying(path)), id="a varying page for all"),
        pytest.param(lambda path: (200, (HTML,), HOME), id="a single-page application"),
        pytest.param(
            lambda path: (200, (("Content-Type", "application/json"),), json.dumps({"error": "not found", "path": path, "id": random.random()}).encode()),
            id="JSON for all",
        ),
        pytest.param(
            lambda path: (302, (("Location", "/connexion"),), b"") if path != "/connexion" else (200, (HTML,), HOME),
            id="everything redirects to the sign-in page",
        ),
        pytest.param(
            lambda path: (200, (TEXT,), f"ref: refs/heads/main\nAPP_ENV=x\nDB_PASSWORD=not-a-real-one-{path}\n".encode()),
            id="a secret for all",
        ),
        pytest.param(lambda path: (200, (TEXT,), CSV.encode()), id="a CSV for all"),
        pytest.param(
            lambda path: (200, (HTML,), f"<html><title>Index of {path}</title><h1>Index of {path}</h1><a href='../'>../</a> <a href='x.csv'>x.csv</a></html>".encode()),
            id="a listing for all",
        ),
        pytest.param(lambda path: (200, (TEXT,), b""), id="nothing for all"),
    ],
)  # fmt: skip
def test_a_server_that_answers_everything_exposes_nothing(tmp_path: Path, answer: object) -> None:
    with web(answer) as url:  # type: ignore[arg-type]
        sightings = exposure(tmp_path, url)
    assert files(sightings) == {}
    assert listed(sightings) <= {"/"}


def test_a_real_file_behind_a_soft_404_is_still_found(tmp_path: Path) -> None:
    env = b"APP_ENV=prod\nDB_PASSWORD=not-a-real-one-9\n"

    def answer(path: str) -> Reply:
        return (200, (TEXT,), env) if path == "/.env" else (200, (HTML,), varying(path))

    with web(answer) as url:
        found = files(exposure(tmp_path, url))
    assert set(found) == {"/.env"}
    assert found["/.env"].secrets


def test_a_site_that_answers_as_if_everything_existed_is_not_believed(tmp_path: Path) -> None:
    examples = {f"/{p.paths[0]}": body_of(p.example) for p in web_probes().probes if p.not_html}

    def answer(path: str) -> Reply:
        return (200, (TEXT,), examples[path]) if path in examples else NOT_FOUND

    with web(answer) as url:
        sightings = exposure(tmp_path, url)
    assert gaps(sightings, ReadableFiles) == ["Malformed"]
    assert facts(sightings, ReadableFiles) == {}  # type: ignore[arg-type]


def test_a_wall_that_refuses_everything_is_a_gap_and_never_a_pass(tmp_path: Path) -> None:
    with web(lambda path: (403, (HTML,), b"<html>Forbidden</html>")) as url:
        sightings = exposure(tmp_path, url)
    assert gaps(sightings, DirectoryListings) == ["Refused"]
    assert gaps(sightings, ReadableFiles) == ["Refused"]
    assert not any(isinstance(s, Seen) for s in sightings)


def test_a_wall_around_all_but_the_home_page_is_a_gap(tmp_path: Path) -> None:
    wall: Reply = (403, (HTML,), b"<html>Forbidden</html>")
    with web(lambda path: (200, (HTML,), HOME) if path == "/" else wall) as url:
        sightings = exposure(tmp_path, url)
    assert gaps(sightings, ReadableFiles) == ["Refused"]


def test_a_server_that_limits_the_rate_is_given_time_then_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnilcheck.collectors.site._PATIENCE_SECONDS", 0.6)
    with web(lambda path: (429, (("Retry-After", "1"),), b"")) as url:
        sightings = exposure(tmp_path, url)
    assert gaps(sightings, ReadableFiles) == ["Refused"]
    assert not any(isinstance(s, Seen) for s in sightings)


def test_a_file_behind_a_rate_limit_is_found_by_patience(tmp_path: Path) -> None:
    asked = dict[str, int]()

    def answer(path: str) -> Reply:
        asked[path] = asked.get(path, 0) + 1
        if path == "/.env" and asked[path] == 1:
            return 429, (), b""
        return pages({"/": HOME, "/.env": (200, (TEXT,), b"A_B=1\nC_D=2\n")})(path)

    with web(answer) as url:
        assert set(files(exposure(tmp_path, url))) == {"/.env"}


def test_a_file_behind_a_wall_that_counts_requests_is_found_by_going_slower(
    tmp_path: Path,
) -> None:
    times: list[float] = []

    def answer(path: str) -> Reply:
        now = time.monotonic()
        times[:] = [*(t for t in times if now - t < 0.15), now]
        if len(times) > 110:
            return 429, (), b""
        return pages({"/": HOME, "/.env": (200, (TEXT,), b"A_B=1\nC_D=2\n")})(path)

    with web(answer) as url:
        assert set(files(exposure(tmp_path, url))) == {"/.env"}


def test_what_was_seen_before_the_budget_ran_out_is_kept_beside_the_gap(tmp_path: Path) -> None:
    with Replica(tmp_path) as replica:
        sightings = exposure(tmp_path, replica.https, limits=Limits(requests_per_host=95))
    kinds = [(type(s), getattr(s, "missing", ReadableFiles)) for s in sightings]
    assert (Missing, ReadableFiles) in kinds
    assert gaps(sightings, ReadableFiles) == ["BudgetSpent"]
    assert any(file.endswith(".csv") for file in files(sightings))
    order = [
        type(s)
        for s in sightings
        if getattr(s, "missing", None) is ReadableFiles
        or (isinstance(s, Seen) and isinstance(s.fact, ReadableFiles))
    ]
    assert order == [Missing, Seen]


def test_a_dead_server_is_a_gap_for_both_facts(tmp_path: Path) -> None:
    with raw(lambda connection: None) as url:
        sightings = exposure(tmp_path, url)
    assert gaps(sightings, DirectoryListings) == ["Unreachable"]
    assert gaps(sightings, ReadableFiles) == ["Unreachable"]


def test_a_debugging_mode_that_shows_on_every_absent_page_is_found(tmp_path: Path) -> None:
    debug = next(p for p in web_probes().probes if p.id == "django-debug").example.encode()
    with web(lambda path: (404, (HTML,), debug) if path != "/" else (200, (HTML,), HOME)) as url:
        found = files(exposure(tmp_path, url))
    assert [file.kind for file in found.values()] == ["diagnostic_page"]


def test_the_source_behind_a_script_of_the_site_is_found(tmp_path: Path) -> None:
    source = json.dumps(
        {"version": 3, "sources": ["a.ts"], "sourcesContent": ["x"], "mappings": "A"}
    )
    table: dict[str, Reply | bytes] = {
        "/": b"<html><script src=/assets/index-4f2a.js></script><p>Bonjour</html>",
        "/assets/index-4f2a.js.map": (200, (TEXT,), source.encode()),
    }
    with web(pages(table)) as url:
        found = files(exposure(tmp_path, url))
    assert {path: file.kind for path, file in found.items()} == {
        "/assets/index-4f2a.js.map": "source_code"
    }


def test_an_extract_named_after_today_is_found(tmp_path: Path) -> None:
    path = f"/export-{dt.date.today():%Y-%m}.csv"
    with web(pages({"/": HOME, path: (200, (TEXT,), CSV.encode())})) as url:
        assert set(files(exposure(tmp_path, url))) == {path}


# Listings.

LISTINGS = {
    "apache": '<html><head><title>Index of /d</title></head><body><h1>Index of /d</h1><pre><a href="?C=N;O=D">Name</a><hr><a href="/">Parent Directory</a> <a href="e.csv">e.csv</a></pre></body></html>',
    "nginx": '<html><head><title>Index of /d/</title></head><body><h1>Index of /d/</h1><hr><pre><a href="../">../</a>\n<a href="e.csv">e.csv</a> 01-Jan-2026 10:00 12\n</pre></body></html>',
    "iis": '<html><head><title>127.0.0.1 - /d/</title></head><body><H1>127.0.0.1 - /d/</H1><pre><A HREF="/">[To Parent Directory]</A><br> 1/2/2026 <A HREF="/d/e.csv">e.csv</A></pre></body></html>',
    "python": '<!DOCTYPE HTML><html><head><title>Directory listing for /d/</title></head><body><h1>Directory listing for /d/</h1><ul><li><a href="e.csv">e.csv</a></li></ul></body></html>',
    "tomcat": '<html><head><title>Directory Listing For [/d/]</title></head><body><h1>Directory Listing For [/d/]</h1><table><tr><td><a href="/d/e.csv"><tt>e.csv</tt></a></td></tr></table></body></html>',
    "lighttpd": '<!DOCTYPE html><html><head><title>Index of /d/</title></head><body><h2>Index of /d/</h2><table><tr><td><a href="../">..</a>/</td></tr><tr><td><a href="e.csv">e.csv</a></td></tr></table></body></html>',
    "caddy": '<!DOCTYPE html><html><head><title>/d/</title></head><body><a href="./?sort=name&order=desc">Name</a><a href="./?sort=size&order=asc">Size</a><a href="./e.csv">e.csv</a></body></html>',
    "go": '<pre>\n<a href="e.csv">e.csv</a>\n</pre>\n',
}


def page(path: str, body: str, media: str = "text/html", status: int = 200) -> Answer:
    headers = (("Content-Type", media),)
    return Answer(f"http://127.0.0.1{path}", status, headers, body.encode(), False, 0.0)


@pytest.mark.parametrize("form", LISTINGS)
def test_the_listing_of_each_server_is_recognised(form: str) -> None:
    listing = listing_of(page("/d/", LISTINGS[form]))
    assert listing is not None
    assert listing.entries == ("/d/e.csv",)


def test_a_listing_in_json_and_one_of_a_bucket_are_recognised() -> None:
    entries = [
        {"name": "e.csv", "type": "file", "mtime": "x", "size": 1},
        {"name": "f", "type": "directory", "mtime": "x"},
    ]
    listing = listing_of(page("/d/", json.dumps(entries), "application/json"))
    assert listing is not None
    assert listing.entries == ("/d/e.csv", "/d/f/")
    bucket = "<?xml version='1.0'?><ListBucketResult><Name>b</Name><Contents><Key>a/e.csv</Key></Contents></ListBucketResult>"
    listing = listing_of(page("/", bucket, "application/xml"))
    assert listing is not None
    assert listing.entries == ("/a/e.csv",)


@pytest.mark.parametrize(
    "body",
    [
        "<html><title>Index of prices</title><a href='a'>A</a></html>",
        "<html><title>Index of /other/</title><a href='../'>../</a><a href='a'>A</a></html>",
        "<html><title>Nos fichiers</title><a href='../'>Retour</a><a href='e.csv'>Télécharger</a></html>",
        "<html><title>Boutique</title><a href='?sort=name'>Nom</a><a href='?sort=price'>Prix</a><a href='a'>A</a><a href='/b/'>B</a><a href='/c/'>C</a><a href='/d2/'>D</a><a href='/e/'>E</a></html>",
        "<html><title>Index of /d/</title><p>Directory listing denied</p></html>",
    ],
)
def test_a_page_with_links_is_no_listing(body: str) -> None:
    assert listing_of(page("/d/", body)) is None


def test_a_refused_listing_is_none() -> None:
    assert listing_of(page("/d/", LISTINGS["nginx"], status=403)) is None


# Contents.


def zipped(name: str, content: bytes) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


DUMP = b"-- MySQL dump 10.13\nCREATE TABLE p (a int);\nINSERT INTO p VALUES (1);\n"
LOG = b'10.0.0.1 - - [01/Jan/2026:10:00:00 +0100] "GET / HTTP/1.1" 200 12\n' * 5


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/e.csv", CSV.encode(), "data_extract"),
        ("/e.csv", CSV.encode("cp1252"), "data_extract"),
        ("/e.csv", CSV.encode("utf-16"), "data_extract"),
        ("/e.csv", b"nom,prenom,resultat\nDurand,Anne,x\nPetit,Luc,y\n", "data_extract"),
        ("/e.xlsx", zipped("xl/sharedStrings.xml", f"<t>{NIR}</t>".encode()), "data_extract"),
        ("/e.zip", zipped("e.csv", CSV.encode()), "data_extract"),
        ("/x.sql", DUMP, "database_dump"),
        ("/x.sql.gz", gzip.compress(DUMP, mtime=0), "database_dump"),
        ("/sauvegarde.zip", zipped("a.bin", b"\x00"), "backup_archive"),
        ("/a.db", b"SQLite format 3\x00" + b"\x00" * 100, "database_dump"),
        ("/a.dcm", b"\x00" * 128 + b"DICM" + b"\x00" * 10, "data_extract"),
        ("/a.hl7", b"MSH|^~\\&|A|B\rPID|1||\r", "data_extract"),
        ("/a.log", LOG, "log"),
        ("/c.php.bak", b"<?php\n$x = 1;\n", "source_code"),
        ("/.env", b"APP_ENV=prod\nAPP_URL=x\nDB_HOST=y\n", "configuration"),
        ("/r.pdf", f"%PDF-1.4\n(NIR : {NIR}) Tj\n".encode(), "document"),
    ],
)  # fmt: skip
def test_a_file_is_known_by_its_content(path: str, body: bytes, kind: str) -> None:
    content = content_of(body, path)
    assert content is not None
    assert content.kind == kind
    assert NIR not in repr(content)
    assert "Durand" not in repr(content)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/e.csv", b"jour;heure\nlundi;9\nmardi;10\n"),
        ("/pharmacies.csv", b"pharmacie;ville;telephone\nA;Lyon;0411223344\nB;Nice;0499887766\n"),
        ("/readme.txt", "Contact : a@example.org\nMerci d'écrire.\n".encode()),
        ("/robots.txt", b"User-agent: *\nDisallow: /admin\n"),
        ("/backup.sql", b"<!doctype html><html>404</html>"),
        ("/dump.sql", b""),
        ("/plugin-1.2.zip", zipped("readme.txt", b"hello")),
        ("/a.pdf", b"%PDF-1.4\n(Brochure) Tj\n"),
        ("/logo.png", b"\x89PNG\r\n\x1a\n\x00\x00"),
        ("/readme.md", b"# Usage\n```\n<?php echo 1; ?>\n```\n"),
    ],
)
def test_a_harmless_file_is_nothing(path: str, body: bytes) -> None:
    assert content_of(body, path) is None


@pytest.mark.parametrize(
    "body",
    [
        b"\x1f\x8b" + b"\xff" * 50,
        b"PK\x03\x04" + b"\xff" * 50,
        b"%PDF" + b"stream\nx" * 9,
        b"MSH",
        b"\xff\xfe\x00",
    ],
)
def test_a_damaged_file_breaks_nothing(body: bytes) -> None:
    content_of(body, "/x.bin")


# Soft 404s.


def test_a_scrambled_name_keeps_folder_extension_and_leading_dot() -> None:
    for path, ending in (
        ("/a/.env", ""),
        ("/a/b.tar.gz", ".tar.gz"),
        ("/pma/", "/"),
        ("/a?b=c", "?b=c"),
    ):
        other = soft_404.scrambled(path)
        assert other != path
        assert other.endswith(ending)
        assert other.rpartition("/")[2].startswith(".") == path.rpartition("/")[2].startswith(".")


def test_two_pages_of_a_soft_404_resemble_each_other_and_a_file_does_not() -> None:
    for n in range(20):
        one, two = (page(f"/{x}{n}", varying(f"/{x}{n}").decode()) for x in "ab")
        assert soft_404.resembles(one, two)
        env = page("/.env", "APP_ENV=prod\nDB_PASSWORD=x\n", "text/plain")
        assert not soft_404.resembles(one, env)


# Pages.


def test_a_page_names_its_links_parts_and_forms() -> None:
    html = read_html(
        "<html><base href=/app/><title> A  b </title><a href=x>x</a><script src=/js/a.js></script>"
        "<script>var u = '/api/v1/x';</script><form method=POST action=go><input type=PASSWORD></form>",
        "http://h/",
    )
    assert html.title == "A b"
    assert html.links == ["http://h/app/x"]
    assert {"http://h/js/a.js", "http://h/api/v1/x", "http://h/app/go"} <= set(html.parts)
    assert html.password_form is not None
    assert html.password_form.attributes["resolved"] == "http://h/app/go"


@pytest.mark.parametrize(
    "piece",
    ["<!--", "<![x", "</", "<a ", "<a a='", "&#", "<script>", "<form>", "<!DOCTYPE [", "\x00"],
)
def test_malformed_html_breaks_nothing(piece: str) -> None:
    read_html(piece * 20_000, "http://h/")
