"""From findings to the report: counts, coverage, the deadline, and the exit code."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import IntEnum

from cnilcheck.model.evidence import Collected, Evidence, Gap
from cnilcheck.model.facts import NetworkIdentity
from cnilcheck.model.hosting_matrix import hosting_matrix
from cnilcheck.model.logging_coverage import logging_matrix
from cnilcheck.model.plan import deadline, plan
from cnilcheck.model.report import Finding, Plan, Report, RuleCoverage, Summary, Tool
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import GapReason, Module, Outcome, Severity


class ExitCode(IntEnum):
    """What the exit code of a scan or a report says."""

    NOTHING_FAILS = 0
    SOMETHING_FAILS = 1
    WRONG_USE = 2
    NOT_OBSERVED = 3


def make_report(
    tool: Tool, scope: Scope, as_of: dt.date, collected: Collected, findings: Sequence[Finding]
) -> Report:
    """Return the report of these findings, what is to be mended in the order of the plan."""
    due = deadline(scope.notice, as_of) if scope.notice else None
    planned = plan(findings, due, as_of)
    return Report(
        schema="cnilcheck/report/1",
        tool=tool,
        scope=scope,
        as_of=as_of,
        deadline=due,
        summary=_summary(scope, collected, findings),
        findings=_in_order(findings, planned),
        plan=planned,
        retest=collected.retest,
        hosting=hosting_matrix(collected, findings, scope.health_data),
        logging=logging_matrix(collected.observations),
    )


def _in_order(findings: Sequence[Finding], planned: Plan | None) -> tuple[Finding, ...]:
    # Failures accepted for now come after those that are planned, and before the rest.
    order = {r.rule: n for n, r in enumerate(planned.repairs)} if planned else {}

    def place(finding: Finding) -> int:
        fails = finding.outcome is Outcome.FAIL
        return order.get(finding.rule, len(order)) if fails else len(order) + 1

    return tuple(sorted(findings, key=place))


def exit_code(report: Report, fail_on: Severity, strict: bool) -> ExitCode:
    """Return what the run amounts to; an audit in which nothing was assessed is never green.

    What the baseline of the run fails already does not fail it again.
    """
    failures = [f for f in report.findings if counts_as_failure(f) and not f.known]
    if any(f.severity.rank <= fail_on.rank for f in failures):
        return ExitCode.SOMETHING_FAILS
    summary = report.summary
    unseen = bool(summary.unobserved_targets) or summary.interrupted
    open_questions = strict and summary.outcomes[Outcome.INCONCLUSIVE.value] > 0
    if unseen or open_questions or not summary.coverage.assessed:
        return ExitCode.NOT_OBSERVED
    return ExitCode.NOTHING_FAILS


def counts_as_failure(finding: Finding) -> bool:
    """Return whether the finding fails, and no waiver in force covers it."""
    waived = finding.waived is not None and finding.waived.in_force
    return finding.outcome is Outcome.FAIL and not waived


def _summary(scope: Scope, collected: Collected, findings: Sequence[Finding]) -> Summary:
    failures = [f for f in findings if counts_as_failure(f)]
    return Summary(
        outcomes=_counted((f.outcome.value for f in findings), Outcome),
        failures=_counted((f.severity.value for f in failures), Severity),
        waived=sum(f.waived is not None and f.waived.in_force for f in findings),
        modules={
            module.value: _counted(
                (f.outcome.value for f in findings if f.module is module), Outcome
            )
            for module in Module
        },
        coverage=_coverage(findings),
        unobserved_targets=_unobserved(scope, collected),
        interrupted=collected.interrupted,
    )


def _counted(values: Iterable[str], kinds: Iterable[str]) -> dict[str, int]:
    counts = Counter(values)
    return {str(kind): counts[str(kind)] for kind in kinds}


def _coverage(findings: Sequence[Finding]) -> RuleCoverage:
    # A rule that fails or passes somewhere was assessed; a gap alone is not.
    measured = {f.rule for f in findings if f.basis in ("measured", "read")}
    declared = {f.rule for f in findings if f.basis == "declared"} - measured
    assessed = measured | declared
    without = {f.rule for f in findings if f.outcome is Outcome.NOT_APPLICABLE} - assessed
    return RuleCoverage(
        rules=len({f.rule for f in findings}),
        assessed=len(assessed),
        measured=len(measured),
        declared=len(declared),
        not_applicable=len(without),
    )


def _unobserved(scope: Scope, collected: Collected) -> tuple[str, ...]:
    # Whom an address belongs to is known without contact: it is no observation of the target.
    seen = {
        o.target
        for o in collected.observations
        if isinstance(o, Evidence) and not isinstance(o.fact, NetworkIdentity)
    }
    asked = [target.spelling for target in scope.targets]
    asked += [
        o.target
        for o in collected.observations
        if isinstance(o, Gap) and o.reason is not GapReason.NOT_GIVEN
    ]
    return tuple(dict.fromkeys(target for target in asked if target not in seen))
