"""Services on loopback for the tests: real ones where Debian has them, each with its twin."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/local/sbin"


def program(name: str) -> str:
    """The program's path; the test is skipped where it is not installed."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], port: int, folder: Path) -> Iterator[int]:
    """Run a server until the block ends; it has eight seconds to listen."""
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
    try:
        until = time.monotonic() + 8
        while time.monotonic() < until and process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        else:
            pytest.fail(
                f"{command[0]}: {(folder / 'output.log').read_text('utf-8', 'replace')[-800:]}"
            )
        yield port
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


@contextmanager
def memcached(folder: Path, closed: bool) -> Iterator[int]:
    """memcached; the twin wants a name and a password."""
    port = free_port()
    command = [program("memcached"), "-l", "127.0.0.1", "-p", str(port), "-U", "0"]
    if os.geteuid() == 0:
        command += ["-u", "root"]
    if closed:
        (folder / "users").write_text("app:EXAMPLE-not-real\n")
        command += ["-Y", str(folder / "users")]
    with running(command, port, folder) as there:
        yield there


@contextmanager
def redis(folder: Path, closed: bool) -> Iterator[int]:
    """Redis; the twin wants a password."""
    port = free_port()
    command = [program("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    command += ["--requirepass", "EXAMPLE-not-real"] if closed else []
    with running(command, port, folder) as there:
        yield there


@contextmanager
def mosquitto(folder: Path, closed: bool) -> Iterator[int]:
    """An MQTT broker; the twin admits nobody without a name."""
    port = free_port()
    user = "user root\n" if os.geteuid() == 0 else ""
    allow = str(not closed).lower()
    (folder / "m.conf").write_text(f"{user}listener {port} 127.0.0.1\nallow_anonymous {allow}\n")
    with running([program("mosquitto"), "-c", str(folder / "m.conf")], port, folder) as there:
        yield there


@contextmanager
def rsync(folder: Path, closed: bool) -> Iterator[int]:
    """rsync with two modules; the twin's want a password."""
    port = free_port()
    (folder / "shared").mkdir(exist_ok=True)
    (folder / "secrets").write_text("backup:EXAMPLE-not-real\n")
    (folder / "secrets").chmod(0o600)
    guard = f"auth users = backup\nsecrets file = {folder}/secrets\n" if closed else ""
    modules = "".join(f"[{n}]\npath = {folder}/shared\n{guard}" for n in ("sauvegardes", "export"))
    (folder / "r.conf").write_text(
        f"use chroot = no\nlog file = {folder}/r.log\npid file = {folder}/r.pid\n{modules}"
    )
    command = [
        program("rsync"), "--daemon", "--no-detach", f"--config={folder}/r.conf",
        f"--port={port}", "--address=127.0.0.1",
    ]  # fmt: skip
    with running(command, port, folder) as there:
        yield there


_TREE = """dn: dc=pharmacie,dc=example
objectClass: dcObject
objectClass: organization
o: Pharmacie
dc: pharmacie

dn: cn=Anne,dc=pharmacie,dc=example
objectClass: person
cn: Anne
sn: Anne

"""


@contextmanager
def slapd(folder: Path, closed: bool) -> Iterator[int]:
    """OpenLDAP with two entries; the twin shows them to nobody it does not know."""
    port = free_port()
    (folder / "db").mkdir(exist_ok=True)
    right = "auth" if closed else "read"
    (folder / "slapd.conf").write_text(
        "include /etc/ldap/schema/core.schema\n"
        f"pidfile {folder}/slapd.pid\n"
        'access to dn.base="" by * read\n'
        f"database ldif\nsuffix dc=pharmacie,dc=example\ndirectory {folder}/db\n"
        f"access to * by * {right}\n"
    )
    (folder / "tree.ldif").write_text(_TREE)
    program("slapd")
    adding = [program("slapadd"), "-f", "slapd.conf", "-l", "tree.ldif"]
    subprocess.run(adding, cwd=folder, check=True, capture_output=True, timeout=20)
    command = [program("slapd"), "-f", "slapd.conf", "-h", f"ldap://127.0.0.1:{port}", "-d", "0"]
    with running(command, port, folder) as there:
        yield there


@contextmanager
def vsftpd(folder: Path, closed: bool) -> Iterator[int]:
    """vsftpd; the twin admits no anonymous visitor."""
    port = free_port()
    (folder / "pub").mkdir(exist_ok=True)
    folder.chmod(0o755)
    (folder / "empty").mkdir(exist_ok=True)
    (folder / "v.conf").write_text(
        f"listen=YES\nlisten_ipv6=NO\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\n"
        f"anonymous_enable={'NO' if closed else 'YES'}\nlocal_enable=YES\n"
        f"anon_root={folder}/pub\nsecure_chroot_dir={folder}/empty\nseccomp_sandbox=NO\n"
        "xferlog_enable=NO\n"
    )
    with running([program("vsftpd"), str(folder / "v.conf")], port, folder) as there:
        yield there


@contextmanager
def etcd(folder: Path, closed: bool) -> Iterator[int]:
    """etcd; it has no twin here: its users are made through its own interface."""
    assert not closed
    port, peer = free_port(), free_port()
    command = [
        program("etcd"), "--data-dir", str(folder / "etcd"),
        "--listen-client-urls", f"http://127.0.0.1:{port}",
        "--advertise-client-urls", f"http://127.0.0.1:{port}",
        "--listen-peer-urls", f"http://127.0.0.1:{peer}",
        "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}",
        "--initial-cluster", f"default=http://127.0.0.1:{peer}",
    ]  # fmt: skip
    with running(command, port, folder) as there:
        yield there


@contextmanager
def mariadb(folder: Path, closed: bool) -> Iterator[int]:
    """MariaDB: it always asks for a password; both twins are the same."""
    port = free_port()
    data = folder / "data"
    user = ["--user=root"] if os.geteuid() == 0 else []
    making = [program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", *user]
    subprocess.run(making, cwd=folder, check=True, capture_output=True, timeout=60)
    command = [
        program("mariadbd"), "--no-defaults", f"--datadir={data}", "--bind-address=127.0.0.1",
        f"--port={port}", f"--socket={folder}/s.sock", *user,
    ]  # fmt: skip
    with running(command, port, folder) as there:
        yield there


@contextmanager
def fake(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does with each connection what it is told."""

    def serve(line: socket.socket) -> None:
        with suppress(OSError), line:
            line.settimeout(5)
            talk(line)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def script(*exchanges: tuple[bytes, bytes]) -> Callable[[socket.socket], None]:
    """Answer each request by the first pair whose sign it holds; else close the connection."""

    def talk(line: socket.socket) -> None:
        while said := line.recv(65536):
            reply = next((answer for sign, answer in exchanges if sign in said), None)
            if reply is None:
                return
            line.sendall(reply)

    return talk
