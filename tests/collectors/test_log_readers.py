"""Who opened which records: a record that all open, an account that copies all."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from cnilcheck.checks.logging_lines import records_not_read_in_mass, records_opened_by_few
from cnilcheck.collectors.logs import Logs
from cnilcheck.model.facts import LogReaders
from cnilcheck.model.scope import LogSource
from cnilcheck.model.words import LogClass, Outcome
from collectors.trees import facts, look_at_logs

START = dt.datetime(2026, 11, 3, 9, tzinfo=dt.UTC)


def web(second: int, user: str, record: int, status: int = 200) -> str:
    at = START + dt.timedelta(seconds=second)
    asked = f"GET /dossiers/{record} HTTP/1.1"
    return f'192.0.2.7 - {user} [{at:%d/%b/%Y:%H:%M:%S %z}] "{asked}" {status} 1 "-" "x"\n'


def document(second: int, user: str, record: int, status: int = 200) -> str:
    at = (START + dt.timedelta(seconds=second)).isoformat()
    line = {"time": at, "user": user, "method": "GET", "path": f"/dossiers/{record}"}
    return json.dumps(line | {"status": status, "ip": "192.0.2.7"}) + "\n"


def usual(line: object = web) -> list[str]:
    return [line(n, f"u{n % 30}", 1000 + n % 200) for n in range(400)]  # type: ignore[operator]


def read(folder: Path, lines: list[str]) -> LogReaders:
    (folder / "a.log").write_text("".join(lines))
    source = LogSource("a.log", LogClass.APPLICATION_ACCESS)
    fact = facts(look_at_logs(Logs(), folder, source), LogReaders)["a.log"]
    assert isinstance(fact, LogReaders)
    return fact


def crowd(fact: LogReaders) -> Outcome:
    return records_opened_by_few(fact, most=20, times=6, enough=5).outcome


def mass(fact: LogReaders) -> Outcome:
    return records_not_read_in_mass(fact, most=300, times=15, enough=3).outcome


@pytest.mark.parametrize("line", [web, document])
def test_ordinary_work_is_no_curiosity_and_no_copy(line: object, tmp_path: Path) -> None:
    fact = read(tmp_path, usual(line))
    assert (fact.accounts, fact.records) == (30, 200)
    assert (crowd(fact), mass(fact)) == (Outcome.PASS, Outcome.PASS)


@pytest.mark.parametrize("line", [web, document])
def test_a_record_that_dozens_open_is_told_with_its_first_line(
    line: object, tmp_path: Path
) -> None:
    lines = usual(line) + [line(500 + n, f"c{n}", 77) for n in range(40)]  # type: ignore[operator]
    fact = read(tmp_path, lines)
    assert (fact.crowded[0].readers, fact.crowded[0].place) == (40, "a.log:401")
    assert crowd(fact) is Outcome.FAIL


@pytest.mark.parametrize("line", [web, document])
def test_an_account_that_copies_all_is_told_with_its_day(line: object, tmp_path: Path) -> None:
    lines = usual(line) + [line(500 + n, "u3", 5000 + n) for n in range(900)]  # type: ignore[operator]
    fact = read(tmp_path, lines)
    assert fact.busiest[0].records > 890
    assert fact.busiest[0].day == START.date()
    assert mass(fact) is Outcome.FAIL


def test_refused_requests_and_programs_open_no_record(tmp_path: Path) -> None:
    lines = usual() + [web(500 + n, "u3", 5000 + n, 403) for n in range(900)]
    lines += [web(2000 + n, "system:backup", 5000 + n) for n in range(900)]
    assert mass(read(tmp_path, lines)) is Outcome.PASS
