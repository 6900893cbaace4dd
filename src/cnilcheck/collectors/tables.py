"""The table of web probes: what to ask for, and what in the answer proves that it is there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
import yaml
from msgspec import Struct

from cnilcheck.collectors.html_page import looks_html
from cnilcheck.collectors.listings import parsed_json
from cnilcheck.errors import RuleError
from cnilcheck.model.facts import FileKind
from cnilcheck.model.typed import convert
from cnilcheck.resources import rules_directory


class Matcher(Struct, frozen=True, forbid_unknown_fields=True):
    """Signs in a body; all that are given must hold. `magic` is in hexadecimal."""

    starts_with: tuple[str, ...] = ()
    contains_all: tuple[str, ...] = ()
    contains_any: tuple[str, ...] = ()
    regex: tuple[str, ...] = ()
    json_keys: tuple[str, ...] = ()
    magic: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    @property
    def sign(self) -> str:
        """The sign a person recognises it by."""
        literal = (*self.contains_all, *self.starts_with, *self.json_keys, *self.contains_any)
        return next(iter((*literal, *self.regex, *self.magic)), "")

    def matches(self, body: bytes) -> bool:
        """Return whether the body shows every sign."""
        text = body.decode("utf-8-sig", "replace")
        start = text.lstrip()
        return (
            (not self.starts_with or start.startswith(self.starts_with))
            and all(part in text for part in self.contains_all)
            and (not self.contains_any or any(part in text for part in self.contains_any))
            and all(re.search(pattern, text, re.MULTILINE) for pattern in self.regex)
            and (not self.magic or any(body.startswith(bytes.fromhex(m)) for m in self.magic))
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

    def proves(self, status: int, media_type: str, body: bytes) -> bool:
        """Return whether that answer proves the kind of file; the status alone never does."""
        if status not in self.status or not body.strip():
            return False
        html = looks_html(body) or media_type in ("text/html", "application/xhtml+xml")
        # Some servers call every file text/html: then the body decides.
        if self.not_html and (looks_html(body) or (html and b"</" in body[:4096])):
            return False
        return self.matcher.matches(body)


class WebProbes(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table; paths are below the site's root, without the first slash.

    `directories` are asked for a listing, `files` are judged by what they turn out to hold.
    """

    directories: tuple[str, ...]
    files: tuple[str, ...]
    probes: tuple[Probe, ...]


@cache
def web_probes(path: Path | None = None) -> WebProbes:
    """Return the table; raises RuleError, beginning with the file, when it cannot be used."""
    path = path or rules_directory() / "tables" / "web_probes.yaml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        raw = yaml.load(path.read_text("utf-8"), Loader=loader)
        return convert(raw, WebProbes)
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise RuleError(f"{path}: {str(error).splitlines()[0]}") from None
