"""The replica stays on loopback, prints nothing and leaves nothing behind."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from cnilcheck.replica import Replica


@pytest.mark.parametrize("mended", [False, True])
def test_no_thread_and_no_port_is_left(
    mended: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = set(threading.enumerate())
    with Replica(tmp_path, mended) as replica:
        addresses = [
            ("127.0.0.1", int(url.rstrip("/").rpartition(":")[2]))
            for url in (replica.http, replica.https)
        ]
        if not mended:
            addresses.append(replica.database)
        idle = [socket.create_connection(address, timeout=5) for address in addresses]
        idle[0].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle[0].recv(12).startswith(b"HTTP/1.1")
        started = time.monotonic()
    assert time.monotonic() - started < 3, "idle connections must not hold the end up"
    assert before == set(threading.enumerate())
    assert tuple(capfd.readouterr()) == ("", "")
    for connection in idle:
        connection.close()
    for address in addresses:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)


def test_https_can_be_stopped_alone(tmp_path: Path) -> None:
    with Replica(tmp_path) as replica:
        replica.stop_https()
        port = int(replica.https.rstrip("/").rpartition(":")[2])
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_client_that_breaks_off_is_no_fault(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Replica(tmp_path) as replica:
        port = int(replica.https.rstrip("/").rpartition(":")[2])
        for address in (("127.0.0.1", port), replica.database):
            with socket.create_connection(address, timeout=5) as client:
                client.sendall(b"\0\0")
        time.sleep(0.2)
        assert replica.faults == []
    assert tuple(capfd.readouterr()) == ("", "")


def test_a_failed_start_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    (tmp_path / "logs").write_text("a file where a folder should be")
    with pytest.raises(OSError), Replica(tmp_path):
        pass
    assert before == set(threading.enumerate())
