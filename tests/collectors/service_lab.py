"""Services on loopback for the tests: real ones where Debian has them, each with its twin."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/local/sbin"


def program(name: str) -> str:
    """The program's path; without it the test is skipped, and fails where all are promised."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing(f"{name} is not installed")
    return found


def running_as_root() -> bool:
    """Whether servers must be told not to run as the super-user."""
    return os.geteuid() == 0


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: list[str],
    port: int,
    folder: Path,
    *,
    user: str | None = None,
    listens: Callable[[int], bool] | None = None,
) -> Iterator[int]:
    """Run a server until the block ends; it has ten seconds to listen."""
    listens = listens or _accepts
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            user=user, start_new_session=True,
        )  # fmt: skip
    try:
        until = time.monotonic() + 10
        while time.monotonic() < until and process.poll() is None:
            if listens(port):
                break
            time.sleep(0.05)
        else:
            pytest.fail(
                f"{command[0]}: {(folder / 'output.log').read_text('utf-8', 'replace')[-800:]}"
            )
        yield port
    finally:
        # smbd signals its whole group when it ends: that group is its own.
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, sign)
            with suppress(subprocess.TimeoutExpired):
                process.wait(3)


def _accepts(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _bound(port: int) -> bool:
    """Whether somebody holds the UDP port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def free_udp_port() -> int:
    """A UDP port nobody holds."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
    """MariaDB: `root` needs no password over the network; the twin's does, and has no TLS either."""
    port = free_port()
    data = folder / "data"
    user = ["--user=root"] if running_as_root() else []
    making = [
        program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--skip-test-db", *user,
    ]  # fmt: skip
    subprocess.run(making, cwd=folder, check=True, capture_output=True, timeout=60)
    secret = "EXAMPLE-not-real" if closed else ""
    drop = "DELETE FROM mysql.global_priv WHERE User='';FLUSH PRIVILEGES;"
    create = f"CREATE USER 'root'@'127.0.0.1' IDENTIFIED BY '{secret}';"
    (folder / "init.sql").write_text(f"{drop}\n{create}\n".replace(";", ";\n"))
    command = [
        program("mariadbd"), "--no-defaults", f"--datadir={data}", "--bind-address=127.0.0.1",
        f"--port={port}", f"--socket={folder}/s.sock", f"--init-file={folder}/init.sql",
        "--skip-name-resolve", *user,
    ]  # fmt: skip
    with running(command, port, folder) as there:
        yield there


@contextmanager
def postgresql(folder: Path, closed: bool) -> Iterator[int]:
    """PostgreSQL: everybody is trusted; the twin wants SCRAM."""
    port, data = free_port(), folder / "data"
    server, user = str(postgres_program()), open_to_postgres(folder)
    making = [
        str(Path(server).with_name("initdb")),
        "-D",
        str(data),
        "-A",
        "trust",
        "-N",
        "-U",
        "app",
    ]
    subprocess.run(making, cwd=folder, check=True, capture_output=True, timeout=60, user=user)
    method = "scram-sha-256" if closed else "trust"
    (data / "pg_hba.conf").write_text(f"host all all 127.0.0.1/32 {method}\n")
    command = [
        server, "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", "/tmp", "-F",
        "-c", "shared_buffers=1MB", "-c", "max_connections=10",
    ]  # fmt: skip
    with running(command, port, folder, user=user) as there:
        yield there


def postgres_program() -> Path:
    """The newest server there is."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1] if found else Path(program("postgres"))


def open_to_postgres(folder: Path) -> str | None:
    """Give the folder to the account PostgreSQL runs under, which is never root's; its name."""
    user = "postgres" if running_as_root() else None
    if user:
        _let_in(folder)
        shutil.chown(folder, user)
    return user


def _let_in(folder: Path) -> None:
    """Let other accounts reach a folder of the tests; its parents stay theirs otherwise."""
    for place in (folder, *folder.parents):
        if place.stat().st_uid == os.geteuid() and not place.stat().st_mode & 0o001:
            place.chmod(place.stat().st_mode | 0o011)


@contextmanager
def snmpd(folder: Path, closed: bool) -> Iterator[int]:
    """net-snmp's agent with the community `public`; the twin speaks version 3 only."""
    port = free_udp_port()
    access = "rouser supervision priv" if closed else "rocommunity public 127.0.0.1"
    (folder / "snmpd.conf").write_text(f"agentaddress udp:127.0.0.1:{port}\n{access}\n")
    command = [program("snmpd"), "-f", "-Lo", "-C", "-c", str(folder / "snmpd.conf"), "-p", "pid"]
    with running(command, port, folder, listens=_bound) as there:
        yield there


@contextmanager
def tftpd(folder: Path, closed: bool) -> Iterator[int]:
    """tftpd-hpa with one file; TFTP has no sign-in, the twin's port is shut."""
    port = free_udp_port()
    if closed:
        yield port
        return
    _let_in(folder)
    (folder / "routeur.cfg").write_text("hostname pharmacie\n")
    command = [
        program("in.tftpd"), "-L", "-4", "-a", f"127.0.0.1:{port}", "-u", "nobody", "-s", str(folder),
    ]  # fmt: skip
    with running(command, port, folder, listens=_bound) as there:
        yield there


@contextmanager
def postfix(folder: Path, closed: bool) -> Iterator[int]:
    """Postfix that relays for everybody; the twin only for accounts it knows."""
    port = free_port()
    program("postfix")
    home, queue, data = folder / "etc", folder / "queue", folder / "data"
    for place in (home, queue, data):
        place.mkdir()
    _let_in(folder)
    shutil.chown(data, "postfix")
    (home / "main.cf").write_text(
        f"compatibility_level = 3.6\nqueue_directory = {queue}\ndata_directory = {data}\n"
        "myhostname = mail.example.com\nmydestination = example.com\n"
        f"mynetworks = {'' if closed else '0.0.0.0/0'}\n"
        f"inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmaillog_file = /dev/stdout\n"
        "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\nalias_maps =\nalias_database =\n"
        "local_recipient_maps =\ndisable_dns_lookups = yes\n"
    )
    (home / "master.cf").write_text(
        f"127.0.0.1:{port} inet n - n - - smtpd\n"
        "cleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\n"
        "rewrite unix - - n - - trivial-rewrite\nbounce unix - - n - 0 bounce\n"
        "defer unix - - n - 0 bounce\nproxymap unix - - n - - proxymap\n"
        "anvil unix - - n - 1 anvil\npostlog unix-dgram n - n - 1 postlogd\n"
    )
    with running([program("postfix"), "-c", str(home), "start-fg"], port, folder) as there:
        yield there


@contextmanager
def samba(folder: Path, closed: bool) -> Iterator[int]:
    """Samba with SMB 1 and a share for guests; the twin speaks SMB 3, signed, to accounts."""
    port = free_port()
    for name in ("private", "lock", "state", "cache", "pid", "share", "ncalrpc"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "private").chmod(0o700)
    strict = "server min protocol = SMB3\nserver signing = mandatory\nrestrict anonymous = 2\n"
    weak = "server min protocol = NT1\nserver signing = auto\nmap to guest = bad user\n"
    (folder / "smb.conf").write_text(
        f"[global]\nsmb ports = {port}\ninterfaces = 127.0.0.1\nbind interfaces only = yes\n"
        f"private dir = {folder}/private\nlock directory = {folder}/lock\n"
        f"state directory = {folder}/state\ncache directory = {folder}/cache\n"
        f"pid directory = {folder}/pid\nncalrpc dir = {folder}/ncalrpc\nlog file = {folder}/log\n"
        "server role = standalone server\ndisable netbios = yes\nload printers = no\n"
        f"{strict if closed else weak}"
        f"[dossiers]\npath = {folder}/share\nguest ok = {'no' if closed else 'yes'}\n"
    )
    command = [program("smbd"), "--foreground", "--no-process-group", "-s", f"{folder}/smb.conf"]
    try:
        with running(command, port, folder) as there:
            yield there
    finally:
        _end_helpers(f"{folder}/smb.conf")


def _end_helpers(configuration: str) -> None:
    """End what smbd left running in sessions of its own: samba-dcerpcd and its rpcd programs."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if configuration.encode() in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)


@contextmanager
def orthanc(folder: Path, closed: bool) -> Iterator[tuple[int, int]]:
    """Orthanc, its HTTP port and its DICOM port; the twin knows its callers."""
    dicom, port = free_port(), free_port()
    settings = {
        "Name": "LABO", "StorageDirectory": str(folder), "IndexDirectory": str(folder),
        "DicomPort": dicom, "HttpPort": port, "HttpServerEnabled": True, "Plugins": [],
        "RemoteAccessAllowed": True, "AuthenticationEnabled": closed,
        "RegisteredUsers": {"app": "EXAMPLE-not-real"}, "DicomAet": "LABO",
        "DicomCheckCalledAet": closed, "DicomAlwaysAllowEcho": not closed,
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with running([program("Orthanc"), str(folder / "orthanc.json")], port, folder) as there:
        yield there, dicom


@contextmanager
def screen(folder: Path, closed: bool) -> Iterator[tuple[int, int]]:
    """A TigerVNC screen and its X11 display, open to all; the twin wants a password and a key."""
    port = free_port()
    display = next(n for n in range(10, 64) if not _accepts(6000 + n))
    password = folder / "passwd"
    password.write_bytes(bytes.fromhex("dbd83cfd727a1458"))
    password.chmod(0o600)
    types = ["-SecurityTypes", "VncAuth", "-PasswordFile", str(password)]
    command = [
        program("Xtigervnc"), f":{display}", "-rfbport", str(port), "-localhost", "-listen", "tcp",
        "-geometry", "64x64", *(types if closed else ["-SecurityTypes", "None", "-ac"]),
    ]  # fmt: skip
    command += ["-auth", str(_xauthority(folder))] if closed else []
    with running(command, port, folder) as there:
        yield there, 6000 + display


def _xauthority(folder: Path) -> Path:
    """A file with one key nobody else has (Xau: family, address, display, name, data)."""
    fields = (b"", b"", b"MIT-MAGIC-COOKIE-1", os.urandom(16))
    content = b"\xff\xff" + b"".join(struct.pack("!H", len(f)) + f for f in fields)
    (folder / "key").write_bytes(content)
    return folder / "key"


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
