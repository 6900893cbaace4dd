"""Which TLS versions HAProxy's configuration switches on, for each address it answers with TLS."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.collectors.tls_versions import ALL, between
from cnilcheck.errors import CollectionError, NotReadable
from cnilcheck.model.facts import TlsSetting

_FILES = (
    "/etc/haproxy/haproxy.cfg",
    "/etc/haproxy/conf.d/*.cfg",
    "/usr/local/etc/haproxy/haproxy.cfg",
)
_SWITCHES = dict(zip(("sslv3", "tlsv10", "tlsv11", "tlsv12", "tlsv13"), ALL, strict=True))
_OLD = frozenset(ALL[:3])
_MAX_WORDS = 500


def read_haproxy(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield the versions of each `bind` with TLS; nothing at all when HAProxy is not there."""
    defaults: tuple[list[str], str] = ([], "")
    for path in dict.fromkeys(path for pattern in _FILES for path in snapshot.glob(pattern)):
        try:
            lines = snapshot.read(path).split("\n")
        except CollectionError as error:
            yield Missing(path, TlsSetting, error)
            continue
        written = [_words(line) for line in lines]
        for number, words in enumerate(written, start=1):
            if words[:1] == ["ssl-default-bind-options"]:
                defaults = (words[1:], f"{path}:{number}")
        binds = [
            (words, f"{path}:{number}")
            for number, words in enumerate(written, start=1)
            if words[:1] == ["bind"] and "ssl" in words
        ]
        yield from _binds(binds, defaults, path)


def _words(line: str) -> list[str]:
    return line.partition("#")[0].split()[:_MAX_WORDS]


def _binds(
    binds: list[tuple[list[str], str]], defaults: tuple[list[str], str], path: str
) -> Iterator[Sighting]:
    found: dict[str, tuple[str, ...] | None] = {}
    for words, place in binds:
        own = _about_versions(words)
        written = place if own or not _about_versions(defaults[0]) else defaults[1]
        found[written] = _versions(defaults[0] + words)
    for place, versions in found.items():
        if versions is None:
            detail = f"{place}: no lowest version is written, HAProxy’s own default applies"
            yield Missing(place, TlsSetting, NotReadable(detail))
        else:
            yield Seen(place, TlsSetting("HAProxy", versions))
    if not found:
        yield Nothing(path, TlsSetting)


def _about_versions(words: list[str]) -> bool:
    return any(w in ("ssl-min-ver", "ssl-max-ver") or _switch(w) is not None for w in words)


def _switch(word: str) -> tuple[str, str] | None:
    how, _, version = word.partition("-")
    return (how, _SWITCHES[version]) if how in ("no", "force") and version in _SWITCHES else None


def _versions(words: list[str]) -> tuple[str, ...] | None:
    """Return the versions left on; None where the lowest depends on HAProxy's own default."""
    pairs = dict(itertools.pairwise(words))
    switches = [switch for word in words if (switch := _switch(word))]
    forced = [version for how, version in switches if how == "force"]
    removed = {version for how, version in switches if how == "no"}
    if forced:
        return (forced[-1],)
    # Since 2.2 the default is TLS 1.2, before it was TLS 1.0.
    if "ssl-min-ver" not in pairs and not removed >= _OLD:
        return None
    found = between(pairs.get("ssl-min-ver"), pairs.get("ssl-max-ver"))
    return tuple(version for version in found if version not in removed)
