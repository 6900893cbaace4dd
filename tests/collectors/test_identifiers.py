"""Identifiers: those that follow one another, hold a date or are short are told from random ones."""

from __future__ import annotations

import random
import uuid
from pathlib import Path

import pytest

from cnilcheck.collectors.base import Nothing
from cnilcheck.collectors.identifiers import Identifiers, judged
from cnilcheck.model.facts import DocumentIdentifiers
from cnilcheck.model.scope import WebTarget
from collectors.web_servers import NOT_FOUND, facts, observed, pages, tools_for, web

DRAW = random.Random(7)
RANDOM = [f"/resultats/{DRAW.randbytes(16).hex()}.pdf" for _ in range(4)]
FORMS = {
    "numbers in a row": (["/resultats/1041.pdf", "/resultats/1042.pdf"], ("number", 13, True, False)),
    "short codes": (["/r/2f9c.pdf"], ("hexadecimal", 16, False, False)),
    "neighbouring codes": (["/r/2f9c.pdf", "/r/2f9d.pdf"], ("hexadecimal", 16, True, False)),
    "a day in each": (
        ["/r/20210701-a83k.pdf", "/r/20210702-q71z.pdf"], ("letters_and_digits", 25, False, True),
    ),
    "a counter behind a word": (
        ["/r/covid-000017.pdf", "/r/covid-000018.pdf"], ("number", 19, True, False),
    ),
    "random codes": (RANDOM, ("hexadecimal", 128, False, False)),
    "random UUIDs": (
        [f"/r/{uuid.UUID(int=DRAW.getrandbits(128), version=4)}" for _ in range(3)],
        ("uuid", 122, False, False),
    ),
    "UUIDs of the clock": (["/r/2f1d2a3c-6f0e-11ec-90d6-0242ac120003"], ("uuid", 62, False, True)),
    "a parameter": (["/doc.php?id=12", "/doc.php?id=13"], ("number", 6, True, False)),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_identifiers_are_judged_by_those_seen(name: str) -> None:
    given, expected = FORMS[name]
    ((_, fact),) = judged(given, ())
    assert (fact.form, fact.bits, fact.sequential, fact.dated) == expected


@pytest.mark.parametrize(
    "linked",
    [
        ("/documents/brochure-2026.pdf", "/documents/mentions-legales.pdf"),
        ("/actualites/101", "/actualites/102"),
        ("/resultats/comment-lire-un-resultat.html", "/resultats/delais.html"),
        ("/resultats/1041.pdf",),
        ("/assets/app.4f2a9c.js", "/assets/app.5b1d0e.js"),
    ],
)
def test_links_that_are_nobody_s_documents_are_left_alone(linked: tuple[str, ...]) -> None:
    assert not list(judged([], linked))


def test_links_to_results_on_a_page_are_judged_and_not_asked_for(tmp_path: Path) -> None:
    asked: list[str] = []
    home = b"<html><a href=/resultats/1041>a</a><a href=/resultats/1042>b</a></html>"

    def answer(path: str):
        asked.append(path)
        return pages({"/": home})(path)

    with web(answer) as url:
        seen = observed(Identifiers(), tools_for(tmp_path, WebTarget(url)))
    found = facts(seen, DocumentIdentifiers)
    assert list(found) == ["/resultats/*"]
    assert "1041" not in repr(found)
    # The crawl follows links of the site; a neighbour that no page names is never asked for.
    assert "/resultats/1043" not in asked


def test_a_site_without_documents_has_nothing_to_judge(tmp_path: Path) -> None:
    with web(lambda path: (200, (), b"<html>Bonjour</html>") if path == "/" else NOT_FOUND) as url:
        seen = observed(Identifiers(), tools_for(tmp_path, WebTarget(url)))
    assert [type(s) for s in seen] == [Nothing]
