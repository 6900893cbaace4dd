"""Parts that HTTPS pages load, and forms they send, over plain HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from cnilcheck import __version__
from cnilcheck.collectors.base import Seen, Sighting, Task, Tools
from cnilcheck.collectors.site import site, web_targets
from cnilcheck.collectors.transport import path_of
from cnilcheck.model.facts import InsecurePart, MixedContent
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_MOST = 20
# What a browser loads with the page. A link one may follow is no part of it.
_LOADED = re.compile(
    r"(?is)<(?P<tag>script|img|iframe|frame|embed|source|audio|video|input|track|object|link)\b"
    r"(?P<rest>[^>]{0,3000})>"
)
_ADDRESS = re.compile(
    r"(?is)\b(?:src|data|href)\s*=\s*(?:\"([^\"]{1,2000})\"|'([^']{1,2000})'|([^\s>]{1,2000}))"
)
_LOADING_LINK = re.compile(r"(?is)\brel\s*=\s*[\"']?[^\"'>]*\b(?:stylesheet|icon|preload|manifest)")


class MixedContents:
    """Reads the pages the crawl found; nothing they name is asked for."""

    name = "mixed-content"
    method = Method.TEST
    yields = (MixedContent,)
    asks = "targets[].url"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the targets reached by HTTPS."""
        return tuple(
            Task(target.url, path_of(target.url), target)
            for target in web_targets(scope)
            if urlsplit(target.url).scheme == "https"
        )

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield which parts of which pages come, and which forms go, over plain HTTP."""
        pages = site(tools, task.subject).survey(self.name).pages
        found: dict[tuple[str, str], InsecurePart] = {}
        for page in pages:
            text = page.answer.body.decode("utf-8", "replace")
            for part in insecure_parts(text, page.answer.url):
                found.setdefault((part.page, part.address), part)
            for form in page.html.forms:
                action = _plain(page.answer.url, form.attributes.get("action", ""))
                if action:
                    part = InsecurePart(path_of(page.answer.url), "form", action)
                    found.setdefault((part.page, part.address), part)
        yield Seen(task.location, MixedContent(len(pages), tuple(found.values())[:_MOST]))


def insecure_parts(text: str, url: str) -> Iterator[InsecurePart]:
    """Yield what the page at that address loads over plain HTTP."""
    for tag in _LOADED.finditer(text[:500_000]):
        kind = tag["tag"].lower()
        if kind == "link" and not _LOADING_LINK.search(tag["rest"]):
            continue
        for address in _ADDRESS.finditer(tag["rest"]):
            plain = _plain(url, next(group for group in address.groups() if group))
            if plain:
                yield InsecurePart(path_of(url), kind, plain)


def _plain(base: str, address: str) -> str | None:
    try:
        parts = urlsplit(urljoin(base, address.strip()))
    except ValueError:
        return None
    if parts.scheme != "http" or not parts.hostname:
        return None
    # The query may name a person: it is left out.
    return printable(mask(f"http://{parts.netloc.rpartition('@')[2]}{parts.path}"), 200)
