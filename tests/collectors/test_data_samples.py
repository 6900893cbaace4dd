"""A sample counts as encrypted only on proof, and what is readable is counted, not kept."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import random
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import msgspec
import pytest

from cnilcheck.collectors.base import Journal, Tools
from cnilcheck.collectors.data_samples import DataSamples
from cnilcheck.errors import CollectionError, Malformed, NotReadable
from cnilcheck.model.facts import StoredData
from cnilcheck.model.scope import DataSample, Limits, Scope, Sources

# The NIR is invented: commune codes 950 to 989 are not used in this department.
DUMP = b"CREATE TABLE patients (nom text, nir text);\nINSERT INTO patients VALUES ('Nul', '180017595012327');\n"
NOISE = random.Random("cnilcheck").randbytes(5000)
AGE = (
    b"age-encryption.org/v1\n-> X25519 "
    + b"A" * 43
    + b"\n"
    + b"B" * 43
    + b"\n--- "
    + b"C" * 43
    + b"\n"
    + NOISE
)
# RFC 9580: new format, tag 3 (version 4, AES-256, iterated and salted), then tag 18.
PGP = b"\xc3\x0d\x04\x09\x03\x08" + bytes(8) + b"\x60" + b"\xd2\xc0\x10" + NOISE


def observe(folder: Path, content: bytes, kind: str = "backup") -> StoredData:
    (folder / "sample").write_bytes(content)
    sample = DataSample("sample", kind)  # type: ignore[arg-type]
    scope = Scope(version=1, sources=Sources(data_samples=(sample,)))
    collector = DataSamples()
    (task,) = collector.tasks(scope)
    (seen,) = collector.observe(task, Tools(folder, scope, Journal(), Limits()))
    assert seen.location == "sample"
    return seen.fact


def zipped(encrypted: bool = False, **files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    content = stream.getvalue()
    if encrypted:  # bit 0 of the flags, in the local header and in the directory
        content = content.replace(b"PK\x03\x04\x14\x00\x00", b"PK\x03\x04\x14\x00\x01")
        content = content.replace(
            b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"
        )
    return content


def tarred(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "format_"),
    [
        (AGE, "age"),
        (PGP, "OpenPGP"),
        (b"-----BEGIN PGP MESSAGE-----\n\n" + base64.b64encode(PGP) + b"\n-----END PGP MESSAGE-----\n", "OpenPGP (armoured)"),
        (b"Salted__" + NOISE, "OpenSSL enc"),
        (b"LUKS\xba\xbe\x00\x02" + NOISE, "LUKS"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n3132", "Ansible Vault"),
        (zipped(encrypted=True, dump=DUMP), "ZIP (ZipCrypto)"),
        (gzip.compress(AGE), "age, gzip"),
        (tarred(a=AGE, b=AGE), "tar of age"),
    ],
)  # fmt: skip
def test_an_encrypted_container_is_known_by_its_header(
    tmp_path: Path, content: bytes, format_: str
) -> None:
    fact = observe(tmp_path, content)
    assert (format_, True) == (fact.format, fact.encrypted)
    assert fact.personal == ()


@pytest.mark.parametrize(
    ("content", "format_"),
    [
        (DUMP, "SQL dump"),
        (gzip.compress(DUMP), "SQL dump, gzip"),
        (bz2.compress(DUMP), "SQL dump, bzip2"),
        (lzma.compress(DUMP), "SQL dump, xz"),
        (zipped(dump=DUMP), "ZIP"),
        (tarred(dump=DUMP), "tar"),
        (gzip.compress(tarred(dump=DUMP)), "tar, gzip"),
        (b"nom;nir\nNul;180017595012327\n", "CSV"),
        (b'{"nir": "180017595012327"}', "JSON"),
        (b"PGDMP\x01\x0e" + DUMP, "PostgreSQL custom dump"),
        (b"LUKS\xba\xbe\x00\x01cipher_null" + DUMP, "LUKS without a cipher"),
        ("né le 01/02/1980 à Évry (nir 180017595012327\n".encode("latin-1") * 3, "plain text"),
        (b"\x00\x01" + NOISE + b" 180017595012327 \x00", "unknown binary format"),
    ],
)  # fmt: skip
def test_readable_data_is_not_encrypted(tmp_path: Path, content: bytes, format_: str) -> None:
    fact = observe(tmp_path, content)
    assert (format_, False) == (fact.format, fact.encrypted)
    assert b"180017595012327" not in msgspec.json.encode(fact)


def test_personal_data_of_a_dump_is_counted(tmp_path: Path) -> None:
    (count,) = observe(tmp_path, DUMP).personal
    assert (count.kind, count.count) == ("nir", 1)


def test_a_sqlite_file_is_readable(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "base.db") as base:
        base.execute("CREATE TABLE p (mail text)")
        base.execute("INSERT INTO p VALUES ('personne@poste.example')")
    base.close()
    fact = observe(tmp_path, (tmp_path / "base.db").read_bytes(), "database_file")
    assert (fact.format, fact.encrypted) == ("SQLite database", False)
    assert fact.personal[0].kind == "email"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        NOISE,
        b"age-encryption.org/v1\n-> X25519 abc",
        b"7z\xbc\xaf\x27\x1c" + NOISE,
        b"BORG_SEG" + NOISE,
        b"%PDF-1.7 /Encrypt 5 0 R",
        b"PK\x03\x04" + NOISE,
        b"\x1f\x8b" + NOISE,
        b"-----BEGIN PGP MESSAGE-----\n\nowEBAAA=\n",
        b"-----BEGIN ENCRYPTED THING-----\nabc\n",
        base64.b64encode(NOISE),
        tarred(manifest=b"version: 1\n", data=NOISE),
    ],
)
def test_what_cannot_be_told_is_neither_encrypted_nor_readable(
    tmp_path: Path, content: bytes
) -> None:
    with pytest.raises(Malformed):
        observe(tmp_path, content)


def test_a_decompression_bomb_is_read_in_part_only(tmp_path: Path) -> None:
    bomb = gzip.compress(b"INSERT INTO t VALUES (1);\n" * 2_000_000)
    assert observe(tmp_path, bomb).format == "SQL dump, gzip"


def test_archives_nested_without_end_are_refused(tmp_path: Path) -> None:
    content = DUMP
    for _ in range(8):
        content = gzip.compress(content)
    with pytest.raises(CollectionError):
        observe(tmp_path, content)


def test_a_folder_is_not_a_sample(tmp_path: Path) -> None:
    scope = Scope(version=1, sources=Sources(data_samples=(DataSample("."),)))
    tools = Tools(tmp_path, scope, Journal(), Limits())
    with pytest.raises(NotReadable):
        list(DataSamples().observe(DataSamples().tasks(scope)[0], tools))
