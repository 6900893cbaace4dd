"""Whether settings for tests and development lead to the database of production."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cnilcheck import __version__
from cnilcheck.collectors.base import Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.policies.texts import yaml_settings
from cnilcheck.collectors.snapshot import open_snapshot, system_tasks
from cnilcheck.collectors.source_files import FOLDERS, SourceFiles
from cnilcheck.errors import Malformed
from cnilcheck.model.facts import EnvironmentDatabase, Fact
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_MAX_PLACES = 100
_TEST = (
    r"(?:dev|devel|development|tests?|testing|staging|recette|preprod|qualif|ci|local|integration)"
)
_PRODUCTION = r"(?:prod|production|prd|live)"
_FILE = re.compile(
    r"(?i)(?:^|/)\.env(?:\.[\w-]+)?$|\.(?:env|ini|conf|cfg|properties|toml|ya?ml|json)$"
    r"|/[^/]*(?:settings?|config\w*|database)[^/]*\.(?:py|php|js|ts)$"
    r"|/(?:settings?|config|environments?)/[^/]+\.(?:py|php|js|ts|rb)$"
)
_NAMES_TEST = re.compile(rf"(?i)(?:^|[/_.-]){_TEST}(?=[/_.-]|$)")
_NAMES_PRODUCTION = re.compile(rf"(?i)(?:^|[/_.-]){_PRODUCTION}(?=[\d/_.-]|$)")
_URL = re.compile(
    r"(?i)\b(?:jdbc:)?(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|mssql|sqlserver|oracle)"
    r"(?:\+\w+)?://(?:[^\s@/\"']{0,200}@)?(?P<host>[\w.-]{2,120})(?::\d{1,5})?"
    r"(?:/(?P<name>[\w.-]{1,60}))?"
)
_HOST = re.compile(
    r"(?im)^[ \t\"']*(?:\w{0,20}_)?(?:DB|DATABASE|PG|POSTGRES|MYSQL|MONGO)_?(?:HOST|SERVER)[\"']?"
    r"\s*(?:=>|=|:)\s*[\"']?(?P<host>[\w.-]{2,120})"
)
_NAME = re.compile(
    r"(?im)^[ \t\"']*(?:\w{0,20}_)?(?:DB|DATABASE|PG|POSTGRES|MYSQL|MONGO)_?(?:NAME|DATABASE|DB)?"
    r"[\"']?\s*(?:=>|=|:)\s*[\"']?(?P<name>[\w.-]{1,60})[\"']?\s*,?\s*$"
)
# The files of test environments are what is looked for; libraries and samples are not ours.
_OTHERS = re.compile(
    r"(?i)/(?:node_modules|vendor|bower_components|site-packages|dist-packages|\.git|\.cache|\.?venv"
    r"|docs?|examples?|samples?|fixtures|stubs)/|[._-](?:example|sample|dist|template|tmpl)(?:\.|$)"
)
_OWN = re.compile(
    r"(?i)^(?:localhost|127\.|::1|db$|database$|postgres$|mysql$|mariadb$|mongo$|host\.docker)"
)


@dataclass(frozen=True)
class _Named:
    """A database that settings name, and for which environment."""

    place: str
    environment: str
    host: str
    name: str

    @property
    def spelled(self) -> str:
        """Host and name, as a report shows them."""
        return printable(mask(f"{self.host}/{self.name}" if self.name else self.host), 120)


class Environments:
    """Compares what the settings of each environment name; it contacts none of it."""

    name = "environments"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (EnvironmentDatabase,)
    asks = "sources.system"

    def version(self) -> str:
        """Return the version of cnilcheck: the readers are its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the database of each test environment."""
        files = SourceFiles(open_snapshot(task, tools, self.name), tools.stop, others=_OTHERS)
        named: list[_Named] = []
        for path, text in files.texts(lambda p: _FILE.search(p) is not None, (*FOLDERS, "/etc")):
            if len(named) < _MAX_PLACES:
                named += _databases(path, text)
        production = {n.spelled: n.place for n in named if n.environment == "production"}
        tests = [n for n in named if n.environment == "test" and not _OWN.match(n.host)]
        for each in tests[:_MAX_PLACES]:
            by_name = any(_NAMES_PRODUCTION.search(f"-{word}") for word in (each.host, each.name))
            same = production.get(each.spelled)
            yield Seen(each.place, EnvironmentDatabase("test", each.spelled, same, by_name))
        gaps = list(files.problems(EnvironmentDatabase))
        yield from gaps
        if not tests and not gaps:
            yield Nothing("/", EnvironmentDatabase)


def _databases(path: str, text: str) -> Iterator[_Named]:
    """Yield the databases of a file, whose name or sections tell the environment."""
    sections = _yaml_sections(path, text)
    if sections:
        yield from sections
        return
    environment = "test" if _NAMES_TEST.search(path) else "production"
    for match in _URL.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield _Named(f"{path}:{line}", environment, match["host"].lower(), match["name"] or "")
    host, name = _HOST.search(text), _NAME.search(text)
    if host is not None:
        line = text.count("\n", 0, host.start("host")) + 1
        base = name["name"] if name is not None else ""
        yield _Named(f"{path}:{line}", environment, host["host"].lower(), base)


_ENVIRONMENT = re.compile(rf"(?i)^(?P<test>{_TEST})$|^{_PRODUCTION}$")


def _yaml_sections(path: str, text: str) -> list[_Named]:
    """Return what sections such as `test:` and `production:` of one YAML file name."""
    if not path.lower().endswith((".yml", ".yaml")):
        return []
    try:
        settings = yaml_settings(text, path)
    except Malformed:
        return []
    found = []
    for key, (value, line) in settings.values.items():
        first = _ENVIRONMENT.match(key.partition(".")[0])
        if first is None or not re.search(r"(?i)\.(?:host|server|url)$", key):
            continue
        url = _URL.search(value)
        above = key.rpartition(".")[0]
        base = settings.get(f"{above}.database", f"{above}.name", f"{above}.dbname") or ""
        host, name = (url["host"], url["name"] or "") if url else (value, base)
        kind = "test" if first["test"] else "production"
        found.append(_Named(f"{path}:{line}", kind, host.lower(), name))
    return found
