"""What changed between two official lists: who came, who went, and what a certificate lost."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from cnilcheck.hosts.official_list import ListRow, OfficialList
from cnilcheck.model.company_names import name_words


class Changed(NamedTuple):
    """A host of both lists whose line says something else now."""

    name: str
    before: ListRow
    now: ListRow

    @property
    def lost(self) -> tuple[int, ...]:
        """The activities it no longer has."""
        return tuple(sorted(set(self.before.activities) - set(self.now.activities)))

    @property
    def gained(self) -> tuple[int, ...]:
        """The activities it had not."""
        return tuple(sorted(set(self.now.activities) - set(self.before.activities)))


class ListChanges(NamedTuple):
    """Names in the order of the list; `expired` are those of the new list whose date is past."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[Changed, ...]
    expired: tuple[ListRow, ...]


def changes(before: OfficialList, now: OfficialList, as_of: dt.date) -> ListChanges:
    """Return the difference of two lists: a host is the same by SIREN, else by its name's words."""
    old, new = _by_key(before), _by_key(now)
    changed = (
        Changed(new[key].name, old[key], new[key])
        for key in new
        if key in old and _said(old[key]) != _said(new[key])
    )
    return ListChanges(
        tuple(row.name for key, row in new.items() if key not in old),
        tuple(row.name for key, row in old.items() if key not in new),
        tuple(changed),
        tuple(row for row in now.rows if row.expires_on and row.expires_on < as_of),
    )


def _by_key(listed: OfficialList) -> dict[str, ListRow]:
    found: dict[str, ListRow] = {}
    for row in listed.rows:
        found.setdefault(row.siren or " ".join(sorted(name_words(row.name))), row)
    return found


def _said(row: ListRow) -> tuple[object, ...]:
    return row.activities, row.referential, row.number, row.expires_on
