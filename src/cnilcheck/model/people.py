"""How many people a file speaks of, at least: distinct marks counted under a key thrown away."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable

from cnilcheck.model.personal_data import DataCount, DataKind, personal_values

_MOST_DISTINCT = 1_000_000
# A mailbox of an organisation is nobody.
_OFFICE = re.compile(
    r"(?i)^(?:contact|info|infos|accueil|admin|administrator|administrateur|root|postmaster|webmaster"
    r"|no-?reply|ne-?pas-?repondre|support|secretariat|pharmacie|hostmaster|abuse|dpo|rgpd|sales"
    r"|service|commande|facturation|compta(?:bilite)?)[\w.+-]*@"
)
_ORDER: tuple[DataKind, ...] = (
    "nir", "email", "phone", "birth_date", "test_result", "credential", "iban", "rpps",
)  # fmt: skip


class PeopleCounter:
    """Counts personal data text by text; of the values only keyed digests are held meanwhile.

    The key is drawn anew for each counter and never leaves it, so that no digest can be compared
    with a list of known numbers afterwards.
    """

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._key = os.urandom(16)
        self._counts: dict[DataKind, int] = {}
        self._distinct: dict[str, set[bytes]] = {}

    def read(self, text: str) -> None:
        """Count what the text holds; it ends where a line, or a record, does."""
        for kind, values in personal_values(text):
            for value in values:
                self._counts[kind] = self._counts.get(kind, 0) + 1
                self._note(kind, value)
                if kind == "email" and not _OFFICE.match(value):
                    self._note("mailbox", value)

    def records(self, names: Iterable[str]) -> None:
        """Count records that name a person, by what names them."""
        for name in names:
            self._note("record", name)

    def births(self, values: Iterable[str]) -> None:
        """Count dates of birth whose column says what they are."""
        for value in values:
            self._counts["birth_date"] = self._counts.get("birth_date", 0) + 1
            self._note("birth_date", value)

    def _note(self, kind: str, value: str) -> None:
        seen = self._distinct.setdefault(kind, set())
        if len(seen) < _MOST_DISTINCT:
            plain = (
                re.sub(r"[\s.+-]|%20", "", value).casefold() if kind == "nir" else value.casefold()
            )
            seen.add(hashlib.blake2b(plain.encode(), digest_size=8, key=self._key).digest())

    @property
    def counts(self) -> tuple[DataCount, ...]:
        """How often each kind was seen, and in how many different values."""
        return tuple(
            DataCount(kind, self._counts[kind], len(self._distinct[kind]))
            for kind in _ORDER
            if self._counts.get(kind)
        )

    @property
    def people(self) -> int:
        """How many different people these are at least, by the mark that tells most apart.

        One person has one NIR and one date of birth, and is named in one way in one table.
        """
        marks = ("nir", "birth_date", "mailbox", "record")
        return max((len(self._distinct.get(mark, ())) for mark in marks), default=0)
