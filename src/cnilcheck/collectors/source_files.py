"""The source and settings files of an application in the copied tree, one after the other."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cnilcheck.collectors.base import Missing
from cnilcheck.collectors.snapshot import MAX_FILES, Snapshot
from cnilcheck.errors import CollectionError, Interrupted, NotReadable
from cnilcheck.model.facts import Fact

FOLDERS = ("/var/www", "/srv", "/opt", "/home", "/root", "/usr/local/www", "/usr/share/nginx/html")
_MAX_BYTES = 1_000_000
# Written by others: libraries, the cores of WordPress and Drupal, tests, what a builder made.
_NOT_OURS = re.compile(
    r"(?i)/(?:node_modules|vendor|bower_components|site-packages|dist-packages|\.git|\.svn|\.hg"
    r"|\.cache|\.tox|\.venv|venv|__pycache__|wp-includes|wp-admin|core/(?:lib|modules|assets)"
    r"|typo3|phpmyadmin|adminer|roundcube|joomla|moodle|docs?|examples?|samples?|tests?|specs?"
    r"|fixtures|stubs|locales?|i18n)/"
    r"|(?:^|/)(?:test_[^/]*|[^/]*[._-](?:test|spec|min|bundle|example|sample|dist))\.[a-z.]+$"
    r"|(?:^|/)(?:jquery|bootstrap|adminer)[^/]*$"
)


@dataclass
class SourceFiles:
    """Walks the folders of applications and keeps count of what could not be read."""

    snapshot: Snapshot
    stop: threading.Event
    largest: int = _MAX_BYTES
    others: re.Pattern[str] = _NOT_OURS
    """What is somebody else's, or no part of the service, and is left out."""
    read: int = 0
    refused: list[tuple[str, CollectionError]] = field(default_factory=list)

    def texts(
        self, wanted: Callable[[str], bool], folders: tuple[str, ...] = FOLDERS
    ) -> Iterator[tuple[str, str]]:
        """Yield path and text of each file that is wanted and not somebody else's.

        Larger than a megabyte, or binary, it was not written by hand. Raises Interrupted.
        """
        walked = 0
        for folder in folders:
            try:
                for path in self.snapshot.walk(folder):
                    walked += 1
                    if walked > MAX_FILES:
                        raise NotReadable(f"{folder}: more than {MAX_FILES} files, not all read")
                    if self.stop.is_set():
                        raise Interrupted("stopped by the operator")
                    if wanted(path) and not self.others.search(path):
                        yield from self._text(path)
            except NotReadable as error:
                self.refused.append((folder, error))

    def _text(self, path: str) -> Iterator[tuple[str, str]]:
        try:
            content = self.snapshot.read_bytes(path, self.largest)
        except CollectionError as error:
            if "larger than" not in str(error) or self.largest > _MAX_BYTES:
                self.refused.append((path, error))
            return
        if b"\0" in content[:8192]:
            return
        self.read += 1
        yield path, content.decode("utf-8", "replace")

    def problems(self, fact: type[Fact]) -> Iterator[Missing]:
        """Yield one gap for all that could not be read."""
        if self.refused:
            place, error = self.refused[0]
            more = len(self.refused) - 1
            tail = f" and {more} more" if more else ""
            yield Missing(place, fact, NotReadable(f"{error}{tail}"))
