"""The tables a user has imported, in a folder of their own; the former one is kept beside."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from cnilcheck.errors import UsageError
from cnilcheck.hosts.asn import AsnTable, load_asn_table, packaged_asn_table
from cnilcheck.hosts.catalogue import packaged_catalogue
from cnilcheck.hosts.identify import Tables
from cnilcheck.hosts.official_list import OfficialList
from cnilcheck.hosts.ranges import HOST_OF_CLOUD, RangeFile, RangeTable
from cnilcheck.model.typed import decode_json

OFFICIAL = "official-list.json"
NETWORKS = "networks.bin"
COUNTRIES = "countries.bin"

_Table = TypeVar("_Table")


class TableError(UsageError):
    """A table cannot be read or taken; the one in use stays as it was."""


def data_folder() -> Path:
    """Return the folder of this user's tables: CNILCHECK_DATA, or the system's usual place."""
    if given := os.environ.get("CNILCHECK_DATA"):
        return Path(given) / "hosts"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "cnilcheck" / "hosts"


def ranges_name(cloud: str) -> str:
    """Return the name of the file that keeps a cloud's ranges."""
    return f"ranges-{cloud}.json"


def keep(name: str, content: bytes, folder: Path) -> None:
    """Put a table in place at once, and keep the former one as `name.previous`."""
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            raise TableError(f"{path}: is a link", "remove it first")
        partial = folder / f".{name}.{os.getpid()}"
        partial.write_bytes(content)
        if path.exists():
            path.replace(folder / f"{name}.previous")
        partial.replace(path)
    except OSError as problem:
        raise TableError(f"{path}: cannot be written: {problem.strerror}") from None


def official_list(folder: Path, name: str = OFFICIAL) -> OfficialList | None:
    """Return the imported official list, or None; raises TableError when it cannot be read."""
    return _read(folder / name, lambda p: decode_json(p.read_bytes(), OfficialList))


def range_files(folder: Path) -> tuple[RangeFile, ...]:
    """Return the imported files of ranges; raises TableError when one cannot be read."""
    found = (
        _read(
            folder / ranges_name(cloud),
            lambda p: decode_json(p.read_bytes(), RangeFile),
        )
        for cloud in HOST_OF_CLOUD
    )
    return tuple(file for file in found if file is not None)


def networks(folder: Path, name: str = NETWORKS) -> AsnTable | None:
    """Return the imported table of networks or countries, or None."""
    return _read(folder / name, load_asn_table)


def _read(path: Path, load: Callable[[Path], _Table]) -> _Table | None:
    if not path.is_file():
        return None
    try:
        return load(path)
    except OSError as problem:
        raise TableError(f"{path}: cannot be read: {problem.strerror}") from None
    except msgspec.DecodeError as problem:
        raise TableError(f"{path}: {problem}", "import it again") from None


def load_tables(folder: Path | None = None) -> Tables:
    """Return all tables: the packaged ones, and those imported into the folder."""
    place = folder or data_folder()
    imported = networks(place)
    countries = networks(place, COUNTRIES)
    tables = (imported, packaged_asn_table()) if imported else (packaged_asn_table(),)
    return Tables(
        packaged_catalogue(),
        tables,
        RangeTable(range_files(place)),
        (countries,) if countries else (),
        official_list(place),
    )


class TableState(Struct, frozen=True):
    """One table as `hosts status` shows it: what, how many rows, of which day, from where."""

    name: str
    rows: int
    as_of: str
    source: str
    sha256: str = ""

    def age(self, today: dt.date) -> int | None:
        """Return the days since the table's day, or None when it has none."""
        try:
            return (today - dt.date.fromisoformat(self.as_of)).days
        except ValueError:
            return None


def states(folder: Path) -> tuple[TableState, ...]:
    """Return the state of each table in use, packaged ones first."""
    catalogue, packaged = packaged_catalogue(), packaged_asn_table()
    found = [
        TableState("hosts", len(catalogue.hosts), catalogue.compiled_on, "cnilcheck"),
        TableState("networks", len(packaged), packaged.as_of, packaged.source),
    ]
    for name, label in ((NETWORKS, "networks (imported)"), (COUNTRIES, "countries (imported)")):
        if table := networks(folder, name):
            found.append(
                TableState(label, len(table), table.as_of, table.source, _digest(folder / name))
            )
    for file in range_files(folder):
        label = f"ranges {file.cloud}"
        found.append(TableState(label, len(file.rows), file.as_of, file.source, file.sha256))
    if taken := official_list(folder):
        found.append(
            TableState(
                "official list", len(taken.rows), str(taken.as_of), taken.source, taken.sha256
            )
        )
    return tuple(found)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
