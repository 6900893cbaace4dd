"""JSON Web Tokens that a visitor is given, and those the operator hands over as samples."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.bounded_text import BoundedText, open_text
from cnilcheck.collectors.json_web_token import TOKEN, Source, token_of
from cnilcheck.collectors.site import Site, site, web_targets
from cnilcheck.collectors.transport import Answer, path_of
from cnilcheck.errors import CollectionError, Malformed
from cnilcheck.model.facts import Fact, JsonWebToken
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_MOST = 20
_MOST_LINES = 1000
_READ = 256 * 1024


class TokensSeen:
    """Reads the cookies and pages that others asked for already."""

    name = "tokens-in-pages"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (JsonWebToken,)
    asks = "targets[].url"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the web targets."""
        return tuple(Task(t.spelling, path_of(t.url), t) for t in web_targets(scope))

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what each token says, each once; a site that gives none is said to give none."""
        where = site(tools, task.subject)
        seen = set[bytes]()
        for answer in self._answers(where):
            place = printable(mask(path_of(answer.url)))
            for name, text in _carried(answer):
                digest = hashlib.sha256(text.encode()).digest()
                token = token_of(text, "cookie" if name else "page")
                if token is not None and digest not in seen and len(seen) < _MOST:
                    seen.add(digest)
                    yield Seen(f"{place} {name}".strip(), token)
        if not seen:
            yield Nothing(task.location, JsonWebToken)

    def _answers(self, where: Site) -> Iterator[Answer]:
        asked = dict[str, None].fromkeys([where.base, *map(where.address, where.target.logins)])
        for url in asked:
            try:
                yield from where.follow(self.name, url) if where.owns(url) else ()
            except CollectionError:
                if url == where.base:
                    raise
        for page in where.survey(self.name).pages:
            if page.answer.url not in asked:
                yield page.answer


def _carried(answer: Answer) -> Iterator[tuple[str, str]]:
    """Yield the tokens of an answer, each with its cookie's name, empty for the page itself."""
    for header in answer.all("set-cookie")[:100]:
        name = printable(mask(header.partition("=")[0].strip()), 80)
        for match in TOKEN.finditer(header[:8192]):
            yield name or "?", match[0]
    for match in TOKEN.finditer(answer.text[:_READ]):
        yield "", match[0]


class TokenSamples:
    """Reads files of tokens; nothing is sent, nothing kept."""

    name = "token-samples"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (JsonWebToken,)
    asks = "sources.tokens"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return one task per file."""
        return tuple(Task(path, path, path) for path in scope.sources.tokens)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what the token of each line says; a line without one is passed over."""
        found, what, source = 0, f"read tokens at {task.location}", _SAMPLE
        try:
            with open_text(tools.path(task.subject)) as stream:
                for number, line in enumerate(BoundedText(stream, tools.stop).lines(), start=1):
                    match = TOKEN.search(line)
                    token = token_of(match[0], source) if match else None
                    if token is not None:
                        found += 1
                        yield Seen(f"{task.location}:{number}", token)
                    if number >= _MOST_LINES or found >= _MOST:
                        break
        except (EOFError, zlib.error, OSError):
            raise Malformed("the compressed file is damaged") from None
        tools.journal.write(task.target, self.name, what, f"{found} tokens")
        if not found:
            error = Malformed("the file holds no signed token (three parts, one per line)")
            yield Missing(task.location, JsonWebToken, error)


_SAMPLE: Source = "sample"
