"""What a visitor finds beside the pages: listed directories, and files nobody meant to publish."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from urllib.parse import unquote, urljoin, urlsplit

from cnilcheck import __version__
from cnilcheck.collectors import soft_404
from cnilcheck.collectors.base import Missing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.file_content import Content, content_of, page_content
from cnilcheck.collectors.listings import Listing, listing_of
from cnilcheck.collectors.site import NOT_FOLLOWED, site, web_targets
from cnilcheck.collectors.tables import Probe
from cnilcheck.collectors.transport import Answer, path_of
from cnilcheck.collectors.web_search import Search, patience
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

_MOST_DIRECTORIES = 250
_MOST_ENTRIES = 40
_MOST_NAMES = 20
_MOST_SCRIPTS = 12
_DEEPEST = 2
_SECONDS = 180.0
_MARGIN = 20.0
_TOO_MANY_GROUPS = 9
_MOST_READ_FURTHER = 8
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
# What a site's own pages and scripts offer: interfaces, exports, and what is asked for as a table.
_OFFERED = re.compile(
    r"(?i)/(?:api|rest|ws|services?|odata|export\w*|extract\w*|extraction\w*|download\w*)(?:[/.?]|$)"
    r"|[?&](?:format|type|output|export|as|mode)=(?:csv|tsv|json|xlsx?|xml)\b"
)
_MOST_OFFERED = 40
# A document's name may be a person's: these are told as a count for each extension.
_DOCUMENT = re.compile(
    r"(?i)\.(pdf|dcm|hl7|docx?|odt|rtf|jpe?g|png|tiff?|xml|eml|msg|wav|mp3|m4a|ogg|amr|mp4)$"
)
_DATA = re.compile(
    r"(?i)\.(?:csv|tsv|sql|log|bak|old|zip|tar|tgz|gz|7z|rar|env|xlsx?|json|sqlite3?|db|mdb|dump"
    r"|key|pem|php\.\w+)(?:[.~_-]\w{0,10})?$"
)
_LATE = (b"%PDF", b"PK\x03\x04")
_DATA_KINDS: tuple[FileKind, ...] = ("data_extract", "database_dump", "backup_archive")
_COUNTED_KINDS: tuple[FileKind, ...] = (*_DATA_KINDS, "document", "log")
_DENIED = (403, 429, 503)
_OVER = (Unreachable, TimedOut, Refused, BudgetSpent, Interrupted)


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
        return tuple(
            Task(t.spelling, "/", t, seconds=patience(scope, t)) for t in web_targets(scope)
        )

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield both facts; what was seen before an error is yielded beside the gap."""
        where, given = site(tools, task.subject), (task.seconds or _SECONDS) - _MARGIN
        with Search(where, self.name, tools.limits, given) as search:
            search.survey = where.survey(self.name)
            problem = _problem(lambda: _look_into_folders(search))
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


def _look_into_folders(search: Search) -> None:
    _stop_at_a_wall(search)
    _ask_folders(search, search.known_directories())
    # What is listed is known to be there: it is read before anything is guessed.
    for path in search.ahead_files(search.entries):
        _read_file(search, path)
    search.learn_folders()
    _ask_folders(search, search.directories())
    _ask_folders(search, search.shared_folders())


def _ask_folders(search: Search, folders: Iterable[str]) -> None:
    for folder in search.ahead_folders(f for f in folders if f not in search.folders):
        _look_into(search, folder, 0)


def _look_into(search: Search, folder: str, depth: int) -> None:
    if folder in search.folders or len(search.folders) >= _MOST_DIRECTORIES:
        return
    search.folders.add(folder)
    listing = _confirmed_listing(search, folder)
    if listing is None:
        return
    _keep_listing(search, folder, listing)
    inner = [entry for entry in listing.entries if entry.endswith("/")]
    for entry in inner[:20] if depth < _DEEPEST else ():
        # Before the guesses: these are known to be there.
        _look_into(search, entry, depth + 1)


def _stop_at_a_wall(search: Search) -> None:
    # A root without an index is often 403; so is what nobody made only behind a wall.
    invented = urljoin(search.site.root, soft_404.scrambled("/cnilcheck/"))
    for url in (search.site.base, invented):
        status = search.folder(url).status
        if status not in _DENIED:
            return
    raise Refused(f"the site answers {status} to whatever this audit asks for")


def _confirmed_listing(search: Search, folder: str) -> Listing | None:
    url = urljoin(search.site.root, folder)
    try:
        answer = search.folder(url)
        search.note_folder(folder, answer)
        listing = listing_of(answer)
        if listing is None or listing_of(search.folder(url, fresh=True)) is None:
            return None
        invented = urljoin(search.site.root, soft_404.scrambled(folder))
        if folder != "/" and listing_of(search.folder(invented)) is not None:
            return None
    except Malformed:
        return None
    return listing


def _keep_listing(search: Search, folder: str, listing: Listing) -> None:
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


def _look_for_files(search: Search) -> None:
    for page in search.pages:
        search.asked.add(page.answer.path)
        content = page_content(page.answer.text)
        if content is not None:
            _keep(search, page.answer.path, content, page.answer.size)
    guesses = (p for p in search.guesses() if not search.is_below_nothing(p))
    paths = dict.fromkeys([*search.entries, *_offered(search), *guesses])
    for path in search.ahead_files(p for p in paths if p not in search.asked):
        _read_file(search, path)
    planned = [(probe, _addresses(search, probe)) for probe in search.probes()]
    coming = search.ahead_files(chain.from_iterable(each for _, each in planned))
    for probe, each in planned:
        _probe(search, probe, [path for path, _ in zip(each, coming, strict=False)])


def _offered(search: Search) -> list[str]:
    """Return the addresses of data that the site's own pages and scripts name."""
    named = (a for a in search.survey.addresses if not NOT_FOLLOWED.search(a))
    plain = ((a, urlsplit(a).path) for a in named)
    offered = [
        a for a, path in plain if _OFFERED.search(a) or (_READ.search(path) and _DATA.search(path))
    ]
    return offered[:_MOST_OFFERED]


def _addresses(search: Search, probe: Probe) -> tuple[str, ...]:
    beside = list[str]()
    if probe.id == "source-map":
        beside = [a for a in search.survey.addresses if a.endswith(".map")][:_MOST_SCRIPTS]
        beside += [f"{script}.map" for script in search.survey.scripts[:_MOST_SCRIPTS]]
    return tuple(dict.fromkeys([*beside, *search.addresses(probe)]))


def _read_file(search: Search, path: str) -> None:
    url = urljoin(search.site.root, path)
    search.asked.add(path)
    content = _content(search, url, path)
    if content is None or not _stands(search, url, path):
        return
    invented = soft_404.scrambled(path)
    if _content(search, urljoin(search.site.root, invented), invented) is None:
        start = search.file(url)
        _keep(search, path, _further(search, url, path, content, start), start.size)


def _stands(search: Search, url: str, path: str) -> bool:
    """Return whether a second request gives the same kind of file."""
    try:
        again = search.file(url, fresh=True)
    except Malformed:
        return False
    if again.status not in (200, 206):
        return False
    late = again.body.startswith(_LATE)
    return late or content_of(again.body, mask(unquote(path)), True) is not None


def _further(search: Search, url: str, path: str, content: Content, start: Answer) -> Content:
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


def _content(search: Search, url: str, path: str) -> Content | None:
    try:
        answer = search.file(url)
    except Malformed:
        return None
    search.statuses[answer.status] += 1
    if answer.status not in (200, 206):
        return None
    cut = answer.size > len(answer.body)
    content = content_of(answer.body, mask(unquote(path)), cut)
    if content is not None or not cut or not answer.body.startswith(_LATE):
        return content
    return _late_content(search, url, path)


def _late_content(search: Search, url: str, path: str) -> Content | None:
    """Return what a file holds whose start says nothing: fonts come first in many documents."""
    if search.read_further >= _MOST_READ_FURTHER:
        return None
    search.read_further += 1
    answer = search.more(url)
    if answer.status not in (200, 206):
        return None
    return content_of(answer.body, mask(unquote(path)), answer.size > len(answer.body))


def _probe(search: Search, probe: Probe, paths: Iterable[str]) -> None:
    for path in paths:
        url = urljoin(search.site.root, path)
        search.asked.add(path)
        answer = _proving(search, probe, url)
        if answer is None or _proving(search, probe, url, fresh=True) is None:
            continue
        invented = urljoin(search.site.root, soft_404.scrambled(path))
        if probe.everywhere or _proving(search, probe, invented) is None:
            search.groups.add(probe.group)
            _keep(search, path, _content_of_hit(probe, answer, path), answer.size)
            return


def _proving(search: Search, probe: Probe, url: str, *, fresh: bool = False) -> Answer | None:
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


def _keep(search: Search, path: str, content: Content, size: int) -> None:
    # One repository is one finding, at the file that says most.
    if content.kind == "version_control":
        for other, file in tuple(search.found.items()):
            if file.kind == "version_control" and _repository(other) == _repository(path):
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


def _repository(path: str) -> str:
    found = re.match(r".*?/(?:\.git|\.svn|\.hg|\.bzr|CVS|_darcs)(?=/)", path)
    return found[0] if found else path.rpartition("/")[0]


def _place(path: str) -> str:
    return printable(mask(unquote(path_of(path))))


def _distrust(search: Search) -> CollectionError | None:
    """Return why the answers as a whole cannot be believed, if so."""
    total = sum(search.statuses.values())
    denied = sum(search.statuses[status] for status in _DENIED)
    if denied * 2 > total:
        return Refused(f"{denied} of {total} requests were answered by 403, 429 or 503")
    if len(search.groups) > _TOO_MANY_GROUPS:
        search.found.clear()
        return Malformed("the site answers as if everything existed")
    return None
