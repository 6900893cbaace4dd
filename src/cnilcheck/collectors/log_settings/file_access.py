"""Who may read and rewrite the logs: by a listing of the server, or as logrotate creates them."""

from __future__ import annotations

import lzma
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from cnilcheck.collectors.base import Missing, Seen, Sighting, Tools
from cnilcheck.collectors.log_settings.texts import lines_of, sections_of
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError, Malformed, NotReadable
from cnilcheck.model.facts import LogFileAccess
from cnilcheck.model.personal_data import printable

_ROTATE = ("/etc/logrotate.conf", "/etc/logrotate.d/*")
_MAX_LINES = 500_000
_MAX_BYTES = 100_000_000
_MAX_FOUND = 500
_LOG = re.compile(r"/(?:log|logs|journal|audit)/|\.log(?:$|[.-])")
# Accounts that web applications and databases run under by default on Debian, Red Hat and images.
_SERVICES = frozenset(
    "www-data apache nginx httpd tomcat node php-fpm gunicorn uwsgi django wildfly jboss"
    " jetty".split()
)
# `ls -lR` and `tar -tv`: mode, links (ls only), owner and group, size, date, name.
_LISTED = re.compile(
    r"(?P<mode>[-dlcbps][-rwxsStT]{9})[.+@]?\s+(?:\d+\s+)?(?P<owner>[\w.$-]{1,64})[\s/]+"
    r"(?P<group>[\w.$-]{1,64})\s+\d+\s+"
    r"(?:\d{4}-\d\d-\d\d +[\d:.]+(?: [+-]\d{4})?|\S+ +\S+ +[\d:]+) +(?P<name>\S.*)$"
)
# lsattr(1): `a` is append only.
_ATTRIBUTES = re.compile(r"(?P<flags>[-A-Za-z]{16,24})\s+(?P<name>/.+)$")
# `find -printf '%M %u %g %p\n'` and `stat -c '%A %U %G %n'`.
_SHORT = re.compile(
    r"(?P<mode>[-dlcbps][-rwxsStT]{9})\s+(?P<owner>\S+)\s+(?P<group>\S+)\s+(?P<name>/.+)$"
)


def read_created(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield the mode and owner each `create` of logrotate gives new logs."""
    services = application_accounts(snapshot)
    for path in [p for pattern in _ROTATE for p in snapshot.glob(pattern)]:
        names: list[str] = []
        try:
            for line, place in lines_of(snapshot, path, "#"):
                if line.startswith(("/", '"')) or line.endswith("{"):
                    fresh = line.partition("{")[0].replace('"', "").split()
                    names = [*names, *fresh]
                created = re.match(r"create\s+(0?[0-7]{3,4})\s+(\S{1,64})\s+(\S{1,64})$", line)
                if created and names:
                    for name in names[:20]:
                        mode, owner, group = created.groups()
                        yield Seen(f"{place}", access_of(name, mode, owner, group, services))
                if line.startswith("}"):
                    names = []
        except CollectionError as error:
            yield Missing(path, LogFileAccess, error)


def application_accounts(snapshot: Snapshot) -> frozenset[str]:
    """Return the accounts applications run under: known ones, and those of systemd's own units."""
    found = set(_SERVICES)
    for path in snapshot.glob("/etc/systemd/system/*.service")[:500]:
        try:
            for line in sections_of(snapshot, path):
                if (line.section, line.name) == ("service", "user"):
                    found.add(line.value)
        except CollectionError:
            continue
    return frozenset(found - {"root", "syslog", "_chrony", "loki", "promtail", "vector"})


def access_of(
    log: str, mode: str, owner: str, group: str, services: frozenset[str]
) -> LogFileAccess:
    """Return who may read and write a log of that octal mode, owner and group."""
    writes = int(mode, 8) & 0o200
    application = owner if owner in services and writes else ""
    if not application and group in services and int(mode, 8) & 0o020:
        application = group
    return LogFileAccess(
        printable(log, 200), mode.rjust(4, "0"), printable(owner, 64), printable(group, 64),
        printable(application, 64),
    )  # fmt: skip


def read_listing(snapshot: Snapshot, tools: Tools, written: str) -> Iterator[Sighting]:
    """Yield who may do what with each log of a listing, or of a tar archive, of the server.

    Raises NotReadable or Malformed when the file is neither.
    """
    path = tools.path(written)
    services = application_accounts(snapshot)
    packed = _is_tar(path)
    entries = _archived(path) if packed else _listed(path)
    attributes = {} if packed else _append_only(path)
    count = 0
    for place, name, mode, owner, group in entries:
        if _LOG.search(name) and count < _MAX_FOUND:
            count += 1
            fact = access_of(name, f"{mode:04o}", owner, group, services)
            fact = replace(fact, append_only=attributes.get(name))
            yield Seen(f"{written}{place}", fact)
    if not count:
        raise Malformed(f"{written} lists no log that could be read")


def _is_tar(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except (EOFError, zlib.error, lzma.LZMAError):
        raise Malformed(f"{path.name} is a damaged archive") from None
    except OSError as error:
        raise NotReadable(f"{path.name}: {(error.strerror or 'unreadable').lower()}") from None


def _archived(path: Path) -> Iterator[tuple[str, str, int, str, str]]:
    try:
        with tarfile.open(path) as archive:
            for number, member in enumerate(archive):
                if number >= _MAX_LINES:
                    return
                if member.isfile():
                    name = "/" + member.name.removeprefix("./").lstrip("/")
                    owner = member.uname or str(member.uid)
                    group = member.gname or str(member.gid)
                    yield f" {printable(name, 200)}", name, member.mode & 0o7777, owner, group
    except (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError):
        raise Malformed(f"{path.name} is a damaged archive") from None


def _text_lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as stream:
            text = stream.read(_MAX_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise NotReadable(f"{path.name}: {(error.strerror or 'unreadable').lower()}") from None
    return text.split("\n")[:_MAX_LINES]


def _append_only(path: Path) -> dict[str, bool]:
    """Return what `lsattr -R` lines of the listing say of each file."""
    found = (_ATTRIBUTES.match(line.strip()[:2000]) for line in _text_lines(path))
    return {line["name"]: "a" in line["flags"] for line in found if line}


def _listed(path: Path) -> Iterator[tuple[str, str, int, str, str]]:
    folder = ""
    for number, raw in enumerate(_text_lines(path), start=1):
        line = raw.strip()[:2000]
        if line.startswith("/") and line.endswith(":"):
            folder = line[:-1].rstrip("/") + "/"
            continue
        found = _SHORT.match(line) or _LISTED.match(line)
        if found and found["mode"][0] == "-":
            name = found["name"].removeprefix("./")
            name = name if name.startswith("/") else f"{folder or '/'}{name}"
            yield f":{number}", name, _octal(found["mode"]), found["owner"], found["group"]


def _octal(letters: str) -> int:
    """Return the number of `-rw-r-----`."""
    bits = 0
    for sign in letters[1:10]:
        bits = bits << 1 | (sign not in "-ST")
    return bits
