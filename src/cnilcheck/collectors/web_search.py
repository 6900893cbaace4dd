"""One site being searched: what to ask it for within its manners, and what it says of absence."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from urllib.parse import urljoin, urlsplit

from cnilcheck.collectors import soft_404
from cnilcheck.collectors.base import pace_of
from cnilcheck.collectors.site import Page, Site, Survey
from cnilcheck.collectors.tables import Probe, web_probes
from cnilcheck.collectors.transport import SMALL, Answer, endpoint
from cnilcheck.errors import CollectionError, TimedOut
from cnilcheck.model.facts import ListedDirectory, ReadableFile
from cnilcheck.model.scope import Limits, Scope, WebTarget

MANY_A_SECOND = 50.0
_AT_ONCE = 4
_AHEAD = 12
_MOST_KNOWN = 60
_SHARED_BY = 3
_LISTING_BYTES = 4 * SMALL
_FURTHER_BYTES = 4 * 1024 * 1024
_RANGE = {"Range": f"bytes=0-{SMALL - 1}"}
_STATIC = re.compile(r"(?i)\.(?:css|js|mjs|png|jpe?g|gif|svg|webp|ico|woff2?)$")
_ABSENT = (404, 410)
# The crawl, the confirmations of hits, and the other instruments at the same site.
_BESIDE = 120
_SPARE_SECONDS = 60.0


@dataclass
class Search:
    """What one site has shown so far; a context manager, for its helpers end with it."""

    site: Site
    instrument: str
    limits: Limits
    seconds: float
    survey: Survey = field(default_factory=lambda: Survey((), ()))
    statuses: Counter[int] = field(default_factory=Counter)
    asked: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    listed: list[ListedDirectory] = field(default_factory=list)
    entries: dict[str, None] = field(default_factory=dict)
    found: dict[str, ReadableFile] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    """The groups of the probes that were proved."""
    read_further: int = 0
    _absent: set[str] = field(default_factory=set)
    _tells: bool = False
    _make: str = ""
    _families: dict[str, bool] = field(default_factory=dict)
    _roots: dict[str, bool] = field(default_factory=dict)
    _coming: dict[str, Future[Answer]] = field(default_factory=dict)
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_AT_ONCE, "cnilcheck-probe")
    )

    def __post_init__(self) -> None:
        """Start the clock."""
        self._ends = time.monotonic() + self.seconds

    def __enter__(self) -> Search:
        """Return the search itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ask for nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def pages(self) -> tuple[Page, ...]:
        """The pages the crawl found."""
        return self.survey.pages

    @property
    def homes(self) -> tuple[str, ...]:
        """The site's root, and the folder the target's address stands for."""
        return tuple(dict.fromkeys(("/", self.site.home)))

    @property
    def thorough(self) -> bool:
        """Whether the pace allows the addresses that are rarely the ones."""
        return pace_of(self.limits, self.site.host) >= MANY_A_SECOND

    def more(self, url: str) -> Answer:
        """Return a longer part of a file; raises TimedOut when no time is left."""
        headers = {"Range": f"bytes=0-{_FURTHER_BYTES - 1}"}
        return self._get(url, _FURTHER_BYTES, headers, True)

    def file(self, url: str, *, fresh: bool = False) -> Answer:
        """Return the start of the file at an address; raises TimedOut when no time is left."""
        coming = None if fresh else self._coming.pop(url, None)
        return self._get(url, SMALL, _RANGE, fresh) if coming is None else coming.result()

    def folder(self, url: str, *, fresh: bool = False) -> Answer:
        """Return the page at a folder's address; raises TimedOut when no time is left."""
        coming = None if fresh else self._coming.pop(f"{url}\n", None)
        return self._get(url, _LISTING_BYTES, None, fresh) if coming is None else coming.result()

    def _get(self, url: str, max_bytes: int, headers: dict[str, str] | None, fresh: bool) -> Answer:
        if time.monotonic() > self._ends:
            raise TimedOut(f"the site answers too slowly: stopped after {self.seconds:.0f} s")
        return self.site.get(
            self.instrument, url, max_bytes=max_bytes, headers=headers, fresh=fresh
        )

    def ahead_files(self, paths: Iterable[str]) -> Iterator[str]:
        """Yield the paths in their order, the next ones being asked for meanwhile."""
        return self._ahead(paths, self._start_file)

    def ahead_folders(self, paths: Iterable[str]) -> Iterator[str]:
        """Yield the folders in their order, the next ones being asked for meanwhile."""
        return self._ahead(paths, self._start_folder)

    def _ahead(self, paths: Iterable[str], start: Callable[[str], None]) -> Iterator[str]:
        waiting = deque[str]()
        for path in paths:
            start(urljoin(self.site.root, path))
            waiting.append(path)
            if len(waiting) >= _AHEAD:
                yield waiting.popleft()
        yield from waiting

    def _start_file(self, url: str) -> None:
        if url not in self._coming:
            self._coming[url] = self._pool.submit(self._get, url, SMALL, _RANGE, False)

    def _start_folder(self, url: str) -> None:
        if f"{url}\n" not in self._coming:
            self._coming[f"{url}\n"] = self._pool.submit(
                self._get, url, _LISTING_BYTES, None, False
            )

    # What is not there.

    def note_folder(self, folder: str, answer: Answer) -> None:
        """Remember whether the answer is what the site says of folders that do not exist."""
        if answer.status in _ABSENT or soft_404.resembles(answer, self._nowhere()):
            self._absent.add(folder)

    def _nowhere(self) -> Answer:
        return self.folder(urljoin(self.site.root, soft_404.scrambled("/cnilcheck/")))

    def learn_folders(self) -> None:
        """Find out whether the site tells folders that exist from those that do not.

        Those that hold what its pages embed do exist: when each of them answers in another way
        than an invented one, a folder that answers like an invented one is not there.
        """
        static = (urlsplit(a).path for a in self.survey.addresses)
        known = {f"{p.rpartition('/')[0]}/" for p in static if _STATIC.search(p)} - {"/"}
        asked = known & self.folders
        self._tells = bool(asked) and not asked & self._absent

    def is_below_nothing(self, path: str) -> bool:
        """Return whether a folder above the path is known not to be there."""
        return self._tells and any(folder in self._absent for folder in _above(path))

    # What to ask for.

    def known_directories(self) -> tuple[str, ...]:
        """Return the folders the site itself betrays, the root first."""
        return tuple(dict.fromkeys(["/", *self.survey.directories[:_MOST_KNOWN]]))

    def directories(self) -> tuple[str, ...]:
        """Return the folders people leave open, those of the families that are there with them."""
        table = web_probes()
        named = [*table.directories, *(table.further_directories if self.thorough else ())]
        for family, folders in table.family_directories.items():
            named += folders if self.has(family) else ()
        return tuple(dict.fromkeys(chain.from_iterable(map(self.paths, named))))

    def shared_folders(self) -> tuple[str, ...]:
        """Return the folders above several addresses still to be asked for.

        One request for such a folder may spare those below it.
        """
        pending = chain(self.guesses(), *(self.addresses(p) for p in self.probes() if _plain(p)))
        counted = Counter(f for path in dict.fromkeys(pending) for f in _above(path)[-1:])
        return tuple(f for f, n in counted.items() if n >= _SHARED_BY and f not in self.folders)

    def guesses(self) -> tuple[str, ...]:
        """Return the files to ask for that are judged by what they hold."""
        table = web_probes()
        named = [*table.files, *(table.further_files if self.thorough else ())]
        return tuple(dict.fromkeys(chain.from_iterable(self.paths(file) for file in named)))

    def probes(self) -> Iterator[Probe]:
        """Yield the probes whose family, if they have one, is there, and no other in its place."""
        for probe in web_probes().probes:
            if not self._taken(probe.unless) and (not probe.family or self.has(probe.family)):
                yield probe

    def addresses(self, probe: Probe) -> tuple[str, ...]:
        """Return the paths to ask for one probe, below each home of the site."""
        written = (*probe.paths, *(probe.further if self.thorough else ()))
        once = probe.group in web_probes().root_only
        found = chain.from_iterable(self.paths(path, once=once) for path in written)
        plain = _plain(probe)
        return tuple(p for p in dict.fromkeys(found) if not (plain and self.is_below_nothing(p)))

    def paths(self, path: str, *, once: bool = False) -> list[str]:
        """Return the path below each home; none when it wants a name the host lacks."""
        if "{" in path:
            name = self.site.host.removeprefix("www.")
            if _is_address(name) and ("{host}" in path or "{name}" in path):
                return []
            values = {"host": name, "name": name.partition(".")[0]} | _dates(dt.date.today())
            path = path.format_map(values)
        return [f"{home}{path}" for home in (("/",) if once else self.homes)]

    def has(self, family: str) -> bool:
        """Return whether what stands together under that name is there, by hint or by witness."""
        if family not in self._families:
            known = web_probes().families[family]
            asked = chain.from_iterable(map(self.paths, known.witnesses))
            self._families[family] = any(self._hints(hint) for hint in known.hints) or (
                not self._taken(known.unless)
                and any(self._witnesses(path) for path in self.ahead_files(asked))
            )
        return self._families[family]

    def _taken(self, families: tuple[str, ...]) -> bool:
        """Return whether one of these stands at the root itself, and each request counts."""
        return not self.thorough and any(map(self._at_root, families))

    def _at_root(self, family: str) -> bool:
        if family not in self._roots:
            paths = (f"/{witness}" for witness in web_probes().families[family].witnesses)
            self._roots[family] = any(self._witnesses(path) for path in self.ahead_files(paths))
        return self._roots[family]

    def _hints(self, hint: str) -> bool:
        # A dot begins an extension: only the end of an address is one.
        if hint.startswith("."):
            return any(urlsplit(a).path.endswith(hint) for a in self.survey.addresses)
        return hint.casefold() in self._shown()

    def _witnesses(self, path: str) -> bool:
        url = urljoin(self.site.root, path)
        try:
            answer = self.file(url)
            return answer.status < 500 and not self.site.is_absent(self.instrument, answer)
        except TimedOut:
            raise
        except CollectionError:
            return False

    def _shown(self) -> str:
        """Return what the site shows of its make, in small letters."""
        if not self._make:
            answers = [page.answer for page in self.pages[:5]] + [self._nowhere()]
            heads = (f"{n}: {v}" for a in answers for n, v in a.headers)
            parts = (*self.survey.addresses, *heads, *(a.text[:20_000] for a in answers))
            self._make = "\n".join(parts).casefold()
        return self._make


def planned(limits: Limits, host: str) -> int:
    """Return how many requests the catalogue costs at most at a site of that host, about."""
    table = web_probes()
    thorough = pace_of(limits, host) >= MANY_A_SECOND
    paths = [
        *table.directories,
        *table.files,
        *(w for f in table.families.values() for w in f.witnesses),
    ]
    if thorough:
        paths += [*table.further_directories, *table.further_files]
    for probe in table.probes:
        paths += probe.paths if thorough or not probe.family else ()
        paths += probe.further if thorough else ()
    return len(dict.fromkeys(paths)) + _BESIDE


def patience(scope: Scope, target: WebTarget) -> float:
    """Return how many seconds the search of a target may take: targets of a host share its pace."""
    host = endpoint(target.url)[1]
    there = [t for t in scope.targets if isinstance(t, WebTarget) and endpoint(t.url)[1] == host]
    each = planned(scope.limits, host) * 1.5 / pace_of(scope.limits, host)
    return _SPARE_SECONDS * 2 + each * len(there)


def _above(path: str) -> list[str]:
    """Return the folders above a path, the root left out, the nearest last."""
    parts = path.partition("?")[0].split("/")[1:-1]
    return ["/" + "/".join(parts[: n + 1]) + "/" for n in range(len(parts))]


def _plain(probe: Probe) -> bool:
    return probe.group not in web_probes().routed and not probe.everywhere


def _dates(today: dt.date) -> dict[str, str]:
    """Return the dates people write into the names of backups and extracts."""
    previous = today.replace(day=1) - dt.timedelta(days=1)
    return {
        "year": f"{today:%Y}", "month": f"{today:%Y-%m}", "previous": f"{previous:%Y-%m}",
        "day": f"{today:%Y-%m-%d}", "compact": f"{today:%Y%m%d}",
    }  # fmt: skip


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True
