"""Logs: every line counts once, holes show, personal data are counted, nothing leaks."""

from __future__ import annotations

import datetime as dt
import gzip
import lzma
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cnilcheck.collectors.base import Sighting
from cnilcheck.collectors.log_formats import FORMATS, names_a_person, recognise
from cnilcheck.collectors.log_rhythm import Minutes, Rhythm, find_silences
from cnilcheck.collectors.logs import Logs
from cnilcheck.errors import Malformed, NotReadable
from cnilcheck.model.facts import LogExtent, LogFields, LogPersonalData, LogSilences
from cnilcheck.model.scope import LogSource
from cnilcheck.model.words import LogClass
from cnilcheck.replica.access_log import flawed_log, mended_log
from cnilcheck.replica.people import invented_people
from collectors.trees import facts, gaps, look_at_logs

DAY = dt.date(2026, 11, 26)
LINE = '192.0.2.1 - {user} [{day:02d}/Nov/2026:10:00:00 +0100] "GET {path} HTTP/1.1" {status} 12 "-" "-"\n'
WRITTEN = 1_795_000_000  # 18 November 2026


def line(user: str = "lea", day: int = 3, path: str = "/dossiers/12", status: int = 200) -> str:
    return LINE.format(user=user, day=day, path=path, status=status)


def look(
    folder: Path, text: str | bytes, kind: LogClass = LogClass.APPLICATION_ACCESS
) -> list[Sighting]:
    (folder / "a.log").write_bytes(text if isinstance(text, bytes) else text.encode())
    return look_at_logs(Logs(), folder, LogSource("a.log", kind))


def only(sightings: list[Sighting], kind: type) -> object:
    ((_, fact),) = facts(sightings, kind).items()
    return fact


SAMPLES = {
    "web access": [
        line(),
        'a.fr:443 192.0.2.1 - - [03/Nov/2026:10:00:00 +0000] "POST /x HTTP/2.0" 302 0 "-" "UA \\" x"',
        '192.0.2.1 - - [03/Nov/2026:10:00:00 +0100] "GET / HTTP/1.1" 200 -',
        '::1 - jean dupont [03/Nov/2026:10:00:00 +0100] "GET / HTTP/1.1" 200 5 "-" "-" 0.003',
    ],
    "JSON lines": [
        '{"@timestamp":"2026-11-03T09:00:00.000Z","user":{"name":"lea"},"event":{"action":"read"},"url":{"path":"/d/1"}}',
        '{"level":30,"time":1793696400000,"pid":1,"msg":"read","userId":12,"req":{"method":"GET","url":"/d/1"}}',
        '{"version":"1.1","timestamp":1793696400.123,"short_message":"read","_user_id":"lea"}',
        '{"__REALTIME_TIMESTAMP":"1793696400000000","MESSAGE":"x"}',
        '{"timestamp":"2026-11-03 10:00:00.123 CET","user":"lea","message":"x"}',
    ],
    "syslog RFC 5424": [
        "<34>1 2026-11-03T10:00:00.003Z mymachine su - ID47 - 'su root' failed",
        '<165>1 2026-11-03T10:00:00+01:00 a app 12 - [x y="1"] user=lea read /d/1',
    ],
    "PostgreSQL csvlog": [
        '2026-11-03 10:00:00.123 CET,"lea","db",12,"127.0.0.1:5",6543.1,1,"SELECT",2026-11-03 10:00:00 CET,3/4,0,LOG,00000,"x"',
    ],
    "PostgreSQL": [
        "2026-11-03 10:00:00.123 CET [12] lea@db LOG:  statement: SELECT 1",
        "2026-11-03 10:00:00.123 UTC [12] LOG:  database system is ready",
    ],
    "rsyslog": [
        "2026-11-03T10:00:00.123456+01:00 host sshd[12]: Accepted password for lea from 192.0.2.1"
    ],
    "syslog RFC 3164": [
        "Nov  3 10:00:00 host sshd[12]: Failed password for invalid user lea from 192.0.2.1 port 2 ssh2",
        "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
    ],
    "Apache error": [
        "[Tue Nov 03 10:00:00.123456 2026] [core:error] [pid 12] AH00126: Invalid URI"
    ],
    "Monolog": [
        "[2026-11-03T10:00:00.123456+01:00] app.INFO: read user=lea /d/1 [] []",
    ],
    "dated text": [
        "2026/11/03 10:00:00 [error] 12#12: *1 open() failed",
        "2026-11-03 10:00:00,123 INFO user=lea action=read",
    ],
}


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in SAMPLES.items() for text in texts]
)
def test_a_line_is_recognised_and_its_time_read(name: str, text: str) -> None:
    assert recognise([text.rstrip()], WRITTEN) == (name, 1.0)
    entry = FORMATS[name](text.rstrip(), WRITTEN)
    assert entry is not None
    assert entry.operation or name == "JSON lines"
    assert dt.datetime.fromtimestamp(entry.epoch, dt.UTC).year == 2026


@pytest.mark.parametrize(
    ("name", "text", "author"),
    [
        ("web access", SAMPLES["web access"][3], "jean dupont"),
        ("JSON lines", SAMPLES["JSON lines"][0], "lea"),
        ("JSON lines", SAMPLES["JSON lines"][1], "12"),
        ("syslog RFC 5424", SAMPLES["syslog RFC 5424"][1], "lea"),
        ("PostgreSQL csvlog", SAMPLES["PostgreSQL csvlog"][0], "lea"),
        ("PostgreSQL", SAMPLES["PostgreSQL"][0], "lea"),
        ("rsyslog", SAMPLES["rsyslog"][0], "lea"),
        ("syslog RFC 3164", SAMPLES["syslog RFC 3164"][0], "lea"),
        ("dated text", SAMPLES["dated text"][1], "lea"),
    ],
)
def test_the_author_is_found(name: str, text: str, author: str) -> None:
    entry = FORMATS[name](text, WRITTEN)
    assert entry is not None
    assert entry.author == author


def test_a_syslog_line_without_a_year_is_never_in_the_future() -> None:
    january = int(dt.datetime(2026, 1, 10, tzinfo=dt.UTC).timestamp())
    entry = FORMATS["syslog RFC 3164"]("Dec 31 23:00:00 host app: x", january)
    assert entry is not None
    assert dt.datetime.fromtimestamp(entry.epoch, dt.UTC).year == 2025


@pytest.mark.parametrize(
    ("zone", "hour"), [("+0100", 9), ("+0000", 10), ("-0330", 13), ("+0200", 8)]
)
def test_zones_are_counted_from_utc(zone: str, hour: int) -> None:
    text = line().replace("+0100", zone)
    entry = FORMATS["web access"](text.rstrip(), WRITTEN)
    assert entry is not None
    assert dt.datetime.fromtimestamp(entry.epoch, dt.UTC).hour == hour


@pytest.mark.parametrize(
    "text",
    [
        line().replace("03/Nov", "31/Feb"),
        line().replace("/Nov/", "/Foo/"),
        line().replace("2026", "0001"),
        '{"time": 1e400}',
        '{"time": true}',
        '{"time": "9999-99-99T99:99:99Z"}',
        "[" * 100_000,
        "{" * 50_000,
        '{"a":' * 20_000,
        "2026-13-45 10:00:00 x",
        "<34>1 2026-11-03T10:00:00" + "9" * 60_000,
        '192.0.2.1 - - [03/Nov/2026:10:00:00 +0100] "' + "\\" * 60_000,
        "a " * 30_000,
    ],
)
def test_hostile_lines_are_no_entries(text: str) -> None:
    assert all(parse(text, WRITTEN) is None for parse in FORMATS.values())


@pytest.mark.parametrize(
    "name", ["-", "", "anonymous", "root", "www-data", "pharmacie", "ADMIN", "null"]
)
def test_nobody_and_everybody_are_not_a_person(name: str) -> None:
    assert not names_a_person(name)
    assert names_a_person("lea.martin")


def test_the_author_counts_only_where_something_was_handed_out(tmp_path: Path) -> None:
    text = line() * 6 + line("-", path="/style.css") * 20 + line("-", status=404) * 9
    fields = only(look(tmp_path, text), LogFields)
    assert fields.author == 1
    assert fields.log_class is LogClass.APPLICATION_ACCESS
    assert only(look(tmp_path, text + line("-") * 4), LogFields).author == 0.6


def test_an_unknown_format_is_a_gap_with_the_form_of_a_line_and_nothing_of_it(
    tmp_path: Path,
) -> None:
    missing = gaps(look(tmp_path, "Martin Léa a été vue le 3\n" * 50))
    assert {fact for _, fact, _ in missing} == set(Logs.yields)
    assert isinstance(missing[0][2], Malformed)
    assert "50 lines" in str(missing[0][2])
    assert "Martin" not in str(missing[0][2])


def test_lines_out_of_the_format_are_counted_and_stack_traces_are_not(tmp_path: Path) -> None:
    text = line() * 95 + "  at foo()\n" * 30 + "garbage ! garbage\n" * 5
    extent = only(look(tmp_path, text), LogExtent)
    assert (extent.lines, extent.unparsed) == (100, 5)
    assert extent.first == dt.datetime(2026, 11, 3, 9, tzinfo=dt.UTC)


def test_packed_and_rotated_files_are_one_log(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text(line(day=5))
    (tmp_path / "access.log.1").write_text(line(day=4))
    (tmp_path / "access.log.2.gz").write_bytes(gzip.compress(line(day=3).encode()))
    (tmp_path / "access.log-20261102.xz").write_bytes(lzma.compress(line(day=2).encode()))
    (tmp_path / "access.log.9").write_text("")
    (tmp_path / "error.log").write_text("2026/11/03 10:00:00 [error] x\n")
    seen = look_at_logs(Logs(), tmp_path, LogSource("*.log*"))
    extents = facts(seen, LogExtent)
    assert set(extents) == {"access.log", "error.log"}
    assert (extents["access.log"].lines, extents["access.log"].first.day) == (4, 2)
    assert gaps(seen) == []


def test_a_damaged_archive_is_a_gap_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(line() * 3)
    (tmp_path / "a.log.1.gz").write_bytes(gzip.compress(line().encode() * 500)[:-40])
    (tmp_path / "a.log.2.gz").write_bytes(b"\x1f\x8b" + b"\0" * 50)
    seen = look_at_logs(Logs(), tmp_path, LogSource("a.log*"))
    assert facts(seen, LogExtent)["a.log"].lines >= 3
    assert {fact for _, fact, _ in gaps(seen)} == set(Logs.yields)
    assert not facts(seen, LogSilences)


def test_an_absent_log_and_an_empty_one_give_all_gaps(tmp_path: Path) -> None:
    (tmp_path / "empty.log").write_text("\n\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    for path in ("absent.log", "empty.log", "file/under.log"):
        missing = gaps(look_at_logs(Logs(), tmp_path, LogSource(path)))
        assert [(place, fact) for place, fact, _ in missing] == [(path, f) for f in Logs.yields]
    with pytest.raises(NotReadable, match="holds no file"):
        look_at_logs(Logs(), tmp_path, LogSource("folder"))
    with pytest.raises(NotReadable, match="no file matches"):
        look_at_logs(Logs(), tmp_path, LogSource("none*.log"))


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() != 0, reason="needs another user")
def test_a_log_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(line())
    (tmp_path / "a.log").chmod(0)
    here = tmp_path
    while here.owner() == "root" and here != here.parent:
        here.chmod(here.stat().st_mode | 0o005)
        here = here.parent
        if here == Path("/tmp"):
            break
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        missing = gaps(look_at_logs(Logs(), tmp_path, LogSource("a.log")))
        told = len(missing) == len(Logs.yields) and all(
            "permission denied" in str(error) for *_, error in missing
        )
        os._exit(0 if told else 1)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")
def test_a_fifo_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.log")
    assert len(gaps(look_at_logs(Logs(), tmp_path, LogSource("a.log")))) == len(Logs.yields)


def test_a_line_without_an_end_is_cut(tmp_path: Path) -> None:
    long = line(path="/" + "x" * 300_000)
    extent = only(look(tmp_path, line() * 50 + long + line()), LogExtent)
    assert extent.lines == 52


def test_personal_data_are_counted_and_never_kept(tmp_path: Path) -> None:
    people = invented_people()
    addresses = [
        f"/recherche?nir={people[0].nir}",
        f"/recherche?nir={people[0].nir}",
        f"/x?courriel={people[1].email.replace('@', '%40')}",
        "/x?resultat=positif",
        "/x?token=abcdef123456",
        "/x?naissance=1980-04-03",
    ]
    text = "".join(line(path=address) for address in addresses) + line() * 30
    seen = look(tmp_path, text)
    found = {c.kind: (c.count, c.distinct) for c in only(seen, LogPersonalData).found}
    assert found == {
        "nir": (2, 1),
        "email": (1, 1),
        "test_result": (1, 1),
        "credential": (1, 1),
        "birth_date": (1, 1),
    }
    written = repr(seen) + msgspec.json.encode([s.fact for s in seen]).decode()
    assert people[0].nir not in written
    assert people[1].email not in written


def test_an_e_mail_as_author_is_what_a_log_is_for(tmp_path: Path) -> None:
    text = line("lea@a.example") * 9
    seen = look(tmp_path, text)
    assert only(seen, LogPersonalData).found == ()
    assert only(seen, LogFields).author == 1
    js = '{"time":"2026-11-03T10:00:00Z","user":"lea@a.example","msg":"read","url":"/d/1"}\n' * 9
    assert only(look(tmp_path, js), LogPersonalData).found == ()


def test_the_replica_gives_what_was_planted(tmp_path: Path) -> None:
    text = flawed_log(DAY, invented_people())
    seen = look(tmp_path, text)
    found = {c.kind: c.count for c in only(seen, LogPersonalData).found}
    assert found == {"nir": text.count("nir="), "email": text.count("courriel=")}
    assert only(seen, LogFields).author == 0
    mended = look(tmp_path, mended_log(DAY))
    assert only(mended, LogPersonalData).found == ()
    assert only(mended, LogFields).author == 1
    assert only(mended, LogSilences).silences == ()


def rhythm(text: str) -> Rhythm | None:
    minutes = Minutes()
    for one in text.splitlines():
        entry = FORMATS["web access"](one, WRITTEN)
        assert entry is not None
        minutes.add(entry.epoch, entry.offset or 0)
    return find_silences(minutes)


@pytest.mark.parametrize("weeks", range(0, 60, 5))
def test_the_hole_of_the_flawed_replica_is_found_on_any_day(weeks: int) -> None:
    # Not so that the hole falls on a public holiday: a shop may then close.
    day = dt.date(2026, 1, 13) + dt.timedelta(days=weeks * 7 + weeks % 7)
    found = rhythm(flawed_log(day, invented_people()))
    assert found is not None
    hours = [(s.end - s.start).total_seconds() / 3600 for s in found.silences]
    assert any(6.9 < h < 7.2 for h in hours)
    assert all(h < 7.2 for h in hours)


OPEN = {0: (), **dict.fromkeys(range(1, 5), ((510, 750), (840, 1170))), 5: ((540, 750),), 6: ()}
CLOSED = {
    dt.date(2026, 4, 6),
    dt.date(2026, 5, 1),
    dt.date(2026, 5, 8),
    dt.date(2026, 5, 14),
    dt.date(2026, 5, 25),
}
START = dt.date(2026, 2, 2)


def pharmacy(
    seed: int, weeks: int, per_minute: float, burst: int, utc: bool
) -> Iterator[tuple[int, int]]:
    """Lines of a pharmacy closed on Mondays, at noon and on holidays, across the change of time."""
    draw = random.Random(seed)
    for n in range(weeks * 7):
        day = START + dt.timedelta(days=n)
        summer = 7200 if day >= dt.date(2026, 3, 29) else 3600
        busy = draw.lognormvariate(0, 0.4)
        midnight = (day - dt.date(1970, 1, 1)).days * 86_400 - summer
        for opens, closes in () if day in CLOSED else OPEN[day.weekday()]:
            minute, end = opens + draw.uniform(-10, 10), closes + draw.uniform(-10, 10)
            while (minute := minute + draw.expovariate(per_minute * busy / burst)) < end:
                for _ in range(int(draw.expovariate(1 / burst)) + 1):
                    moment = midnight + int(60 * (minute + draw.uniform(0, 2)))
                    yield moment, 0 if utc else summer


@pytest.mark.parametrize("utc", [True, False])
@pytest.mark.parametrize(
    ("weeks", "per_minute", "burst"), [(4, 1, 1), (8, 2, 4), (17, 1, 4), (17, 3, 1)]
)
def test_a_pharmacys_pauses_holidays_and_summer_time_are_no_silence(
    weeks: int, per_minute: float, burst: int, utc: bool
) -> None:
    minutes = Minutes()
    for epoch, offset in pharmacy(weeks * burst, weeks, per_minute, burst, utc):
        minutes.add(epoch, offset)
    found = find_silences(minutes)
    assert found is None or found.silences == ()


def test_an_hour_cut_out_of_a_busy_log_is_found() -> None:
    hole = int(dt.datetime(2026, 4, 14, 8, 0, tzinfo=dt.UTC).timestamp())
    minutes = Minutes()
    for epoch, offset in pharmacy(3, 17, 4, 1, False):
        if not hole <= epoch < hole + 3600:
            minutes.add(epoch, offset)
    found = find_silences(minutes)
    assert found is not None
    (silence,) = found.silences
    assert abs(silence.start.timestamp() - hole) < 600
    assert found.smallest_visible_minutes < 60


def test_too_short_a_log_has_no_rhythm() -> None:
    minutes = Minutes()
    for n in range(3 * 1440):
        minutes.add(WRITTEN + n * 60, 3600)
    assert find_silences(minutes) is None


def test_one_line_with_a_wrong_date_does_not_matter() -> None:
    minutes = Minutes()
    minutes.add(0, 0)
    minutes.add(4_000_000_000, 0)
    for epoch, offset in pharmacy(1, 8, 1, 1, False):
        minutes.add(epoch, offset)
    found = find_silences(minutes)
    assert found is None or found.silences == ()


def test_a_log_that_takes_too_long_is_a_gap_and_so_are_those_after_it(
    tmp_path: Path,
) -> None:
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_text(line() * 10)
    seen = look_at_logs(Logs(seconds=-1.0), tmp_path, LogSource("*.log"))
    facts_each = len(Logs.yields)
    assert [place for place, _, _ in gaps(seen)] == ["a.log"] * facts_each + ["b.log"] * facts_each
