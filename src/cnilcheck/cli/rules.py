"""`cnilcheck rules`: the catalogue, and one rule explained for a person."""

from __future__ import annotations

import difflib
import textwrap

from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from cnilcheck.cli.run import catalogue
from cnilcheck.documents.rules import Catalogue
from cnilcheck.errors import UsageError
from cnilcheck.model.rule import Requirement, Rule
from cnilcheck.model.text import Text, french
from cnilcheck.model.words import Lang, Module, Severity
from cnilcheck.renderers.words import BINDINGS, SEVERITIES


def list_rules(
    module: Module | None,
    severity: Severity | None,
    weakness: str | None,
    lang: Lang,
    *,
    markdown: bool = False,
) -> None:
    """Print one line for each rule; raises UsageError for a weakness nobody knows."""
    known = catalogue()
    if weakness is not None and weakness not in known.weaknesses:
        raise UsageError(unknown_name("--weakness", weakness, known.weaknesses))
    chosen = [
        bound.rule
        for bound in known.rules
        if module in (None, bound.rule.module)
        and severity in (None, bound.rule.severity)
        and weakness in (None, bound.rule.weakness)
    ]
    if markdown:
        print("\n".join(_markdown(chosen, lang)))
        return
    table = Table(box=None, pad_edge=False)
    for name in (
        "id",
        "module",
        Text("gravité", "severity").to(lang),
        Text("règle", "rule").to(lang),
    ):
        table.add_column(name, overflow="fold")
    for rule in chosen:
        table.add_row(rule.id, rule.module, rule.severity, rule.title.to(lang))
    Console(highlight=False).print(table)


def _markdown(rules: list[Rule], lang: Lang) -> list[str]:
    head = ("module", "id", Text("gravité", "severity"), Text("ce qui tient", "what holds"))
    names = [name if isinstance(name, str) else name.to(lang) for name in head]
    rows = [[r.module, f"`{r.id}`", r.severity, r.title.to(lang)] for r in rules]
    return [f"| {' | '.join(row)} |" for row in (names, ["---"] * 4, *rows)]


def show_rule(name: str, lang: Lang) -> None:
    """Print one rule, explained; raises UsageError, with the nearest name, when there is none."""
    known = catalogue()
    found = {bound.rule.id: bound.rule for bound in known.rules}
    if name not in found:
        raise UsageError(unknown_name("rules show", name, found))
    _print(found[name], known, Console(highlight=False), lang)


def unknown_name(where: str, name: str, names: object) -> str:
    """Return the line for a name nobody knows, with the nearest one that is known."""
    near = difflib.get_close_matches(name, list(names), n=1, cutoff=0.4)  # type: ignore[call-overload]
    return f"{where}: no such name: {name}" + (f"; did you mean `{near[0]}`?" if near else "")


def _print(rule: Rule, known: Catalogue, console: Console, lang: Lang) -> None:
    def head(fr: str, en: str) -> None:
        console.print()
        console.print(Styled(Text(french(fr), en).to(lang), style="bold"))

    def body(text: str) -> None:
        # textwrap keeps no-break spaces together, which rich would break at.
        width = min(console.width, 100) - 4
        console.print(textwrap.indent(textwrap.fill(text, width), "  "), markup=False)

    console.print(Styled(rule.title.to(lang), style="bold"))
    meaning = known.weaknesses[rule.weakness].meaning.to(lang)
    severity = SEVERITIES[rule.severity].to(lang)
    console.print(Styled(f"{rule.id} · {rule.module} · {severity} · {meaning}"))
    head("Ce qui peut arriver", "What can happen")
    body(rule.rationale.to(lang))
    head("Ce qui le demande", "What asks for it")
    for requirement in rule.requirements:
        body(_cited(requirement, known, lang))
    head(
        f"Comment y remédier ({rule.remediation.days:g} j)",
        f"How to mend ({rule.remediation.days:g} d)",
    )
    steps = rule.remediation.steps
    for number, step in enumerate(steps.fr if lang is Lang.FR else steps.en, 1):
        body(f"{number}. {step}")
    for fix in rule.remediation.fixes:
        body(f"{fix.for_} :" if lang is Lang.FR else f"{fix.for_}:")
        console.print(textwrap.indent(fix.code.rstrip(), " " * 6), markup=False)
    head("Comment le vérifier", "How to verify")
    body(rule.remediation.verify.to(lang))
    head("La question à poser", "The question to ask")
    body(rule.question.text.to(lang))


def _cited(requirement: Requirement, known: Catalogue, lang: Lang) -> str:
    source = known.sources[requirement.source]
    binding = BINDINGS[requirement.binding].to(lang)
    return f"{source.title.to(lang)}, {requirement.place.to(lang)} ({binding})"
