"""An audit's folder is whole or not there, never overwritten unasked, and its digests hold."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cnilcheck.errors import AuditFolderError
from cnilcheck.folder import AuditFolder


def written(path: Path, *, force: bool = False, **files: bytes) -> AuditFolder:
    folder = AuditFolder.prepare(path, force=force)
    folder.open_journal().close()
    for name, content in files.items():
        folder.write(name.replace("_", "."), content)
    folder.finish()
    return folder


def test_the_digests_are_those_sha256sum_reads(tmp_path: Path) -> None:
    written(tmp_path / "a", evidence_json=b"{}", report_html=b"x")
    lines = (tmp_path / "a" / "SHA256SUMS").read_text().splitlines()
    assert f"{hashlib.sha256(b'{}').hexdigest()}  evidence.json" in lines
    assert {line.split("  ")[1] for line in lines} == {
        "evidence.json", "journal.jsonl", "report.html",
    }  # fmt: skip


def test_a_folder_that_holds_files_is_left_alone(tmp_path: Path) -> None:
    written(tmp_path / "a", report_html=b"first")
    with pytest.raises(AuditFolderError, match="--force"):
        AuditFolder.prepare(tmp_path / "a", force=False)
    assert (tmp_path / "a" / "report.html").read_bytes() == b"first"


def test_force_replaces_an_audit_and_nothing_else(tmp_path: Path) -> None:
    written(tmp_path / "a", report_html=b"first", report_md=b"old")
    (tmp_path / "a" / "notes.txt").write_text("mine")
    written(tmp_path / "a", force=True, report_html=b"second")
    assert (tmp_path / "a" / "report.html").read_bytes() == b"second"
    assert not (tmp_path / "a" / "report.md").exists()
    assert (tmp_path / "a" / "notes.txt").read_text() == "mine"


def test_the_older_audit_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    written(tmp_path / "a", report_html=b"first")
    folder = AuditFolder.prepare(tmp_path / "a", force=True)
    folder.write("report.html", b"second")
    assert (tmp_path / "a" / "report.html").read_bytes() == b"first"
    folder.discard()
    assert (tmp_path / "a" / "report.html").read_bytes() == b"first"


def test_a_discarded_new_folder_is_gone(tmp_path: Path) -> None:
    AuditFolder.prepare(tmp_path / "a", force=False).discard()
    assert not (tmp_path / "a").exists()


def test_an_altered_file_is_told(tmp_path: Path) -> None:
    folder = written(tmp_path / "a", evidence_json=b"{}")
    assert folder.altered() == ()
    (tmp_path / "a" / "evidence.json").write_bytes(b"{ }")
    assert folder.altered() == ("evidence.json",)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    with pytest.raises(AuditFolderError, match="not a folder"):
        AuditFolder.prepare(tmp_path / "f", force=True)
    with pytest.raises(AuditFolderError):
        AuditFolder.prepare(tmp_path / "f" / "below", force=True)
    with pytest.raises(AuditFolderError, match=r"holds no evidence\.json"):
        AuditFolder.reopen(tmp_path)
