"""What was noted while a log was read, as facts: clocks, files, failures, walks, accounts."""

from __future__ import annotations

import datetime as dt

from cnilcheck.collectors.generic_names import generic_name
from cnilcheck.collectors.log_accounts import Peak
from cnilcheck.collectors.log_behaviour import network_of
from cnilcheck.collectors.log_events import SHARED, names_a_person
from cnilcheck.collectors.log_places import Line
from cnilcheck.collectors.log_reading import Reading
from cnilcheck.collectors.log_tally import moment
from cnilcheck.model.facts import (
    AccountPeak,
    AccountUse,
    ClockStep,
    CrowdedRecord,
    LeaverUse,
    LogAccounts,
    LogAccountUse,
    LogClock,
    LogFileRead,
    LogFiles,
    LogLeavers,
    LogOrder,
    LogReaders,
    LogSignIns,
    LogWalks,
    MassReading,
    NumberHole,
    RecordWalk,
    SignInBurst,
    ZoneUse,
)
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.words import LogClass

_SHOWN = 20
# One line in a hundred of another zone is a line quoted, not a clock.
_STRAY = 0.01


def clock_of(reading: Reading) -> LogClock:
    """Return whether times follow each other, and the zones that more than a stray line has."""
    tally, line = reading.tally, reading.tally.timeline
    steps = tuple(
        ClockStep(place_of(reading, step.at), moment(step.time), step.seconds)
        for step in sorted(line.steps, reverse=True)
    )
    total = sum(tally.offsets.values())
    zones = [
        ZoneUse(None if offset is None else offset // 60, count)
        for offset, count in tally.offsets.items()
        if count > total * _STRAY
    ]
    zones.sort(key=lambda zone: (-zone.lines, zone.minutes or 0))
    return LogClock(total, line.backwards, steps[:_SHOWN], line.ahead, tuple(zones))


def files_of_log(reading: Reading) -> LogFiles:
    """Return the files that were read."""
    return LogFiles(tuple(
        LogFileRead(
            printable(seen.name), seen.size, seen.digest, seen.lines, seen.holes, seen.first_hole,
            seen.cut, seen.ends_in_line, seen.changed,
            number in reading.tally.cut_starts,
        )
        for number, seen in enumerate(reading.files)
    ))  # fmt: skip


def sign_ins_of(reading: Reading) -> LogSignIns:
    """Return the failed sign-ins, and the windows with most of them."""
    behaviour = reading.tally.behaviour
    bursts = tuple(
        SignInBurst(
            network_of(burst.client), moment(burst.start), burst.attempts, burst.refused,
            place_of(reading, burst.first),
        )
        for burst in behaviour.largest_bursts()
    )  # fmt: skip
    return LogSignIns(behaviour.failures, bursts)


def walks_of(reading: Reading) -> LogWalks:
    """Return who was given records one after the other."""
    walks = tuple(
        RecordWalk(
            network_of(walk.client), printable(mask(walk.address), 120), walk.steps,
            moment(walk.start), moment(walk.end), place_of(reading, walk.first),
        )
        for walk in reading.tally.behaviour.longest_walks()
    )  # fmt: skip
    return LogWalks(reading.tally.lines, walks)


def readers_of(reading: Reading, log_class: LogClass) -> LogReaders:
    """Return the records that most accounts opened, and the accounts that opened most records."""
    readers = reading.tally.readers
    crowded = tuple(
        CrowdedRecord(
            count, round(usual), printable(mask(family.decode("utf-8", "replace")), 120),
            place_of(reading, at),
        )
        for count, usual, family, at in readers.crowded()
    )  # fmt: skip
    mass = tuple(
        MassReading(count, round(usual), day, place_of(reading, at))
        for count, usual, day, at in readers.busiest()
    )
    return LogReaders(log_class, readers.accounts, readers.known, crowded, mass)


def accounts_of(reading: Reading, log_class: LogClass) -> LogAccounts:
    """Return how many people are authors, and the accounts that are nobody's own."""
    shared: dict[str, int] = {}
    people = 0
    for author, count in reading.tally.authors.items():
        name = author.strip("\"' ").casefold()
        generic = generic_name(name)
        people += names_a_person(author) and not generic
        if name in SHARED or generic:
            name = generic or name
            shared[name] = shared.get(name, 0) + count
    uses = sorted(shared.items(), key=lambda use: (-use[1], use[0]))
    return LogAccounts(log_class, people, tuple(AccountUse(*use) for use in uses))


# A working fortnight: before, nobody's habits are known. Two nights: after, it is a habit.
_LEAST_DAYS, _MOST_NIGHTS = 10, 2


def account_use_of(reading: Reading, log_class: LogClass) -> LogAccountUse:
    """Return what accounts were given by the hour, and by night."""
    accounts = reading.tally.accounts
    accounts.end()
    return LogAccountUse(
        log_class, accounts.records, accounts.located, accounts.known_accounts(_LEAST_DAYS),
        _peaks(reading, accounts.most_networks),
        _peaks(reading, accounts.rare_nights(_LEAST_DAYS, _MOST_NIGHTS)),
    )  # fmt: skip


def _peaks(reading: Reading, peaks: list[Peak]) -> tuple[AccountPeak, ...]:
    ordered = sorted(peaks, key=lambda peak: (-peak.count, peak.first))
    return tuple(
        AccountPeak(place_of(reading, peak.first), moment(peak.start), peak.count)
        for peak in ordered[:_SHOWN_PEAKS]
    )


_SHOWN_PEAKS = 5


def leavers_of(reading: Reading) -> LogLeavers:
    """Return what accounts did after their owners left."""
    accounts, end = reading.tally.accounts, reading.tally.last or 0
    uses = tuple(
        LeaverUse(
            place_of(reading, one.first), (moment(one.left) - dt.timedelta(days=1)).date(),
            one.lines, moment(one.last),
        )
        for one in sorted(accounts.departed.values(), key=lambda one: one.first)
    )  # fmt: skip
    covered = sum(left <= end for left in accounts.departures.values())
    recognised = accounts.recognised(reading.tally.authors)
    return LogLeavers(len(accounts.departures), covered, uses[:_SHOWN], recognised)


def order_of(reading: Reading) -> LogOrder:
    """Return which of the entries' own numbers are missing."""
    order = reading.tally.order
    holes = order.holes()
    shown = tuple(
        NumberHole(place_of(reading, hole.at), hole.first, hole.last) for hole in holes[:_SHOWN]
    )
    return LogOrder(
        order.kind, order.entries, sum(hole.missing for hole in holes), len(holes), shown,
        order.restarts, reading.tally.unparsed,
    )  # fmt: skip


def place_of(reading: Reading, at: Line) -> str:
    """Return a line as `file:line`."""
    number, line = at
    return f"{printable(reading.files[number].name)}:{line}"
