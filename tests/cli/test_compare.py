"""`cnilcheck compare` and `--baseline`: what fails a pipeline is what is new or worse."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cnilcheck.cli.compare import run_compare
from cnilcheck.cli.run import Format, Telling
from cnilcheck.cli.scan import run_report, run_scan
from cnilcheck.documents.past_report import read_past_report
from cnilcheck.errors import UsageError
from cnilcheck.model.words import Lang, Outcome, Severity

SCOPE = """\
version: 1
sources:
  system: ./snapshot/
declarations:
  security: {encryption_at_rest: %s, backups_encrypted: true, tests: yearly}
"""
NGINX = "http {\n  server {\n    listen 443 ssl;\n    ssl_protocols %s;\n  }\n}\n"
QUIET = Telling(lang=Lang.EN, quiet=True)


def audit(tmp_path: Path, name: str, protocols: str, encrypted: str = "true") -> Path:
    """Return the folder of an audit of a small tree."""
    tree = tmp_path / "snapshot" / "etc" / "nginx"
    tree.mkdir(parents=True, exist_ok=True)
    (tree / "nginx.conf").write_text(NGINX % protocols)
    (tmp_path / "cnilcheck.yaml").write_text(SCOPE % encrypted)
    run_scan([], tmp_path / "cnilcheck.yaml", tmp_path / name, None, True, QUIET)
    return tmp_path / name


def run(old: Path, new: Path, *formats: str, out: Path = Path(), **more: object) -> int:
    force, fail_on = bool(more.get("force")), Severity(str(more.get("fail_on", "medium")))
    return run_compare(old, new, Lang.EN, list(formats), out, fail_on, force, True)


def test_a_failure_mended_is_told_and_passes(tmp_path: Path) -> None:
    old = audit(tmp_path, "old", "TLSv1 TLSv1.2")
    new = audit(tmp_path, "new", "TLSv1.2 TLSv1.3")
    assert run(old, new, "json", out=tmp_path / "told") == 0
    told = json.loads((tmp_path / "told" / "compare.json").read_text())
    mended = [c["rule"] for c in told["changes"] if c["change"] == "mended"]
    assert "tls-configured" in mended
    assert told["counts"]["new"] == 0


def test_a_new_failure_fails_from_the_severity_asked_for(tmp_path: Path) -> None:
    old = audit(tmp_path, "old", "TLSv1.2 TLSv1.3")
    new = audit(tmp_path, "new", "TLSv1 TLSv1.2")
    assert run(old, new) == 1
    assert run(old, new, fail_on="critical") == 0
    assert run(old / "report.json", old / "report.json") == 0


def test_files_are_written_only_when_asked_for_and_not_over_others(tmp_path: Path) -> None:
    old = audit(tmp_path, "old", "TLSv1.2")
    out = tmp_path / "told"
    run(old, old, "html", "md", "json", out=out)
    assert sorted(p.name for p in out.iterdir()) == ["compare.html", "compare.json", "compare.md"]
    with pytest.raises(UsageError, match="already"):
        run(old, old, "html", out=out)
    assert run(old, old, "html", out=out, force=True) == 0
    with pytest.raises(UsageError, match="none of html"):
        run(old, old, "pdf", out=out)


def test_known_failures_do_not_fail_the_run(tmp_path: Path) -> None:
    old = audit(tmp_path, "old", "TLSv1 TLSv1.2", "false")
    baseline = read_past_report(old)
    telling = Telling(lang=Lang.EN, quiet=True, fail_on=Severity.MEDIUM)
    assert run_report(old, None, telling) == 1
    beside = Telling(lang=Lang.EN, quiet=True, fail_on=Severity.MEDIUM, baseline=baseline)
    assert run_report(old, None, beside) != 1
    report = json.loads((old / "report.json").read_text())
    fails = [f for f in report["findings"] if f["outcome"] == Outcome.FAIL]
    assert fails
    assert all(f["known"] for f in fails)
    assert "Known already" in (old / "report.html").read_text()


def test_a_failure_the_baseline_lacks_fails_the_run(tmp_path: Path) -> None:
    old = audit(tmp_path, "old", "TLSv1.2 TLSv1.3", "false")
    new = audit(tmp_path, "new", "TLSv1 TLSv1.2", "false")
    telling = Telling(
        lang=Lang.EN, quiet=True, fail_on=Severity.MEDIUM, baseline=read_past_report(old)
    )
    assert run_report(new, None, telling) == 1
    report = json.loads((new / "report.json").read_text())
    new_ones = {f["rule"] for f in report["findings"] if f["outcome"] == "fail" and not f["known"]}
    assert "tls-configured" in new_ones


def test_every_format_is_written_and_an_older_one_does_not_linger(tmp_path: Path) -> None:
    folder = audit(tmp_path, "old", "TLSv1 TLSv1.2")
    formats = tuple(f for f in Format if f is not Format.PDF)
    run_report(folder, None, Telling(formats=formats, quiet=True))
    names = {p.name for p in folder.iterdir()}
    assert {"report.md", "report.sarif", "report.xml", "report.csv", "report.jsonl"} <= names
    ocsf = {n for n in names if n.startswith("report.ocsf-")}
    assert ocsf
    assert all(n in (folder / "SHA256SUMS").read_text() for n in ocsf)
    run_report(folder, None, QUIET)
    assert not (folder / "report.csv").exists()
    assert not list(folder.glob("report.ocsf-*"))


def test_sarif_points_at_the_line_of_the_target(tmp_path: Path) -> None:
    folder = audit(tmp_path, "old", "TLSv1 TLSv1.2", "false")
    run_report(folder, None, Telling(formats=(Format.SARIF,), quiet=True))
    log = json.loads((folder / "report.sarif").read_text())
    lines = {
        r["ruleId"]: r["locations"][0]["physicalLocation"]["region"]["startLine"]
        for r in log["runs"][0]["results"]
        if r["kind"] == "fail"
    }
    assert lines["tls-configured"] == 3
    assert lines["encryption-at-rest-declared"] == 5


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "report.json"),
        (
            b'{"schema": "other", "as_of": "2026-11-22", "findings": []}',
            "is not cnilcheck/report/1",
        ),
        (b'{"schema": "cnilcheck/report/1", "as_of": "2026-11-22", "findings": [{}]}', "findings"),
        (b'{"scope": ' + b"[" * 100_000, "report.json"),
        (b'{"x": ' + b"[" * 100_000, "report.json"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(
    content: bytes, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=says) as refused:
        read_past_report(path)
    assert "\n" not in str(refused.value)


def test_an_absent_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        read_past_report(tmp_path)


def test_a_report_with_fields_of_another_version_can_be_compared(tmp_path: Path) -> None:
    folder = audit(tmp_path, "old", "TLSv1 TLSv1.2")
    copy = shutil.copy(folder / "report.json", tmp_path / "older.json")
    report = json.loads(Path(copy).read_text())
    report["future"] = 1
    for finding in report["findings"]:
        finding["future"] = True
        for seen in finding["evidence"]:
            seen["fact"] = {"fact": "a-fact-nobody-knows"} if "fact" in seen else seen.get("fact")
    Path(copy).write_text(json.dumps(report))
    assert run(Path(copy), folder) == 0
