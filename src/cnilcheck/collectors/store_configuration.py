"""Whether the services that hold data and files are configured to let strangers in."""

from __future__ import annotations

from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.file_exchange import (
    read_exports,
    read_proftpd,
    read_pure_ftpd,
    read_rsync,
    read_samba,
    read_vsftpd,
)
from cnilcheck.collectors.open_stores import read_elasticsearch, read_mongodb, read_redis
from cnilcheck.collectors.snapshot import open_snapshot, system_tasks
from cnilcheck.model.facts import Fact, ServiceAccess, ServiceEncryption
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_READERS = (
    read_vsftpd,
    read_proftpd,
    read_pure_ftpd,
    read_rsync,
    read_exports,
    read_samba,
    read_redis,
    read_mongodb,
    read_elasticsearch,
)


class StoreConfiguration:
    """Reads the configuration of each server of files or data that is there."""

    name = "store-configuration"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (ServiceAccess, ServiceEncryption)
    asks = "sources.system"

    def version(self) -> str:
        """Return the version of cnilcheck: the readers are its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield whom each service found lets in, and whether its files travel encrypted."""
        snapshot = open_snapshot(task, tools, self.name)
        told = [s for read in _READERS for s in read(snapshot) if not isinstance(s, Nothing)]
        yield from told
        kinds = {type(s.fact) if isinstance(s, Seen) else s.missing for s in told
                 if isinstance(s, Seen | Missing)}  # fmt: skip
        yield from (Nothing(task.location, fact) for fact in self.yields if fact not in kinds)
