"""What is read of rsyslog's configuration is what rsyslog itself takes, and does with a line."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cnilcheck.collectors.logging_configuration import LoggingConfiguration
from cnilcheck.model.facts import LogDestination, LogFileAccess, LogForwardingSetting
from collectors.service_lab import free_port, program, running
from collectors.trees import facts, look, write

HEAD = 'module(load="imtcp")\ninput(type="imtcp" address="127.0.0.1" port="{given}")\n'
GTLS = (
    'global(DefaultNetstreamDriver="gtls"'
    ' DefaultNetstreamDriverCAFile="/etc/ssl/certs/ca-certificates.crt")\n'
)
WAYS = {
    "legacy UDP": ("*.* @127.0.0.1:{to}\n", "udp", False),
    "legacy TCP": ("*.* @@127.0.0.1:{to}\n", "tcp", False),
    "TCP": ('action(type="omfwd" target="127.0.0.1" port="{to}" protocol="tcp")\n', "tcp", False),
    "driver without its mode": (
        GTLS + 'action(type="omfwd" target="127.0.0.1" port="{to}" protocol="tcp")\n', "tcp", False,
    ),
    "TLS": (
        GTLS + 'action(type="omfwd" target="127.0.0.1" port="{to}" protocol="tcp"\n'
        '  StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="anon")\n', "tcp", True,
    ),
    "legacy TLS": (
        "$DefaultNetstreamDriverCAFile /etc/ssl/certs/ca-certificates.crt\n"
        "$DefaultNetstreamDriver gtls\n$ActionSendStreamDriverMode 1\n"
        "$ActionSendStreamDriverAuthMode anon\n*.* @@127.0.0.1:{to}\n", "tcp", True,
    ),
    "nowhere": ('action(type="omfile" file="{folder}/syslog")\n', "", None),
}  # fmt: skip
MARK = b"marqueur-7391"


@contextmanager
def listener(kind: str) -> Iterator[tuple[socket.socket, int]]:
    with socket.socket(type=socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as waiting:
        waiting.bind(("127.0.0.1", 0))
        waiting.settimeout(8)
        if kind != "udp":
            waiting.listen()
        yield waiting, waiting.getsockname()[1]


def first_bytes(waiting: socket.socket, kind: str) -> bytes:
    if kind == "udp":
        return waiting.recv(4096)
    connection, _ = waiting.accept()
    with connection:
        connection.settimeout(8)
        return connection.recv(4096)


def told(text: str, folder: Path) -> tuple[LogDestination, ...]:
    root = write(folder / "copy", {"/etc/rsyslog.conf": text})
    found = facts(look(LoggingConfiguration(), root), LogForwardingSetting).values()
    return tuple(one for fact in found for one in fact.destinations)


@pytest.mark.parametrize("way", WAYS)
def test_a_line_leaves_as_it_was_read_that_it_would(way: str, tmp_path: Path) -> None:
    rsyslogd = program("rsyslogd")
    text, transport, encrypted = WAYS[way]
    given = free_port()
    with listener(transport) as (waiting, to):
        text = HEAD.format(given=given) + text.format(to=to, folder=tmp_path)
        place = tmp_path / "rsyslog.conf"
        place.write_text(text)
        checked = subprocess.run(
            [rsyslogd, "-N1", "-f", str(place)], capture_output=True, timeout=20, check=False
        )
        assert checked.returncode == 0, checked.stderr.decode()
        destinations = told(text, tmp_path)
        command = [rsyslogd, "-n", "-f", str(place), "-i", str(tmp_path / "pid")]
        with (
            running(command, given, tmp_path),
            socket.create_connection(("127.0.0.1", given), 5) as client,
        ):
            client.sendall(b"<13>Nov  3 10:00:00 app test: " + MARK + b"\n")
            seen = first_bytes(waiting, transport) if transport else b""
    assert [(one.transport, one.encrypted) for one in destinations] == (
        [(transport, encrypted)] if transport else []
    )
    if transport:
        # 22, 3: a handshake record of TLS (RFC 8446, 5.1).
        assert (seen[:2] == b"\x16\x03") == encrypted
        assert (MARK in seen) != encrypted


def test_what_rsyslog_refuses_is_no_promise_of_encryption(tmp_path: Path) -> None:
    place = tmp_path / "rsyslog.conf"
    text = 'action(type="omfwd" target="127.0.0.1" protocol="tcp" StreamDriver="gtls"\n'
    place.write_text(text)
    checked = subprocess.run(
        [program("rsyslogd"), "-N1", "-f", str(place)], capture_output=True, timeout=20, check=False
    )
    assert checked.returncode != 0
    assert not any(one.encrypted for one in told(text, tmp_path))


DEBIAN = """module(load="imuxsock")
$FileOwner root
$FileGroup adm
$FileCreateMode 0640
$Umask 0022
auth,authpriv.*\t\t\t/var/log/auth.log
*.*;auth,authpriv.none\t\t-/var/log/syslog;RSYSLOG_TraditionalFileFormat
$FileCreateMode 0666
local1.*  /var/log/portail.log
action(type="omfile" file="/var/log/web.log" fileOwner="www-data" fileCreateMode="0600")
# mail.* /var/log/mail.log
"""


def test_who_may_read_the_files_rsyslog_creates_is_read(tmp_path: Path) -> None:
    place = tmp_path / "rsyslog.conf"
    place.write_text(DEBIAN)
    checked = subprocess.run(
        [program("rsyslogd"), "-N1", "-f", str(place)], capture_output=True, timeout=20, check=False
    )
    assert checked.returncode == 0, checked.stderr.decode()
    root = write(tmp_path / "copy", {"/etc/rsyslog.conf": DEBIAN})
    found = facts(look(LoggingConfiguration(), root), LogFileAccess)
    assert {p: (f.log, f.mode, f.owner, f.group, f.application) for p, f in found.items()} == {
        "/etc/rsyslog.conf:6 /var/log/auth.log": ("/var/log/auth.log", "0640", "root", "adm", ""),
        "/etc/rsyslog.conf:7 /var/log/syslog": ("/var/log/syslog", "0640", "root", "adm", ""),
        "/etc/rsyslog.conf:9 /var/log/portail.log":
            ("/var/log/portail.log", "0644", "root", "adm", ""),
        "/etc/rsyslog.conf:10 /var/log/web.log":
            ("/var/log/web.log", "0600", "www-data", "adm", "www-data"),
    }  # fmt: skip
