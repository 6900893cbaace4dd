"""Stored passwords from their first character to the verdict: the vectors of the reference."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest

from cnilcheck.checks.registry import checks
from cnilcheck.collectors.base import Journal, Tools
from cnilcheck.collectors.password_samples import PasswordSamples
from cnilcheck.documents.rules import bind, read_rule
from cnilcheck.model.scope import Limits, PasswordSample, Scope, Sources
from cnilcheck.model.verdict import Context, Verdict
from cnilcheck.resources import rules_directory

DIGEST = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"
ARGON2 = f"$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw${DIGEST}"
TAIL = "abcdefghijklmnopqrstuu/HVU5i6KV/VI7hcaJl0YT4oaKNngs0y"
SALT22 = "aBcdefghijklmnopqrstuv"


def verdict(folder: Path, rule: str, *values: str) -> str:
    (folder / "sample").write_text("\n".join(values) + "\n")
    scope = Scope(version=1, sources=Sources(password_samples=(PasswordSample("sample"),)))
    (task,) = PasswordSamples().tasks(scope)
    tools = Tools(folder, scope, Journal(io.StringIO()), Limits())
    (seen,) = PasswordSamples().observe(task, tools)
    path = rules_directory() / "cryptography" / f"{rule}.yaml"
    answer = bind(read_rule(path), checks(), path).judge(seen.fact, Context(dt.date(2026, 11, 22)))
    assert isinstance(answer, Verdict)
    return answer.outcome.value


@pytest.mark.parametrize(
    ("value", "function", "cost", "memory"),
    [
        (ARGON2, "pass", "pass", "pass"),
        (f"$2b$08${TAIL}", "pass", "fail", "fail"),
        (f"$2b$12${TAIL}", "pass", "pass", "fail"),
        ("5f4dcc3b5aa765d61d8327deb882cf99", "fail", "not_applicable", "not_applicable"),
        (f"pbkdf2_sha256$260000${SALT22}${DIGEST}=", "pass", "fail", "fail"),
        (f"pbkdf2_sha256$600000${SALT22}${DIGEST}=", "pass", "pass", "fail"),
        (ARGON2.replace("2id", "2i"), "pass", "fail", "pass"),
        (ARGON2.replace("m=19456,t=2", "m=19455,t=2"), "pass", "fail", "pass"),
        (ARGON2.replace("m=19456,t=2", "m=7168,t=5"), "pass", "pass", "pass"),
        (f"scrypt:32768:8:1${SALT22}${'0f' * 64}", "pass", "fail", "pass"),
        (f"scrypt:32768:8:3${SALT22}${'0f' * 64}", "pass", "pass", "pass"),
        ("gAAAAA" + "B" * 94, "fail", "not_applicable", "not_applicable"),
    ],
)
def test_a_vector_gets_its_verdicts(
    tmp_path: Path, value: str, function: str, cost: str, memory: str
) -> None:
    assert function == verdict(tmp_path, "password-hash-function", value)
    assert cost == verdict(tmp_path, "password-hash-cost", value)
    assert memory == verdict(tmp_path, "password-hash-memory-hard", value)


@pytest.mark.parametrize(
    ("values", "length", "unique"),
    [
        ((ARGON2,), "pass", "pass"),
        ((f"$2b$12${TAIL}",), "pass", "pass"),
        (("$6$saltsaltsaltsalt$" + "a" * 86,), "fail", "pass"),
        (("0f" * 16,) * 2, "not_applicable", "fail"),
        (("0f" * 16, "1f" * 16), "not_applicable", "not_applicable"),
        ((f"{'0f' * 16}:grain", f"{'1f' * 16}:grain"), "fail", "fail"),
        ((ARGON2, ARGON2), "pass", "inconclusive"),
        (("{bcrypt}$2a$10$" + TAIL, "{sha-256}abcdefghij"), "inconclusive", "pass"),
    ],
)
def test_salts_are_weighed_and_compared(
    tmp_path: Path, values: tuple[str, ...], length: str, unique: str
) -> None:
    assert length == verdict(tmp_path, "password-salt-long-enough", *values)
    assert unique == verdict(tmp_path, "password-salts-unique", *values)
