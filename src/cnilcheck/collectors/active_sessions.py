"""What becomes of a session: at sign-in, at sign-out, and when it is left alone."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Iterator

from msgspec.structs import replace

from cnilcheck.collectors.base import Nothing, Seen, Sighting
from cnilcheck.collectors.cookies import cookies_of
from cnilcheck.collectors.html_page import Form, read_html
from cnilcheck.collectors.lent_account import LentAccount
from cnilcheck.collectors.sign_in_form import carried, is_token
from cnilcheck.collectors.transport import Answer
from cnilcheck.collectors.visitor import Visitor
from cnilcheck.errors import Interrupted, Malformed, NotPermitted, Refused
from cnilcheck.model.facts import (
    ForgedSignIn,
    IdleSession,
    SessionCookies,
    SessionEnd,
    SessionRenewal,
    SignedInPage,
)
from cnilcheck.model.personal_data import mask, printable

_SIGN_OUT = re.compile(
    r"(?i)log-?_?(?:out|off)|sign-?_?(?:out|off)|d[ée]connexion|deconnect|d[ée]connecter|quitter"
)
_MOST_TRIED = 8
_LONGEST_MINUTES = 12 * 60.0


def renewal(lent: LentAccount, visitor: Visitor, before: dict[str, str]) -> Iterator[Sighting]:
    """Yield whether a cookie known before sign-in opens the session after it, kept or planted.

    Only what opens the session alone counts: a cookie of preference may well stay the same.
    """
    same = {n: v for n, v in before.items() if visitor.cookies.get(n) == v}
    kept = same if same and lent.is_open(lent.visitor().twin(same)) else {}
    adopted, planted = dict[str, str](), False
    names = [name for name in visitor.cookies if name not in kept]
    if not kept and names:
        planted = True
        adopted = _adopted(lent, names)
    yield Seen(
        lent.login_path,
        SessionRenewal(tuple(map(_shown, kept)), tuple(map(_shown, adopted)), planted),
    )


def _adopted(lent: LentAccount, names: list[str]) -> dict[str, str]:
    chosen = {name: secrets.token_hex(16) for name in names[:_MOST_TRIED]}
    victim = lent.visitor().twin(chosen)
    lent.enter(victim)
    same = {n: v for n, v in chosen.items() if victim.cookies.get(n) == v}
    return same if same and lent.is_open(lent.visitor().twin(same)) else {}


def forged(lent: LentAccount) -> Iterator[Sighting]:
    """Yield whether the right password opens a session without the token of the form's page.

    One attempt, as another site would make it: with the page's cookies, which a browser sends
    along, and with neither the token nor a word on where the form stood.
    """
    if lent.account.sign_in.encoding == "json":
        yield Nothing(lent.login_path, ForgedSignIn)
        return
    visitor = lent.visitor()
    lent.ledger.right()
    before, filled = lent.filled(visitor, lent.account.name, lent.passwords.current)
    form = read_html(before.text, before.url).password_form
    hidden = [i for i in (form.inputs if form else ()) if i.get("type", "").lower() == "hidden"]
    tokens = [i.get("name", "") for i in hidden if is_token(i)]
    if not tokens:
        # A form without a token is the business of the page itself.
        yield Nothing(lent.login_path, ForgedSignIn)
        return
    fields = {n: v for n, v in filled.fields.items() if n not in tokens}
    lent.pause()
    visitor.forge(filled.url, fields)
    opened = lent.is_open(visitor)
    if opened is None:
        raise Malformed("after the forged form the page shows neither a session nor its absence")
    yield Seen(lent.login_path, ForgedSignIn(tuple(map(_shown, tokens)), opened))


def page_and_cookies(lent: LentAccount, visitor: Visitor) -> Iterator[Sighting]:
    """Yield the cookies of a signed-in visitor, and what caches are told of their page.

    A cookie without which the page no longer opens is a session's, whatever its name.
    """
    answer = visitor.get(lent.proof)
    cached = printable(mask(", ".join(answer.all("cache-control")).lower()), 200)
    yield Seen(lent.proof_path, SignedInPage(cached))
    found = cookies_of(visitor.set_headers, dt.datetime.now(dt.UTC))
    needed = {
        _shown(name) for name in list(visitor.cookies)[:_MOST_TRIED] if _needs(lent, visitor, name)
    }
    alive = {_shown(name) for name in visitor.cookies}
    cookies = [replace(c, session=c.session or c.name in needed) for c in found if c.name in alive]
    if cookies:
        yield Seen(lent.proof_path, SessionCookies(tuple(cookies), lent.login_path))


def _needs(lent: LentAccount, visitor: Visitor, name: str) -> bool:
    rest = {n: v for n, v in visitor.cookies.items() if n != name}
    without = visitor.twin(rest)
    without.bearer = visitor.bearer
    return lent.is_open(without) is not True


def _shown(name: str) -> str:
    return printable(mask(name), 80)


def sign_out(lent: LentAccount, visitor: Visitor) -> Iterator[Sighting]:
    """Yield whether a copy of the session opens after its owner signed out."""
    thief = visitor.twin()
    answer = press_sign_out(lent, visitor)
    if answer.status >= 400:
        raise Refused(f"sign-out answers {answer.status}")
    still = lent.is_open(thief)
    if still is None:
        raise Malformed("after sign-out the page shows neither a session nor its end")
    yield Seen(lent.login_path, SessionEnd("sign_out", still))


def press_sign_out(lent: LentAccount, visitor: Visitor) -> Answer:
    """Sign out as the page offers it, or at the address the scope names; return the answer.

    Raises Malformed when neither is met.
    """
    page = visitor.follow(visitor.get(lent.proof))
    html = read_html(page.text, page.url)
    told = lent.site.address(lent.account.sign_out) if lent.account.sign_out else ""
    for form in html.forms:
        action = form.attributes.get("resolved", "")
        if action and (_bare(action) == _bare(told) if told else _SIGN_OUT.search(action)):
            return _press(visitor, form, page.url)
    links = [link for link in html.links if lent.site.owns(link)]
    for link in links:
        if _bare(link) == _bare(told) if told else _SIGN_OUT.search(link):
            return _confirmed(visitor, visitor.follow(visitor.get(link)))
    if not told:
        raise Malformed("no way to sign out was met: name it as test_account.sign_out")
    return _confirmed(visitor, visitor.follow(visitor.get(told)))


def _press(visitor: Visitor, form: Form, page: str) -> Answer:
    if form.attributes.get("method", "").strip().lower() != "post":
        return visitor.follow(visitor.get(form.attributes["resolved"]))
    return visitor.follow(visitor.send(form.attributes["resolved"], carried(form), page))


def _confirmed(visitor: Visitor, answer: Answer) -> Answer:
    """Return the answer once a page that only asks for confirmation has been confirmed."""
    html = read_html(answer.text, answer.url)
    for form in html.forms:
        if _bare(form.attributes.get("resolved", "")) == _bare(answer.url) and not form.passwords:
            return _press(visitor, form, answer.url)
    again = [link for link in html.links if _SIGN_OUT.search(link) and visitor.site.owns(link)]
    if answer.status in (401, 403) and again:
        return visitor.follow(visitor.get(again[0]))
    return answer


def _bare(url: str) -> str:
    return url.partition("?")[0].rstrip("/")


def left_alone(lent: LentAccount, minutes: float) -> Iterator[Sighting]:
    """Yield whether a session still opens after that many minutes, twelve hours at most."""
    if not 0 < minutes <= _LONGEST_MINUTES:
        raise NotPermitted("a session is left alone for twelve hours at most")
    visitor = lent.visitor()
    if not lent.enter(visitor):
        raise Refused("the test account no longer signs in")
    if lent.tools.stop.wait(minutes * 60):
        raise Interrupted("stopped by the operator")
    still = lent.is_open(visitor)
    if still is None:
        raise Malformed("after the wait the page shows neither a session nor its end")
    yield Seen(lent.login_path, IdleSession(minutes, still))
