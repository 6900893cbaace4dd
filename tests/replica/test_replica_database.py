"""The database answers a real client that knows the leaked password, and is closed in the mended twin."""

from __future__ import annotations

import os
import re
import shutil
import socket
import struct
import subprocess
from pathlib import Path

import pytest

from cnilcheck.replica import Replica

needs_psql = pytest.mark.skipif(shutil.which("psql") is None, reason="psql is not installed")


def psql(replica: Replica, sql: str, **changed: str) -> subprocess.CompletedProcess[str]:
    """Connects with what the leaked source says."""
    source = (
        replica.scope_path.parent / "snapshot/var/www/depistage/connexion-bdd.php"
    ).read_text()
    leaked = dict(re.findall(r"define\('(DB_\w+)', '(.*)'\);", source)) | changed
    host, _, port = leaked["DB_HOST"].partition(":")
    return subprocess.run(
        ["psql", "-X", "-w", "-A", "-t", "-h", host, "-p", port, "-U", leaked["DB_USER"], "-c", sql, leaked["DB_NAME"]],
        env=os.environ | {"PGPASSWORD": leaked["DB_PASSWORD"]}, capture_output=True, text=True, timeout=20,
    )  # fmt: skip


@needs_psql
def test_the_leaked_password_opens_the_database(flawed: Replica) -> None:
    assert psql(flawed, "SELECT count(*) FROM patients;").stdout == "120\n"
    assert psql(flawed, "SELECT 1").stdout == "1\n"


@needs_psql
def test_a_wrong_password_or_database_is_refused(flawed: Replica) -> None:
    refused = psql(flawed, "SELECT 1", DB_PASSWORD="autre")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "password authentication failed" in refused.stderr
    assert 'database "autre" does not exist' in psql(flawed, "SELECT 1", DB_NAME="autre").stderr


@needs_psql
def test_other_queries_are_an_error_and_the_session_goes_on(flawed: Replica) -> None:
    answer = psql(flawed, "SELECT * FROM patients")
    assert answer.returncode == 1
    assert "permission denied" in answer.stderr


def test_encryption_is_declined_and_a_clear_password_asked_for(flawed: Replica) -> None:
    with socket.create_connection(flawed.database, timeout=5) as client:
        for code in (80877103, 80877104):
            client.sendall(struct.pack("!II", 8, code))
            assert client.recv(1) == b"N"
        settings = b"user\0depistage\0database\0depistage\0\0"
        client.sendall(struct.pack("!II", 8 + len(settings), 3 << 16) + settings)
        assert struct.pack("!cII", b"R", 8, 3) == client.recv(9)
        client.sendall(b"p" + struct.pack("!I", 9) + b"faux\0")
        assert b"C28P01\0" in client.recv(1000)
        assert client.recv(1) == b""


def test_garbage_ends_the_connection(flawed: Replica) -> None:
    with socket.create_connection(flawed.database, timeout=5) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        client.settimeout(5)
        with pytest.raises(ConnectionError):
            if not client.recv(1):
                raise ConnectionResetError


def test_an_old_protocol_is_refused_in_the_words_of_postgresql(flawed: Replica) -> None:
    with socket.create_connection(flawed.database, timeout=5) as client:
        client.sendall(struct.pack("!II", 8, 0xFF534D42))
        assert b"C0A000\0Munsupported frontend protocol 65363.19778" in client.recv(1000)


def test_the_mended_database_port_is_closed(mended: Replica) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(mended.database, timeout=5)


def test_the_database_can_be_stopped_alone(tmp_path: Path) -> None:
    with Replica(tmp_path) as replica:
        replica.stop_database()
        replica.stop_database()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(replica.database, timeout=5)
        socket.create_connection(
            ("127.0.0.1", int(replica.http.rstrip("/").rpartition(":")[2]))
        ).close()
