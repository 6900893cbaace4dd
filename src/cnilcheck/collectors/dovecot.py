"""Whether Dovecot takes passwords only over TLS, and which versions it switches on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import dirname, join

from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.collectors.tls_versions import between, listed
from cnilcheck.errors import CollectionError, Malformed, NotReadable
from cnilcheck.model.facts import ServiceEncryption, TlsSetting

_MAIN = "/etc/dovecot/dovecot.conf"
_MAX_FILES = 500
_LOCAL = frozenset(("127.0.0.1", "::1", "[::1]", "localhost"))


@dataclass
class _Settings:
    """The settings outside all blocks: the last value of a name wins."""

    snapshot: Snapshot
    values: dict[str, tuple[str, str]] = field(default_factory=dict)
    _files: int = 0

    def read(self, path: str, nesting: int = 0) -> None:
        """Take in a file and those it includes, in order."""
        self._files += 1
        if nesting > 10 or self._files > _MAX_FILES:
            raise Malformed(f"{path}: too many files include one another")
        depth = 0
        for number, line in enumerate(self.snapshot.read(path).split("\n"), start=1):
            text = line.strip()
            if text.startswith("#"):
                continue
            include = re.match(r"!include(_try)?\s+(\S+)", text)
            if include:
                self._include(include, path, nesting)
            elif text.endswith("{"):
                depth += 1
            elif text.startswith("}"):
                depth = max(0, depth - 1)
            elif depth == 0:
                self._take(text, f"{path}:{number}")

    def _take(self, text: str, place: str) -> None:
        name, equals, value = text.partition("=")
        if equals and re.fullmatch(r"\w+\s*", name):
            self.values[name.strip()] = (re.sub(r"\s#.*", "", value).strip().strip('"'), place)

    def _include(self, include: re.Match[str], path: str, nesting: int) -> None:
        for included in self.snapshot.glob(join(dirname(path), include[2])):
            self.read(included, nesting + 1)

    def get(self, name: str) -> str:
        return self.values.get(name, ("", ""))[0].lower()

    def place(self, *names: str) -> str:
        return next((self.values[name][1] for name in names if name in self.values), _MAIN)


def read_dovecot(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield what Dovecot demands; nothing at all when Dovecot is not there."""
    if not snapshot.exists(_MAIN):
        return
    settings = _Settings(snapshot)
    try:
        settings.read(_MAIN)
    except CollectionError as error:
        yield Missing(_MAIN, TlsSetting, error)
        yield Missing(_MAIN, ServiceEncryption, error)
        return
    listens = set(re.split(r"[\s,]+", settings.get("listen"))) - {""}
    if listens and listens <= _LOCAL:
        yield Nothing(_MAIN, ServiceEncryption)
    else:
        yield _demand(settings)
    yield _versions(settings)


def _demand(settings: _Settings) -> Sighting:
    ssl, place = settings.get("ssl"), settings.place("ssl")
    if ssl == "no":
        return Seen(place, ServiceEncryption("Dovecot", False, None))
    if ssl == "required":
        return Seen(place, ServiceEncryption("Dovecot", True, False))
    # Until 2.3 the first name, from 2.4 the second, with the opposite meaning.
    older, newer = settings.get("disable_plaintext_auth"), settings.get("auth_allow_cleartext")
    if older in ("yes", "no"):
        place = settings.place("disable_plaintext_auth")
        return Seen(place, ServiceEncryption("Dovecot", True, older == "no"))
    if newer in ("yes", "no"):
        place = settings.place("auth_allow_cleartext")
        return Seen(place, ServiceEncryption("Dovecot", True, newer == "yes"))
    if ssl == "yes":
        return Seen(place, ServiceEncryption("Dovecot", True, None))
    return Missing(_MAIN, ServiceEncryption, NotReadable(f"{_MAIN}: ssl is not written"))


def _versions(settings: _Settings) -> Sighting:
    if settings.get("ssl") == "no":
        return Nothing(_MAIN, TlsSetting)
    lowest, words = settings.get("ssl_min_protocol"), settings.get("ssl_protocols").split()
    place = settings.place("ssl_min_protocol", "ssl_protocols")
    if lowest == "latest":
        return Seen(place, TlsSetting("Dovecot", between("TLSv1.3")))
    if lowest:
        return Seen(place, TlsSetting("Dovecot", between(lowest)))
    if words:
        return Seen(place, TlsSetting("Dovecot", listed(words)))
    detail = f"{_MAIN}: ssl_min_protocol is not written, Dovecot’s own default applies"
    return Missing(_MAIN, TlsSetting, NotReadable(detail))
