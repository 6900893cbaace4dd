"""Which software a site says it runs, and when its maker stopped mending that version."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import yaml
from msgspec import Struct

from cnilcheck.collectors.html_page import looks_html, read_html
from cnilcheck.collectors.transport import Answer
from cnilcheck.errors import RuleError
from cnilcheck.model.facts import Software
from cnilcheck.model.personal_data import printable
from cnilcheck.model.typed import convert
from cnilcheck.resources import rules_directory

_VERSION = r"(\d{1,4}(?:\.\d{1,5}){0,3})"
_DISTRIBUTIONS = re.compile(
    r"(?i)\b(debian|ubuntu|raspbian|centos|red ?hat|rhel|rocky|alma|suse|fedora)\b"
    r"|[-+~.](?P<sign>deb|ubuntu|el)\d"
)
_BY_SIGN = {"deb": "Debian", "ubuntu": "Ubuntu", "el": "Red Hat"}
_GENERATOR = re.compile(
    rf"^(Drupal|Joomla!?|TYPO3 CMS|WordPress|PrestaShop|SPIP)\b[^\d]{{0,20}}{_VERSION}"
)


class Reading(Struct, frozen=True, forbid_unknown_fields=True):
    """Where an entry's dates were read, and when."""

    at: str
    day: dt.date


class Mended(Struct, frozen=True, forbid_unknown_fields=True):
    """A flaw that its maker published of a living branch: mended from this version on."""

    since: str
    flaw: str
    read: Reading


class EndOfLife(Struct, frozen=True, forbid_unknown_fields=True):
    """The ends of one product's branches, and the words by which banners name it."""

    product: str
    banner: str
    source: str
    read: Reading
    branches: dict[str, dt.date]
    """Branch (`7.2`, or `7` for all of 7), and the last day its maker mended it."""
    unread: dict[str, dt.date] = {}
    """The same for branches whose date could not be read at a source."""
    mended: dict[str, Mended] = {}
    """Of branches that live: the flaw that older versions of it have."""
    packages: tuple[str, ...] = ()
    """The product's names in lists of packages, as `PyPI/django`."""

    def software(self, version: str, place: str) -> Software:
        """Return the product in that version, with the end of its branch where it is known."""
        parts = version.split(".")
        for length in range(len(parts), 0, -1):
            branch = ".".join(parts[:length])
            for dates, read in ((self.branches, True), (self.unread, False)):
                if branch in dates:
                    return Software(self.product, version, place, dates[branch], read)
            mended = self.mended.get(branch)
            if mended is not None and length < len(parts):
                old = _numbers(version) < _numbers(mended.since)
                flaw = mended.flaw if old else ""
                return Software(self.product, version, place, flaw=flaw, mended_in=mended.since)
        return Software(self.product, version, place)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@cache
def ends_of_life(path: Path | None = None) -> tuple[EndOfLife, ...]:
    """Return the table; raises RuleError, beginning with the file, when it cannot be used."""
    path = path or rules_directory() / "tables" / "end_of_life.yaml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        raw = yaml.load(path.read_text("utf-8"), Loader=loader)
        return tuple(convert(raw, list[EndOfLife]))
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise RuleError(f"{path}: {str(error).splitlines()[0]}") from None


def software_of(answer: Answer) -> Iterator[Software]:
    """Yield the products and versions an answer's head and page name."""
    for header in ("server", "x-powered-by", "x-generator"):
        for value in answer.all(header)[:5]:
            yield from named_software(value[:300], header)
    if looks_html(answer.body):
        generator = read_html(answer.text, answer.url).metas.get("generator", "")[:200]
        yield from named_software(generator, "generator")


def named_software(text: str, place: str) -> Iterator[Software]:
    """Yield the products and versions a banner names."""
    matched = _GENERATOR.search(text)
    for entry in ends_of_life():
        found = re.search(rf"(?i)(?<![\w-]){entry.banner}{_VERSION}", text)
        if found:
            yield entry.software(found[1], place)
            matched = None
    if matched:
        yield Software(printable(matched[1], 30), matched[2], place)


def distribution_in(banners: str) -> str:
    """Return the distributor that a banner names, who may mend longer than the maker does."""
    found = _DISTRIBUTIONS.search(banners)
    if found is None:
        return ""
    return _BY_SIGN.get(found["sign"]) or printable(found[0].title(), 30)
