from __future__ import annotations

import datetime as dt

from cnilcheck.model.evidence import Evidence, Gap, Provenance
from cnilcheck.model.facts import (
    AccountPolicy,
    AnyFact,
    CertificateDates,
    DocumentAccess,
    LogFields,
    OpenPort,
    OpenPorts,
    ReadableFile,
    ReadableFiles,
    ResponseHeaders,
)
from cnilcheck.model.personal_data import DataCount
from cnilcheck.model.words import GapReason, Lang, LogClass, Method
from cnilcheck.renderers.proof import Proof, proof_of

NOW = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)
ORIGIN = Provenance("web", "1.2", Method.TEST, NOW)


def shown(fact: AnyFact, lang: Lang = Lang.EN) -> dict[str, tuple[str, ...]]:
    return {row.label: row.values for row in proof(fact, lang).rows}


def proof(fact: AnyFact, lang: Lang) -> Proof:
    return proof_of(Evidence("t", "l", ORIGIN, fact), lang)


def test_closed_words_are_said_in_the_language_of_the_reader() -> None:
    fact = DocumentAccess("protected", 200, "served", "application/pdf")
    assert shown(fact)["answer"] == ("served",)
    assert shown(fact, Lang.FR)["réponse"] == ("servi",)
    assert shown(fact, Lang.FR)["rôle"] == ("document protégé",)


def test_a_word_of_the_server_is_never_translated() -> None:
    headers = shown(ResponseHeaders({"served": "none"}), Lang.FR)["en-têtes"]
    assert headers == ("served\u00a0: none",)


def test_ports_are_names_and_not_quantities() -> None:
    fact = OpenPorts("db.example.fr", (27017,), (OpenPort(27017, "mongodb"),))
    assert shown(fact, Lang.FR)["demandé"] == ("27017",)
    assert "port\u00a0: 27017" in shown(fact, Lang.FR)["ouverts"][0]


def test_shares_are_percentages_rounded_down() -> None:
    fact = LogFields(
        log_class=LogClass.TECHNICAL, lines=12_000, author=0.9999, time_with_zone=1.0,
        operation=0.0, reference=0.5,
    )  # fmt: skip
    assert shown(fact, Lang.FR)["auteur"] == ("99,9\u202f%",)
    assert shown(fact)["time with zone"] == ("100%",)
    assert shown(fact)["operation"] == ("0%",)


def test_long_lists_are_cut_and_say_so() -> None:
    files = tuple(ReadableFile(f"/{n}.csv", "data_extract", "CSV", 5) for n in range(15))
    found = shown(ReadableFiles(40, files))["found"]
    assert len(found) == 7
    assert found[-1] == "… and 9 more in evidence.json"


def test_what_the_source_does_not_say_is_told_in_one_line() -> None:
    said = shown(AccountPolicy(class_="staff", minimum_length=8))
    assert said["minimum length"] == ("8",)
    (unsaid,) = said["not stated"]
    assert "maximum length" in unsaid
    assert "maximum length" not in said


def test_of_a_list_inside_an_entry_only_its_length_is_told() -> None:
    counts = tuple(DataCount(kind, 5, 5) for kind in ("nir", "email"))
    file = ReadableFile("/a.csv", "data_extract", "CSV", 5, personal=counts)
    (entry, _) = shown(ReadableFiles(40, (file, file)))["found"]
    assert "personal data\u00a0: 2" in entry or "personal data: 2" in entry
    assert "nir" not in entry


def test_times_are_said_to_be_utc() -> None:
    fact = CertificateDates(NOW, NOW)
    assert shown(fact)["not before"] == ("22\u00a0November 2026 09:30 UTC",)


def test_a_gap_keeps_its_provenance_and_shows_no_fact() -> None:
    gap = Gap("t", "l", ORIGIN, "open-ports", GapReason.TIMED_OUT, "late")
    seen = proof_of(gap, Lang.FR)
    assert (
        seen.instrument, seen.version, seen.method, seen.fact, seen.rows,
    ) == ("web", "1.2", "mesure", "open-ports", ())  # fmt: skip
