"""Where a service for several establishments keeps each one's files, from its own settings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.policies.texts import Settings, property_settings, yaml_settings
from cnilcheck.collectors.snapshot import open_snapshot, system_tasks
from cnilcheck.collectors.source_files import FOLDERS, SourceFiles
from cnilcheck.errors import Malformed
from cnilcheck.model.facts import Fact, SharedPlace, TenantStorage
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_FILES = re.compile(r"(?i)\.(?:ya?ml|json|properties|ini|conf|cfg)$")
_TENANTS = (
    r"(?:tenants?|hospitals?|hopita(?:l|ux)|hospitales|etablissements?|establishments?|clinics?"
    r"|cliniques?|centres?|centers?|facilities|facility|sites?|organi[sz]ations?|clients?"
    r"|customers?|pharmac(?:y|ies|ies?)|officines?|cabinets?|laboratoires?|labs?)"
)
_TENANT = re.compile(rf"(?i)^(?:.*\.)?{_TENANTS}\.(?P<who>[^.]{{1,80}})\.(?P<key>.{{1,200}})$")
_STORED = re.compile(
    r"(?i)(?:storage|stockage|attach|upload|document|piece|fichier|file|media|archiv|depot|volume"
    r"|bucket|blob|container|prefix|share)"
)
_PLACE = re.compile(
    r"(?i)^(?:/[\w.$@{} -]{1,80}){2,}/?$|^\\\\[\w.-]{1,80}(?:\\[\w.$ -]{1,80})+\\?$"
    r"|^[a-z]:[\\/][^<>|*?\"\n]{2,200}$|^(?:s3|gs|abfss?|nfs)://[\w./-]{3,200}$"
)
_NAMED = re.compile(r"(?i)(?:bucket|container|prefix|share)[^.]{0,20}$")
_TEMPLATE = re.compile(r"[{}$%]")
_MOST = 50


class TenantStorages:
    """Compares the storage settings of the establishments that one service keeps apart."""

    name = "tenant-storage"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (TenantStorage,)
    asks = "sources.system"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield one fact for each file that says where several establishments' files lie."""
        snapshot = open_snapshot(task, tools, self.name)
        files, told = SourceFiles(snapshot, tools.stop), False
        for path, text in files.texts(lambda p: bool(_FILES.search(p)), ("/etc", *FOLDERS)):
            for seen in _of_file(path, text):
                told = True
                yield seen
        yield from files.problems(TenantStorage)
        if not told:
            yield Nothing(task.location, TenantStorage)


def _of_file(path: str, text: str) -> Iterator[Seen]:
    if not (re.search(rf"(?i){_TENANTS}", text) and _STORED.search(text)):
        return
    try:
        settings = _settings(path, text)
    except Malformed:
        return
    kept = _kept(settings)
    if len(kept) > 1:
        yield Seen(path, TenantStorage(len(kept), tuple(_shared(kept, path))))


def _settings(path: str, text: str) -> Settings:
    if path.endswith((".yaml", ".yml", ".json")):
        return yaml_settings(text, path)
    if path.endswith(".properties"):
        return property_settings(text, path)
    settings, section = Settings(path), ""
    for number, line in enumerate(text.split("\n"), start=1):
        found = re.match(r"\s{0,20}([\w. -]{1,80}?)\s{0,20}[=:]\s{0,20}(\S.{0,500})", line[:1000])
        if head := re.match(r"\s{0,20}\[([^\]\n]{1,120})\]", line[:1000]):
            section = ".".join(re.findall(r"[^\s:.\"']+", head[1]))
        elif found and line.lstrip()[:1] not in ("#", ";"):
            settings.values[f"{section}.{found[1]}"] = (found[2].strip().strip("\"'"), number)
    return settings


def _kept(settings: Settings) -> dict[str, dict[str, tuple[str, int]]]:
    """Return where each establishment's files lie: its storage settings, with their lines."""
    kept: dict[str, dict[str, tuple[str, int]]] = {}
    for name, (value, line) in settings.values.items():
        found = _TENANT.match(name[:400])
        if found is None or not _STORED.search(found["key"]):
            continue
        if _PLACE.match(value) or (_NAMED.search(name) and value):
            plain = value.casefold().rstrip("/\\")
            who = f"{name[: found.start('who')]}{found['who']}"
            kept.setdefault(who, {})[found["key"]] = (plain, line)
    return kept


def _shared(kept: dict[str, dict[str, tuple[str, int]]], path: str) -> Iterator[SharedPlace]:
    """Yield each place that several establishments share: all their settings are the same."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for who, settings in kept.items():
        same = tuple(sorted((key, value) for key, (value, _) in settings.items()))
        # A place with a placeholder may become one for each.
        if not any(_TEMPLATE.search(value) for _, value in same):
            groups.setdefault(same, []).append(who)
    for same, names in list(groups.items())[:_MOST]:
        if len(names) > 1:
            line = min(kept[names[1]][key][1] for key, _ in same)
            place = printable(mask(" ".join(value for _, value in same)), 120)
            yield SharedPlace(f"{path}:{line}", place, len(names))
