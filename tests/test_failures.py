"""When a part of the deployment fails, the report says which facts are missing and judges the rest."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cnilcheck.replica import Replica

Finding = dict[str, Any]


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[Replica]:
    with Replica(tmp_path / "replica") as running:
        yield running


def scan(replica: Replica, out: Path) -> tuple[int, list[Finding]]:
    command = [sys.executable, "-m", "cnilcheck", "scan", "--quiet"]
    command += ["--scope", str(replica.scope_path), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads((out / "report.json").read_bytes())["findings"]


def outcomes(findings: list[Finding], rule: str) -> set[str]:
    return {f["outcome"] for f in findings if f["rule"] == rule}


def open_with(findings: list[Finding], rule: str) -> set[str]:
    return {f["gap"] for f in findings if f["rule"] == rule and f["outcome"] == "inconclusive"}


def rest_is_judged(findings: list[Finding]) -> None:
    for rule in ("hds-certificate-held", "password-hash-function", "retention-long-enough"):
        assert outcomes(findings, rule) == {"fail"}, rule


def test_without_its_database_listener_everything_else_is_judged(
    replica: Replica, tmp_path: Path
) -> None:
    replica.stop_database()
    code, findings = scan(replica, tmp_path / "a")
    assert code == 1
    assert outcomes(findings, "data-services-closed") == {"pass"}
    assert outcomes(findings, "data-services-ask-sign-in") == {"not_applicable"}
    # What its configuration says is still read.
    told = {f["target"] for f in findings if f["rule"] == "service-encrypted"}
    assert told == {"./snapshot/"}
    assert outcomes(findings, "directory-listing-off") == {"fail"}
    rest_is_judged(findings)


def test_without_https_the_tls_facts_are_missing_and_the_reason_is_told(
    replica: Replica, tmp_path: Path
) -> None:
    replica.stop_https()
    code, findings = scan(replica, tmp_path / "a")
    assert code == 1
    for rule in ("tls-protocols", "certificate-in-force", "protected-documents-refused"):
        assert outcomes(findings, rule) == {"inconclusive"}, rule
        assert open_with(findings, rule) == {"unreachable"}, rule
    assert "fail" in outcomes(findings, "directory-listing-off")
    rest_is_judged(findings)


def test_a_listener_that_refuses_tls_is_told_so(replica: Replica, tmp_path: Path) -> None:
    address = replica.https.split("//")[1].rstrip("/")
    replica.stop_https()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        threading.Thread(target=refuse, args=(listening,), daemon=True).start()
        text = replica.scope_path.read_text(encoding="utf-8")
        port = listening.getsockname()[1]
        replica.scope_path.write_text(text.replace(address, f"127.0.0.1:{port}"), encoding="utf-8")
        _, findings = scan(replica, tmp_path / "a")
    assert outcomes(findings, "tls-protocols") == {"inconclusive"}
    assert outcomes(findings, "certificate-trusted") == {"inconclusive"}
    rest_is_judged(findings)


def refuse(listening: socket.socket) -> None:
    while True:
        try:
            line, _ = listening.accept()
        except OSError:
            return
        with line:
            line.sendall(b"\x15\x03\x01\x00\x02\x02\x28")


def unreadable(path: Path) -> None:
    if os.geteuid() == 0:
        # Rights do not bind root: what cannot be opened as a file stands in for them.
        path.unlink()
        path.mkdir()
    else:
        path.chmod(0)


def test_without_the_right_to_read_the_log_its_facts_are_missing(
    replica: Replica, tmp_path: Path
) -> None:
    unreadable(replica.scope_path.parent / "logs" / "access.log")
    code, findings = scan(replica, tmp_path / "a")
    assert code == 1
    for rule in ("author-identified", "no-silence", "no-personal-data-in-logs"):
        assert outcomes(findings, rule) == {"inconclusive"}, rule
        assert open_with(findings, rule) == {"not_readable"}, rule
    assert outcomes(findings, "access-log-on") == {"fail"}
    rest_is_judged(findings)


def test_without_the_right_to_read_the_snapshot_the_network_is_still_judged(
    replica: Replica, tmp_path: Path
) -> None:
    unreadable(replica.scope_path.parent / "snapshot" / "etc" / "nginx" / "nginx.conf")
    _, findings = scan(replica, tmp_path / "a")
    assert outcomes(findings, "access-log-on") == {"inconclusive"}
    assert outcomes(findings, "retention-long-enough") == {"fail"}
    assert "fail" in outcomes(findings, "tls-protocols")


def test_without_any_network_nothing_passes_by_default(replica: Replica, tmp_path: Path) -> None:
    replica.stop_https()
    text = replica.scope_path.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    start = next(n for n, line in enumerate(lines) if line.startswith("sources:"))
    end = next(n for n, line in enumerate(lines) if line.startswith("targets:"))
    http_only = "".join(lines[: end + 1]) + f"  - url: {replica.https}\n"
    replica.scope_path.write_text(http_only + "\n", encoding="utf-8")
    assert start
    code, findings = scan(replica, tmp_path / "a")
    assert code == 3
    assert {f["outcome"] for f in findings} <= {"inconclusive", "not_applicable"}
