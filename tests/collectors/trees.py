"""Small copies of servers, and what an instrument says of them."""

from __future__ import annotations

import io
from pathlib import Path

from cnilcheck.collectors.base import Collector, Journal, Missing, Seen, Sighting, Tools
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import Fact
from cnilcheck.model.scope import Limits, LogSource, Scope, Sources


def write(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return root


def tools_at(folder: Path, sources: Sources | None = None) -> Tools:
    scope = Scope(version=1, sources=sources or Sources())
    return Tools(folder, scope, Journal(io.StringIO()), Limits())


def snapshot(root: Path) -> Snapshot:
    return Snapshot(root, "./snapshot/", "test", tools_at(root))


def look(collector: Collector, system: Path | str) -> list[Sighting]:
    tools = tools_at(Path("/"), Sources(system=str(system)))
    (task,) = collector.tasks(tools.scope)
    assert task.target == str(system)
    return list(collector.observe(task, tools))


def look_at_logs(collector: Collector, folder: Path, *logs: LogSource) -> list[Sighting]:
    tools = tools_at(folder, Sources(logs=logs))
    return [s for task in collector.tasks(tools.scope) for s in collector.observe(task, tools)]


def facts(sightings: list[Sighting], kind: type[Fact]) -> dict[str, Fact]:
    return {s.location: s.fact for s in sightings if isinstance(s, Seen) and type(s.fact) is kind}


def gaps(sightings: list[Sighting]) -> list[tuple[str, type[Fact], CollectionError]]:
    return [(s.location, s.missing, s.error) for s in sightings if isinstance(s, Missing)]
