"""The profile an audit is judged by: named in the scope or on the command line, and kept."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest


def cnilcheck(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cnilcheck", *arguments],
        capture_output=True, text=True, timeout=60, cwd=cwd, check=False,
    )  # fmt: skip


@pytest.fixture
def scope(tmp_path: Path) -> Path:
    with socket.create_server(("127.0.0.1", 0)) as shut:
        port = shut.getsockname()[1]
    path = tmp_path / "scope.yaml"
    path.write_text(
        f"version: 1\nprofile: mozilla-intermediate\ntargets:\n  - tls: 127.0.0.1:{port}\n"
    )
    return path


def profile_of(folder: Path) -> str:
    return str(json.loads((folder / "report.json").read_bytes())["scope"]["profile"])


def test_the_profile_of_the_scope_is_used(scope: Path) -> None:
    cnilcheck("scan", "--scope", scope.name, "--out", "audit", "-q", cwd=scope.parent)
    assert profile_of(scope.parent / "audit") == "mozilla-intermediate"


def test_an_option_prevails_and_the_stored_scope_says_so(scope: Path) -> None:
    options = ("--profile", "mozilla-modern", "--out", "audit", "-q")
    cnilcheck("scan", "--scope", scope.name, *options, cwd=scope.parent)
    assert "profile: mozilla-modern\n" in (scope.parent / "audit/scope.yaml").read_text()
    cnilcheck("report", "audit", "-q", cwd=scope.parent)
    assert profile_of(scope.parent / "audit") == "mozilla-modern"
    cnilcheck("report", "audit", "--profile", "anssi", "-q", cwd=scope.parent)
    assert profile_of(scope.parent / "audit") == "anssi"


def test_an_unknown_profile_is_refused(scope: Path) -> None:
    scope.write_text(scope.read_text().replace("mozilla-intermediate", "netscape"))
    done = cnilcheck("scan", "--scope", scope.name, "--out", "audit", cwd=scope.parent)
    assert done.returncode == 2
    assert "profile" in done.stderr
