"""What accounts do by the hour, what leavers do at all, and which entries are missing."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path

import pytest

from cnilcheck.collectors.log_accounts import Accounts
from cnilcheck.collectors.log_order import Numbered, Order
from cnilcheck.collectors.logs import Logs
from cnilcheck.model.facts import (
    Fact,
    LogAccountUse,
    LogClock,
    LogCoverage,
    LogFiles,
    LogLeavers,
    LogOrder,
)
from cnilcheck.model.scope import AccountListSource, LogSource, Sources
from cnilcheck.model.words import LogClass
from collectors.trees import facts, gaps, tools_at
from collectors.windows_log import WindowsEvent, event_log

START = dt.datetime(2026, 10, 5, 9, tzinfo=dt.UTC)


def web(at: dt.datetime, user: str, client: str = "192.0.2.7", path: str = "/dossiers/12") -> str:
    return f'{client} - {user} [{at:%d/%b/%Y:%H:%M:%S %z}] "GET {path} HTTP/1.1" 200 1 "-" "x"\n'


def as_json(
    at: dt.datetime, user: str, client: str = "192.0.2.7", path: str = "/dossiers/12"
) -> str:
    found = {"time": at.isoformat(), "user": user, "ip": client, "method": "GET", "url": path,
             "status": 200}  # fmt: skip
    return json.dumps(found) + "\n"


def seen(folder: Path, kind: type[Fact], text: str | bytes, **more: object) -> Fact:
    (folder / "a.log").write_bytes(text if isinstance(text, bytes) else text.encode())
    source = LogSource("a.log", LogClass.APPLICATION_ACCESS)
    tools = tools_at(folder, Sources(logs=(source,), **more))  # type: ignore[arg-type]
    (task,) = Logs().tasks(tools.scope)
    return facts(list(Logs().observe(task, tools)), kind)["a.log"]


def days(write: object = web, count: int = 14) -> list[str]:
    """Two people who read a record every ten minutes of the working day."""
    assert callable(write)
    return [
        write(START + dt.timedelta(days=day, minutes=10 * n), user, client)
        for day in range(count)
        for n in range(40)
        for user, client in (("lea", "192.0.2.7"), ("tom", "198.51.100.4"))
    ]


@pytest.mark.parametrize("write", [web, as_json], ids=["columns", "lines"])
def test_networks_of_one_account_in_one_hour_are_counted(write: object, tmp_path: Path) -> None:
    assert callable(write)
    at = START + dt.timedelta(days=3, hours=9)
    roaming = [write(at + dt.timedelta(minutes=n), "lea", f"203.0.{n}.9") for n in range(7)]
    within = [write(at + dt.timedelta(minutes=n), "tom", f"203.0.113.{n}") for n in range(50)]
    six = [write(at, "tom", f"2001:db8:{n:x}::1") for n in range(3)]
    use = seen(tmp_path, LogAccountUse, "".join((*roaming, *within, *six)))
    assert [peak.number for peak in use.networks] == [7, 4]
    assert use.networks[0].place == "a.log:1"
    assert (use.records, use.located) == (60, 60)


@pytest.mark.parametrize("write", [web, as_json], ids=["columns", "lines"])
def test_a_night_counts_where_an_account_has_few_of_them(write: object, tmp_path: Path) -> None:
    assert callable(write)
    lines = days(write, 12)
    one_night = START.replace(day=8, hour=1)
    lines += [write(one_night + dt.timedelta(minutes=n), "lea") for n in range(50)]
    duty = [
        write(START.replace(hour=2) + dt.timedelta(days=day, minutes=n), "garde")
        for day in range(12)
        for n in range(30)
    ]
    use = seen(tmp_path, LogAccountUse, "".join(lines + duty))
    assert [(night.place, night.number) for night in use.nights] == [("a.log:961", 50)]
    assert use.known == 3


def test_a_night_is_of_local_time_where_the_log_says_it() -> None:
    summer = dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC)
    accounts = Accounts()
    for day in range(11):
        at = int((summer + dt.timedelta(days=day, hours=-10)).timestamp())
        accounts.given("lea", ("192.0.2.7",), at, 7_200, (0, day))
    accounts.given("lea", ("192.0.2.7",), int(summer.timestamp()), 7_200, (0, 99), 30)
    accounts.end()
    (night,) = accounts.rare_nights(10, 2)
    assert (night.first, night.count) == ((0, 99), 30)


ACCOUNTS = (
    "identifiant;courriel;actif;date de départ\n"
    "lea;lea@example.org;oui;\n"
    "tom;tom@example.org;oui;08/10/2026\n"
    "eve;eve@example.org;non;2027-01-01\n"
)


@pytest.mark.parametrize("write", [web, as_json], ids=["columns", "lines"])
@pytest.mark.parametrize("name", ["tom", "TOM", r"OFFICINE\tom", "tom@example.org"])
def test_an_account_used_after_its_owner_left_is_found(
    write: object, name: str, tmp_path: Path
) -> None:
    assert callable(write)
    (tmp_path / "comptes.csv").write_text(ACCOUNTS)
    before = [write(START + dt.timedelta(days=n), name, path="/accueil") for n in range(4)]
    lines = [*before, *[write(START + dt.timedelta(days=n), name) for n in range(4, 9)],
             *[write(START + dt.timedelta(days=9), "lea") for _ in range(9)]]  # fmt: skip
    lists = (AccountListSource("comptes.csv"),)
    found = seen(tmp_path, LogLeavers, "".join(lines), accounts=lists)
    (use,) = found.uses
    assert (use.place, use.lines, use.left) == ("a.log:5", 5, dt.date(2026, 10, 8))
    assert use.last.date() == dt.date(2026, 10, 13)
    assert (found.people, found.covered, found.recognised) == (4, 2, 2)


def test_a_list_of_leavers_with_dates_counts_and_one_without_dates_nobody(tmp_path: Path) -> None:
    (tmp_path / "comptes.csv").write_text("login\nlea\ntom\n")
    (tmp_path / "partis.csv").write_text("tom;2026-10-08\nzoe\n")
    lists = (AccountListSource("comptes.csv", leavers="partis.csv"),)
    found = seen(tmp_path, LogLeavers, "".join(days()), accounts=lists)
    assert found.people == 1
    assert found.uses[0].lines == 10 * 40


def test_without_dated_departures_nothing_is_said_of_leavers(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(web(START, "lea") * 9)
    tools = tools_at(tmp_path, Sources(logs=(LogSource("a.log"),)))
    (task,) = Logs().tasks(tools.scope)
    sightings = list(Logs().observe(task, tools))
    assert facts(sightings, LogLeavers)["a.log"] == LogLeavers(0, 0, (), 0)
    assert gaps(sightings) == []


def test_names_of_people_are_in_none_of_these_facts(tmp_path: Path) -> None:
    import msgspec

    (tmp_path / "comptes.csv").write_text(ACCOUNTS)
    text = "".join(days()).replace(" lea ", " leocadie ")
    lists = (AccountListSource("comptes.csv"),)
    for kind in (LogAccountUse, LogLeavers, LogOrder):
        written = msgspec.json.encode(seen(tmp_path, kind, text, accounts=lists)).decode()
        assert not any(name in written for name in ("leocadie", "tom", "example.org", "192.0.2.7"))


def auditd(number: int, kind: str = "USER_LOGIN") -> str:
    return f"type={kind} msg=audit(1793696400.123:{number}): auid=1001 ses=3 res=success\n"


def pg(session: str, number: int) -> str:
    return (
        f'2026-11-03 10:00:00.123 CET,"lea","p",42,"192.0.2.7:5",{session},{number},"SELECT",'
        '2026-11-03 09:00:00 CET,3/4,0,LOG,00000,"statement: SELECT 1"\n'
    )


def journal(number: int) -> str:
    return (
        f"__CURSOR=s={number}\n__REALTIME_TIMESTAMP=1793696400000000\n__SEQNUM={number}\n"
        f"__SEQNUM_ID=a1\nMESSAGE=x\n\n"
    )


def windows(numbers: list[int]) -> bytes:
    return event_log([WindowsEvent(4624, n, START, {"TargetUserName": "lea"}) for n in numbers])


NUMBERS = [*range(5, 60), *range(63, 90)]
NUMBERED: dict[str, str | bytes] = {
    "auditd": "".join(auditd(n) * 2 for n in NUMBERS) + auditd(1, "DAEMON_ROTATE"),
    "PostgreSQL": "".join(pg("67f0.2a", n) + pg("67f0.2b", 1_000 - 5 + i)
                          for i, n in enumerate(NUMBERS)),
    "journald": "".join(map(journal, NUMBERS)),
    "Windows": windows(NUMBERS),
}  # fmt: skip


@pytest.mark.parametrize("kind", NUMBERED)
def test_numbers_that_are_missing_are_found_at_their_place(kind: str, tmp_path: Path) -> None:
    order = seen(tmp_path, LogOrder, NUMBERED[kind])
    assert (order.kind, order.missing, order.gaps, order.unparsed) == (kind, 3, 1, 0)
    assert [(hole.first, hole.last) for hole in order.holes] == [(60, 62)]
    line = {"auditd": 111, "PostgreSQL": 111, "journald": 55 * 6 + 1, "Windows": 63}[kind]
    assert order.holes[0].place == f"a.log:{line}"


def test_numbers_that_come_late_or_anew_are_no_holes() -> None:
    numbers = list(range(1, 5_000))
    draw = random.Random(3)
    for n in range(0, len(numbers) - 8, 8):
        part = numbers[n : n + 8]
        draw.shuffle(part)
        numbers[n : n + 8] = part
    order = Order()
    for n, number in enumerate((*numbers, *range(1, 300))):
        order.see(Numbered("auditd", "", number), (0, n))
    assert order.holes() == []
    assert order.restarts == 1


@pytest.mark.parametrize("lost", [{7}, {7, 8, 20}, {2, 4_998}, set(range(100, 900))])
def test_exactly_what_is_lost_is_missing(lost: set[int]) -> None:
    order = Order()
    for number in (n for n in range(1, 5_000) if n not in lost):
        order.see(Numbered("auditd", "", number), (0, number))
    missing = {n for hole in order.holes() for n in range(hole.first, hole.last + 1)}
    assert missing == lost


def test_a_log_without_numbers_says_so(tmp_path: Path) -> None:
    assert seen(tmp_path, LogOrder, "".join(days())).kind == ""


IIS = "#Software: Microsoft Internet Information Services 10.0\n#Date: 2026-11-03 09:00:00\n"
ONE = (
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip sc-status\n"
)
TWO = "#Fields: date time c-ip cs-username cs-method cs-uri-stem sc-status time-taken\n"


@pytest.mark.parametrize("times", [1, 4])
def test_iis_may_name_other_columns_within_a_file(times: int, tmp_path: Path) -> None:
    first = "2026-11-03 09:00:0{n} 10.0.0.5 GET /dossiers/12 - 443 lea 192.0.2.7 200\n"
    second = "2026-11-03 10:00:0{n} 192.0.2.9 tom DELETE /dossiers/12 200 15\n"
    part = IIS + ONE + "".join(first.format(n=n) for n in range(9))
    part += IIS + TWO + "".join(second.format(n=n) for n in range(9))
    coverage = seen(tmp_path, LogCoverage, part * times)
    assert (coverage.format, coverage.lines, coverage.unparsed) == ("IIS W3C", 18 * times, 0)
    assert {e.category: e.events for e in coverage.events} == {
        "consultation": 9 * times, "deletion": 9 * times,
    }  # fmt: skip
    by_name = {e.category: e.first for e in coverage.events}
    assert by_name == {"consultation": "a.log:4", "deletion": "a.log:16"}
    assert seen(tmp_path, LogClock, part).lines == 18


@pytest.mark.parametrize("write", [web, as_json], ids=["columns", "lines"])
def test_a_file_that_begins_within_a_line_is_marked(write: object, tmp_path: Path) -> None:
    assert callable(write)
    text = "".join(days(write))
    (file,) = seen(tmp_path, LogFiles, text[30:]).files
    assert file.begins_in_line
    (file,) = seen(tmp_path, LogFiles, text).files
    assert not file.begins_in_line
