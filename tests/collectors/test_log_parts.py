"""A log read by two processes is counted as by one, and a process that fails costs nothing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from cnilcheck.collectors import log_parts, log_reading
from cnilcheck.collectors.log_reading import Manner, Reading
from cnilcheck.collectors.log_signs import account_use_of, leavers_of
from cnilcheck.collectors.logs import Logs
from cnilcheck.errors import Interrupted, TimedOut
from cnilcheck.model.facts import LogExtent, LogPersonalData
from cnilcheck.model.scope import LogSource
from cnilcheck.model.words import LogClass
from collectors import log_generator as made
from collectors.trees import facts, gaps, look_at_logs


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text, _ = made.write_log("combined", list(made.events(6, 25_000)))
    lines = text.splitlines()
    lines[20_000:20_001] = [lines[900], "no line of a web server", lines[20_000]]
    for n in range(12_000, 24_000, 3):
        if "[" in lines[n]:
            stamp = lines[n][lines[n].index("[") : lines[n].index("]") + 1]
            asked = f'"GET /dossiers/{n // 3} HTTP/1.1" 200 5 "-" "-"'
            lines[n] = f"198.51.100.7 - u1 {stamp} {asked}"
    path = tmp_path_factory.mktemp("logs") / "a.log"
    path.write_text("\n".join(lines))
    assert path.stat().st_size > 5 << 19
    return path


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> list[log_parts.Helper]:
    """Have files of more than a megabyte read by two; return who helps."""
    helpers = list[log_parts.Helper]()
    plain = log_parts.helper_for

    def noted(*given: object) -> log_parts.Helper | None:
        helper = plain(*given)  # type: ignore[arg-type]
        helpers.extend([helper] if helper else [])
        return helper

    monkeypatch.setattr(log_parts, "WORTH_IT", 1 << 20)
    monkeypatch.setattr(log_parts, "_cores", lambda: 2)
    monkeypatch.setattr(log_parts, "helper_for", noted)
    return helpers


def read(path: Path, manner: Manner | None = None) -> Reading:
    reading = Reading(manner or Manner())
    reading.tally.personal.key = b"k" * 16
    reading.tally.accounts.wanted = True
    reading.tally.accounts.departures = {"u4": 1_772_582_400}
    reading.take_in(path, path.name)
    return reading


def told(reading: Reading) -> dict[str, object]:
    tally, behaviour = vars(reading.tally), reading.tally.behaviour
    known = {
        name: tally[name] for name in tally if name not in ("personal", "timeline", "accounts")
    }
    line = reading.tally.timeline
    known["timeline"] = line.backwards, line.ahead, sorted(line.steps)
    known["personal"] = reading.tally.personal.counts, reading.tally.personal.distinct
    known["uses"] = account_use_of(reading, LogClass.APPLICATION_ACCESS), leavers_of(reading)
    return {**known, "walks": behaviour.longest_walks(), "files": reading.files}


def test_two_processes_count_what_one_counts(
    log: Path, two: list[log_parts.Helper], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = told(read(log))
    (helper,) = two
    assert helper.part is not None
    assert helper.process.poll() is not None
    two_walks = both["walks"]
    monkeypatch.setattr(log_parts, "WORTH_IT", 1 << 40)
    one = told(read(log))
    assert len(two) == 1
    assert two_walks == one["walks"] != []
    for name in one:
        assert both[name] == one[name], name


def test_the_end_is_counted_when_the_second_process_dies(
    log: Path, two: list[log_parts.Helper], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_parts, "_START", "raise SystemExit(3)")
    reading = read(log)
    assert two[0].part is None
    assert reading.tally.lines == 25_002


def test_no_process_stays_behind_when_reading_is_stopped(
    log: Path, two: list[log_parts.Helper]
) -> None:
    with pytest.raises(Interrupted):
        read(log, Manner(stopped=lambda: bool(two)))
    assert two[0].process.poll() is not None


def test_a_log_that_is_not_read_in_time_keeps_what_was_read(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0])
    late = SimpleNamespace(monotonic=lambda: next(clock, float("inf")), time=lambda: 0.0)
    monkeypatch.setattr(log_reading, "time", late)
    sightings = look_at_logs(Logs(), log.parent, LogSource(log.name))
    (extent,) = facts(sightings, LogExtent).values()
    (personal,) = facts(sightings, LogPersonalData).values()
    assert isinstance(extent, LogExtent)
    assert isinstance(personal, LogPersonalData)
    assert 5_000 < extent.lines < 25_000
    assert (extent.complete, personal.complete) == (False, False)
    missing = gaps(sightings)
    assert {type(error) for *_, error in missing} == {TimedOut}
    assert len(missing) == len(Logs.yields) - 2
