"""Whether a version of a package is one an advisory speaks of, by its ecosystem's own order.

OSV schema 1.6, "Evaluation": a version is affected when it is listed, or lies in a range. The
orders themselves (dpkg, rpm, apk, PEP 440, semantic versions, Composer) are the library univers'.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from msgspec import Struct

from cnilcheck.errors import Malformed

_ORDERS = {
    "Debian": "DebianVersion",
    "Ubuntu": "DebianVersion",
    "Alpine": "AlpineLinuxVersion",
    "PyPI": "PypiVersion",
    "npm": "SemverVersion",
    "Packagist": "ComposerVersion",
    "Rocky Linux": "RpmVersion",
    "AlmaLinux": "RpmVersion",
    "Red Hat": "RpmVersion",
    "openSUSE": "RpmVersion",
    "SUSE": "RpmVersion",
}
_VERSION = re.compile(r"[A-Za-z0-9.+~:^_!-]{1,100}")
_FIRST = "0"


class Event(Struct, frozen=True):
    """One event of an OSV range; exactly one of the fields is set."""

    introduced: str = ""
    fixed: str = ""
    last_affected: str = ""


class Range(Struct, frozen=True):
    """One OSV range; those of type GIT name commits, which a list of packages does not tell."""

    type: str = ""
    events: tuple[Event, ...] = ()


@lru_cache(maxsize=50_000)
def parsed(ecosystem: str, version: str) -> Any:
    """Return a version that can be compared; raises Malformed when it is none there."""
    from univers import versions

    order = _ORDERS.get(ecosystem.partition(":")[0])
    if order is None or not _VERSION.fullmatch(version):
        raise Malformed(f"{version[:40]} is no version of {ecosystem}")
    plain = version.removeprefix("v") if ecosystem in ("Packagist", "npm") else version
    try:
        return getattr(versions, order)(plain)
    except (ValueError, TypeError, AttributeError):
        raise Malformed(f"{version[:40]} is no version of {ecosystem}") from None


def in_range(ecosystem: str, version: str, span: Range) -> tuple[bool, str]:
    """Return whether the version lies in the range, and the first that ends it above it.

    Raises Malformed when something cannot be compared.
    """
    here = parsed(ecosystem, version)
    affected = False
    for event in _in_order(ecosystem, span.events[:1000]):
        if event.introduced and (event.introduced == _FIRST or _at(ecosystem, event) <= here):
            affected = True
        elif (event.fixed and _at(ecosystem, event) <= here) or (
            event.last_affected and _at(ecosystem, event) < here
        ):
            affected = False
        elif event.fixed and affected:
            return True, event.fixed
    return affected, ""


def _at(ecosystem: str, event: Event) -> Any:
    return parsed(ecosystem, event.introduced or event.fixed or event.last_affected)


def _in_order(ecosystem: str, events: tuple[Event, ...]) -> list[Event]:
    first = [event for event in events if event.introduced == _FIRST]
    others = [e for e in events if e.introduced != _FIRST and e != Event()]
    return first + sorted(others, key=lambda event: _at(ecosystem, event))
