"""Packages with a published flaw are found in every kind of list, and their mended twins are not."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
import sqlite3
import struct
import subprocess
import zipfile
from pathlib import Path

import pytest

from cnilcheck.collectors.base import Journal, Missing, Nothing, Seen, Sighting, Tools
from cnilcheck.collectors.known_flaws import KnownFlawsOfPackages
from cnilcheck.collectors.package_versions import Event, Range, in_range, parsed
from cnilcheck.errors import CollectionError, Malformed
from cnilcheck.model.facts import KnownFlaws
from cnilcheck.model.scope import Limits, Scope, Sources
from collectors.service_lab import program


def record(
    ecosystem: str, name: str, fixed: str | None, number: str = "CVE-2026-0001", **more: object
) -> dict[str, object]:
    events: list[dict[str, str]] = [{"introduced": "0"}]
    events += [{"fixed": fixed}] if fixed else []
    kind = "SEMVER" if ecosystem == "npm" else "ECOSYSTEM"
    affected = {
        "package": {"ecosystem": ecosystem, "name": name},
        "ranges": [{"type": kind, "events": events}],
    }
    return {
        "id": number, "modified": "2026-11-25T10:00:00Z", "affected": [affected], "summary": "x",
    } | more  # fmt: skip


def observed(tmp_path: Path, advisories: bytes | Path) -> list[Sighting]:
    (tmp_path / "tree").mkdir(exist_ok=True)
    if isinstance(advisories, bytes):
        (tmp_path / "osv.json").write_bytes(advisories)
        advisories = tmp_path / "osv.json"
    scope = Scope(1, sources=Sources(system="tree", advisories=(advisories.name,)))
    tools = Tools(tmp_path, scope, Journal(), scope.limits or Limits())
    instrument = KnownFlawsOfPackages()
    (task,) = instrument.tasks(scope)
    return list(instrument.observe(task, tools))


def facts(seen: list[Sighting]) -> dict[str, KnownFlaws]:
    return {
        s.location: s.fact for s in seen if isinstance(s, Seen) and isinstance(s.fact, KnownFlaws)
    }


def put(tmp_path: Path, path: str, content: str | bytes) -> None:
    place = tmp_path / "tree" / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content.encode() if isinstance(content, str) else content)


def dpkg(version: str, status: str = "install ok installed") -> str:
    return (
        f"Package: libssl3\nStatus: {status}\nSource: openssl\nVersion: {version}\n"
        "Description: x\n Version: 9\n\nPackage: adduser\nStatus: install ok installed\nVersion: 3.134\n"
    )


def rpm(version: str, release: str) -> bytes:
    values = (("name", 1000), ("version", 1001), ("release", 1002))
    texts = {"name": b"openssl", "version": version.encode(), "release": release.encode()}
    data, index = struct.pack("!I", 1), struct.pack("!IIII", 1003, 4, 0, 1)
    for key, tag in values:
        index += struct.pack("!IIII", tag, 6, len(data), 1)
        data += texts[key] + b"\0"
    return struct.pack("!II", len(index) // 16, len(data)) + index + data


def rpm_base(path: Path, version: str, release: str) -> bytes:
    place = path / "made.sqlite"
    place.unlink(missing_ok=True)
    with sqlite3.connect(place) as base:
        base.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB)")
        base.execute("INSERT INTO Packages (blob) VALUES (?)", (rpm(version, release),))
    base.close()
    return place.read_bytes()


DEBIAN = 'ID=debian\nVERSION_ID="12"\n'
KINDS = [
    ("dpkg", "Debian:12", "openssl", "3.0.11-1~deb12u1", "3.0.11-1~deb12u2", DEBIAN,
     "/var/lib/dpkg/status", lambda v: dpkg(v)),
    ("ubuntu", "Ubuntu:22.04:LTS", "openssl", "3.0.2-0ubuntu1.9", "3.0.2-0ubuntu1.10",
     'ID=ubuntu\nVERSION_ID="22.04"\n', "/var/lib/dpkg/status", lambda v: dpkg(v)),
    ("apk", "Alpine:v3.18", "openssl", "3.1.1-r1", "3.1.1-r10", "ID=alpine\nVERSION_ID=3.18.4\n",
     "/lib/apk/db/installed", lambda v: f"C:x\nP:libssl3\nV:{v}\no:openssl\n\nP:musl\nV:1.2-r0\n"),
    ("composer", "Packagist", "Guzzlehttp/psr7", "v1.8.3", "1.8.10", "", "/srv/app/composer.lock",
     lambda v: json.dumps({"packages": [{"name": "guzzlehttp/psr7", "version": v}]})),
    ("npm", "npm", "lodash", "4.17.9", "4.17.21", "", "/var/www/app/package-lock.json",
     lambda v: json.dumps({"packages": {"": {"version": "1.0.0"}, "node_modules/lodash": {"version": v}}})),
    ("npm 1", "npm", "lodash", "4.17.9", "4.17.21", "", "/var/www/app/package-lock.json",
     lambda v: json.dumps({"dependencies": {"a": {"version": "1.0.0", "dependencies": {"lodash": {"version": v}}}}})),
    ("pip", "PyPI", "django", "4.2rc1", "4.2", "", "/srv/app/requirements.txt",
     lambda v: f"# pinned\nDjango=={v} ; python_version > '3'\nrequests>=2\n"),
]  # fmt: skip


@pytest.mark.parametrize("mended", [False, True], ids=["flawed", "twin"])
@pytest.mark.parametrize("kind", KINDS, ids=[k[0] for k in KINDS])
def test_a_flaw_is_found_in_each_kind_of_list_and_not_in_its_twin(
    kind: tuple,
    mended: bool,
    tmp_path: Path,  # type: ignore[type-arg]
) -> None:
    _, ecosystem, name, flawed, fixed, release, path, written = kind
    put(tmp_path, "/etc/os-release", release)
    put(tmp_path, path, written(fixed if mended else flawed))
    fact = facts(observed(tmp_path, json.dumps(record(ecosystem, name, fixed)).encode()))[path]
    assert fact.flawed == (0 if mended else 1)
    assert [p.flaws for p in fact.found] == ([] if mended else [("CVE-2026-0001",)])
    assert (fact.advisories, fact.newest, fact.unclear) == (1, dt.date(2026, 11, 25), 0)


@pytest.mark.parametrize("mended", [False, True], ids=["flawed", "twin"])
def test_the_database_of_rpm_is_read(mended: bool, tmp_path: Path) -> None:
    put(tmp_path, "/etc/os-release", 'ID="rocky"\nVERSION_ID="9.3"\n')
    base = rpm_base(tmp_path, "3.0.7", "25.el9_3" if mended else "6.el9_2")
    put(tmp_path, "/var/lib/rpm/rpmdb.sqlite", base)
    told = json.dumps(record("Rocky Linux:9", "openssl", "1:3.0.7-16.el9_2")).encode()
    fact = facts(observed(tmp_path, told))["/var/lib/rpm/rpmdb.sqlite"]
    assert (fact.packages, fact.flawed) == (1, 0 if mended else 1)


def test_installed_python_packages_are_named_by_their_folders(tmp_path: Path) -> None:
    folder = "/srv/app/.venv/lib/python3.11/site-packages"
    put(tmp_path, f"{folder}/Foo_Bar-1.0.dist-info/METADATA", "Name: Foo_Bar\n")
    seen = facts(observed(tmp_path, json.dumps(record("PyPI", "foo-bar", "1.1")).encode()))
    assert seen[folder].flawed == 1


@pytest.mark.parametrize(
    "told",
    [
        record("Debian:11", "openssl", "9.9"),
        record("Ubuntu:22.04", "openssl", "9.9"),
        record("Debian:12", "openssl", "9.9", withdrawn="2026-01-01T00:00:00Z"),
        record("Debian:12", "openssl", None),
        record("Debian:12", "openssl-other", "9.9"),
        record("Debian:12", "libssl3", "9.9"),
    ],
    ids=["release", "system", "withdrawn", "no fix", "name", "binary name"],
)
def test_an_advisory_about_something_else_accuses_nobody(
    told: dict[str, object], tmp_path: Path
) -> None:
    put(tmp_path, "/etc/os-release", DEBIAN)
    put(tmp_path, "/var/lib/dpkg/status", dpkg("3.0.11-1"))
    fact = facts(observed(tmp_path, json.dumps(told).encode()))["/var/lib/dpkg/status"]
    assert fact.flawed == 0


def test_a_package_that_was_removed_is_not_installed(tmp_path: Path) -> None:
    put(tmp_path, "/etc/os-release", DEBIAN)
    put(tmp_path, "/var/lib/dpkg/status", dpkg("1.0", "deinstall ok config-files"))
    told = json.dumps(record("Debian:12", "openssl", "9.9")).encode()
    fact = facts(observed(tmp_path, told))["/var/lib/dpkg/status"]
    assert (fact.packages, fact.flawed) == (1, 0)


def test_advisories_are_read_in_every_form_they_are_handed_over_in(tmp_path: Path) -> None:
    put(tmp_path, "/srv/app/requirements.txt", "django==4.1\n")
    two = [record("PyPI", "django", "4.2"), record("PyPI", "django", "4.1.9", "CVE-2026-0002")]
    lines = "\n".join(map(json.dumps, two)).encode()
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number, one in enumerate(two):
            archive.writestr(f"{number}.json", json.dumps(one))
    forms: list[bytes | Path] = [
        json.dumps(two).encode(), json.dumps(two, indent=2).encode(), lines, gzip.compress(lines),
        tmp_path / "all.zip",
    ]  # fmt: skip
    for form in forms:
        (fact,) = facts(observed(tmp_path, form)).values()
        assert fact.found[0].flaws == ("CVE-2026-0001", "CVE-2026-0002")
        assert fact.found[0].fixed_in == ("4.2", "4.1.9")


@pytest.mark.parametrize(
    "hostile",
    [
        b"", b"not json", b"[" * 100_000, b"{}", b"[1, 2, null]", b"\x00\x01", b"PK\x03\x04broken",
        b'{"id": "x", "affected": 3}', b'{"a":' * 5000 + b"1" + b"}" * 5000,
    ],
)  # fmt: skip
def test_a_file_that_holds_no_advisories_is_a_gap(hostile: bytes, tmp_path: Path) -> None:
    put(tmp_path, "/srv/app/requirements.txt", "django==4.1\n")
    with pytest.raises(CollectionError):
        observed(tmp_path, hostile)


@pytest.mark.parametrize(
    "version", ["not a version", "1" * 5000, "", "1.0\x1b[31m", "9" * 90 + ".1", "<script>"]
)
def test_a_version_that_is_none_is_unclear_and_no_flaw(version: str, tmp_path: Path) -> None:
    lock = json.dumps({"packages": [{"name": "a/b", "version": version}]})
    put(tmp_path, "/srv/app/composer.lock", lock)
    (fact,) = facts(
        observed(tmp_path, json.dumps(record("Packagist", "a/b", "1.0")).encode())
    ).values()
    assert fact.flawed == 0
    assert "\x1b" not in repr(fact)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/var/lib/rpm/rpmdb.sqlite", b"SQLite format 3\0" + bytes(200)),
        ("/var/lib/rpm/rpmdb.sqlite", b"nonsense"),
        ("/var/lib/rpm/Packages", b"\0\0\0\0"),
        ("/srv/app/composer.lock", b"{"),
        ("/srv/app/package-lock.json", b"[" * 100_000),
    ],
)
def test_a_list_that_cannot_be_read_is_a_gap(path: str, content: bytes, tmp_path: Path) -> None:
    put(tmp_path, "/etc/os-release", 'ID="rocky"\nVERSION_ID="9.3"\n')
    put(tmp_path, path, content)
    seen = observed(tmp_path, json.dumps(record("npm", "a", "1.0.0")).encode())
    assert [s.location for s in seen if isinstance(s, Missing)] == [path]


def test_packages_of_an_unknown_system_are_a_gap(tmp_path: Path) -> None:
    put(tmp_path, "/var/lib/dpkg/status", dpkg("1.0"))
    seen = observed(tmp_path, json.dumps(record("Debian:12", "openssl", "2")).encode())
    assert isinstance(seen[0], Missing)


def test_a_copy_without_any_list_has_nothing_to_compare(tmp_path: Path) -> None:
    (seen,) = observed(tmp_path, json.dumps(record("npm", "a", "1.0.0")).encode())
    assert isinstance(seen, Nothing)


@pytest.mark.parametrize(
    ("version", "inside", "fixed"),
    [
        ("0.9", True, "1.0"),
        ("1.0", False, ""),
        ("1.9", False, ""),
        ("2.1", True, "2.2"),
        ("3.0", False, ""),
    ],
)
def test_a_range_may_have_several_parts_in_any_order(
    version: str, inside: bool, fixed: str
) -> None:
    events = (
        Event(fixed="2.2"),
        Event(introduced="2.0"),
        Event(fixed="1.0"),
        Event(introduced="0"),
    )
    assert in_range("PyPI", version, Range("ECOSYSTEM", events)) == (inside, fixed)


def test_a_last_affected_version_is_still_affected() -> None:
    span = Range("SEMVER", (Event(introduced="1.0.0"), Event(last_affected="1.4.0")))
    assert [in_range("npm", v, span)[0] for v in ("0.9.0", "1.4.0", "1.4.1")] == [
        False,
        True,
        False,
    ]
    with pytest.raises(Malformed):
        in_range("npm", "latest", span)


def test_debian_versions_are_ordered_as_dpkg_orders_them() -> None:
    parts = ("1", "1.0", "1.0~rc1", "1.0-1", "1.0-1~deb12u1", "1.0-1+b2", "1:0.1", "1.0.10", "1.0.9",
             "1.0a", "1.0+dfsg-1", "2.0~~a", "0", "1.0-1.1")  # fmt: skip
    chosen = random.Random(7).sample([(a, b) for a in parts for b in parts], 40)
    for left, right in chosen:
        command = [program("dpkg"), "--compare-versions", left, "lt", right]
        ours = parsed("Debian", left) < parsed("Debian", right)
        assert ours == (subprocess.run(command, check=False).returncode == 0), (left, right)
