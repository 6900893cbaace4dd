"""What a visitor finds beside the pages: listed directories, and files nobody meant to publish."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urljoin, urlsplit

from cnilcheck import __version__
from cnilcheck.collectors import soft_404
from cnilcheck.collectors.base import Missing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.file_content import Content, content_of, page_content
from cnilcheck.collectors.listings import Listing, listing_of
from cnilcheck.collectors.site import Page, Site, site, web_targets
from cnilcheck.collectors.tables import Probe, web_probes
from cnilcheck.collectors.transport import SMALL, Answer, path_of
from cnilcheck.errors import (
    BudgetSpent,
    CollectionError,
    Interrupted,
    Malformed,
    Refused,
    TimedOut,
    Unreachable,
)
from cnilcheck.model.facts import (
    DirectoryListings,
    Fact,
    FileKind,
    ListedDirectory,
    ReadableFile,
    ReadableFiles,
)
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_MOST_DIRECTORIES = 150
_MOST_ENTRIES = 40
_MOST_NAMES = 20
_MOST_SCRIPTS = 12
_DEEPEST = 2
_SECONDS = 140.0
_TOO_MANY_HITS = 15
_LISTING_BYTES = 4 * SMALL
_FURTHER_BYTES = 4 * 1024 * 1024
_MOST_READ_FURTHER = 8
_RANGE = {"Range": f"bytes=0-{SMALL - 1}"}
_READ = re.compile(
    r"(?i)\.(?:log|sql|csv|tsv|bak|old|orig|save|swp|zip|tar|tgz|gz|bz2|xz|7z|rar|env|xlsx?|json|xml"
    r"|hl7|dcm|pdf|txt|inc|conf|cnf|cfg|ini|ya?ml|sqlite3?|db|mdb|dump|key|pem|properties)"
    r"(?:[.~_-][\w.-]{0,20})?~?$|/\.(?:env|htpasswd|my\.cnf|pgpass)[\w.-]*$|\.(?:php|py|rb)~$"
)
# Asking for a program runs it: only those that hold settings, and do nothing when run.
_SETTINGS_PROGRAM = re.compile(
    r"(?i)/[^/]*(?:conf|param|setting|connexion|connect|bdd|database|db|secret|credential)[^/]*"
    r"\.(?:php|inc\.php|py|asp|aspx|rb)$"
)
# A document's name may be a person's: these are told as a count for each extension.
_DOCUMENT = re.compile(r"(?i)\.(pdf|dcm|hl7|docx?|odt|rtf|jpe?g|png|tiff?|xml|eml|msg)$")
_DATA = re.compile(
    r"(?i)\.(?:csv|tsv|sql|log|bak|old|zip|tar|tgz|gz|7z|rar|env|xlsx?|json|sqlite3?|db|mdb|dump"
    r"|key|pem|php\.\w+)(?:[.~_-]\w{0,10})?$"
)
_DATA_KINDS: tuple[FileKind, ...] = ("data_extract", "database_dump", "backup_archive")
_COUNTED_KINDS: tuple[FileKind, ...] = (*_DATA_KINDS, "document", "log")
_DENIED = (403, 429, 503)
_OVER = (Unreachable, TimedOut, Refused, BudgetSpent, Interrupted)


@dataclass
class _Search:
    """What one site has shown so far."""

    site: Site
    instrument: str
    ends: float
    statuses: Counter[int] = field(default_factory=Counter)
    asked: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    listed: list[ListedDirectory] = field(default_factory=list)
    entries: dict[str, None] = field(default_factory=dict)
    found: dict[str, ReadableFile] = field(default_factory=dict)
    hits: list[str] = field(default_factory=list)
    scripts: tuple[str, ...] = ()
    pages: tuple[Page, ...] = ()
    read_further: int = 0

    def more(self, url: str) -> Answer:
        """Return a longer part of a file; raises TimedOut when no time is left."""
        headers = {"Range": f"bytes=0-{_FURTHER_BYTES - 1}"}
        return self._get(url, _FURTHER_BYTES, headers, True)

    def file(self, url: str, *, fresh: bool = False) -> Answer:
        """Return the start of the file at an address; raises TimedOut when no time is left."""
        return self._get(url, SMALL, _RANGE, fresh)

    def folder(self, url: str, *, fresh: bool = False) -> Answer:
        """Return the page at a folder's address; raises TimedOut when no time is left."""
        return self._get(url, _LISTING_BYTES, None, fresh)

    def _get(self, url: str, max_bytes: int, headers: dict[str, str] | None, fresh: bool) -> Answer:
        if time.monotonic() > self.ends:
            raise TimedOut(f"the site answers too slowly: stopped after {_SECONDS:.0f} s")
        return self.site.get(
            self.instrument, url, max_bytes=max_bytes, headers=headers, fresh=fresh
        )


class WebExposure:
    """Looks for listed directories and readable files; proved by content, never by status."""

    name = "web-exposure"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (DirectoryListings, ReadableFiles)
    asks = "targets[].url"

    def version(self) -> str:
        """Return cnilcheck's own version: the proofs are its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the web targets."""
        return tuple(Task(t.spelling, "/", t) for t in web_targets(scope))

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield both facts; what was seen before an error is yielded beside the gap."""
        search = _Search(site(tools, task.subject), self.name, time.monotonic() + _SECONDS)
        survey = search.site.survey(self.name)
        search.pages = survey.pages
        search.scripts = survey.scripts[:_MOST_SCRIPTS]
        problem = _problem(lambda: _look_into_folders(search, survey.directories))
        listings = DirectoryListings(len(search.folders), tuple(search.listed))
        yield from _told(task.location, listings, problem, bool(search.listed))
        problem = problem or _problem(lambda: _look_for_files(search)) or _distrust(search)
        files = tuple(search.found[path] for path in sorted(search.found))
        yield from _told(
            task.location, ReadableFiles(len(search.asked), files), problem, bool(files)
        )


def _problem(look: Callable[[], None]) -> CollectionError | None:
    """Return what ended the look early, if anything: what was seen until then stays."""
    try:
        look()
    except _OVER as error:
        return error
    return None


def _told(
    location: str,
    fact: DirectoryListings | ReadableFiles,
    problem: CollectionError | None,
    something: bool,
) -> Iterator[Sighting]:
    # The gap comes first: it stands for all of the site that stays unknown.
    if problem is not None:
        yield Missing(location, type(fact), problem)
    if problem is None or something:
        yield Seen(location, fact)


def _look_into_folders(search: _Search, known: Iterable[str]) -> None:
    _stop_at_a_wall(search)
    listed = [f"{home}{d}" for home in _homes(search.site) for d in web_probes().directories]
    waiting = [(folder, 0) for folder in dict.fromkeys(["/", *known, *listed])]
    while waiting and len(search.folders) < _MOST_DIRECTORIES:
        folder, depth = waiting.pop(0)
        if folder in search.folders:
            continue
        search.folders.add(folder)
        listing = _confirmed_listing(search, folder)
        if listing is not None:
            _keep_listing(search, folder, listing)
            inner = [entry for entry in listing.entries if entry.endswith("/")]
            # Before the guesses: these are known to be there.
            waiting[:0] = [(entry, depth + 1) for entry in inner[:20] if depth < _DEEPEST]


def _stop_at_a_wall(search: _Search) -> None:
    # A root without an index is often 403; so is what nobody made only behind a wall.
    invented = urljoin(search.site.root, soft_404.scrambled("/cnilcheck/"))
    for url in (search.site.base, invented):
        status = search.folder(url).status
        if status not in _DENIED:
            return
    raise Refused(f"the site answers {status} to whatever this audit asks for")


def _homes(where: Site) -> tuple[str, ...]:
    return tuple(dict.fromkeys(("/", where.home)))


def _confirmed_listing(search: _Search, folder: str) -> Listing | None:
    url = urljoin(search.site.root, folder)
    try:
        listing = listing_of(search.folder(url))
        if listing is None or listing_of(search.folder(url, fresh=True)) is None:
            return None
        invented = urljoin(search.site.root, soft_404.scrambled(folder))
        if folder != "/" and listing_of(search.folder(invented)) is not None:
            return None
    except Malformed:
        return None
    return listing


def _keep_listing(search: _Search, folder: str, listing: Listing) -> None:
    names = [unquote(entry.rstrip("/").rpartition("/")[2]) for entry in listing.entries]
    documents = Counter(m[1].lower() for m in map(_DOCUMENT.search, names) if m)
    data = [printable(mask(n), 80) for n in names if _DATA.search(n) and not _DOCUMENT.search(n)]
    counted = [f"{count} × .{extension}" for extension, count in sorted(documents.items())]
    shown = (*data[:_MOST_NAMES], *counted)
    search.listed.append(ListedDirectory(_place(folder), len(listing.entries), shown))
    for entry in listing.entries:
        readable = _READ.search(entry) or _SETTINGS_PROGRAM.search(entry)
        if readable and len(search.entries) < _MOST_ENTRIES:
            search.entries[entry] = None


def _look_for_files(search: _Search) -> None:
    for page in search.pages:
        search.asked.add(page.answer.path)
        content = page_content(page.answer.text)
        if content is not None:
            _keep(search, page.answer.path, content, page.answer.size)
    guesses = [p for written in web_probes().files for p in _paths(search.site, written)]
    for path in dict.fromkeys([*search.entries, *guesses]):
        _read_file(search, path)
    for probe in web_probes().probes:
        _probe(search, probe)


def _paths(where: Site, path: str) -> list[str]:
    """Return the path below each home of the site; none when it wants a name the host lacks."""
    if "{" in path:
        name = where.host.removeprefix("www.")
        if _is_address(name) and ("{host}" in path or "{name}" in path):
            return []
        values = {"host": name, "name": name.partition(".")[0]} | _dates(dt.date.today())
        path = path.format_map(values)
    return [f"{home}{path}" for home in _homes(where)]


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


def _read_file(search: _Search, path: str) -> None:
    url = urljoin(search.site.root, path)
    search.asked.add(path)
    content = _content(search, url, path)
    if content is None or _content(search, url, path, fresh=True) is None:
        return
    invented = soft_404.scrambled(path)
    if _content(search, urljoin(search.site.root, invented), invented) is None:
        start = search.file(url)
        _keep(search, path, _further(search, url, path, content, start), start.size)


def _further(search: _Search, url: str, path: str, content: Content, start: Answer) -> Content:
    """Return what more of a file that speaks of people holds: it says how many it concerns."""
    cut = start.status == 206 and start.size > len(start.body)
    if not (cut or start.truncated) or content.kind not in _COUNTED_KINDS:
        return content
    if search.read_further >= _MOST_READ_FURTHER:
        return content
    search.read_further += 1
    try:
        answer = search.more(url)
    except CollectionError:
        return content
    if answer.status not in (200, 206):
        return content
    more = content_of(answer.body, mask(unquote(path)), answer.size > len(answer.body))
    return more if more is not None and more.kind == content.kind else content


def _content(search: _Search, url: str, path: str, *, fresh: bool = False) -> Content | None:
    try:
        answer = search.file(url, fresh=fresh)
    except Malformed:
        return None
    search.statuses[answer.status] += not fresh
    if answer.status not in (200, 206):
        return None
    return content_of(answer.body, mask(unquote(path)), answer.size > len(answer.body))


def _probe(search: _Search, probe: Probe) -> None:
    written = [path for given in probe.paths for path in _paths(search.site, given)]
    beside = search.scripts if probe.group == "source-maps" else ()
    for path in dict.fromkeys([*(f"{script}.map" for script in beside), *written]):
        url = urljoin(search.site.root, path)
        search.asked.add(path)
        answer = _proving(search, probe, url)
        if answer is None or _proving(search, probe, url, fresh=True) is None:
            continue
        invented = urljoin(search.site.root, soft_404.scrambled(path))
        if probe.everywhere or _proving(search, probe, invented) is None:
            search.hits.append(probe.id)
            _keep(search, path, _content_of_hit(probe, answer, path), answer.size)
            return


def _proving(search: _Search, probe: Probe, url: str, *, fresh: bool = False) -> Answer | None:
    try:
        answer = search.file(url, fresh=fresh)
    except Malformed:
        return None
    search.statuses[answer.status] += not fresh
    # What a page repeats of the address it was asked under proves nothing.
    path = urlsplit(answer.url).path.encode()
    body = answer.body.replace(path, b"") if len(path) > 2 else answer.body
    return answer if probe.proves(answer.status, answer.media_type, body) else None


def _content_of_hit(probe: Probe, answer: Answer, path: str) -> Content:
    inside = content_of(answer.body, path, answer.truncated) if probe.read == "always" else None
    if inside is None:
        return Content(probe.kind, probe.matcher.sign)
    kind = inside.kind if inside.kind in _DATA_KINDS else probe.kind
    return replace(inside, kind=kind, proof=probe.matcher.sign)


def _keep(search: _Search, path: str, content: Content, size: int) -> None:
    # One repository is one finding, at the file that says most.
    if content.kind == "version_control":
        for other, file in tuple(search.found.items()):
            if file.kind == "version_control" and _above(other) == _above(path):
                if file.secrets or not content.secrets:
                    return
                del search.found[other]
    place = _place(path)
    search.found.setdefault(
        place,
        ReadableFile(
            place, content.kind, printable(content.proof, 160), size, content.records,
            content.personal, content.secrets, content.people,
        ),
    )  # fmt: skip


def _above(path: str) -> str:
    return path.rpartition("/")[0].partition("/.")[0]


def _place(path: str) -> str:
    return printable(mask(unquote(path_of(path))))


def _distrust(search: _Search) -> CollectionError | None:
    """Return why the answers as a whole cannot be believed, if so."""
    total = sum(search.statuses.values())
    denied = sum(search.statuses[status] for status in _DENIED)
    if denied * 2 > total:
        return Refused(f"{denied} of {total} requests were answered by 403, 429 or 503")
    if len(search.hits) > _TOO_MANY_HITS:
        search.found.clear()
        return Malformed("the site answers as if everything existed")
    return None
