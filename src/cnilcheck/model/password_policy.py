"""What a password policy is worth by the CNIL's model: length times the bits of its alphabet."""

from __future__ import annotations

import math
from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """A kind of characters."""

    LOWER = "lower"
    UPPER = "upper"
    DIGITS = "digits"
    SPECIAL = "special"


# The alphabet of the CNIL's calculator: 26 + 26 + 10 + 37 = 99.
_SIZES = {Kind.LOWER: 26, Kind.UPPER: 26, Kind.DIGITS: 10, Kind.SPECIAL: 37}

# CNIL 2022-100, case 3: the code of a device its holder keeps, which blocks after three failures.
DEVICE_BITS = 13.0
DEVICE_DIGITS = 4
DEVICE_FAILURES = 3


def alphabet_of(kinds: frozenset[Kind]) -> int:
    """Return how many characters these kinds hold together."""
    return sum(_SIZES[kind] for kind in kinds)


def smallest_alphabet(classes: int) -> int:
    """Return the smallest alphabet a person is likely to choose with that many kinds.

    62 for three, 36 for two, 26 for one; all four are 99.
    """
    return {4: 99, 3: 62, 2: 36}.get(min(classes, 4), 26)


def bits(length: int, alphabet: int) -> float:
    """Return the entropy of a password drawn at random, by the model of the CNIL's calculator."""
    return length * math.log2(alphabet)


class Norm(Struct, frozen=True):
    """The CNIL's numbers, as the rule of password policies holds them."""

    bits_alone: float
    bits_restricted: float
    tolerance: float
    policies_alone: tuple[tuple[int, int], ...]
    policies_restricted: tuple[tuple[int, int], ...]
    words_alone: int
    words_restricted: int


class Policy(Struct, frozen=True):
    """A policy as somebody tells it; `kinds` are the characters asked for, where they are named."""

    length: int | None = None
    classes: int | None = None
    kinds: frozenset[Kind] = frozenset()
    words: int | None = None

    @property
    def class_count(self) -> int | None:
        """How many kinds of characters are asked for; None was not said."""
        return len(self.kinds) or self.classes

    @property
    def alphabet(self) -> int:
        """The alphabet a password may be drawn from at worst; of what is unsaid, one kind."""
        return alphabet_of(self.kinds) if self.kinds else smallest_alphabet(self.classes or 1)


class Worth(Struct, frozen=True):
    """What a policy is worth: bits at least and at most, and whether each case is reached.

    A case is reached by its bits, within the tolerance, or because the CNIL names the policy.
    """

    least: float
    most: float
    alone: bool
    restricted: bool
    named_alone: bool
    named_restricted: bool


def worth(policy: Policy, norm: Norm) -> Worth:
    """Return what the policy is worth; it has a length or a number of words."""
    if policy.length is None:
        return _phrase(policy.words or 0, norm)
    count = policy.class_count or 1
    named = [
        any(policy.length >= length and count >= classes for length, classes in policies)
        for policies in (norm.policies_alone, norm.policies_restricted)
    ]
    least = bits(policy.length, policy.alphabet)
    most = least if policy.class_count else bits(policy.length, smallest_alphabet(4))
    return _reached(least, most, named[0], named[1], norm)


def _phrase(words: int, norm: Norm) -> Worth:
    # The CNIL names passphrases by their number of words; seven stand for 80 bits.
    found = words * norm.bits_alone / norm.words_alone
    return _reached(found, found, words >= norm.words_alone, words >= norm.words_restricted, norm)


def _reached(least: float, most: float, alone: bool, restricted: bool, norm: Norm) -> Worth:
    enough = least + norm.tolerance
    return Worth(
        least,
        most,
        alone or enough >= norm.bits_alone,
        restricted or alone or enough >= norm.bits_restricted,
        alone,
        restricted,
    )
