"""How pages treat others: foreign origins, TRACE, search engines, caches, and what runs them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.file_content import content_of, page_content
from cnilcheck.collectors.html_page import looks_html, read_html
from cnilcheck.collectors.site import Site, site, web_targets
from cnilcheck.collectors.software import distribution_in, software_of
from cnilcheck.collectors.transport import LARGE, Answer, fetch, path_of
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import (
    CrossOrigin,
    Fact,
    PersonalPage,
    Software,
    SoftwareVersions,
    TraceMethod,
)
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Scope, WebTarget
from cnilcheck.model.words import Method

# RFC 6761 keeps `.invalid` for names that nobody can have.
_FOREIGN = "https://cnilcheck.invalid"
_MARK = "cnilcheck-trace"
_MOST_PLACES = 6


class PageManners:
    """Asks the main page and the sign-in pages as a foreign site would, and reads their heads."""

    name = "page-manners"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (CrossOrigin, TraceMethod, PersonalPage, SoftwareVersions)
    asks = "targets[].url"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the web targets."""
        return tuple(Task(t.spelling, path_of(t.url), t) for t in web_targets(scope))

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what each page does; what a page would not show is a gap at its place."""
        where = site(tools, task.subject)
        first = where.get(self.name, where.base)
        pages = (where.base, *(where.address(p) for p in where.target.logins))
        for url in dict.fromkeys(pages[:_MOST_PLACES]):
            yield self._cross_origin(where, url)
        yield self._trace(where.target, tools, where.base, task.location)
        yield from self._personal_pages(where, task.location)
        yield self._software(where, first, task.location)

    def _cross_origin(self, where: Site, url: str) -> Sighting:
        place = printable(mask(path_of(url)))
        admitted, credentials = list[str](), False
        for origin, name in ((_FOREIGN, "any"), ("null", "null")):
            try:
                answer = where.get(self.name, url, headers={"Origin": origin}, fresh=True)
            except CollectionError as error:
                return Missing(place, CrossOrigin, error)
            allowed = answer.header("access-control-allow-origin").strip()
            if allowed in (origin, "*"):
                admitted.append("*" if allowed == "*" else name)
                with_them = answer.header("access-control-allow-credentials").strip().lower()
                credentials = credentials or (with_them == "true" and allowed != "*")
        return Seen(place, CrossOrigin(tuple(dict.fromkeys(admitted)), credentials))

    def _trace(self, target: WebTarget, tools: Tools, url: str, place: str) -> Sighting:
        # RFC 9110 section 9.3.8: safe, without a body.
        try:
            answer = fetch(
                tools, target.spelling, self.name, url, method="TRACE", headers={"X-Audit": _MARK}
            )
        except CollectionError as error:
            return Missing(place, TraceMethod, error)
        echoed = answer.status == 200 and _MARK in answer.text and "TRACE " in answer.text
        return Seen(place, TraceMethod(answer.status, echoed))

    def _personal_pages(self, where: Site, location: str) -> Iterator[Sighting]:
        found = False
        for answer in self._answers(where):
            if _about_people(answer):
                found = True
                yield Seen(printable(mask(path_of(answer.url))), personal_page(answer))
        if not found:
            yield Nothing(location, PersonalPage)

    def _answers(self, where: Site) -> Iterator[Answer]:
        # All of these were asked for already: they come from memory.
        for path in (*where.target.protected, *where.target.neighbours):
            try:
                answers = where.follow(self.name, where.address(path))
            except CollectionError:
                continue
            if answers[-1].status == 200 and len(answers) == 1:
                yield answers[-1]
        try:
            pages = where.survey(self.name).pages
        except CollectionError:
            return
        yield from (page.answer for page in pages)

    def _software(self, where: Site, first: Answer, location: str) -> Sighting:
        answers = [first]
        try:
            answers += [page.answer for page in where.survey(self.name).pages[:5]]
        except CollectionError:
            answers = [first]
        found: dict[tuple[str, str], Software] = {}
        for answer in answers:
            for software in software_of(answer):
                found.setdefault((software.product, software.version), software)
        banners = " ".join(answer.header("server") for answer in answers)
        fact = SoftwareVersions(tuple(found.values()), distribution_in(banners))
        return Seen(location, fact) if found else Nothing(location, SoftwareVersions)


def _about_people(answer: Answer) -> bool:
    if answer.status != 200:
        return False
    if looks_html(answer.body) or "html" in answer.media_type:
        return page_content(answer.text) is not None
    found = content_of(answer.body, path_of(answer.url), answer.truncated)
    return found is not None and found.people is not None


def personal_page(answer: Answer) -> PersonalPage:
    """Return what the head of an answer, and of its page, tell search engines and caches."""
    said = [value.lower() for value in answer.all("x-robots-tag")]
    if looks_html(answer.body):
        said.append(read_html(answer.text[:LARGE], answer.url).metas.get("robots", "").lower())
    hidden = any(re.search(r"\b(?:noindex|none)\b", value) for value in said)
    cached = ", ".join(answer.all("cache-control"))
    return PersonalPage(not hidden, printable(mask(cached), 200))
