"""Stored passwords are found in dumps, exports and directories, and nothing of them leaves."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from pathlib import Path

import msgspec
import pytest

from cnilcheck.collectors.base import Journal, Tools
from cnilcheck.collectors.password_formats import identify
from cnilcheck.collectors.password_samples import PasswordSamples
from cnilcheck.errors import CollectionError, Malformed
from cnilcheck.model.facts import PasswordHashes
from cnilcheck.model.scope import Limits, PasswordSample, Scope, Sources

ARGON2 = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"
BCRYPT = "$2b$12$abcdefghijklmnopqrstuu/HVU5i6KV/VI7hcaJl0YT4oaKNngs0y"
MD5 = hashlib.md5(b"soleil1").hexdigest()
PHPASS = "$P$B" + "a" * 30
SALTED = hashlib.sha256(b"sel1soleil1").hexdigest()
B16 = base64.b64encode(bytes(range(16))).decode()
B64 = base64.b64encode(bytes(range(64))).decode()


def observe(folder: Path, content: str | bytes, column: str | None = None) -> PasswordHashes:
    raw = content.encode() if isinstance(content, str) else content
    (folder / "sample").write_bytes(raw)
    scope = Scope(version=1, sources=Sources(password_samples=(PasswordSample("sample", column),)))
    journal = io.StringIO()
    (task,) = PasswordSamples().tasks(scope)
    tools = Tools(folder, scope, Journal(journal), Limits())
    try:
        (seen,) = PasswordSamples().observe(task, tools)
    except CollectionError as error:
        assert_silent(str(error) + journal.getvalue())
        raise
    assert_silent(msgspec.json.encode(seen.fact).decode() + journal.getvalue())
    return seen.fact


def assert_silent(text: str) -> None:
    told = (ARGON2, BCRYPT, MD5, PHPASS, SALTED, B16, B64, "soleil1", "AAECAwQF", "abcdefghij")
    assert not [value for value in told if value in text]


def functions(fact: PasswordHashes) -> dict[str, int]:
    return {group.function: group.count for group in fact.groups}


def test_a_mysql_dump_gives_its_columns_in_create_table(tmp_path: Path) -> None:
    dump = f"""-- MySQL dump 10.13  Distrib 8.0.36
/*!40101 SET NAMES utf8 */;
CREATE TABLE `wp_users` (
  `ID` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `user_login` varchar(60) NOT NULL DEFAULT '',
  `user_pass` varchar(255) NOT NULL DEFAULT '',
  PRIMARY KEY (`ID`), KEY `user_login_key` (`user_login`)
) ENGINE=InnoDB;
INSERT INTO `wp_users` VALUES (1,'admin','{PHPASS}'),(2,'l\\'officine; (centre)','$wp{BCRYPT}');
INSERT INTO `wp_posts` VALUES (1,'soleil1','un mot de passe, ''cité''');
"""
    found = functions(observe(tmp_path, dump))
    assert found == {"phpass (iterated MD5)": 1, "bcrypt (WordPress)": 1}


def test_a_postgresql_dump_is_read_from_its_copy_blocks(tmp_path: Path) -> None:
    dump = f"""--
-- PostgreSQL database dump
--
CREATE TABLE public.auth_user (id integer, password character varying(128), email text);
CREATE FUNCTION public.f() RETURNS trigger AS $$ BEGIN IF NEW.a = ';' THEN RETURN 'x'; END IF; END $$;
COPY public.patients (id, nom) FROM stdin;
1\tsoleil1
\\.
COPY public.auth_user (id, password, email) FROM stdin;
1\tpbkdf2_sha256$260000$abcdefghijklmnopqrstuv${B16}\ta@poste.example
2\t\\N\tb@poste.example
3\t{BCRYPT}\tc@poste.example
\\.
SELECT pg_catalog.setval('public.auth_user_id_seq', 3, true);
"""
    fact = observe(tmp_path, dump)
    assert functions(fact) == {"PBKDF2-HMAC-SHA256": 1, "bcrypt": 1, "empty": 1}
    assert {g.function: g.parameters for g in fact.groups}["PBKDF2-HMAC-SHA256"] == {
        "iterations": 260000
    }


def test_standard_strings_end_at_their_quote_even_after_a_backslash(tmp_path: Path) -> None:
    dump = f"INSERT INTO users (login, password) VALUES ('a\\', '{MD5}');\n"
    assert functions(observe(tmp_path, dump)) == {"MD5 or NTLM (32 hex digits)": 1}


@pytest.mark.parametrize("column", ["secret_interne", "SECRET_INTERNE", "comptes.secret_interne"])
def test_the_column_of_the_scope_is_looked_for_in_every_table(tmp_path: Path, column: str) -> None:
    dump = f"INSERT INTO [dbo].[comptes] ([id], [secret_interne]) VALUES (1, N'{ARGON2}');\n"
    assert functions(observe(tmp_path, dump, column)) == {"Argon2id": 1}


def test_a_dump_without_a_password_column_says_how_to_name_one(tmp_path: Path) -> None:
    dump = "INSERT INTO comptes (id, cle_secrete) VALUES (1, 'x');\n"
    with pytest.raises(Malformed, match="name it with `column`"):
        observe(tmp_path, dump)
    with pytest.raises(Malformed, match="the nearest is `cle_secrete`"):
        observe(tmp_path, dump, "cle_secret")


def test_salts_of_their_own_column_are_weighed(tmp_path: Path) -> None:
    rows = ",".join(f"({n},'{hashlib.sha1(bytes([n])).hexdigest()}','abc')" for n in range(9))
    fact = observe(tmp_path, f"INSERT INTO users (id, password, salt) VALUES {rows};\n")
    (group,) = fact.groups
    assert (group.salted, group.salt_bits) == (True, 12)
    assert fact.shared_salts == 9


def test_a_dump_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    dump = f"INSERT INTO users (password) VALUES ('{BCRYPT}'), ('soleil"
    assert functions(observe(tmp_path, dump)) == {"bcrypt": 1}


def test_a_dump_larger_than_a_chunk_is_read_whole(tmp_path: Path) -> None:
    rows = ",\n".join(f"({n}, 'commentaire {'x' * 900}', '{BCRYPT}')" for n in range(500))
    dump = f"-- MariaDB dump 10.19\nINSERT INTO `users` (id, note, password) VALUES {rows};\n"
    assert functions(observe(tmp_path, dump)) == {"bcrypt": 500}


KEYCLOAK = {
    "realm": "officine",
    "smtpServer": {"password": "soleil1"},
    "users": [
        {
            "username": "a",
            "credentials": [
                {
                    "type": "password",
                    "secretData": json.dumps({"value": B64, "salt": B16}),
                    "credentialData": json.dumps(
                        {"hashIterations": 27500, "algorithm": "pbkdf2-sha256"}
                    ),
                }
            ],
        },
        {
            "username": "b",
            "credentials": [
                {
                    "type": "password",
                    "secretData": json.dumps({"value": B64, "salt": B16}),
                    "credentialData": json.dumps(
                        {
                            "hashIterations": 5,
                            "algorithm": "argon2",
                            "additionalParameters": {
                                "type": ["id"],
                                "memory": ["7168"],
                                "parallelism": ["1"],
                            },
                        }
                    ),
                },
                {"type": "otp", "secretData": json.dumps({"value": "soleil1"})},
            ],
        },
    ],
}


def test_a_keycloak_export_gives_its_credentials_and_not_the_mail_servers(tmp_path: Path) -> None:
    fact = observe(tmp_path, json.dumps(KEYCLOAK))
    assert {(g.function, tuple(g.parameters.items()), g.salt_bits) for g in fact.groups} == {
        ("PBKDF2-HMAC-SHA256", (("iterations", 27500),), 128),
        ("Argon2id", (("m", 7168), ("p", 1), ("t", 5)), 128),
    }


def test_fields_of_a_json_export_may_be_one_document_or_one_per_line(tmp_path: Path) -> None:
    users = [{"model": "auth.user", "fields": {"password": BCRYPT}}, {"fields": {"password": MD5}}]
    expected = {"bcrypt": 1, "MD5 or NTLM (32 hex digits)": 1}
    assert expected == functions(observe(tmp_path, json.dumps(users)))
    assert expected == functions(observe(tmp_path, "\n".join(map(json.dumps, users))))


def test_a_directory_export_gives_its_user_passwords_only(tmp_path: Path) -> None:
    ssha = "{SSHA}" + base64.b64encode(bytes(range(28))).decode()
    encoded = base64.b64encode(ssha.encode()).decode()
    ldif = f"dn: uid=a,dc=officine\ncn: soleil1\nuserPassword:: {encoded[:20]}\n {encoded[20:]}\n\n"
    ldif += "dn: uid=b,dc=officine\nuserPassword: {SHA}" + base64.b64encode(bytes(20)).decode()
    fact = observe(tmp_path, ldif)
    assert functions(fact) == {"salted SHA-1": 1, "SHA-1": 1}
    assert {g.salt_bits for g in fact.groups} == {64, None}


SALTS = [
    (ARGON2, 128),
    (BCRYPT, 128),
    ("$6$saltsalt$" + "a" * 86, 48),
    ("$6$" + "a" * 16 + "$" + "b" * 86, 96),
    (PHPASS, 48),
    ("$y$j9T$F5Jx5fExrKuPp53xLKQ..1$hluOROtgGwsu6i6QeeMK0qUoPQ2dBBS9/Uelx0NVFu2", 128),
    (f"pbkdf2_sha256$600000$abcdefghijklmnopqrstuV${B16}", 130),
    (f"pbkdf2_sha256$600000$abcdefghijKl${B16}", 71),
    ("pbkdf2:sha256:600000$aBcdefghijklmnop$" + "0f" * 32, 95),
    ("0x0200" + "0F" * 68, 32),
    (f"{MD5}:{'0f' * 16}", 128),
    ("{SSHA}" + base64.b64encode(bytes(28)).decode(), 64),
    (base64.b64encode(b"\0" + bytes(range(48))).decode(), 128),
]


@pytest.mark.parametrize(("value", "bits"), SALTS)
def test_the_size_of_a_salt_is_read_from_its_writing(value: str, bits: int) -> None:
    salt = identify(value).salt
    assert salt is not None
    assert bits == salt.bits


def test_a_salt_shared_by_different_hashes_is_counted_and_a_repeated_line_is_not(
    tmp_path: Path,
) -> None:
    values = [hashlib.sha256(bytes([n])).hexdigest() + ":grainDeSel" for n in range(6)]
    fact = observe(tmp_path, "\n".join([*values, values[0], "\n"]))
    assert (fact.shared_salts, fact.repeated) == (7, 2)
    assert observe(tmp_path, f"{BCRYPT}\n{BCRYPT}\n").shared_salts == 0


@pytest.mark.parametrize(
    ("value", "function"),
    [
        ("gAAAAA" + "B" * 94, "reversible encryption (Fernet)"),
        ("U2FsdGVkX1" + "9aB3" * 8, "reversible encryption (OpenSSL)"),
        ("eyJpdiI6" + "abC4" * 20, "reversible encryption (Laravel)"),
        ("ENC(" + "abC4" * 8 + ")", "reversible encryption (Jasypt)"),
        ("{cipher}" + "0f" * 32, "reversible encryption (Spring)"),
        ("vault:v1:abcdefghijklmnop", "unrecognised"),
        ("md5$$" + MD5, "MD5"),
    ],
)
def test_what_a_key_turns_back_is_told_by_its_format(value: str, function: str) -> None:
    assert function == identify(value).kind.function


@pytest.mark.parametrize(
    "content",
    [
        b"PGDMP\x01\x0e\x00",
        b"[" * 200_000,
        b'{"a":' * 5000,
        b'{"password": ',
        b"INSERT INTO users (password) VALUES ('" + b"a" * 4_500_000,
        b"x" * 10_000_000,
        b"INSERT INTO users VALUES (\x00\x00);",
        b"COPY users (password) FROM stdin;\n" + b"a" * 2_500_000,
    ],
    ids=["custom", "brackets", "braces", "cut", "value", "line", "nul", "copy"],
)
def test_hostile_files_are_malformed_and_soon(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Malformed):
        observe(tmp_path, content)


@pytest.mark.parametrize("odd", ["/ [ $ ", "/* ", "$a$ $b$ ", '" ` ', "[a ", "\n", "-", "("])
def test_a_dump_of_many_odd_signs_ends_soon(tmp_path: Path, odd: str) -> None:
    content = "INSERT INTO users (password) VALUES ('a');\n" + odd * (600_000 // len(odd))
    assert observe(tmp_path, content).total == 1
