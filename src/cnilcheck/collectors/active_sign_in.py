"""Signs in as the consented test account, and sees what holds; only with `--active`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from cnilcheck import __version__
from cnilcheck.collectors import active_attempts, active_sessions
from cnilcheck.collectors.active_passwords import Change
from cnilcheck.collectors.active_traces import alone_with
from cnilcheck.collectors.base import Missing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.lent_account import LentAccount, place_of
from cnilcheck.collectors.site import web_targets
from cnilcheck.errors import CollectionError, Interrupted, NotPermitted, Refused
from cnilcheck.model.facts import (
    AccountDisclosure,
    Fact,
    FailedSignIns,
    ForgedSignIn,
    IdleSession,
    LentAccountLeft,
    SessionEnd,
    SessionRenewal,
    ShortPassword,
    SignedInPage,
)
from cnilcheck.model.scope import ConsentedAccount, Scope, WebTarget
from cnilcheck.model.words import Method

_SECONDS = 1200.0
_Step = Callable[[], Iterator[Sighting]]


class ActiveSignIn:
    """Sessions first, then the password, then wrong passwords, as these may lock the account."""

    name = "active-sign-in"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (
        SessionRenewal,
        SignedInPage,
        SessionEnd,
        IdleSession,
        ShortPassword,
        AccountDisclosure,
        FailedSignIns,
        ForgedSignIn,
        LentAccountLeft,
    )
    asks = "targets[].test_account"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the web targets with a test account; a long wait gets its time."""
        lent = [(t, t.test_account) for t in web_targets(scope) if t.test_account is not None]
        return tuple(
            Task(t.spelling, "/", t, _SECONDS + (account.idle_minutes or 0) * 60)
            for t, account in lent
        )

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what each trial met with; what could not be tried is a gap with its reason."""
        target: WebTarget = task.subject
        account, passwords = target.test_account, tools.passwords.get(target.spelling)
        if not tools.active:
            raise NotPermitted("tried only with --active")
        if account is None or passwords is None or tools.scope.authorisation is None:
            raise NotPermitted("needs a consented test account, its password and an authorisation")
        lent = LentAccount(tools, target, account, passwords, self.name)
        change, ended = Change(lent), None
        try:
            with alone_with(tools, target):
                yield from _trials(lent, account, change)
        except CollectionError as error:
            ended = error
        # Said even when the trials broke off: its owner must know how the account is left.
        yield Seen(task.location, LentAccountLeft(change.state, lent.maybe_locked))
        if ended is not None:
            raise ended


def _trials(lent: LentAccount, account: ConsentedAccount, change: Change) -> Iterator[Sighting]:
    lent.prepare()
    visitor = lent.visitor()
    if account.sign_in.encoding == "form":
        visitor.follow(visitor.get(lent.login))
    before = dict(visitor.cookies)
    if not lent.enter(visitor):
        raise Refused(
            "the test account's password opens no session (a second factor, a wrong password, or"
            " test_account.signed_in shows the same to everyone)"
        )
    steps: list[tuple[str, type[Fact], _Step]] = [
        (lent.login_path, SessionRenewal, lambda: active_sessions.renewal(lent, visitor, before)),
        (lent.proof_path, SignedInPage, lambda: active_sessions.page_and_cookies(lent, visitor)),
        (lent.login_path, SessionEnd, lambda: active_sessions.sign_out(lent, visitor)),
        (lent.login_path, ForgedSignIn, lambda: active_sessions.forged(lent)),
    ]
    for place, kind, step in steps:
        yield from _trial(place, kind, step)
    yield from _where_named(lent, account, change)


def _where_named(
    lent: LentAccount, account: ConsentedAccount, change: Change
) -> Iterator[Sighting]:
    def alone() -> Iterator[Sighting]:
        if account.idle_minutes is None:
            raise NotPermitted("the long test was not asked for (test_account.idle_minutes)")
        return active_sessions.left_alone(lent, account.idle_minutes)

    def wrong_passwords() -> Iterator[Sighting]:
        if not account.may_be_locked:
            raise NotPermitted("the scope says that the test account may not be locked")
        return active_attempts.failed_sign_ins(lent)

    def changed() -> Iterator[Sighting]:
        if not account.change:
            raise NotPermitted("the scope names no test_account.change")
        return change.observe()

    place = place_of(account.change) or lent.login_path
    yield from _trial(place, ShortPassword, changed)
    for written, forgotten in ((account.reset, True), (account.sign_up, False)):
        if written:
            ask = active_attempts.forgotten_password if forgotten else active_attempts.sign_up
            yield from _trial(place_of(written), AccountDisclosure, partial(ask, lent))
    yield from _trial(lent.login_path, IdleSession, alone)
    # Last: after these the account may be locked.
    yield from _trial(lent.login_path, FailedSignIns, wrong_passwords)


def _trial(place: str, kind: type[Fact], step: _Step) -> Iterator[Sighting]:
    """Yield what a trial saw; one that fails is a gap, and the next one begins."""
    try:
        yield from step()
    except Interrupted:
        raise
    except CollectionError as error:
        yield Missing(place, kind, error)
