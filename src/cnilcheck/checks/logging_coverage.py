"""Judgements of the logging matrix: which events are logged, and what their lines leave out."""

from __future__ import annotations

import math

from cnilcheck.model.facts import LoggedEvents, TracedAction
from cnilcheck.model.logging_coverage import ENOUGH
from cnilcheck.model.logging_matrix import (
    CATEGORY_NAMES,
    FIELD_NAMES,
    ON_RECORDS,
    CategoryRow,
    EventCategory,
    FieldEvidence,
    SourceEvidence,
    mandatory,
)
from cnilcheck.model.text import NBSP, NNBSP, Text, spell
from cnilcheck.model.verdict import Answer, Verdict, failed, passed, undecided
from cnilcheck.model.words import Lang

_TESTED = ("test", "remote_test")


def events_logged(fact: LoggedEvents, /, *, required: tuple[EventCategory, ...]) -> Answer:
    """Pass for each required category that lines were seen of; fail where every source says no.

    What a test event decided is told by the rule about tests.
    """
    rows = [row for row in fact.rows if row.category in required]
    return tuple(
        _logged(row) for row in rows if not any(s.kind in _TESTED for s in row.sources)
    ) or None  # fmt: skip


def _logged(row: CategoryRow) -> Verdict:
    event = CATEGORY_NAMES[row.category]
    sources = tuple(dict.fromkeys(one.source for one in row.sources))
    if row.logged is not None and row.logged >= 3:
        return passed(row.category, event=event, lines=row.events, sources=sources)
    if row.logged == 0:
        return failed(row.category, event=event, sources=sources)
    return undecided(row.category, event=event, how=_HOW[row.logged])


_HOW = {
    None: Text("rien ne le montre", "nothing shows it"),
    1: Text("seulement déclaré", "declared only"),
    2: Text("réglé, mais aucune ligne n’a été vue", "configured, but no line was seen"),
}


_ACTIONS = {
    "sign_in_failure": Text("la connexion refusée d’essai", "the failed test sign-in"),
    "sign_in_success": Text("la connexion d’essai", "the test sign-in"),
    "consultation": Text("la consultation d’essai", "the test consultation"),
    "forbidden_read": Text("la consultation interdite d’essai", "the forbidden test consultation"),
    "unknown_page": Text("la page d’essai qui n’existe pas", "the test page that does not exist"),
    "search": Text("la recherche d’essai", "the test search"),
    "export": Text("l’export d’essai", "the test export"),
    "modification": Text("la modification d’essai", "the test modification"),
    "sign_out": Text("la déconnexion d’essai", "the test sign-out"),
}


def action_traced(fact: TracedAction, /) -> Verdict:
    """Pass when the line an action left says all it must; undecided while no log was searched."""
    action = _ACTIONS[fact.action]
    if not fact.searched:
        return undecided(action=action)
    if fact.trace is None:
        return failed(action=action, how=Text("aucune ligne", "no line"), place=fact.searched)
    wanting = [name for name in mandatory(fact.category) if name not in fact.trace.fields]
    place = fact.trace.place
    if not wanting:
        return passed(action=action, place=place)
    fr = ", ".join(FIELD_NAMES[name].fr for name in wanting)
    en = ", ".join(FIELD_NAMES[name].en for name in wanting)
    how = Text(f"une ligne qui ne dit pas{NBSP}: {fr}", f"a line that does not tell: {en}")
    return failed(action=action, how=how, place=place)


def events_complete(fact: LoggedEvents, /) -> Answer:
    """Pass for each log whose lines on records say all they must; one verdict for each log.

    Only the log declared to hold the accesses to records can fail: a technical log has other ends.
    """
    found: dict[str, list[Text]] = {}
    judged: dict[str, int] = {}
    unread: dict[str, int] = {}
    for row in fact.rows:
        for source in row.sources if row.category in ON_RECORDS else ():
            if source.kind == "lines" and source.unread:
                unread[source.source] = source.unread
            elif source.kind == "lines" and source.level is not None:
                judged[source.source] = judged.get(source.source, 0) + source.events
                missing = _missing(row, source)
                found.setdefault(source.source, []).extend([missing] if missing else [])
    verdicts = [
        failed(log, missing=tuple(wanting)) if wanting else passed(log, lines=judged[log])
        for log, wanting in found.items()
    ]
    open_ones = [undecided(log, why=_too_many(number)) for log, number in unread.items()]
    return (*verdicts, *open_ones) or undecided(why=_NO_OPERATION)


_NO_OPERATION = Text("ne montre aucune opération sur un dossier", "shows no operation on a record")


def _too_many(unread: int) -> Text:
    fr, en = spell(unread, Lang.FR), spell(unread, Lang.EN)
    return Text(
        f"contient trop de lignes illisibles pour en juger ({fr})",
        f"holds too many lines that cannot be read to judge it ({en})",
    )


def _missing(row: CategoryRow, source: SourceEvidence) -> Text | None:
    wanting = [one for one in source.fields if one.field in mandatory(row.category)]
    parts = [_part(one) for one in wanting if one.level == 0]
    if not parts:
        return None
    event = CATEGORY_NAMES[row.category]
    fr, en = ", ".join(part.fr for part in parts), ", ".join(part.en for part in parts)
    return Text(f"{event.fr} ({fr})", f"{event.en} ({en})")


def _part(one: FieldEvidence) -> Text:
    # Rounded down: 94.9 % is not the 95 % that is asked for.
    share = math.floor(min(one.filled / one.events, ENOUGH) * 100) if one.events else 0
    name, at = FIELD_NAMES[one.field], f", {one.place}" if one.place else ""
    return Text(f"{name.fr}{NBSP}: {share}{NNBSP}%{at}", f"{name.en}: {share}%{at}")
