"""An application with words of its own: what the scope says of them gives its lines a category."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors.log_words import words_of
from cnilcheck.collectors.logs import Logs
from cnilcheck.model.facts import LogCoverage
from cnilcheck.model.logging_matrix import EventCategory
from cnilcheck.model.scope import LogSource
from cnilcheck.model.words import LogClass
from collectors.trees import facts, look_at_logs

WORDS: dict[EventCategory, tuple[str, ...]] = {
    "consultation": ("GET /fiche/", "fiche vue *"),
    "export": ("tirage *.pdf",),
    "sign_in_success": ("entrée en service",),
}
WEB = '192.0.2.7 - lea [03/Nov/2026:10:00:0{n} +0100] "{what} HTTP/1.1" {status} 5 "-" "x"\n'


def categories(folder: Path, text: str, words: dict[EventCategory, tuple[str, ...]]):
    (folder / "a.log").write_text(text)
    source = LogSource("a.log", LogClass.APPLICATION_ACCESS, words=words)
    coverage = facts(look_at_logs(Logs(), folder, source), LogCoverage)["a.log"]
    return {event.category: event.events for event in coverage.events}, coverage


def test_requests_are_of_the_category_the_site_says(tmp_path: Path) -> None:
    asked = (("GET /fiche/4f2", 200), ("GET /FICHE/77", 200), ("GET /fiche/8", 404),
             ("GET /autre/8", 200), ("GET /fiche/9", 403))  # fmt: skip
    text = "".join(WEB.format(n=n, what=what, status=s) for n, (what, s) in enumerate(asked))
    found, coverage = categories(tmp_path, text, WORDS)
    assert found == {"consultation": 2, "access_denied": 1}
    assert coverage.unclassified == 2
    (read,) = [event for event in coverage.events if event.category == "consultation"]
    assert {one.field: one.filled for one in read.fields}["reference"] == 2
    assert categories(tmp_path, text, {})[0] == {"access_denied": 1}


def test_messages_are_of_the_category_the_site_says(tmp_path: Path) -> None:
    text = "".join(
        f"2026-11-03T10:00:0{n}+01:00 user=lea {what}\n"
        for n, what in enumerate(
            ("Entrée en service", "Fiche vue 12", "TIRAGE 12 essai.pdf", "rien")
        )
    )
    found, coverage = categories(tmp_path, text, WORDS)
    assert found == {"sign_in_success": 1, "consultation": 1, "export": 1}
    assert coverage.unclassified == 1


@pytest.mark.parametrize("text", ["aaa*aab*aac*aad*aae*", "(a+)+$", "[", "\\"])
def test_no_text_of_a_scope_is_slow_or_special(text: str) -> None:
    words = words_of({"export": (text,)})
    assert all(words.category_of("a" * 100_000 + f"{n}b") is None for n in range(2))
    assert words.category_of(f"x{text.replace('*', '-')}y") == "export"
