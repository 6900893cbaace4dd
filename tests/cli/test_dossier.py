"""The dossier is checked by the tools a stranger has: sha256sum, ssh-keygen, openssl."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cnilcheck.cli.run import Telling
from cnilcheck.cli.scan import run_scan
from cnilcheck.errors import DossierError
from cnilcheck.model.words import Lang
from cnilcheck.sealing.manifest import differences
from cnilcheck.sealing.time_stamp import query, read_response

SCOPE = """\
version: 1
organisation: {name: "Pharmacie <b>du</b> Marché", role: controller}
notice: {reference: MED-2026-000, received_on: 2026-10-05, months: 2}
sources: {system: ./snapshot/}
attestations:
  - {rule: backups-encrypted, statement: Les sauvegardes sont chiffrées, signed_by: A. Martin, role: DPO,
     signed_on: 2026-11-02, valid_for: 6 months, document: contrat.pdf}
"""
NGINX = "http {\n  server {\n    listen 443 ssl;\n    ssl_protocols %s;\n  }\n}\n"
QUIET = Telling(lang=Lang.EN, quiet=True)


def run(*command: str, cwd: Path, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command, cwd=cwd, input=given, capture_output=True, timeout=60, check=False
    )


def cnilcheck(*arguments: str, cwd: Path, lang: str = "en") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cnilcheck", *arguments],
        capture_output=True, text=True, timeout=60, cwd=cwd, check=False,
        env=os.environ | {"CNILCHECK_LANG": lang},
    )  # fmt: skip


@pytest.fixture(scope="module")
def audits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the folders of two audits, before and after TLS was mended."""
    base = tmp_path_factory.mktemp("audits")
    conf = base / "snapshot" / "etc" / "nginx" / "nginx.conf"
    conf.parent.mkdir(parents=True)
    (base / "cnilcheck.yaml").write_text(SCOPE)
    for name, protocols in (("before", "TLSv1 TLSv1.2"), ("after", "TLSv1.2 TLSv1.3")):
        conf.write_text(NGINX % protocols)
        run_scan([], base / "cnilcheck.yaml", base / name, "2026-11-26", True, QUIET)
    return base / "before", base / "after"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an Ed25519 key made by ssh-keygen."""
    path = tmp_path_factory.mktemp("keys") / "id_ed25519"
    done = run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path), cwd=path.parent)
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture
def dossier(audits: tuple[Path, Path], key: Path, tmp_path: Path) -> Path:
    """Return a signed dossier with a document."""
    (tmp_path / "contrat.pdf").write_bytes(b"%PDF-1.7 invented")
    done = cnilcheck(
        "dossier", str(audits[1]), str(audits[0]), "--out", "dossier", "--document", "contrat.pdf",
        "--sign", str(key), "--signer", "a.martin@example.org", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return tmp_path / "dossier"


def test_sha256sum_and_ssh_keygen_check_it_without_us(dossier: Path) -> None:
    assert run("sha256sum", "--strict", "-c", "MANIFEST.sha256", cwd=dossier).returncode == 0
    manifest = (dossier / "MANIFEST.sha256").read_bytes()
    command = (
        "ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", "a.martin@example.org",
        "-n", "cnilcheck", "-s", "MANIFEST.sha256.sig",
    )  # fmt: skip
    good = run(*command, cwd=dossier, given=manifest)
    assert good.returncode == 0, good.stderr
    assert run(*command, cwd=dossier, given=manifest + b"x").returncode != 0


def test_the_audits_inside_still_hold_their_own_digests(dossier: Path) -> None:
    folders = sorted((dossier / "audits").iterdir())
    assert len(folders) == 2
    for folder in folders:
        assert run("sha256sum", "--strict", "-c", "SHA256SUMS", cwd=folder).returncode == 0


def test_it_tells_before_and_after_measure_by_measure(dossier: Path) -> None:
    letter = (dossier / "letter.md").read_text().replace("\u00a0", " ")
    taken, _, under_way = letter.partition("## 2. Measures under way")
    assert "TLS 1.0" in taken
    assert "MED-2026-000, received on 5 October 2026" in letter
    assert "5 December 2026" in letter
    assert "TLS 1.0" not in under_way
    french = (dossier / "lettre.md").read_text().replace("\u00a0", " ")
    assert "pour le 5 décembre 2026 au plus tard" in french
    assert "5 octobre 2026" in french


def test_texts_of_the_scope_are_harmless_in_its_pages(dossier: Path) -> None:
    assert "<b>du</b>" not in (dossier / "index.html").read_text()
    assert "<b>du</b>" not in (dossier / "lettre.md").read_text()


def test_verify_names_every_altered_byte(dossier: Path) -> None:
    whole = cnilcheck("verify", "dossier", cwd=dossier.parent)
    assert whole.returncode == 0, whole.stdout
    files = [p for p in dossier.rglob("*") if p.is_file() and p.parent == dossier]
    for path in (p for p in files if not p.name.startswith("MANIFEST")):
        content = path.read_bytes()
        path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
        done = cnilcheck("verify", "dossier", cwd=dossier.parent)
        assert done.returncode == 1
        assert done.stdout.splitlines()[0] == f"{path.name}: altered"
        path.write_bytes(content)


def test_verify_names_what_is_missing_added_or_linked(dossier: Path) -> None:
    (dossier / "letter.md").unlink()
    (dossier / "extra.txt").write_text("x")
    target = dossier / "documents" / "contrat.pdf"
    content = target.read_bytes()
    (dossier.parent / "elsewhere").write_bytes(content)
    target.unlink()
    target.symlink_to(dossier.parent / "elsewhere")
    told = {d.path: d.what for d in differences(dossier)}
    assert told == {
        "letter.md": "missing", "extra.txt": "added", "documents/contrat.pdf": "not_a_file",
    }  # fmt: skip


def test_verify_knows_the_key_it_expects(dossier: Path, key: Path, tmp_path: Path) -> None:
    own = f"{key}.pub"
    assert cnilcheck("verify", "dossier", "--signer", own, cwd=tmp_path).returncode == 0
    other = tmp_path / "other"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other), cwd=tmp_path)
    done = cnilcheck("verify", "dossier", "--signer", f"{other}.pub", cwd=tmp_path)
    assert done.returncode == 1
    assert "another key" in done.stdout


def test_a_manifest_rewritten_by_a_stranger_does_not_hold_its_signature(dossier: Path) -> None:
    (dossier / "letter.md").write_text("forged")
    digests = run("sha256sum", "letter.md", cwd=dossier).stdout.decode()
    manifest = (dossier / "MANIFEST.sha256").read_text().splitlines(keepends=True)
    forged = [digests if line.endswith("  letter.md\n") else line for line in manifest]
    (dossier / "MANIFEST.sha256").write_text("".join(forged))
    done = cnilcheck("verify", "dossier", cwd=dossier.parent)
    assert done.returncode == 1
    assert "not one of this manifest" in done.stdout
    (dossier / "MANIFEST.sha256.sig").unlink()
    assert cnilcheck("verify", "dossier", cwd=dossier.parent).returncode == 1


def test_a_locked_key_without_a_terminal_is_one_line(
    audits: tuple[Path, Path], tmp_path: Path
) -> None:
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "long words", "-f", "locked", cwd=tmp_path)
    done = cnilcheck("dossier", str(audits[0]), "--out", "d", "--sign", "locked", cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "d").exists()


def test_without_ssh_keygen_a_signature_is_not_taken_for_good(dossier: Path) -> None:
    path = dossier.parent / "bin"
    path.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "cnilcheck", "verify", "dossier"],
        capture_output=True, text=True, timeout=60, cwd=dossier.parent, check=False,
        env=os.environ | {"CNILCHECK_LANG": "en", "PATH": str(path)},
    )  # fmt: skip
    assert done.returncode == 3
    assert "ssh-keygen is not installed" in done.stdout


def test_an_altered_audit_is_refused(audits: tuple[Path, Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(audits[0], copy)
    report = copy / "report.json"
    report.write_text(report.read_text().replace("fail", "pass"))
    done = cnilcheck("dossier", "copy", "--out", "d", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "cnilcheck: copy/report.json: altered since the audit (scan anew)"
    ]
    assert not (tmp_path / "d").exists()


def test_an_older_dossier_is_not_written_over(dossier: Path, audits: tuple[Path, Path]) -> None:
    before = (dossier / "MANIFEST.sha256").read_bytes()
    done = cnilcheck("dossier", str(audits[0]), "--out", "dossier", cwd=dossier.parent)
    assert done.returncode == 2
    assert (dossier / "MANIFEST.sha256").read_bytes() == before


def test_custody_is_a_chain(dossier: Path) -> None:
    import hashlib

    previous = ""
    for line in (dossier / "custody.jsonl").read_text().splitlines():
        assert json.loads(line)["previous_sha256"] == previous
        previous = hashlib.sha256(line.encode()).hexdigest()


@pytest.mark.parametrize(
    "line",
    ["../x", "/etc/passwd", "a/../../x"],
)
def test_a_manifest_that_leads_out_of_its_folder_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "MANIFEST.sha256").write_text(f"{'0' * 64}  {line}\n")
    with pytest.raises(DossierError, match="out of the folder"):
        differences(tmp_path)


TSA = """\
[tsa]
default_tsa = one
[one]
serial = ./serial
crypto_device = builtin
signer_cert = ./tsa.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_chain = no
[ext]
extendedKeyUsage = critical,timeStamping
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Yield the address of a time-stamp authority that is openssl's own, and its certificate."""
    place = tmp_path_factory.mktemp("tsa")
    (place / "tsa.cnf").write_text(TSA)
    (place / "serial").write_text("01\n")
    made = run(
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key",
        "-out", "tsa.pem", "-days", "2", "-subj", "/CN=Invented TSA",
        "-addext", "extendedKeyUsage=critical,timeStamping", cwd=place,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            assert self.headers["content-type"] == "application/timestamp-query"
            (place / "asked.tsq").write_bytes(body)
            run("openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "asked.tsq",
                "-out", "reply.tsr", cwd=place)  # fmt: skip
            answer = (
                (place / "reply.tsr").read_bytes()
                if self.path == "/"
                else b"\x30\x05\x30\x03\x02\x01\x02"
            )
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", place / "tsa.pem"
    server.shutdown()


def test_openssl_checks_the_time_stamp(
    audits: tuple[Path, Path], authority: tuple[str, Path], tmp_path: Path
) -> None:
    address, certificate = authority
    done = cnilcheck(
        "dossier", str(audits[0]), "--out", "d", "--timestamp", f"{address}/", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    command = ("openssl", "ts", "-verify", "-data", "MANIFEST.sha256", "-in", "MANIFEST.sha256.tsr")
    good = run(*command, "-CAfile", str(certificate), cwd=tmp_path / "d")
    assert good.returncode == 0, good.stderr
    stamp = read_response((tmp_path / "d" / "MANIFEST.sha256.tsr").read_bytes())
    assert abs(stamp.at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=10)
    told = cnilcheck("verify", "d", cwd=tmp_path)
    assert told.returncode == 0
    assert "Time stamp: " in told.stdout
    (tmp_path / "d" / "MANIFEST.sha256").write_bytes(b"")
    assert "something else" in cnilcheck("verify", "d", cwd=tmp_path).stdout


def test_an_authority_that_refuses_leaves_the_dossier_unstamped(
    audits: tuple[Path, Path], authority: tuple[str, Path], tmp_path: Path
) -> None:
    address, _ = authority
    done = cnilcheck(
        "dossier", str(audits[0]), "--out", "d", "--timestamp", f"{address}/no", cwd=tmp_path
    )
    assert done.returncode == 2
    assert "refused" in done.stderr
    assert (tmp_path / "d" / "MANIFEST.sha256").exists()
    assert not (tmp_path / "d" / "MANIFEST.sha256.tsr").exists()


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"\x30\x80\x00", b"\x30\x84\xff\xff\xff\xff", bytes(1000), b"\x30" * 999],
)
def test_what_is_no_time_stamp_is_said_to_be_none(answer: bytes) -> None:
    with pytest.raises(DossierError):
        read_response(answer)


def test_the_query_is_one_that_openssl_reads(tmp_path: Path) -> None:
    (tmp_path / "q.tsq").write_bytes(query(b"content"))
    done = run("openssl", "ts", "-query", "-in", "q.tsq", "-text", cwd=tmp_path)
    assert done.returncode == 0
    assert b"Certificate required: yes" in done.stdout


def test_the_same_audit_twice_is_refused(audits: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copytree(audits[0], tmp_path / "copy")
    done = cnilcheck("dossier", str(audits[0]), "copy", "--out", "d", cwd=tmp_path)
    assert done.returncode == 2
    assert "the same audit as" in done.stderr


def test_a_folder_that_is_no_audit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    assert cnilcheck("dossier", "x", cwd=tmp_path).returncode == 2
    assert cnilcheck("verify", "x", cwd=tmp_path).returncode == 2
