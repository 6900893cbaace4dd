"""Personal data and secrets in masses of text: told apart by cheap signs, confirmed one by one.

What is counted is what `personal_values` finds in each part (a line, an address asked for). Parts
that differ only in their digits are looked at once; the signs save reading those that can hold
nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import compress, islice
from typing import Any
from urllib.parse import unquote_to_bytes

from cnilcheck.collectors.log_events import SAME_DIGITS
from cnilcheck.model.personal_data import DataCount, DataKind, personal_values

KINDS: tuple[DataKind, ...] = (
    "nir", "email", "phone", "birth_date", "test_result", "credential", "iban", "rpps",
)  # fmt: skip
_MAX_DISTINCT = 100_000
_MAX_CLEAN, _MAX_CLEAN_BYTES = 20_000, 3_000_000
_FIRST = 200
_NONE: frozenset[DataKind] = frozenset()
_ENCODED_NEWLINE = re.compile(rb"%0[AaDd]")
# U+00A0 and U+202F, the spaces a French number is written with.
_SPACES = re.compile(rb"\xc2\xa0|\xe2\x80\xaf")
# Digits become 0, letters small, and what stands between the groups of a number a space.
_PLAIN = bytes(
    48 if 49 <= n <= 57 else n + 32 if 65 <= n <= 90 else 32 if n in b"+-." else n
    for n in range(256)
)
# In a text so made plain, one of these is in every part that holds anything: ten digits in a row,
# numbers in groups (telephone, NIR, NIR of Corsica, IBAN of the known countries), and words.
_SIGNS = (
    b"0000000000", b"00 00 00", b"00 0a 000", b"00 0b 000", b"000000a000", b"000000b000", b"(0)",
    b"0000 0000 00", b"@", b"naiss", b"birth", b"dob", b" le ", b"positi", b"gati", b"rpps",
    b"pass", b"pwd", b"mdp", b"token", b"jwt", b"apikey", b"api_key", b"secret", b"sess",
    b"authorization", b"identified", b"eyj",
)  # fmt: skip
_GAP = rb"[ .+-]?"
# Where the kind may be: wider than what is counted.
_PLACES: dict[DataKind, re.Pattern[bytes]] = {
    "nir": re.compile(
        rb"(?<![0-9A-Za-z.])[1-478]%(gap)s\d\d%(gap)s\d\d%(gap)s(?:\d\d|2[ABab])%(gap)s"
        rb"\d{3}%(gap)s\d{3}%(gap)s\d\d(?![0-9A-Za-z])" % {b"gap": _GAP}
    ),
    "phone": re.compile(
        rb"(?<![0-9A-Za-z_.])(?:(?:\+|00)33[ .]?(?:\(0\))?|0)[1-9](?:[ .-]?\d\d){4}"
    ),
    "iban": re.compile(rb"(?<![A-Za-z0-9])[A-Z]{2}\d\d ?[0-9A-Z]{4} ?[0-9A-Z]{4}"),
    "email": re.compile(rb"[\w.+-]@[A-Za-z0-9-]{1,63}\."),
    "birth_date": re.compile(rb"(?i)naissance|birth|dob|n(?:e|\xc3[\xa9\x89])(?:\(?e\)?)? le"),
    "test_result": re.compile(rb"(?i)positi[fv]|gati[fv]"),
    "rpps": re.compile(rb"(?i)rpps"),
    "credential": re.compile(
        rb"(?i)(?:password|passwd|passphrase|pwd|passe|mdp|token|jwt|api_?key|secret"
        rb"|sess(?:ion)?_?id|authorization)(?:\\?[\"'])?\s{0,3}(?:=|%3D|:)"
        rb"|password\s{1,3}'|identified\s{1,3}by|eyJ[\w-]{8,}\.eyJ"
    ),
}

Confirm = Callable[[DataKind, bytes], Iterator[str]]
"""From a kind and a part that may hold it to the values it does hold."""


def decoded(text: bytes) -> bytes:
    """Return text without percent-encoding; a newline hidden in it becomes a space."""
    if b"%" in text:
        text = unquote_to_bytes(_ENCODED_NEWLINE.sub(b" ", text))
    return text


def values_in(kind: DataKind, part: bytes) -> Iterator[str]:
    """Yield the values of one kind in a decoded part."""
    for _, values in personal_values(part.decode("utf-8", "replace"), frozenset({kind})):
        yield from values


@cache
def _automaton() -> Any:
    """Return all signs as one pattern of google-re2, which reads it in one go; else None."""
    try:
        import re2
    except ImportError:
        return None
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    return re2.compile(b"|".join(re.escape(sign) for sign in _SIGNS), options)


def _may_bear(plain: bytes) -> bool:
    automaton = _automaton()
    return automaton is None or automaton.search(plain) is not None


@dataclass
class Remembered:
    """Values seen, so many and so long at most: past that they are forgotten."""

    values: set[bytes] = field(default_factory=set)
    size: int = 0

    def add(self, values: set[bytes]) -> None:
        """Remember these too, unless they alone are too many."""
        size = sum(map(len, values))
        if self.size + size > _MAX_CLEAN_BYTES or len(self.values) + len(values) > _MAX_CLEAN:
            self.values.clear()
            self.size = 0
        if size <= _MAX_CLEAN_BYTES and len(values) <= _MAX_CLEAN:
            self.values |= values
            self.size += size


@dataclass
class PersonalData:
    """What was counted so far: how many values of each kind, and digests to tell them apart."""

    counts: Counter[DataKind] = field(default_factory=Counter)
    distinct: dict[DataKind, set[int]] = field(default_factory=dict)
    key: bytes = field(default_factory=lambda: os.urandom(16))
    _clean: Remembered = field(default_factory=Remembered)
    _clean_values: dict[frozenset[DataKind], Remembered] = field(default_factory=dict)

    def search(
        self, text: bytes, *, without: frozenset[DataKind] = _NONE, confirm: Confirm = values_in
    ) -> None:
        """Count what a decoded text holds, part by part; a newline stands between two parts."""
        if _automaton() is not None and not _may_bear(_spaced(text).translate(_PLAIN)):
            return
        shapes = text.translate(SAME_DIGITS).split(b"\n")
        suspicious = self.suspicious(set(shapes))
        if suspicious:
            chosen = compress(text.split(b"\n"), map(suspicious.__contains__, shapes))
            self.confirm(list(chosen), without, confirm)

    def search_column(self, column: Sequence[bytes], without: frozenset[DataKind]) -> None:
        """Count what the values of a column hold, as often as each stands there."""
        first = column[:_FIRST]
        if len(set(first)) * 2 > len(first):
            self.search(decoded(b"\n".join(column)), without=without)
            return
        clean = self._clean_values.setdefault(without, Remembered())
        fresh = set(column) - clean.values
        before = self.counts.total()
        text = decoded(b"\n".join(fresh))
        if fresh and self.suspicious(set(text.translate(SAME_DIGITS).split(b"\n"))):
            self.search(decoded(b"\n".join(column)), without=without)
        if self.counts.total() == before:
            clean.add(fresh)

    def suspicious(self, shapes: set[bytes]) -> set[bytes]:
        """Return the parts that bear a sign, of some whose digits are 0; the others are clean."""
        known = list(shapes - self._clean.values)
        if not known:
            return set()
        text = _spaced(b"\n".join(known)).translate(_PLAIN)
        bearing = set[bytes]()
        if _may_bear(text):
            plain = text.split(b"\n")
            for sign in (sign for sign in _SIGNS if sign in text):
                bearing.update(
                    shape for shape, line in zip(known, plain, strict=True) if sign in line
                )
        self._clean.add(shapes - self._clean.values - bearing)
        return bearing

    def confirm(
        self, parts: Sequence[bytes], without: frozenset[DataKind] = _NONE,
        confirm: Confirm = values_in,
    ) -> None:  # fmt: skip
        """Count what decoded parts hold that bear a sign."""
        text = _spaced(b"\n".join(parts))
        for kind, place in _PLACES.items():
            if kind in without:
                continue
            seen, line, counted = -1, 0, 0
            for match in place.finditer(text):
                line, counted = line + text.count(b"\n", counted, match.start()), match.start()
                if line != seen:
                    seen = line
                    for value in confirm(kind, parts[line]):
                        self.note(kind, value)

    def note(self, kind: DataKind, value: str) -> None:
        """Count one value; of itself only a keyed digest is kept, while the log is read."""
        self.counts[kind] += 1
        seen = self.distinct.setdefault(kind, set())
        if len(seen) < _MAX_DISTINCT:
            digest = hashlib.blake2b(value.casefold().encode(), digest_size=8, key=self.key)
            seen.add(int.from_bytes(digest.digest()))

    def join(self, end: PersonalData) -> None:
        """Add what was counted elsewhere with the same key."""
        self.counts.update(end.counts)
        for kind, digests in end.distinct.items():
            seen = self.distinct.setdefault(kind, set())
            seen.update(islice(digests - seen, max(0, _MAX_DISTINCT - len(seen))))

    def found(self) -> tuple[DataCount, ...]:
        """Return the kinds that were seen, in the order reports have them."""
        return tuple(
            DataCount(kind, self.counts[kind], len(self.distinct[kind]))
            for kind in KINDS
            if self.counts[kind]
        )


def _spaced(text: bytes) -> bytes:
    return text if text.isascii() else _SPACES.sub(b" ", text)
