"""Findings and the report they make: the machine contract `cnilcheck/report/1`."""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypeAlias

from msgspec import Struct

from cnilcheck.model.evidence import Observation, Retest
from cnilcheck.model.logging_matrix import LoggingMatrix
from cnilcheck.model.rule import Question, Remediation, Requirement
from cnilcheck.model.scope import Attestation, Scope, Waiver
from cnilcheck.model.text import Text
from cnilcheck.model.words import GapReason, Module, Outcome, Severity


class Waived(Struct, frozen=True, forbid_unknown_fields=True):
    """The waiver for a failure, and whether it is in force on the day judged for.

    What the formal notice names is not waived: `named` is true, and the failure counts.
    """

    waiver: Waiver
    in_force: bool
    named: bool = False


class Finding(Struct, frozen=True, forbid_unknown_fields=True):
    """One rule at one place of one target. `basis` says how it is known; None: not at all."""

    id: str
    rule: str
    module: Module
    weakness: str
    severity: Severity
    outcome: Outcome
    target: str
    location: str
    title: Text
    sentence: Text
    rationale: Text
    requirements: tuple[Requirement, ...]
    remediation: Remediation
    evidence: tuple[Observation, ...]
    basis: Literal["measured", "read", "declared"] | None
    question: Question | None = None
    gap: GapReason | None = None
    waived: Waived | None = None
    attested: Attestation | None = None
    known: bool = False
    """Whether the baseline of the run fails there already, no less."""


class Deadline(Struct, frozen=True, forbid_unknown_fields=True):
    """When the answer to the notice is due; `next_working_day` is information only."""

    received_on: dt.date
    due_on: dt.date
    days_left: int
    extended: bool
    next_working_day: dt.date


class PlannedRepair(Struct, frozen=True, forbid_unknown_fields=True):
    """All failures of one rule, which are mended together: when, and whether that is in time.

    `people` is the largest number of records seen exposed, 0 when none was counted; `after` names
    the rules that are mended before.
    """

    rule: str
    severity: Severity
    findings: tuple[str, ...]
    days: float
    people: int
    track: Literal["hosting", "technical"]
    after: tuple[str, ...]
    start: dt.date
    end: dt.date
    fits: bool


class Span(Struct, frozen=True, forbid_unknown_fields=True):
    """Working days kept for something, first and last included."""

    start: dt.date
    end: dt.date


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """Repairs in mending order with their days, and the days kept for what follows them.

    A span is None when no working day is left for it; without a notice nothing is late.
    """

    start: dt.date
    mending: Span | None
    retest: Span | None
    answer: Span | None
    repairs: tuple[PlannedRepair, ...]


class RuleCoverage(Struct, frozen=True, forbid_unknown_fields=True):
    """How many rules were assessed, and on what: measured or read, or on people's word.

    A rule without an object here is counted apart: it was not assessed.
    """

    rules: int
    assessed: int
    measured: int
    declared: int
    not_applicable: int


class Summary(Struct, frozen=True, forbid_unknown_fields=True):
    """Counts of findings and of rules; there is no score."""

    outcomes: dict[str, int]
    failures: dict[str, int]
    waived: int
    modules: dict[str, dict[str, int]]
    coverage: RuleCoverage
    unobserved_targets: tuple[str, ...]
    interrupted: bool


CellState: TypeAlias = Literal[
    "certified", "to_check", "refused", "outside", "uncertified", "own", "none"
]


class ActivityCell(Struct, frozen=True, forbid_unknown_fields=True):
    """How one actor performs one activity.

    `outside`: its certificate does not list it; `own`: for its own patients; `none`: not at all.
    """

    activity: int
    state: CellState


class MatrixActor(Struct, frozen=True, forbid_unknown_fields=True):
    """One actor of the hosting chain: a row; `certificate` is the number it shows, or empty."""

    name: str
    location: str
    certificate: str
    cells: tuple[ActivityCell, ...]


class ActivityColumn(Struct, frozen=True, forbid_unknown_fields=True):
    """One of the six activities: whether a certificate is needed for it, and what comes out.

    `needed` is None where the declaration does not tell; `by` names the certified actors.
    """

    activity: int
    needed: bool | None
    state: Literal["covered", "to_check", "uncovered", "nobody", "own", "not_needed", "unknown"]
    by: tuple[str, ...]


class HostingMatrix(Struct, frozen=True, forbid_unknown_fields=True):
    """Actors by activities of article R.1111-9, as declared and judged on the day of the report."""

    service: str | None
    actors: tuple[MatrixActor, ...]
    activities: tuple[ActivityColumn, ...]


class Tool(Struct, frozen=True, forbid_unknown_fields=True):
    """What made the report; `rules` is a SHA-256 over the rule catalogue."""

    name: str
    version: str
    rules: str


class Report(Struct, frozen=True, forbid_unknown_fields=True):
    """report.json."""

    schema: Literal["cnilcheck/report/1"]
    tool: Tool
    scope: Scope
    as_of: dt.date
    deadline: Deadline | None
    summary: Summary
    findings: tuple[Finding, ...]
    plan: Plan | None = None
    retest: Retest | None = None
    hosting: HostingMatrix | None = None
    logging: LoggingMatrix | None = None
