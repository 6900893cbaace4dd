"""What openssl.cnf sets for every program that uses the library: lowest version, security level."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import dirname, join

from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.collectors.tls_versions import between
from cnilcheck.errors import CollectionError, Malformed
from cnilcheck.model.facts import SecurityLevelSetting, TlsSetting

_FILES = ("/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf", "/usr/lib/ssl/openssl.cnf")
_MAX_FILES = 100


@dataclass
class _Sections:
    """The sections of the file and of those it includes; the unnamed one is `default`."""

    snapshot: Snapshot
    values: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    _section: str = "default"
    _files: int = 0

    def read(self, path: str, depth: int = 0) -> None:
        """Take in a file and those it includes, in order."""
        self._files += 1
        if depth > 10 or self._files > _MAX_FILES:
            raise Malformed(f"{path}: too many files include one another")
        for number, line in enumerate(self.snapshot.read(path).split("\n"), start=1):
            text = line.partition("#")[0].strip()
            include = re.match(r"\.include\s*=?\s*(\S+)", text)
            if include:
                self._include(join(dirname(path), include[1]), depth)
            elif text.startswith("["):
                self._section = text.strip("[] \t")
            elif "=" in text:
                name, _, value = text.partition("=")
                key = (self._section, name.strip().lower().removeprefix("tls."))
                self.values[key] = (value.strip(), f"{path}:{number}")

    def _include(self, path: str, depth: int) -> None:
        # A folder stands for its .cnf and .conf files; what is absent is passed over.
        paths = [path] if self.snapshot.exists(path) else []
        paths += self.snapshot.glob(f"{path}/*.cnf") + self.snapshot.glob(f"{path}/*.conf")
        for included in paths:
            self.read(included, depth + 1)

    def get(self, section: str, name: str) -> tuple[str, str]:
        return self.values.get((section, name), ("", ""))


def read_openssl(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield what is written for all programs; nothing at all when nothing is."""
    path = next((path for path in _FILES if snapshot.exists(path)), None)
    if path is None:
        return
    sections = _Sections(snapshot)
    try:
        sections.read(path)
    except CollectionError as error:
        yield Missing(path, TlsSetting, error)
        yield Missing(path, SecurityLevelSetting, error)
        return
    # openssl_conf names a section, its ssl_conf another, whose system_default is the one in effect.
    ssl = sections.get(sections.get("default", "openssl_conf")[0], "ssl_conf")[0]
    default = sections.get(ssl, "system_default")[0]
    lowest, place = sections.get(default, "minprotocol")
    if lowest:
        highest = sections.get(default, "maxprotocol")[0]
        yield Seen(place, TlsSetting("OpenSSL", between(lowest, highest)))
    else:
        yield Nothing(path, TlsSetting)
    ciphers, place = sections.get(default, "cipherstring")
    level = re.findall(r"@SECLEVEL=(\d)", ciphers)
    if level:
        yield Seen(place, SecurityLevelSetting("OpenSSL", int(level[-1])))
    else:
        yield Nothing(path, SecurityLevelSetting)
