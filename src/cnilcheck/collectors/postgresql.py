"""What databases in the copy of the server's tree are configured to do, PostgreSQL first."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import dirname, join

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.snapshot import Snapshot, open_snapshot, system_tasks
from cnilcheck.errors import CollectionError, Malformed, NotReadable
from cnilcheck.model.facts import (
    DatabaseLogSetting,
    Fact,
    ListeningSetting,
    NetworkAccessSetting,
    PasswordEncryptionSetting,
    ServiceEncryption,
    TlsSetting,
)
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_DEBIAN = "/etc/postgresql/*/*/postgresql.conf"
_PLACES = (
    "/var/lib/postgresql/data/postgresql.conf",
    "/var/lib/postgresql/*/*/postgresql.conf",
    "/var/lib/pgsql/data/postgresql.conf",
    "/var/lib/pgsql/*/data/postgresql.conf",
    "/usr/local/pgsql/data/postgresql.conf",
)
_REDIS = ("/etc/redis/redis*.conf", "/etc/redis.conf", "/etc/valkey/valkey*.conf")
_MYSQL = ("/etc/mysql/my.cnf", "/etc/my.cnf")
# postgresql.conf: name, optional equals sign, value bare or in single quotes (doubled inside).
_SETTING = re.compile(
    r"\s*([A-Za-z_][\w.]*+)\s*+(?:=\s*+)?('(?:[^'\\]|''|\\.)*+'|[^\s#']++)\s*+(?:#.*)?$"
)
_ON = frozenset({"on", "true", "yes", "1", "t", "y", "tr", "tru", "ye"})
_MAX_FILES = 500


class DatabaseConfiguration:
    """Reads postgresql.conf, pg_hba.conf, redis.conf and my.cnf."""

    name = "database-configuration"
    method = Method.EXAMINE
    # TLS is told where it is written, and is no gap elsewhere: other instruments look for it too.
    yields: tuple[type[Fact], ...] = (
        ListeningSetting,
        DatabaseLogSetting,
        PasswordEncryptionSetting,
        NetworkAccessSetting,
    )
    asks = "sources.system"

    def version(self) -> str:
        """Return the version of cnilcheck: the readers are its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what each database found in the copy is configured to do."""
        snapshot = open_snapshot(task, tools, self.name)
        clusters = cluster_files(snapshot)
        others = [*_redis(snapshot), *_mysql(snapshot)]
        if not clusters and not others:
            raise NotReadable(
                "the copy holds no database configuration: neither /etc/postgresql,"
                " /etc/mysql nor /etc/redis"
            )
        yield from others
        for path in clusters:
            yield from _cluster(snapshot, path)
        if not clusters:
            for fact in self.yields[1:]:
                yield Nothing("/", fact)


def cluster_files(snapshot: Snapshot) -> list[str]:
    """Return postgresql.conf of each cluster the copy holds."""
    # Debian keeps settings out of the data folders, which only the database may list.
    return snapshot.glob(_DEBIAN) or [p for place in _PLACES for p in snapshot.glob(place)]


@dataclass
class ClusterSettings:
    """The settings of one cluster: the last value of a name wins, with its place."""

    snapshot: Snapshot
    values: dict[str, tuple[str, str]] = field(default_factory=dict)
    problems: list[CollectionError] = field(default_factory=list)
    _files: int = 0

    def read(self, path: str, depth: int = 0) -> None:
        """Take in a file and those it includes, in order."""
        self._files += 1
        if depth > 10 or self._files > _MAX_FILES:
            raise Malformed(f"{path}: too many files include one another")
        for number, line in enumerate(self.snapshot.read(path).split("\n"), start=1):
            found = _SETTING.match(line)
            if not found:
                continue
            name, value = found[1].lower(), _unquoted(found[2])
            if name in ("include", "include_if_exists", "include_dir"):
                self._include(name, join(dirname(path), value), f"{path}:{number}", depth)
            else:
                self.values[name] = (value, f"{path}:{number}")

    def _include(self, how: str, path: str, place: str, depth: int) -> None:
        paths = self.snapshot.glob(f"{path}/*.conf") if how == "include_dir" else [path]
        if how == "include_if_exists" and not self.snapshot.exists(path):
            return
        for included in paths:
            try:
                self.read(included, depth + 1)
            except CollectionError as error:
                self.problems.append(type(error)(f"{place} includes {error}"))

    def get(self, name: str, default: str, conf: str) -> tuple[str, str]:
        """Return the value of a name and its place; the file itself for the default."""
        return self.values.get(name, (default, conf))


def _unquoted(value: str) -> str:
    if value.startswith("'"):
        return value[1:-1].replace("''", "'").replace("\\'", "'")
    return value


def settings_of(snapshot: Snapshot, conf: str) -> ClusterSettings:
    """Return the settings of a cluster; what could not be read stands in their problems."""
    settings = ClusterSettings(snapshot)
    try:
        settings.read(conf)
        # ALTER SYSTEM writes here, and it has the last word.
        auto = join(settings.get("data_directory", dirname(conf), conf)[0], "postgresql.auto.conf")
        if snapshot.exists(auto):
            settings.read(auto)
    except CollectionError as error:
        settings.problems.append(error)
    return settings


def _cluster(snapshot: Snapshot, conf: str) -> Iterator[Sighting]:
    settings = settings_of(snapshot, conf)
    for problem in settings.problems[:1]:
        place, _, _ = str(problem).partition(" includes ")
        for fact in (ListeningSetting, DatabaseLogSetting, PasswordEncryptionSetting):
            yield Missing(place.partition(": ")[0], fact, problem)
    if settings.values or not settings.problems:
        yield from _facts(settings, conf)
    yield _networks(snapshot, settings, conf)
    yield from _encryption(snapshot, settings, conf)


_VERSIONS = ("TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")


def _encryption(snapshot: Snapshot, settings: ClusterSettings, conf: str) -> Iterator[Sighting]:
    written, place = settings.get("ssl", "", conf)
    addresses = settings.get("listen_addresses", "localhost", conf)[0]
    if not written or all(a.strip() in _LOCAL for a in addresses.split(",")):
        return
    if written.lower() not in _ON:
        yield Seen(place, ServiceEncryption("PostgreSQL", False, True))
        return
    path = join(dirname(conf), settings.get("hba_file", "pg_hba.conf", conf)[0])
    try:
        clear = any(_in_clear(line) for line in snapshot.read(path).split("\n"))
    except CollectionError as error:
        yield Missing(path, ServiceEncryption, error)
    else:
        yield Seen(place, ServiceEncryption("PostgreSQL", True, clear))
    least, place = settings.get("ssl_min_protocol_version", "", conf)
    spelled = least.replace("TLSv1", "TLS 1.0" if least == "TLSv1" else "TLS 1")
    if spelled in _VERSIONS:
        versions = _VERSIONS[_VERSIONS.index(spelled) :]
        yield Seen(place, TlsSetting("PostgreSQL", versions))


_LOCAL = ("localhost", "127.0.0.1", "::1", "")


def _in_clear(line: str) -> bool:
    """Return whether a line of pg_hba.conf lets somebody from a network in without TLS."""
    words = line.partition("#")[0].split()
    network = len(words) >= 5 and words[0] in ("host", "hostnossl") and words[-1] != "reject"
    return network and words[3].split("/")[0] not in (*_LOCAL, "samehost")


def _facts(settings: ClusterSettings, conf: str) -> Iterator[Sighting]:
    written, place = settings.get("listen_addresses", "localhost", conf)
    addresses = tuple(a.strip() for a in written.split(",") if a.strip())
    yield Seen(place, ListeningSetting("PostgreSQL", addresses))
    connections, place = settings.get("log_connections", "off", conf)
    yield Seen(place, DatabaseLogSetting("PostgreSQL", _logged(connections), _statements(settings)))
    encryption, place = settings.get("password_encryption", _default_encryption(conf), conf)
    if encryption:
        # Before version 10 a switch: `on` meant MD5.
        value = "md5" if encryption.lower() in _ON else encryption.lower()
        yield Seen(place, PasswordEncryptionSetting("PostgreSQL", value))
    else:
        detail = f"{conf}: password_encryption is not written, and its default depends on version"
        yield Missing(conf, PasswordEncryptionSetting, Malformed(detail))


def _logged(value: str) -> bool:
    # Since version 18 a list of stages: receipt, authentication, authorization, all.
    return value.lower() not in ("off", "false", "no", "0", "f", "n", "of", "fa", "fal", "fals", "")


def _statements(settings: ClusterSettings) -> str:
    audited = settings.get("pgaudit.log", "none", "")[0].lower()
    libraries = settings.get("shared_preload_libraries", "", "")[0]
    if "pgaudit" in libraries and audited not in ("none", ""):
        return f"pgaudit: {audited}"
    return settings.get("log_statement", "none", "")[0].lower()


def _default_encryption(conf: str) -> str:
    version = re.search(r"/(\d{1,2})(?:\.\d)?/", conf)
    if version is None:
        return ""
    return "scram-sha-256" if int(version[1]) >= 14 else "md5"


def _networks(snapshot: Snapshot, settings: ClusterSettings, conf: str) -> Sighting:
    path = join(dirname(conf), settings.get("hba_file", "pg_hba.conf", conf)[0])
    try:
        networks = dict.fromkeys(_allowed(snapshot, path))
    except CollectionError as error:
        return Missing(path, NetworkAccessSetting, error)
    return Seen(path, NetworkAccessSetting("PostgreSQL", tuple(networks)))


def _allowed(snapshot: Snapshot, path: str, depth: int = 0) -> Iterator[str]:
    """Yield the networks of the lines that let somebody in."""
    if depth > 10:
        raise Malformed(f"{path}: too many files include one another")
    for line in snapshot.read(path).replace("\\\n", " ").split("\n"):
        words = re.findall(r'"[^"]*"|[^\s#"]+|#.*', line)
        words = [word.strip('"') for word in words if not word.startswith("#")]
        if len(words) > 1 and words[0] in ("include", "include_if_exists", "include_dir"):
            yield from _included(snapshot, words[0], join(dirname(path), words[1]), depth)
        elif len(words) >= 5 and words[0].startswith("host"):
            masked = len(words) > 5 and re.fullmatch(r"[\d.]+|[0-9a-f:]*:[0-9a-f:]*", words[4])
            if words[5 if masked else 4] != "reject":
                yield _network(words[3], words[4] if masked else "")


def _included(snapshot: Snapshot, how: str, path: str, depth: int) -> Iterator[str]:
    for included in snapshot.glob(f"{path}/*.conf") if how == "include_dir" else [path]:
        if how != "include_if_exists" or snapshot.exists(included):
            yield from _allowed(snapshot, included, depth + 1)


def _network(address: str, mask: str) -> str:
    if address == "all":
        return "0.0.0.0/0"
    try:
        return str(ipaddress.ip_network(f"{address}/{mask}" if mask else address, strict=False))
    except ValueError:
        return address


def _redis(snapshot: Snapshot) -> Iterator[Sighting]:
    for pattern in _REDIS:
        try:
            paths = snapshot.glob(pattern)
        except NotReadable as error:
            yield Missing(pattern, ListeningSetting, error)
            continue
        yield from (_one_redis(snapshot, path) for path in paths)


def _one_redis(snapshot: Snapshot, path: str) -> Sighting:
    try:
        text = snapshot.read(path)
    except CollectionError as error:
        return Missing(path, ListeningSetting, error)
    values, lines = dict[str, str](), dict[str, int]()
    for number, line in enumerate(text.split("\n"), start=1):
        name, _, rest = line.strip().partition(" ")
        if name and not name.startswith("#"):
            values[name.lower()], lines[name.lower()] = rest.strip().strip('"'), number
    product = "Valkey" if "valkey" in path else "Redis"
    place = f"{path}:{lines['bind']}" if "bind" in lines else path
    return Seen(place, ListeningSetting(product, _answers_on(values)))


def _answers_on(values: dict[str, str]) -> tuple[str, ...]:
    """Return where Redis answers: protected mode keeps strangers out while nothing else is set."""
    if "bind" in values:
        return tuple(address.lstrip("-") for address in values["bind"].split())
    shut = values.get("protected-mode", "yes") == "yes" and not values.get("requirepass")
    return ("localhost",) if shut else ("*",)


def _mysql(snapshot: Snapshot) -> Iterator[Sighting]:
    main = next((path for path in _MYSQL if snapshot.exists(path)), None)
    if main is None:
        return
    values: dict[str, tuple[str, str]] = {}
    try:
        _take_in(snapshot, main, values)
    except CollectionError as error:
        yield Missing(main, ListeningSetting, error)
        return
    if "skip-networking" in values and values["skip-networking"][0].lower() in ("", *_ON):
        yield Seen(values["skip-networking"][1], ListeningSetting("MySQL", ()))
    elif "<server>" in values or "bind-address" in values:
        address, place = values.get("bind-address", ("*", main))
        addresses = tuple(a.strip() for a in address.split(",") if a.strip())
        yield Seen(place, ListeningSetting("MySQL", addresses))


def _take_in(
    snapshot: Snapshot, path: str, values: dict[str, tuple[str, str]], depth: int = 0
) -> None:
    if depth > 10:
        raise Malformed(f"{path}: too many files include one another")
    section = ""
    for number, line in enumerate(snapshot.read(path).split("\n"), start=1):
        text = line.partition("#")[0].strip()
        if text.startswith("!includedir"):
            for included in snapshot.glob(join(dirname(path), text[11:].strip(), "*.cnf")):
                _take_in(snapshot, included, values, depth + 1)
        elif text.startswith("!include"):
            _take_in(snapshot, join(dirname(path), text[8:].strip()), values, depth + 1)
        elif text.startswith("["):
            section = text.strip("[]").lower()
        if section in ("mysqld", "server", "mariadb", "mariadbd") and text:
            values["<server>"] = ("", path)
            name, _, value = text.partition("=")
            name = name.strip().lower().replace("_", "-")
            values[name] = (value.strip().strip("\"'"), f"{path}:{number}")
