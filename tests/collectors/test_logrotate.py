"""The days kept follow from the block, what stands outside it, and logrotate's own rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors.base import Seen
from cnilcheck.collectors.logrotate import LogRotation
from cnilcheck.errors import NotReadable
from cnilcheck.model.facts import LogRotationSetting
from collectors.trees import facts, gaps, look, write

PART = "/etc/logrotate.d/app"


def days(root: Path, text: str, main: str = "") -> dict[str, int]:
    seen = look(LogRotation(), write(root, {"/etc/logrotate.conf": main, PART: text}))
    return {s.fact.log: s.fact.days for s in seen if isinstance(s, Seen)}


@pytest.mark.parametrize(
    ("inside", "kept"),
    [
        ("daily\nrotate 270", 270),
        ("weekly\n rotate 4", 28),
        ("monthly\nrotate 6", 180),
        ("yearly\nrotate 1", 365),
        ("hourly\nrotate 48", 2),
        ("daily\nrotate 400\nmaxage 365", 365),
        ("daily\nrotate -1\nmaxage 90", 90),
        ("daily", 1),
        ("daily # not a comment here\nrotate 10", 10),
        ("rotate 10\nsize 10M\ndaily", 10),
        ("daily\nrotate 9\npostrotate\n  rotate 99\n  }\nendscript", 9),
    ],
)
def test_the_days_are_count_times_period(tmp_path: Path, inside: str, kept: int) -> None:
    assert days(tmp_path, f"/var/log/app.log {{\n{inside}\n}}\n") == {"/var/log/app.log": kept}


def test_what_stands_in_the_main_file_holds_for_all(tmp_path: Path) -> None:
    main = "weekly\nrotate 26\ninclude /etc/logrotate.d\n/var/log/wtmp {\n  monthly\n}\n"
    seen = days(tmp_path, "/var/log/app.log {\n missingok\n}\n", main)
    assert seen == {"/var/log/app.log": 182, "/var/log/wtmp": 780}


def test_one_part_does_not_change_another(tmp_path: Path) -> None:
    write(tmp_path, {"/etc/logrotate.d/aaa": "rotate 1\n/var/log/a { daily\n }\n"})
    assert days(tmp_path, "/var/log/b {\n}\n", "daily\nrotate 5\n")["/var/log/b"] == 5


def test_every_log_of_a_block_is_told_at_its_line(tmp_path: Path) -> None:
    text = '/var/log/a.log\n"/var/log/b c.log" /d.log\n{\n daily\n rotate 7\n}\n/e { daily\nrotate 8\n}\n'
    seen = facts(look(LogRotation(), write(tmp_path, {PART: text})), LogRotationSetting)
    assert seen[f"{PART}:1"].log == "/var/log/a.log"
    assert days(tmp_path, text) == {
        "/var/log/a.log": 7,
        "/var/log/b c.log": 7,
        "/d.log": 7,
        "/e": 8,
    }


@pytest.mark.parametrize("inside", ["size 100M\nrotate 5", "maxsize 1G\nrotate 300", "rotate 5"])
def test_what_only_the_traffic_decides_is_a_gap(tmp_path: Path, inside: str) -> None:
    seen = look(LogRotation(), write(tmp_path, {PART: f"/var/log/app.log {{\n{inside}\n}}\n"}))
    ((place, fact, error),) = gaps(seen)
    assert (place, fact) == (f"{PART}:1", LogRotationSetting)
    assert "/var/log/app.log" in str(error)


@pytest.mark.parametrize(
    ("value", "kept"),
    [("9month", 270), ("1year", 365), ("2week", 14), ("30day", 30), ("86400", 1), ("1d 12h", 2)],
)
def test_journald_keeps_what_it_says(tmp_path: Path, value: str, kept: int) -> None:
    write(tmp_path, {"/etc/systemd/journald.conf": f"[Journal]\nMaxRetentionSec={value}\n"})
    assert days(tmp_path, "")["systemd-journald"] == kept


def test_journald_without_a_limit_says_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"/etc/systemd/journald.conf": "[Journal]\n#MaxRetentionSec=0\n"})
    assert days(tmp_path, "/a { daily\nrotate 3\n}\n") == {"/a": 3}


def test_left_overs_of_packages_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, {"/etc/logrotate.d/app.dpkg-old": "/old { daily\n rotate 1\n}\n"})
    assert days(tmp_path, "/a { daily\nrotate 3\n}\n") == {"/a": 3}


@pytest.mark.parametrize("text", ["{", "}", "/a {", "/a { daily", '"/a { daily }', "\0" * 50])
def test_broken_files_end_quietly(tmp_path: Path, text: str) -> None:
    look(LogRotation(), write(tmp_path, {PART: text}))


def test_without_rotation_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(NotReadable, match="no logrotate configuration"):
        look(LogRotation(), tmp_path)


@pytest.mark.skipif(not Path("/etc/logrotate.d").is_dir(), reason="no logrotate on this machine")
def test_a_real_debian_tree_is_read() -> None:
    assert facts(look(LogRotation(), "/"), LogRotationSetting)
