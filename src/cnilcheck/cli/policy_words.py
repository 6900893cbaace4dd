"""A password policy told in a line of French or English, read into its parts."""

from __future__ import annotations

import re

from msgspec import Struct

from cnilcheck.errors import UsageError
from cnilcheck.model.password_policy import Kind
from cnilcheck.model.scope import Lockout

_KINDS = {
    Kind.LOWER: r"\blower(?:[- ]?case)?\b|minuscules?|small letters?",
    Kind.UPPER: r"\bupper(?:[- ]?case)?\b|majuscules?|capitals?(?: letters?)?",
    Kind.DIGITS: r"digits?|chiffres?|numbers?|num[ée]riques?",
    Kind.SPECIAL: r"(?:caract[èe]res? )?sp[ée]cia(?:l|ux)(?: characters?)?|symbol[es]*|ponctuation",
}
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_NO_LIMIT = (
    r"\b(?:no|without|sans|aucun\w*)\s+(?:account\s+)?"
    r"(?:lock\w*|blocage|limit\w*|verrou\w*|throttl\w*|restriction\w*)(?:\s+d\W?essais)?"
)
_PER_DAY = (
    r"(\d{1,9})\s*(?:attempts?|essais|tentatives)?\s*"
    r"(?:per|an?|par|/|en|in)\s*(?:day|jour|24\s*(?:h(?:ours?|eures?)?)?)"
)
_LOCK = r"lock(?:ed|out|s|\b)|blocage|bloqu|verrou"
_WAIT = r"(\d{1,9})\s*(s|m|h)(?:ec\w*|in\w*|eures?|ours?)?\b"
_LIMIT = (
    r"(?:lock\w*|blocage|bloqu\w*|verrou\w*|failures?|[ée]checs|attempts?|essais|tentatives|after|apr[èe]s)"
    r"[^\d,;]{0,20}(\d{1,9})(?:\s*(?:failed\s+|wrong\s+)?(?:attempts?|essais|tentatives|[ée]checs|failures?|times|fois))?"
    r"|(\d{1,9})\s*(?:failed\s+|wrong\s+)?(?:attempts?|essais|tentatives|[ée]checs|failures?)"
)
_LENGTH = (
    r"(?:length|longueur|minimum)\D{0,4}(\d{1,9})(?:\s*(?:char\w*|caract\w*|car\b))?"
    r"|(\d{1,9})\s*(?:char\w*|caract\w*|car\b)"
)
_ONE_KIND_LENGTH = rf"(\d{{1,9}})\s+(?={'|'.join(_KINDS.values())})"
_CLASSES = (
    r"(\d{1,9})\s*(?:of (?:the )?\d\s*)?(?:character\s*)?(?:class\w*|types?\b|cat[ée]gor\w*)"
    r"|(?:class\w*|types?)\D{0,2}(\d{1,9})"
)
_WORDS = r"(\d{1,9})\s*(?:words?|mots?(?!\s+de\s+passe))\b"


class Told(Struct, frozen=True):
    """The parts of a policy; what was not told is None or empty."""

    length: int | None = None
    classes: int | None = None
    kinds: frozenset[Kind] = frozenset()
    words: int | None = None
    lockout: Lockout | None = None
    no_limit: bool = False
    device: bool = False


def read_policy(description: str) -> Told:
    """Return the parts of a description; raises UsageError for a number nothing explains."""
    rest = _Rest(description[:500])
    no_limit = rest.take(_NO_LIMIT) is not None
    captcha = rest.take(r"captcha") is not None
    device = rest.take(r"devices?|appareil|terminal|carte|card|PIN\b|unlock code|d[ée]verrouill\w*")
    per_day = rest.number(_PER_DAY)
    wait = rest.take(_WAIT)
    words = rest.number(_WORDS)
    classes = rest.number(_CLASSES)
    length = rest.number(_LENGTH)
    limit = rest.number(_LIMIT)
    length = length if length is not None else rest.number(_ONE_KIND_LENGTH)
    kinds = frozenset(kind for kind, pattern in _KINDS.items() if rest.take(pattern))
    rest.nothing_left()
    seconds = int(wait[1]) * _SECONDS[wait[2].lower()] if wait else None
    # "Locked for 15 minutes" ends a lock; "1 minute between attempts" is a wait.
    lock = re.search(_LOCK, description, re.IGNORECASE) is not None
    lockout = Lockout(
        after_attempts=limit,
        delay_seconds=None if lock else seconds,
        attempts_per_day=per_day,
        captcha=captcha,
        unlocked_after_seconds=seconds if lock else None,
    )
    given = None if lockout == Lockout() else lockout
    return Told(length, classes, kinds, words, given, no_limit, device is not None)


class _Rest:
    """What of a description is not explained yet."""

    def __init__(self, text: str) -> None:
        self._text = self._whole = text

    def take(self, pattern: str) -> re.Match[str] | None:
        found = re.search(pattern, self._text, re.IGNORECASE)
        if found:
            self._text = f"{self._text[: found.start()]} , {self._text[found.end() :]}"
        return found

    def number(self, pattern: str) -> int | None:
        found = self.take(pattern)
        return int(next(g for g in found.groups() if g)) if found else None

    def nothing_left(self) -> None:
        left = re.search(r"\d+", self._text)
        if left:
            raise UsageError(
                f"password-policy: `{left[0][:20]}` of `{self._whole[:80]}` is not understood",
                'for instance "12 characters, 4 classes, lockout 10"',
            )
