"""The sign-in pages as a visitor sees them: where the password goes, and the cookies they set."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.cookies import cookies_of
from cnilcheck.collectors.html_page import Form, HtmlPage, read_html
from cnilcheck.collectors.site import Site, site, web_targets
from cnilcheck.collectors.transport import Answer, path_of
from cnilcheck.errors import CollectionError, Malformed, NotPermitted, Refused
from cnilcheck.model.facts import Fact, SessionCookies, SignInPage
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Scope, WebTarget
from cnilcheck.model.words import Method

_MOST_PAGES = 5
_Scheme = Literal["http", "https"]
_TOKEN_NAME = re.compile(
    r"(?i)csrf|xsrf|token|jeton|nonce|authenticity|requestverification|anti-?forgery|form_build_id"
    r"|form_key|__VIEWSTATE|_wpnonce|session_code|lt$|execution"
)


class SignIn:
    """Looks at the declared sign-in pages, else at those the crawl meets; signs in nowhere."""

    name = "sign-in-page"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (SignInPage, SessionCookies)
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
        where = site(tools, target)
        if target.logins:
            for path in target.logins:
                yield from self._declared(where, path)
            return
        yield from self._met(where, task.location)

    def _declared(self, where: Site, path: str) -> Iterator[Sighting]:
        try:
            url = where.address(path)
            if not where.owns(url):
                raise NotPermitted("the sign-in page is not on this site")
            answers = where.follow(self.name, url)
        except CollectionError as error:
            yield Missing(path, SignInPage, error)
            yield Missing(path, SessionCookies, error)
            return
        yield from _sightings(where, path, answers)

    def _met(self, where: Site, location: str) -> Iterator[Sighting]:
        moved = where.follow(self.name, where.base)[-1].location
        if _only_leads_to_https(where, moved):
            yield Nothing(location, SignInPage)
            yield Nothing(location, SessionCookies)
            return
        pages = [p for p in where.survey(self.name).pages if p.html.password_form]
        for page in pages[:_MOST_PAGES]:
            place = printable(mask(path_of(page.answer.url)))
            yield from _sightings(where, place, (page.answer,))


def _sightings(where: Site, place: str, answers: tuple[Answer, ...]) -> Iterator[Sighting]:
    last = answers[-1]
    set_ = [header for answer in answers for header in answer.all("set-cookie")]
    cookies = cookies_of(set_, dt.datetime.now(dt.UTC))
    if _only_leads_to_https(where, last.location):
        # The page is elsewhere; a session that already travels in clear is not.
        yield Nothing(place, SignInPage)
        session = any(cookie.session for cookie in cookies)
        fact = SessionCookies(cookies)
        yield Seen(place, fact) if session else Nothing(place, SessionCookies)
        return
    try:
        page = _page(where, last)
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


def _page(where: Site, answer: Answer) -> SignInPage:
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
    return sign_in_page(answer, html, form)


def sign_in_page(answer: Answer, html: HtmlPage, form: Form) -> SignInPage:
    """Return what a form with a password field says of the sign-in."""
    field = form.passwords[0]
    scheme = _scheme(answer.url)
    return SignInPage(
        page_scheme=scheme,
        posts_to_scheme=scheme if form.loose else _scheme(form.attributes["resolved"], scheme),
        method=_method(form, html),
        minimum_length=_number(field.get("minlength")),
        maximum_length=_number(field.get("maxlength")),
        anti_forgery_token=_has_token(form, html),
        cache_control=printable(", ".join(answer.all("cache-control")).lower(), 200),
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
    if any(_TOKEN_NAME.search(name) for name in html.metas if "csrf" in name or "xsrf" in name):
        return True
    hidden = [i for i in form.inputs if i.get("type", "").strip().lower() == "hidden"]
    return any(
        (_TOKEN_NAME.search(i.get("name", "")) and len(i.get("value", "")) >= 8)
        or re.fullmatch(r"[\w+/=.:-]{24,}", i.get("value", ""))
        for i in hidden
    )
