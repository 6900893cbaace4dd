"""Read whom a site says to tell of a flaw: its security.txt, by RFC 9116."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Seen, Sighting, Task, Tools
from cnilcheck.collectors.html_page import looks_html
from cnilcheck.collectors.site import site, web_targets
from cnilcheck.collectors.transport import SMALL, Answer
from cnilcheck.errors import Refused
from cnilcheck.model.facts import Fact, SecurityContact
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_PATH = "/.well-known/security.txt"
# RFC 9116 §2.5: an address is a URI; names of fields are written in any case.
_FIELD = re.compile(r"(?im)^(contact|expires)[ \t]*:[ \t]*(\S{1,200})[ \t]*$")
_URI = re.compile(r"(?i)(mailto|https?|tel):\S")


class SecurityContacts:
    """Asks each site for its security.txt; whose address it names is not kept."""

    name = "security-contact"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (SecurityContact,)
    asks = "targets[].url"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return one task per host: the file stands at its root or nowhere."""
        return tuple(Task(t.spelling, _PATH, t) for t in web_targets(scope))

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what the file says, or that there is none."""
        where = site(tools, task.subject)
        answer = where.get(self.name, where.address(_PATH), max_bytes=SMALL)
        if answer.status in (401, 403, 429) or answer.status >= 500:
            raise Refused(f"the site answers {answer.status}")
        yield Seen(task.location, _read(answer))


def _read(answer: Answer) -> SecurityContact:
    if answer.status != 200 or looks_html(answer.body):
        return SecurityContact(published=False)
    text = answer.text[:SMALL].replace("\r\n", "\n")
    fields = [(m[1].lower(), m[2]) for m in _FIELD.finditer(text)]
    if not fields:
        return SecurityContact(published=False)
    uris = [_URI.match(value) for name, value in fields if name == "contact"]
    kinds = [uri[1].lower() for uri in uris if uri]
    days = [_day(value) for name, value in fields if name == "expires"]
    # RFC 9116 §2.5.5: the field is there once; an unreadable one is none.
    return SecurityContact(True, tuple(dict.fromkeys(kinds)), days[0] if len(days) == 1 else None)


def _day(written: str) -> dt.date | None:
    try:
        return dt.datetime.fromisoformat(written.replace("z", "Z")).date()
    except ValueError:
        return None
