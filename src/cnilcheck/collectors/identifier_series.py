"""What several values of one session cookie have in common, and how much each can hold at most."""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal
from urllib.parse import unquote

from cnilcheck.model.facts import IdentifierSign, SessionIdentifiers

_Form = Literal["number", "hexadecimal", "letters_and_digits", "base64", "self_contained"]
_LONGEST = 1024
_DAY = 86_400
_NUMBERS_TRIED = 50_000
_MOST_INSTANTS = 20_000
_LARGEST_STEP = 100_000
# exp(-n(n-1) / 2N) = 5 % of never seeing two equal values among n of N.
_DOUBT = -math.log(0.05)
_DIGESTS: dict[int, Callable[[bytes], str]] = {
    32: lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    40: lambda data: hashlib.sha1(data, usedforsecurity=False).hexdigest(),
    64: lambda data: hashlib.sha256(data).hexdigest(),
}
# Seconds, milliseconds and microseconds of this century, in decimal and in hexadecimal digits.
_DECIMAL_TIMES = {10: 1, 13: 1_000, 16: 1_000_000}
_HEXADECIMAL_TIMES = {8: 1, 11: 1_000, 13: 1_000_000}


@dataclass(frozen=True)
class Visit:
    """One value as a fresh visitor got it, and when the request began and ended (Unix time)."""

    value: str
    began: float
    ended: float


@dataclass(frozen=True)
class _Varying:
    """How many characters vary, the bits they can hold, and what was recognised in them."""

    characters: int
    bits: float
    signs: frozenset[IdentifierSign] = frozenset()


def identifiers_of(cookie: str, visits: Sequence[Visit]) -> SessionIdentifiers:
    """Return what the values of a cookie look like over these visits, at least one."""
    values = _readable([_plain(visit.value) for visit in visits])
    visits = [Visit(value, v.began, v.ended) for value, v in zip(values, visits, strict=True)]
    lengths, distinct = [len(value) for value in values], len(set(values))
    form = _form(values)
    varying = _Varying(0, 0.0) if form == "self_contained" else _varying(visits)
    signs = set(varying.signs)
    if 1 < distinct < len(values):
        signs.add("repeated")
    pairs = len(values) * (len(values) - 1) / 2
    proven = math.log2(pairs / _DOUBT) if pairs > _DOUBT and distinct == len(values) else 0.0
    return SessionIdentifiers(
        cookie=cookie, visits=len(values), distinct=distinct, form=form,
        shortest=min(lengths), longest=max(lengths), varying=varying.characters,
        least_bits=int(min(proven, varying.bits)), most_bits=int(varying.bits),
        signs=tuple(sorted(signs)),
    )  # fmt: skip


def _plain(value: str) -> str:
    """Return the identifier inside a value: without quotes, escapes and a signature beside it."""
    value = unquote(value.strip().strip('"'))[:_LONGEST]
    # connect.sid: what follows the dot is computed from what stands before it.
    signed = re.fullmatch(r"s:([^.]+)\.[A-Za-z0-9+/]{43}=?", value)
    if signed:
        return signed[1]
    return value


def _readable(values: list[str]) -> list[str]:
    """Return the words that all values hide in base64, or the values as they are."""
    decoded = [_decoded(value) for value in values]
    return [text for text in decoded if text is not None] if None not in decoded else values


def _decoded(value: str) -> str | None:
    """Return the words that a value hides in base64, if it does."""
    if not re.fullmatch(r"[A-Za-z0-9+/_-]{8,}={0,2}", value):
        return None
    padded = value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4)
    try:
        content = base64.b64decode(padded, altchars=b"-_").decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return content if content.isprintable() else None


def _form(values: Sequence[str]) -> _Form:
    if all(re.match(r"\.?eyJ[\w-]*\.|[{\[]", value) for value in values):
        return "self_contained"
    text = "".join(values)
    if re.fullmatch(r"[\d.:-]*", text):
        return "number"
    if re.fullmatch(r"[0-9a-fA-F-]*", text):
        return "hexadecimal"
    return "letters_and_digits" if re.fullmatch(r"[A-Za-z0-9]*", text) else "base64"


def _varying(visits: Sequence[Visit]) -> _Varying:
    digest = _digest(visits)
    if digest is not None:
        return digest
    tokens = [re.findall(r"[0-9]+|[^0-9]+", visit.value) for visit in visits]
    shapes = {tuple(token[0].isdigit() for token in row) for row in tokens}
    if len(shapes) == 1:
        return _sum(_part(column, visits) for column in zip(*tokens, strict=True))
    return _block([visit.value for visit in visits], visits)


def _sum(parts: Iterator[_Varying]) -> _Varying:
    found = list(parts)
    signs = frozenset(sign for part in found for sign in part.signs)
    return _Varying(sum(p.characters for p in found), sum(p.bits for p in found), signs)


def _part(column: Sequence[str], visits: Sequence[Visit]) -> _Varying:
    """Return what one part of the values holds, where all values are made of the same parts."""
    if not column[0].isdigit() or len(set(column)) == 1:
        return _block(column, visits)
    if _is_time(column, visits, _DECIMAL_TIMES, 10):
        return _Varying(max(map(len, column)), 0.0, frozenset(("timestamp",)))
    if _counts(column, 10):
        return _Varying(max(map(len, column)), 0.0, frozenset(("counter",)))
    return _block(column, visits)


def _block(values: Sequence[str], visits: Sequence[Visit]) -> _Varying:
    """Return what values without visible parts hold, position by position."""
    shortest, longest = min(map(len, values)), max(map(len, values))
    places = [n for n in range(shortest) if len({value[n] for value in values}) > 1]
    signs = set[IdentifierSign]()
    if shortest == longest and re.fullmatch(r"[0-9a-fA-F-]*", "".join(values)):
        timed = _hexadecimal_time(values, visits)
        if timed is not None:
            signs.add("timestamp")
            places = [n for n in places if n not in timed]
        block = [value[places[0] : places[-1] + 1] for value in values] if places else []
        if block and "-" not in "".join(block) and _counts(block, 16):
            return _Varying(len(places), 0.0, frozenset({*signs, "counter"}))
    several = longest - shortest
    letters = {value[n] for value in values for n in places} | {
        letter for value in values for letter in value[shortest:]
    }
    characters = len(places) + several
    return _Varying(characters, characters * _bits_each(letters), frozenset(signs))


def _bits_each(letters: set[str]) -> float:
    """Return the bits of one character of the smallest usual alphabet that has all of these."""
    text = "".join(letters)
    for pattern, size in (
        (r"[0-9]*", 10), (r"[0-9a-f-]*|[0-9A-F-]*", 16), (r"[0-9a-z]*|[0-9A-Z]*", 36),
        (r"[0-9a-zA-Z]*", 62), (r"[0-9a-zA-Z+/_,=.-]*", 65),
    ):  # fmt: skip
        if re.fullmatch(pattern, text):
            return math.log2(size)
    return math.log2(95)


def _is_time(
    column: Sequence[str], visits: Sequence[Visit], units: dict[int, int], base: int
) -> bool:
    """Return whether each part is the time of its visit, to the day."""
    sizes = set(map(len, column))
    unit = units.get(sizes.pop()) if len(sizes) == 1 else None
    return unit is not None and all(
        abs(int(text, base) / unit - visit.began) < _DAY
        for text, visit in zip(column, visits, strict=True)
    )


def _hexadecimal_time(values: Sequence[str], visits: Sequence[Visit]) -> range | None:
    """Return the places at which the values hold the time of their visit; None where nowhere."""
    for size in sorted(_HEXADECIMAL_TIMES, reverse=True):
        for start in range(min(len(values[0]) - size + 1, 40)):
            column = [value[start : start + size] for value in values]
            plain = all("-" not in text for text in column)
            if plain and _is_time(column, visits, _HEXADECIMAL_TIMES, 16):
                return range(start, start + size)
    return None


def _counts(column: Sequence[str], base: int) -> bool:
    """Return whether the numbers go up, or down, by small steps from visit to visit.

    Six random numbers stand in order once in 360 times, and never by small steps as well.
    """
    if len(column) < 4:
        return False
    numbers = [int(text, base) for text in column]
    steps = [after - before for before, after in pairwise(numbers)]
    up = all(0 < step <= _LARGEST_STEP for step in steps)
    return up or all(-_LARGEST_STEP <= step < 0 for step in steps)


def _digest(visits: Sequence[Visit]) -> _Varying | None:
    """Return what the values hold if they are digests of small numbers or of the time."""
    size = len(visits[0].value)
    function = _DIGESTS.get(size)
    values = [visit.value.lower() for visit in visits]
    if function is None or any(not re.fullmatch(rf"[0-9a-f]{{{size}}}", v) for v in values):
        return None
    numbers = _digests_of_numbers(size)
    if sum(value in numbers for value in values) * 2 > len(values):
        return _Varying(size, math.log2(_NUMBERS_TRIED), frozenset(("digest_of_number",)))
    for unit, formats in (
        (1, (_number,)), (1_000, (_number,)), (1_000_000, (_number, _uniqid, _fraction))
    ):  # fmt: skip
        recognised = [_made_of_time(visit, function, unit, formats) for visit in visits[:3]]
        if sum(recognised) * 2 > len(recognised):
            return _Varying(size, math.log2(unit * _DAY), frozenset(("digest_of_time",)))
    return None


@cache
def _digests_of_numbers(size: int) -> frozenset[str]:
    return frozenset(_DIGESTS[size](_number(number)) for number in range(_NUMBERS_TRIED))


def _made_of_time(
    visit: Visit,
    function: Callable[[bytes], str],
    unit: int,
    formats: tuple[Callable[[int], bytes], ...],
) -> bool:
    # A clock a little off is allowed for where that costs little.
    slack = 2 if unit < 1_000_000 else 0
    first = int((visit.began - slack) * unit)
    instants = range(first, min(int((visit.ended + slack) * unit) + 2, first + _MOST_INSTANTS))
    value = visit.value.lower()
    return any(function(form(instant)) == value for instant in instants for form in formats)


def _number(instant: int) -> bytes:
    return b"%d" % instant


def _uniqid(instant: int) -> bytes:
    # PHP: the seconds in eight hexadecimal digits, the microseconds in five.
    return b"%08x%05x" % divmod(instant, 1_000_000)


def _fraction(instant: int) -> bytes:
    return b"%d.%06d" % divmod(instant, 1_000_000)
