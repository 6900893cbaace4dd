"""The official list of certified hosts as imported: who stands on it, and what absence means."""

from __future__ import annotations

import datetime as dt
from functools import cached_property

from msgspec import Struct

from cnilcheck.hosts.catalogue import Host
from cnilcheck.model.company_names import identical, name_words, own_words, same_name
from cnilcheck.model.facts import ListEntry


class ListRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the list."""

    name: str
    activities: tuple[int, ...] = ()
    referential: str = ""
    body: str = ""
    number: str = ""
    expires_on: dt.date | None = None
    siren: str = ""
    issued_on: dt.date | None = None
    page: str = ""
    """The page of guarantees that requirement 31 of the framework asks each host to publish."""


class OfficialList(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The list of a day, with where it came from."""

    as_of: dt.date
    source: str
    sha256: str
    imported_on: dt.date
    rows: tuple[ListRow, ...]

    @cached_property
    def initials(self) -> frozenset[str]:
        """The letters some name of the list begins with: a list may be missing pages."""
        return frozenset(words[0][0] for row in self.rows if (words := name_words(row.name)))

    def entry(self, host: Host) -> ListEntry:
        """Return what the list says of a host: SIREN first, then its names; alike is not equal."""
        names = _names(host)
        siren = next((r for r in self.rows if host.siren and r.siren == host.siren), None)
        same = [r for r in self.rows if any(identical(r.name, name) for name in names)]
        if row := siren or next(iter(same), None):
            return ListEntry(
                True, self.as_of, len(self.rows), name=row.name, activities=row.activities,
                referential=row.referential, expires_on=row.expires_on,
            )  # fmt: skip
        alike = [
            r.name
            for r in self.rows
            for name in names
            if own_words(r.name) & own_words(name)
            or same_name(name_words(r.name), name_words(name))
        ]
        initials = {words[0][0] for name in names if (words := name_words(name))}
        return ListEntry(
            False, self.as_of, len(self.rows), initials <= self.initials,
            min(alike) if alike else "",
        )  # fmt: skip


def _names(host: Host) -> list[str]:
    legal = [part.partition("(")[0].strip() for part in host.legal_name.split("/")]
    return [name for name in (*legal, host.name, *host.brands) if name_words(name)]
