"""Judgements of the logging module: what is written down, how long, and who looks at it."""

from __future__ import annotations

import math
import re
from fnmatch import fnmatchcase

from cnilcheck.model.facts import (
    AccessLogSetting,
    DatabaseLogSetting,
    LogExtent,
    LogFields,
    LoggingPractice,
    LogPersonalData,
    LogRotationSetting,
    LogSilences,
    Silence,
)
from cnilcheck.model.logging_coverage import too_many_unread
from cnilcheck.model.logging_matrix import UnreadLines, told_unread
from cnilcheck.model.personal_data import DataCount, DataKind
from cnilcheck.model.scope import Frequency, LogEvent
from cnilcheck.model.text import NBSP, NNBSP, Text, Value, french, spell
from cnilcheck.model.verdict import (
    Answer,
    Verdict,
    failed,
    not_applicable,
    passed,
    undecided,
)
from cnilcheck.model.words import Lang, LogClass

_EVENTS: dict[LogEvent, Text] = {
    "sign_in_success": Text("connexions réussies", "successful sign-ins"),
    "sign_in_failure": Text("connexions refusées", "failed sign-ins"),
    "sign_out": Text("déconnexions", "sign-outs"),
    "consultation": Text("consultations", "consultations"),
    "search": Text("recherches", "searches"),
    "creation": Text("créations", "creations"),
    "modification": Text("modifications", "modifications"),
    "deletion": Text("suppressions", "deletions"),
    "export": Text("exports", "exports"),
    "access_denied": Text("accès refusés", "denied accesses"),
    "rights_change": Text("changements de droits", "changes of rights"),
    "configuration_change": Text("changements de configuration", "changes of configuration"),
    "log_change": Text("interventions sur les journaux", "interventions on the logs"),
}
_FREQUENCIES: dict[Frequency, Text] = {
    "daily": Text("chaque jour", "daily"),
    "weekly": Text("chaque semaine", "weekly"),
    "monthly": Text("chaque mois", "monthly"),
    "quarterly": Text("chaque trimestre", "quarterly"),
    "yearly": Text("chaque année", "yearly"),
    "never": Text("jamais", "never"),
}


def operations_logged(fact: LoggingPractice, /, *, required: tuple[LogEvent, ...]) -> Verdict:
    """Pass when each of the required events is declared as logged."""
    if fact.events is None:
        return undecided()
    missing = tuple(_EVENTS[event] for event in required if event not in fact.events)
    if missing:
        return failed(missing=missing)
    return passed(logged=tuple(_EVENTS[event] for event in required))


def logs_reviewed(fact: LoggingPractice, /, *, regular: tuple[Frequency, ...]) -> Verdict:
    """Pass when somebody looks at the logs regularly; a rarer look is to be explained."""
    if fact.reviewed is None or fact.reviewed not in (*regular, "never"):
        return undecided()
    often = _FREQUENCIES[fact.reviewed]
    return failed() if fact.reviewed == "never" else passed(often=often)


def alerts_raised(fact: LoggingPractice, /) -> Verdict:
    """Pass when abnormal events raise an alert."""
    return _answered(fact.alerting)


def logs_kept_apart(fact: LoggingPractice, /) -> Verdict:
    """Pass when the logs are kept apart from the system they watch."""
    return _answered(fact.separated)


def clocks_synchronised(fact: LoggingPractice, /) -> Verdict:
    """Pass when the clocks of the machines that log are synchronised."""
    return _answered(fact.clock_synchronised)


def declared_retention(
    fact: LoggingPractice, /, *, minimum_days: int, maximum_days: int
) -> Verdict:
    """Pass within the general case; longer depends on the class of the log and on a reason."""
    days = fact.retention_days
    if days is None or days > maximum_days:
        return undecided()
    if days < minimum_days:
        return failed(days=days, minimum=minimum_days)
    return passed(days=days)


def _answered(answer: bool | None) -> Verdict:
    if answer is None:
        return undecided()
    return passed() if answer else failed()


def access_log_on(
    fact: AccessLogSetting,
    /,
    *,
    static: tuple[str, ...],
    paths: tuple[str, ...],
    harmless: tuple[str, ...],
) -> Answer:
    """Pass when no place that hands out pages or records is left without an access log.

    A place for static files or probes, or that only refuses or redirects, may go without.
    """
    off = [place.partition(" ") for place in fact.off]
    found = tuple(
        failed(place, context=context)
        for place, _, context in off
        if not any(word in context for word in harmless)
        and not _only_static(context, static, paths)
    )
    if found:
        return found
    return passed(places=len(fact.on)) if fact.on else undecided()


def _only_static(context: str, static: tuple[str, ...], paths: tuple[str, ...]) -> bool:
    words = [word for word in context.split()[1:] if word not in ("=", "^~", "~", "~*")]
    if not context.startswith("location ") or not words:
        return False
    path = words[0].removeprefix("^").replace("\\", "")
    if any(path == p or path.startswith(f"{p.rstrip('/')}/") for p in paths):
        return True
    # `~* \.(?:css|jpe?g|woff2?)$`: what is named after the last full stop.
    _, dot, names = words[0].replace("?:", "").replace("?", "").rpartition("\\.")
    extensions = re.findall(r"[a-z0-9]+", names.casefold())
    return bool(dot and extensions) and all(extension in static for extension in extensions)


def author_identified(fact: LogFields, /, *, least: float) -> Verdict:
    """Pass when the operations on an application's records have a person as their author."""
    if fact.log_class is not LogClass.APPLICATION_ACCESS:
        return not_applicable()
    if not fact.lines or too_many_unread(fact.unparsed, fact.lines):
        return undecided()
    share = _percent(fact.author)
    return passed(share=share) if fact.author >= least else failed(share=share)


def fields_recorded(fact: LogFields, /, *, least: float) -> Verdict:
    """Pass when time, operation and, in an application's log, the reference are recorded."""
    if not fact.lines or too_many_unread(fact.unparsed, fact.lines):
        return undecided()
    shares = [
        (Text("l’heure avec son fuseau", "the time with its zone"), fact.time_with_zone),
        (Text("la nature de l’opération", "the nature of the operation"), fact.operation),
    ]
    if fact.log_class is LogClass.APPLICATION_ACCESS:
        reference = Text("la référence des données", "the reference of the data")
        shares.append((reference, fact.reference))
    missing = tuple(
        Text(
            french(f"{name.fr} ({_percent(share).fr} des lignes)"),
            f"{name.en} ({_percent(share).en} of the lines)",
        )
        for name, share in shares
        if share < least
    )
    return failed(missing=missing) if missing else passed(lines=fact.lines)


def _percent(share: float) -> Text:
    # Rounded down: 94.9 % is not the 95 % that a norm asks for.
    number = math.floor(share * 100)
    return Text(f"{number}{NNBSP}%", f"{number}%")


_SHOWN = 5


def no_silence(fact: LogSilences, /, *, visible_minutes: int) -> Verdict:
    """Pass when no stretch is missing, provided that a long one would have been seen."""
    if fact.silences:
        stretches = tuple(_stretch(silence) for silence in fact.silences[:_SHOWN])
        more = len(fact.silences) - _SHOWN
        if more > 0:
            stretches += (Text(f"et {more} autres", f"and {more} more"),)
        return failed(stretches=stretches)
    smallest = _duration(fact.smallest_visible_minutes)
    if fact.smallest_visible_minutes > visible_minutes:
        return undecided(smallest=smallest)
    return passed(smallest=smallest)


def _stretch(silence: Silence) -> Text:
    lines = round(silence.expected)
    fr = [spell(moment, Lang.FR) for moment in (silence.start, silence.end)]
    en = [spell(moment, Lang.EN) for moment in (silence.start, silence.end)]
    return Text(
        f"du {fr[0]} au {fr[1]} UTC (environ {spell(lines, Lang.FR)} lignes attendues)",
        f"from {en[0]} to {en[1]} UTC (about {spell(lines, Lang.EN)} lines expected)",
    )


def _duration(minutes: int) -> Text:
    if minutes < 120:
        return Text(f"{minutes} minutes", f"{minutes} minutes")
    if minutes < 2880:
        hours = round(minutes / 60)
        return Text(f"{hours} heures", f"{hours} hours")
    days = round(minutes / 1440)
    return Text(f"{days} jours", f"{days} days")


def lines_readable(fact: LogExtent, /, *, unreadable: float) -> Verdict:
    """Pass when hardly a line of the log falls outside its own format."""
    if not fact.lines:
        return undecided()
    unread = told_unread(UnreadLines("", fact.lines, fact.unparsed, fact.samples))
    if fact.unparsed / fact.lines > unreadable:
        return failed(unread=unread)
    apart = Text(f", sauf {unread.fr}", f", but for {unread.en}") if fact.unparsed else Text("", "")
    return passed(lines=fact.lines, apart=apart) if fact.complete else undecided()


def kept_long_enough(
    fact: LogRotationSetting, /, *, days: int, unconcerned: tuple[str, ...]
) -> Verdict | None:
    """Pass when the rotation keeps a log for the general case's least time.

    Data that are themselves kept for less time bound the log by theirs (CNIL 2021-122, case 2).
    What is also sent elsewhere may live longer there: that is a question. The diaries of the
    operating system's own housekeeping are no concern of the rule.
    """
    if any(fnmatchcase(fact.log, pattern) for pattern in unconcerned):
        return None
    values: dict[str, Value] = {"log": fact.log, "days": fact.days}
    short = fact.purpose == "short_lived_data" and fact.data_days and fact.justification
    least = min(days, fact.data_days) if short and fact.data_days else days
    if fact.days >= least:
        return passed(**values)
    sent = fact.sent_to
    return undecided(**values, sent=sent) if sent else failed(**values, least=least)


def kept_no_longer(fact: LogExtent, /, *, days: int) -> Verdict:
    """Pass when a log goes back no further than the general case, or a reason is written down."""
    covered = (fact.last - fact.first).days
    if covered <= days:
        return passed(days=covered, reason="") if fact.complete else undecided()
    if fact.justification:
        reason = Text(
            f" (justification{NBSP}: {fact.justification})", f" (reason: {fact.justification})"
        )
        return passed(days=covered, reason=reason)
    return failed(days=covered, first=fact.first.date(), most=days)


_KINDS: dict[DataKind, Text] = {
    "nir": Text("numéros de sécurité sociale", "social security numbers"),
    "email": Text("adresses électroniques dans des adresses de pages", "e-mails in page addresses"),
    "phone": Text("numéros de téléphone", "telephone numbers"),
    "birth_date": Text("dates de naissance", "birth dates"),
    "test_result": Text("résultats de test", "test results"),
    "credential": Text("mots de passe ou jetons", "passwords or tokens"),
    "iban": Text("numéros de compte bancaire", "bank account numbers"),
    "rpps": Text("numéros de soignant (RPPS)", "caregivers’ numbers (RPPS)"),
}


def no_personal_data(fact: LogPersonalData, /, *, forbidden: tuple[DataKind, ...]) -> Verdict:
    """Pass when the log holds none of the kinds of data that do not belong in one."""
    found = tuple(_told(count) for count in fact.found if count.kind in forbidden)
    if found:
        return failed(found=found)
    return passed(lines=fact.lines) if fact.lines and fact.complete else undecided()


def _told(count: DataCount) -> Text:
    what, fr, en = _KINDS[count.kind], spell(count.count, Lang.FR), spell(count.count, Lang.EN)
    return Text(
        f"{what.fr}{NBSP}: {fr} ({spell(count.distinct, Lang.FR)} différents)",
        f"{what.en}: {en} ({spell(count.distinct, Lang.EN)} different)",
    )


def database_logging_on(fact: DatabaseLogSetting, /, *, statements: tuple[str, ...]) -> Verdict:
    """Pass when a database logs connections and at least the statements that change something."""
    values: dict[str, Value] = {
        "connections": Text("oui", "yes") if fact.connections else Text("non", "no"),
        "statements": fact.statements,
        "product": fact.product,
    }
    logged = any(fnmatchcase(fact.statements, pattern) for pattern in statements)
    return passed(**values) if fact.connections and logged else failed(**values)
