"""Answers compared without what changes by itself: whether they tell one account from another."""

from __future__ import annotations

import datetime as dt
import re
import statistics
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from typing import Literal
from urllib.parse import quote, quote_plus

from cnilcheck.collectors.cookies import cookies_of
from cnilcheck.collectors.rank_test import compare_times
from cnilcheck.collectors.transport import Answer, path_of
from cnilcheck.model.facts import AccountDisclosure, Difference

_UNSEEN = frozenset(("script", "style", "noscript", "template"))
_LONGEST = 512 * 1024
_TOKEN = re.compile(r"[A-Za-z0-9+/=_-]{16,}")
_MOST_LINES = 2000


@dataclass(frozen=True)
class Told:
    """What one answer says, without tokens, numbers and the name that was sent."""

    status: int
    leads: str
    lines: frozenset[str]
    length: int
    cookies: frozenset[str]
    elapsed: float


def told_by(answer: Answer, page: Answer, name: str) -> Told:
    """Return what an answer, and the page it leads to, say to someone who sent that name."""
    leads = _without_name(path_of(answer.location) if answer.location else "", name)
    set_ = [*answer.all("set-cookie"), *page.all("set-cookie")]
    cookies = frozenset(c.name for c in cookies_of(set_, dt.datetime.now(dt.UTC)))
    lines = frozenset(lines_of(page.text, name))
    length = len(_without_name(page.text, name))
    return Told(answer.status, _TOKEN.sub("T", leads), lines, length, cookies, answer.elapsed)


def lines_of(text: str, name: str = "") -> list[str]:
    """Return the visible lines of a page, without numbers, long tokens and that name."""
    reader = _Visible()
    with suppress(AssertionError, ValueError):  # html.parser on malformed declarations
        # The tag at the end brings out the text before it; close() would read the rest again.
        reader.feed(text[:_LONGEST] + "<p>")
    lines = (_line(line, name) for line in "\n".join(reader.parts).splitlines()[:_MOST_LINES])
    return [line for line in lines if line]


class _Visible(HTMLParser):
    """The text between tags, without that of scripts and styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN and self._unseen > 0

    def handle_data(self, data: str) -> None:
        if not self._unseen and len(self.parts) < _MOST_LINES:
            self.parts.append(data)


def _line(line: str, name: str) -> str:
    short = " ".join(_without_name(line, name).split())[:500]
    return re.sub(r"\d+", "0", _TOKEN.sub("T", short))


def _without_name(text: str, name: str) -> str:
    for spelling in {name, quote(name), quote_plus(name), escape(name)} if name else ():
        text = text.replace(spelling, "NAME")
    return text


def differences(real: Sequence[Told], invented: Sequence[Told]) -> tuple[Difference, ...]:
    """Return what all answers for the real account share and none for invented ones, or reverse.

    Times are compared apart. A line that comes and goes by itself is in neither set.
    """
    found: list[Difference] = []
    if _apart([t.status for t in real], [t.status for t in invented]):
        found.append("status")
    if _apart([t.leads for t in real], [t.leads for t in invented]):
        found.append("redirection")
    if _own(real, invented) or _own(invented, real):
        found.append("message")
    if _apart([t.cookies for t in real], [t.cookies for t in invented]):
        found.append("cookies")
    if not found and _apart([t.length for t in real], [t.length for t in invented]):
        found.append("length")
    return tuple(found)


def _apart(first: Iterable[object], second: Iterable[object]) -> bool:
    one, other = set(first), set(second)
    return len(one) == len(other) == 1 and one != other


def _own(first: Sequence[Told], second: Sequence[Told]) -> frozenset[str]:
    """Return the lines each of the first has and none of the second."""
    shared = frozenset.intersection(*(told.lines for told in first))
    return shared - frozenset().union(*(told.lines for told in second))


def disclosure(
    form: Literal["sign_in", "reset", "sign_up"],
    real: Sequence[Told],
    invented: Sequence[Told],
    *,
    timed: bool,
) -> AccountDisclosure:
    """Return how the answers for the account differ from those for invented ones."""
    found, compared = differences(real, invented), min(len(real), len(invented))
    if not timed:
        return AccountDisclosure(form, compared, found, "not_compared")
    times = compare_times([t.elapsed for t in real], [t.elapsed for t in invented])
    match times.answer:
        case "differ":
            gap = round(abs(times.gap))
            return AccountDisclosure(form, compared, (*found, "time"), "compared", gap)
        case "same":
            return AccountDisclosure(form, compared, found, "compared")
        case "too_noisy":
            return AccountDisclosure(form, compared, found, "too_noisy")
        case "too_few":
            return AccountDisclosure(form, compared, found, "not_compared")


def slower_than(first: Sequence[float], seconds: float) -> bool:
    """Return whether a time is more than a second, and three times what it was at first."""
    return seconds > 1.0 and seconds > 3 * statistics.median(first)
