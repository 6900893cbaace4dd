"""What the copy of the server's tree says of logging: what is written, kept, sent and watched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.log_settings import (
    alerting,
    clock,
    database,
    file_access,
    journald,
    kernel_audit,
    shippers,
    stores,
    web,
)
from cnilcheck.collectors.log_settings.context import FORWARDERS, with_context
from cnilcheck.collectors.snapshot import Snapshot, open_snapshot, system_tasks
from cnilcheck.collectors.source_files import FOLDERS, SourceFiles
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import (
    AlertingSetting,
    ClientAddressSetting,
    ClockSetting,
    DatabaseLineSetting,
    ErrorLogSetting,
    Fact,
    JournalSetting,
    KernelAuditSetting,
    LogFileAccess,
    LogForwardingSetting,
    LogRotationSetting,
    LogSourceSetting,
)
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

Reader = Callable[[Snapshot], Iterator[Sighting]]
_READERS: tuple[tuple[Reader, type[Fact]], ...] = (
    *((read, LogForwardingSetting) for read in FORWARDERS),
    (journald.read_journal, JournalSetting),
    (kernel_audit.read_kernel_audit, KernelAuditSetting),
    (clock.read_clock, ClockSetting),
    (alerting.read_wazuh, AlertingSetting),
    (alerting.read_grafana, AlertingSetting),
    (alerting.read_elastalert, AlertingSetting),
    (alerting.read_loki_rules, AlertingSetting),
    (alerting.read_fail2ban, AlertingSetting),
    (file_access.read_created, LogFileAccess),
    (web.read_nginx_logging, LogSourceSetting),
    (web.read_apache_logging, LogSourceSetting),
    (web.read_haproxy_clients, ClientAddressSetting),
    (web.read_php, ErrorLogSetting),
    (database.read_postgresql_logging, LogSourceSetting),
    (database.read_mysql_logging, LogSourceSetting),
    (stores.read_loki, LogRotationSetting),
)
# What tools export under their own words; other JSON files are many, and are not opened.
_POLICY = re.compile(
    r"(?i)(?:log|journal|ilm|ism|lifecycle|polic|retention|bucket|storage)[^/]*\.json$"
)
_COMPOSED = ("compose.yaml", "compose.yml")


class LoggingConfiguration:
    """Reads the configuration of each program that is there; the others have no object."""

    name = "logging-configuration"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (
        LogForwardingSetting,
        JournalSetting,
        KernelAuditSetting,
        ClockSetting,
        AlertingSetting,
        LogFileAccess,
        ClientAddressSetting,
        ErrorLogSetting,
        DatabaseLineSetting,
        LogSourceSetting,
    )
    asks = "sources.system"

    def version(self) -> str:
        """Return the version of cnilcheck: the readers are its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what each program found in the copy is told about logging."""
        snapshot = open_snapshot(task, tools, self.name)
        looked_at = set[type[Fact]]()
        for sighting in _sightings(snapshot, tools):
            looked_at.add(_kind(sighting))
            yield with_context(sighting, tools.scope)
        yield from (Nothing("/", fact) for fact in self.yields if fact not in looked_at)


def _sightings(snapshot: Snapshot, tools: Tools) -> Iterator[Sighting]:
    for read, fact in _READERS:
        yield from _guarded(read(snapshot), fact)
    files = SourceFiles(snapshot, tools.stop)
    found = list(files.texts(_wanted, ("/etc", *FOLDERS)))
    composed = [(path, text) for path, text in found if path.endswith(_COMPOSED)]
    policies = [(path, text) for path, text in found if stores.is_policy(path, text)]
    yield from shippers.read_docker(snapshot, composed)
    yield from stores.read_docker_sizes(snapshot, composed)
    yield from stores.read_policies(snapshot, policies)
    listing = tools.scope.sources.listing
    if listing:
        yield from _guarded(file_access.read_listing(snapshot, tools, listing), LogFileAccess)


def _guarded(sightings: Iterator[Sighting], fact: type[Fact]) -> Iterator[Sighting]:
    """Yield what a reader says; one that cannot go on leaves a gap, and the others are heard."""
    try:
        yield from sightings
    except CollectionError as error:
        yield Missing("/", fact, error)


def _wanted(path: str) -> bool:
    return path.endswith(_COMPOSED) or bool(_POLICY.search(path))


def _kind(sighting: Sighting) -> type[Fact]:
    match sighting:
        case Seen(fact=fact):
            return type(fact)
        case Missing(missing=kind):
            return kind
        case Nothing(of=kind):
            return kind
