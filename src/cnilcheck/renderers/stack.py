"""Which configuration extracts fit the deployment: those for the software the audit saw."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from cnilcheck.model.evidence import Evidence, Observation
from cnilcheck.model.facts import PasswordHashCalls, ResponseHeaders, SecretsInFiles
from cnilcheck.model.rule import Fix as RuleFix
from cnilcheck.renderers.harmless import harmless, harmless_lines
from cnilcheck.renderers.page import Fix

_WORD = re.compile(r"[a-z][a-z0-9.]{2,}")
_HEADERS = ("server", "x-powered-by")
# What is written in, or runs on, something else: seeing the first is seeing the second.
_IMPLIES = {
    "wordpress": "php",
    "phpmyadmin": "php",
    "laravel": "php",
    "symfony": "php",
    "composer": "php",
    "django": "python",
    "werkzeug": "python",
    "gunicorn": "python",
    "mariadb": "mysql",
    "tomcat": "java",
    "spring": "java",
    "keycloak": "java",
    "express": "node.js",
}


def software(observations: Iterable[Observation]) -> frozenset[str]:
    """Return the words by which the audit named the software it saw, in lower case."""
    facts = {id(o.fact): o.fact for o in observations if isinstance(o, Evidence)}.values()
    said = {name for fact in facts for name in _names(fact)}
    words = {word for name in said for word in _WORD.findall(name.lower())}
    return frozenset(words | {_IMPLIES[word] for word in words & _IMPLIES.keys()})


def _names(thing: msgspec.Struct) -> Iterator[str]:
    if isinstance(thing, ResponseHeaders):
        yield from (thing.headers.get(name, "") for name in _HEADERS)
    if isinstance(thing, PasswordHashCalls):
        yield from (call.place.rpartition(":")[0].rpartition(".")[2] for call in thing.calls)
    for name in thing.__struct_fields__:
        value = getattr(thing, name)
        if name in ("product", "distribution") and isinstance(value, str):
            yield value
        elif isinstance(value, tuple) and not isinstance(thing, SecretsInFiles):
            for item in value:
                if isinstance(item, msgspec.Struct):
                    yield from _names(item)


def fixes(
    given: Sequence[RuleFix], seen: frozenset[str]
) -> tuple[tuple[Fix, ...], tuple[Fix, ...]]:
    """Return the extracts to show, and those for other software; all when none was seen."""
    told = [
        Fix(harmless(f.for_, 80), harmless_lines(f.code),
            bool(seen.intersection(_WORD.findall(f.for_.lower()))))
        for f in given
    ]  # fmt: skip
    fitting = tuple(fix for fix in told if fix.seen)
    if not fitting:
        return tuple(told), ()
    return fitting, tuple(fix for fix in told if not fix.seen)
