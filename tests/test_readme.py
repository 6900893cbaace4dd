"""README stays true: its rule table, its commands' options, its exit codes."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    \./cnilcheckw ([^#\n]+)", README, re.MULTILINE)


def cnilcheck(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cnilcheck", *arguments],
        capture_output=True, text=True, timeout=240, cwd=cwd, check=False,
    )  # fmt: skip


def test_the_rule_table_is_that_of_the_catalogue() -> None:
    table = README.partition("<!-- rules -->")[2].partition("<!-- /rules -->")[0].strip()
    listed = cnilcheck("rules", "--markdown", "--lang", "en", cwd=ROOT).stdout.strip()
    assert table == listed, "put the output of `cnilcheck rules --markdown --lang en` there"


def test_each_key_of_the_scope_is_named_in_the_table_of_keys() -> None:
    schema = json.loads(cnilcheck("schema", "scope", cwd=ROOT).stdout)
    table = README.partition("<!-- scope -->")[2].partition("<!-- /scope -->")[0]
    rows = [line.split(" | ") for line in table.strip().splitlines()[2:]]
    named = sorted(sorted(re.findall(r"`([^`]+)`", row[1])) for row in rows)
    parts = [d["properties"] for d in schema["$defs"].values() if d.get("properties")]
    assert named == sorted(sorted(part) for part in parts), "complete README's table of scope keys"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.strip())
def test_a_command_of_the_readme_exists_with_its_options(command: str, tmp_path: Path) -> None:
    name, *arguments = shlex.split(command)
    if name == "test":
        return
    told = cnilcheck(name, "--help", cwd=tmp_path).stdout
    for option in (a for a in arguments if a.startswith("--")):
        assert option in told, f"{name} has no {option}"


def test_init_scan_and_report_run_as_written(tmp_path: Path) -> None:
    assert cnilcheck("init", "cnilcheck.yaml", cwd=tmp_path).returncode == 0
    again = cnilcheck("init", "cnilcheck.yaml", cwd=tmp_path)
    assert (again.returncode, len(again.stderr.splitlines())) == (2, 1)
    scope = (tmp_path / "cnilcheck.yaml").read_text(encoding="utf-8")
    # A port nothing listens on: the commented scope is run as it is, and everything is a gap.
    (tmp_path / "cnilcheck.yaml").write_text(scope.replace(":8443", ":9"), encoding="utf-8")
    scanned = cnilcheck("scan", "--scope", "cnilcheck.yaml", "--out", "audit", cwd=tmp_path)
    assert scanned.returncode == 3, scanned.stderr
    told = cnilcheck("report", "audit", "--as-of", "2026-12-01", "--lang", "fr", cwd=tmp_path)
    assert told.returncode == 3, told.stderr
