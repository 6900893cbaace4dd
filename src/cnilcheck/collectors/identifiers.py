"""Whether the identifiers in the addresses of documents could be guessed, by those seen."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise, takewhile
from urllib.parse import parse_qsl, unquote, urlsplit

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.site import site, web_targets
from cnilcheck.collectors.transport import path_of
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import DocumentIdentifiers, Fact
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Scope, WebTarget
from cnilcheck.model.words import Method

_MOST_SEEN = 500
# A folder or a parameter whose documents are about one person each.
_ABOUT_PEOPLE = re.compile(
    r"(?i)r[ée]sultats?|results?|patients?|dossiers?|ordonnances?|certificats?|attestations?"
    r"|comptes?-?rendus?|analyses?|bilans?|prescriptions?|factures?|invoices?|examens?|studies"
)
_PARAMETERS = re.compile(r"(?i)^(?:id|ref|doc|document|patient|dossier|num|numero|result|file)\w*$")
_ID = re.compile(r"[0-9A-Za-z_-]{1,200}")
_UUID = re.compile(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d[-_]?(?:0[1-9]|1[0-2])[-_]?(?:0[1-9]|[12]\d|3[01])(?!\d)|(?<!\d)1[5-9]\d{8}(?!\d)"
)
_NEAR = 1000


class Identifiers:
    """Looks at addresses the scope or the site's own pages name; it asks for none of them."""

    name = "document-identifiers"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (DocumentIdentifiers,)
    asks = "targets[].url"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the web targets."""
        return tuple(Task(t.spelling, "/", t) for t in web_targets(scope))

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what the identifiers are like, for each form of address that has some."""
        target: WebTarget = task.subject
        where = site(tools, target)
        given = [path_of(where.address(p)) for p in (*target.protected, *target.neighbours)]
        problem, linked = None, tuple[str, ...]()
        try:
            linked = where.survey(self.name).addresses
        except CollectionError as error:
            problem = error
        found = tuple(judged(given, linked))
        for place, fact in found:
            yield Seen(printable(mask(place)), fact)
        if not found:
            nothing = Nothing(task.location, DocumentIdentifiers)
            yield Missing(task.location, DocumentIdentifiers, problem) if problem else nothing


def judged(given: list[str], linked: tuple[str, ...]) -> Iterator[tuple[str, DocumentIdentifiers]]:
    """Yield a form of address, with `*` for the identifier, and what its identifiers are like.

    An address of the scope counts alone; links count from two on, where they speak of people.
    """
    groups: dict[str, set[str]] = {}
    named = {split[0] for path in given if (split := _split(path)) is not None}
    for path in [*given, *linked]:
        split = _split(path)
        if split is None or (split[0] not in named and not _ABOUT_PEOPLE.search(split[0])):
            continue
        group = groups.setdefault(split[0], set())
        if len(group) < _MOST_SEEN:
            group.add(split[1])
    for place, identifiers in groups.items():
        if place in named or len(identifiers) >= 2:
            yield place, _described(sorted(identifiers))


def _split(path: str) -> tuple[str, str] | None:
    """Return the address with `*` in the identifier's place, and the identifier."""
    parts = urlsplit(unquote(path))
    for name, value in parse_qsl(parts.query, max_num_fields=50) if parts.query else ():
        if _PARAMETERS.match(name) and _is_identifier(value):
            return f"{parts.path}?{name}=*", value
    folder, _, last = parts.path.rstrip("/").rpartition("/")
    stem, dot, extension = last.partition(".")
    if not _is_identifier(stem):
        return None
    return f"{folder}/*{dot}{extension}", stem


def _is_identifier(text: str) -> bool:
    """Return whether it is a number or a code, and no word that somebody chose."""
    if not _ID.fullmatch(text) or not re.search(r"\d", text):
        return False
    words = re.search(r"[G-Zg-z][A-Za-z]{3,}|[A-Za-z]{6,}", text)
    return words is None or len(text) >= 16 or re.search(r"\d{3,}", text) is not None


def _described(identifiers: list[str]) -> DocumentIdentifiers:
    uuids = [match for i in identifiers if (match := _UUID.fullmatch(i))]
    if len(uuids) == len(identifiers):
        # Versions 1, 2, 6 and 7 hold the time; 4 holds 122 random bits (RFC 9562).
        dated = any(match[1] in "1267" for match in uuids)
        return DocumentIdentifiers(len(identifiers), "uuid", 62 if dated else 122, False, dated)
    varying = _varying(identifiers)
    together = "".join(varying)
    form, alphabet = _alphabet(together)
    bits = math.floor(max(map(len, varying)) * math.log2(alphabet))
    dated = all(_DATE.search(i) for i in identifiers)
    if dated:
        bits = min(
            bits, math.floor(max(len(_DATE.sub("", i)) for i in identifiers) * math.log2(alphabet))
        )
    return DocumentIdentifiers(len(identifiers), form, bits, _sequential(varying), dated)  # type: ignore[arg-type]


def _varying(identifiers: list[str]) -> list[str]:
    """Return what tells the identifiers apart, when all begin or end alike."""
    columns = zip(*identifiers, strict=False)
    alike = len(list(takewhile(lambda column: len(set(column)) == 1, columns)))
    # Only a word in front is taken off: the first digits of a code may be alike by chance.
    word = re.match(r".*(?:[-_]|[g-zG-Z])", identifiers[0][:alike])
    start = word.end() if word is not None and word.end() < min(map(len, identifiers)) else 0
    return [identifier[start:] for identifier in identifiers]


def _alphabet(text: str) -> tuple[str, int]:
    if re.fullmatch(r"[0-9]+", text):
        return "number", 10
    if re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", text):
        return "hexadecimal", 16
    size = (
        10
        + 26 * (re.search(r"[a-z]", text) is not None)
        + 26 * (re.search(r"[A-Z]", text) is not None)
    )
    return "letters_and_digits", size


def _sequential(identifiers: list[str]) -> bool:
    """Return whether two of the identifiers, read as numbers, are neighbours."""
    base = 10 if all(re.fullmatch(r"\d{1,40}", i) for i in identifiers) else 16
    if not all(re.fullmatch(r"[0-9A-Fa-f]{1,40}", i) for i in identifiers):
        ends = [re.search(r"(\d{1,40})$", i) for i in identifiers]
        numbers = [int(end[1]) for end in ends if end is not None]
        if len(numbers) < len(identifiers):
            return False
    else:
        numbers = [int(i, base) for i in identifiers]
    ordered = sorted(set(numbers))
    return any(b - a <= _NEAR for a, b in pairwise(ordered))
