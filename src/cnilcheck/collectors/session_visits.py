"""The session cookies that a sign-in page gives to fresh visitors, visit after visit."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.cookies import cookie_of
from cnilcheck.collectors.identifier_series import Visit, identifiers_of
from cnilcheck.collectors.site import Site, site, web_targets
from cnilcheck.collectors.transport import SMALL, Answer, path_of
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import Fact, SessionIdentifiers
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

VISITS = 16
_MOST_PLACES = 3
_MOST_COOKIES = 5
_MOST_HEADERS = 100
_LONGEST = 8192


class SessionVisits:
    """Asks a few pages for a session again and again, each time as somebody new."""

    name = "session-visits"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (SessionIdentifiers,)
    asks = "targets[].login"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the web targets."""
        return tuple(Task(t.spelling, "/", t) for t in web_targets(scope))

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the look of each session cookie's values, where the first page sets it."""
        where = site(tools, task.subject)
        seen, judged = set[str](), set[str]()
        for answer in self._setting(where):
            if answer.url in seen or len(seen) >= _MOST_PLACES:
                continue
            seen.add(answer.url)
            place = printable(mask(path_of(answer.url)))
            names = [name for name in session_values(answer) if name not in judged]
            for name, visits in self._visits(where, answer, names[:_MOST_COOKIES]).items():
                judged.add(name)
                shown = printable(mask(name), 80)
                yield Seen(f"{place} {shown}", identifiers_of(shown, visits))
        if not judged:
            yield Nothing(task.location, SessionIdentifiers)

    def _setting(self, where: Site) -> Iterator[Answer]:
        """Yield the answers that set a session cookie: sign-in pages first, then the main one."""
        urls = [where.address(path) for path in where.target.logins] or [
            page.answer.url for page in where.survey(self.name).pages if page.html.password_form
        ][:_MOST_PLACES]
        for url in (*urls, where.base):
            try:
                answers = where.follow(self.name, url) if where.owns(url) else ()
            except CollectionError:
                if url == where.base:
                    raise
                continue
            yield from (answer for answer in answers if session_values(answer))

    def _visits(self, where: Site, first: Answer, names: list[str]) -> dict[str, list[Visit]]:
        visits: dict[str, list[Visit]] = {name: [] for name in names}
        for _ in range(VISITS if names else 0):
            began = time.time()
            try:
                answer = where.get(self.name, first.url, max_bytes=SMALL, fresh=True)
            except CollectionError:
                break
            ended, values = time.time(), session_values(answer)
            for name in names:
                if name in values:
                    visits[name].append(Visit(values[name], began, ended))
            if answer.status >= 400:
                break
        return {name: met for name, met in visits.items() if met}


def session_values(answer: Answer) -> dict[str, str]:
    """Return the session cookies an answer sets, with their values: for counting, never kept."""
    found, now = dict[str, str](), dt.datetime.now(dt.UTC)
    for header in answer.all("set-cookie")[:_MOST_HEADERS]:
        cookie = cookie_of(header[:_LONGEST], now)
        name, _, value = header[:_LONGEST].partition(";")[0].partition("=")
        if cookie is not None and cookie.session and value.strip():
            found[name.strip()] = value.strip()
    return found
