"""Each public decision, replayed: what the authority found is found, and its mended twin is clean."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnilcheck.cli.run import catalogue
from cnilcheck.documents.decisions import read_decisions
from cnilcheck.model.words import Outcome
from cnilcheck.resources import rules_directory
from decisions.harness import HERE, Replay, audited, decision, decisions, replay, variants
from decisions.table import SEEDS, as_text, markdown, measured, on_record

MORE = tuple(int(seed) for seed in os.environ.get("DECISION_SEEDS", "").split(",") if seed)
"""Further seeds to try by hand, such as DECISION_SEEDS=3,4,5."""


@pytest.mark.parametrize("name", decisions())
def test_what_the_authority_found_is_found_and_the_mended_twin_is_clean(name: str) -> None:
    replays = [replay(name, seed) for seed in SEEDS]
    for one in replays:
        assert_as_expected(one)
    recorded = (HERE / name / "measured.json").read_text("utf-8")
    assert as_text(measured(replays)) == recorded, "run benchmarks/decisions.py --record"


@pytest.mark.skipif(not MORE, reason="DECISION_SEEDS names no further seed")
@pytest.mark.parametrize("name", decisions())
def test_further_seeds_change_nothing(name: str) -> None:
    for seed in MORE:
        assert_as_expected(replay(name, seed))


def assert_as_expected(one: Replay) -> None:
    where = f"{one.decision}, seed {one.seed}"
    assert one.false_alarms == (), where
    for planted, scored in zip(decision(one.decision).shortcomings, one.scored, strict=True):
        if planted.missed:
            # Strict: what is found after all must not stay on the list of what is missed.
            assert not scored.found, f"{where}: {scored.weakness} is found: take `missed` away"
        else:
            assert scored.found, f"{where}: {scored.weakness} is missed: {scored.channels}"


def test_all_that_reports_say_of_a_decision_is_replayed() -> None:
    known = catalogue().weaknesses
    told = {d.id: d for d in read_decisions(rules_directory(), known)}
    for name in decisions():
        printed = told[name].shortcomings if name in told else ()
        planted = {s.weakness for s in decision(name).shortcomings}
        assert {s.weakness for s in printed if s.printable} <= planted, name


def test_what_only_people_can_answer_is_asked_when_nobody_answered(tmp_path: Path) -> None:
    (tmp_path / "cnilcheck.yaml").write_text("version: 1\norganisation: {name: Exemple}\n")
    asked = {
        finding.weakness
        for finding in audited(tmp_path / "cnilcheck.yaml")
        if finding.outcome is Outcome.INCONCLUSIVE and finding.question is not None
    }
    declared = {
        shortcoming.weakness
        for name in decisions()
        for shortcoming in decision(name).shortcomings
        if {rendered.channel for rendered in shortcoming.rendered} == {"declaration"}
    }
    assert declared
    assert declared <= asked, declared - asked


def test_each_rendering_stands_in_a_decision() -> None:
    used = {
        (variant.weakness, variant.channel, variant.name)
        for name in decisions()
        for shortcoming in decision(name).shortcomings
        for rendered in shortcoming.rendered
        for variant in rendered.choices
    }
    known = {(v.weakness, v.channel, v.name) for v in variants() if v.weakness != "decoy"}
    assert known <= used, known - used


def test_the_readme_tells_what_was_measured() -> None:
    readme = (HERE.parents[1] / "README.md").read_text("utf-8")
    section = readme.partition("<!-- decisions -->\n")[2].partition("\n<!-- /decisions -->")[0]
    assert section == markdown(on_record()), "run benchmarks/decisions.py --markdown"
