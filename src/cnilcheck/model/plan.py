"""The deadline of a formal notice (décret 2005-1309, art. 73), and the plan to meet it."""

from __future__ import annotations

import calendar
import datetime as dt
import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from cnilcheck.model.evidence import Evidence
from cnilcheck.model.facts import Fact, PasswordHashes, ReadableFiles, StoredData
from cnilcheck.model.personal_data import DataCount
from cnilcheck.model.report import Deadline, Finding, Plan, PlannedRepair, Span
from cnilcheck.model.scope import Notice
from cnilcheck.model.words import Module, Outcome
from cnilcheck.model.working_days import next_working_day

Track: TypeAlias = Literal["hosting", "technical"]


def deadline(notice: Notice, as_of: dt.date) -> Deadline:
    """Return the due date: receipt plus months, clamped to the month's end, or the extension.

    No text establishes that a CNIL notice ending on a day off moves to the next working day:
    that day is given as information, and never used as the due date.
    """
    due = notice.extended_to or add_months(notice.received_on, notice.months)
    return Deadline(
        received_on=notice.received_on,
        due_on=due,
        days_left=(due - as_of).days,
        extended=notice.extended_to is not None,
        next_working_day=next_working_day(due),
    )


def add_months(day: dt.date, months: int) -> dt.date:
    """Return the same day-number that many months later, or the last day of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


# Who can work at the same time: moving hosts and contracts goes on beside the technical work.
PEOPLE: dict[Track, int] = {"hosting": 2, "technical": 2}

# A weakness that is mended only after others, and why.
_AFTER: dict[str, tuple[str, ...]] = {
    # A password changed while the file that shows it is readable leaks again.
    "secrets-in-files": ("files-in-web-root", "directory-listing"),
    # HSTS binds browsers to HTTPS, which must work first.
    "missing-security-headers": ("no-tls",),
    # What was never written down can be neither reviewed nor alerted on.
    "logs-not-reviewed": ("logs-incomplete",),
    "no-alerting": ("logs-incomplete",),
    # A new password hashed badly is as weak as the old one.
    "initial-password-kept": ("weak-password-hash",),
}


class _Job(Struct, frozen=True):
    findings: tuple[Finding, ...]
    people: int

    @property
    def first(self) -> Finding:
        return self.findings[0]

    @property
    def days(self) -> float:
        return self.first.remediation.days

    @property
    def track(self) -> Track:
        return "hosting" if self.first.module is Module.HOSTING else "technical"


def plan(findings: Sequence[Finding], due: Deadline | None, as_of: dt.date) -> Plan | None:
    """Return the repairs in mending order with their days, or None when nothing is to be mended.

    Order: severity, what strangers can reach, how many people it is about, then effort, so that
    much is soon better; what others wait for goes before them. A move to another host takes
    longest and begins at once, on its own track. Failures accepted for now are not planned.
    """
    jobs = _ordered(_jobs(findings))
    if not jobs:
        return None
    start = next_working_day(max(as_of, due.received_on) if due else as_of)
    effort = sum(math.ceil(job.days) for job in jobs) + len(jobs)
    days = _working_days(start, effort + 30, due.due_on if due else start)
    placed = _placed(jobs)
    if due is None:
        mended = max(_last_day(end) for _, _, end in placed) + 1
        kept = (mended, mended + 2, mended + 2)
    else:
        kept = _kept(sum(day <= due.due_on for day in days))
    return Plan(
        start=start,
        mending=_span(days, 0, kept[0]),
        retest=_span(days, kept[0], kept[1]),
        answer=_span(days, kept[1], kept[2]),
        repairs=tuple(_planned(job, jobs, days, span, kept[0]) for job, *span in placed),
    )


def _kept(window: int) -> tuple[int, int, int]:
    """Return where mending, retest and answer end, in working days from the start.

    An eighth of the time, one day to five, is kept for each of retest and answer.
    """
    reserve = min(5, max(1, window // 8))
    answer = min(window, reserve)
    retest = min(window - answer, reserve)
    return window - answer - retest, window - answer, window


def _span(days: Sequence[dt.date], begin: int, end: int) -> Span | None:
    return Span(days[begin], days[end - 1]) if end > begin else None


def _working_days(start: dt.date, count: int, until: dt.date) -> list[dt.date]:
    days, day = list[dt.date](), start
    while len(days) < count or day <= until:
        if next_working_day(day) == day:
            days.append(day)
        day += dt.timedelta(days=1)
    return days


def _jobs(findings: Sequence[Finding]) -> list[_Job]:
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        accepted = finding.waived is not None and finding.waived.in_force
        if finding.outcome is Outcome.FAIL and not accepted:
            by_rule.setdefault(finding.rule, []).append(finding)
    return [_Job(tuple(group), max(map(people, group))) for group in by_rule.values()]


def people(finding: Finding) -> int:
    """Return how many records the evidence of a finding counts at its place, 0 when none."""
    facts = [o.fact for o in finding.evidence if isinstance(o, Evidence)]
    return max((_records(fact, finding.location) for fact in facts), default=0)


def _records(fact: Fact, location: str) -> int:
    match fact:
        case ReadableFiles(found=found):
            at = [file for file in found if file.path == location]
            counts = [n for file in at for n in (file.records or 0, *_counts(file.personal))]
        case StoredData(personal=personal):
            counts = _counts(personal)
        case PasswordHashes(total=total):
            counts = [total]
        case _:
            counts = []
    return max(counts, default=0)


def _counts(personal: Sequence[DataCount]) -> list[int]:
    return [seen.count for seen in personal]


def _ordered(jobs: Sequence[_Job]) -> list[_Job]:
    waiting, ordered = sorted(jobs, key=_urgency), list[_Job]()
    while waiting:
        chosen = waiting[0]
        while blockers := _before(chosen, waiting):
            chosen = blockers[0]
        waiting.remove(chosen)
        ordered.append(chosen)
    return ordered


def _urgency(job: _Job) -> tuple[int, bool, int, float, str]:
    finding = job.first
    reachable = finding.module is Module.EXPOSURE
    effort = -job.days if job.track == "hosting" else job.days
    return finding.severity.rank, not reachable, -job.people, effort, finding.rule


def _before(job: _Job, jobs: Sequence[_Job]) -> list[_Job]:
    # Only what is as grave or graver is waited for: a detail never delays what is urgent.
    rank = job.first.severity.rank
    return [
        other
        for other in jobs
        if other.first.weakness in _AFTER.get(job.first.weakness, ())
        and other.first.severity.rank <= rank
    ]


def _placed(jobs: Sequence[_Job]) -> list[tuple[_Job, float, float]]:
    """Return each job with its beginning and end, in working days from the start."""
    free = {track: [0.0] * count for track, count in PEOPLE.items()}
    ends: dict[str, float] = {}
    placed = []
    for job in jobs:
        hands = free[job.track]
        ready = max((ends[other.first.rule] for other in _before(job, jobs)), default=0.0)
        hand = min(range(len(hands)), key=lambda n: (max(hands[n], ready), n))
        begin = max(hands[hand], ready)
        hands[hand] = ends[job.first.rule] = begin + job.days
        placed.append((job, begin, begin + job.days))
    return placed


def _last_day(end: float) -> int:
    return max(0, math.ceil(end) - 1)


def _planned(
    job: _Job, jobs: Sequence[_Job], days: Sequence[dt.date], span: Sequence[float], mending: int
) -> PlannedRepair:
    begin, end = span
    last = max(_last_day(end), int(begin))
    return PlannedRepair(
        rule=job.first.rule,
        severity=job.first.severity,
        findings=tuple(f.id for f in job.findings),
        days=job.days,
        people=job.people,
        track=job.track,
        after=tuple(other.first.rule for other in _before(job, jobs)),
        start=days[int(begin)],
        end=days[last],
        fits=last < mending,
    )
