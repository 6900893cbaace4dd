"""Read a sample of stored passwords and say what they are made of; no value ever leaves."""

from __future__ import annotations

import csv
import gzip
import math
import re
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Seen, Sighting, Task, Tools
from cnilcheck.collectors.bounded_text import BoundedText, open_text
from cnilcheck.collectors.password_files import Entry, entries
from cnilcheck.collectors.password_formats import (
    CLEAR,
    EMPTY,
    LOCKED,
    UNRECOGNISED,
    Kind,
    settle,
)
from cnilcheck.errors import CollectionError, Malformed
from cnilcheck.model.facts import AlikePasswords, Fact, HashGroup, PasswordHashes
from cnilcheck.model.scope import PasswordSample, Scope
from cnilcheck.model.words import Method

_MAX_ROWS = 1_000_000
# Fewer may have one length by chance; longer values are not what people are given to type.
_ENOUGH_ALIKE = 10
_LONGEST_ALIKE = 24
# The kinds of characters of the CNIL's calculator, and how many there are of each.
_SIGNS = (
    (re.compile(r"[a-z]").search, 26),
    (re.compile(r"[A-Z]").search, 26),
    (re.compile(r"[0-9]").search, 10),
    (re.compile(r"[^a-zA-Z0-9]").search, 37),
)


class PasswordSamples:
    """Recognises the functions behind a sample of stored passwords by their shape."""

    name = "password-samples"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (PasswordHashes,)
    asks = "sources.password_samples"

    def version(self) -> str:
        """Return the version of cnilcheck, which holds the table of formats."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return one task per sample."""
        samples = scope.sources.password_samples
        return tuple(Task(sample.path, _location(sample), sample) for sample in samples)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what the values of one sample are made of."""
        sample: PasswordSample = task.subject
        what = f"read stored passwords at {task.location}"
        try:
            with open_text(tools.path(sample.path)) as stream:
                fact = hashes_of(entries(BoundedText(stream, tools.stop), sample.column))
        except CollectionError as error:
            tools.journal.write(task.target, self.name, what, str(error))
            raise
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise Malformed("the compressed file is damaged") from None
        except csv.Error as error:
            raise Malformed(f"not a CSV file: {error}") from None
        tools.journal.write(task.target, self.name, what, f"{fact.total} values")
        yield Seen(task.location, fact)


def _location(sample: PasswordSample) -> str:
    return f"{sample.path}:{sample.column}" if sample.column else sample.path


class _Tally:
    """Counts of kinds, and numbers by which equal values and equal salts are told.

    Python's own hash is keyed anew in each process: nothing of a value can be told from it.
    """

    def __init__(self) -> None:
        self.kinds = Counter[Kind]()
        self.shortest: dict[Kind, int] = {}
        self._values = array("q")
        self._salted = array("q")
        self._salts = array("q")
        self._lengths = Counter[int]()
        self._signs = 0

    def add(self, entry: Entry) -> None:
        kind, salt = entry.stored
        self.kinds[kind] += 1
        if kind.function in (EMPTY, LOCKED):
            return
        self._values.append(hash(entry.value))
        if kind.function in (CLEAR, UNRECOGNISED):
            self._lengths[len(entry.value)] += 1
            self._signs |= sum(1 << n for n, (sign, _) in enumerate(_SIGNS) if sign(entry.value))
        if salt is not None:
            self.shortest[kind] = min(salt.bits, self.shortest.get(kind, salt.bits))
        if salt is not None and salt.text:
            self._salts.append(hash(salt.text))
            self._salted.append(hash(entry.value))

    def repeated(self) -> int:
        """Return how many values are equal to another."""
        return sum(n for n in Counter(self._values).values() if n > 1)

    def alike(self) -> AlikePasswords | None:
        """Return what readable passwords of one length can hold; None when people chose them."""
        if len(self._lengths) != 1 or self._lengths.total() < _ENOUGH_ALIKE:
            return None
        ((length, count),) = self._lengths.items()
        alphabet = sum(size for n, (_, size) in enumerate(_SIGNS) if self._signs >> n & 1)
        if length > _LONGEST_ALIKE or alphabet < 2:
            return None
        return AlikePasswords(count, length, round(length * math.log2(alphabet), 1))

    def shared_salts(self) -> int:
        """Return how many values have the salt of another, different one."""
        first: dict[int, int] = {}
        shared = set[int]()
        for salt, value in zip(self._salts, self._salted, strict=True):
            if first.setdefault(salt, value) != value:
                shared.add(salt)
        return sum(salt in shared for salt in self._salts)


def hashes_of(found: Iterable[Entry]) -> PasswordHashes:
    """Return what stored passwords are made of; raises Malformed when there are none."""
    tally = _Tally()
    for total, entry in enumerate(found):
        if total >= _MAX_ROWS:
            break
        tally.add(entry)
    if not tally.kinds:
        raise Malformed("the file holds no stored password")
    groups = sorted(settle(tally.kinds.items()).items(), key=lambda pair: (-pair[1], pair[0]))
    return PasswordHashes(
        total=tally.kinds.total(),
        groups=tuple(
            HashGroup(k.function, n, k.salted, dict(k.parameters), tally.shortest.get(k))
            for k, n in groups
        ),
        repeated=tally.repeated(),
        shared_salts=tally.shared_salts(),
        alike=tally.alike(),
    )
