"""What PostgreSQL and MySQL or MariaDB log of who did what, and for how long they keep it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnilcheck.collectors.base import Missing, Seen, Sighting
from cnilcheck.collectors.log_settings.texts import is_on
from cnilcheck.collectors.mysql import ServerSettings, main_file
from cnilcheck.collectors.postgresql import ClusterSettings, cluster_files, settings_of
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError, Malformed
from cnilcheck.model.facts import (
    ConfiguredEvent,
    DatabaseLineSetting,
    DatabaseLogSetting,
    LogRotationSetting,
    LogSourceSetting,
)
from cnilcheck.model.logging_matrix import EventCategory, EventField
from cnilcheck.model.personal_data import printable

# postgresql.conf, log_line_prefix: what each escape stands for.
_ESCAPES = {
    "t": "time", "m": "time", "n": "time", "s": "", "u": "user", "d": "database",
    "r": "client", "h": "client", "c": "session", "p": "session", "a": "application",
    "l": "line", "Q": "query", "P": "session", "b": "backend", "i": "command", "e": "state",
}  # fmt: skip
_WHOLE = ("time", "milliseconds", "user", "client", "session", "database")
# log_filename is reused when its pattern comes round again and truncation is on.
_CYCLES = (("%a", 7), ("%d", 31), ("%H", 1), ("%j", 366), ("%m", 365))
_CLASSES: dict[str, tuple[EventCategory, ...]] = {
    "read": ("consultation", "search", "export"),
    "write": ("modification", "deletion"),
    "role": ("rights_change",),
    "ddl": ("configuration_change",),
}
_STATEMENTS: dict[str, tuple[str, ...]] = {
    "none": (), "ddl": ("role", "ddl"), "mod": ("role", "ddl", "write"),
    "all": ("role", "ddl", "write", "read"),
}  # fmt: skip
_FIELDS: tuple[EventField, ...] = ("time", "operation", "reference")
_BY_PREFIX: dict[str, EventField] = {"client": "origin", "session": "correlation"}


def read_postgresql_logging(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield the head of a line, the events logged and the days kept, cluster by cluster."""
    for conf in cluster_files(snapshot):
        settings = settings_of(snapshot, conf)
        if settings.problems:
            for fact in (DatabaseLineSetting, LogSourceSetting):
                yield Missing(conf, fact, settings.problems[0])
            continue
        line, place = _line(settings, conf)
        yield Seen(place, line)
        yield Seen(conf, LogSourceSetting("PostgreSQL", tuple(_events(settings, line, conf))))
        yield from _retention(settings, conf)


def _line(settings: ClusterSettings, conf: str) -> tuple[DatabaseLineSetting, str]:
    written, place = settings.get("log_destination", "stderr", conf)
    for name in ("jsonlog", "csvlog"):
        if name in written and _on(settings, "logging_collector", conf):
            return DatabaseLineSetting("PostgreSQL", name, _WHOLE), place
    # Before version 10 the prefix was empty; since then `%m [%p] `.
    prefix, place = settings.get("log_line_prefix", "%m [%p] ", conf)
    escapes = re.findall(r"%-?\d{0,3}([a-zA-Z])", prefix)
    fields = dict.fromkeys(_ESCAPES.get(escape, "") for escape in escapes)
    if {"m", "n"} & set(escapes):
        fields["milliseconds"] = None
    kept = tuple(name for name in _WHOLE if name in fields)
    return DatabaseLineSetting("PostgreSQL", printable(prefix.strip(), 80), kept), place


def _on(settings: ClusterSettings, name: str, conf: str, default: str = "off") -> bool:
    # Since version 18 log_connections is a list of stages: whatever is not off is on.
    return is_on(settings.get(name, default, conf)[0]) is not False


def _events(
    settings: ClusterSettings, line: DatabaseLineSetting, conf: str
) -> Iterator[ConfiguredEvent]:
    fields = (*_FIELDS, *(f for name, f in _BY_PREFIX.items() if name in line.fields))
    for name, category in (
        ("log_connections", "sign_in_success"),
        ("log_disconnections", "sign_out"),
    ):
        place = settings.get(name, "off", conf)[1]
        yield ConfiguredEvent(category, _on(settings, name, conf), fields, place)  # type: ignore[arg-type]
    level, place = settings.get("log_min_messages", "warning", conf)
    # A refused connection is FATAL: only `panic` leaves it out.
    yield ConfiguredEvent("sign_in_failure", level.lower() != "panic", fields, place)
    statements, place = _classes(settings, conf)
    for name, categories in _CLASSES.items():
        for category in categories:
            yield ConfiguredEvent(category, name in statements, fields, place)


def _classes(settings: ClusterSettings, conf: str) -> tuple[set[str], str]:
    """Return the pgAudit classes in force, those that log_statement amounts to among them."""
    statement, place = settings.get("log_statement", "none", conf)
    found = set(_STATEMENTS.get(statement.lower(), ()))
    if "pgaudit" in settings.get("shared_preload_libraries", "", conf)[0]:
        audited, audit_place = settings.get("pgaudit.log", "none", conf)
        for word in (w.strip().lower() for w in audited.split(",")):
            if word == "all":
                found |= set(_CLASSES)
            elif word.startswith("-"):
                found.discard(word[1:])
            elif word in _CLASSES:
                found.add(word)
        place = audit_place if audited.lower() not in ("none", "") else place
    return found, place


def _retention(settings: ClusterSettings, conf: str) -> Iterator[Sighting]:
    """PostgreSQL deletes no log itself: it overwrites one whose name comes round again."""
    if not _on(settings, "logging_collector", conf):
        return
    name, place = settings.get("log_filename", "postgresql-%Y-%m-%d_%H%M%S.log", conf)
    if "%Y" in name or "%y" in name or "%s" in name:
        return
    truncates = _on(settings, "log_truncate_on_rotation", conf)
    days = next((days for sign, days in reversed(_CYCLES) if sign in name), 0)
    if days and truncates:
        yield Seen(place, LogRotationSetting(printable(name, 80), days, "PostgreSQL"))
    elif not days:
        detail = f"{place}: how many days of {printable(name, 80)} are kept cannot be told"
        yield Missing(place, LogRotationSetting, Malformed(detail))


def read_mysql_logging(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield what MySQL's or MariaDB's audit plugin, or else the general log, has logged."""
    main = main_file(snapshot)
    if main is None:
        return
    settings = ServerSettings(snapshot)
    try:
        settings.read(main)
    except CollectionError as error:
        yield Missing(main, LogSourceSetting, error)
        return
    if not settings.present:
        return
    connections, statements, place = _mysql_audit(settings, main)
    yield Seen(place, DatabaseLogSetting(settings.product, connections, statements))
    yield Seen(
        place,
        LogSourceSetting(
            settings.product, tuple(_mysql_events(connections, statements, place))
        ),
    )  # fmt: skip


def _mysql_audit(settings: ServerSettings, main: str) -> tuple[bool, str, str]:
    """Return whether connections are logged, which statements, and where that is written."""
    if settings.on("server_audit_logging"):
        events, place = settings.values.get(
            "server_audit_events", ("", settings.values["server_audit_logging"][1])
        )
        words = {word.strip().lower() for word in events.split(",") if word.strip()}
        # Without server_audit_events MariaDB's plugin logs every kind of event.
        kinds = words or {"connect", "query", "table"}
        connections, rest = "connect" in kinds, sorted(kinds - {"connect"})
        return connections, f"server_audit: {','.join(rest)}" if rest else "none", place
    for name in ("audit_log", "audit_log_policy", "audit_log_format"):
        written = settings.values.get(name)
        if written and written[0].lower() not in ("off", "none", "force_off"):
            policy = settings.values.get("audit_log_policy", ("all", written[1]))[0].lower()
            return (
                policy in ("all", "logins"),
                "audit_log: all" if policy in ("all", "queries") else "none",
                written[1],
            )
    if settings.on("general_log"):
        return True, "general_log", settings.values["general_log"][1]
    place = settings.values.get(
        "server_audit_logging", settings.values.get("general_log", ("", main))
    )[1]
    return False, "none", place


def _mysql_events(connections: bool, statements: str, place: str) -> Iterator[ConfiguredEvent]:
    fields: tuple[EventField, ...] = (*_FIELDS, "origin", "correlation")
    for category in ("sign_in_success", "sign_in_failure", "sign_out"):
        yield ConfiguredEvent(category, connections, fields, place)
    kinds = set(re.split(r"[:,\s]+", statements))
    everything = bool(kinds & {"query", "general_log", "all"})
    writes = everything or bool(kinds & {"query_dml", "table"})
    reads = everything or (
        bool(kinds & {"query_dml", "table"}) and "query_dml_no_select" not in kinds
    )
    defines = everything or "query_ddl" in kinds
    told = {"read": reads, "write": writes or "query_dml_no_select" in kinds,
            "role": everything or "query_dcl" in kinds, "ddl": defines}  # fmt: skip
    for name, categories in _CLASSES.items():
        for category in categories:
            yield ConfiguredEvent(category, told[name], fields, place)
