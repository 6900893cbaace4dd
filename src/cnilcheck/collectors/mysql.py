"""Whether MySQL or MariaDB takes connections only over TLS, and which versions it switches on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import dirname, join

from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.collectors.tls_versions import listed
from cnilcheck.errors import CollectionError, Malformed, NotReadable
from cnilcheck.model.facts import ServiceEncryption, TlsSetting

_MAINS = ("/etc/mysql/my.cnf", "/etc/my.cnf", "/etc/mysql/mariadb.cnf")
_SECTION = re.compile(r"mysqld|server|mariadb|mariadbd|(?:mysqld|mariadb|mariadbd)-[\d.]+")
_LOCAL = frozenset(("127.0.0.1", "::1", "localhost"))
_ON = frozenset(("1", "on", "true", "yes"))
_MAX_FILES = 500


@dataclass
class ServerSettings:
    """The settings of the server's sections: the last value of a name wins, with its place."""

    snapshot: Snapshot
    values: dict[str, tuple[str, str]] = field(default_factory=dict)
    present: bool = False
    mariadb: bool = False
    _files: int = 0

    def read(self, path: str, depth: int = 0) -> None:
        """Take in a file and those it includes, in order."""
        self._files += 1
        if depth > 10 or self._files > _MAX_FILES:
            raise Malformed(f"{path}: too many files include one another")
        self.mariadb = self.mariadb or "mariadb" in path
        inside = False
        for number, line in enumerate(self.snapshot.read(path).split("\n"), start=1):
            text = re.sub(r"(?:^|\s)#.*", "", line).strip()
            if text.startswith("!include"):
                self._include(text, path, depth)
            elif text.startswith("["):
                inside = _SECTION.fullmatch(text.strip("[]").lower()) is not None
                self.present = self.present or inside
            elif inside and text and text[0] != ";":
                name, _, value = text.partition("=")
                key = name.strip().lower().replace("-", "_").removeprefix("loose_")
                self.values[key] = (value.strip().strip("\"'"), f"{path}:{number}")

    def _include(self, text: str, path: str, depth: int) -> None:
        word, _, where = text.partition(" ")
        whole = join(dirname(path), where.strip())
        paths = self.snapshot.glob(f"{whole}/*.cnf") if word == "!includedir" else [whole]
        for included in paths:
            self.read(included, depth + 1)

    @property
    def product(self) -> str:
        """Which of the two it is, by the names of its files."""
        return "MariaDB" if self.mariadb else "MySQL"

    def on(self, name: str) -> bool | None:
        """Return whether a switch is on; None where it is not written."""
        if name not in self.values:
            return None
        return self.values[name][0].lower() in ("", *_ON)


def main_file(snapshot: Snapshot) -> str | None:
    """Return the file MySQL or MariaDB starts from, or None when neither is there."""
    return next((path for path in _MAINS if snapshot.exists(path)), None)


def read_mysql(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield what the server demands; nothing at all when neither is there."""
    main = main_file(snapshot)
    if main is None:
        return
    settings = ServerSettings(snapshot)
    try:
        settings.read(main)
    except CollectionError as error:
        yield Missing(main, TlsSetting, error)
        yield Missing(main, ServiceEncryption, error)
        return
    if not settings.present or _is_local(settings):
        yield Nothing(main, TlsSetting)
        yield Nothing(main, ServiceEncryption)
        return
    yield from _facts(settings, main)


def _is_local(settings: ServerSettings) -> bool:
    addresses = set(re.split(r"[\s,]+", settings.values.get("bind_address", ("", ""))[0].lower()))
    return settings.on("skip_networking") is True or addresses <= _LOCAL


def _facts(settings: ServerSettings, main: str) -> Iterator[Sighting]:
    switched_off = settings.on("skip_ssl") is True or settings.on("ssl") is False
    if switched_off:
        place = settings.values["skip_ssl" if "skip_ssl" in settings.values else "ssl"][1]
        yield Seen(place, ServiceEncryption(settings.product, False, None))
        yield Nothing(main, TlsSetting)
        return
    demanded = settings.on("require_secure_transport")
    place = settings.values.get("require_secure_transport", ("", main))[1]
    accepts = None if demanded is None else not demanded
    yield Seen(place, ServiceEncryption(settings.product, True, accepts))
    versions, place = settings.values.get("tls_version", ("", main))
    if versions:
        found = listed(re.split(r"[\s,]+", versions))
        yield Seen(place, TlsSetting(settings.product, found))
    else:
        detail = f"{main}: tls_version is not written, {settings.product}’s own default applies"
        yield Missing(main, TlsSetting, NotReadable(detail))
