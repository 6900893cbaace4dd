"""Judgements of what the lines of a log show: clocks, whole files, failures, walks, accounts."""

from __future__ import annotations

from cnilcheck.model.facts import (
    ClockStep,
    CrowdedRecord,
    LogAccounts,
    LogClock,
    LogFiles,
    LogReaders,
    LogSignIns,
    LogWalks,
    MassReading,
    RecordWalk,
    SignInBurst,
)
from cnilcheck.model.text import NBSP, Text, spell
from cnilcheck.model.verdict import Verdict, failed, not_applicable, passed, undecided
from cnilcheck.model.words import Lang, LogClass

_SHOWN = 3


def times_in_order(fact: LogClock, /, *, seconds: int) -> Verdict:
    """Pass when no line lies further before the one above it, and none after the file's own time.

    Where the clock was set is told by the lines after it.
    """
    steps = tuple(_step(step) for step in fact.steps if step.seconds > seconds)[:_SHOWN]
    if steps:
        return failed(steps=steps, number=fact.backwards, ahead=fact.ahead)
    if fact.ahead:
        return failed(steps=(), number=0, ahead=fact.ahead)
    return passed(lines=fact.lines) if fact.lines > 1 else undecided()


def _step(step: ClockStep) -> Text:
    fr, en = spell(step.at, Lang.FR), spell(step.at, Lang.EN)
    return Text(
        f"{step.place}{NBSP}: {spell(step.seconds, Lang.FR)} secondes en arrière, au {fr} UTC",
        f"{step.place}: {spell(step.seconds, Lang.EN)} seconds back, to {en} UTC",
    )


def one_time_zone(fact: LogClock, /) -> Verdict:
    """Pass for one zone, or for two an hour apart: winter and summer time of one place."""
    if not fact.zones:
        return undecided()
    offsets = [zone.minutes for zone in fact.zones]
    if len(offsets) == 1 or (
        len(offsets) == 2 and None not in offsets and abs(_apart(offsets)) == 60
    ):
        return passed(zones=tuple(_zone(minutes) for minutes in offsets))
    return failed(zones=tuple(_zone(minutes) for minutes in offsets))


def _apart(offsets: list[int | None]) -> int:
    first, second = (minutes or 0 for minutes in offsets)
    return second - first


def _zone(minutes: int | None) -> Text:
    if minutes is None:
        return Text("sans fuseau", "no zone")
    sign = "-" if minutes < 0 else "+"
    name = f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    return Text(name, name)


def files_whole(fact: LogFiles, /) -> Verdict:
    """Pass when no file has a hole of zero bytes, as truncating under a writer leaves."""
    holes = tuple(f"{file.name}:{file.first_hole}" for file in fact.files if file.holes)
    if holes:
        return failed(places=holes[:_SHOWN], number=sum(file.holes for file in fact.files))
    return passed(files=len(fact.files)) if fact.files else undecided()


def failures_stopped(fact: LogSignIns, /, *, most: int) -> Verdict:
    """Pass when a burst of failures met a limit; without any burst the log cannot tell."""
    open_bursts = [b for b in fact.bursts if b.attempts - b.refused > most]
    if open_bursts:
        return failed(bursts=tuple(_burst(burst) for burst in open_bursts[:_SHOWN]))
    if any(burst.refused for burst in fact.bursts):
        return passed(refused=sum(burst.refused for burst in fact.bursts))
    return undecided(failures=fact.failures)


def _burst(burst: SignInBurst) -> Text:
    fr, en = spell(burst.start, Lang.FR), spell(burst.start, Lang.EN)
    tried = burst.attempts - burst.refused
    return Text(
        f"{tried} échecs en dix minutes, le {fr} UTC{_from(burst.network).fr} ({burst.place})",
        f"{tried} failures in ten minutes, on {en} UTC{_from(burst.network).en} ({burst.place})",
    )


def _from(network: str) -> Text:
    return Text(f", depuis {network}", f", from {network}") if network else Text("", "")


def records_not_walked(fact: LogWalks, /, *, most: int, enough: int) -> Verdict:
    """Pass when nobody was given records one after the other; a short log cannot tell."""
    walks = [walk for walk in fact.walks if walk.steps >= most]
    if walks:
        return failed(walks=tuple(_walk(walk) for walk in walks[:_SHOWN]))
    return passed(lines=fact.lines) if fact.lines >= enough else undecided(lines=fact.lines)


def _walk(walk: RecordWalk) -> Text:
    fr, en = spell(walk.start, Lang.FR), spell(walk.start, Lang.EN)
    return Text(
        f"{walk.steps} numéros voisins sous {walk.address}, à partir du {fr} UTC"
        f"{_from(walk.network).fr} ({walk.place})",
        f"{walk.steps} neighbouring numbers below {walk.address}, from {en} UTC on"
        f"{_from(walk.network).en} ({walk.place})",
    )


def accounts_personal(fact: LogAccounts, /, *, shared: tuple[str, ...]) -> Verdict:
    """Pass when no author of a log of accesses to records is an account that several use."""
    if fact.log_class is not LogClass.APPLICATION_ACCESS:
        return not_applicable()
    found = tuple(
        Text(
            f"{use.name} ({spell(use.lines, Lang.FR)} lignes)",
            f"{use.name} ({spell(use.lines, Lang.EN)} lines)",
        )
        for use in fact.shared
        if set(use.name.split()) <= set(shared)
    )
    if found:
        return failed(accounts=found)
    return passed(accounts=fact.people) if fact.people else undecided()


def records_opened_by_few(fact: LogReaders, /, *, most: int, times: int, enough: int) -> Verdict:
    """Pass when no record had far more readers than its like; few readers cannot tell."""
    if fact.log_class is not LogClass.APPLICATION_ACCESS:
        return not_applicable()
    crowds = [c for c in fact.crowded if c.readers > most and c.readers >= c.usual * times]
    if crowds:
        return failed(crowds=tuple(_crowd(crowd) for crowd in crowds[:_SHOWN]))
    values = {"accounts": fact.accounts, "records": fact.records}
    return passed(**values) if fact.accounts >= enough else undecided(**values)


def _crowd(crowd: CrowdedRecord) -> Text:
    return Text(
        f"{crowd.readers} comptes pour un dossier sous {crowd.address}, {crowd.usual} d’ordinaire"
        f" ({crowd.place})",
        f"{crowd.readers} accounts for one record below {crowd.address}, {crowd.usual} usually"
        f" ({crowd.place})",
    )


def records_not_read_in_mass(fact: LogReaders, /, *, most: int, times: int, enough: int) -> Verdict:
    """Pass when nobody opened far more records in a day than is usual; few readers cannot tell."""
    if fact.log_class is not LogClass.APPLICATION_ACCESS:
        return not_applicable()
    found = [d for d in fact.busiest if d.records > most and d.records >= d.usual * times]
    if found and fact.accounts >= enough:
        return failed(days=tuple(_mass(day) for day in found[:_SHOWN]))
    values = {"accounts": fact.accounts, "records": fact.records}
    return passed(**values) if fact.accounts >= enough else undecided(**values)


def _mass(day: MassReading) -> Text:
    fr, en = spell(day.day, Lang.FR), spell(day.day, Lang.EN)
    return Text(
        f"{spell(day.records, Lang.FR)} dossiers ouverts par un seul compte le {fr},"
        f" {spell(day.usual, Lang.FR)} d’ordinaire ({day.place})",
        f"{spell(day.records, Lang.EN)} records opened by a single account on {en},"
        f" {spell(day.usual, Lang.EN)} usually ({day.place})",
    )
