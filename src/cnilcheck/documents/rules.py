"""The rule catalogue: every YAML file below rules/, each bound to the check it names."""

from __future__ import annotations

import hashlib
import inspect
import string
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from cnilcheck.documents.fields import to_model
from cnilcheck.documents.yaml_file import read_yaml
from cnilcheck.errors import RuleError
from cnilcheck.model.facts import Fact
from cnilcheck.model.rule import BoundRule, Rule, Source, Weakness
from cnilcheck.model.text import Text, english, french
from cnilcheck.model.verdict import Answer, Context
from cnilcheck.model.words import Module, Profile

Check = Callable[..., Answer]


class Catalogue(msgspec.Struct, frozen=True):
    """All rules, with what they cite; `digest` is a SHA-256 over the rule files."""

    rules: tuple[BoundRule, ...]
    weaknesses: Mapping[str, Weakness]
    sources: Mapping[str, Source]
    digest: str


def load_catalogue(folder: Path, checks: Mapping[str, Check]) -> Catalogue:
    """Return the rules below that folder, in a stable order.

    `checks` maps `module.check_name` to the function. Raises RuleError, beginning with the file,
    for a rule that is incomplete in a language, names an unknown check, number, weakness or
    source, or whose id is not its file's name.
    """
    weaknesses = {w.id: w for w in _table(folder, "weaknesses", Weakness)}
    sources = {s.id: s for s in _table(folder, "sources", Source)}
    digest = hashlib.sha256()
    rules = []
    for path in rule_files(folder):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        rule = read_rule(path)
        _cites_known(path, rule, weaknesses, sources)
        rules.append(bind(rule, checks, path))
    if not rules:
        raise RuleError(f"{folder}: no rule found")
    return Catalogue(tuple(rules), weaknesses, sources, digest.hexdigest())


def rule_files(folder: Path) -> list[Path]:
    """Return the rule files below that folder, by module and name."""
    return [p for module in Module for p in sorted((folder / module.value).glob("*.yaml"))]


def read_rule(path: Path) -> Rule:
    """Return the rule of one file; raises RuleError when it is not one."""
    rule = to_model(typeset(read_yaml(path, RuleError)), Rule, str(path), RuleError)
    if rule.id != path.stem:
        raise RuleError(f"{path}: id: `{rule.id}` is not the file's name")
    if rule.module.value != path.parent.name:
        raise RuleError(f"{path}: module: `{rule.module}` is not the folder's name")
    if not 1 <= len(rule.requirements) <= 3:
        raise RuleError(f"{path}: requirements: one to three, {len(rule.requirements)} given")
    for place, text in _texts(rule):
        if not text.fr.strip() or not text.en.strip():
            raise RuleError(f"{path}: {place}: both languages must be complete")
        if _placeholders(text.fr) != _placeholders(text.en):
            raise RuleError(f"{path}: {place}: the languages do not use the same placeholders")
    if len(rule.remediation.steps.fr) != len(rule.remediation.steps.en):
        raise RuleError(f"{path}: remediation.steps: as many steps in each language")
    return rule


_TYPOGRAPHY = {"fr": french, "en": english}


def typeset(value: Any, language: str | None = None) -> Any:
    """Return the value with each language's typography in the texts below `fr` and `en`."""
    match value:
        case dict():
            return {
                key: typeset(item, key if key in _TYPOGRAPHY else language)
                for key, item in value.items()
            }
        case list():
            return [typeset(item, language) for item in value]
        case str() if language is not None:
            return _TYPOGRAPHY[language](value.strip())
    return value


def bind(rule: Rule, checks: Mapping[str, Check], path: Path) -> BoundRule:
    """Return the rule with its check; raises RuleError for an unknown check or wrong numbers."""
    check = checks.get(rule.check)
    if check is None:
        raise RuleError(f"{path}: check: no check is called `{rule.check}`")
    hints = get_type_hints(check)
    parameters = inspect.signature(check).parameters.values()
    numbers = {p.name: p for p in parameters if p.kind is p.KEYWORD_ONLY}
    own = _numbers(rule, rule.with_, "with", numbers, hints, path)
    bound: dict[Profile, Check] = {Profile.ANSSI: partial(check, **own)}
    for profile, instead in rule.profiles.items():
        given = _numbers(rule, rule.with_ | instead, f"profiles.{profile}", numbers, hints, path)
        bound[profile] = partial(check, **given)
    fact, *rest = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
    return BoundRule(rule, hints[fact], _judge(bound, bool(rest)))


def _numbers(
    rule: Rule,
    given: Mapping[str, Any],
    where: str,
    numbers: Mapping[str, inspect.Parameter],
    hints: Mapping[str, Any],
    path: Path,
) -> dict[str, Any]:
    """Return the numbers a check is given; raises RuleError for an unknown or missing one."""
    for name in given:
        if name not in numbers:
            known = ", ".join(sorted(numbers)) or "none"
            raise RuleError(f"{path}: {where}.{name}: `{rule.check}` takes: {known}")
    values = {}
    for name, parameter in numbers.items():
        if name in given:
            values[name] = to_model(given[name], hints[name], f"{path}: {where}.{name}", RuleError)
        elif parameter.default is parameter.empty:
            raise RuleError(f"{path}: {where}.{name}: missing, `{rule.check}` needs it")
    return values


def _judge(
    checks: Mapping[Profile, Check], wants_context: bool
) -> Callable[[Fact, Context], Answer]:
    def judge(fact: Fact, context: Context) -> Answer:
        check = checks.get(context.profile, checks[Profile.ANSSI])
        return check(fact, context) if wants_context else check(fact)

    return judge


def _table(folder: Path, name: str, kind: Any) -> Iterable[Any]:
    path = folder / "tables" / f"{name}.yaml"
    return to_model(typeset(read_yaml(path, RuleError)), tuple[kind, ...], str(path), RuleError)


def _cites_known(
    path: Path, rule: Rule, weaknesses: Mapping[str, Weakness], sources: Mapping[str, Source]
) -> None:
    if rule.weakness not in weaknesses:
        raise RuleError(f"{path}: weakness: `{rule.weakness}` is not in tables/weaknesses.yaml")
    for requirement in rule.requirements:
        if requirement.source not in sources:
            raise RuleError(f"{path}: requirements: `{requirement.source}` is not in sources.yaml")
        if requirement.binding is not sources[requirement.source].binding:
            binding = sources[requirement.source].binding
            raise RuleError(f"{path}: requirements: `{requirement.source}` binds as {binding}")


def _texts(rule: Rule) -> list[tuple[str, Text]]:
    says = rule.says
    texts = [
        ("title", rule.title), ("rationale", rule.rationale), ("question", rule.question.text),
        ("remediation.verify", rule.remediation.verify),
        ("says.pass", says.pass_), ("says.fail", says.fail),
    ]  # fmt: skip
    optional = [("not_applicable", says.not_applicable), ("inconclusive", says.inconclusive)]
    texts += [(f"says.{name}", text) for name, text in optional if text is not None]
    pairs = zip(rule.remediation.steps.fr, rule.remediation.steps.en, strict=False)
    return texts + [("remediation.steps", Text(*pair)) for pair in pairs]


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
