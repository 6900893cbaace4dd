"""Test settings are compared with those of production; databases of their own are none of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors.base import Nothing
from cnilcheck.collectors.environments import Environments
from cnilcheck.model.facts import EnvironmentDatabase
from collectors.trees import facts, look, write

RAILS = "production:\n  host: db.example\n  database: base\ntest:\n  host: %s\n  database: %s\n"


def seen(root: Path, files: dict[str, str]) -> list[EnvironmentDatabase]:
    return list(facts(look(Environments(), write(root, files)), EnvironmentDatabase).values())  # type: ignore[arg-type]


def test_the_same_base_in_two_files_is_told_with_the_other_place(tmp_path: Path) -> None:
    files = {"/srv/a/.env": "DB_HOST=db.example\nDB_NAME=base\n"}
    files["/srv/a/.env.test"] = "DB_NAME=base\nDB_HOST=db.example\n"
    (fact,) = seen(tmp_path, files)
    assert (fact.database, fact.same_as) == ("db.example/base", "/srv/a/.env:1")


def test_the_same_base_in_two_sections_of_a_file_is_told(tmp_path: Path) -> None:
    (fact,) = seen(tmp_path, {"/srv/a/database.yml": RAILS % ("db.example", "base")})
    assert fact.same_as == "/srv/a/database.yml:2"


def test_a_name_that_says_production_is_enough(tmp_path: Path) -> None:
    text = "DATABASE_URL=postgres://app:x@db-prod1.example:5432/base\n"
    (fact,) = seen(tmp_path, {"/srv/a/.env.staging": text})
    assert (fact.same_as, fact.named_production) == (None, True)


def test_another_base_on_the_same_server_is_another(tmp_path: Path) -> None:
    (fact,) = seen(tmp_path, {"/srv/a/database.yml": RAILS % ("db.example", "base_test")})
    assert (fact.same_as, fact.named_production) == (None, False)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "db", "postgres"])
def test_a_base_on_the_machine_itself_is_left_out(tmp_path: Path, host: str) -> None:
    files = {"/srv/a/.env": f"DB_HOST={host}\n", "/srv/a/.env.test": f"DB_HOST={host}\n"}
    found = look(Environments(), write(tmp_path, files))
    assert found == [Nothing("/", EnvironmentDatabase)]
