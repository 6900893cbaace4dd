"""The engine: observe the scope, then judge what was observed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Sequence

from cnilcheck import __version__
from cnilcheck.collectors.base import Collector, Task, Tools
from cnilcheck.judging import finding_of, mending_order, outranked, verdicts_of, with_people
from cnilcheck.model.evidence import SCHEMA, Collected, Observation
from cnilcheck.model.logging_coverage import with_matrix
from cnilcheck.model.report import Finding
from cnilcheck.model.rule import BoundRule
from cnilcheck.model.scope import Scope
from cnilcheck.model.verdict import Context
from cnilcheck.observing import not_given, observations
from cnilcheck.retesting import Earlier
from cnilcheck.supervise import Run, Watcher, supervise


def collect(
    scope: Scope,
    collectors: Sequence[Collector],
    tools: Tools,
    watch: Watcher = lambda *_: None,
    earlier: Earlier | None = None,
) -> Collected:
    """Return all that the instruments saw of the scope, and a gap for all they did not.

    Instruments run side by side. An operator's interrupt ends the audit early: what was seen
    is kept, the rest becomes gaps, and `interrupted` is true. With an earlier audit only what it
    left to look at again is observed; the rest stands as it was seen then.
    """
    started = dt.datetime.now(dt.UTC)
    runs, seen = list[Run](), list[Observation]()
    kept = list[Observation]()
    for collector in collectors:
        tasks = collector.tasks(scope)
        runs += [Run(collector, task) for task in tasks_left(collector, tasks, earlier)]
        seen += [] if tasks else not_given(collector)
        kept += earlier.standing(collector.name, (task.target for task in tasks)) if earlier else ()
    interrupted = supervise(runs, tools, watch)
    seen += [observation for run in runs for observation in observations(run)]
    ended = dt.datetime.now(dt.UTC)
    retest = earlier.retest(len(kept)) if earlier else None
    return Collected(SCHEMA, __version__, started, ended, interrupted, (*kept, *seen), retest)


def tasks_left(
    collector: Collector, tasks: Sequence[Task], earlier: Earlier | None
) -> tuple[Task, ...]:
    """Return the tasks of an instrument that an earlier audit did not settle."""
    settled = earlier.settled if earlier else {}
    return tuple(task for task in tasks if (collector.name, task.target) not in settled)


def judge(
    rules: Sequence[BoundRule],
    collected: Collected,
    scope: Scope,
    as_of: dt.date,
    named: Container[str] = (),
) -> tuple[Finding, ...]:
    """Return a finding for each rule at each place it was judged, in mending order.

    A gap makes a finding inconclusive: never a pass, never a fail. What the formal notice names
    (weaknesses, modules) is not waived. Pure: the same evidence, rules and day give the same
    findings.
    """
    role = scope.organisation.role if scope.organisation else None
    context = Context(as_of, scope.health_data, role, scope.profile)
    findings: dict[str, Finding] = {}
    seen = with_matrix(collected)
    for bound in rules:
        judged = outranked(bound, list(verdicts_of(bound, seen, context)), context)
        for observation, verdict in judged:
            finding = finding_of(bound.rule, observation, verdict, as_of)
            findings.setdefault(finding.id, with_people(finding, scope, as_of, named))
    return tuple(sorted(findings.values(), key=mending_order))
