"""The plan to the deadline as a picture: bars on a calendar, in plain numbers for a template."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from cnilcheck.model.report import Deadline, Plan, PlannedRepair, Span
from cnilcheck.model.words import Lang
from cnilcheck.renderers import words

WIDTH, LABELS, ROW, HEAD = 1000, 370, 20, 34
_ROWS = 30
_LETTERS = 56

_At: TypeAlias = Callable[[dt.date], float]


@dataclass(frozen=True)
class Bar:
    """One row: its label, its bar, and a key for its colour."""

    label: str
    key: str
    y: int
    x: float
    width: float
    late: bool = False


@dataclass(frozen=True)
class Mark:
    """A vertical line on a day, with what that day is."""

    label: str
    x: float
    key: str


@dataclass(frozen=True)
class Chart:
    """A picture with its size, and how many rows were left out of it."""

    width: int
    height: int
    labels: int
    head: int
    bars: tuple[Bar, ...]
    months: tuple[Mark, ...]
    marks: tuple[Mark, ...]
    left_out: int


def chart_of(plan: Plan, due: Deadline | None, as_of: dt.date, titles: dict[str, str], lang: Lang
             ) -> Chart:  # fmt: skip
    """Return the picture of the plan; its first rows when there are many."""
    repairs = plan.repairs[:_ROWS]
    first, last = _bounds(plan, due, as_of, repairs)
    scale = (WIDTH - LABELS - 12) / ((last - first).days + 1)

    def at(day: dt.date) -> float:
        return round(LABELS + (day - first).days * scale, 1)

    def bar(label: str, key: str, y: int, span: Span | PlannedRepair, late: bool = False) -> Bar:
        end = min(span.end, last)
        length = round(((end - span.start).days + 1) * scale, 1)
        shown = label if len(label) <= _LETTERS else label[: _LETTERS - 1].rstrip() + "…"
        return Bar(shown, key, y, at(min(span.start, last)), max(length, 3.0), late)

    bars = [
        bar(f"{n}. {titles.get(r.rule, r.rule)}", r.severity.value, HEAD + 4 + ROW * (n - 1), r,
            late=not r.fits)
        for n, r in enumerate(repairs, 1)
    ]  # fmt: skip
    for name, span in (("retest", plan.retest), ("answer", plan.answer)):
        if span is not None and span.start <= last:
            y = HEAD + 4 + ROW * len(bars)
            bars.append(bar(words.PAGE[name].to(lang), "kept", y, span))
    return Chart(
        WIDTH, HEAD + ROW * len(bars) + 12, LABELS, HEAD, tuple(bars),
        months=_months(first, last, at, lang),
        marks=_marks(due, as_of, at, lang),
        left_out=len(plan.repairs) - len(repairs),
    )  # fmt: skip


def _bounds(
    plan: Plan, due: Deadline | None, as_of: dt.date, repairs: tuple[PlannedRepair, ...]
) -> tuple[dt.date, dt.date]:
    if due is not None and due.days_left >= 0:
        # What does not fit runs past the edge, which leaves the line of the due date visible.
        return min(due.received_on, as_of), due.due_on + dt.timedelta(days=14)
    last = max([r.end for r in repairs] + [plan.retest.end if plan.retest else as_of])
    return (due.received_on if due else as_of), last


def _months(first: dt.date, last: dt.date, at: _At, lang: Lang) -> tuple[Mark, ...]:
    days = [first]
    while days[-1] <= last:
        days.append((days[-1].replace(day=1) + dt.timedelta(days=32)).replace(day=1))
    # A first month with no room for its name goes without.
    shown = [d for d in days[:-1] if d != first or (days[1] - first).days > 12]
    return tuple(Mark(words.month(day, lang), at(day), "month") for day in shown)


def _marks(due: Deadline | None, as_of: dt.date, at: _At, lang: Lang) -> tuple[Mark, ...]:
    marks = [Mark(words.PAGE["as_of_short"].to(lang), at(as_of), "today")]
    if due is not None:
        if due.received_on != as_of:
            marks.insert(0, Mark(words.PAGE["receipt"].to(lang), at(due.received_on), "today"))
        end = due.due_on + dt.timedelta(days=1)
        marks.append(Mark(words.PAGE["due_short"].to(lang), at(end), "due"))
    return tuple(marks)
