"""Advisories the auditor hands over, in OSV's public format, of the packages that are there.

One record, a list of records, one record a line, any of these packed with gzip, or OSV's own
`all.zip`. Nothing is fetched.
"""

from __future__ import annotations

import datetime as dt
import json
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from cnilcheck.collectors.bounded_text import BoundedText, open_text
from cnilcheck.collectors.package_versions import Range
from cnilcheck.errors import Malformed, NotReadable
from cnilcheck.model.typed import convert

_MAX_DOCUMENT = 64_000_000
_MAX_RECORD = 4_000_000
_MAX_RECORDS = 500_000
_MAX_UNPACKED = 2_000_000_000


class Affected(Struct, frozen=True):
    """What one record says of one package."""

    package: dict[str, str] = {}
    ranges: tuple[Range, ...] = ()
    versions: tuple[str, ...] = ()


class Record(Struct, frozen=True):
    """The fields of an OSV record that are used here (https://ossf.github.io/osv-schema/)."""

    id: str
    modified: str = ""
    withdrawn: str | None = None
    aliases: tuple[str, ...] = ()
    affected: tuple[Affected, ...] = ()

    @property
    def name(self) -> str:
        """Its CVE number where it has one, else its own identifier."""
        return next((a for a in (self.id, *self.aliases) if a.startswith("CVE-")), self.id)[:60]


@dataclass
class Advisories:
    """The records that speak of wanted packages, by package; how many were read of each ecosystem.

    `newest` is the day of the latest change to any of them.
    """

    wanted: frozenset[str]
    by_name: dict[str, list[tuple[Record, Affected]]] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)
    newest: dt.date | None = None
    refused: int = 0

    def add(self, raw: object) -> None:
        """Take a record in; one that is none is counted as refused."""
        try:
            record = convert(raw, Record)
        except msgspec.ValidationError:
            self.refused += 1
            return
        self._date(record.modified)
        for base in {a.package.get("ecosystem", "").partition(":")[0] for a in record.affected}:
            self.read[base] = self.read.get(base, 0) + 1
        if record.withdrawn:
            return
        for affected in record.affected:
            name = affected.package.get("name", "")
            if name.lower() in self.wanted:
                self.by_name.setdefault(name.lower(), []).append((record, affected))

    def _date(self, modified: str) -> None:
        try:
            day = dt.date.fromisoformat(modified[:10])
        except ValueError:
            return
        self.newest = max(self.newest or day, day)


def read_advisories(paths: list[Path], wanted: frozenset[str]) -> Advisories:
    """Return what the files hold of the wanted names (lower case).

    Raises NotReadable or Malformed for a file that is no such list.
    """
    found = Advisories(wanted)
    for path in paths:
        for number, raw in enumerate(_records(path)):
            if number >= _MAX_RECORDS:
                raise Malformed(f"{path.name}: more than {_MAX_RECORDS} advisories")
            found.add(raw)
    if not found.read:
        raise Malformed("none of the advisory files holds a record of OSV's format")
    return found


def _records(path: Path) -> Iterator[Any]:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise NotReadable(f"{path.name} is not an ordinary file")
        if zipfile.is_zipfile(path):
            yield from _zipped(path)
        else:
            yield from _written(path)
    except OSError as error:
        raise NotReadable(f"{path.name}: {error.strerror or 'cannot be read'}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise Malformed(f"{path.name}: the archive is damaged") from None


def _zipped(path: Path) -> Iterator[Any]:
    unpacked = 0
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if not entry.filename.endswith(".json"):
                continue
            with archive.open(entry) as file:
                content = file.read(_MAX_RECORD + 1)
            unpacked += len(content)
            if len(content) > _MAX_RECORD or unpacked > _MAX_UNPACKED:
                raise Malformed(f"{path.name}: larger than advisories are")
            yield _json(content.decode("utf-8", "replace"), path)


def _written(path: Path) -> Iterator[Any]:
    with open_text(path) as stream:
        text = BoundedText(stream)
        start = text.peek(_MAX_RECORD).lstrip()
        first = start.splitlines()[0] if start else ""
        if first.startswith("{") and first.rstrip().endswith("}") and len(first) < _MAX_RECORD:
            for line in text.lines():
                if line.strip():
                    yield _json(line, path)
            return
        parts = iter(lambda: text.read(1_000_000), "")
        whole, size = list[str](), 0
        for part in parts:
            size += len(part)
            if size > _MAX_DOCUMENT:
                raise Malformed(f"{path.name}: larger than {_MAX_DOCUMENT // 1_000_000} MB")
            whole.append(part)
    document = _json("".join(whole), path)
    yield from document if isinstance(document, list) else (document,)


def _json(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed(f"{path.name}: not JSON") from None
