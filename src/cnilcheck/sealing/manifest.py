"""A list of digests over a folder, as `sha256sum` writes it, and what no longer agrees with it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cnilcheck.errors import DossierError

MANIFEST = "MANIFEST.sha256"
SIGNATURE = f"{MANIFEST}.sig"
TIME_STAMP = f"{MANIFEST}.tsr"
QUERY = f"{MANIFEST}.tsq"
# What vouches for the manifest cannot stand in it.
SEALS = (MANIFEST, SIGNATURE, TIME_STAMP, QUERY)
_MOST_FILES = 100_000
_MOST_BYTES = 50_000_000


@dataclass(frozen=True)
class Difference:
    """One file that is not as the manifest has it."""

    path: str
    what: str
    """`altered`, `missing`, `added`, or `not_a_file` for a link or a device."""


def write_manifest(folder: Path) -> bytes:
    """Write the digests of every file of the folder, and return the manifest's content.

    Raises DossierError when the folder holds anything else than files and folders.
    """
    lines = []
    for name in sorted(_files(folder)):
        if (folder / name).is_symlink() or not (folder / name).is_file():
            raise DossierError(f"{folder / name}: neither a file nor a folder")
        lines.append(f"{sha256_of(folder / name)}  {name}\n")
    content = "".join(lines).encode("utf-8")
    (folder / MANIFEST).write_bytes(content)
    return content


def differences(folder: Path, manifest: str = MANIFEST) -> tuple[Difference, ...]:
    """Return each file that is not as that list of digests has it; raises DossierError without one.

    A file the list does not know is `added`, but for what seals the list itself.
    """
    listed = _listed(folder / manifest)
    found = set(_files(folder))
    told = []
    for name, digest in listed.items():
        if name not in found:
            told.append(Difference(name, "missing"))
        elif (folder / name).is_symlink() or not (folder / name).is_file():
            told.append(Difference(name, "not_a_file"))
        elif sha256_of(folder / name) != digest:
            told.append(Difference(name, "altered"))
    told += [Difference(name, "added") for name in found - listed.keys() - {*SEALS, manifest}]
    return tuple(sorted(told, key=lambda difference: difference.path))


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal; raises DossierError when it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as problem:
        raise DossierError(f"{path}: {problem.strerror}") from None


def _listed(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
        lines = content.decode("utf-8").splitlines()
    except FileNotFoundError:
        raise DossierError(f"{path}: no such file", "name a dossier or an audit") from None
    except OSError as problem:
        raise DossierError(f"{path}: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise DossierError(f"{path}: not a list of digests") from None
    if len(content) > _MOST_BYTES or len(lines) > _MOST_FILES:
        raise DossierError(f"{path}: too long for a list of digests")
    return dict(_entry(path, number, line) for number, line in enumerate(lines, 1))


def _entry(path: Path, number: int, line: str) -> tuple[str, str]:
    digest, gap, name = line[:64], line[64:66], line[66:]
    parts = PurePosixPath(name).parts
    if gap not in ("  ", " *") or not name or len(digest.strip("0123456789abcdef")) > 0:
        raise DossierError(f"{path}:{number}: not a line of sha256sum")
    if name.startswith("/") or ".." in parts:
        raise DossierError(f"{path}:{number}: leads out of the folder")
    return name, digest


def _files(folder: Path) -> Iterator[str]:
    """Yield every file below the folder, by its path from there; links are not followed."""
    count = 0
    for here, folders, names in os.walk(folder):
        linked = [name for name in folders if Path(here, name).is_symlink()]
        for name in (*names, *linked):
            count += 1
            if count > _MOST_FILES:
                raise DossierError(f"{folder}: holds more than {_MOST_FILES} files")
            relative = Path(here, name).relative_to(folder).as_posix()
            if relative not in SEALS:
                yield relative
