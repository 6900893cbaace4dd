"""A declared certificate is compared with its copy, wherever in the copy an entry stands."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pytest
import typst

from cnilcheck.checks.hosting import certificate_document_agrees
from cnilcheck.collectors.base import Missing, Seen, Tools
from cnilcheck.collectors.certificate_copies import CertificateCopies
from cnilcheck.model.facts import CertificateDocument
from cnilcheck.model.scope import (
    Certificate,
    Declarations,
    HostingDeclaration,
    Organisation,
    Provider,
    Scope,
)
from cnilcheck.model.verdict import Context, Verdict
from cnilcheck.model.words import HealthData
from collectors.web_servers import observed, tools_for

COPY = """\
CERTIFICAT N° FR094999
Bureau Veritas Certification France certifie que EXEMPLE CLOUD SAS
SIREN : 123 456 782
est conforme au référentiel « Hébergeur de données de santé » HDS version 2.0 pour : 1° les sites
physiques, 2° l’infrastructure matérielle, 3° l’infrastructure virtuelle, 4° la plateforme
d’hébergement d’applications.
Date de délivrance : 20 décembre 2024
Date de fin de validité : 19 décembre 2027
"""
DECLARED = Certificate(
    "Exemple Cloud", "FR 094999", "Bureau Veritas Certification", "2.0", dt.date(2024, 12, 20),
    dt.date(2027, 12, 19), (1, 2, 3, 4), siren="123 456 782", document="copie.txt",
)  # fmt: skip
CONTEXT = Context(dt.date(2026, 11, 22), HealthData.THIRD_PARTY)


def look(folder: Path, declared: Certificate = DECLARED) -> CertificateDocument | str:
    provider = Provider("Exemple Cloud", (1, 2, 3, 4), declared)
    hosting = Declarations(hosting=HostingDeclaration((provider,), "paas"))
    tools = tools_for(folder)
    scope = Scope(1, organisation=Organisation("Pharmacie"), declarations=hosting)
    given = Tools(folder, scope, tools.journal, tools.limits)
    (only,) = observed(CertificateCopies(), given)
    if isinstance(only, Missing):
        return str(only.error)
    assert isinstance(only, Seen)
    assert isinstance(only.fact, CertificateDocument)
    assert only.location == "providers[0] (Exemple Cloud)"
    return only.fact


def judged(found: CertificateDocument | str) -> Verdict:
    assert isinstance(found, CertificateDocument)
    verdict = certificate_document_agrees(found, CONTEXT)
    assert isinstance(verdict, Verdict)
    return verdict


@pytest.mark.parametrize("printed", [False, True], ids=["text", "pdf"])
def test_a_copy_that_bears_every_entry_agrees(tmp_path: Path, printed: bool) -> None:
    name = "copie.pdf" if printed else "copie.txt"
    content = (
        typst.compile(COPY.replace("\n", "\n\n").encode(), format="pdf")
        if printed
        else COPY.encode()
    )
    (tmp_path / name).write_bytes(content)
    found = look(tmp_path, msgspec.structs.replace(DECLARED, document=name))
    assert judged(found).outcome == "pass"
    assert isinstance(found, CertificateDocument)
    assert len(found.entries) == 8


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"expires_on": dt.date(2028, 12, 19)}, "19\u00a0December 2027"),
        ({"issued_on": dt.date(2025, 12, 20)}, "20\u00a0December 2024"),
        ({"activities": (1, 2, 3, 4, 5, 6)}, "activities: 1, 2, 3, 4 instead"),
        ({"number": "FR000001"}, "FR094999 instead of FR000001"),
        ({"holder": "Autre Société"}, "EXEMPLE CLOUD SAS instead"),
        ({"siren": "987654321"}, "SIREN"),
        ({"body": "LNE"}, "Bureau Veritas Certification instead of LNE"),
        ({"referential": "1.1"}, "2.0 instead of 1.1"),
    ],
)
def test_an_entry_that_the_copy_contradicts_is_told(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    (tmp_path / "copie.txt").write_text(COPY)
    verdict = judged(look(tmp_path, msgspec.structs.replace(DECLARED, **change)))
    assert verdict.outcome == "fail"
    assert said in verdict.values["differences"].en  # type: ignore[union-attr]


def test_an_entry_the_copy_does_not_show_is_a_question(tmp_path: Path) -> None:
    (tmp_path / "copie.txt").write_text(COPY.replace("SIREN : 123 456 782", ""))
    verdict = judged(look(tmp_path))
    assert (verdict.outcome, verdict.values["reason"].en) == (  # type: ignore[union-attr]
        "inconclusive",
        "these entries were not found in it: SIREN",
    )


def test_an_entry_counts_wherever_it_stands_and_however_it_is_spelt(tmp_path: Path) -> None:
    copy = COPY.replace("Date de fin de validité : 19 décembre 2027", "(19/12/2027)")
    (tmp_path / "copie.txt").write_text(copy.replace("123 456 782", "12345678200012"))
    assert judged(look(tmp_path)).outcome == "pass"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7 cut", "damaged"),
        (b"\0\1\2" * 50, "neither a PDF nor text"),
        (b" " * 20_000_001, "no file of at most 20 MB"),
        (None, "no file"),
    ],
    ids=["pdf", "binary", "large", "absent"],
)
def test_a_copy_that_cannot_be_read_is_a_gap(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "copie.txt").write_bytes(content)
    assert said in str(look(tmp_path))


@pytest.mark.parametrize(
    "text", ["", "\n" * 90_000, "1/1/" * 50_000, "v 2" * 60_000, "é" * 200_000]
)
def test_hostile_text_is_compared_and_bears_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "copie.txt").write_text(text)
    assert judged(look(tmp_path)).outcome == "inconclusive"
