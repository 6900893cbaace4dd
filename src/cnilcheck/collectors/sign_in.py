"""The pages on which one signs in, signs up or replaces a password, as a visitor sees them."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import msgspec

from cnilcheck import __version__
from cnilcheck.collectors.account_pages import (
    is_administration,
    pastes_refused,
    pattern_bits,
    purpose_of,
    reset_page,
    stated_minimum,
    ways_of,
)
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.cookies import cookies_of
from cnilcheck.collectors.html_page import Form, HtmlPage, read_html
from cnilcheck.collectors.sign_in_form import TOKEN_NAME, is_token
from cnilcheck.collectors.site import Page, Site, site, web_targets
from cnilcheck.collectors.transport import LARGE, Answer, path_of
from cnilcheck.errors import CollectionError, Malformed, NotPermitted, Refused
from cnilcheck.model.facts import (
    Fact,
    ProSanteRequest,
    ResetPage,
    SessionCookies,
    SignInPage,
    SignInWays,
)
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Accounts, Scope, WebTarget
from cnilcheck.model.words import Method

_MOST_PAGES = 5
_MOST_LINKS = 3
_PRO_SANTE_LINK = re.compile(
    r"(?i)pro[-_ ]?sant[ée]?[-_ ]?connect|(?:^|[/_.-])psc(?:$|[/_.?-])|\.esante\.gouv\.fr/"
)
_Scheme = Literal["http", "https"]


class SignIn:
    """Looks at the declared sign-in pages and at those the crawl meets; signs in nowhere."""

    name = "sign-in-page"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (
        SignInPage,
        SessionCookies,
        SignInWays,
        ProSanteRequest,
        ResetPage,
    )
    asks = "targets[].login"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the web targets: a sign-in page may be found on any."""
        return tuple(Task(t.spelling, "/", t) for t in web_targets(scope))

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the page and its cookies for each sign-in page; nothing seen becomes a gap."""
        target: WebTarget = task.subject
        visit = _Visit(self.name, site(tools, target), _populations(tools.scope))
        for path in target.logins:
            yield from self._declared(visit, path)
        if target.logins:
            with suppress(CollectionError):
                yield from self._met(visit, task.location)
        else:
            yield from self._met(visit, task.location)
        yield from visit.nothing_more(task.location)

    def _declared(self, visit: _Visit, path: str) -> Iterator[Sighting]:
        where = visit.where
        try:
            url = where.address(path)
            if not where.owns(url):
                raise NotPermitted("the sign-in page is not on this site")
            answers = where.follow(self.name, url)
        except CollectionError as error:
            yield Missing(path, SignInPage, error)
            yield Missing(path, SessionCookies, error)
            return
        yield from visit.sightings(path, answers)

    def _met(self, visit: _Visit, location: str) -> Iterator[Sighting]:
        where = visit.where
        moved = where.follow(self.name, where.base)[-1].location
        if _only_leads_to_https(where, moved):
            if not where.target.logins:
                yield Nothing(location, SignInPage)
                yield Nothing(location, SessionCookies)
            return
        pages = [p for p in where.survey(self.name).pages if p.answer.url not in visit.seen]
        for page in [p for p in pages if p.html.password_form][:_MOST_PAGES]:
            place = printable(mask(path_of(page.answer.url)))
            yield from visit.sightings(place, (page.answer,))
        for page in [p for p in pages if p.answer.url not in visit.seen]:
            place = printable(mask(path_of(page.answer.url)))
            yield from visit.without_password(place, page)


_Populations = dict[str, tuple[Accounts, ...]]


def _populations(scope: Scope) -> _Populations:
    """Return the accounts that the declarations send to each page, as the scope writes it."""
    declared = scope.declarations.authentication
    found: _Populations = {}
    for accounts in declared.accounts if declared else ():
        for page in accounts.sign_in:
            found[page] = (*found.get(page, ()), accounts)
    return found


@dataclass
class _Visit:
    """One site's account pages, each looked at once."""

    instrument: str
    where: Site
    populations: _Populations
    seen: set[str] = field(default_factory=set)
    asked: int = 0
    delivered: set[type[Fact]] = field(default_factory=set)

    def nothing_more(self, location: str) -> Iterator[Sighting]:
        """Yield, for what only some sites have, that it was looked for."""
        for kind in (SignInWays, ProSanteRequest, ResetPage):
            if kind not in self.delivered:
                yield Nothing(location, kind)

    def sightings(self, place: str, answers: tuple[Answer, ...]) -> Iterator[Sighting]:
        """Yield what a page with a password field shows, or why it shows nothing."""
        last = answers[-1]
        yield from _sightings(self, place, answers)
        self.seen.update(answer.url for answer in answers)
        if last.location is None and last.status < 400:
            html = read_html(last.text, last.url)
            yield from self._ways(place, answers, html)
            yield from self._reset(place, last, html)

    def without_password(self, place: str, page: Page) -> Iterator[Sighting]:
        """Yield what a page without a password field shows, if it is for signing in or a reset."""
        self.seen.add(page.answer.url)
        ways = ways_of(page.answer, page.html)
        if set(ways) & {"pro_sante_connect", "france_connect", "passkey"}:
            yield from self._ways(place, (page.answer,), page.html)
        if page.html.forms:
            yield from self._reset(place, page.answer, page.html)

    def _ways(self, place: str, answers: tuple[Answer, ...], html: HtmlPage) -> Iterator[Sighting]:
        if purpose_of(answers[-1], html) != "sign_in":
            return
        accounts = self._served(place, answers)
        remote = {account.remote for account in accounts}
        fact = SignInWays(
            ways=ways_of(answers[-1], html),
            serves=tuple(dict.fromkeys(account.class_ for account in accounts)),
            remote=remote.pop() if len(remote) == 1 else None,
            administration=is_administration(answers[-1], html),
        )
        self.delivered.add(SignInWays)
        yield Seen(place, fact)
        yield from self._requests(html)

    def _served(self, place: str, answers: tuple[Answer, ...]) -> list[Accounts]:
        """Return the declared accounts whose page this is, by its path or by its address."""
        urls = {self.where.address(place), *(answer.url for answer in answers)}
        return [
            account
            for page, accounts in self.populations.items()
            if page == place or self.where.address(page) in urls
            for account in accounts
        ]

    def _reset(self, place: str, answer: Answer, html: HtmlPage) -> Iterator[Sighting]:
        if purpose_of(answer, html) == "reset":
            self.delivered.add(ResetPage)
            yield Seen(place, reset_page(answer))

    def _requests(self, html: HtmlPage) -> Iterator[Sighting]:
        """Yield the requests to Pro Santé Connect; the first step is asked of this site alone."""
        for link in dict.fromkeys(filter(_PRO_SANTE_LINK.search, html.links)):
            if self.asked >= _MOST_LINKS or ProSanteRequest in self.delivered:
                return
            self.asked += 1
            url: str | None = link
            if self.where.owns(link):
                try:
                    url = self.where.follow(self.instrument, link)[-1].location
                except CollectionError:
                    continue
            request = pro_sante_request(url or "")
            if request is not None:
                self.delivered.add(ProSanteRequest)
                yield Seen(printable(mask(path_of(link.partition("?")[0]))), request)


def pro_sante_request(url: str) -> ProSanteRequest | None:
    """Return what a request to Pro Santé Connect asks for; None when the address is another's.

    The hosts of its production have changed their name: all of `esante.gouv.fr` counts.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        query = parse_qs(parts.query, max_num_fields=50)
    except ValueError:
        return None
    if not host.endswith(".esante.gouv.fr") or "client_id" not in query:
        return None
    first = {name: printable(mask(values[0]), 100) for name, values in query.items()}
    return ProSanteRequest(
        sandbox=".bas." in f".{host}",
        response_type=first.get("response_type", ""),
        scopes=tuple(first.get("scope", "").split()[:20]),
        levels=tuple(first.get("acr_values", "").split()[:20]),
        proof_method=first.get("code_challenge_method", ""),
        state=bool(first.get("state")),
    )


def _sightings(visit: _Visit, place: str, answers: tuple[Answer, ...]) -> Iterator[Sighting]:
    where, last = visit.where, answers[-1]
    set_ = [header for answer in answers for header in answer.all("set-cookie")]
    cookies = cookies_of(set_, dt.datetime.now(dt.UTC), where.host)
    if _only_leads_to_https(where, last.location):
        # The page is elsewhere; a session that already travels in clear is not.
        yield Nothing(place, SignInPage)
        session = any(cookie.session for cookie in cookies)
        fact = SessionCookies(cookies)
        yield Seen(place, fact) if session else Nothing(place, SessionCookies)
        return
    try:
        page = _page(visit, last)
    except CollectionError as error:
        yield Missing(place, SignInPage, error)
        unknown = Missing(place, SessionCookies, error)
        yield Seen(place, SessionCookies(cookies)) if cookies else unknown
        return
    yield Seen(place, page)
    yield Seen(place, SessionCookies(cookies))


def _only_leads_to_https(where: Site, location: str | None) -> bool:
    if location is None or where.origin[0] != "http":
        return False
    parts = urlsplit(location)
    return parts.scheme == "https"


def _page(visit: _Visit, answer: Answer) -> SignInPage:
    if answer.location is not None:
        there = printable(urlsplit(answer.location).netloc, 100)
        raise NotPermitted(f"redirected to {there}, outside this target")
    if answer.status in (401, 403, 429, 503):
        raise Refused(f"answers {answer.status}")
    if answer.status >= 400:
        raise Malformed(f"answers {answer.status}")
    html = read_html(answer.text, answer.url)
    form = html.password_form
    if form is None:
        raise Malformed("no password field in the page as it is served")
    page = sign_in_page(answer, html, form)
    if not page.anti_forgery_token:
        return page
    return msgspec.structs.replace(page, token_repeated=_repeated(visit, html, form))


def _repeated(visit: _Visit, first: HtmlPage, form: Form) -> bool | None:
    """Return whether the next visitor gets the same token; None when that is not learnt."""
    try:
        again = visit.where.get(visit.instrument, first.url, max_bytes=LARGE, fresh=True)
    except CollectionError:
        return None
    html = read_html(again.text, again.url)
    other = html.password_form
    tokens, others = _values(form, first), _values(other, html) if other else ()
    # One that changes is enough: beside it stand identifiers of the form itself.
    return set(tokens) <= set(others) if tokens and others else None


def _values(form: Form, html: HtmlPage) -> tuple[str, ...]:
    """Return the tokens that are values already, and not words that a script replaces."""
    return tuple(
        t for t in _tokens(form, html) if not re.fullmatch(r"[A-Za-z]+(?:[_-][A-Za-z]+)*", t)
    )


def sign_in_page(answer: Answer, html: HtmlPage, form: Form) -> SignInPage:
    """Return what a form with a password field says of the sign-in."""
    field = form.passwords[0]
    tokens, maximum = _values(form, html), _number(field.get("maxlength"))
    scheme = _scheme(answer.url)
    return SignInPage(
        page_scheme=scheme,
        posts_to_scheme=scheme if form.loose else _scheme(form.attributes["resolved"], scheme),
        method=_method(form, html),
        minimum_length=_number(field.get("minlength")),
        maximum_length=maximum,
        anti_forgery_token=_has_token(form, html),
        cache_control=printable(", ".join(answer.all("cache-control")).lower(), 200),
        purpose=purpose_of(answer, html),
        pattern_bits=pattern_bits(field.get("pattern", ""), maximum),
        stated_minimum=stated_minimum(answer),
        paste_blocked=pastes_refused(form),
        token_bits=max(map(_token_bits, tokens), default=None),
    )


def _scheme(url: str, otherwise: _Scheme = "https") -> _Scheme:
    match urlsplit(url).scheme:
        case "http":
            return "http"
        case "https":
            return "https"
    return otherwise


def _method(form: Form, html: HtmlPage) -> Literal["get", "post"] | None:
    """Return the form's method; None when a script sends it, and the page does not say how."""
    written = form.attributes.get("method", "").strip().lower()
    if written in ("get", "post"):
        return "get" if written == "get" else "post"
    # Without a method a browser sends GET, unless a script takes over: a form with neither action
    # nor method in a page with scripts is made for that.
    scripted = html.scripts and not form.attributes.get("action", "").strip()
    return None if form.loose or scripted or "onsubmit" in form.attributes else "get"


def _number(value: str | None) -> int | None:
    text = (value or "").strip()
    # HTML: a negative or malformed value is no limit; 0 as a maximum is a mistake of the page.
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) <= 6 else None


def _has_token(form: Form, html: HtmlPage) -> bool:
    if any(TOKEN_NAME.search(name) for name in html.metas if "csrf" in name or "xsrf" in name):
        return True
    return bool(_tokens(form, html))


def _tokens(form: Form, html: HtmlPage) -> tuple[str, ...]:
    """Return the values of the anti-forgery tokens a page carries: to compare, never to keep."""
    named = [v for name, v in html.metas.items() if ("csrf" in name or "xsrf" in name) and v]
    hidden = [i for i in form.inputs if i.get("type", "").strip().lower() == "hidden"]
    return (*named, *(i["value"] for i in hidden if is_token(i)))


def _token_bits(value: str) -> int:
    """Return the most a token can hold: its characters times the bits of their alphabet."""
    size = 10 if value.isdigit() else 16 if re.fullmatch(r"[0-9a-fA-F-]+", value) else 64
    return int(len(value) * math.log2(size))
