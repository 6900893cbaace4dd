"""What a visitor without a session gets for the documents of the scope."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.html_page import looks_html, read_html
from cnilcheck.collectors.site import Site, site, web_targets
from cnilcheck.collectors.transport import Answer
from cnilcheck.errors import CollectionError, Malformed, NotPermitted, Refused
from cnilcheck.model.facts import DocumentAccess, Fact
from cnilcheck.model.scope import Scope, WebTarget
from cnilcheck.model.words import Method

_Role = Literal["protected", "neighbour"]
_Answer = Literal["served", "refused", "redirected", "absent"]

# What a page says that answers 200 and gives nothing.
_DECLINES = re.compile(
    r"(?i)acc[èe]s (?:refus|interdit|non autoris)|non autoris[ée]|veuillez vous (?:re)?connecter"
    r"|connectez-vous|(?:vous devez|you must) .{0,20}(?:connect|log|sign)|access denied|forbidden"
    r"|unauthori[sz]ed|not authori[sz]ed|please (?:log|sign) in|session (?:a )?expir"
)


class Documents:
    """Asks for each document of the scope as a visitor would; each is asked for once."""

    name = "document-access"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (DocumentAccess,)
    asks = "targets[].protected"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the web targets that name documents."""
        named = (t for t in web_targets(scope) if t.protected or t.neighbours)
        return tuple(Task(t.spelling, "/", t) for t in named)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the access to each document, or why it could not be seen."""
        target: WebTarget = task.subject
        where = site(tools, target)
        asked: list[tuple[_Role, str]] = [("protected", path) for path in target.protected]
        asked += [("neighbour", path) for path in target.neighbours]
        for role, path in asked:
            try:
                yield Seen(path, self._access(where, role, path))
            except CollectionError as error:
                yield Missing(path, DocumentAccess, error)

    def _access(self, where: Site, role: _Role, path: str) -> DocumentAccess:
        url = where.address(path)
        if not where.owns(url):
            raise NotPermitted("the document is not on this site")
        answers = where.follow(self.name, url)
        last = answers[-1]
        if last.location is not None and not where.owns(last.location):
            _refuse_to_guess(url, last.location)
        how = self._how(where, url, answers)
        # What is told of a redirection is the redirection itself.
        told = answers[0] if how == "redirected" else last
        return DocumentAccess(role, told.status, how, told.media_type)

    def _how(self, where: Site, url: str, answers: tuple[Answer, ...]) -> _Answer:
        last = answers[-1]
        if last.location is not None:
            return "redirected"
        if last.status in (401, 403):
            return "refused"
        if last.status in (404, 410) or (last.status in (200, 204, 206) and not last.body):
            return "absent"
        if last.status not in (200, 203, 206):
            raise (Refused if last.status in (429, 503) else Malformed)(f"answers {last.status}")
        page = _is_page(last)
        if len(answers) > 1 and page and not _same_document(url, last.url):
            return "redirected"
        if page and (read_html(last.text, last.url).password_form or _declines(last, url)):
            return "refused"
        return "absent" if where.is_absent(self.name, last) else "served"


def _is_page(answer: Answer) -> bool:
    return looks_html(answer.body) or "html" in answer.media_type


def _declines(answer: Answer, url: str) -> bool:
    """Return whether a page tells the visitor off; a page of a result could hold such words."""
    document = re.search(r"\.\w{2,5}$", urlsplit(url).path) is not None
    return (document or len(answer.body) < 20_000) and bool(_DECLINES.search(answer.text))


def _same_document(one: str, other: str) -> bool:
    return urlsplit(one).path.strip("/").lower() == urlsplit(other).path.strip("/").lower()


def _refuse_to_guess(url: str, location: str) -> None:
    # To a sign-in service, or to the file in another storage: only the second keeps its name.
    name = urlsplit(url).path.rpartition("/")[2]
    there = urlsplit(location)
    if "." in name and there.path.endswith(f"/{name}"):
        raise NotPermitted(f"redirected to the same file on {there.hostname}, outside the scope")
