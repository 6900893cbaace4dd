"""Two reports of one deployment compared: what was mended, what is new, what was not seen."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct

from cnilcheck.model.text import Text
from cnilcheck.model.words import Module, Outcome, Severity


class Seen(Struct, frozen=True):
    """One piece of evidence of a finding: where it was looked, and the fact, if there is one."""

    location: str
    provenance: Mapping[str, Any] = {}
    fact: Mapping[str, Any] | None = None


class Accepted(Struct, frozen=True):
    """Whether a waiver covers a failure on the day judged for."""

    in_force: bool


class Past(Struct, frozen=True):
    """A finding as report.json holds it; what a comparison does not need is left aside.

    Reports of other versions can so be compared, whatever facts their evidence holds.
    """

    id: str
    rule: str
    module: Module
    severity: Severity
    outcome: Outcome
    target: str
    location: str
    title: Text
    sentence: Text
    evidence: tuple[Seen, ...] = ()
    waived: Accepted | None = None
    basis: Literal["measured", "read", "declared"] | None = None
    attested: Mapping[str, Any] | None = None

    @property
    def fails(self) -> bool:
        """Whether it fails, and nobody accepted that for now."""
        return self.outcome is Outcome.FAIL and not (self.waived and self.waived.in_force)


class PastReport(Struct, frozen=True):
    """A report.json, as far as a comparison needs it."""

    schema: str
    as_of: dt.date
    findings: tuple[Past, ...]
    scope: Mapping[str, Any] = {}
    tool: Mapping[str, str] = {}
    deadline: Mapping[str, Any] | None = None
    plan: Mapping[str, Any] | None = None


class Change(StrEnum):
    """What became of a finding."""

    NEW = "new"
    WORSE = "worse"
    STILL = "still"
    GONE = "no_longer_observed"
    MENDED = "mended"


class Changed(Struct, frozen=True, forbid_unknown_fields=True):
    """One finding and what became of it; `before` or `after` is None where it did not exist."""

    change: Change
    id: str
    rule: str
    module: Module
    severity: Severity
    target: str
    location: str
    title: Text
    before: Text | None
    after: Text | None
    was: Outcome | None
    is_now: Outcome | None


class Comparison(Struct, frozen=True, forbid_unknown_fields=True):
    """compare.json: every failure of either report, with what became of it, the worst first."""

    schema: Literal["cnilcheck/comparison/1"]
    old: dt.date
    new: dt.date
    counts: dict[str, int]
    changes: tuple[Changed, ...]


SCHEMA: Literal["cnilcheck/comparison/1"] = "cnilcheck/comparison/1"


def compare(old: PastReport, new: PastReport) -> Comparison:
    """Return what became of each failure of the old report, and which of the new are new.

    Mended is only what was looked at again: by the same rule, at the same place, from the same
    kind of evidence. What was not is no longer observed, also what conformed before.
    """
    before, after = _by_id(old.findings), _by_id(new.findings)
    moved = _moved(before, after)
    looks = _Looks.of(new.findings)
    arrived = [_arrived(f, before.get(moved.get(f.id, f.id))) for f in after.values() if f.fails]
    departed = [
        _departed(f, after.get(f.id), looks)
        for f in before.values()
        if f.id not in moved.values()
        and not _fails(after.get(f.id))
        and f.outcome in (Outcome.FAIL, Outcome.PASS)
    ]
    told = sorted([*arrived, *(c for c in departed if c is not None)], key=_order)
    counts = {change.value: sum(c.change is change for c in told) for change in Change}
    return Comparison(SCHEMA, old.as_of, new.as_of, counts, tuple(told))


def known_failures(baseline: PastReport, new: PastReport) -> frozenset[str]:
    """Return the failures of the new report that the baseline has already, no less bad."""
    changes = compare(baseline, new).changes
    return frozenset(c.id for c in changes if c.change is Change.STILL)


def any_new(comparison: Comparison, fail_on: Severity) -> bool:
    """Return whether something is new or worse at that severity or above."""
    return any(
        c.change in (Change.NEW, Change.WORSE) and c.severity.rank <= fail_on.rank
        for c in comparison.changes
    )


def _by_id(findings: Iterable[Past]) -> dict[str, Past]:
    return {finding.id: finding for finding in findings}


def _fails(finding: Past | None) -> bool:
    return finding is not None and finding.fails


_LINE = re.compile(r"^(?P<file>/.*):\d+$")


def _file(location: str) -> str:
    """Return the location without the line of a file, which moves when the file is edited."""
    found = _LINE.match(location)
    return found["file"] if found else location


def _moved(before: Mapping[str, Past], after: Mapping[str, Past]) -> dict[str, str]:
    """Return, by its new id, the old id of each failure that only changed its line in a file."""
    waiting: dict[tuple[str, str, str], list[str]] = {}
    for finding in before.values():
        lined = _file(finding.location) != finding.location
        if lined and finding.outcome is Outcome.FAIL and finding.id not in after:
            key = (finding.rule, finding.target, _file(finding.location))
            waiting.setdefault(key, []).append(finding.id)
    moved = {}
    for finding in after.values():
        left = waiting.get((finding.rule, finding.target, _file(finding.location)))
        if left and finding.fails and finding.id not in before:
            moved[finding.id] = left.pop(0)
    return moved


class _Looks(Struct, frozen=True):
    """What an audit looked at: by rule, target and starting place; and where it came short."""

    judged: dict[tuple[str, str, str], Past]
    short: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, findings: Sequence[Past]) -> _Looks:
        judged = {
            (f.rule, f.target, _file(seen.location)): f
            for f in findings
            if f.outcome in (Outcome.PASS, Outcome.FAIL)
            for seen in f.evidence
        }
        short = {(f.rule, f.target) for f in findings if f.outcome is Outcome.INCONCLUSIVE}
        return cls(judged, frozenset(short))

    def again(self, before: Past) -> bool:
        """Return whether the place of a finding that is gone was looked at again.

        A listing that is gone leaves no finding at its own place: that the search for listings
        was made again, whole and from the same starting place, is what proves it.
        """
        if (before.rule, before.target) in self.short:
            return False
        places = [(before.rule, before.target, _file(s.location)) for s in before.evidence]
        return any(p in self.judged and _stands(before, self.judged[p]) for p in places)


def _stands(before: Past, after: Past) -> bool:
    # What was measured is not mended by saying so.
    said = after.attested is not None or after.basis == "declared"
    return not said or (before.basis == "declared" and after.attested is None)


def _arrived(finding: Past, before: Past | None) -> Changed:
    if before is None or before.outcome is not Outcome.FAIL:
        return _changed(Change.NEW, before, finding)
    worse = _is_worse(before, finding)
    return _changed(Change.WORSE if worse else Change.STILL, before, finding)


def _is_worse(before: Past, after: Past) -> bool:
    lapsed = before.waived is not None and before.waived.in_force
    graver = after.severity.rank < before.severity.rank
    return lapsed or graver or exposed(after) > exposed(before)


def exposed(finding: Past) -> int:
    """Return the largest count of records or personal data its evidence has at its place."""
    return max((_largest(s.fact, finding.location) for s in finding.evidence if s.fact), default=0)


def _largest(fact: Mapping[str, Any], location: str) -> int:
    entries = [fact, *(e for e in fact.get("found", ()) if isinstance(e, Mapping))]
    at = [e for e in entries if e.get("path", location) == location]
    counts = [e.get("records") for e in at]
    counts += [p.get("count") for e in at for p in e.get("personal", ()) if isinstance(p, Mapping)]
    return max((n for n in counts if isinstance(n, int)), default=0)


def _departed(before: Past, after: Past | None, looks: _Looks) -> Changed | None:
    if after is not None and after.outcome is Outcome.FAIL:
        # Accepted for now: it is there still, whatever was thought of it before.
        return _changed(Change.STILL, before, after) if before.outcome is Outcome.FAIL else None
    if after is None:
        seen = looks.again(before)
    else:
        seen = after.outcome is Outcome.PASS and _stands(before, after)
    if before.outcome is Outcome.PASS:
        return None if seen else _changed(Change.GONE, before, after)
    return _changed(Change.MENDED if seen else Change.GONE, before, after)


def _changed(change: Change, before: Past | None, after: Past | None) -> Changed:
    finding = after or before
    assert finding is not None
    return Changed(
        change=change,
        id=finding.id, rule=finding.rule, module=finding.module, severity=finding.severity,
        target=finding.target, location=finding.location, title=finding.title,
        before=before.sentence if before else None,
        after=after.sentence if after else None,
        was=before.outcome if before else None,
        is_now=after.outcome if after else None,
    )  # fmt: skip


_ORDER = list(Change)


def _order(changed: Changed) -> tuple[int, bool, int, str, str, str]:
    conformed = changed.was is Outcome.PASS
    rank = changed.severity.rank
    return (_ORDER.index(changed.change), conformed, rank, changed.rule, changed.target,
            changed.location)  # fmt: skip
