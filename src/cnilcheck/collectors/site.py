"""One web site as all instruments of a run see it: answers kept, a small crawl, its “not found”."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import unquote, urljoin, urlsplit

from cnilcheck.collectors import soft_404
from cnilcheck.collectors.base import Tools
from cnilcheck.collectors.html_page import (
    HtmlPage,
    addresses_in_script,
    looks_html,
    read_html,
)
from cnilcheck.collectors.transport import (
    DEADLINE_SECONDS,
    LARGE,
    SMALL,
    Answer,
    endpoint,
    fetch,
    path_of,
)
from cnilcheck.errors import (
    CollectionError,
    Interrupted,
    NotPermitted,
    Refused,
    TimedOut,
    Unreachable,
)
from cnilcheck.model.scope import Scope, WebTarget

MOST_PAGES = 60
DEEPEST = 3
_CRAWL_SECONDS = 40.0
_MOST_PLACES = 1000
_MOST_NAMED = 3000
_MOST_VARIANTS = 3
_KEPT_BYTES = 32 * 1024 * 1024
_FAILURES_IN_A_ROW = 3
_PATIENCE_SECONDS = 60.0
_LONGEST_PAUSE = 5.0
_MOST_SCRIPTS = 8
_MOST_MAPS = 3
_SCRIPT = re.compile(r"(?i)\.m?js(?:\?|$)")
_NAMING = (
    "content-security-policy", "content-security-policy-report-only", "report-to",
    "reporting-endpoints", "link", "sourcemap", "x-sourcemap",
)  # fmt: skip
_IN_HEAD = re.compile(
    r"""https?://[^\s;,"'<>]{1,500}|(?<=report-uri )/[^\s;,]{1,500}|(?<=[<"])/[^>"\s]{1,500}"""
)

# Links whose visit could change something, and files that are no pages.
NOT_FOLLOWED = re.compile(
    r"(?i)log-?(?:out|off)|sign-?out|d[ée]connexion|deconnecter|delete|supprim|remove|unsubscribe"
    r"|desinscri|action=|/cart|add-to"
)
_NO_PAGE = re.compile(
    r"(?i)\.(?:css|js|mjs|map|png|jpe?g|gif|svg|webp|ico|woff2?|ttf|eot|pdf|zip|gz|tar|7z|rar|csv|sql"
    r"|xlsx?|docx?|mp[34]|webm|log|txt|xml|json|bak|old|dcm|hl7|exe|dmg)$"
)


@dataclass(frozen=True)
class Page:
    """A page a visitor gets, as the crawl found it."""

    answer: Answer
    html: HtmlPage


@dataclass(frozen=True)
class Survey:
    """What the crawl gathered; paths are of this site only."""

    pages: tuple[Page, ...]
    directories: tuple[str, ...]
    scripts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    """Every path of this site that a page names, with its query."""
    challenges: tuple[Answer, ...] = ()
    """Answers that ask for a sign-in by HTTP's own means (401)."""


@dataclass
class _Gathered:
    pages: list[Page] = field(default_factory=list)
    directories: dict[str, None] = field(default_factory=dict)
    named: dict[str, None] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    variants: Counter[str] = field(default_factory=Counter)
    waiting: deque[tuple[str, int]] = field(default_factory=deque)
    challenges: list[Answer] = field(default_factory=list)


class Site:
    """A web target; each address is asked for once in a run, whichever instrument asks."""

    def __init__(self, tools: Tools, target: WebTarget) -> None:
        """Nothing is contacted yet."""
        self.target = target
        self.base = _with_path(target.url)
        self.origin = endpoint(self.base)
        self.root = urljoin(self.base, "/")
        self._tools = tools
        self._answers: dict[tuple[str, int, str], Answer] = {}
        self._kept = 0
        self._lock = threading.RLock()
        self._crawling = threading.Lock()
        self._survey: Survey | CollectionError | None = None
        self._failures: list[CollectionError] = []
        self._pause = 0.0
        self._waited = 0.0
        self._resume = 0.0

    @property
    def host(self) -> str:
        """The host's name or address."""
        return self.origin[1]

    @property
    def home(self) -> str:
        """The folder the target's base address stands for."""
        return urlsplit(self.base).path.rpartition("/")[0] + "/"

    def address(self, path: str) -> str:
        """Return the absolute address of a path, or of an address, as the scope writes it."""
        return urljoin(self.base, path.strip())

    def owns(self, url: str) -> bool:
        """Return whether the address is of this very site: scheme, host and port."""
        try:
            return endpoint(url) == self.origin
        except NotPermitted:
            return False

    def get(
        self,
        instrument: str,
        url: str,
        *,
        max_bytes: int = SMALL,
        headers: Mapping[str, str] | None = None,
        fresh: bool = False,
    ) -> Answer:
        """Return the answer for an address, from memory when it was asked for before.

        A server that asks for patience (429, 503) gets it, within bounds. After three failures
        in a row the site is given up, and the last error is raised at once.
        """
        key = (url, max_bytes, str(sorted((headers or {}).items())))
        with self._lock:
            if key in self._answers and not fresh:
                return self._answers[key]
            if len(self._failures) >= _FAILURES_IN_A_ROW:
                raise self._failures[-1]
        answer = self._ask(instrument, url, max_bytes, headers)
        with self._lock:
            if self._kept + len(answer.body) <= _KEPT_BYTES:
                self._kept += len(answer.body)
                self._answers[key] = answer
        return answer

    def _ask(
        self, instrument: str, url: str, max_bytes: int, headers: Mapping[str, str] | None
    ) -> Answer:
        for _ in range(4):
            self._rest()
            try:
                answer = fetch(
                    self._tools, self.target.spelling, instrument, url,
                    headers=headers, max_bytes=max_bytes, deadline=DEADLINE_SECONDS,
                )  # fmt: skip
            except (Unreachable, TimedOut) as error:
                with self._lock:
                    self._failures.append(error)
                raise
            impatient = answer.status == 503 and bool(answer.header("retry-after"))
            with self._lock:
                self._failures.clear()
                # Faster again, little by little, once the server no longer complains.
                self._pause = self._pause * 0.9 if self._pause > 0.01 else 0.0
            if answer.status != 429 and not impatient:
                return answer
            self._slow_down(answer)
        return answer

    def _slow_down(self, answer: Answer) -> None:
        stated = answer.header("retry-after").strip()
        seconds = float(stated) if stated.isascii() and stated.isdigit() else 0.0
        until = time.monotonic() + min(_LONGEST_PAUSE, seconds or 0.5)
        with self._lock:
            if self._waited >= _PATIENCE_SECONDS:
                raise Refused("the server asks to come back later (429, 503), again and again")
            # Several requests refused at once are one complaint.
            if time.monotonic() >= self._resume:
                self._pause = min(1.0, max(0.1, self._pause * 2))
            self._waited += max(0.0, until - max(self._resume, time.monotonic()))
            self._resume = max(self._resume, until)

    def _rest(self) -> None:
        """Wait for the moment the server was promised; those who ask side by side take turns."""
        with self._lock:
            turn = max(self._resume, time.monotonic())
            if self._pause:
                self._resume = turn + self._pause
        wait = turn - time.monotonic()
        if wait > 0 and self._tools.stop.wait(wait):
            raise Interrupted("stopped by the operator")

    def follow(self, instrument: str, url: str, *, max_bytes: int = LARGE) -> tuple[Answer, ...]:
        """Return the answers from that address along redirections inside this site, at most six.

        The last one may still be a redirection: out of the site, or one too many.
        """
        answers = [self.get(instrument, url, max_bytes=max_bytes)]
        while len(answers) < 6:
            further = answers[-1].location
            if further is None or not self.owns(further):
                break
            answers.append(self.get(instrument, further, max_bytes=max_bytes))
        return tuple(answers)

    def is_absent(self, instrument: str, answer: Answer) -> bool:
        """Return whether the answer is what this site says for things that do not exist."""
        if answer.status in (404, 410):
            return True
        sibling = urljoin(answer.url, soft_404.scrambled(answer.path))
        other = self.get(instrument, sibling, max_bytes=LARGE)
        return soft_404.resembles(answer, other)

    def survey(self, instrument: str) -> Survey:
        """Return what a small crawl of the site gathers; the first caller waits for it.

        Raises CollectionError when not even the first page can be had.
        """
        with self._crawling:
            if self._survey is None:
                try:
                    self._survey = self._crawl(instrument)
                except (Unreachable, Refused, TimedOut) as error:
                    self._survey = error
        if isinstance(self._survey, CollectionError):
            raise self._survey
        return self._survey

    def _crawl(self, instrument: str) -> Survey:
        ends = time.monotonic() + _CRAWL_SECONDS
        gathered = _Gathered()
        self._enqueue(gathered, self.base, 0)
        for login in self.target.logins:
            self._enqueue(gathered, self.address(login), 1)
        with suppress(CollectionError):
            self._read_robots(instrument, gathered)
        while gathered.waiting and len(gathered.pages) < MOST_PAGES and time.monotonic() < ends:
            url, depth = gathered.waiting.popleft()
            try:
                self._visit(instrument, gathered, url, depth)
            except CollectionError:
                if not gathered.pages:
                    raise
        self._read_scripts(instrument, gathered, ends)
        named = tuple(gathered.named)
        scripts = tuple(p for p in named if re.search(r"(?i)\.m?js$", p))
        challenges = tuple(gathered.challenges)
        return Survey(
            tuple(gathered.pages), tuple(gathered.directories), scripts, named, challenges
        )

    def _visit(self, instrument: str, gathered: _Gathered, url: str, depth: int) -> None:
        answer = self.get(instrument, url, max_bytes=LARGE)
        for address in _named_in_head(answer):
            self._remember(gathered, address)
        if answer.location is not None and self.owns(answer.location):
            self._enqueue(gathered, answer.location, depth)
            return
        if answer.status == 401 and len(gathered.challenges) < MOST_PAGES:
            gathered.challenges.append(answer)
        if not looks_html(answer.body) and "html" not in answer.media_type:
            return
        html = read_html(answer.text, answer.url)
        if answer.status < 400:
            gathered.pages.append(Page(answer, html))
        for address in html.parts:
            self._remember(gathered, address)
        for address in html.links if depth < DEEPEST else ():
            self._enqueue(gathered, address, depth + 1)

    def _read_scripts(self, instrument: str, gathered: _Gathered, ends: float) -> None:
        """Remember the addresses that the site's own scripts name: interfaces, downloads, maps."""
        scripts = [path for path in gathered.named if _SCRIPT.search(path)]
        for path in scripts[:_MOST_SCRIPTS]:
            if time.monotonic() > ends:
                return
            with suppress(CollectionError):
                answer = self.get(instrument, urljoin(self.root, path), max_bytes=LARGE)
                if answer.status == 200 and not looks_html(answer.body):
                    for found in addresses_in_script(answer.text, answer.url):
                        self._remember(gathered, found)

    def _enqueue(self, gathered: _Gathered, url: str, depth: int) -> None:
        path = path_of(url)
        if not self.owns(url) or url in gathered.seen or len(gathered.seen) >= _MOST_PLACES:
            return
        self._remember(gathered, url)
        plain = path.partition("?")[0]
        if _NO_PAGE.search(plain) or (depth and NOT_FOLLOWED.search(path)):
            return
        if gathered.variants[plain] >= _MOST_VARIANTS:
            return
        gathered.variants[plain] += 1
        gathered.seen.add(url)
        gathered.waiting.append((url, depth))

    def _remember(self, gathered: _Gathered, url: str) -> None:
        """Keep the folders above an address of this site."""
        if not self.owns(url) or len(gathered.directories) >= _MOST_PLACES:
            return
        if len(gathered.named) < _MOST_NAMED:
            gathered.named[path_of(url)[:1000]] = None
        folder = urlsplit(url).path.rpartition("/")[0]
        while folder and len(folder) <= 500:
            gathered.directories[f"{folder}/"] = None
            folder = folder.rpartition("/")[0]

    def _read_robots(self, instrument: str, gathered: _Gathered) -> None:
        robots = self.get(instrument, urljoin(self.root, "robots.txt"))
        believed = robots.status == 200 and not looks_html(robots.body)
        maps = [urljoin(self.root, "sitemap.xml")]
        for line in robots.text.splitlines()[:500] if believed else ():
            field_name, _, value = line.partition(":")
            value = value.partition("#")[0].strip()
            if field_name.strip().lower() in ("disallow", "allow") and value.startswith("/"):
                self._remember(gathered, urljoin(self.root, re.split(r"[*$?]", value)[0]))
            if field_name.strip().lower() == "sitemap":
                maps.insert(0, value)
        for address in [m for m in maps if self.owns(m)][:2]:
            named = self._in_map(instrument, address)
            for inner in [m for m in named if m.endswith(".xml") and self.owns(m)][:_MOST_MAPS]:
                named += self._in_map(instrument, inner)
            for place in named[:400]:
                self._enqueue(gathered, place, 1)

    def _in_map(self, instrument: str, address: str) -> list[str]:
        sitemap = self.get(instrument, address, max_bytes=LARGE)
        found = re.findall(r"<loc>\s*([^<\s]{1,2000})", sitemap.text)[:200]
        return [urljoin(self.root, match) for match in found]


def site(tools: Tools, target: WebTarget) -> Site:
    """Return the one object that stands for this target in this run."""
    key = f"site {target.spelling}"
    with tools.lock:
        if key not in tools.shared:
            tools.shared[key] = Site(tools, target)
        shared: Site = tools.shared[key]
    return shared


def _named_in_head(answer: Answer) -> list[str]:
    """Return the addresses the head names: where policies are reported to, what goes along."""
    values = (v[:8000] for n, v in answer.headers if n.lower() in _NAMING)
    return [urljoin(answer.url, found) for value in values for found in _IN_HEAD.findall(value)]


def web_targets(scope: Scope) -> tuple[WebTarget, ...]:
    """Return the web targets of a scope."""
    return tuple(target for target in scope.targets if isinstance(target, WebTarget))


def shown(url: str) -> str:
    """Return the place of an address in a report: its path and query, readable."""
    return unquote(path_of(url))


def _with_path(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(path=parts.path or "/", fragment="").geturl()
