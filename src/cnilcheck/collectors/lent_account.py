"""A consented test account at work: signs in, proves a session, and counts each wrong password."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from cnilcheck.collectors.base import Passwords, Tools
from cnilcheck.collectors.html_page import read_html
from cnilcheck.collectors.sign_in_form import Filled, fill_sign_in, sign_in_form
from cnilcheck.collectors.site import Site, site
from cnilcheck.collectors.transport import Answer, path_of
from cnilcheck.collectors.visitor import Visitor
from cnilcheck.errors import (
    BudgetSpent,
    CollectionError,
    Interrupted,
    Malformed,
    NotPermitted,
    Refused,
)
from cnilcheck.model.addresses import is_loopback
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import ConsentedAccount, Lockout, WebTarget

# CNIL 2022-100, case 2: a lock after at most 10 failures in a row. Twelve leave room for two
# sign-ins that fail while a password is put back; nothing goes beyond, whatever the server says.
MOST_IN_A_ROW = 10
MOST_FAILURES = 12
MOST_SIGN_INS = 40
_PAUSE_SECONDS = 1.0
_TOKENS = ("access_token", "accessToken", "token", "id_token", "jwt")


@dataclass(frozen=True)
class Look:
    """What the page that proves a session shows a visitor."""

    status: int
    leads: str
    asks_password: bool
    marked: bool


@dataclass(frozen=True)
class Attempt:
    """One sign-in: the page before it, what the server answered, and what that leads to."""

    before: Answer | None
    answer: Answer
    page: Answer


@dataclass
class Ledger:
    """How often the test account was signed in to, and how often wrongly; it never goes back."""

    failures: int = 0
    deliberate: int = 0
    attempts: int = 0
    sign_ins: int = 0
    sent: int = 0
    """Forms and documents sent with a password, right or wrong."""

    def wrong(self, *, mending: bool = False) -> None:
        """Count a wrong password before it is sent; raises BudgetSpent beyond the ceiling."""
        spent = not mending and self.deliberate >= MOST_IN_A_ROW
        if spent or self.failures >= MOST_FAILURES:
            raise BudgetSpent(
                f"{self.failures} wrong passwords were sent: no more for this account"
            )
        self.failures += 1
        self.attempts += 1
        self.deliberate += not mending

    def not_wrong(self) -> None:
        """Take back the last one: that password was the right one after all."""
        self.failures -= 1
        self.attempts -= 1

    def not_sent(self) -> None:
        """Take back the last deliberate one: the server showed no form to send it with."""
        self.not_wrong()
        self.deliberate -= 1

    def right(self) -> None:
        """Count a sign-in with the right password; raises BudgetSpent beyond the ceiling."""
        if self.sign_ins >= MOST_SIGN_INS:
            raise BudgetSpent(f"{self.sign_ins} sign-ins were made: no more for this account")
        self.sign_ins += 1


@dataclass
class LentAccount:
    """The account, the passwords that may be in force, and the page that proves a session."""

    tools: Tools
    target: WebTarget
    account: ConsentedAccount
    passwords: Passwords
    instrument: str
    login: str = ""
    proof: str = ""
    closed: Look | None = None
    opened: Look | None = None
    maybe_locked: bool = False
    ledger: Ledger = field(default_factory=Ledger)

    @property
    def site(self) -> Site:
        """The site the account is on."""
        return site(self.tools, self.target)

    def visitor(self, tools: Tools | None = None) -> Visitor:
        """Return a visitor nobody has seen yet."""
        return Visitor(tools or self.tools, self.site, self.instrument)

    def prepare(self) -> None:
        """Find the sign-in page, and see what the page that proves a session shows strangers."""
        self.login = self.site.address(self._login_path())
        if not self.site.owns(self.login):
            raise NotPermitted("the sign-in page is not on this site")
        if self.account.signed_in:
            self.proof = self.site.address(self.account.signed_in)
            self.closed = self.look(self.visitor())

    def _login_path(self) -> str:
        if self.target.logins:
            return self.target.logins[0]
        if self.account.sign_in.encoding == "json" and self.account.sign_in.address:
            return self.account.sign_in.address
        for page in self.site.survey(self.instrument).pages:
            form = page.html.password_form
            if form is not None and len(form.passwords) == 1:
                return page.answer.url
        raise Malformed("no page with a password field was met: name it as targets[].login")

    def sign_in(self, visitor: Visitor, name: str, password: str) -> Attempt:
        """Send one name and password; the ledger is the caller's to keep."""
        told = self.account.sign_in
        if told.encoding == "json":
            address = self.site.address(told.address or self.login)
            fields = {told.name or "username": name, told.password or "password": password}
            self.ledger.sent += 1
            answer = visitor.send(address, fields, self.login, as_json=True)
            visitor.bearer = _bearer(answer) or visitor.bearer
            return Attempt(None, answer, answer)
        before, filled = self.filled(visitor, name, password)
        self.ledger.sent += 1
        answer = visitor.send(filled.url, filled.fields, filled.page)
        return Attempt(before, answer, visitor.follow(answer))

    def filled(self, visitor: Visitor, name: str, password: str) -> tuple[Answer, Filled]:
        """Return the sign-in page and its form, filled in and not sent."""
        before = visitor.follow(visitor.get(self.login))
        if before.status >= 400:
            raise Refused(f"the sign-in page answers {before.status}")
        told = self.account.sign_in
        form = sign_in_form(before, told)
        filled = fill_sign_in(form, told, before.url, name, password)
        if told.address:
            filled = Filled(self.site.address(told.address), filled.fields, filled.page)
        return before, filled

    def enter(self, visitor: Visitor, password: str | None = None) -> bool:
        """Sign in with the right password; return whether the session is proved."""
        self.ledger.right()
        attempt = self.sign_in(visitor, self.account.name, password or self.passwords.current)
        if not self.proof:
            self._find_proof(attempt)
        return self.is_open(visitor) is True

    def fail(self, visitor: Visitor) -> Attempt:
        """Send a wrong password that was never sent before; raises BudgetSpent at the ceiling."""
        self.ledger.wrong()
        self.pause()
        sent = self.ledger.sent
        try:
            return self.sign_in(visitor, self.account.name, f"aA1!{secrets.token_urlsafe(9)}")
        except CollectionError:
            if self.ledger.sent == sent:
                self.ledger.not_sent()
            raise

    def stranger(self, visitor: Visitor, name: str) -> Attempt:
        """Send a wrong password for an invented account."""
        self.ledger.attempts += 1
        self.pause()
        return self.sign_in(visitor, name, f"aA1!{secrets.token_urlsafe(9)}")

    def pause(self) -> None:
        """Wait a second before an attempt, except on this machine; raises Interrupted."""
        seconds = 0.0 if is_loopback(self.site.host) else _PAUSE_SECONDS
        if self.tools.stop.wait(seconds):
            raise Interrupted("stopped by the operator")

    def _find_proof(self, attempt: Attempt) -> None:
        """Take the page that sign-in leads to, if strangers get something else there."""
        if attempt.answer.location is None or not self.site.owns(attempt.page.url):
            raise Malformed("no page proves a session: name one as test_account.signed_in")
        self.proof = attempt.page.url
        self.closed = self.look(self.visitor())

    def look(self, visitor: Visitor) -> Look:
        """Return what the page that proves a session shows this visitor."""
        answer = visitor.get(self.proof)
        leads = answer.location or ""
        words = self.account.signed_in_text
        form = read_html(answer.text, answer.url).password_form
        marked = bool(words) and words in answer.text
        return Look(answer.status, leads.partition("?")[0], form is not None, marked)

    def is_open(self, visitor: Visitor) -> bool | None:
        """Return whether the visitor has a session; None when the page shows something new.

        Raises Malformed when strangers see the same as those who signed in.
        """
        seen = self.look(visitor)
        if self.opened is None:
            if seen == self.closed:
                return False
            if seen.status == 200:
                self.opened = seen
                return True
            return None
        return True if seen == self.opened else False if seen == self.closed else None

    @property
    def declared_lock(self) -> int | None:
        """After how many failures the declarations lock an account of this sign-in page."""
        told = self.tools.scope.declarations.authentication
        accounts = told.accounts if told else ()
        here = [a for a in accounts if set(a.sign_in) & set(self.target.logins)]
        locks = [a.lockout for a in (here or (accounts if len(accounts) == 1 else ()))]
        numbers = [k.after_attempts for k in locks if isinstance(k, Lockout) and k.after_attempts]
        # Where several kinds of accounts share the page, the widest promise is the safe one.
        return max(numbers, default=None) if len(numbers) == len(locks) else None

    @property
    def proof_path(self) -> str:
        """The page that proves a session, as a place in the report."""
        return place_of(path_of(self.proof))

    @property
    def login_path(self) -> str:
        """The sign-in page, as a place in the report."""
        return place_of(path_of(self.login))


def place_of(path: str) -> str:
    """Return a path as a place in the report; its query stays, as it may tell pages apart."""
    return printable(mask(path))


def _bearer(answer: Answer) -> str:
    try:
        found = json.loads(answer.text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(found, Mapping):
        return ""
    tokens = [found.get(name) for name in _TOKENS]
    usable = [t for t in tokens if isinstance(t, str) and t.isascii() and t.isprintable()]
    return usable[0] if usable and len(usable[0]) <= 8192 else ""


def invented(name: str) -> str:
    """Return a name nobody has, of the same length: addresses end in a reserved domain (RFC 2606).

    Shorter ones than the reserved domain allows come out a little longer.
    """
    alphabet = "bcdfghjkmnpqrstvwxz"
    if "@" not in name:
        return "".join(secrets.choice(alphabet) for _ in range(max(6, len(name))))
    local = max(6, len(name) - len("@example.org"))
    return "".join(secrets.choice(alphabet) for _ in range(local)) + "@example.org"
