"""OSCAL assessment results: whole, stable, dated, traceable to the evidence, and harmless."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from cnilcheck.model.words import Lang, Outcome
from cnilcheck.renderers import oscal

from .conftest import Sample

DIGESTS = {"evidence.json": "ab" * 32, "scope.yaml": "cd" * 32}


def results(sample: Sample, lang: Lang = Lang.EN) -> dict[str, Any]:
    text = oscal.render(sample.report, lang, sample.collected, sample.sources, DIGESTS)
    document: dict[str, Any] = json.loads(text)["assessment-results"]
    return document


def props(thing: dict[str, Any]) -> dict[str, str]:
    return {p["name"]: p["value"] for p in thing["props"]}


def test_each_finding_is_observed_and_each_failure_a_risk(sample: Sample) -> None:
    (result,) = results(sample)["results"]
    findings = sample.report.findings
    assert [props(o)["finding"] for o in result["observations"]] == [f.id for f in findings]
    failing = [f.id for f in findings if f.outcome is Outcome.FAIL]
    assert [props(r)["finding"] for r in result["risks"]] == failing


def test_only_what_conforms_is_satisfied(sample: Sample) -> None:
    (result,) = results(sample)["results"]
    outcomes = {f.id: f.outcome for f in sample.report.findings}
    told = {props(f)["finding"]: f["target"]["status"] for f in result["findings"]}
    assert set(told) == {i for i, o in outcomes.items() if o is not Outcome.NOT_APPLICABLE}
    for identifier, status in told.items():
        assert (status["state"] == "satisfied") is (outcomes[identifier] is Outcome.PASS)
        assert (status["reason"] == "other") is (outcomes[identifier] is Outcome.INCONCLUSIVE)


def test_a_risk_has_the_deadline_of_the_notice(sample: Sample) -> None:
    (result,) = results(sample)["results"]
    assert sample.report.deadline is not None
    assert {r["deadline"] for r in result["risks"]} == {
        f"{sample.report.deadline.due_on.isoformat()}T12:00:00Z"
    }


def test_without_a_notice_there_is_no_deadline(sample: Sample) -> None:
    report = msgspec.structs.replace(sample.report, deadline=None)
    assert '"deadline"' not in oscal.render(report, Lang.EN)


def test_evidence_names_its_file_and_the_digest_of_it(sample: Sample) -> None:
    document = results(sample)
    (result,) = document["results"]
    files = {r["uuid"]: r for r in document["back-matter"]["resources"]}
    pieces = [p for o in result["observations"] for p in o.get("relevant-evidence", ())]
    assert pieces
    for piece in pieces:
        assert props(piece)["file"] == "evidence.json"
        assert props(piece)["sha256"] == DIGESTS["evidence.json"]
        (link,) = files[piece["href"].removeprefix("#")]["rlinks"]
        assert link["hashes"] == [{"algorithm": "SHA-256", "value": DIGESTS["evidence.json"]}]


def test_a_waiver_in_force_is_an_approved_deviation(sample: Sample) -> None:
    (result,) = results(sample)["results"]
    waived = {f.id: f.waived.in_force for f in sample.report.findings if f.waived}
    assert set(waived.values()) == {True, False}
    risks = {props(r)["finding"]: r for r in result["risks"]}
    for identifier, in_force in waived.items():
        assert (risks[identifier]["status"] == "deviation-approved") is in_force
        assert ("mitigating-factors" in risks[identifier]) is in_force


def _walk(value: Any) -> Any:
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from _walk(item)


@pytest.mark.parametrize("name", ["sample", "hostile", "empty"])
def test_every_reference_leads_to_something_in_the_document(
    request: pytest.FixtureRequest, name: str
) -> None:
    document = results(request.getfixturevalue(name))
    things = [thing for thing in _walk(document) if isinstance(thing, dict)]
    defined = [thing["uuid"] for thing in things if "uuid" in thing]
    assert len(defined) == len(set(defined))
    keys = ("actor-uuid", "subject-uuid", "observation-uuid", "risk-uuid", "component-uuid")
    named = [thing[key] for thing in things for key in keys if key in thing]
    named += [t["href"][1:] for t in things if str(t.get("href", "")).startswith("#")]
    assert named
    assert set(named) <= set(defined)


def test_each_rule_judged_is_an_objective_of_its_module(sample: Sample) -> None:
    document = results(sample)
    stated = {
        part["id"]: objective["control-id"]
        for objective in document["local-definitions"]["objectives-and-methods"]
        for part in objective["parts"]
    }
    assert stated == {f.rule: f.module.value for f in sample.report.findings}


def test_identifiers_last_when_the_report_is_another(sample: Sample) -> None:
    first = results(sample)
    fewer = msgspec.structs.replace(sample.report, findings=sample.report.findings[1:3])
    second = json.loads(oscal.render(fewer, Lang.FR))["assessment-results"]
    assert second["uuid"] == first["uuid"]
    old = {o["uuid"] for o in first["results"][0]["observations"]}
    assert {o["uuid"] for o in second["results"][0]["observations"]} < old


def test_the_same_report_gives_the_same_bytes(sample: Sample) -> None:
    assert results(sample) == results(sample)
    assert len({oscal.render(sample.report, Lang.FR, sample.collected) for _ in range(2)}) == 1


def test_it_speaks_both_languages(sample: Sample) -> None:
    assert results(sample, Lang.FR)["metadata"]["title"] == "Résultats de l’audit"
    assert results(sample, Lang.EN)["metadata"]["title"] == "Results of the audit"


def test_hostile_words_are_neither_markup_nor_endless(hostile: Sample) -> None:
    text = oscal.render(hostile.report, Lang.FR, hostile.collected)
    assert len(text) < 60_000
    assert "\\u001b" not in text
    assert "\u202e" not in text
    shown = ("description", "title", "prose", "statement", "remarks", "text")
    for thing in (t for t in _walk(json.loads(text)) if isinstance(t, dict)):
        for words in (thing[key] for key in shown if key in thing):
            assert "<" not in words
            assert "](" not in words.replace(r"\]", "")
