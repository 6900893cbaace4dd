"""What plain HTTP answers, whether browsers are told to insist on HTTPS, and a page's headers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.html_page import looks_html, read_html
from cnilcheck.collectors.site import Site, site, web_targets
from cnilcheck.collectors.transport import Answer, endpoint, fetch, path_of
from cnilcheck.errors import CollectionError, Malformed, NotPermitted, Refused, Unreachable
from cnilcheck.model.facts import Fact, PlainHttp, ResponseHeaders, StrictTransport
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Scope, WebTarget
from cnilcheck.model.words import Method

_HEADERS = (
    "content-security-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
    "permissions-policy",
    "server",
    "x-powered-by",
)


class MainPage:
    """Asks for the main page, over HTTPS and over plain HTTP."""

    name = "main-page"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (PlainHttp, StrictTransport, ResponseHeaders)
    asks = "targets[].url"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the web targets."""
        return tuple(Task(t.spelling, path_of(t.url), t) for t in web_targets(scope))

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what each kind of target can show; the others' facts have no object there."""
        target: WebTarget = task.subject
        where = site(tools, target)
        scheme, host, port = where.origin
        if scheme == "https":
            yield self._port_80(target, tools, host) if port == 443 else _no_plain(task)
            yield from self._secured(where, task.location)
            return
        first = where.get(self.name, where.base)
        yield Seen(task.location, _plain(first))
        yield Nothing(task.location, StrictTransport)
        yield from self._headers_of_plain(where, tools.scope, task.location)

    def _port_80(self, target: WebTarget, tools: Tools, host: str) -> Sighting:
        # Port 80 of the same name is where a browser without a scheme goes first.
        shown = f"[{host}]" if ":" in host else host
        place = f"{shown}:80"
        try:
            answer = fetch(tools, target.spelling, self.name, f"http://{shown}/")
        except Unreachable:
            return Nothing(place, PlainHttp)
        except CollectionError as error:
            return Missing(place, PlainHttp, error)
        return Seen(place, _plain(answer))

    def _secured(self, where: Site, location: str) -> Iterator[Sighting]:
        answers = where.follow(self.name, where.base)
        stated = [a.header("strict-transport-security") for a in reversed(answers)]
        yield Seen(location, strict_transport(next(filter(None, stated), "")))
        yield _headers(location, answers)

    def _headers_of_plain(self, where: Site, scope: Scope, location: str) -> Iterator[Sighting]:
        """Yield the headers of a page served in clear, unless its HTTPS twin is judged for them."""
        origins = [endpoint(target.url) for target in web_targets(scope)]
        twin = any(s == "https" and h == where.host for s, h, _ in origins)
        answers = where.follow(self.name, where.base)
        if twin or answers[-1].location is not None:
            yield Nothing(location, ResponseHeaders)
        else:
            yield _headers(location, answers)


def _no_plain(task: Task) -> Sighting:
    # Another port than 443: where its plain twin would be is anyone's guess.
    return Nothing(task.location, PlainHttp)


def _plain(answer: Answer) -> PlainHttp:
    redirects = answer.location
    return PlainHttp(answer.status, printable(mask(redirects)) if redirects else None)


def _headers(location: str, answers: tuple[Answer, ...]) -> Sighting:
    last = answers[-1]
    if last.location is not None:
        error: CollectionError = NotPermitted("the main page redirects out of this target")
        return Missing(location, ResponseHeaders, error)
    if last.status >= 400:
        kind = Refused if last.status in (401, 403, 429, 503) else Malformed
        return Missing(location, ResponseHeaders, kind(f"the main page answers {last.status}"))
    found = _from_page(last)
    found |= {name: ", ".join(last.all(name)) for name in _HEADERS if last.all(name)}
    return Seen(location, ResponseHeaders({k: printable(mask(v), 600) for k, v in found.items()}))


def _from_page(answer: Answer) -> dict[str, str]:
    """Return the policies a page states in its own head, which a browser obeys as well."""
    metas = read_html(answer.text, answer.url).metas if looks_html(answer.body) else {}
    # frame-ancestors has no effect there (CSP level 3, §3.3).
    policy = ";".join(
        part
        for part in metas.get("content-security-policy", "").split(";")
        if not part.strip().lower().startswith("frame-ancestors")
    )
    stated = {"content-security-policy": policy, "referrer-policy": metas.get("referrer", "")}
    return {name: value for name, value in stated.items() if value}


def strict_transport(header: str) -> StrictTransport:
    """Return what the header says, by RFC 6797 §6.1; a malformed one says nothing."""
    directives: dict[str, str] = {}
    for part in header.split(";"):
        name, _, value = part.partition("=")
        name = name.strip().lower()
        if name and name in directives:
            return StrictTransport(None, False)
        if name:
            directives[name] = value.strip().strip('"')
    age = directives.get("max-age", "")
    if not re.fullmatch(r"[0-9]{1,15}", age):
        return StrictTransport(None, False)
    return StrictTransport(int(age), "includesubdomains" in directives, "preload" in directives)
