"""A certificate's entries are proposed from its text, and a hostile PDF is refused in bounded time."""

from __future__ import annotations

import datetime as dt
import io
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
import typst
import yaml
from pypdf import PdfReader, PdfWriter

from cnilcheck.hosts import pdf_text
from cnilcheck.hosts.certificate_text import propose
from cnilcheck.hosts.pdf_text import DocumentError, text_of_pdf

CERTIFICATE = """\
= CERTIFICAT
Certificat n° FR094999

Bureau Veritas Certification France certifie que

*EXEMPLE CLOUD SAS*

SIREN : 123 456 782

est conforme aux exigences du référentiel de certification « Hébergeur de données de santé » HDS
version 2.0 pour les activités suivantes :

1° le maintien en condition opérationnelle des sites physiques ;

2° de l’infrastructure matérielle ;

3° de l’infrastructure virtuelle ;

4° de la plateforme d’hébergement d’applications.

Sites concernés :
- Paris, 1 rue de l’Exemple
- Lyon, 2 rue de l’Exemple

Date de délivrance : 20 décembre 2024

Date de fin de validité : 19 décembre 2027
"""
ENGLISH = """
Certificate Number: 12345-2
LSTI certifies that the company Example Host Ltd
complies with the HDS framework, version 1.1
Hosting activities: 1 to 6
Issue date: 5 March 2023     Valid until: 2026-03-04
"""


def pdf(text: str = CERTIFICATE) -> bytes:
    made: bytes = typst.compile(text.encode(), format="pdf")
    return made


@pytest.fixture(scope="module")
def printed() -> bytes:
    return pdf()


def test_the_entries_of_a_printed_certificate_are_proposed(printed: bytes) -> None:
    found = propose(text_of_pdf(printed, "c.pdf"))
    assert (found.holder, found.siren, found.number) == (
        "EXEMPLE CLOUD SAS",
        "123456782",
        "FR094999",
    )
    assert (found.body, found.referential) == ("Bureau Veritas Certification", "2.0")
    assert (found.issued_on, found.expires_on) == (dt.date(2024, 12, 20), dt.date(2027, 12, 19))
    assert found.activities == (1, 2, 3, 4)
    assert [site.split(",")[0] for site in found.sites] == ["Paris", "Lyon"]
    assert found.missing == ()


def test_an_english_certificate_is_read_too() -> None:
    found = propose(ENGLISH)
    assert (found.holder, found.number, found.body) == ("Example Host Ltd", "12345-2", "LSTI")
    assert (found.referential, found.activities) == ("1.1", (1, 2, 3, 4, 5, 6))
    assert (found.issued_on, found.expires_on) == (dt.date(2023, 3, 5), dt.date(2026, 3, 4))


def test_a_paper_under_a_ministry_s_letterhead_names_no_certification_body() -> None:
    assert propose("Ministère de la Santé\nArrêté du 4 janvier 2006").body == "Ministère"


@pytest.mark.parametrize("text", ["", "bonjour", "Certificat n°", "Date de fin : 31 février 2027"])
def test_what_is_not_there_is_left_open(text: str) -> None:
    assert len(propose(text).missing) == 7


@pytest.mark.parametrize(
    "text",
    [
        "certifie que " * 15_000, "date de delivrance " * 10_000, "rcs a " * 30_000, "a" * 200_000,
        "référentiel " * 15_000, "titulaire:\n" * 18_000, "sites :\n- " * 20_000, "e\u0301" * 90_000,
    ],
)  # fmt: skip
def test_hostile_text_is_read_in_bounded_time(text: str) -> None:
    propose(text)


def test_a_certificate_behind_a_password_or_without_text_is_refused(printed: bytes) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(printed)))
    writer.encrypt("secret", algorithm="RC4-128")
    locked = io.BytesIO()
    writer.write(locked)
    with pytest.raises(DocumentError, match="password"):
        text_of_pdf(locked.getvalue(), "c.pdf")
    with pytest.raises(DocumentError, match="no text"):
        text_of_pdf(pdf("#rect()"), "c.pdf")


def bomb() -> bytes:
    """Return a PDF whose one page is a stream that expands without measure."""
    packed = zlib.compress(zlib.compress(b"(x) Tj " * 60_000_000, 1), 9)
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /MediaBox [0 0 9 9] >>",
        b"<< /Filter [/FlateDecode /FlateDecode] /Length %d >>\nstream\n" % len(packed) + packed + b"\nendstream",
    ]  # fmt: skip
    body, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(body))
        body += b"%d 0 obj\n" % number + part + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer << /Root 1 0 R /Size 5 >>\nstartxref\n%d\n%%%%EOF" % len(body)
    return body + b"xref\n0 5\n0000000000 65535 f \n" + table + trailer


@pytest.mark.parametrize("kind", ["empty", "no pdf", "cut", "head only", "circle", "large"])
def test_a_damaged_or_hostile_pdf_is_refused_in_one_line(
    kind: str, printed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_text, "_MAX_BYTES", 1_000_000)
    circle = (
        b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 1 0 R /Kids [1 0 R] /Count 9 >>\nendobj\n"
        b"trailer << /Root 1 0 R >>\nstartxref\n9\n%%EOF"
    )
    contents = {
        "empty": b"", "no pdf": b"<html>", "cut": printed[: len(printed) // 3], "head only": b"%PDF-1.7\n",
        "circle": circle, "large": b"%PDF-" + b"0" * 1_000_001,
    }  # fmt: skip
    with pytest.raises(DocumentError) as raised:
        text_of_pdf(contents[kind], "c.pdf")
    assert "\n" not in str(raised.value)


def test_a_pdf_that_expands_without_measure_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_text, "_SECONDS", 5.0)
    with pytest.raises(DocumentError):
        text_of_pdf(bomb(), "c.pdf")


def certificate(path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cnilcheck", "hosts", "certificate", str(path), "--lang", "en"]
    return subprocess.run(
        [*command, "--as-of", "2026-11-22", *more],
        capture_output=True, text=True, timeout=60, env=os.environ | {"CNILCHECK_LANG": "en"},
        check=False,
    )  # fmt: skip


def test_the_block_can_be_pasted_and_what_does_not_go_together_is_told(
    printed: bytes, tmp_path: Path
) -> None:
    (tmp_path / "c.pdf").write_bytes(printed)
    done = certificate(tmp_path / "c.pdf")
    assert done.returncode == 0, done.stderr
    block = yaml.safe_load(done.stdout)["certificate"]
    assert block["holder"] == "EXEMPLE CLOUD SAS"
    assert block["expires_on"] == dt.date(2027, 12, 19)
    assert len(done.stderr.splitlines()) == 1
    other = certificate(tmp_path / "c.pdf", "--host", "Durand Infogérance")
    assert "hds-certificate-holder-matches" in other.stderr


def test_a_long_old_or_odd_certificate_is_told_so(tmp_path: Path) -> None:
    text = CERTIFICATE.replace("Bureau Veritas Certification France", "Ministère de la Santé")
    text = text.replace("2.0", "1.1").replace("décembre 2027", "décembre 2030")
    (tmp_path / "c.txt").write_text(text.replace("*", ""), encoding="utf-8")
    done = certificate(tmp_path / "c.txt")
    for rule in ("hds-certificate-coherent", "hds-referential-current", "hds-certificate-in-force"):
        assert rule in done.stderr


def test_an_entry_that_is_missing_is_said_and_the_rest_not_judged(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("Certificat n° FR1234\nbonjour", encoding="utf-8")
    done = certificate(tmp_path / "c.txt")
    assert "# holder: not found" in done.stdout
    assert yaml.safe_load(done.stdout) == {"certificate": {"number": "FR1234"}}
    assert "not judged" in done.stderr
