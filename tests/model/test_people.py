"""People are counted once each, by marks that are forgotten; numbers are checked before they count."""

from __future__ import annotations

import io
import zipfile
import zlib

import pytest

from cnilcheck.collectors.file_content import content_of, page_content
from cnilcheck.model.people import PeopleCounter
from cnilcheck.model.personal_data import count_personal_data, mask, valid_iban, valid_luhn


def nir(number: int) -> str:
    return f"{number}{97 - number % 97:02d}"


NIRS = [nir(1850375123000 + n) for n in range(1, 201)]
CSV = "nom;prenom;nir;courriel\n" + "".join(
    f"Durand{n};Anne;{number};p{n}@example.org\n" for n, number in enumerate(NIRS)
)


def test_a_person_seen_twice_is_one_person() -> None:
    counter = PeopleCounter()
    spaced = " ".join(
        (
            NIRS[0][0],
            NIRS[0][1:3],
            NIRS[0][3:5],
            NIRS[0][5:7],
            NIRS[0][7:10],
            NIRS[0][10:13],
            NIRS[0][13:],
        )
    )
    for text in (f"nir {NIRS[0]}\n", f"nir {NIRS[1]}\n", f"nir {spaced}\n"):
        counter.read(text)
    assert counter.people == 2
    assert counter.counts[0].count == 3
    assert NIRS[0] not in repr(vars(counter))


def test_the_mailboxes_of_an_organisation_are_nobody() -> None:
    counter = PeopleCounter()
    counter.read("contact@example.org, info@example.org, dpo@example.org, a.martin@example.org")
    assert counter.people == 1


@pytest.mark.parametrize(
    "iban",
    [
        "FR7630006000011234567890189",
        "FR76 3000 6000 0112 3456 7890 189",
        "BE68539007547034",
        "DE89370400440532013000",
    ],
)
def test_an_iban_is_counted_and_masked(iban: str) -> None:
    assert valid_iban(iban)
    assert [c.kind for c in count_personal_data(f"compte {iban}\n")] == ["iban"]
    assert iban[-9:] not in mask(f"compte {iban}.")


@pytest.mark.parametrize(
    "text", ["FR7630006000011234567890188", "FR76300060000112345678901", "AB12CDEF3456GHIJ7890"]
)
def test_what_only_looks_like_an_iban_is_left(text: str) -> None:
    assert not valid_iban(text)
    assert mask(text) == text


def test_a_caregiver_s_number_counts_beside_its_name_and_with_its_key() -> None:
    number = next(f"1000000000{d}" for d in range(10) if valid_luhn(f"1000000000{d}"))
    assert [c.kind for c in count_personal_data(f"RPPS : {number}")] == ["rpps"]
    assert not count_personal_data(f"commande {number}")
    assert not count_personal_data(f"RPPS : {int(number) + 1}")


# The same people in each kind of file.


def spreadsheet(text: str) -> bytes:
    held = io.BytesIO()
    strings = "".join(
        f"<si><t>{cell}</t></si>" for line in text.splitlines() for cell in line.split(";")
    )
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/sharedStrings.xml", f"<sst>{strings}</sst>")
    return held.getvalue()


def packed(text: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lisez-moi.bin", b"\0" * 10)
        archive.writestr("patients.csv", text)
    return held.getvalue()


def pdf(text: str) -> bytes:
    # As printers write: each text cut up for its spacing.
    lines = "".join(f"[({line[:4]})-12({line[4:]})] TJ T*\n" for line in text.splitlines())
    stream = zlib.compress(lines.encode())
    return b"%PDF-1.4\n1 0 obj <</Filter/FlateDecode>>\nstream\n" + stream + b"\nendstream\n%%EOF"


SQL = "-- MySQL dump 10.13\nCREATE TABLE p (nir char(15));\n" + "".join(
    f"INSERT INTO p VALUES ('{number}');\n" for number in NIRS
)
JSON = "[" + ",\n".join(f'{{"nom": "x", "nir": "{number}"}}' for number in NIRS) + "]"
GZIP = zlib.compressobj(wbits=31)
FILES = {
    "csv": CSV.encode(),
    "sql": SQL.encode(),
    "json": JSON.encode(),
    "sql.gz": GZIP.compress(SQL.encode()) + GZIP.flush(),
    "zip": packed(CSV),
    "xlsx": spreadsheet(CSV),
    "pdf": pdf("\n".join(f"NIR : {number}" for number in NIRS)),
}


@pytest.mark.parametrize("suffix", FILES)
def test_people_are_counted_in_each_kind_of_file(suffix: str) -> None:
    content = content_of(FILES[suffix], f"/f.{suffix}")
    assert content is not None
    assert content.people == 200
    assert not any(number in repr(content) for number in NIRS)


def test_people_are_counted_in_a_page_and_not_in_a_page_that_explains() -> None:
    rows = "".join(f"<tr><td>{number}</td></tr>" for number in NIRS)
    shown = page_content(f"<html><table>{rows}</table></html>")
    assert shown is not None
    assert shown.people == 200
    assert page_content(f"<html>Exemple : {NIRS[0]}</html>") is None
    assert page_content("<html>" + ", ".join(f"a{n}@example.org" for n in range(40))) is None


def test_an_archive_cut_by_the_cap_is_read_as_far_as_it_goes() -> None:
    whole = packed(CSV)
    content = content_of(whole[: len(whole) - 400], "/f.zip", truncated=True)
    assert content is not None
    assert (content.people or 0) > 100


@pytest.mark.parametrize(
    "body",
    [
        b"PK\x03\x04" * 5000,
        b"PK\x03\x04" + b"\xff" * 100_000,
        packed("A" * 100) + b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + zlib.compress(bytes(50_000_000))[2:],
        b"%PDF" + b"[(((((" * 20_000,
        b"%PDF stream\n" * 20_000,
    ],
)  # fmt: skip
def test_hostile_files_are_read_within_bounds(body: bytes) -> None:
    content_of(body, "/f.zip")
