"""What a log shows beside its events: broken clocks and files, attacks; and hostile files."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import json
import lzma
import os
import threading
from pathlib import Path

import pytest
import zstandard

from cnilcheck.collectors import log_files, log_records
from cnilcheck.collectors.logs import Logs
from cnilcheck.errors import Malformed
from cnilcheck.model.facts import (
    Fact,
    LogAccounts,
    LogClock,
    LogCoverage,
    LogExtent,
    LogFiles,
    LogSignIns,
    LogWalks,
)
from cnilcheck.model.scope import LogSource, Sources
from cnilcheck.model.words import LogClass
from collectors import log_generator as made
from collectors.trees import facts, gaps, look_at_logs, tools_at

START = dt.datetime(2026, 11, 3, 9, tzinfo=dt.UTC)


def line(
    second: int, request: str = "GET /dossiers/12", status: int = 200, client: str = "192.0.2.7",
    user: str = "lea",
) -> str:  # fmt: skip
    at = START + dt.timedelta(seconds=second)
    return (
        f'{client} - {user} [{at:%d/%b/%Y:%H:%M:%S %z}] "{request} HTTP/1.1" {status} 1 "-" "x"\n'
    )


def seen(folder: Path, kind: type[Fact], text: str | bytes, *, new: bool = True) -> Fact:
    if new:
        (folder / "a.log").write_bytes(text if isinstance(text, bytes) else text.encode())
    source = LogSource("a.log", LogClass.APPLICATION_ACCESS)
    return facts(look_at_logs(Logs(), folder, source), kind)["a.log"]


def ordinary(count: int) -> str:
    return "".join(line(7 * n, f"GET /dossiers/{7919 * n % 9999}") for n in range(count))


def test_a_clock_that_goes_back_is_found_at_its_line(tmp_path: Path) -> None:
    text = ordinary(50) + line(-3_600) + line(-3_590)
    clock = seen(tmp_path, LogClock, text)
    assert clock.backwards == 1
    assert (clock.steps[0].place, clock.steps[0].seconds) == ("a.log:51", 3_900)
    assert seen(tmp_path, LogClock, ordinary(50)).backwards == 0


def test_the_end_of_summer_time_is_no_broken_clock(tmp_path: Path) -> None:
    local = "2026-10-25 02:58:00 user=lea read\n2026-10-25 02:01:00 user=lea read\n"
    assert seen(tmp_path, LogClock, local * 1).backwards == 0
    assert seen(tmp_path, LogClock, local.replace("10-25", "10-22")).backwards == 1


def test_the_zones_of_a_log_are_told(tmp_path: Path) -> None:
    text = ordinary(30) + ordinary(30).replace("+0000", "+0200")
    zones = seen(tmp_path, LogClock, text).zones
    assert [(zone.minutes, zone.lines) for zone in zones] == [(0, 30), (120, 30)]


def test_a_hole_of_zero_bytes_is_found_and_the_lines_around_it_count(tmp_path: Path) -> None:
    text = ordinary(20).encode() + b"\0" * 5_000 + ordinary(5).encode()
    (file,) = seen(tmp_path, LogFiles, text).files
    assert (file.holes, file.first_hole, file.lines) == (1, 21, 25)
    assert seen(tmp_path, LogExtent, text).lines == 25


def test_a_burst_of_failures_is_counted_with_what_was_refused(tmp_path: Path) -> None:
    tries = [line(n, "POST /connexion", 401 if n < 60 else 429, "203.0.113.9") for n in range(90)]
    found = seen(tmp_path, LogSignIns, ordinary(30) + "".join(tries))
    (burst,) = found.bursts
    assert (burst.network, burst.attempts, burst.refused) == ("203.0.113.0/24", 90, 30)
    assert (burst.place, found.failures) == ("a.log:31", 90)


def test_failures_of_ssh_are_a_burst_too(tmp_path: Path) -> None:
    text = "".join(
        f"2026-11-03T09:00:{n:02}+00:00 h sshd[1]: Failed password for root from 203.0.113.9 port 2\n"
        for n in range(60)
    )
    (burst,) = seen(tmp_path, LogSignIns, text).bursts
    assert (burst.network, burst.attempts) == ("203.0.113.0/24", 60)


def test_a_client_given_one_record_after_the_other_is_found(tmp_path: Path) -> None:
    walk = [line(400 + n, f"GET /resultats/{1000 + n}.pdf", 200, "203.0.113.9") for n in range(80)]
    found = seen(tmp_path, LogWalks, ordinary(300) + "".join(walk)).walks[0]
    assert (found.network, found.address, found.steps) == ("203.0.113.0/24", "/resultats/", 79)
    refused = [one.replace(" 200 ", " 403 ") for one in walk]
    walks = seen(tmp_path, LogWalks, ordinary(300) + "".join(refused)).walks
    assert all(walk.address != "/resultats/" for walk in walks)


def test_accounts_that_several_use_are_told_by_name_and_people_only_by_number(
    tmp_path: Path,
) -> None:
    text = "".join(line(n, user=u) for n, u in enumerate(("accueil", "lea", "ADMIN", "tom", "-")))
    found = seen(tmp_path, LogAccounts, text)
    assert found.people == 2
    assert {(use.name, use.lines) for use in found.shared} == {("accueil", 1), ("admin", 1)}


PACKERS = {
    "gz": gzip.compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "zst": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("packing", PACKERS)
def test_a_packed_log_counts_as_a_plain_one(packing: str, tmp_path: Path) -> None:
    text, truth = made.write_log("combined", list(made.events(3, 500)))
    packed = PACKERS[packing](text.encode())
    fact = seen(tmp_path, LogCoverage, packed)
    assert {e.category: e.events for e in fact.events} == dict(truth.events)
    damaged = PACKERS[packing](text.encode())[:-60]
    (tmp_path / "a.log").write_bytes(damaged)
    missing = gaps(look_at_logs(Logs(), tmp_path, LogSource("a.log")))
    assert all("damaged" in str(error) for *_, error in missing)
    assert missing


def test_an_archive_that_unpacks_to_far_more_than_a_log_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_files, "_SURELY_FINE", 4_000_000)
    (tmp_path / "a.log").write_bytes(
        gzip.compress(ordinary(300).encode() + (b"x" * 9_999 + b"\n") * 2_000)
    )
    missing = gaps(look_at_logs(Logs(), tmp_path, LogSource("a.log")))
    assert {type(error) for *_, error in missing} == {Malformed}
    assert "far more" in str(missing[0][2])


def test_a_windows_event_log_that_is_none_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"ElfFile\0" + b"\1" * 5_000)
    sightings = look_at_logs(Logs(), tmp_path, LogSource("a.log"))
    assert len(gaps(sightings)) == len(Logs.yields)


def test_a_windows_record_is_an_event_of_its_category() -> None:
    event = {
        "System": {
            "EventID": 4625, "Computer": "pc", "EventRecordID": 7,
            "TimeCreated": {"#attributes": {"SystemTime": "2026-11-03T09:00:00.5Z"}},
        },
        "EventData": {"TargetUserName": "lea", "IpAddress": "192.0.2.9", "SubjectUserName": "-"},
    }  # fmt: skip
    entry = log_records._windows_entry(json.dumps({"Event": event}))
    assert entry is not None
    assert (entry.category, entry.author, entry.client) == ("sign_in_failure", "lea", "192.0.2.9")


NGINX = """
http {
    log_format named '$remote_addr $http_x_user [$time_local] '
                     '"$request" $status $request_id';
    access_log /var/log/nginx/access.log named;
}
"""


def test_the_format_an_nginx_configuration_names_is_read(tmp_path: Path) -> None:
    (tmp_path / "copy/etc/nginx").mkdir(parents=True)
    (tmp_path / "copy/etc/nginx/nginx.conf").write_text(NGINX)
    line = '192.0.2.7 lea [03/Nov/2026:09:00:00 +0000] "GET /dossiers/12 HTTP/1.1" 200 abc123\n'
    (tmp_path / "a.log").write_text(line * 20)
    source = LogSource("a.log", LogClass.APPLICATION_ACCESS)
    tools = tools_at(tmp_path, Sources(system="copy", logs=(source,)))
    (task,) = Logs().tasks(tools.scope)
    fact = facts(list(Logs().observe(task, tools)), LogCoverage)["a.log"]
    (event,) = fact.events
    filled = {one.field for one in event.fields if one.filled == 20}
    assert fact.format == "nginx named"
    assert {"author", "correlation", "reference", "time"} <= filled


def test_utf_16_is_read(tmp_path: Path) -> None:
    assert seen(tmp_path, LogExtent, ordinary(40).encode("utf-16")).lines == 40


def test_a_line_of_millions_is_cut_and_the_others_count(tmp_path: Path) -> None:
    long = line(1, "GET /" + "x" * 5_000_000)
    text = ordinary(30) + long + ordinary(3)
    assert seen(tmp_path, LogExtent, text).lines == 34
    (file,) = seen(tmp_path, LogFiles, "", new=False).files
    assert (file.cut, file.lines) == (1, 34)


@pytest.mark.parametrize(
    "garbage",
    [
        os.urandom(3_000), b"\xff\xfe\xfd\n" * 50, b"\x1b[31m\x1b]0;title\x07\n" * 50,
        b'" " " [ ] \\" \\\n' * 50, b"\n" * 500, b"[" * 70_000, b'{"a":' * 9_000,
        b'<AuditMessage><!ENTITY a "b">&a;</AuditMessage>\n' * 9, b"%0A%0D%00\n" * 50,
    ],
)  # fmt: skip
def test_garbage_is_a_gap_or_counted_and_never_shown_as_it_is(
    garbage: bytes, tmp_path: Path
) -> None:
    (tmp_path / "a.log").write_bytes(garbage)
    sightings = look_at_logs(Logs(), tmp_path, LogSource("a.log"))
    assert len(gaps(sightings)) == len(Logs.yields)
    text = ordinary(200).encode() + garbage + b"\n" + ordinary(200).encode()
    found = seen(tmp_path, LogCoverage, text)
    assert sum(e.events for e in found.events if e.category == "consultation") >= 399


@pytest.mark.parametrize("year", ["1970", "2101", "9999", "0001"])
def test_lines_of_impossible_years_do_not_count_as_read(year: str, tmp_path: Path) -> None:
    text = ordinary(300) + line(5).replace("/2026:", f"/{year}:")
    extent = seen(tmp_path, LogExtent, text)
    assert (extent.lines, extent.unparsed, extent.first.year) == (301, 1, 2026)


def test_a_line_far_ahead_of_its_file_is_told(tmp_path: Path) -> None:
    text = ordinary(30) + line(3).replace("/2026:", "/2100:")
    (tmp_path / "a.log").write_text(text)
    os.utime(tmp_path / "a.log", (START.timestamp() + 900,) * 2)
    assert seen(tmp_path, LogClock, "", new=False).ahead == 1


def test_links_that_lead_in_a_circle_and_twice_to_one_file_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.log").write_text(ordinary(9))
    (tmp_path / "logs" / "again.log").symlink_to("a.log")
    (tmp_path / "logs" / "loop").symlink_to("loop")
    (tmp_path / "logs" / "up").symlink_to("..")
    sightings = look_at_logs(Logs(), tmp_path, LogSource("logs"))
    assert [fact.lines for fact in facts(sightings, LogExtent).values()] == [9]


def test_a_file_that_grows_while_it_is_read_is_read_as_it_was_and_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.log"
    path.write_text(ordinary(60))
    grown = threading.Event()
    plain = log_files.Blocks._whole_lines

    def growing(blocks: log_files.Blocks, chunk: bytes) -> bytes:
        if not grown.is_set():
            grown.set()
            with path.open("a") as log:
                log.write(ordinary(60))
        return plain(blocks, chunk)

    monkeypatch.setattr(log_files.Blocks, "_whole_lines", growing)
    (file,) = seen(tmp_path, LogFiles, "", new=False).files
    assert (file.lines, file.changed) == (60, True)


def test_lines_out_of_the_format_are_shown_masked_with_their_place(tmp_path: Path) -> None:
    odd = "panic in Durand user=jeanne mail jeanne@example.org NIR 2 55 08 14 168 025 38\n"
    extent = seen(tmp_path, LogExtent, ordinary(40) + odd * 4 + ordinary(1))
    assert (extent.lines, extent.unparsed) == (45, 4)
    assert [one.place for one in extent.samples] == ["a.log:41", "a.log:42", "a.log:43"]
    shown = extent.samples[0].text
    assert shown.startswith("panic in *** user=***")
    assert not any(word in shown for word in ("Durand", "jeanne", "55 08"))


def test_a_file_that_is_rotated_while_it_is_read_is_read_as_it_was_and_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.log"
    path.write_text(ordinary(60))
    plain = log_files.Blocks._whole_lines

    def rotating(blocks: log_files.Blocks, chunk: bytes) -> bytes:
        if not (tmp_path / "a.log.1").exists():
            path.rename(tmp_path / "a.log.1")
            path.write_text(ordinary(3))
        return plain(blocks, chunk)

    monkeypatch.setattr(log_files.Blocks, "_whole_lines", rotating)
    (file,) = seen(tmp_path, LogFiles, "", new=False).files
    assert (file.lines, file.changed) == (60, True)
