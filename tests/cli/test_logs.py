"""`cnilcheck logs`: files, folders, tables and standard input, without a scope file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from cnilcheck.cli import app
from collectors import log_generator as made

SOURCE = Path(__file__).resolve().parents[2] / "src"
CSV = (
    "Quand;Qui;Quoi;Dossier;IP\n"
    + "2026-03-02T08:00:00+01:00;lea;read;12;192.0.2.1\n" * 30
    + "2026-03-02T08:01:00+01:00;-;export;13;192.0.2.1\n" * 5
)


def heeds_interrupts() -> None:
    # A job in the background of a shell inherits a SIGINT that is ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(folder: Path, *arguments: str, **more: object) -> subprocess.Popen[bytes]:
    env = {**os.environ, "PYTHONPATH": str(SOURCE), "CNILCHECK_LANG": "en"}
    command = [sys.executable, "-m", "cnilcheck", "logs", *arguments, "--out", "o", "--force"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.PIPE}
    return subprocess.Popen(command, cwd=folder, env=env, **pipes, **more)  # type: ignore[call-overload]


def run(folder: Path, *arguments: str, given: bytes = b"") -> tuple[int, str, str]:
    process = start(folder, *arguments)
    out, err = process.communicate(given, timeout=60)
    return process.returncode, out.decode(), err.decode()


def coverage(folder: Path, fact: str = "log-coverage") -> dict[str, dict]:
    evidence = json.loads((folder / "o" / "evidence.json").read_text())
    seen = [one for one in evidence["observations"] if one.get("fact", {}).get("fact") == fact]
    return {one["location"]: one["fact"] for one in seen}


def test_a_file_and_standard_input_are_read_alike(tmp_path: Path) -> None:
    text, truth = made.write_log("combined", list(made.events(5, 400)))
    (tmp_path / "access.log").write_text(text)
    code, _, err = run(tmp_path, "access.log")
    assert code == 1, err
    (of_file,) = coverage(tmp_path).values()
    assert of_file["lines"] == truth.lines
    assert "author-identified" in err
    code, _, err = run(tmp_path, "-", given=text.encode())
    assert code == 1, err
    (of_input,) = coverage(tmp_path).values()
    assert [(e["category"], e["events"]) for e in of_input["events"]] == [
        (e["category"], e["events"]) for e in of_file["events"]
    ]


def test_only_what_is_since_a_day_is_counted(tmp_path: Path) -> None:
    happened = list(made.events(7, 6_000))
    day = happened[-1].at.date().isoformat()
    text, _ = made.write_log("combined", happened)
    (tmp_path / "access.log").write_text(text)
    assert run(tmp_path, "access.log", "--since", day)[0] in (0, 1, 3)
    expected = sum(event.at.date().isoformat() >= day for event in happened)
    assert 0 < expected < 6_000
    assert coverage(tmp_path)["access.log"]["lines"] == expected


def test_the_columns_of_a_table_are_named(tmp_path: Path) -> None:
    (tmp_path / "traces.csv").write_text(CSV)
    pairs = ("time=Quand", "author=Qui", "operation=Quoi", "reference=Dossier", "origin=IP")
    options = [word for pair in pairs for word in ("--mapping", pair)]
    assert run(tmp_path, "traces.csv", *options)[0] == 1
    (fact,) = coverage(tmp_path).values()
    assert {e["category"]: e["events"] for e in fact["events"]} == {"consultation": 30, "export": 5}
    code, _, err = run(tmp_path, "traces.csv", "--mapping", "who=Qui")
    assert code == 2
    assert "FIELD is one of" in err


def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path) -> None:
    code, _, err = run(tmp_path, "absent.log")
    assert (code, err.count("\n")) == (2, 1)
    assert "absent.log" in err


def test_an_interrupt_gives_the_report_of_what_was_read(tmp_path: Path) -> None:
    text, _ = made.write_log("combined", list(made.events(5, 2_000, nirs=0.5)))
    process = start(tmp_path, "-", preexec_fn=heeds_interrupts)
    assert process.stdin is not None
    process.stdin.write(text.encode() * 20)
    process.stdin.flush()
    # A pipe holds 64 KiB: what was written before was read. Its other end stays open.
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) in (1, 3)
    process.stdin.close()
    (fact,) = coverage(tmp_path, "log-personal-data").values()
    assert fact["lines"] > 0
    assert fact["complete"] is False


def test_the_help_of_logs_shows_how_to_read_and_how_to_confirm() -> None:
    told = CliRunner().invoke(app, ["logs", "--help"], env={"COLUMNS": "120"})
    assert told.exit_code == 0
    for word in ("FILE...", "--class", "--log-format", "--mapping", "--since", "confirm"):
        assert word in told.output
