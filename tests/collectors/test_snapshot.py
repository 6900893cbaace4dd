"""A copy of a server is read as the server would, and nothing outside it is ever reached."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from cnilcheck.collectors.snapshot import MAX_BYTES
from cnilcheck.errors import NotReadable
from collectors.trees import snapshot, write

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside.conf").write_text("outside")
    return write(tmp_path / "root", {"/etc/a/one.conf": "one", "/etc/a/two.conf": "two"})


def test_an_absolute_link_starts_at_the_root_of_the_copy(root: Path) -> None:
    (root / "etc/link.conf").symlink_to("/etc/a/one.conf")
    (root / "etc/b").symlink_to("/etc/a")
    assert snapshot(root).read("/etc/link.conf") == "one"
    assert snapshot(root).read("/etc/b/two.conf") == "two"


@pytest.mark.parametrize(
    "target", ["../../../outside.conf", "/../../outside.conf", "../outside.conf"]
)
def test_no_link_and_no_path_leaves_the_root(root: Path, target: str) -> None:
    (root / "escape").symlink_to(target)
    for path in ("/escape", target, f"/etc/{target}"):
        with pytest.raises(NotReadable):
            snapshot(root).read(path)


def test_a_link_to_a_real_file_of_this_machine_finds_nothing(root: Path, tmp_path: Path) -> None:
    (root / "real").symlink_to(tmp_path / "outside.conf")
    with pytest.raises(NotReadable):
        snapshot(root).read("/real")


def test_links_in_a_circle_are_refused(root: Path) -> None:
    (root / "a").symlink_to("/b")
    (root / "b").symlink_to("/a")
    with pytest.raises(NotReadable, match="circle"):
        snapshot(root).read("/a")
    assert not snapshot(root).exists("/a")


@posix
def test_fifos_sockets_and_folders_are_not_read(tmp_path: Path) -> None:
    root = write(tmp_path, {"/etc/x": ""})
    os.mkfifo(root / "fifo")
    here = Path.cwd()
    os.chdir(root)
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("socket")
    finally:
        os.chdir(here)
    for path in ("/fifo", "/socket", "/etc"):
        with pytest.raises(NotReadable):
            snapshot(root).read(path)
    assert list(snapshot(root).walk("/")) == ["/etc/x"]


def test_a_file_that_is_too_large_is_refused(root: Path) -> None:
    (root / "big").write_bytes(b"x" * (MAX_BYTES + 1))
    with pytest.raises(NotReadable, match="larger"):
        snapshot(root).read("/big")


def test_a_path_that_is_no_path_is_refused(root: Path) -> None:
    for path in ("/a\0b", "/etc/a/one.conf/x", "/" + "x" * 5000):
        with pytest.raises(NotReadable):
            snapshot(root).read(path)
        assert not snapshot(root).exists(path)


def test_patterns_give_the_servers_paths_and_no_hidden_files(root: Path) -> None:
    write(root, {"/etc/a/.three.conf": "", "/srv/one.conf": ""})
    assert snapshot(root).glob("/etc/*/*.conf") == ["/etc/a/one.conf", "/etc/a/two.conf"]
    assert snapshot(root).glob("/../etc/a/one.conf") == ["/../etc/a/one.conf"]


def test_a_walk_follows_no_link_and_stops_at_its_depth(root: Path) -> None:
    (root / "etc/loop").symlink_to("/etc")
    write(root, {"/srv" + "/d" * 30 + "/deep": ""})
    assert list(snapshot(root).walk("/etc")) == ["/etc/a/one.conf", "/etc/a/two.conf"]
    with pytest.raises(NotReadable, match="deep"):
        list(snapshot(root).walk("/srv"))
