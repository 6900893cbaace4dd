"""Wrong passwords, few and counted: what stops them, and whether answers tell accounts apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from cnilcheck.collectors.active_answers import (
    Told,
    disclosure,
    lines_of,
    slower_than,
    told_by,
)
from cnilcheck.collectors.base import Missing, Seen, Sighting
from cnilcheck.collectors.lent_account import (
    MOST_IN_A_ROW,
    Attempt,
    LentAccount,
    invented,
    place_of,
)
from cnilcheck.collectors.sign_in_form import CAPTCHA, fill_name, fill_sign_up, name_only_form
from cnilcheck.collectors.transport import Answer
from cnilcheck.collectors.visitor import Visitor
from cnilcheck.errors import (
    BudgetSpent,
    CollectionError,
    Malformed,
    Refused,
    TimedOut,
    Unreachable,
)
from cnilcheck.model.facts import AccountDisclosure, FailedSignIns

Protection: TypeAlias = Literal["message", "refusal", "captcha", "delay"]
# Invented, invented, real: four failures of the account beside eight that cost nobody anything.
_COMPARED = 4
_ROUNDS = 3
_MORE_ROUNDS = 2
_STOP_WORDS = re.compile(
    r"(?i)lock(?:ed|out)|bloqu|verrouill|suspend|too many|trop d|trop souvent"
    r"|(?:again|r[ée]essay\w*|nouveau) (?:in|later|dans|plus tard)|temporair|temporar|throttl"
)
# "Your account will be locked after 3 more": announced, and not yet there.
_ANNOUNCED = re.compile(
    r"(?i)remain|restant|\breste|will be|sera\b|seront\b"
    r"|(?:after|apr[èe]s|before|avant)[^.]{0,20}\b0 (?:\w+ )?"
    r"(?:[ée]chec|attempt|essai|tentative|fail)"
)


@dataclass
class Series:
    """The answers to wrong passwords so far, and the first protection met."""

    lent: LentAccount
    real: list[Told] = field(default_factory=list)
    invented: list[Told] = field(default_factory=list)
    protection: Protection | None = None
    seconds: int | None = None
    opened: bool = False
    first: Attempt | None = None
    slow: int = 0

    def take(self, name: str, *, real: bool) -> bool:
        """Send one wrong password and keep what it met; return whether to go on."""
        visitor = self.lent.visitor()
        try:
            send = self.lent.fail(visitor) if real else self.lent.stranger(visitor, name)
        except (TimedOut, Refused, Malformed, Unreachable) as error:
            # A server that answered before, and now holds the line or shows no form, protects.
            if self.first is None:
                raise
            self.protection = "delay" if isinstance(error, TimedOut) else "refusal"
            return False
        told = told_by(send.answer, send.page, name)
        self._watch(send, told, visitor)
        if self.protection in ("message", "refusal", "captcha"):
            return False
        (self.real if real else self.invented).append(told)
        self.first = self.first or send
        return self.protection is None and not self.opened

    def _watch(self, send: Attempt, told: Told, visitor: Visitor) -> None:
        found = _protection(send, self.first)
        times = [t.elapsed for t in (*self.real, *self.invented)][:3]
        self.slow = self.slow + 1 if times and slower_than(times, told.elapsed) else 0
        if found is not None:
            self.protection, self.seconds = found, _retry_after(send)
        elif self.slow >= 2:
            self.protection, self.seconds = "delay", round(told.elapsed)
        self.opened = self.lent.is_open(visitor) is True


def _protection(send: Attempt, first: Attempt | None) -> Protection | None:
    if 429 in (send.answer.status, send.page.status):
        return "refusal"
    status = max(send.answer.status, send.page.status)
    usual = max(first.answer.status, first.page.status) if first else 0
    if first is not None and status != usual and status in (401, 403, 423, 503):
        return "refusal"
    before = first.page if first else send.before
    if before is None:
        return None
    if CAPTCHA.search(send.page.text) and not CAPTCHA.search(before.text):
        return "captcha"
    known = set(lines_of(before.text))
    new = [line for line in lines_of(send.page.text) if line not in known]
    told = any(_STOP_WORDS.search(line) and not _ANNOUNCED.search(line) for line in new)
    return "message" if told else None


def _retry_after(send: Attempt) -> int | None:
    stated = send.answer.header("retry-after").strip()
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) <= 6 else None


def failed_sign_ins(lent: LentAccount) -> Iterator[Sighting]:
    """Yield whether the sign-in tells accounts apart, and what stops wrong passwords in a row."""
    series, name = Series(lent), lent.account.name
    going = all(_one_round(series) for _ in range(_COMPARED))
    if going:
        while lent.ledger.deliberate < MOST_IN_A_ROW and series.take(name, real=True):
            continue
    enough = len(series.real) >= _ROUNDS and len(series.invented) >= _ROUNDS
    compared = series.real[:_COMPARED], series.invented
    if enough:
        yield Seen(lent.login_path, disclosure("sign_in", *compared, timed=True))
    else:
        error = Refused("a protection came before enough answers could be compared")
        yield Missing(lent.login_path, AccountDisclosure, error)
    yield Seen(lent.login_path, _ending(series))


def _one_round(series: Series) -> bool:
    name = series.lent.account.name
    for real in (False, False, True):
        if not series.take(name if real else invented(name), real=real):
            return False
    return True


def _ending(series: Series) -> FailedSignIns:
    """Try what tells a lock from a wait: an invented account, then the right password."""
    lent, ledger = series.lent, series.lent.ledger
    failures, attempts = ledger.deliberate, ledger.attempts
    told = lent.declared_lock
    if series.opened:
        return FailedSignIns(
            failures, attempts, None, "not_tried", opened=True, declared_after=told
        )
    whole = series.protection is not None and _meets_it_too(series)
    right = _right_password(lent)
    silent = series.protection is None and right == "refused"
    lent.maybe_locked = series.protection in ("message", "refusal") or right != "accepted"
    seen = "lock" if silent else series.protection
    return FailedSignIns(
        failures, attempts, seen, right, series.seconds, whole, declared_after=told
    )


def _meets_it_too(series: Series) -> bool:
    lent = series.lent
    try:
        send = lent.stranger(lent.visitor(), invented(lent.account.name))
    except CollectionError:
        return True
    return _protection(send, series.first) is not None


def _right_password(lent: LentAccount) -> Literal["accepted", "refused", "not_tried"]:
    try:
        return "accepted" if lent.enter(lent.visitor()) else "refused"
    except (TimedOut, Refused, Malformed):
        return "refused"
    except (BudgetSpent, Unreachable):
        return "not_tried"


def forgotten_password(lent: LentAccount) -> Iterator[Sighting]:
    """Yield whether asking for a new password tells accounts apart; five messages at most leave."""
    url = lent.site.address(lent.account.reset)

    def ask(name: str) -> Told:
        visitor = lent.visitor()
        page = visitor.follow(visitor.get(url))
        filled = fill_name(name_only_form(page), page.url, name)
        answer = visitor.send(filled.url, filled.fields, filled.page)
        return _acceptable(answer, visitor.follow(answer), name)

    fact = _compared(lent, ask, "reset")
    yield Seen(place_of(lent.account.reset), fact)


def sign_up(lent: LentAccount) -> Iterator[Sighting]:
    """Yield whether a sign-up that cannot succeed tells accounts apart; no account is opened."""
    url = lent.site.address(lent.account.sign_up)

    def ask(name: str) -> Told:
        visitor = lent.visitor()
        page = visitor.follow(visitor.get(url))
        filled = fill_sign_up(page, name)
        answer = visitor.send(filled.url, filled.fields, filled.page)
        if answer.location is not None:
            raise Malformed("a sign-up with two different passwords was accepted: tried no further")
        return _acceptable(answer, answer, name)

    yield Seen(place_of(lent.account.sign_up), _compared(lent, ask, "sign_up"))


def _acceptable(answer: Answer, page: Answer, name: str) -> Told:
    if 429 in (answer.status, page.status) or answer.status >= 500:
        raise Refused(f"answers {answer.status}")
    return told_by(answer, page, name)


def _compared(
    lent: LentAccount, ask: Callable[[str], Told], form: Literal["reset", "sign_up"]
) -> AccountDisclosure:
    real, others = list[Told](), list[Told]()
    for number in range(_ROUNDS + _MORE_ROUNDS):
        if number >= _ROUNDS and not disclosure(form, real, others, timed=False).differences:
            break
        lent.pause()
        others.append(ask(invented(lent.account.name)))
        lent.pause()
        real.append(ask(lent.account.name))
    return disclosure(form, real, others, timed=False)
