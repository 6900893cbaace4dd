"""`scan --retest`: only what failed or stayed open is looked at again; what was settled stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cnilcheck.cli.run import Telling
from cnilcheck.cli.scan import run_scan
from cnilcheck.errors import EvidenceError, UsageError
from cnilcheck.model.words import Lang

QUIET = Telling(lang=Lang.EN, quiet=True)
SCOPE = """\
version: 1
sources:
  system: ./snapshot/
  logs: [{path: access.log, class: technical}]
declarations:
  security: {encryption_at_rest: %s, backups_encrypted: true}
"""
NGINX = "http {\n  server {\n    listen 443 ssl;\n    ssl_protocols %s;\n  }\n}\n"
SSHD = "PermitRootLogin no\nPasswordAuthentication no\n"


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of an audit in which nginx accepts an obsolete TLS version."""
    monkeypatch.chdir(tmp_path)
    etc = tmp_path / "snapshot" / "etc"
    (etc / "nginx").mkdir(parents=True)
    (etc / "ssh").mkdir()
    (etc / "nginx" / "nginx.conf").write_text(NGINX % "TLSv1 TLSv1.2")
    (etc / "ssh" / "sshd_config").write_text(SSHD)
    (tmp_path / "access.log").write_text("")
    (tmp_path / "cnilcheck.yaml").write_text(SCOPE % "true")
    run_scan([], None, tmp_path / "before", None, False, QUIET)
    return tmp_path / "before"


def retest(before: Path, **more: Any) -> dict[str, Any]:
    after = before.with_name("after")
    run_scan([], more.get("scope"), after, None, True, QUIET, retest=before)
    told: dict[str, Any] = json.loads((after / "report.json").read_text())
    return told


def journal(folder: Path) -> set[str]:
    lines = (folder / "journal.jsonl").read_text().splitlines()
    return {json.loads(line)["instrument"] for line in lines}


def outcomes(report: dict[str, Any], rule: str) -> set[str]:
    return {f["outcome"] for f in report["findings"] if f["rule"] == rule}


def test_a_mended_failure_passes_and_the_rest_stands_as_it_was_seen(before: Path) -> None:
    first = json.loads((before / "report.json").read_text())
    assert outcomes(first, "tls-configured") == {"fail"}
    nginx = before.parent / "snapshot" / "etc" / "nginx" / "nginx.conf"
    nginx.write_text(NGINX % "TLSv1.2 TLSv1.3")
    told = retest(before)
    assert outcomes(told, "tls-configured") == {"pass"}
    assert told["retest"]["kept"] > 0
    assert (
        told["retest"]["started_at"]
        == json.loads((before / "evidence.json").read_text())["started_at"]
    )
    assert {f["id"] for f in told["findings"]} >= {
        f["id"] for f in first["findings"] if f["outcome"] == "pass"
    }


def test_what_was_settled_is_not_touched_again(before: Path) -> None:
    settled = {
        o["provenance"]["instrument"]
        for o in json.loads((before / "evidence.json").read_text())["observations"]
        if o["kind"] != "gap"
    }
    retest(before)
    again = journal(before.with_name("after"))
    assert "web-server-configuration" in again
    assert settled & journal(before) - again


def test_a_failure_that_is_not_mended_still_fails(before: Path) -> None:
    assert outcomes(retest(before), "tls-configured") == {"fail"}


def test_what_people_say_is_read_anew_from_the_scope_of_today(before: Path) -> None:
    (before.parent / "cnilcheck.yaml").write_text(SCOPE % "false")
    first = json.loads((before / "report.json").read_text())
    rule = "encryption-at-rest-declared"
    assert outcomes(first, rule) == {"pass"}
    assert outcomes(retest(before), rule) == {"fail"}


def test_a_target_that_is_new_in_the_scope_is_looked_at(before: Path) -> None:
    scope = before.parent / "cnilcheck.yaml"
    scope.write_text(
        scope.read_text().replace("version: 1", "version: 1\ntargets: [{tls: '127.0.0.1:1'}]")
    )
    told = retest(before)
    assert "127.0.0.1:1" in told["summary"]["unobserved_targets"]


def test_without_a_scope_file_the_one_of_the_earlier_audit_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_scan(["http://127.0.0.1:1/"], None, tmp_path / "before", None, False, QUIET)
    run_scan([], None, tmp_path / "after", None, False, QUIET, retest=tmp_path / "before")
    assert "127.0.0.1:1" in (tmp_path / "after" / "scope.yaml").read_text()


def test_evidence_that_was_altered_is_not_taken_over(before: Path) -> None:
    evidence = before / "evidence.json"
    evidence.write_text(evidence.read_text().replace("TLS 1.2", "TLS 1.3"))
    with pytest.raises(EvidenceError, match="vouches for"):
        retest(before)
    assert not before.with_name("after").exists()


def test_the_earlier_audit_is_never_written_over(before: Path) -> None:
    with pytest.raises(UsageError, match="kept as it is"):
        run_scan([], None, before, None, True, QUIET, retest=before)
