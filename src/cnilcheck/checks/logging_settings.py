"""Judgements of what a server is configured to log, to keep, to send away and to watch."""

from __future__ import annotations

from fnmatch import fnmatchcase

from cnilcheck.model.facts import (
    AlertingSetting,
    ClientAddressSetting,
    ClockSetting,
    DatabaseLineSetting,
    ErrorLogSetting,
    JournalSetting,
    KernelAuditSetting,
    LogFileAccess,
    LogForwardingSetting,
    LogRotationSetting,
)
from cnilcheck.model.text import Text, Value
from cnilcheck.model.verdict import (
    Answer,
    Verdict,
    failed,
    not_applicable,
    passed,
    undecided,
)
from cnilcheck.model.words import LogClass

_FOREVER = 36_525


def sent_encrypted(fact: LogForwardingSetting, /) -> Verdict | None:
    """Pass when all lines that leave the machine do so encrypted; nothing leaves: no answer."""
    away = [one for one in fact.destinations if not one.here]
    if not away:
        return None
    plain = tuple(f"{one.address} ({one.transport})" for one in away if one.encrypted is False)
    if plain:
        return failed(product=fact.product, addresses=plain)
    if any(one.encrypted is None for one in away):
        return undecided()
    return passed(product=fact.product, addresses=tuple(one.address for one in away))


def journal_kept(fact: JournalSetting, /) -> Verdict:
    """Pass when the journal outlives a restart, or a syslog service takes its lines over."""
    if fact.on_disk:
        return passed(how=Text("sur le disque", "on disk"))
    if fact.taken_by:
        return passed(how=Text(f"par {fact.taken_by}", f"by {fact.taken_by}"))
    return undecided() if fact.on_disk is None else failed(storage=fact.storage)


def kept_within_bounds(
    fact: LogRotationSetting,
    /,
    *,
    general_days: int,
    longest_days: int,
    unconcerned: tuple[str, ...],
) -> Verdict | None:
    """Pass up to the general case; beyond it a written reason and the class of the log decide.

    A technical log, or one kept for internal control, ends at the longest time all the same.
    """
    if any(fnmatchcase(fact.log, pattern) for pattern in unconcerned):
        return None
    values: dict[str, Value] = {"log": fact.log, "time": _time(fact.days)}
    if fact.days <= general_days:
        return passed(**values, reason="")
    bounded = fact.log_class is not None and (
        fact.purpose == "legal_duty" and fact.log_class is not LogClass.TECHNICAL
    )
    if fact.justification and (bounded or fact.days <= longest_days):
        reason = fact.justification
        return passed(
            **values, reason=Text(f" (justification\u00a0: {reason})", f" (reason: {reason})")
        )
    most = longest_days if fact.justification else general_days
    return failed(**values, most=most)


def _time(days: int) -> Text:
    if days >= _FOREVER:
        return Text("sans limite de durée", "without any limit of time")
    return Text(f"{days} jours", f"{days} days")


def kernel_audited(fact: KernelAuditSetting, /) -> Verdict:
    """Pass when auditd is switched on and has rules."""
    if not fact.enabled:
        return failed(rules=fact.rules, state=Text("arrêté", "switched off"))
    state = Text("en service", "switched on")
    return passed(rules=fact.rules) if fact.rules else failed(rules=0, state=state)


def kernel_audit_locked(fact: KernelAuditSetting, /) -> Verdict:
    """Pass when the rules of auditd cannot be changed before the next start."""
    if not fact.rules or not fact.enabled:
        return not_applicable()
    return passed() if fact.immutable else failed()


def clock_followed(fact: ClockSetting, /) -> Verdict:
    """Pass when the time service has at least one source to follow."""
    if fact.sources:
        return passed(product=fact.product, sources=fact.sources)
    return failed(product=fact.product)


def alerts_configured(fact: AlertingSetting, /, *, elsewhere: tuple[str, ...]) -> Verdict | None:
    """Pass when rules watch the logs and somebody is told; what only blocks tells nobody.

    Products of `elsewhere` may keep their receivers where no file shows them.
    """
    if fact.kind == "block":
        return None
    values: dict[str, Value] = {"product": fact.product, "rules": fact.rules}
    told = fact.receivers or Text("personne", "nobody")
    if not fact.rules or (not fact.receivers and fact.product not in elsewhere):
        return failed(**values, receivers=told)
    return passed(**values, receivers=told) if fact.receivers else undecided()


def closed_to_others(fact: LogFileAccess, /, *, unconcerned: tuple[str, ...]) -> Verdict | None:
    """Pass when not every account of the machine may read or change the log."""
    if any(fnmatchcase(fact.log, pattern) for pattern in unconcerned):
        return None
    values: dict[str, Value] = {"log": fact.log, "mode": fact.mode, "owner": fact.owner}
    return failed(**values) if int(fact.mode, 8) & 0o006 else passed(**values)


def not_rewritable(fact: LogFileAccess, /, *, unconcerned: tuple[str, ...]) -> Verdict | None:
    """Pass when the application's account cannot rewrite the log it fills."""
    if any(fnmatchcase(fact.log, pattern) for pattern in unconcerned):
        return None
    if fact.application and not fact.append_only:
        return failed(log=fact.log, account=fact.application)
    return passed(log=fact.log, owner=fact.owner)


def client_address_kept(fact: ClientAddressSetting, /) -> Answer:
    """Pass when everything that hands requests on hands on the client's address with them."""
    if fact.lost:
        places = [place.partition(" ") for place in fact.lost]
        return tuple(
            failed(place, product=fact.product, context=context) for place, _, context in places
        )
    return passed(product=fact.product, places=len(fact.kept)) if fact.kept else None


def client_address_believed(
    fact: ClientAddressSetting, /, *, everyone: tuple[str, ...]
) -> Verdict | None:
    """Pass when only named proxies are believed when they state a client's address."""
    if not fact.trusted:
        return None
    anyone = tuple(network for network in fact.trusted if network in everyone)
    if anyone:
        return failed(product=fact.product, networks=anyone)
    return passed(product=fact.product, networks=fact.trusted)


def errors_written(fact: ErrorLogSetting, /, *, quiet: tuple[str, ...]) -> Verdict:
    """Pass when a program writes its errors down, and not only its last ones."""
    values: dict[str, Value] = {"product": fact.product}
    if not fact.enabled:
        return failed(**values, state=Text("pas du tout", "not at all"))
    if fact.level.lower() in quiet:
        level = fact.level
        return failed(**values, state=Text(f"à partir de {level}", f"from {level} only"))
    return passed(**values)


_HEADS = {
    "time": Text("l’heure", "the time"),
    "milliseconds": Text("les millisecondes", "the milliseconds"),
    "user": Text("le compte", "the account"),
    "client": Text("l’adresse du client", "the client’s address"),
    "session": Text("la session", "the session"),
    "database": Text("la base", "the database"),
}


def database_lines_complete(fact: DatabaseLineSetting, /, *, required: tuple[str, ...]) -> Verdict:
    """Pass when each line of the database's log says what is required."""
    values: dict[str, Value] = {"product": fact.product, "format": fact.format}
    missing = tuple(_HEADS[name] for name in required if name not in fact.fields)
    return failed(**values, missing=missing) if missing else passed(**values)
