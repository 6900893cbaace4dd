"""The table of public decisions that reports show beside findings of the same weakness."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from cnilcheck.documents.fields import to_model
from cnilcheck.documents.rules import typeset
from cnilcheck.documents.yaml_file import read_yaml
from cnilcheck.errors import RuleError
from cnilcheck.model.decision import Decision


def read_decisions(folder: Path, weaknesses: Container[str]) -> tuple[Decision, ...]:
    """Return the decisions of `tables/decisions.yaml`.

    Raises RuleError when one names an unknown weakness, has no date, or is there twice.
    """
    path = folder / "tables" / "decisions.yaml"
    table = typeset(read_yaml(path, RuleError))
    decisions = to_model(table, tuple[Decision, ...], str(path), RuleError)
    seen = set[str]()
    for decision in decisions:
        if decision.id in seen:
            raise RuleError(f"{path}: {decision.id}: is there twice")
        seen.add(decision.id)
        if not decision.decided_in:
            raise RuleError(f"{path}: {decision.id}: needs a `date` or a `year`")
        for shortcoming in decision.shortcomings:
            if shortcoming.weakness not in weaknesses:
                raise RuleError(f"{path}: {decision.id}: no weakness `{shortcoming.weakness}`")
    return decisions
