"""Measure by measure, before and after: what an answer to a formal notice has to show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from msgspec import Struct

from cnilcheck.model.comparison import Change, Changed, Past, PastReport, compare
from cnilcheck.model.text import Text
from cnilcheck.model.words import Module, Outcome, Severity

# What is worst of several places decides for the measure.
_WORST_FIRST = (Change.WORSE, Change.NEW, Change.STILL, Change.GONE, Change.MENDED)


class Place(Struct, frozen=True):
    """One place of a measure: what was seen there before and after, and when (UTC)."""

    target: str
    location: str
    change: Change
    before: Text | None
    after: Text | None
    before_on: dt.date | None
    after_on: dt.date | None


class Measure(Struct, frozen=True):
    """All that one rule found wanting in the first or the last audit.

    `state` is that of its worst place: a measure is mended only where all of its places are.
    """

    rule: str
    module: Module
    severity: Severity
    title: Text
    state: Change
    places: tuple[Place, ...]


class Kept(Struct, frozen=True):
    """A rule that the last audit found satisfied everywhere it was judged, and how it is known."""

    rule: str
    module: Module
    title: Text
    places: int
    declared: bool


def measures(first: PastReport, last: PastReport) -> tuple[Measure, ...]:
    """Return a measure for each rule that failed in either audit, what is not mended first."""
    before, after = _by_id(first), _by_id(last)
    by_rule: dict[str, list[Changed]] = {}
    for changed in compare(first, last).changes:
        by_rule.setdefault(changed.rule, []).append(changed)
    told = [_measure(changes, before, after) for changes in by_rule.values()]
    return tuple(sorted(told, key=_order))


def satisfied(last: PastReport) -> tuple[Kept, ...]:
    """Return the rules that pass wherever the last audit judged them, by module and rule."""
    by_rule: dict[str, list[Past]] = {}
    for finding in last.findings:
        if finding.outcome is not Outcome.NOT_APPLICABLE:
            by_rule.setdefault(finding.rule, []).append(finding)
    kept = [
        Kept(
            rule, found[0].module, found[0].title, len(found),
            declared=all(f.basis == "declared" for f in found),
        )
        for rule, found in by_rule.items()
        if all(f.outcome is Outcome.PASS for f in found)
    ]  # fmt: skip
    return tuple(sorted(kept, key=lambda k: (list(Module).index(k.module), k.rule)))


def _by_id(report: PastReport) -> dict[str, Past]:
    return {finding.id: finding for finding in report.findings}


def _measure(
    changes: Sequence[Changed], before: dict[str, Past], after: dict[str, Past]
) -> Measure:
    first = changes[0]
    state = min((c.change for c in changes), key=_WORST_FIRST.index)
    severity = min((c.severity for c in changes), key=lambda s: s.rank)
    places = tuple(
        Place(
            c.target, c.location, c.change, c.before, c.after,
            _seen_on(before.get(c.id)), _seen_on(after.get(c.id)),
        )
        for c in changes
    )  # fmt: skip
    return Measure(first.rule, first.module, severity, first.title, state, places)


def _seen_on(finding: Past | None) -> dt.date | None:
    """Return the day on which the evidence of a finding was observed."""
    for seen in finding.evidence if finding else ():
        stamp = seen.provenance.get("observed_at")
        if isinstance(stamp, str):
            return dt.date.fromisoformat(stamp[:10])
    return None


def _order(measure: Measure) -> tuple[int, int, int, str]:
    done = int(measure.state is Change.MENDED)
    return done, measure.severity.rank, list(Module).index(measure.module), measure.rule
