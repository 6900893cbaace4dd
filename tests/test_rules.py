"""Every rule file is complete, cites known sources, and gives the verdicts its examples promise."""

from __future__ import annotations

import datetime as dt
import re

import msgspec
import pytest

from cnilcheck.audit import judge
from cnilcheck.checks.registry import checks
from cnilcheck.documents.rules import load_catalogue
from cnilcheck.model.evidence import SCHEMA, Collected, Evidence, Provenance
from cnilcheck.model.facts import fact_name
from cnilcheck.model.rule import BoundRule, Example, Rule
from cnilcheck.model.scope import Organisation, Scope
from cnilcheck.model.words import Lang, Method, Outcome
from cnilcheck.resources import rules_directory

CATALOGUE = load_catalogue(rules_directory(), checks())
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
BOUND = [pytest.param(bound, id=bound.rule.id) for bound in CATALOGUE.rules]
EXAMPLES = [
    pytest.param(bound, example, id=f"{bound.rule.id}-{n}-{example.then}")
    for bound in CATALOGUE.rules
    for n, example in enumerate(bound.rule.examples)
]


def findings_of(bound: BoundRule, example: Example):
    tag = {"fact": fact_name(bound.fact.__name__)}
    fact = msgspec.convert(example.given | tag, bound.fact)
    provenance = Provenance("example", "1", Method.TEST, NOW)
    evidence = Evidence("example", "somewhere", provenance, fact)
    role = example.context.role
    scope = Scope(
        version=1,
        health_data=example.context.health_data,
        organisation=Organisation("Exemple", role=role) if role else None,
        profile=example.context.profile,
    )
    collected = Collected(SCHEMA, "0", NOW, NOW, False, (evidence,))
    return judge([bound], collected, scope, example.as_of)


@pytest.mark.parametrize(("bound", "example"), EXAMPLES)
def test_an_example_gives_the_outcome_it_promises(bound: BoundRule, example: Example) -> None:
    outcomes = {f.outcome.value for f in findings_of(bound, example)}
    if example.then is Outcome.FAIL:
        assert "fail" in outcomes
    else:
        assert outcomes == {example.then.value}


@pytest.mark.parametrize(("bound", "example"), EXAMPLES)
def test_the_sentence_of_an_example_is_whole_in_both_languages(
    bound: BoundRule, example: Example
) -> None:
    for finding in findings_of(bound, example):
        for lang in Lang:
            sentence = finding.sentence.to(lang)
            assert sentence
            assert "{" not in sentence
            assert not sentence.endswith(".")


@pytest.mark.parametrize("bound", BOUND)
def test_a_rule_has_a_passing_and_a_failing_example(bound: BoundRule) -> None:
    outcomes = {e.then for e in bound.rule.examples}
    assert {Outcome.PASS, Outcome.FAIL} <= outcomes


@pytest.mark.parametrize("bound", BOUND)
def test_french_typography_is_right(bound: BoundRule) -> None:
    for text in french(bound.rule):
        assert "'" not in re.sub(r"`[^`]*`", "", text), f"straight apostrophe in: {text}"
        bare = re.sub(r"`[^`]*`|https?://\S+|\{[^}]*\}", "x", text)
        assert not re.search(r"[^\u00a0\u202f\s][;!?»]|[^\u00a0\u202f]»|«[^\u00a0\u202f]", bare), (
            f"no-break space missing in: {text}"
        )
        assert not re.search(r" [:;!?%»]|« ", bare), f"breaking space in: {text}"


@pytest.mark.parametrize("bound", BOUND)
def test_a_title_states_a_condition(bound: BoundRule) -> None:
    title = bound.rule.title
    assert len(title.fr) <= 100
    assert len(title.en) <= 100
    assert not title.en.lower().startswith(("ensure", "make sure", "check"))
    assert not title.fr.endswith(".")


def french(rule: Rule) -> list[str]:
    says = rule.says
    texts = [rule.title, rule.rationale, rule.question.text, rule.remediation.verify]
    texts += [says.pass_, says.fail, says.not_applicable, says.inconclusive]
    return [t.fr for t in texts if t is not None] + list(rule.remediation.steps.fr)


@pytest.mark.parametrize("bound", BOUND)
def test_a_reference_is_a_number_or_words_in_both_languages(bound: BoundRule) -> None:
    for requirement in bound.rule.requirements:
        if isinstance(requirement.reference, str):
            bare = re.sub(r"\b(art|scrypt|bcrypt|yescrypt)\b", "", requirement.reference)
            assert not re.search(r"(?<![A-Za-zÀ-ÿ])[a-zà-ÿ]{3,}", bare), requirement.reference
