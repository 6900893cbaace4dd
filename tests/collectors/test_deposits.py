"""The dates of files left in a place of exchange; a link is no file of that place."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from cnilcheck.collectors.base import Seen
from cnilcheck.collectors.deposits import Deposits
from cnilcheck.errors import NotReadable
from cnilcheck.model.facts import DepositedFiles
from cnilcheck.model.scope import Deposit, Sources
from collectors.trees import tools_at


def seen(folder: Path) -> list[object]:
    tools = tools_at(folder, Sources(deposits=(Deposit("uploads", 30),)))
    (task,) = Deposits().tasks(tools.scope)
    return list(Deposits().observe(task, tools))


def left(path: Path, days: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    moment = time.time() - days * 86_400 - 60
    os.utime(path, (moment, moment))


def test_files_beyond_their_days_are_counted(tmp_path: Path) -> None:
    left(tmp_path / "uploads/new.pdf", 3)
    left(tmp_path / "uploads/inside/old.pdf", 400)
    (tmp_path / "uploads/link.pdf").symlink_to(tmp_path / "uploads/inside/old.pdf")
    assert seen(tmp_path) == [Seen("uploads", DepositedFiles(2, 400, 1, 30, 3))]


def test_an_empty_folder_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "uploads").mkdir()
    assert seen(tmp_path) == [Seen("uploads", DepositedFiles(0, None, 0, 30))]


def test_a_folder_that_is_not_there_is_a_gap(tmp_path: Path) -> None:
    with pytest.raises(NotReadable):
        seen(tmp_path)
