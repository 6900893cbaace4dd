"""`cnilcheck decisions`: the table of decisions, filtered, with verified facts only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from cnilcheck.checks.registry import checks
from cnilcheck.documents.decisions import read_decisions
from cnilcheck.documents.rules import load_catalogue
from cnilcheck.resources import rules_directory


def run(*arguments: str, lang: str = "en") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cnilcheck", "decisions", *arguments],
        capture_output=True, text=True, timeout=60, check=False,
        env=os.environ | {"CNILCHECK_LANG": lang},
    )  # fmt: skip


def rows(*arguments: str) -> list[dict[str, Any]]:
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["decisions"]
    return found


def test_each_decision_stands_with_its_date_place_and_source() -> None:
    done = run()
    assert done.returncode == 0, done.stderr
    assert "Francetest, CNIL, formal notice, 4\u00a0October 2021" in done.stdout
    assert "https://" in done.stdout
    assert "say nothing of the present situation" in done.stdout


def test_only_what_was_verified_is_told() -> None:
    weaknesses = load_catalogue(rules_directory(), checks()).weaknesses
    known = {d.id: d for d in read_decisions(rules_directory(), weaknesses)}
    for row in rows():
        printable = [s.weakness for s in known[row["id"]].shortcomings if s.printable]
        assert [found["weakness"] for found in row["found"]] == printable


@pytest.mark.parametrize(
    ("arguments", "holds"),
    [
        (("--weakness", "no-mfa"), lambda row: {f["weakness"] for f in row["found"]} == {"no-mfa"}),
        (("--authority", "ap"), lambda row: row["authority"] == "AP (NL)"),
        (("--year", "2022"), lambda row: row["year"] == 2022),
        (("--health",), lambda row: row["health"]),
        (("--no-health",), lambda row: not row["health"]),
        (("--module", "logging"), lambda row: row["found"]),
    ],
)
def test_a_filter_keeps_what_it_names(arguments: tuple[str, ...], holds: Any) -> None:
    kept = rows(*arguments)
    assert 0 < len(kept) < len(rows())
    assert all(map(holds, kept))


def test_filters_that_leave_nothing_say_so() -> None:
    done = run("--year", "1999")
    assert done.returncode == 0
    assert "No decision" in done.stdout


@pytest.mark.parametrize("arguments", [("--weakness", "no-mfaa"), ("--authority", "CNILL")])
def test_a_name_that_nobody_knows_is_refused_with_the_nearest(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "did you mean" in done.stderr


def test_the_words_are_french_when_french_is_asked_for() -> None:
    done = run("--weakness", "no-mfa", "--lang", "fr")
    assert "sans second facteur" in done.stdout
    assert "Décisions publiques sur des faits passés" in done.stdout
