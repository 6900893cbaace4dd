"""The whole audit of the replica: every planted flaw is one failure, the mended twin has none."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cnilcheck.model.personal_data import find_nirs
from cnilcheck.replica.people import invented_people

# (module, weakness, a piece of the place) of each shortcoming issue by issue, as planted.
PLANTED = [
    ("exposure", "directory-listing", "/wp-content/plugins/depistage/"),
    ("exposure", "files-in-web-root", "/wp-content/plugins/depistage/export-2021-07.csv"),
    ("exposure", "files-in-web-root", "/wp-content/plugins/depistage/export-2021-08.csv"),
    ("exposure", "secrets-in-files", "/wp-content/plugins/depistage/connexion-bdd.php.txt"),
    ("exposure", "service-open-to-internet", "127.0.0.1:"),
    ("exposure", "unauthenticated-identifier", "/resultats/2f9c.pdf"),
    ("exposure", "unauthenticated-identifier", "/resultats/2f9d.pdf"),
    ("exposure", "slow-incident-handling", "/.well-known/security.txt"),
    ("authentication", "password-sent-in-clear", "messages/bienvenue.txt"),
    ("authentication", "accounts-not-revoked", "comptes.csv"),
    ("cryptography", "no-tls", "/espace-pharmacien/connexion"),
    ("authentication", "weak-staff-password", "accounts[0]"),
    ("authentication", "no-lockout", "accounts[0]"),
    ("authentication", "session-cookie-unprotected", "/espace-pharmacien/connexion"),
    ("cryptography", "weak-password-hash", "utilisateurs.csv"),
    ("cryptography", "obsolete-tls", "127.0.0.1:"),
    ("cryptography", "obsolete-tls", "/"),
    ("logging", "logs-incomplete", "depistage.conf"),
    ("logging", "logs-incomplete", "access.log"),
    ("logging", "personal-data-in-logs", "access.log"),
    ("logging", "logs-kept-wrong-time", "logrotate.d/nginx"),
    ("hosting", "no-hds-host", "providers[0]"),
]


def cnilcheck(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cnilcheck", *arguments],
        capture_output=True, text=True, timeout=240, cwd=cwd, check=False,
    )  # fmt: skip


def heeds_interrupts() -> None:
    # A job in the background of a shell inherits a SIGINT that is ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def report(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "report.json").read_bytes())
    return content


@pytest.fixture(scope="module")
def flawed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("flawed")
    done = cnilcheck("demo", "--out", "audit", "--format", "md,sarif,junit", cwd=place)
    assert done.returncode == 1, done.stderr
    (place / "stdout.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
    return place / "audit"


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("mended")
    done = cnilcheck("demo", "--mended", "--out", "audit", "--fail-on", "info", cwd=place)
    assert done.returncode == 0, done.stdout + done.stderr
    return place / "audit"


@pytest.mark.parametrize(("module", "weakness", "place"), PLANTED)
def test_a_planted_flaw_is_found_where_it_is(
    flawed: Path, module: str, weakness: str, place: str
) -> None:
    fails = [f for f in report(flawed)["findings"] if f["outcome"] == "fail"]
    found = [
        f for f in fails
        if f["module"] == module and f["weakness"] == weakness and place in f["location"]
    ]  # fmt: skip
    assert found, sorted({(f["module"], f["weakness"], f["location"]) for f in fails})


def test_no_failure_is_told_twice(flawed: Path) -> None:
    fails = [f for f in report(flawed)["findings"] if f["outcome"] == "fail"]
    keys = [(f["rule"], f["target"], f["location"]) for f in fails]
    assert len(keys) == len(set(keys))
    assert len({f["id"] for f in fails}) == len(fails)


def test_the_mended_twin_has_no_failure(mended: Path) -> None:
    content = report(mended)
    assert [f["rule"] for f in content["findings"] if f["outcome"] == "fail"] == []
    modules = content["summary"]["modules"]
    assert all(modules[name]["pass"] for name in modules), modules


def test_every_module_is_judged_and_at_least_forty_rules(flawed: Path) -> None:
    content = report(flawed)
    assert content["schema"] == "cnilcheck/report/1"
    assert all(content["summary"]["modules"][m]["fail"] for m in content["summary"]["modules"])
    assert content["summary"]["coverage"]["rules"] >= 40
    assert content["deadline"]["days_left"] in (40, 41, 42)


def test_an_open_question_bears_its_question(flawed: Path, mended: Path) -> None:
    for folder in (flawed, mended):
        for finding in report(folder)["findings"]:
            asked = finding["question"] is not None
            assert asked == (finding["outcome"] == "inconclusive")


def test_no_personal_data_and_no_secret_reaches_any_file(flawed: Path) -> None:
    people = invented_people()
    secret = re.compile(r"DB_PASSWORD'?,\s*'[^'•]+'")
    for path in [*flawed.iterdir(), flawed.parent / "stdout.txt"]:
        text = path.read_text(encoding="utf-8")
        assert list(find_nirs(text)) == [], path.name
        assert not secret.search(text), path.name
        for person in people:
            assert person.surname not in text, path.name
            assert person.email not in text, path.name


def test_the_digests_hold(flawed: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=flawed, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stdout


def test_the_same_evidence_is_judged_to_the_same_bytes(flawed: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(flawed, tmp_path / "a")
    day = report(flawed)["as_of"]
    arguments = ("--as-of", day, "--format", "md,sarif,junit")
    assert cnilcheck("report", "a", *arguments, cwd=tmp_path).returncode == 1
    for name in ("report.json", "report.html", "report.md", "report.sarif", "report.xml"):
        assert (tmp_path / "a" / name).read_bytes() == (flawed / name).read_bytes(), name


def test_another_day_and_another_language_need_no_network(flawed: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(flawed, tmp_path / "a")
    done = cnilcheck("report", "a", "--as-of", "2031-01-01", "--lang", "fr", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    content = report(tmp_path / "a")
    assert content["as_of"] == "2031-01-01"
    assert content["deadline"]["days_left"] < 0
    assert '<html lang="fr"' in (tmp_path / "a" / "report.html").read_text(encoding="utf-8")


def test_an_altered_evidence_is_told_and_a_broken_one_refused(flawed: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(flawed, tmp_path / "a")
    evidence = tmp_path / "a" / "evidence.json"
    evidence.write_bytes(evidence.read_bytes() + b"\n")
    done = cnilcheck("report", "a", "-q", cwd=tmp_path)
    assert "evidence.json" in done.stderr
    evidence.write_bytes(b'{"schema": "other"}')
    before = (tmp_path / "a" / "report.json").read_bytes()
    done = cnilcheck("report", "a", cwd=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert (tmp_path / "a" / "report.json").read_bytes() == before


def test_ctrl_c_keeps_what_was_collected_and_the_exit_code_says_so(tmp_path: Path) -> None:
    """A listener that accepts and says nothing keeps the audit busy until the operator stops it."""
    import socket

    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        port = silent.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "cnilcheck", "scan", f"https://127.0.0.1:{port}/", "--out", "a"],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=heeds_interrupts,
        )  # fmt: skip
        until = time.monotonic() + 30
        while not (tmp_path / "a" / ".partial" / "journal.jsonl").exists():
            assert time.monotonic() < until
            time.sleep(0.05)
        time.sleep(1.0)
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 3, out + err
    content = report(tmp_path / "a")
    assert content["summary"]["interrupted"]
    assert "Traceback" not in err


@pytest.mark.parametrize("mended_twin", [False, True])
def test_serve_says_how_to_scan_and_stops(mended_twin: bool, tmp_path: Path) -> None:
    arguments = ["demo", "--serve", *(["--mended"] if mended_twin else [])]
    process = subprocess.Popen(
        [sys.executable, "-m", "cnilcheck", *arguments],
        cwd=tmp_path, stdout=subprocess.PIPE, text=True, preexec_fn=heeds_interrupts,
        env=os.environ | {"CNILCHECK_LANG": "en"},
    )  # fmt: skip
    assert process.stdout is not None
    command = ""
    for line in process.stdout:
        if "cnilcheck scan" in line:
            command = line.strip()
        if "Ctrl-C" in line:
            break
    scanned = cnilcheck(*command.split()[1:], cwd=tmp_path)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert scanned.returncode == (0 if mended_twin else 1), scanned.stderr
    assert process.returncode == 0
