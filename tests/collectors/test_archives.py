"""Archives in archives are read two deep and no further; bombs are cut, damage breaks nothing."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
import zlib

import pytest

from cnilcheck.collectors.archives import unpacked
from cnilcheck.collectors.file_content import content_of

NIRS = [f"{n}{97 - n % 97:02d}" for n in (2850578006084, 1850375123456, 1620899351021)]
CSV = "nom;prenom;nir\n" + "".join(f"Durand;Anne{n};{nir}\n" for n, nir in enumerate(NIRS))


def zipped(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def taped(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


RAW = CSV.encode()
NESTED = {
    "zip in zip": zipped("interieur.zip", zipped("e.csv", RAW)),
    "gzip in zip": zipped("e.csv.gz", gzip.compress(RAW)),
    "tar in gzip": gzip.compress(taped("e.csv", RAW)),
    "zip in tar in gzip": gzip.compress(taped("e.zip", zipped("e.csv", RAW))),
    "spreadsheet in zip": zipped(
        "e.xlsx", zipped("xl/sharedStrings.xml", "".join(f"<t>{n}</t>" for n in NIRS).encode())
    ),
    "tar": taped("sous/dossier/e.csv", RAW),
}


@pytest.mark.parametrize("form", NESTED)
def test_people_in_nested_archives_are_counted_and_none_is_kept(form: str) -> None:
    content = content_of(NESTED[form], "/sauvegarde.zip")
    assert content is not None
    assert content.people == 3
    assert not any(nir in repr(content) for nir in NIRS)


def test_what_lies_deeper_than_two_archives_is_left() -> None:
    deep = RAW
    for name in ("e.csv", "a.zip", "b.zip", "c.zip"):
        deep = zipped(name, deep)
    assert NIRS[0].encode() not in unpacked(deep, 1 << 20)


def test_an_archive_of_zeros_is_cut_at_the_limit() -> None:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(squeeze.compress(b"\0" * 1_000_000) for _ in range(40)) + squeeze.flush()
    assert len(unpacked(bomb, 100_000)) <= 100_001
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(50):
            archive.writestr(f"{number}.csv.gz", bomb)
    assert len(unpacked(many.getvalue(), 100_000)) <= 101_000


@pytest.mark.parametrize("form", NESTED)
def test_an_archive_cut_or_damaged_anywhere_breaks_nothing(form: str) -> None:
    body = NESTED[form]
    for place in range(0, len(body), 7):
        unpacked(body[:place], 1 << 20)
        unpacked(body[:place] + b"\xff\xff" + body[place + 2 :], 1 << 20)
