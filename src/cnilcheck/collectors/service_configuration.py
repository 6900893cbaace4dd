"""What HAProxy, Postfix, Dovecot, MySQL and OpenSSL are configured to encrypt."""

from __future__ import annotations

from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.dovecot import read_dovecot
from cnilcheck.collectors.haproxy import read_haproxy
from cnilcheck.collectors.mysql import read_mysql
from cnilcheck.collectors.openssl_cnf import read_openssl
from cnilcheck.collectors.postfix import read_postfix
from cnilcheck.collectors.snapshot import open_snapshot, system_tasks
from cnilcheck.model.facts import Fact, SecurityLevelSetting, ServiceEncryption, TlsSetting
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method


class ServiceConfiguration:
    """Reads the configuration of each service that is there; the others have no object."""

    name = "service-configuration"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (TlsSetting, ServiceEncryption, SecurityLevelSetting)
    asks = "sources.system"

    def version(self) -> str:
        """Return the version of cnilcheck: the readers are its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what each service found in the copy demands."""
        snapshot = open_snapshot(task, tools, self.name)
        looked_at = set[type[Fact]]()
        for read in (read_haproxy, read_postfix, read_dovecot, read_mysql, read_openssl):
            for sighting in read(snapshot):
                looked_at.add(_kind(sighting))
                yield sighting
        yield from (Nothing("/", fact) for fact in self.yields if fact not in looked_at)


def _kind(sighting: Sighting) -> type[Fact]:
    match sighting:
        case Seen(fact=fact):
            return type(fact)
        case Missing(missing=kind):
            return kind
        case Nothing(of=kind):
            return kind
