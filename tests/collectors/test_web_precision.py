"""The strict catalogue over sites that only look as if they gave things away: no false alarm.

The corpus says the words of the products, answers 200, 403 or a redirection to everything, or
shows a challenge: what scanners that go by status or by keywords report, ours must not.
"""

from __future__ import annotations

import html
import json
import random
import string
from collections.abc import Callable
from pathlib import Path

import pytest

from cnilcheck.collectors.base import Missing, Seen
from cnilcheck.collectors.tables import Probe, web_probes
from cnilcheck.collectors.web_exposure import WebExposure
from cnilcheck.model.facts import DirectoryListings, ReadableFiles
from collectors.web_servers import HTML, NOT_FOUND, TEXT, Reply, facts, observed, tools_for, web

HOME = b"<!doctype html><html><title>Pharmacie</title><link rel=stylesheet href=/css/a.css><p>Bonjour</html>"
JSON = ("Content-Type", "application/json")


def home(answer: Callable[[str], Reply]) -> Callable[[str], Reply]:
    return lambda path: (200, (HTML,), HOME) if path == "/" else answer(path)


def varying(path: str) -> Reply:
    words = " ".join("".join(random.choices(string.ascii_lowercase, k=6)) for _ in range(60))
    return (
        200,
        (HTML,),
        f"<html><title>Oups</title><p>{html.escape(path)}</p><p>{words}</html>".encode(),
    )


def glossary(path: str) -> Reply:
    """An article about each product: its sign as prose, where the product would be."""
    signs = WORDS.get(path.lstrip("/"))
    if signs is None:
        return NOT_FOUND
    page = f"<!doctype html><html><head><title>Glossaire</title></head><body><p>Qu'est-ce que {html.escape(signs)} ?</p></body></html>"
    return 200, (HTML,), page.encode()


def as_text(path: str) -> Reply:
    """The same words in a text file, such as a note of an administrator."""
    signs = WORDS.get(path.lstrip("/"))
    return (
        NOT_FOUND
        if signs is None
        else (200, (TEXT,), f"Voir {signs[:40]} dans le wiki.\n".encode())
    )


def by_locale(path: str) -> Reply:
    if not path.startswith("/fr/"):
        return 302, (("Location", f"/fr{path}"),), b""
    return 200, (HTML,), b"<html><title>Pharmacie</title><p>Cette page n'existe pas</html>"


def signing_in(path: str) -> Reply:
    page = f"<html><title>Connexion</title><form action='/login?next={html.escape(path)}' method=post><input name=login><input type=password name=password></form></html>"
    return 200, (HTML,), page.encode()


def challenge(path: str) -> Reply:
    body = f"<html><title>Just a moment...</title><div id=challenge>{random.random()}</div></html>"
    return 200, (HTML,), body.encode()


def json_for_all(path: str) -> Reply:
    body = {"error": "not found", "path": path, "id": random.random(), "status": 404, "name": "x"}
    return 200, (JSON,), json.dumps(body).encode()


def wildcard_echo(path: str) -> Reply:
    """A host that answers everything in plain text with what it was asked."""
    return 200, (TEXT,), f"Vous avez demandé {path}\nVersion: 1\n".encode()


WORDS = {
    path: " ".join((*p.matcher.contains_all, *p.matcher.contains_any, *p.matcher.starts_with))
    for p in web_probes().probes
    for path in (*p.paths, *p.further)
}
SITES = {
    "a page in other words for all": varying,
    "articles about the products": home(glossary),
    "notes that name the products": home(as_text),
    "a redirection by language": by_locale,
    "a sign-in page for all": signing_in,
    "a sign-in page beside the home page": home(signing_in),
    "a challenge for all": challenge,
    "JSON for all": json_for_all,
    "a wildcard host": wildcard_echo,
    "redirections home": home(lambda path: (301, (("Location", "/"),), b"")),
    "a blank page for all": home(lambda path: (200, (HTML,), b"")),
    "an image for all": home(lambda path: (200, (("Content-Type", "image/gif"),), b"GIF89a\x01\x00\x01\x00")),
}  # fmt: skip


@pytest.mark.parametrize("name", SITES)
def test_a_site_that_gives_nothing_away_is_accused_of_nothing(name: str, tmp_path: Path) -> None:
    with web(SITES[name]) as url:
        seen = observed(WebExposure(), tools_for(tmp_path, url))
    for fact in facts(seen, ReadableFiles).values():
        assert isinstance(fact, ReadableFiles)
        assert [f.path for f in fact.found] == []
    for fact in facts(seen, DirectoryListings).values():
        assert isinstance(fact, DirectoryListings)
        assert [d.path for d in fact.listed] == []


@pytest.mark.parametrize(
    "wall",
    [(403, (HTML,), b"<html>Forbidden</html>"), (503, (HTML,), b"<html>Just a moment...</html>")],
    ids=["forbidden", "challenge"],
)
def test_a_wall_is_a_gap_and_never_a_pass(wall: Reply, tmp_path: Path) -> None:
    with web(home(lambda _: wall)) as url:
        seen = observed(WebExposure(), tools_for(tmp_path, url))
    assert any(isinstance(s, Missing) and s.missing is ReadableFiles for s in seen)
    assert not any(isinstance(s, Seen) and isinstance(s.fact, ReadableFiles) for s in seen)


def body_of(example: str) -> bytes:
    return bytes.fromhex(example[4:]) if example.startswith("hex:") else example.encode()


def test_no_probe_takes_another_s_example_for_its_own_unless_they_look_for_the_same_kind() -> None:
    """Every probe against every other's example: 180,000 pairs of a sign and a thing."""
    mistaken = {
        (one.id, other.id)
        for one in web_probes().probes
        for other in web_probes().probes
        if one.kind != other.kind and _takes(one, other)
    }
    assert mistaken <= KINDRED


def _takes(one: Probe, other: Probe) -> bool:
    media = "text/plain" if other.not_html else "text/html"
    return one.proves(one.status[0], media, body_of(other.example))


# Two views of one thing, of which each is right.
_SQLITE = ("drupal-sqlite", "subversion-database", "database-files", "fossil")
KINDRED = {(a, b) for a in _SQLITE for b in _SQLITE} | {
    ("werkzeug-console", "werkzeug-traceback"), ("werkzeug-traceback", "werkzeug-console"),
}  # fmt: skip


def test_there_are_some_four_hundred_probes_each_with_a_near_miss() -> None:
    probes = web_probes().probes
    assert len(probes) >= 400
    assert len({p.id for p in probes}) == len(probes)
    assert all(p.example.strip() and p.counter_example for p in probes)


def test_every_probe_asks_for_something_of_its_own() -> None:
    """Two probes may share an address; none may have nothing but another's."""
    everything: dict[str, set[str]] = {}
    for probe in web_probes().probes:
        for path in (*probe.paths, *probe.further):
            everything.setdefault(path, set()).add(probe.id)
    assert not [
        probe.id
        for probe in web_probes().probes
        if not probe.everywhere
        and all(len(everything[p]) > 1 for p in (*probe.paths, *probe.further))
    ]
