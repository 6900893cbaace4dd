"""Stored passwords are recognised by their shape, counted, and never shown."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
from pathlib import Path

import msgspec
import pytest

from cnilcheck.collectors.base import Journal, Tools
from cnilcheck.collectors.password_formats import identify
from cnilcheck.collectors.password_samples import PasswordSamples
from cnilcheck.errors import Interrupted, Malformed, NotReadable
from cnilcheck.model.facts import PasswordHashes
from cnilcheck.model.scope import Limits, PasswordSample, Scope, Sources

ARGON2 = (
    "$argon2id$v=19$m=19456,t=2,p=1$c2Vsc2Vsc2Vsc2Vs$MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"
)
BCRYPT = "$2b$12$abcdefghijklmnopqrstuu/HVU5i6KV/VI7hcaJl0YT4oaKNngs0y"
MD5 = hashlib.md5(b"soleil1").hexdigest()
SHA1 = hashlib.sha1(b"soleil1").hexdigest()
B16, B20, B32, B64 = (base64.b64encode(bytes(range(n))).decode() for n in (16, 20, 32, 64))
IDENTITY_3 = base64.b64encode(
    b"\1"
    + (1).to_bytes(4, "big")
    + (100_000).to_bytes(4, "big")
    + (16).to_bytes(4, "big")
    + bytes(range(48))
).decode()
SHA512CRYPT = "$6$saltsalt$mhx8XqpqdOEfXvFLUBaYB37FZIyh1P.QG7t.EDtm.pPj2QQzQguLddEi8Nu2C/iAukd9OSmYcWTy45fH8Ilrq1"
YESCRYPT = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$hluOROtgGwsu6i6QeeMK0qUoPQ2dBBS9/Uelx0NVFu2"
SCRYPT_7 = "$7$CU..../....2Q9obwLhin8qvQl6sisAO/$1RrAdSLjro6.abTwjVuoespBBpjhvtWEi.0Mtc06IP."

SHAPES = [
    (ARGON2, "Argon2id", True, {"m": 19456, "t": 2, "p": 1}),
    (ARGON2.replace("2id", "2i"), "Argon2i", True, {"m": 19456, "t": 2, "p": 1}),
    ("argon2" + ARGON2, "Argon2id", True, {"m": 19456, "t": 2, "p": 1}),
    ("{argon2}" + ARGON2, "Argon2id", True, {"m": 19456, "t": 2, "p": 1}),
    (BCRYPT, "bcrypt", True, {"cost": 12}),
    ("{bcrypt}" + BCRYPT, "bcrypt", True, {"cost": 12}),
    ("$wp" + BCRYPT, "bcrypt (WordPress)", True, {"cost": 12}),
    (YESCRYPT, "yescrypt", True, {"n": 4096, "r": 32}),
    (SCRYPT_7, "scrypt", True, {"n": 16384, "r": 32, "p": 1}),
    ("scrypt:32768:8:1$sel$" + "0f" * 64, "scrypt", True, {"n": 32768, "r": 8, "p": 1}),
    (f"$scrypt$ln=16,r=8,p=2${B16}${B32}", "scrypt", True, {"n": 65536, "r": 8, "p": 2}),
    (f"pbkdf2_sha256$260000$sel${B32}", "PBKDF2-HMAC-SHA256", True, {"iterations": 260000}),
    ("pbkdf2:sha256:600000$sel$" + "0f" * 32, "PBKDF2-HMAC-SHA256", True, {"iterations": 600000}),
    (IDENTITY_3, "PBKDF2-HMAC-SHA256", True, {"iterations": 100000}),
    (base64.b64encode(b"\0" + bytes(range(48))).decode(), "PBKDF2-HMAC-SHA1", True, {"iterations": 1000}),
    (f"SCRAM-SHA-256$4096:{B16}${B32}:{B32}", "PBKDF2-HMAC-SHA256 (SCRAM)", True, {"iterations": 4096}),
    (SHA512CRYPT, "sha512crypt", True, {}),
    (SHA512CRYPT.replace("$6$", "$6$rounds=656000$"), "sha512crypt", True, {"rounds": 656000}),
    ("$1$saltsalt$B2d.SMNRdO67HPRYc9TEH1", "md5crypt", True, {}),
    ("abZP4gSDDCao2", "DES crypt", True, {}),
    ("$P$B" + "a" * 30, "phpass (iterated MD5)", True, {}),
    ("$S$D" + "a" * 51, "Drupal 7 (iterated SHA-512)", True, {}),
    ("{SSHA}" + base64.b64encode(bytes(28)).decode(), "salted SHA-1", True, {}),
    ("{MD5}" + B16, "MD5", False, {}),
    ("*" + SHA1.upper(), "MySQL 4.1 (double SHA-1)", False, {}),
    ("md5" + MD5, "PostgreSQL MD5", False, {}),
    ("0x0200" + "0F" * 68, "SQL Server 2012 (salted SHA-512)", True, {}),
    (MD5, "MD5 or NTLM (32 hex digits)", False, {}),
    (SHA1, "SHA-1 (40 hex digits)", False, {}),
    ("0f" * 32, "SHA-256 (64 hex digits)", False, {}),
    (f"{MD5}:a1b2", "salted MD5", True, {}),
    (B20, "SHA-1 (20 bytes in base64)", False, {}),
    (B64, "SHA-512 (64 bytes in base64)", False, {}),
    ("{noop}soleil1", "clear text", False, {}),
]  # fmt: skip


@pytest.mark.parametrize(("value", "function", "salted", "parameters"), SHAPES)
def test_a_documented_shape_names_its_function(
    value: str, function: str, salted: bool, parameters: dict[str, int]
) -> None:
    kind = identify(value).kind
    assert (function, salted, parameters) == (kind.function, kind.salted, dict(kind.parameters))


@pytest.mark.parametrize(
    "value", ["soleil1", "Marseille2021!", "12345678", "mot de passe très long", "depistage2021"]
)
def test_what_people_type_is_clear_text(value: str) -> None:
    assert identify(value).kind.function == "clear text"


@pytest.mark.parametrize(
    "value",
    [
        "$2y$10$court", "$inconnu$abc", "ENC(abcdef)", "0f" * 24, "aB3dE5fG7hI9jK1m", "personne@poste.example",
        "550e8400-e29b-41d4-a716-446655440000", "QmFzZTY0IHNhbnMgcmVtcGxpc3NhZ2UgMTIz", "x" * 65,
    ],
)  # fmt: skip
def test_what_may_be_something_else_is_never_called_clear_text(value: str) -> None:
    assert identify(value).kind.function == "unrecognised"


@pytest.mark.parametrize(
    ("value", "function"),
    [
        ("", "empty"),
        ("NULL", "empty"),
        ("!", "no password (locked account)"),
        ("!" + SHA512CRYPT, "sha512crypt"),
    ],
)
def test_a_locked_account_is_not_a_password(value: str, function: str) -> None:
    assert function == identify(value).kind.function


def observe(folder: Path, content: bytes, column: str | None = None) -> tuple[PasswordHashes, str]:
    (folder / "sample.csv").write_bytes(content)
    sample = PasswordSample("sample.csv", column)
    scope = Scope(version=1, sources=Sources(password_samples=(sample,)))
    journal = io.StringIO()
    collector = PasswordSamples()
    (task,) = collector.tasks(scope)
    (seen,) = collector.observe(task, Tools(folder, scope, Journal(journal), Limits()))
    assert ("sample.csv:" + column if column else "sample.csv") == seen.location
    return seen.fact, journal.getvalue()


def functions(fact: PasswordHashes) -> dict[str, int]:
    return {group.function: group.count for group in fact.groups}


def test_one_column_of_a_csv_file_is_counted_and_no_value_leaves(tmp_path: Path) -> None:
    rows = f'id,mot_de_passe\n1,{MD5}\n2,{MD5}\n3,"{ARGON2}"\n4,soleil1\n'
    fact, journal = observe(tmp_path, rows.encode(), "mot_de_passe")
    assert functions(fact) == {"MD5 or NTLM (32 hex digits)": 2, "Argon2id": 1, "clear text": 1}
    assert (fact.total, fact.repeated) == (4, 2)
    everything = msgspec.json.encode(fact).decode() + journal
    assert not [v for v in (MD5, "soleil1", "c2Vsc2Vs") if v in everything]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_delimiter_a_byte_order_mark_and_latin_1_are_read(
    tmp_path: Path, delimiter: str
) -> None:
    row = delimiter.join(["Hélène", BCRYPT])
    title = delimiter.join(["prénom", "Password"])
    for content in (f"\ufeff{title}\r\n{row}\r\n".encode(), f"{title}\n{row}\n".encode("latin-1")):
        assert functions(observe(tmp_path, content, "password")[0]) == {"bcrypt": 1}


def test_a_missing_column_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="no column `mot_passe`; the nearest is `mot_de_passe`"):
        observe(tmp_path, b"id,mot_de_passe\n1,x\n", "mot_passe")


def test_a_file_without_a_header_does_not_show_its_first_row(tmp_path: Path) -> None:
    with pytest.raises(Malformed) as caught:
        observe(tmp_path, f"jeanne.martin@poste.example,{MD5}\n".encode(), "jeanne.martin")
    assert "poste" not in str(caught.value)
    assert MD5 not in str(caught.value)


def test_lines_may_be_values_or_follow_a_user(tmp_path: Path) -> None:
    lines = [ARGON2, f"durand:{SHA512CRYPT}:19000:0:99999:7:::", "root:*:19000::::::", f"martin:{BCRYPT}",
             f"pbkdf2:sha256:600000$sel${'0f' * 32}", f"admin:500:{'a' * 32}:{MD5}:::"]  # fmt: skip
    fact, _ = observe(tmp_path, "\n".join(lines).encode())
    expected = {
        "Argon2id",
        "sha512crypt",
        "no password (locked account)",
        "bcrypt",
        "PBKDF2-HMAC-SHA256",
        "MD5 or NTLM (32 hex digits)",
    }
    assert expected == set(functions(fact))


def test_a_compressed_sample_is_read(tmp_path: Path) -> None:
    assert functions(observe(tmp_path, gzip.compress(BCRYPT.encode()))[0]) == {"bcrypt": 1}


def test_a_digest_beside_a_column_of_salts_is_not_called_plain_sha_2(tmp_path: Path) -> None:
    rows = f"user,hash,salt\n1,{'0f' * 32},abc\n2,{MD5},abd\n"
    assert functions(observe(tmp_path, rows.encode(), "hash")[0]) == {
        "unrecognised": 1,
        "MD5 or NTLM (32 hex digits)": 1,
    }


def test_a_typed_password_of_thirteen_letters_among_others_is_not_des(tmp_path: Path) -> None:
    fact, _ = observe(tmp_path, b"soleil1\npharma\nDepistage2021E\nDepistageABCE\n")
    assert "DES crypt" not in functions(fact)


@pytest.mark.parametrize(
    ("content", "column"),
    [
        (b"", None),
        (b"\n\n", None),
        (b"\x00\x01\x02\x03", None),
        (b"\x1f\x8b\x08\x00broken", None),
        (b"a" * 1_200_000, None),
        (b"id,password\n1,x\n", None),
        (b"id,password\n", "password"),
    ],
)
def test_what_is_no_sample_is_said_to_be_malformed(
    tmp_path: Path, content: bytes, column: str | None
) -> None:
    with pytest.raises(Malformed):
        observe(tmp_path, content, column)


def test_an_absent_file_and_a_folder_are_not_readable(tmp_path: Path) -> None:
    collector, tools = PasswordSamples(), Tools(tmp_path, Scope(version=1), Journal(), Limits())
    for path in ("absent.csv", "."):
        (task,) = collector.tasks(
            Scope(version=1, sources=Sources(password_samples=(PasswordSample(path),)))
        )
        with pytest.raises(NotReadable):
            list(collector.observe(task, tools))


def test_an_interrupt_ends_the_reading(tmp_path: Path) -> None:
    (tmp_path / "sample.csv").write_text("soleil1\n")
    scope = Scope(version=1, sources=Sources(password_samples=(PasswordSample("sample.csv"),)))
    tools = Tools(tmp_path, scope, Journal(), Limits())
    tools.stop.set()
    with pytest.raises(Interrupted):
        list(PasswordSamples().observe(PasswordSamples().tasks(scope)[0], tools))


def test_readable_passwords_of_one_length_were_drawn_by_a_program(tmp_path: Path) -> None:
    drawn = [hashlib.sha512(bytes([n])).hexdigest()[:8] for n in range(30)]
    fact, _ = observe(tmp_path, "\n".join(drawn).encode())
    assert fact.alike is not None
    assert (fact.alike.count, fact.alike.length, fact.alike.bits) == (30, 8, 41.4)


@pytest.mark.parametrize(
    "values",
    [
        ["soleil1", "marseille13", "Doudou-2019"] * 10,
        ["soleil1"] * 9,
        [ARGON2] * 30,
        [hashlib.md5(bytes([n])).hexdigest() for n in range(30)],
    ],
)
def test_what_people_chose_and_what_is_hashed_is_not_called_drawn(
    tmp_path: Path, values: list[str]
) -> None:
    fact, _ = observe(tmp_path, "\n".join(values).encode())
    assert fact.alike is None
