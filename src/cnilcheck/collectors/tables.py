"""The table of web probes: what to ask for, and what in the answer proves that it is there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
import yaml
from msgspec import Struct

from cnilcheck.collectors.html_page import looks_html, structure
from cnilcheck.collectors.listings import parsed_json
from cnilcheck.errors import RuleError
from cnilcheck.model.facts import FileKind
from cnilcheck.model.typed import convert
from cnilcheck.resources import rules_directory


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # The library's own store holds 512 patterns: fewer than the table.
    return re.compile(pattern, re.MULTILINE)


class Matcher(Struct, frozen=True, forbid_unknown_fields=True):
    """Signs in a body; all that are given must hold. `magic` (its start) and `holds` (anywhere) are
    in hexadecimal, and of several one is enough."""

    starts_with: tuple[str, ...] = ()
    contains_all: tuple[str, ...] = ()
    contains_any: tuple[str, ...] = ()
    regex: tuple[str, ...] = ()
    json_keys: tuple[str, ...] = ()
    magic: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    @property
    def sign(self) -> str:
        """The sign a person recognises it by."""
        literal = (*self.contains_all, *self.starts_with, *self.json_keys, *self.contains_any)
        return next(iter((*literal, *self.regex, *self.magic)), "")

    def matches(self, body: bytes) -> bool:
        """Return whether the body shows every sign."""
        if self.magic and not body.startswith(tuple(map(bytes.fromhex, self.magic))):
            return False
        if self.holds and not any(bytes.fromhex(h) in body for h in self.holds):
            return False
        text = body.decode("utf-8-sig", "replace")
        start = text.lstrip()
        return (
            (not self.starts_with or start.startswith(self.starts_with))
            and all(part in text for part in self.contains_all)
            and (not self.contains_any or any(part in text for part in self.contains_any))
            and all(_compiled(pattern).search(text) for pattern in self.regex)
            and not any(part in text for part in self.never)
            and self._has_keys(text)
        )

    def _has_keys(self, text: str) -> bool:
        if not self.json_keys:
            return True
        value = parsed_json(text)
        if isinstance(value, dict):
            return all(key in value for key in self.json_keys)
        # An answer cut by the size cap is no JSON any more: the names must stand at its head.
        return text.lstrip().startswith("{") and all(
            f'"{key}"' in text[:20_000] for key in self.json_keys
        )


class Probe(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing to look for: paths to ask, below the site's root, and the proof.

    `{host}` and `{name}` in a path stand for the site's host name and its first label.
    """

    id: str
    group: str
    paths: tuple[str, ...]
    kind: FileKind
    matcher: Matcher
    example: str
    counter_example: str
    status: tuple[int, ...] = (200, 206)
    not_html: bool = True
    everywhere: bool = False
    """Whether any address shows the sign, so that an invented sibling cannot tell."""
    read: Literal["always", "never"] = "never"
    """Whether the content is read for personal data and secrets."""
    further: tuple[str, ...] = ()
    """Addresses that are rarely the ones: asked for only where the pace allows many."""
    family: str = ""
    """The family whose witnesses tell whether asking makes sense at all."""
    unless: tuple[str, ...] = ()
    """Families that answer for the whole root they stand at: there this waits for a quick pace."""

    def proves(self, status: int, media_type: str, body: bytes) -> bool:
        """Return whether that answer proves the kind of file; the status alone never does."""
        if status not in self.status or not body.strip():
            return False
        html = looks_html(body) or media_type in ("text/html", "application/xhtml+xml")
        # Some servers call every file text/html: then the body decides.
        if self.not_html and (looks_html(body) or (html and b"</" in body[:4096])):
            return False
        if not self.matcher.matches(body):
            return False
        # An article about a product holds its words; the product's page is built of them.
        if self.everywhere or not looks_html(body):
            return True
        return self.matcher.matches(structure(body.decode("utf-8-sig", "replace")).encode())


class Family(Struct, frozen=True, forbid_unknown_fields=True):
    """Things that are there together: a witness answers, or a page of the site names a hint."""

    witnesses: tuple[str, ...]
    hints: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    """Families that answer for the whole root they stand at: there its hints alone tell of it."""


class WebProbes(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table; paths are below the site's root, without the first slash.

    `directories` are asked for a listing, `files` are judged by what they turn out to hold. Probes
    of the groups in `root_only` are not repeated below an application's folder; those in `routed`
    are asked for even below a folder that is not there.
    """

    directories: tuple[str, ...]
    files: tuple[str, ...]
    probes: tuple[Probe, ...]
    further_directories: tuple[str, ...] = ()
    further_files: tuple[str, ...] = ()
    families: dict[str, Family] = {}
    family_directories: dict[str, tuple[str, ...]] = {}
    root_only: frozenset[str] = frozenset()
    routed: frozenset[str] = frozenset()


@cache
def web_probes(folder: Path | None = None) -> WebProbes:
    """Return the table; raises RuleError, beginning with the file, when it cannot be used."""
    folder = folder or rules_directory() / "tables" / "web_probes"
    places = folder / "places.yaml"
    table = _read(places)
    probes = list[object]()
    for path in sorted(folder.glob("*.yaml")):
        found = table if path == places else _read(path)
        if path != places:
            probes += found if isinstance(found, list) else [found]
    try:
        whole = convert(
            {**table, "probes": probes} if isinstance(table, dict) else table, WebProbes
        )
    except msgspec.ValidationError as error:
        raise RuleError(f"{folder}: {str(error).splitlines()[0]}") from None
    named = {p.family for p in whole.probes if p.family} | set(whole.family_directories)
    if strange := sorted(named - set(whole.families)):
        raise RuleError(f"{folder}: no family is called {', '.join(strange)}")
    return whole


def _read(path: Path) -> object:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(path.read_text("utf-8"), Loader=loader)
    except (OSError, yaml.YAMLError) as error:
        raise RuleError(f"{path}: {str(error).splitlines()[0]}") from None
