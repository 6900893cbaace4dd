"""The password of the test account changed for a moment, and put back whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, TypeAlias

from cnilcheck.collectors.base import Missing, Seen, Sighting, Tools
from cnilcheck.collectors.html_page import read_html
from cnilcheck.collectors.lent_account import LentAccount, place_of
from cnilcheck.collectors.sign_in_form import fill_change
from cnilcheck.collectors.transport import Answer
from cnilcheck.collectors.visitor import Visitor
from cnilcheck.errors import CollectionError, Malformed, NotPermitted, Refused
from cnilcheck.model.facts import SessionEnd, ShortPassword

# Seven characters of any alphabet hold less than the 50 bits of CNIL case 2 (7 x log2 99 = 46.4).
SHORT = 7
_LEAST_OTHER = 12
_TRIES = 2
Left: TypeAlias = Literal["unchanged", "put_back", "other", "short", "unknown"]


@dataclass
class Change:
    """The test account's password through its changes: which may be in force, and how it ended."""

    lent: LentAccount
    state: Left = "unchanged"
    tried: str = ""
    in_force: str | None = None

    def observe(self) -> Iterator[Sighting]:
        """Yield what a short password and a changed one led to; the first password is back after.

        Also when the operator interrupts, the time is up, or the server fails in between.
        """
        other = self.lent.passwords.other
        if other is None:
            raise NotPermitted("the scope names no test_account.other_password to change to")
        if len(other) < _LEAST_OTHER:
            raise NotPermitted(f"other_password has fewer than {_LEAST_OTHER} characters")
        with self.lent.tools.restoration() as calm:
            try:
                yield from self._short(other[:SHORT], calm)
                yield from self._sessions(other, calm)
            finally:
                self._put_back(calm)
        if self.state not in ("unchanged", "put_back"):
            raise Refused("the first password of the test account could not be put back")

    def _short(self, short: str, calm: Tools) -> Iterator[Sighting]:
        try:
            accepted = self._change(self._signed_in(), self.lent.passwords.current, short)
        except CollectionError as error:
            yield Missing(self._place, ShortPassword, error)
            self._put_back(calm)
            return
        self._put_back(calm)
        yield Seen(self._place, ShortPassword(SHORT, accepted, "change"))

    def _sessions(self, other: str, calm: Tools) -> Iterator[Sighting]:
        if self.state not in ("unchanged", "put_back"):
            raise Refused("the first password could not be put back: nothing more was changed")
        bystander = self._signed_in()
        if not self._change(self._signed_in(), self.lent.passwords.current, other):
            raise Refused("the change of password was not accepted")
        still = self.lent.is_open(bystander)
        self._put_back(calm)
        if still is None:
            raise Malformed("after the change the page shows neither a session nor its end")
        yield Seen(self._place, SessionEnd("password_change", still))

    @property
    def _place(self) -> str:
        return place_of(self.lent.account.change)

    def _signed_in(self) -> Visitor:
        visitor = self.lent.visitor()
        if not self.lent.enter(visitor):
            raise Refused("the test account no longer signs in")
        return visitor

    def _change(self, visitor: Visitor, current: str, new: str) -> bool:
        """Send the change; return whether the new password is in force afterwards."""
        page = visitor.follow(visitor.get(self.lent.site.address(self.lent.account.change)))
        filled = fill_change(page, current, new)
        # From here on, either password may be the one in force, whatever comes back.
        self.tried, self.in_force, self.state = new, None, "unknown"
        answer = visitor.send(filled.url, filled.fields, filled.page)
        if answer.status >= 400 or (answer.status == 200 and _asks_again(answer)):
            self.in_force = self.lent.passwords.current if self._opens(current) else None
        else:
            self.in_force = new if self._opens(new) else None
        return self.in_force == new

    def _opens(self, password: str, tools: Tools | None = None) -> bool:
        """Return whether that password signs in; if not, that was one more wrong password."""
        self.lent.ledger.wrong(mending=True)
        visitor = self.lent.visitor(tools)
        self.lent.sign_in(visitor, self.lent.account.name, password)
        opens = self.lent.is_open(visitor) is True
        if opens:
            self.lent.ledger.not_wrong()
        return opens

    def _put_back(self, calm: Tools) -> None:
        """Bring the first password back into force; `state` says whether that is done."""
        for _ in range(_TRIES):
            if self.state != "unknown":
                return
            with suppress(CollectionError):
                self._try_to_put_back(calm)

    def _try_to_put_back(self, calm: Tools) -> None:
        first, new = self.lent.passwords.current, self.tried
        if self.in_force == first or (self.in_force is None and self._opens(first, calm)):
            self.state = "unchanged"
            return
        visitor = self.lent.visitor(calm)
        self.lent.sign_in(visitor, self.lent.account.name, new)
        if self.lent.is_open(visitor) is not True:
            return
        page = visitor.follow(visitor.get(self.lent.site.address(self.lent.account.change)))
        filled = fill_change(page, new, first)
        self.in_force = None
        visitor.send(filled.url, filled.fields, filled.page)
        known: Left = "short" if len(new) == SHORT else "other"
        self.state = "put_back" if self._opens(first, calm) else known


def _asks_again(answer: Answer) -> bool:
    return any(form.passwords for form in read_html(answer.text, answer.url).forms)
