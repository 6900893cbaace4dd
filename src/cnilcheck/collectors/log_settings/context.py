"""What else decides how long a log must live: what the scope declares of it, and its copies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from msgspec.structs import replace

from cnilcheck.collectors.base import Seen, Sighting
from cnilcheck.collectors.log_settings import shippers, syslog
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import LogForwardingSetting, LogRotationSetting
from cnilcheck.model.scope import Scope

FORWARDERS: tuple[Callable[[Snapshot], Iterator[Sighting]], ...] = (
    syslog.read_rsyslog,
    syslog.read_syslog_ng,
    syslog.read_journal_upload,
    syslog.read_audit_remote,
    shippers.read_beats,
    shippers.read_fluent_bit,
    shippers.read_fluentd,
    shippers.read_vector,
    shippers.read_loki_clients,
    shippers.read_wazuh_agent,
)


def sent_to(snapshot: Snapshot) -> tuple[str, ...]:
    """Return where the machine sends log lines, so that they may live longer there."""
    found: dict[str, None] = {}
    for read in FORWARDERS:
        try:
            for sighting in read(snapshot):
                match sighting:
                    case Seen(fact=LogForwardingSetting(destinations=destinations)):
                        found |= {one.address: None for one in destinations if not one.here}
        except CollectionError:
            continue
    return tuple(found)[:10]


def with_context(sighting: Sighting, scope: Scope, destinations: tuple[str, ...] = ()) -> Sighting:
    """Return the sighting; a time of retention goes with its destinations and declaration."""
    match sighting:
        case Seen(location, LogRotationSetting() as fact):
            return Seen(location, _declared(replace(fact, sent_to=destinations), scope))
    return sighting


def _declared(fact: LogRotationSetting, scope: Scope) -> LogRotationSetting:
    declared = scope.declarations.logging
    for kept in declared.retention if declared else ():
        if kept.log == fact.log or fnmatchcase(fact.log, kept.log):
            return replace(
                fact, log_class=kept.class_, purpose=kept.purpose, justification=kept.reason,
                data_days=kept.data_days,
            )  # fmt: skip
    return fact
