"""The configuration of the web server, nginx or Apache, in the copy of the server's tree."""

from __future__ import annotations

from collections.abc import Iterator

from cnilcheck.collectors.apache import MAINS, main_file, read_apache
from cnilcheck.collectors.base import Sighting, Task, Tools
from cnilcheck.collectors.nginx import MAIN, read_nginx
from cnilcheck.collectors.snapshot import open_snapshot, system_tasks
from cnilcheck.errors import InstrumentMissing, NotReadable
from cnilcheck.model.facts import (
    AccessLogSetting,
    DirectoryListingSetting,
    Fact,
    TlsSetting,
)
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method


class WebServerConfiguration:
    """Reads nginx with crossplane, and Apache directive by directive."""

    name = "web-server-configuration"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (TlsSetting, AccessLogSetting, DirectoryListingSetting)
    asks = "sources.system"

    def version(self) -> str:
        """Return the version of crossplane."""
        from importlib.metadata import PackageNotFoundError, version

        try:
            return f"crossplane {version('crossplane')}"
        except PackageNotFoundError:
            return "crossplane is missing"

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what each web server found in the copy is configured to do."""
        snapshot = open_snapshot(task, tools, self.name)
        apache, nginx = main_file(snapshot), snapshot.exists(MAIN)
        if not nginx and apache is None:
            places = " nor ".join((MAIN, *MAINS[:2]))
            raise NotReadable(f"the copy holds no web server configuration: neither {places}")
        if nginx:
            try:
                yield from read_nginx(snapshot)
            except ModuleNotFoundError:
                raise InstrumentMissing("the crossplane library is not installed") from None
        if apache is not None:
            yield from read_apache(snapshot, apache)
