"""Credentials written in clear in the files of the copy of the server's tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import basename

from msgspec.structs import replace

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.snapshot import MAX_FILES, Snapshot, open_snapshot, system_tasks
from cnilcheck.errors import CollectionError, Interrupted, NotReadable
from cnilcheck.model.facts import Fact, SecretsInFiles
from cnilcheck.model.personal_data import SecretSeen, find_secrets
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_FOLDERS = ("/var/www", "/srv", "/opt", "/home", "/usr/local/www", "/usr/share/nginx/html", "/etc")
_MAX_BYTES = 1_000_000
_MAX_FOUND = 500
_SUFFIXES = frozenset(
    ".asp .aspx .bak .bash .c .cfg .cgi .cnf .conf .config .cs .env .erb .go .groovy .htpasswd"
    " .inc .ini .java .js .json .jsp .key .kt .local .lua .mjs .old .orig .pem .php .php3 .php5"
    " .phtml .pl .pm .ppk .properties .ps1 .py .r .rb .rs .save .scala .sh .sql .swp .toml .ts"
    " .tsx .txt .vb .vue .xml .yaml .yml .zsh".split()
)
_NAMES = re.compile(
    r"^\.(?:env|npmrc|netrc|pgpass|my\.cnf|git-credentials|htpasswd)|^id_[a-z0-9]+$"
)
# Written by packagers and builders, or for the reader: not what the service runs with.
_NOT_OURS = re.compile(
    r"(?i)/(?:node_modules|vendor|site-packages|dist-packages|\.git|\.svn|\.hg|\.cache|__pycache__"
    r"|docs?|examples?|samples?|tests?|spec|fixtures|stubs|locales?|lang|languages|i18n|l10n"
    r"|translations|bower_components|\.venv|venv)/"
    r"|[._-](?:example|sample|dist|template|tmpl|md|rst|po|pot|map|min\.js|lock)(?:\.|$)"
    r"|/(?:package-lock|composer\.lock|yarn\.lock)|ssl-cert-snakeoil"
    r"|^/etc/(?:shadow|gshadow|ssh/ssh_host_|ssl/(?:private|certs)/|pki/|letsencrypt/|alternatives/"
    r"|ca-certificates|init\.d/|pam\.d/|debconf\.conf)"
)


class SecretsInTree:
    """Reads the source and configuration files of web roots, services, homes and /etc."""

    name = "secrets-in-files"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (SecretsInFiles,)
    asks = "sources.system"

    def version(self) -> str:
        """Return the version of cnilcheck: the patterns are its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the secrets of all files in one fact, and a gap for what could not be read."""
        search = _Search(open_snapshot(task, tools, self.name), tools)
        for folder in _FOLDERS:
            search.below(folder)
        if search.read:
            yield Seen("/", SecretsInFiles(search.read, tuple(search.found)))
        for place, detail in search.problems():
            yield Missing(place, SecretsInFiles, NotReadable(detail))
        if not search.read and not search.refused:
            raise NotReadable("the copy holds no source or configuration file: nothing in "
                              + ", ".join(_FOLDERS))  # fmt: skip


class _Search:
    """Goes through folders and keeps count of what was read and what was not."""

    def __init__(self, snapshot: Snapshot, tools: Tools) -> None:
        self._snapshot = snapshot
        self._tools = tools
        self._walked = 0
        self.read = 0
        self.found: list[SecretSeen] = []
        self.refused: list[tuple[str, str]] = []
        self.unfinished: list[tuple[str, str]] = []

    def below(self, folder: str) -> None:
        """Read the files below a folder, until the bound on their number is reached."""
        try:
            for path in self._snapshot.walk(folder):
                self._walked += 1
                if self._walked > MAX_FILES:
                    detail = f"{folder}: more than {MAX_FILES} files, the rest was not read"
                    self.unfinished.append((folder, detail))
                    return
                if self._tools.stop.is_set():
                    raise Interrupted("stopped by the operator")
                if _wanted(path):
                    self._look_into(path)
        except NotReadable as error:
            self.unfinished.append((folder, str(error)))

    def _look_into(self, path: str) -> None:
        try:
            content = self._snapshot.read_bytes(path, _MAX_BYTES)
            open_to_all = self._snapshot.open_to_all(path)
        except CollectionError as error:
            # What is larger than a megabyte was not written by hand.
            if "larger than" not in str(error):
                self.refused.append((path, str(error)))
            return
        if b"\0" in content[:8192]:
            return
        self.read += 1
        seen = find_secrets(content.decode("utf-8", "replace"), path)
        if len(self.found) < _MAX_FOUND:
            self.found += [replace(s, open_to_all=open_to_all) for s in seen]

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield a place and a line for each kind of hole in what was read."""
        yield from self.unfinished
        if self.refused:
            place, detail = self.refused[0]
            more = len(self.refused) - 1
            yield place, detail + (f" and {more} more files" if more else "")


def _wanted(path: str) -> bool:
    name = basename(path).lower()
    if _NOT_OURS.search(path):
        return False
    # All suffixes count: what is left behind is called connexion.php.txt or config.php~.
    parts = {f".{part.rstrip('~')}" for part in name.split(".")[1:]}
    return bool(_NAMES.search(name)) or not parts.isdisjoint(_SUFFIXES)
