"""Databases: the value in effect, at the line that sets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors.base import Nothing
from cnilcheck.collectors.postgresql import DatabaseConfiguration
from cnilcheck.errors import NotReadable
from cnilcheck.model.facts import (
    DatabaseLogSetting,
    Fact,
    ListeningSetting,
    NetworkAccessSetting,
    PasswordEncryptionSetting,
    ServiceEncryption,
    TlsSetting,
)
from collectors.trees import facts, gaps, look, write

FOLDER = "/etc/postgresql/15/main"
CONF, HBA = f"{FOLDER}/postgresql.conf", f"{FOLDER}/pg_hba.conf"


def observe(root: Path, conf: str = "", hba: str = "", **more: str):
    files = {CONF: conf, HBA: hba} | {f"{FOLDER}/{name}": text for name, text in more.items()}
    return look(DatabaseConfiguration(), write(root, files))


@pytest.mark.parametrize(
    ("line", "addresses"),
    [
        ("listen_addresses = '*'", ("*",)),
        ("listen_addresses = 'localhost, 10.0.0.5' # comment", ("localhost", "10.0.0.5")),
        ("Listen_Addresses '0.0.0.0'", ("0.0.0.0",)),
        ("listen_addresses=''", ()),
        ("#listen_addresses = '*'", ("localhost",)),
        ("listen_addresses = 'a'\nlisten_addresses = 'b'", ("b",)),
    ],
)
def test_the_last_value_of_a_setting_wins(
    tmp_path: Path, line: str, addresses: tuple[str, ...]
) -> None:
    (seen,) = facts(observe(tmp_path, line + "\n"), ListeningSetting).values()
    assert seen.addresses == addresses


def test_the_place_is_the_line_that_sets_it(tmp_path: Path) -> None:
    seen = observe(tmp_path, "port = 5432\nlog_statement = mod\nlog_connections = on\n")
    assert facts(seen, DatabaseLogSetting) == {
        f"{CONF}:3": DatabaseLogSetting("PostgreSQL", True, "mod")
    }


def test_includes_are_followed_in_order(tmp_path: Path) -> None:
    conf = "listen_addresses = 'localhost'\ninclude_dir 'conf.d'\ninclude_if_exists 'absent.conf'\n"
    more = {"conf.d/10.conf": "listen_addresses = '*'\n", "conf.d/20.conf": "ssl = on\n"}
    seen = observe(tmp_path, conf, **more)
    assert list(facts(seen, ListeningSetting)) == [f"{FOLDER}/conf.d/10.conf:1"]
    assert gaps(seen) == []


def test_what_alter_system_wrote_has_the_last_word(tmp_path: Path) -> None:
    write(tmp_path, {"/var/lib/pg/postgresql.auto.conf": "listen_addresses = '*'\n"})
    seen = observe(tmp_path, "data_directory = '/var/lib/pg'\nlisten_addresses = 'localhost'\n")
    assert list(facts(seen, ListeningSetting)) == ["/var/lib/pg/postgresql.auto.conf:1"]


def test_an_absent_include_is_a_gap_and_the_rest_is_kept(tmp_path: Path) -> None:
    seen = observe(tmp_path, "listen_addresses = '*'\ninclude 'absent.conf'\n")
    assert facts(seen, ListeningSetting)
    assert {place for place, _, _ in gaps(seen)} == {f"{CONF}:2"}


def test_files_that_include_one_another_end(tmp_path: Path) -> None:
    assert gaps(observe(tmp_path, "include 'postgresql.conf'\n" * 20))


@pytest.mark.parametrize(("version", "value"), [("13", "md5"), ("14", "scram-sha-256")])
def test_the_default_function_depends_on_the_version(
    tmp_path: Path, version: str, value: str
) -> None:
    write(tmp_path, {f"/etc/postgresql/{version}/main/postgresql.conf": "port = 5432\n"})
    (seen,) = facts(look(DatabaseConfiguration(), tmp_path), PasswordEncryptionSetting).values()
    assert seen.value == value


def test_without_a_version_the_default_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, {"/var/lib/postgresql/data/postgresql.conf": "port = 5432\n"})
    missing = {fact for _, fact, _ in gaps(look(DatabaseConfiguration(), tmp_path))}
    assert missing == {PasswordEncryptionSetting, NetworkAccessSetting}


@pytest.mark.parametrize(
    ("line", "networks"),
    [
        ("host all all 0.0.0.0/0 md5", ("0.0.0.0/0",)),
        ("host all all all scram-sha-256", ("0.0.0.0/0",)),
        ("hostssl all all ::/0 scram-sha-256", ("::/0",)),
        ("hostnossl db lea 10.0.0.0 255.255.255.0 md5", ("10.0.0.0/24",)),
        ("host all all 0.0.0.0/0 reject", ()),
        ("local all all peer", ()),
        ("# host all all 0.0.0.0/0 md5", ()),
        ('host "my db" "lea" samenet md5', ("samenet",)),
        ("host all all 10.0.0.5/32 ldap ldapserver=x", ("10.0.0.5/32",)),
    ],
)
def test_networks_are_those_of_lines_that_let_in(
    tmp_path: Path, line: str, networks: tuple[str, ...]
) -> None:
    (seen,) = facts(observe(tmp_path, "port = 1\n", line + "\n"), NetworkAccessSetting).values()
    assert seen.networks == networks


def test_pgaudit_counts_as_statements(tmp_path: Path) -> None:
    conf = "shared_preload_libraries = 'pgaudit'\npgaudit.log = 'read, write'\n"
    (seen,) = facts(observe(tmp_path, conf), DatabaseLogSetting).values()
    assert seen.statements == "pgaudit: read, write"


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("bind 127.0.0.1 -::1\n", ("127.0.0.1", "::1")),
        ("bind 0.0.0.0\n", ("0.0.0.0",)),
        ("port 6379\n", ("localhost",)),
        ("protected-mode no\n", ("*",)),
        ("requirepass s3cr3t!\n", ("*",)),
    ],
)
def test_redis_answers_where_its_settings_say(
    tmp_path: Path, text: str, addresses: tuple[str, ...]
) -> None:
    write(tmp_path, {"/etc/redis/redis.conf": text})
    seen = look(DatabaseConfiguration(), tmp_path)
    (fact,) = facts(seen, ListeningSetting).values()
    assert fact.addresses == addresses
    assert len([s for s in seen if isinstance(s, Nothing)]) == 3


def test_mysql_is_read_with_its_folders(tmp_path: Path) -> None:
    more = {
        "/etc/mysql/my.cnf": "!includedir /etc/mysql/conf.d/\n",
        "/etc/mysql/conf.d/a.cnf": "[mysqld]\nbind_address = 127.0.0.1\n[client]\nbind-address = *\n",
    }
    seen = facts(look(DatabaseConfiguration(), write(tmp_path, more)), ListeningSetting)
    assert seen == {"/etc/mysql/conf.d/a.cnf:2": ListeningSetting("MySQL", ("127.0.0.1",))}


def test_without_a_database_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(NotReadable, match="no database configuration"):
        look(DatabaseConfiguration(), tmp_path)


def test_hostile_settings_take_no_time(tmp_path: Path) -> None:
    lines = ["a" * 100_000, "x = '" + "\\'" * 50_000, "x = '" + "''" * 50_000 + "y", " " * 100_000]
    assert observe(tmp_path, "\n".join(lines), "\n".join(lines))


@pytest.mark.skipif(not Path("/etc/postgresql").is_dir(), reason="no PostgreSQL on this machine")
def test_a_real_debian_tree_is_read() -> None:
    seen = look(DatabaseConfiguration(), "/")
    assert any(fact.product == "PostgreSQL" for fact in facts(seen, ListeningSetting).values())
    assert facts(seen, NetworkAccessSetting)


def encryption(root: Path, settings: str, access: str) -> list[Fact]:
    seen = observe(root, "listen_addresses = '*'\n" + settings, access)
    return [*facts(seen, ServiceEncryption).values(), *facts(seen, TlsSetting).values()]


def test_tls_is_told_where_it_is_written(tmp_path: Path) -> None:
    scram = "all all 10.0.0.0/8 scram-sha-256\n"
    only_tls, in_clear = (
        f"hostssl {scram}host all all 127.0.0.1/32 scram-sha-256\n",
        f"host {scram}",
    )
    least = "ssl = on\nssl_min_protocol_version = 'TLSv1.1'\n"
    assert encryption(tmp_path / "a", "ssl = off\n", only_tls) == [
        ServiceEncryption("PostgreSQL", False, True)
    ]
    assert encryption(tmp_path / "b", "ssl = on\n", only_tls) == [
        ServiceEncryption("PostgreSQL", True, False)
    ]
    assert encryption(tmp_path / "c", "ssl = on\n", in_clear) == [
        ServiceEncryption("PostgreSQL", True, True)
    ]
    assert encryption(tmp_path / "d", least, only_tls)[1:] == [
        TlsSetting("PostgreSQL", ("TLS 1.1", "TLS 1.2", "TLS 1.3"))
    ]
    assert encryption(tmp_path / "e", "", only_tls) == []
