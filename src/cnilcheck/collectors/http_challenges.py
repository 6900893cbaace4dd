"""Where HTTP itself asks for a sign-in, and which addresses carry a session or a token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from cnilcheck import __version__
from cnilcheck.collectors.base import Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.site import Site, site, web_targets
from cnilcheck.collectors.transport import LARGE, Answer, path_of
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import Fact, HttpAuthentication, SessionAddresses
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_MOST_PLACES = 10
_MOST_FOUND = 20
_MOST_TOKENS = 50
# RFC 9110 §11.6.1: a challenge begins with its scheme, followed by a space, a comma or the end.
_SCHEME = re.compile(
    r"(?i)(?:^|,)\s{0,9}(basic|digest|bearer|negotiate|ntlm|mutual|hoba|dpop|scram-sha-256)"
    r"(?=[\s,]|$)"
)
_NAMES = {
    name.lower(): name
    for name in ("Basic", "Digest", "Bearer", "Negotiate", "NTLM", "Mutual", "HOBA", "DPoP")
}
_SESSION_NAME = re.compile(
    r"(?i)^(?:(?:php|j|asp\.?net_?)?sess(?:ion)?_?id|sid|session|access_?token|id_?token|auth_?token"
    r"|jwt|cfid|cftoken)$"
)
# What a page's own links may carry in good faith: a reset or a download is a link for one use.
_LOOKS_DRAWN = re.compile(r"(?=[^\d]*\d)[\w.~+/=-]{12,}")


class HttpChallenges:
    """Reads the 401 answers and the links of pages that others asked for already."""

    name = "http-challenges"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (HttpAuthentication, SessionAddresses)
    asks = "targets[].url"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the web targets."""
        return tuple(Task(t.spelling, path_of(t.url), t) for t in web_targets(scope))

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield each place that asks for a sign-in, and what the addresses of the site carry."""
        where = site(tools, task.subject)
        found = False
        for answer in self._challenges(where):
            methods = methods_of(answer)
            if methods:
                found = True
                place = printable(mask(path_of(answer.url)))
                scheme = where.origin[0]
                yield Seen(
                    place, HttpAuthentication("http" if scheme == "http" else "https", methods)
                )
        if not found:
            yield Nothing(task.location, HttpAuthentication)
        yield Seen(task.location, self._addresses(where))

    def _challenges(self, where: Site) -> Iterator[Answer]:
        asked = [where.base, *map(where.address, where.target.logins)]
        asked += [where.address(path) for path in where.target.protected]
        seen = set[str]()
        for url in asked:
            try:
                answers = where.follow(self.name, url, max_bytes=LARGE) if where.owns(url) else ()
            except CollectionError:
                if url == where.base:
                    raise
                continue
            for answer in answers:
                if answer.status == 401 and answer.url not in seen:
                    seen.add(answer.url)
                    yield answer
        for answer in where.survey(self.name).challenges:
            if answer.url not in seen and len(seen) < _MOST_PLACES:
                seen.add(answer.url)
                yield answer

    def _addresses(self, where: Site) -> SessionAddresses:
        pages = where.survey(self.name).pages
        found = dict[str, None]()
        for page in pages:
            for address in (page.answer.url, *page.html.links):
                name = session_parameter(address)
                if name and where.owns(address) and len(found) < _MOST_FOUND:
                    path = urlsplit(address).path.partition(";")[0]
                    found[printable(mask(f"{path} ({name})"), 200)] = None
        return SessionAddresses(len(pages), tuple(found))


def methods_of(answer: Answer) -> tuple[str, ...]:
    """Return the ways in that the answer's challenges name, by their registered spelling."""
    headers = [text[:4000] for text in answer.all("www-authenticate")[:_MOST_TOKENS]]
    found = [match[1].lower() for text in headers for match in _SCHEME.finditer(_unquoted(text))]
    return tuple(dict.fromkeys(_NAMES.get(name, name) for name in found))


def _unquoted(text: str) -> str:
    # A realm may say anything: `realm="a, Basic b"` offers nothing.
    return re.sub(r'"(?:[^"\\]|\\.){0,1000}"', '""', text)


def session_parameter(address: str) -> str:
    """Return the name of the parameter that carries a session or a token, or an empty text."""
    try:
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, max_num_fields=50)
    except ValueError:
        return ""
    for _, _, parameter in (piece.partition(";") for piece in parts.path.split("/")):
        name, _, value = parameter.partition("=")
        pairs.append((name, value))
    for name, value in pairs:
        if _SESSION_NAME.match(name) and _LOOKS_DRAWN.fullmatch(value):
            return printable(mask(name), 40)
    return ""
