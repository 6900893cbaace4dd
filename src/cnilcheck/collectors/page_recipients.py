"""Name the other hosts that pages hand data to: by forms, frames and calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import msgspec

from cnilcheck import __version__
from cnilcheck.collectors.base import Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.html_page import looks_html, read_html
from cnilcheck.collectors.identity import tables_of, with_declarations
from cnilcheck.collectors.site import site, web_targets
from cnilcheck.collectors.transport import Answer, path_of
from cnilcheck.errors import CollectionError
from cnilcheck.hosts.identify import Asked, identify
from cnilcheck.model.facts import Fact, NetworkIdentity
from cnilcheck.model.personal_data import printable
from cnilcheck.model.scope import Scope, WebTarget
from cnilcheck.model.words import Method

_LONGEST = 512 * 1024
_MOST = 40
_FRAME = re.compile(r"(?i)<i?frame\b[^>]{0,2000}?\bsrc\s*=\s*[\"']?([^\"'\s>]{1,2000})")
_CALLED = re.compile(r"(?i)\b(?:https?|wss?)://([a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9])?)")


class PageRecipients:
    """Reads the main and sign-in pages; the hosts they name are looked up and never contacted."""

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
        found: dict[str, str] = {}
        first = where.get(self.name, where.base)
        pages = [first]
        for login in target.logins:
            try:
                pages.append(where.get(self.name, where.address(login)))
            except CollectionError:
                # The sign-in instrument tells of a page that does not answer.
                continue
        for page in pages:
            for host in recipients(page, known):
                if host != where.host:
                    found.setdefault(host, path_of(page.url))
        for host, path in list(found.items())[:_MOST]:
            (fact,) = identify(Asked(host), tables)
            told = msgspec.structs.replace(fact, use="recipient")
            yield Seen(f"{path} {printable(host, 253)}", with_declarations(told, tools.scope))
        if not found:
            yield Nothing(task.location, NetworkIdentity)


def recipients(page: Answer, known: set[str]) -> Iterator[str]:
    """Yield the hosts of form actions and frames, and those of known platforms called elsewhere."""
    if not looks_html(page.body):
        return
    text = page.body[:_LONGEST].decode("utf-8", "replace")
    html = read_html(text, page.url)
    addresses = [form.attributes.get("action", "") for form in html.forms]
    addresses += _FRAME.findall(text)
    for address in addresses:
        if host := _host(page.url, address):
            yield host
    for name in _CALLED.findall(text):
        labels = name.lower().split(".")
        if any(".".join(labels[n:]) in known for n in range(len(labels) - 1)):
            yield name.lower()


def _host(base: str, address: str) -> str | None:
    try:
        parts = urlsplit(urljoin(base, address.strip()))
        return parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        return None
