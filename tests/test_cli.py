"""The command line: one clear line for wrong use, the right exit code, nothing overwritten."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def cnilcheck(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cnilcheck", *arguments],
        capture_output=True, text=True, timeout=120, cwd=cwd, check=False,
        env=os.environ | {"CNILCHECK_LANG": "en"} | environment,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scan"], "nothing to scan"),
        (["scan", "ftp://x"], "does not begin with http"),
        (["scan", "https://example.fr/"], "no authorisation"),
        (["scan", "https://127.0.0.1:1/", "--as-of", "2026-13-01"], "--as-of: `2026-13-01`"),
        (["scan", "https://127.0.0.1:1/", "--format", "xls"], "--format: `xls`"),
        (["scan", "https://127.0.0.1:1/", "--scope", "s.yaml"], "not both"),
        (["scan", "--scope", "absent.yaml"], "absent.yaml: no such file"),
        (["report", "absent"], "holds no evidence.json"),
        (["rules", "show", "tls-protocol"], "did you mean `tls-protocols`?"),
        (["rules", "--weakness", "nothing"], "no such name: nothing"),
        (["schema", "foo"], "`foo` is none of"),
        (["password-policy", "hello"], "no length"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    done = cnilcheck(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_waiver_for_a_rule_that_is_none_is_refused_before_any_contact(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "version: 1\ntargets: [{url: 'https://127.0.0.1:1/'}]\n"
        "waivers: [{rule: tls-protocol, target: x, reason: r, approved_by: a, until: 2026-01-01}]"
    )
    done = cnilcheck("scan", "--scope", "s.yaml", "--out", "a", cwd=tmp_path)
    assert done.returncode == 2
    assert "waivers[0].rule" in done.stderr
    assert "tls-protocols" in done.stderr
    assert not (tmp_path / "a").exists()


def test_an_audit_s_folder_is_not_overwritten_without_force(tmp_path: Path) -> None:
    arguments = ("scan", "http://127.0.0.1:9/", "--out", "a", "-q")
    assert cnilcheck(*arguments, cwd=tmp_path).returncode == 3
    before = (tmp_path / "a" / "evidence.json").read_bytes()
    again = cnilcheck(*arguments, cwd=tmp_path)
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert (tmp_path / "a" / "evidence.json").read_bytes() == before
    assert cnilcheck(*arguments, "--force", cwd=tmp_path).returncode == 3
    assert (tmp_path / "a" / "evidence.json").read_bytes() != before


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_can_complete_commands(shell: str, tmp_path: Path) -> None:
    done = cnilcheck(
        "--show-completion", shell, cwd=tmp_path, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1"
    )
    assert done.returncode == 0, done.stderr
    assert "cnilcheck" in done.stdout


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_rule_is_explained_in_each_language(lang: str, tmp_path: Path) -> None:
    done = cnilcheck("rules", "show", "tls-protocols", "--lang", lang, cwd=tmp_path)
    assert done.returncode == 0
    assert ("Ce qui peut arriver" if lang == "fr" else "What can happen") in done.stdout
    assert "ANSSI" in done.stdout


def test_rules_are_filtered(tmp_path: Path) -> None:
    listed = cnilcheck("rules", "--module", "logging", "--severity", "high", cwd=tmp_path).stdout
    assert "author-identified" in listed
    assert "tls-protocols" not in listed
    by_weakness = cnilcheck("rules", "--weakness", "directory-listing", cwd=tmp_path).stdout
    assert "directory-listing-off" in by_weakness


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ("12 characters, 4 classes, no lockout", 0),
        ("12 caractères, 4 types, sans blocage", 0),
        ("8 characters, 3 classes, lockout 10", 0),
        ("8 characters, 3 classes, no lockout", 1),
        ("14 characters, 3 classes, no lockout", 0),
        ("7 words, no lockout", 0),
        ("6 characters, 1 class, lockout 10", 1),
        ("8 characters, 3 classes", 3),
    ],
)
def test_a_password_policy_is_judged_by_the_cnil_s_model(
    policy: str, code: int, tmp_path: Path
) -> None:
    assert cnilcheck("password-policy", policy, cwd=tmp_path).returncode == code


def test_the_version_is_told_in_both_ways(tmp_path: Path) -> None:
    assert cnilcheck("--version", cwd=tmp_path).stdout.startswith("cnilcheck ")
    assert cnilcheck("-V", cwd=tmp_path).stdout == cnilcheck("--version", cwd=tmp_path).stdout


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m cnilcheck schema report | head -c 10"
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        timeout=60,
    )
    assert "Traceback" not in done.stderr


NOBODY = "http://127.0.0.1:1/"


def test_one_format_goes_to_standard_output_and_nothing_is_kept(tmp_path: Path) -> None:
    done = cnilcheck("scan", NOBODY, "--out", "-", "--format", "sarif", cwd=tmp_path)
    assert done.returncode == 3
    assert json.loads(done.stdout)["version"] == "2.1.0"
    assert "Exit code 3" in done.stderr
    assert list(tmp_path.iterdir()) == []
    plain = cnilcheck("scan", NOBODY, "--out", "-", "-q", cwd=tmp_path)
    assert json.loads(plain.stdout)["schema"] == "cnilcheck/report/1"


@pytest.mark.parametrize(
    ("formats", "said"), [("sarif,csv", "one --format"), ("ocsf", "several files")]
)
def test_standard_output_takes_one_file(formats: str, said: str, tmp_path: Path) -> None:
    done = cnilcheck("scan", NOBODY, "--out", "-", "--format", formats, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_people_read_standard_error_without_escape_codes(tmp_path: Path) -> None:
    done = cnilcheck("scan", NOBODY, "--out", "a", cwd=tmp_path, FORCE_COLOR="", NO_COLOR="1")
    assert done.stdout == ""
    assert "Report: a/report.html" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(
    ("level", "step", "line"),
    [("warning", False, False), ("info", True, False), ("debug", True, True)],
)
def test_the_level_says_how_much_is_said_on_the_way(
    level: str, step: bool, line: bool, tmp_path: Path
) -> None:
    done = cnilcheck("scan", NOBODY, "--out", "a", "-q", "--log-level", level, cwd=tmp_path)
    assert (f"start web-exposure {NOBODY}" in done.stderr) is step
    written = (tmp_path / "a" / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    first = " ".join(json.loads(written[0]).values())
    assert (first in done.stderr) is line


def test_an_unknown_level_is_refused(tmp_path: Path) -> None:
    done = cnilcheck("scan", NOBODY, "--log-level", "loud", cwd=tmp_path)
    assert done.returncode == 2
    assert "--log-level: `loud`" in done.stderr
