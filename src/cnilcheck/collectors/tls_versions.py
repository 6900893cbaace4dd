"""The names of TLS versions in configuration files, and what a minimum or an exclusion leaves."""

from __future__ import annotations

from collections.abc import Iterable

ALL = ("SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")
NAMES = {
    "sslv2": "SSL 2.0",
    "sslv3": "SSL 3.0",
    "tlsv1": "TLS 1.0",
    "tlsv1.0": "TLS 1.0",
    "tlsv1.1": "TLS 1.1",
    "tlsv1.2": "TLS 1.2",
    "tlsv1.3": "TLS 1.3",
}


def between(lowest: str | None, highest: str | None = None) -> tuple[str, ...]:
    """Return the versions from one to another; a name that is not known bounds nothing."""
    first = ALL.index(NAMES[lowest.lower()]) if lowest and _known(lowest) else 0
    last = ALL.index(NAMES[highest.lower()]) if highest and _known(highest) else len(ALL) - 1
    return ALL[first : last + 1]


def _known(name: str) -> bool:
    return NAMES.get(name.lower()) in ALL


def listed(words: Iterable[str]) -> tuple[str, ...]:
    """Return the versions a list switches on: `!` or `-` takes one away, `>=` and `<=` bound it.

    A list that only takes away leaves all others on. Versions that no library speaks any more
    (SSL 2.0) count only when they are named.
    """
    named, removed = list[str](), set[str]()
    low: str | None = None
    high: str | None = None
    for word in words:
        bare = word.lstrip("!-+<>=").lower()
        if word.startswith(">="):
            low = bare
        elif word.startswith("<="):
            high = bare
        elif bare in NAMES and word[:1] in "!-":
            removed.add(NAMES[bare])
        elif bare in NAMES:
            named.append(NAMES[bare])
    found = tuple(dict.fromkeys(named)) or between(low, high)
    return tuple(version for version in found if version not in removed)
