"""A site's own words for what its log records: texts that a request or a message contains.

`*` stands for anything, digits for any digits, capitals for small letters; nothing else is special,
so that no pattern can be slow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cnilcheck.collectors.log_entry import Entry
from cnilcheck.collectors.log_events import WebKind
from cnilcheck.model.logging_matrix import EventCategory

_SAME = str.maketrans("123456789", "000000000")
_MAX_KNOWN = 20_000


@dataclass
class Words:
    """The texts of each category, in the order they are tried, cut at their `*`."""

    texts: tuple[tuple[EventCategory, tuple[str, ...]], ...] = ()
    _known: dict[str, EventCategory | None] = field(default_factory=dict)

    def category_of(self, text: str) -> EventCategory | None:
        """Return the category whose words a text contains, None for none."""
        plain = text[:2_000].casefold().translate(_SAME)
        if plain not in self._known:
            if len(self._known) > _MAX_KNOWN:
                self._known.clear()
            self._known[plain] = next((c for c, p in self.texts if _contains(plain, p)), None)
        return self._known[plain]

    def of_entry(self, entry: Entry, line: str) -> Entry:
        """Return what a line says, with the category its own words give it."""
        category = self.category_of(line) if self.texts else None
        return entry if category is None else entry._replace(category=category)

    def of_request(self, kind: WebKind, request: bytes, status: bytes) -> WebKind:
        """Return what a request that was granted is, with the category its own words give it."""
        if status[:1] not in (b"2", b"3"):
            return kind
        category = self.category_of(request.decode("utf-8", "replace"))
        if category is None:
            return kind
        # Many records at once have no identifier: the address names the collection.
        whole = category in ("export", "search")
        return kind._replace(category=category, reference=kind.reference or whole)


def words_of(written: Mapping[EventCategory, tuple[str, ...]]) -> Words:
    """Return the words of a log of the scope."""
    return Words(tuple(
        (category, tuple(text.casefold().translate(_SAME).split("*")))
        for category, texts in written.items()
        for text in texts
    ))  # fmt: skip


def _contains(text: str, parts: tuple[str, ...]) -> bool:
    place = 0
    for part in parts:
        place = text.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return True
