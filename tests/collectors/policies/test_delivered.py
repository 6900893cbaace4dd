"""Empty passwords, and those a product is delivered with, in files of settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors.sign_in_configuration import SignInConfiguration
from cnilcheck.model.facts import SignInOpenings
from collectors.trees import facts, look, write

COMPOSE = "services:\n  db:\n    image: x\n    environment:\n      %s\n"


def kinds(root: Path, path: str, text: str) -> list[tuple[str, str]]:
    seen = facts(look(SignInConfiguration(), write(root, {path: text})), SignInOpenings)
    return [(o.kind, o.place) for fact in seen.values() for o in fact.found]


@pytest.mark.parametrize(
    ("path", "text", "kind", "line"),
    [
        ("/srv/a/compose.yml", COMPOSE % "MYSQL_ALLOW_EMPTY_PASSWORD: 'yes'", "empty", 5),
        ("/srv/a/docker-compose.yml", COMPOSE % "- POSTGRES_PASSWORD=postgres", "default", 5),
        ("/srv/a/.env", "DB_USERNAME=root\nDB_PASSWORD=\n", "empty", 2),
        ("/srv/a/.env", "DB_USERNAME=app\nDB_PASSWORD=secret\n", "default", 2),
        ("/opt/t/tomcat-users.xml", '\n<user username="a" password="s3cret"/>', "default", 2),
        ("/etc/snmp/snmpd.conf", "rocommunity public 10.0.0.0/8\n", "default", 1),
        ("/etc/rabbitmq/rabbitmq.conf", "default_user=guest\ndefault_pass=guest\n", "default", 2),
        ("/etc/rabbitmq/rabbitmq.conf", "loopback_users = none\n", "default", 1),
        ("/etc/orthanc/orthanc.json", '{"RegisteredUsers": {"a": "a"}}', "default", 1),
        ("/root/i.sql", "CREATE USER 'root'@'%';\n", "empty", 1),
        ("/root/i.sql", "\nGRANT ALL ON *.* TO 'a'@'%' IDENTIFIED BY '';\n", "empty", 2),
    ],
)
def test_a_password_that_everybody_knows_is_told_with_its_line(
    path: str, text: str, kind: str, line: int, tmp_path: Path
) -> None:
    assert kinds(tmp_path, path, text) == [(f"{kind}_password", f"{path}:{line}")]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/srv/a/compose.yml", COMPOSE % "MYSQL_ALLOW_EMPTY_PASSWORD: 'no'"),
        ("/srv/a/compose.yml", COMPOSE % "POSTGRES_PASSWORD: ${SECRET}"),
        ("/srv/a/compose.yml", COMPOSE % "POSTGRES_PASSWORD_FILE: /run/secrets/admin"),
        ("/srv/a/compose.dev.yml", COMPOSE % "POSTGRES_PASSWORD: postgres"),
        ("/srv/a/.env.example", "DB_USERNAME=root\nDB_PASSWORD=\n"),
        ("/srv/a/.env", "DB_USERNAME=app\nDB_PASSWORD=\n"),
        ("/srv/a/.env", "DB_CONNECTION=sqlite\nDB_USERNAME=root\nDB_PASSWORD=\n"),
        ("/opt/t/tomcat-users.xml", '<!-- <user username="a" password="tomcat"/> -->'),
        ("/etc/snmp/snmpd.conf", "rocommunity public 127.0.0.1\n"),
        ("/etc/rabbitmq/rabbitmq.conf", "default_user=app\ndefault_pass=Kq83nvLs\n"),
        ("/root/i.sql", "CREATE USER 'b'@'localhost' IDENTIFIED VIA unix_socket;\n"),
        ("/root/i.sql", "CREATE USER 'b'@'localhost' ACCOUNT LOCK;\n"),
        ("/root/i.sql", "CREATE USER 'b'@'%' IDENTIFIED BY 'x9#Kq83nvLs';\nGRANT ALL ON x.* TO 'b'@'%';\n"),
    ],
)  # fmt: skip
def test_a_secret_of_ones_own_is_none(path: str, text: str, tmp_path: Path) -> None:
    assert kinds(tmp_path, path, text) == []
