"""Judgements of what accounts do: by night, from everywhere, after a departure."""

from __future__ import annotations

from collections.abc import Iterable

from cnilcheck.model.facts import AccountPeak, LeaverUse, LogAccountUse, LogLeavers, LogOrder
from cnilcheck.model.text import Text, spell
from cnilcheck.model.verdict import Verdict, failed, not_applicable, passed, undecided
from cnilcheck.model.words import Lang, LogClass

_SHOWN = 3


def from_few_networks(fact: LogAccountUse, /, *, most: int, enough: int) -> Verdict:
    """Pass when no account is given records from many networks within an hour."""
    if fact.log_class is not LogClass.APPLICATION_ACCESS:
        return not_applicable()
    many = [peak for peak in fact.networks if peak.number > most]
    if many:
        return failed(uses=_told(many, Text("réseaux ou plus", "networks or more")))
    if fact.records < enough or 2 * fact.located < fact.records:
        return undecided(records=fact.records, located=fact.located)
    return passed(records=fact.records)


def at_usual_hours(fact: LogAccountUse, /, *, least: int) -> Verdict:
    """Pass when no account that hardly ever works by night was given many records in a night.

    Who often works by night has a night duty: that is no sign.
    """
    if fact.log_class is not LogClass.APPLICATION_ACCESS:
        return not_applicable()
    nights = [peak for peak in fact.nights if peak.number >= least]
    if nights:
        return failed(uses=_told(nights, Text("dossiers", "records")))
    return passed(accounts=fact.known) if fact.known else undecided(accounts=fact.known)


def _told(peaks: Iterable[AccountPeak], what: Text) -> tuple[Text, ...]:
    return tuple(
        Text(
            f"{spell(peak.number, Lang.FR)} {what.fr}, le {spell(peak.start, Lang.FR)} UTC"
            f" ({peak.place})",
            f"{spell(peak.number, Lang.EN)} {what.en}, on {spell(peak.start, Lang.EN)} UTC"
            f" ({peak.place})",
        )
        for peak in list(peaks)[:_SHOWN]
    )


def leavers_absent(fact: LogLeavers, /) -> Verdict:
    """Pass when no account acts after its owner left, in a log that goes on after a departure.

    A log that calls people otherwise than the lists do cannot tell.
    """
    if fact.uses:
        shown = tuple(_leaver(use) for use in fact.uses[:_SHOWN])
        return failed(uses=shown, number=len(fact.uses))
    if fact.covered and fact.recognised:
        return passed(people=fact.covered)
    if fact.covered:
        return undecided(why=_OTHER_NAMES)
    return undecided(why=_TOO_EARLY if fact.people else _NO_LIST)


_OTHER_NAMES = Text(
    "ne contient aucun des noms de la liste des comptes",
    "holds none of the names of the list of accounts",
)
_NO_LIST = Text(
    "n’a été comparé à aucun départ : aucune liste de comptes n’en donne la date",
    "was compared with no departure: no list of accounts dates one",
)
_TOO_EARLY = Text(
    "s’arrête avant le premier départ de la liste", "ends before the first departure of the list"
)


def _leaver(use: LeaverUse) -> Text:
    return Text(
        f"{spell(use.lines, Lang.FR)} lignes jusqu’au {spell(use.last, Lang.FR)} UTC, après le"
        f" départ du {spell(use.left, Lang.FR)} ({use.place})",
        f"{spell(use.lines, Lang.EN)} lines until {spell(use.last, Lang.EN)} UTC, after the"
        f" departure of {spell(use.left, Lang.EN)} ({use.place})",
    )


def numbers_follow(fact: LogOrder, /, *, filtered: float) -> Verdict:
    """Pass when none of the entries' own numbers is missing.

    Holes nearly everywhere are those of an extract; lines that could not be read may be the holes.
    """
    if not fact.kind:
        return not_applicable()
    if not fact.gaps:
        return passed(entries=fact.entries, kind=fact.kind)
    if fact.unparsed or fact.gaps > filtered * fact.entries:
        return undecided(missing=fact.missing, entries=fact.entries)
    shown = tuple(
        Text(f"{hole.first}-{hole.last} ({hole.place})", f"{hole.first}-{hole.last} ({hole.place})")
        for hole in fact.holes[:_SHOWN]
    )
    return failed(missing=fact.missing, gaps=fact.gaps, shown=shown, kind=fact.kind)
