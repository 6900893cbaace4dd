"""The engine: observe the scope, then judge what was observed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from cnilcheck import __version__
from cnilcheck.collectors.base import Collector, Tools
from cnilcheck.judging import finding_of, mending_order, verdicts_of, with_people
from cnilcheck.model.evidence import SCHEMA, Collected, Observation
from cnilcheck.model.report import Finding
from cnilcheck.model.rule import BoundRule
from cnilcheck.model.scope import Scope
from cnilcheck.model.verdict import Context
from cnilcheck.observing import not_given, observations
from cnilcheck.supervise import Run, Watcher, supervise


def collect(
    scope: Scope, collectors: Sequence[Collector], tools: Tools, watch: Watcher = lambda *_: None
) -> Collected:
    """Return all that the instruments saw of the scope, and a gap for all they did not.

    Instruments run side by side. An operator's interrupt ends the audit early: what was seen
    is kept, the rest becomes gaps, and `interrupted` is true.
    """
    started = dt.datetime.now(dt.UTC)
    runs, seen = list[Run](), list[Observation]()
    for collector in collectors:
        tasks = collector.tasks(scope)
        runs += [Run(collector, task) for task in tasks]
        seen += [] if tasks else not_given(collector)
    interrupted = supervise(runs, tools, watch)
    seen += [observation for run in runs for observation in observations(run)]
    ended = dt.datetime.now(dt.UTC)
    return Collected(SCHEMA, __version__, started, ended, interrupted, tuple(seen))


def judge(
    rules: Sequence[BoundRule], collected: Collected, scope: Scope, as_of: dt.date
) -> tuple[Finding, ...]:
    """Return a finding for each rule at each place it was judged, in mending order.

    A gap makes a finding inconclusive: never a pass, never a fail. Pure: the same evidence,
    rules and day give the same findings.
    """
    role = scope.organisation.role if scope.organisation else None
    context = Context(as_of, scope.health_data, role, scope.profile)
    findings: dict[str, Finding] = {}
    for bound in rules:
        for observation, verdict in verdicts_of(bound, collected, context):
            finding = finding_of(bound.rule, observation, verdict, as_of)
            findings.setdefault(finding.id, with_people(finding, scope, as_of))
    return tuple(sorted(findings.values(), key=mending_order))
