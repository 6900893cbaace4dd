"""Who opened which numbered records: how many accounts each record had, how many records each had.

Names and numbers are kept only while the log is read.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from statistics import median

from cnilcheck.collectors.log_events import STATIC, names_a_person
from cnilcheck.collectors.log_places import Line, further

_RECORD = re.compile(
    rb"[A-Z]{3,7} (?P<path>[^ ?]{1,200}/)(?P<number>\d{1,15})(?=[./? ]|$)"
    rb"|[A-Z]{3,7} (?P<page>[^ ?]{1,200}\?)(?:[^ ]{1,300}&)?[\w.-]{1,30}=(?P<value>\d{1,15})"
    rb"(?=[& ]|$)"
)
_DAY = 86_400
_MAX_RECORDS = 100_000
_MAX_READERS = 500
_MAX_DAYS = 100_000
_SHOWN = 20


@dataclass
class Record:
    """The accounts that opened one record, and the line of the first."""

    first: Line
    readers: set[bytes] = field(default_factory=set)


@dataclass
class Readers:
    """What was noted so far; past its bounds only of records and days already known."""

    records: dict[bytes, dict[bytes, Record]] = field(default_factory=dict)
    days: Counter[tuple[bytes, int]] = field(default_factory=Counter)
    places: dict[tuple[bytes, int], Line] = field(default_factory=dict)
    known: int = 0

    def see(
        self, users: Sequence[bytes], requests: Sequence[bytes], statuses: Sequence[bytes],
        epochs: Sequence[int], numbers: Sequence[int], file: int,
    ) -> None:  # fmt: skip
        """Note the records that named people were given; a record opened again counts once."""
        people = {user for user in set(users) if names_a_person(user.decode("utf-8", "replace"))}
        if not people:
            return
        # One step per different pair: a page that asks for itself again opens no other record.
        pairs = reversed(tuple(zip(users, requests, strict=True)))
        rows = dict(zip(pairs, range(len(requests) - 1, -1, -1), strict=True))
        for (user, request), n in rows.items():
            if user in people and statuses[n][:1] == b"2":
                self.given(user, request, epochs[n], (file, numbers[n]))

    def given(self, user: bytes, request: bytes, epoch: int, at: Line) -> None:
        """Note that a person was given what the request asks for, if it is a numbered record."""
        found = _RECORD.match(request)
        if found is None or STATIC.search(request.decode("latin-1").partition(" ")[2][:300]):
            return
        family, number = found["path"] or found["page"], found["number"] or found["value"]
        records = self.records.setdefault(family, {})
        record = records.get(number)
        if record is None:
            if self.known >= _MAX_RECORDS:
                return
            self.known += 1
            record = records[number] = Record(at)
        record.first = min(record.first, at)
        if len(record.readers) < _MAX_READERS:
            record.readers.add(user)
        key = user, epoch // _DAY
        if key in self.days or len(self.days) < _MAX_DAYS:
            self.days[key] += 1
            self.places[key] = min(at, self.places.get(key, at))

    def join(self, end: Readers, lines: int) -> None:
        """Take in what was noted of the rest of the file, which begins so many lines further."""
        for family, records in end.records.items():
            own = self.records.setdefault(family, {})
            for number, record in records.items():
                if number not in own:
                    own[number] = Record(further(record.first, lines))
                    self.known += 1
                own[number].readers |= record.readers
        self.days.update(end.days)
        for key, at in end.places.items():
            self.places.setdefault(key, further(at, lines))

    @property
    def accounts(self) -> int:
        """How many people opened records."""
        return len({user for user, _ in self.days})

    def crowded(self) -> Iterator[tuple[int, float, bytes, Line]]:
        """Yield the records most accounts opened: how many, and how many one of its kind usually.

        A kind of which there are few records has nothing usual.
        """
        found = []
        for family, records in self.records.items():
            usual = median(len(record.readers) for record in records.values())
            found += [
                (len(r.readers), usual, family, r.first) for r in records.values()
                if len(records) >= _SHOWN and len(r.readers) > usual
            ]  # fmt: skip
        yield from islice(sorted(found, key=lambda one: (-one[0], one[3])), _SHOWN)

    def busiest(self) -> Iterator[tuple[int, float, dt.date, Line]]:
        """Yield the days on which one account opened most records, and what is usual of a day."""
        if not self.days:
            return
        usual = median(self.days.values())
        ordered = sorted(self.days.items(), key=lambda item: (-item[1], item[0][1]))
        for key, count in ordered[:_SHOWN]:
            day = dt.datetime.fromtimestamp(key[1] * _DAY, dt.UTC).date()
            yield count, usual, day, self.places[key]
