"""The packages a copy of a server holds: the system's own list, and the lock files of applications.

Formats: dpkg's status (deb-control(5)), apk's installed database, rpm's SQLite database and header
(rpm's "File Format"), composer.lock, package-lock.json, requirements.txt (PEP 508), the names of
installed Python distributions (PEP 376).
"""

from __future__ import annotations

import re
import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import PurePosixPath

from cnilcheck.collectors.listings import parsed_json
from cnilcheck.collectors.snapshot import MAX_FILES, Snapshot
from cnilcheck.collectors.source_files import FOLDERS
from cnilcheck.errors import CollectionError, Malformed, NotReadable
from cnilcheck.model.personal_data import printable

MOST_PACKAGES = 50_000
_MAX_BYTES = 64_000_000
_RPM_STEPS = 5_000_000  # steps of SQLite's machine, some seconds
_RPM_TAGS = {1000: "name", 1001: "version", 1002: "release", 1003: "epoch"}
_BY_SYSTEM = {
    "debian": "Debian", "ubuntu": "Ubuntu", "alpine": "Alpine", "rocky": "Rocky Linux",
    "almalinux": "AlmaLinux", "rhel": "Red Hat",
}  # fmt: skip
_PINNED = re.compile(r"^([A-Za-z0-9][\w.-]{0,99})(?:\[[^\]]{0,100}\])?\s*==\s*([\w.!+-]{1,60})")
_DIST_INFO = re.compile(
    r"/(?:site|dist)-packages/([\w.]{1,100})-([\w.!+]{1,60})\.dist-info/METADATA$"
)


@dataclass(frozen=True)
class Package:
    """One package as installed; system packages bear their source's name and version."""

    name: str
    version: str


@dataclass(frozen=True)
class PackageList:
    """One list of packages: where it stands, whose order of versions holds, how many it names."""

    path: str
    ecosystem: str
    packages: tuple[Package, ...]


Lists = Iterator[PackageList | tuple[str, CollectionError]]


def package_lists(snapshot: Snapshot) -> Lists:
    """Yield each list of the copy, or its path with why it cannot be read."""
    for path, read in _SYSTEM:
        if snapshot.exists(path):
            try:
                release = _release(snapshot)
                yield PackageList(path, release, tuple(read(snapshot, path)))
            except CollectionError as error:
                yield path, error
    for path in _OLD_RPM:
        if snapshot.exists(path):
            yield path, NotReadable(f"{path}: the old format of rpm is not read")
    yield from _of_applications(snapshot)


def _release(snapshot: Snapshot) -> str:
    """Return the ecosystem of the system's packages, as OSV names it: `Debian:12`."""
    place = next((p for p in ("/etc/os-release", "/usr/lib/os-release") if snapshot.exists(p)), "")
    text = snapshot.read(place) if place else ""
    fields = dict(re.findall(r"(?m)^(ID|VERSION_ID)=[\"']?([\w.]{1,30})", text))
    name, version = _BY_SYSTEM.get(fields.get("ID", "")), fields.get("VERSION_ID", "")
    if name is None or not version:
        raise Malformed("os-release does not say which distribution the packages are of")
    if name == "Alpine":
        return f"Alpine:v{'.'.join(version.split('.')[:2])}"
    return f"{name}:{version if name == 'Ubuntu' else version.partition('.')[0]}"


def _dpkg(snapshot: Snapshot, path: str) -> Iterator[Package]:
    text = snapshot.read_bytes(path, _MAX_BYTES).decode("utf-8", "replace")
    for paragraph in text.split("\n\n")[:MOST_PACKAGES]:
        fields = dict(re.findall(r"(?m)^(Package|Status|Version|Source): ?(.{0,200})$", paragraph))
        if not fields.get("Status", "").endswith(" installed"):
            continue
        source, _, own = fields.get("Source", "").partition(" ")
        version = own.strip("()") or fields.get("Version", "")
        yield _package(source or fields.get("Package", ""), version)


def _apk(snapshot: Snapshot, path: str) -> Iterator[Package]:
    text = snapshot.read_bytes(path, _MAX_BYTES).decode("utf-8", "replace")
    for paragraph in text.split("\n\n")[:MOST_PACKAGES]:
        fields = dict[str, str](re.findall(r"(?m)^([PVo]):(.{1,200})$", paragraph))
        if named := fields.get("o", fields.get("P", "")):
            yield _package(named, fields.get("V", ""))


def _rpm(snapshot: Snapshot, path: str) -> Iterator[Package]:
    address = f"{snapshot.real(path).absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as base:
            steps = iter(range(_RPM_STEPS // 1000))
            base.set_progress_handler(lambda: int(next(steps, None) is None), 1000)
            rows = base.execute("SELECT blob FROM Packages LIMIT ?", (MOST_PACKAGES,))
            for (blob,) in rows:
                if isinstance(blob, bytes) and (package := _rpm_header(blob)):
                    yield package
    except sqlite3.Error as error:
        raise Malformed(f"{path}: {printable(str(error), 80)}") from None


def _rpm_header(blob: bytes) -> Package | None:
    """Return the package a header names: index entries, then the values they point to."""
    if len(blob) < 8:
        return None
    entries, size = struct.unpack_from("!II", blob)
    start = 8 + entries * 16
    if entries > 10_000 or start + size > len(blob) + 16:
        return None
    found = dict[str, str]()
    for tag, kind, offset, _ in struct.iter_unpack("!IIII", blob[8:start]):
        if tag in _RPM_TAGS and start + offset < len(blob):
            value = blob[start + offset : start + offset + 200]
            number = kind == 4 and len(value) >= 4
            text = value.partition(b"\0")[0].decode("utf-8", "replace")
            found[_RPM_TAGS[tag]] = str(int.from_bytes(value[:4], "big")) if number else text
    version = f"{found.get('epoch', '0')}:{found.get('version', '')}-{found.get('release', '')}"
    return _package(found["name"], version) if "name" in found else None


def _package(name: str, version: str) -> Package:
    return Package(printable(name.strip(), 100), printable(version.strip(), 100))


_SYSTEM: tuple[tuple[str, Callable[[Snapshot, str], Iterator[Package]]], ...] = (
    ("/var/lib/dpkg/status", _dpkg),
    ("/lib/apk/db/installed", _apk),
    ("/usr/lib/apk/db/installed", _apk),
    ("/var/lib/rpm/rpmdb.sqlite", _rpm),
    ("/usr/lib/sysimage/rpm/rpmdb.sqlite", _rpm),
)
_OLD_RPM = ("/var/lib/rpm/Packages", "/var/lib/rpm/Packages.db")


def _of_applications(snapshot: Snapshot) -> Lists:
    installed = dict[str, list[Package]]()
    for path in _files(snapshot):
        if isinstance(path, tuple):
            yield path
        elif found := _DIST_INFO.search(path):
            folder = path[: found.start(1) - 1]
            installed.setdefault(folder, []).append(_python(found[1], found[2]))
        elif "/node_modules/" not in path and "/vendor/" not in path:
            yield from _locked(snapshot, path)
    for folder, packages in installed.items():
        yield PackageList(folder, "PyPI", tuple(packages[:MOST_PACKAGES]))


def _files(snapshot: Snapshot) -> Iterator[str | tuple[str, CollectionError]]:
    walked = 0
    for folder in (*FOLDERS, "/usr/local/lib"):
        try:
            for path in snapshot.walk(folder):
                walked += 1
                if walked > 10 * MAX_FILES:
                    raise NotReadable(f"{folder}: too many files, not all looked at")
                if PurePosixPath(path).name in _LOCKS or path.endswith(".dist-info/METADATA"):
                    yield path
        except NotReadable as error:
            yield folder, error


def _locked(snapshot: Snapshot, path: str) -> Lists:
    ecosystem, read = _LOCKS.get(PurePosixPath(path).name, ("", None))
    if read is None:
        return
    try:
        text = snapshot.read_bytes(path, _MAX_BYTES).decode("utf-8", "replace")
        found = tuple(package for package, _ in zip(read(text), range(MOST_PACKAGES), strict=False))
        yield PackageList(path, ecosystem, found)
    except CollectionError as error:
        yield path, error


def _composer(text: str) -> Iterator[Package]:
    for entry in _objects(_document(text).get("packages")):
        name, version = entry.get("name"), entry.get("version")
        if isinstance(name, str) and isinstance(version, str):
            yield _package(name.lower(), version)


def _npm(text: str) -> Iterator[Package]:
    document = _document(text)
    listed = document.get("packages")
    if isinstance(listed, dict):
        for place, entry in listed.items():
            name = str(place).rpartition("node_modules/")[2]
            if name and isinstance(entry, dict) and isinstance(entry.get("version"), str):
                yield _package(str(entry.get("name") or name), entry["version"])
        return
    waiting = [document.get("dependencies")]
    while waiting:
        level = waiting.pop()
        for name, entry in level.items() if isinstance(level, dict) else ():
            if isinstance(entry, dict) and isinstance(entry.get("version"), str):
                yield _package(str(name), entry["version"])
                waiting.append(entry.get("dependencies"))


def _requirements(text: str) -> Iterator[Package]:
    for line in text.splitlines()[:MOST_PACKAGES]:
        if found := _PINNED.match(line[:300].strip()):
            yield _python(found[1], found[2])


def _python(name: str, version: str) -> Package:
    # PEP 503: case and the kind of separator do not count.
    return _package(re.sub(r"[-_.]+", "-", name).lower(), version)


_LOCKS: dict[str, tuple[str, Callable[[str], Iterator[Package]]]] = {
    "composer.lock": ("Packagist", _composer),
    "package-lock.json": ("npm", _npm),
    "requirements.txt": ("PyPI", _requirements),
}


def _document(text: str) -> dict[str, object]:
    found = parsed_json(text)
    if not isinstance(found, dict):
        raise Malformed("not the JSON a list of packages is written in")
    return found


def _objects(value: object) -> Iterator[dict[str, object]]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item
