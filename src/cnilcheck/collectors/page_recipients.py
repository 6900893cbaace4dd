"""Name the other hosts that pages hand data to: by forms, frames, calls and scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import msgspec

from cnilcheck import __version__
from cnilcheck.collectors.base import Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.html_page import looks_html, read_html
from cnilcheck.collectors.identity import tables_of, with_declarations
from cnilcheck.collectors.site import Site, site, web_targets
from cnilcheck.collectors.transport import LARGE, SMALL, Answer, path_of
from cnilcheck.errors import CollectionError
from cnilcheck.hosts.identify import Asked, identify
from cnilcheck.model.facts import Fact, NetworkIdentity, Use
from cnilcheck.model.personal_data import printable
from cnilcheck.model.scope import Scope, WebTarget
from cnilcheck.model.words import Method

_LONGEST = 512 * 1024
_MOST = 40
_MOST_SCRIPTS = 5
_MORE = ("script", "recipient")
_FRAME = re.compile(r"(?i)<i?frame\b[^>]{0,2000}?\bsrc\s*=\s*[\"']?([^\"'\s>]{1,2000})")
_SCRIPT = re.compile(r"(?i)<script\b[^>]{0,2000}?\bsrc\s*=\s*[\"']?([^\"'\s>]{1,2000})")
_FORM_ACTION = re.compile(r"(?i)\bformaction\s*=\s*[\"']?([^\"'\s>]{1,2000})")
# What scripts call the root of the interface they send to.
_INTERFACE = re.compile(
    r"(?i)\b(?:base_?url|api_?(?:url|root|base|host|endpoint)|endpoint|graphql_?url|dsn)\b[\"']?"
    r"\s*[:=]\s*[\"'`](?:https?|wss?)://(?:[^\s@/\"'`]{1,120}@)?"
    r"([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){1,8})"
)
# A host of a policy, with neither a wildcard nor a keyword in its place.
_SOURCE = re.compile(r"(?i)^(?:https?://|wss?://)?[a-z0-9][a-z0-9.-]{2,250}(?::\d+)?(?:/|$)")
_CALLED = re.compile(r"(?i)\b(?:https?|wss?)://([a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9])?)")


class PageRecipients:
    """Reads the pages of the site; the hosts they name are looked up and never contacted."""

    name = "page-recipients"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (NetworkIdentity,)
    asks = "targets[].url"

    def version(self) -> str:
        """Return the version of cnilcheck, which holds the tables."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the web targets."""
        return tuple(Task(t.spelling, path_of(t.url), t) for t in web_targets(scope))

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield each host that receives what a page sends, at the first page that names it."""
        target: WebTarget = task.subject
        where = site(tools, target)
        tables = tables_of(tools)
        known = set(tables.catalogue.by_suffix)
        found: dict[str, tuple[str, Use]] = {}
        for page in self._pages(where, target):
            for host, use in _named(page, known):
                former = found.get(host)
                if host != where.host and (former is None or (former[1], use) == _MORE):
                    found[host] = (path_of(page.url), use)
        for host, (path, use) in list(found.items())[:_MOST]:
            (fact,) = identify(Asked(host), tables)
            told = msgspec.structs.replace(fact, use=use)
            yield Seen(f"{path} {printable(host, 253)}", with_declarations(told, tools.scope))
        if not found:
            yield Nothing(task.location, NetworkIdentity)

    def _pages(self, where: Site, target: WebTarget) -> list[Answer]:
        """Return the sign-in pages, those the crawl met, and the site's own first scripts."""
        survey = where.survey(self.name)
        asked = [(address, SMALL) for address in map(where.address, target.logins)]
        asked += [(where.address(script), LARGE) for script in survey.scripts[:_MOST_SCRIPTS]]
        pages = []
        for address, most in asked:
            try:
                pages.append(where.get(self.name, address, max_bytes=most))
            except CollectionError:
                # The sign-in and exposure instruments tell of a page that does not answer.
                continue
        return [*(page.answer for page in survey.pages), *pages]


def _named(page: Answer, known: set[str]) -> Iterator[tuple[str, Use]]:
    for host in recipients(page, known):
        yield host, "recipient"
    if looks_html(page.body):
        for address in _SCRIPT.findall(page.body[:_LONGEST].decode("utf-8", "replace")):
            if giver := _host(page.url, address):
                yield giver, "script"


def recipients(page: Answer, known: set[str]) -> Iterator[str]:
    """Yield the hosts of form actions and frames, of interfaces, and of known platforms called."""
    text = page.body[:_LONGEST].decode("utf-8", "replace")
    html = looks_html(page.body)
    if not html and not page.media_type.endswith("javascript"):
        return
    addresses = _allowed(page)
    if html:
        read = read_html(text, page.url)
        addresses += [form.attributes.get("action", "") for form in read.forms]
        addresses += _FORM_ACTION.findall(text) + _FRAME.findall(text)
    for address in addresses:
        if host := _host(page.url, address):
            yield host
    for name in _INTERFACE.findall(text):
        yield name.lower()
    for name in _CALLED.findall(text):
        labels = name.lower().split(".")
        if any(".".join(labels[n:]) in known for n in range(len(labels) - 1)):
            yield name.lower()


def _allowed(page: Answer) -> list[str]:
    """Return the addresses that the page's policy lets it send forms and calls to."""
    found = []
    for policy in page.all("content-security-policy")[:4]:
        for directive in policy[:8000].split(";"):
            name, *values = directive.split()[:60] or [""]
            if name.lower() in ("connect-src", "form-action"):
                found += [v if "://" in v else f"https://{v}" for v in values if _SOURCE.match(v)]
    return found


def _host(base: str, address: str) -> str | None:
    try:
        parts = urlsplit(urljoin(base, address.strip()))
        return parts.hostname if parts.scheme in ("http", "https", "ws", "wss") else None
    except ValueError:
        return None
