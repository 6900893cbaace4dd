"""`cnilcheck decisions`: what authorities decided about security, listed and filtered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from msgspec.structs import replace
from rich.console import Console
from rich.text import Text as Styled

from cnilcheck.cli.rules import unknown_name
from cnilcheck.cli.run import catalogue
from cnilcheck.documents.decisions import read_decisions
from cnilcheck.documents.rules import Catalogue
from cnilcheck.errors import UsageError
from cnilcheck.model.decision import Decision
from cnilcheck.model.words import Lang, Module
from cnilcheck.renderers.arrange import precedent
from cnilcheck.renderers.page import Precedent
from cnilcheck.renderers.words import PAGE
from cnilcheck.resources import rules_directory


class Wanted(NamedTuple):
    """Which decisions to tell; None leaves that side open."""

    weakness: str | None = None
    module: Module | None = None
    health: bool | None = None
    authority: str | None = None
    year: int | None = None


def list_decisions(wanted: Wanted, lang: Lang, *, as_json: bool) -> None:
    """Print the wanted decisions, the latest first, with what was found then and may be stated.

    Raises UsageError for a weakness or an authority that nobody knows.
    """
    known = catalogue()
    every = read_decisions(rules_directory(), known.weaknesses)
    _refuse_unknown(wanted, known, every)
    chosen = sorted(
        (kept for decision in every if (kept := _kept(decision, wanted, known)) is not None),
        key=lambda d: (d.decided_in, str(d.date or ""), d.id), reverse=True,
    )  # fmt: skip
    if as_json:
        rows = [_as_json(decision, lang) for decision in chosen]
        document = {"note": PAGE["decided_note"].to(lang), "decisions": rows}
        print(json.dumps(document, ensure_ascii=False, indent=1))
        return
    _print((precedent(decision, lang) for decision in chosen), lang)


def _refuse_unknown(wanted: Wanted, known: Catalogue, every: Iterable[Decision]) -> None:
    if wanted.weakness is not None and wanted.weakness not in known.weaknesses:
        raise UsageError(unknown_name("--weakness", wanted.weakness, known.weaknesses))
    authorities = {decision.authority for decision in every}
    if wanted.authority is not None and not any(map(_named(wanted.authority), authorities)):
        raise UsageError(unknown_name("--authority", wanted.authority, authorities))


def _named(written: str) -> Callable[[str], bool]:
    """Return whether an authority is meant: `aepd` is `AEPD (ES)`, and so is `es`."""
    word = written.casefold()
    return lambda name: word in (name.casefold(), *name.casefold().strip(")").split(" ("))


def _kept(decision: Decision, wanted: Wanted, known: Catalogue) -> Decision | None:
    """Return the decision with the shortcomings that are wanted and printable, None without any."""
    if wanted.year not in (None, decision.decided_in):
        return None
    if wanted.health not in (None, decision.health):
        return None
    if wanted.authority is not None and not _named(wanted.authority)(decision.authority):
        return None
    shortcomings = tuple(
        s for s in decision.shortcomings
        if s.printable
        and wanted.weakness in (None, s.weakness)
        and wanted.module in (None, known.weaknesses[s.weakness].family)
    )  # fmt: skip
    return replace(decision, shortcomings=shortcomings) if shortcomings else None


def _as_json(decision: Decision, lang: Lang) -> dict[str, Any]:
    return {
        "id": decision.id,
        "date": str(decision.date) if decision.date else None,
        "year": decision.decided_in,
        "authority": decision.authority,
        "organisation": decision.organisation.to(lang),
        "health": decision.health,
        "kind": decision.kind,
        "fine": decision.fine,
        "note": decision.note.to(lang) if decision.note else None,
        "source": decision.source,
        "found": [{"weakness": s.weakness, "what": s.what.to(lang)} for s in decision.shortcomings],
    }


def _print(cases: Iterable[Precedent], lang: Lang) -> None:
    console, count = Console(highlight=False, soft_wrap=True), 0
    for case in cases:
        count += 1
        console.print(Styled(case.said, style="bold"))
        about = ", ".join(part for part in (case.amount, case.note) if part)
        console.print(f"  {case.id}" + (f" · {about}" if about else ""), markup=False)
        for what in case.found:
            console.print(f"  - {what}", markup=False)
        console.print(f"  {case.url}" if case.url else "", markup=False)
        console.print()
    if not count:
        console.print(PAGE["no_decision"].to(lang))
    console.print(PAGE["decided_note"].to(lang), markup=False)
