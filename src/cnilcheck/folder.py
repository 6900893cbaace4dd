"""The folder of an audit: never overwritten unasked, whole or not there, with its digests."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import IO

from cnilcheck.errors import AuditFolderError
from cnilcheck.sealing.manifest import sha256_of

EVIDENCE = "evidence.json"
JOURNAL = "journal.jsonl"
SCOPE = "scope.yaml"
DIGESTS = "SHA256SUMS"
REPORTS = (
    "report.json", "report.html", "report.md", "report.sarif", "report.xml", "report.pdf",
    "report.csv", "report.xlsx", "report.jsonl", "report.oscal.json",
)  # fmt: skip
# One file for each text that is cited.
_OCSF = "report.ocsf-*.json"
_OURS = (EVIDENCE, JOURNAL, SCOPE, DIGESTS, *REPORTS)
_PARTIAL = ".partial"


class AuditFolder:
    """A folder being written. Files appear in it together, when `finish` is called."""

    def __init__(self, path: Path, partial: Path) -> None:
        self.path = path
        self._partial = partial

    @classmethod
    def prepare(cls, path: Path, *, force: bool) -> AuditFolder:
        """Return the folder, ready to be written.

        Raises AuditFolderError when it is not empty and `force` is not given, or cannot be made.
        """
        try:
            if path.exists() and not path.is_dir():
                raise AuditFolderError(f"{path}: not a folder")
            if path.is_dir() and any(path.iterdir()) and not force:
                advice = "choose another --out, or replace it with --force"
                raise AuditFolderError(f"{path}: already holds files", advice)
            partial = path / _PARTIAL
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
        except OSError as problem:
            raise AuditFolderError(f"{path}: {problem.strerror}") from None
        return cls(path, partial)

    @classmethod
    def look_into(cls, path: Path) -> AuditFolder:
        """Return an audit's folder, to read it; raises AuditFolderError when it is none."""
        if not (path / EVIDENCE).is_file():
            raise AuditFolderError(f"{path}: holds no {EVIDENCE}", "name the folder of an audit")
        return cls(path, path / _PARTIAL)

    @classmethod
    def reopen(cls, path: Path) -> AuditFolder:
        """Return an existing audit's folder, to write its reports anew."""
        folder = cls.look_into(path)
        try:
            shutil.rmtree(folder._partial, ignore_errors=True)
            folder._partial.mkdir()
        except OSError as problem:
            raise AuditFolderError(f"{path}: {problem.strerror}") from None
        return folder

    def open_journal(self) -> IO[str]:
        """Return the journal's stream; it is on disk while the audit runs."""
        return (self._partial / JOURNAL).open("w", encoding="utf-8")

    def write(self, name: str, content: bytes) -> None:
        """Keep one file for the end. Raises AuditFolderError when the disk refuses."""
        try:
            (self._partial / name).write_bytes(content)
        except OSError as problem:
            raise AuditFolderError(f"{self.path / name}: {problem.strerror}") from None

    def finish(self) -> None:
        """Put all files in their place, remove older reports, and write the digests."""
        written = {p.name for p in self._partial.iterdir()}
        for name in written:
            (self._partial / name).replace(self.path / name)
        self._partial.rmdir()
        older = {*REPORTS, *self._ocsf()} - written
        for name in older:
            (self.path / name).unlink(missing_ok=True)
        ours = sorted({*_OURS, *self._ocsf()})
        lines = [f"{sha256_of(self.path / n)}  {n}\n" for n in ours if self._has(n)]
        (self.path / DIGESTS).write_text("".join(lines), encoding="utf-8")

    def discard(self) -> None:
        """Leave the folder as it was found, except for itself being there."""
        shutil.rmtree(self._partial, ignore_errors=True)
        if not any(self.path.iterdir()):
            self.path.rmdir()

    def altered(self) -> tuple[str, ...]:
        """Return the files that no longer have the digest SHA256SUMS gives for them."""
        try:
            listed = (self.path / DIGESTS).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return (DIGESTS,)
        pairs = [line.split("  ", 1) for line in listed if "  " in line]
        checked = [(digest, name) for digest, name in pairs if name in (EVIDENCE, SCOPE, JOURNAL)]
        return tuple(
            name
            for digest, name in checked
            if not (self.path / name).is_file() or sha256_of(self.path / name) != digest
        )

    def _ocsf(self) -> set[str]:
        return {path.name for path in self.path.glob(_OCSF)}

    def _has(self, name: str) -> bool:
        return name != DIGESTS and (self.path / name).is_file()
