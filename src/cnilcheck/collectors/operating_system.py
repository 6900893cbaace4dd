"""Which operating system a copy of a server's tree is of, and whether it is still mended."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.snapshot import open_snapshot, system_tasks
from cnilcheck.collectors.software import ends_of_life
from cnilcheck.model.facts import Fact, Software, SoftwareVersions
from cnilcheck.model.personal_data import printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

# os-release(5): /etc's file comes first.
_FILES = ("/etc/os-release", "/usr/lib/os-release")
# Whoever pays goes on receiving fixes, which the copy of a tree does not tell.
_PAID = {"Ubuntu": "Ubuntu Pro", "Red Hat Enterprise Linux": "Red Hat ELS"}


class OperatingSystem:
    """Reads os-release in the copy of the server's tree."""

    name = "operating-system"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (SoftwareVersions,)
    asks = "sources.system"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the system's name and version, when the copy holds them."""
        snapshot = open_snapshot(task, tools, self.name)
        path = next((path for path in _FILES if snapshot.exists(path)), None)
        fields = _fields(snapshot.read(path)) if path else {}
        named, version = fields.get("NAME", ""), fields.get("VERSION_ID", "")
        if path is None or not named or not re.fullmatch(r"\d{1,4}(?:\.\d{1,4}){0,3}", version):
            yield Nothing(task.location, SoftwareVersions)
            return
        entry = next((e for e in ends_of_life() if e.product == named), None)
        name = printable(named, 60)
        software = entry.software(version, path) if entry else Software(name, version, path)
        yield Seen(path, SoftwareVersions((software,), _PAID.get(named, "")))


def _fields(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines()[:200] if "=" in line)
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}
