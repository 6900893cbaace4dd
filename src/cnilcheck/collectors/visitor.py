"""A visit to a site: its cookies, and what it gets for a page or a form it sends."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlencode, urlsplit

from cnilcheck import __version__
from cnilcheck.collectors.base import Tools
from cnilcheck.collectors.cookies import cookie_of
from cnilcheck.collectors.site import Site
from cnilcheck.collectors.transport import LARGE, Answer, fetch
from cnilcheck.errors import NotPermitted

_MOST_COOKIES = 50
_MOST_HOPS = 6
PATIENCE_SECONDS = 15.0
# Where scripts copy an anti-forgery cookie to: Angular and Laravel, Django.
_ECHOED = {"XSRF-TOKEN": "X-XSRF-TOKEN", "csrftoken": "X-CSRFToken"}


@dataclass
class Visitor:
    """One visitor of one site; cookies go to that site only, and are written nowhere."""

    tools: Tools
    site: Site
    instrument: str
    cookies: dict[str, str] = field(default_factory=dict)
    bearer: str = ""
    marker: str = ""
    """A word sent along with each request, to be found again in logs."""
    set_headers: list[str] = field(default_factory=list)
    """Every Set-Cookie header received, in order."""

    def twin(self, cookies: Mapping[str, str] | None = None) -> Visitor:
        """Return another visitor with a copy of these cookies, or with the given ones only."""
        given = dict(self.cookies if cookies is None else cookies)
        bearer = self.bearer if cookies is None else ""
        return Visitor(self.tools, self.site, self.instrument, given, bearer)

    def get(self, url: str) -> Answer:
        """Return the answer for a page of this site; a redirection is not followed."""
        return self._ask("GET", url, {}, b"")

    def send(
        self, url: str, fields: Mapping[str, str], page: str, *, as_json: bool = False
    ) -> Answer:
        """Return the answer to a form sent once, as from that page."""
        body = json.dumps(dict(fields)) if as_json else urlencode(dict(fields))
        kind = "application/json" if as_json else "application/x-www-form-urlencoded"
        parts = urlsplit(page)
        headers = {"Content-Type": kind, "Origin": f"{parts.scheme}://{parts.netloc}"}
        headers |= {"Referer": page} | ({"Accept": kind} if as_json else {})
        for name, header in _ECHOED.items():
            if name in self.cookies:
                headers[header] = unquote(self.cookies[name])
        return self._ask("POST", url, headers, body.encode())

    def forge(self, url: str, fields: Mapping[str, str]) -> Answer:
        """Return the answer to a form sent once as another site would, without a word of a page."""
        kind = "application/x-www-form-urlencoded"
        return self._ask("POST", url, {"Content-Type": kind}, urlencode(dict(fields)).encode())

    def follow(self, answer: Answer) -> Answer:
        """Return what the redirections lead to inside this site, at most six; else the last one."""
        for _ in range(_MOST_HOPS):
            further = answer.location
            if further is None or not self.site.owns(further):
                break
            answer = self.get(further)
        return answer

    def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        if not self.site.owns(url):
            raise NotPermitted("the address is not of this site")
        if self.cookies:
            pairs = (f"{name}={value}" for name, value in self.cookies.items())
            headers = headers | {"Cookie": "; ".join(pairs)}
        if self.marker:
            agent = f"cnilcheck/{__version__} {self.marker}"
            headers = headers | {"User-Agent": agent, "X-Request-Id": self.marker}
        if self.bearer:
            headers = headers | {"Authorization": f"Bearer {self.bearer}"}
        answer = fetch(
            self.tools, self.site.target.spelling, self.instrument, url,
            method="POST" if method == "POST" else "GET",
            headers=headers, body=body, max_bytes=LARGE, deadline=PATIENCE_SECONDS,
        )  # fmt: skip
        self._keep(answer)
        return answer

    def _keep(self, answer: Answer) -> None:
        for header in answer.all("set-cookie")[:_MOST_COOKIES]:
            name, equals, rest = header[:8192].partition("=")
            name, value = name.strip(), rest.partition(";")[0].strip()
            if not equals or not name or not (name + value).isprintable():
                continue
            self.set_headers.append(header[:8192])
            if cookie_of(header[:8192], dt.datetime.now(dt.UTC)) is None:
                self.cookies.pop(name, None)
            elif len(self.cookies) < _MOST_COOKIES or name in self.cookies:
                self.cookies[name] = value
