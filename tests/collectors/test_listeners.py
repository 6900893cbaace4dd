"""Listeners as people run them: each instrument against real servers on loopback."""

from __future__ import annotations

import datetime as dt
import ipaddress
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cnilcheck.audit import collect
from cnilcheck.collectors.base import Collector, Journal, Tools
from cnilcheck.collectors.certificates import Certificates
from cnilcheck.collectors.opportunistic import Opportunistic
from cnilcheck.collectors.ports import Ports
from cnilcheck.collectors.tls import TlsListener
from cnilcheck.model.evidence import Absence, Collected, Evidence, Gap
from cnilcheck.model.facts import (
    CertificateChain,
    CertificateDates,
    CertificateNames,
    OpenPorts,
    ServiceAccess,
    ServiceEncryption,
    TlsFlaw,
    TlsProtocols,
)
from cnilcheck.model.scope import HostTarget, Limits, Scope, Target, TlsTarget
from cnilcheck.model.words import GapReason
from cnilcheck.replica import Replica


def observe(collector: Collector, target: Target, authorities: tuple[str, ...] = ()) -> Collected:
    sources = Scope(version=1).sources
    if authorities:
        sources = type(sources)(authorities=authorities)
    scope = Scope(version=1, targets=(target,), sources=sources)
    return collect(scope, [collector], Tools(Path("/"), scope, Journal(), Limits()))


def facts(collected: Collected, kind: type) -> list[object]:
    return [
        o.fact
        for o in collected.observations
        if isinstance(o, Evidence) and isinstance(o.fact, kind)
    ]


def gaps(collected: Collected) -> dict[str, GapReason]:
    return {o.missing: o.reason for o in collected.observations if isinstance(o, Gap)}


@contextmanager
def server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Listen on loopback and hand each connection to `talk`, in a thread of its own."""

    def serve(line: socket.socket) -> None:
        with line:
            try:
                line.settimeout(8)
                talk(line)
            except OSError:
                pass

    def accept(listening: socket.socket) -> None:
        while True:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(line,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1]


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    with Replica(tmp_path_factory.mktemp("replica")) as running:
        yield running


def https(replica: Replica) -> TlsTarget:
    return TlsTarget(tls=replica.https.split("//")[1].rstrip("/"))


def test_a_private_authority_is_known_when_the_scope_names_it(replica: Replica) -> None:
    authority = str(replica.scope_path.parent / "ca.pem")
    known = observe(Certificates(), https(replica), (authority,))
    assert facts(known, CertificateChain)[0].anchor == "scope"  # type: ignore[attr-defined]
    unknown = observe(Certificates(), https(replica))
    assert facts(unknown, CertificateChain)[0].anchor == "none"  # type: ignore[attr-defined]


def test_the_certificate_covers_the_address_and_is_in_force(replica: Replica) -> None:
    collected = observe(Certificates(), https(replica))
    (names,) = facts(collected, CertificateNames)
    (dates,) = facts(collected, CertificateDates)
    assert names.covers_asked  # type: ignore[attr-defined]
    now = dt.datetime.now(dt.UTC)
    assert dates.not_before < now < dates.not_after  # type: ignore[attr-defined]


def test_each_flaw_is_tested_for_and_told(replica: Replica) -> None:
    flaws = facts(observe(Certificates(), https(replica)), TlsFlaw)
    assert len(flaws) == 6
    assert not any(flaw.present for flaw in flaws)  # type: ignore[attr-defined]


@pytest.mark.parametrize("collector", [TlsListener(), Certificates(), Opportunistic()])
def test_a_shut_port_is_unreachable(collector: Collector) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    collected = observe(collector, TlsTarget(tls=f"127.0.0.1:{port}", starttls="smtp"))
    assert set(gaps(collected).values()) == {GapReason.UNREACHABLE}


def test_a_listener_that_speaks_plain_http_is_told_so() -> None:
    with server(lambda line: line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        collected = observe(TlsListener(), TlsTarget(tls=f"127.0.0.1:{port}"))
    assert set(gaps(collected).values()) == {GapReason.MALFORMED}


def test_a_silent_listener_costs_seconds_and_no_pass() -> None:
    with server(lambda line: time.sleep(8)) as port:
        collected = observe(TlsListener(), TlsTarget(tls=f"127.0.0.1:{port}"))
    assert set(gaps(collected).values()) == {GapReason.TIMED_OUT}


def talk_smtp(after: bytes, features: bytes) -> Callable[[socket.socket], None]:
    def talk(line: socket.socket) -> None:
        line.sendall(b"220 mail.example ESMTP\r\n")
        line.recv(200)
        line.sendall(b"250-mail.example\r\n" + features + b"250 HELP\r\n")
        if line.recv(200).startswith(b"STARTTLS"):
            line.sendall(after)
            line.recv(4096)

    return talk


@pytest.mark.parametrize(
    ("features", "offers", "clear"),
    [
        (b"250-STARTTLS\r\n", True, False),
        (b"250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n", True, True),
        (b"250-AUTH=PLAIN\r\n", False, True),
        (b"250-SIZE 1\r\n", False, False),
    ],
)
def test_a_mail_server_is_heard_before_tls(features: bytes, offers: bool, clear: bool) -> None:
    with server(talk_smtp(b"220 go\r\n", features)) as port:
        target = TlsTarget(tls=f"127.0.0.1:{port}", starttls="smtp")
        (fact,) = facts(observe(Opportunistic(), target), ServiceEncryption)
    assert fact == ServiceEncryption("smtp", offers, clear)


@pytest.mark.parametrize(
    ("protocol", "answers", "offers", "clear"),
    [
        ("imap", [b"* OK hi\r\n", b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK\r\n", b"a2 OK\r\n"], True, False),
        ("imap", [b"* OK hi\r\n", b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na1 OK\r\n"], False, True),
        ("pop3", [b"+OK hi\r\n", b"+OK\r\nUSER\r\nSTLS\r\n.\r\n", b"+OK\r\n"], True, True),
        ("ftp", [b"220-hello\r\n220 ftp\r\n", b"234 go\r\n"], True, None),
        ("ftp", [b"220 ftp\r\n", b"530 no\r\n"], False, None),
        ("ldap", [b"", bytes.fromhex("300c02010178070a010004000400")], True, None),
        ("ldap", [b"", bytes.fromhex("300c02010178070a010204000400")], False, None),
        ("xmpp", [b"", b"<?xml version='1.0'?><stream:stream><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>", b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"], True, False),
    ],
)  # fmt: skip
def test_each_protocol_is_spoken(
    protocol: str, answers: list[bytes], offers: bool, clear: bool | None
) -> None:
    def talk(line: socket.socket) -> None:
        for number, answer in enumerate(answers):
            if number:
                line.recv(4096)
            line.sendall(answer)
        line.recv(4096)

    with server(talk) as port:
        target = TlsTarget(tls=f"127.0.0.1:{port}", starttls=protocol)  # type: ignore[arg-type]
        (fact,) = facts(observe(Opportunistic(), target), ServiceEncryption)
    assert fact == ServiceEncryption(protocol, offers, clear)


@pytest.mark.parametrize("protocol", ["smtp", "imap", "pop3", "ftp", "ldap", "xmpp", "mysql"])
@pytest.mark.parametrize("noise", [b"\xff" * 60_000, b"\r\n" * 30_000, b"220-x\r\n" * 9_000, b""])
def test_a_hostile_service_is_a_gap_in_time(protocol: str, noise: bytes) -> None:
    with server(lambda line: line.sendall(noise)) as port:
        target = TlsTarget(tls=f"127.0.0.1:{port}", starttls=protocol)  # type: ignore[arg-type]
        collected = observe(Opportunistic(), target)
    assert set(gaps(collected)) == {"service-encryption"}


def test_tls_behind_starttls_is_surveyed(replica: Replica, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate(tmp_path)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    def talk(line: socket.socket) -> None:
        line.sendall(b"220 mail.example ESMTP\r\n")
        line.recv(200)
        line.sendall(b"250-mail.example\r\n250 STARTTLS\r\n")
        line.recv(200)
        line.sendall(b"220 go\r\n")
        context.wrap_socket(line, server_side=True).recv(100)

    with server(talk) as port:
        target = TlsTarget(tls=f"127.0.0.1:{port}", starttls="smtp")
        (fact,) = facts(observe(TlsListener(), target), TlsProtocols)
        chain = facts(observe(Certificates(), target), CertificateChain)
    assert fact.accepted == ("TLS 1.2", "TLS 1.3")  # type: ignore[attr-defined]
    assert chain[0].validation == "self_signed"  # type: ignore[attr-defined]


def certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem",
         "-out", "cert.pem", "-days", "30", "-subj", "/CN=localhost"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip


@pytest.fixture(params=["nmap", "connect"])
def with_and_without_nmap(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "nmap" and shutil.which("nmap") is None:
        pytest.skip("nmap is not installed")
    if request.param == "connect":
        monkeypatch.setenv("PATH", "/nowhere")
    return str(request.param)


def test_an_open_database_is_found_with_and_without_nmap(
    replica: Replica, with_and_without_nmap: str
) -> None:
    host, port = replica.database
    with socket.create_server(("127.0.0.1", 0)) as shut:
        closed = shut.getsockname()[1]
    instrument = Ports()
    assert ("nmap 7" in instrument.version()) == (with_and_without_nmap == "nmap")
    collected = observe(instrument, HostTarget(host=host, ports=(closed, port)))
    (found,) = facts(collected, OpenPorts)
    assert [p.port for p in found.open] == [port]  # type: ignore[attr-defined]
    assert facts(collected, ServiceAccess) == [ServiceAccess("PostgreSQL", "clear_password")]
    assert facts(collected, ServiceEncryption) == [ServiceEncryption("PostgreSQL", False, True)]


BOMB = """<?xml version="1.0"?><!DOCTYPE nmaprun [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<nmaprun args="&c;"><host><address addr="127.0.0.1" addrtype="ipv4"/></host></nmaprun>"""


@pytest.mark.parametrize(
    "said", [BOMB, "<nmaprun", "", "\x1b[31m", BOMB.replace('"aaaaaaaaaa"', 'SYSTEM "/etc/passwd"')]
)
def test_an_answer_of_nmap_that_is_not_plain_xml_is_not_read(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nmap"
    (tmp_path / "said").write_text(said)
    version = "Nmap version 7.93 ( https://nmap.org )"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in -V) echo \'{version}\';; *) echo "$@" > {tmp_path}/asked; '
        f"cat {tmp_path}/said;; esac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("cnilcheck.collectors.ports._TALK_SECONDS", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        collected = observe(Ports(), HostTarget(host="localhost", ports=(port,)))
    (found,) = facts(collected, OpenPorts)
    assert [p.port for p in found.open] == [port]  # type: ignore[attr-defined]
    # What nmap was given ends with one literal address, where nothing is an option any more.
    asked = (tmp_path / "asked").read_text().split()
    assert asked[-2] == "--" and ipaddress.ip_address(asked[-1]).is_loopback


def test_without_an_open_data_service_there_is_nothing_to_sign_in_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as shut:
        closed = shut.getsockname()[1]
    collected = observe(Ports(), HostTarget(host="127.0.0.1", ports=(closed,)))
    absent = {o.of for o in collected.observations if isinstance(o, Absence)}
    assert absent == {
        "mail-relay", "service-access", "service-dialects", "service-encryption",
        "software-versions",
    }  # fmt: skip


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis is not installed")
@pytest.mark.parametrize(("password", "sign_in"), [(None, "none"), ("s3cret-value", "password")])
def test_a_real_redis_says_whether_it_asks_who_is_there(
    password: str | None, sign_in: str, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    command += ["--requirepass", password] if password else []
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        collected = observe(Ports(), HostTarget(host="127.0.0.1", ports=(port,)))
    finally:
        process.terminate()
        process.wait(10)
    (access,) = facts(collected, ServiceAccess)
    assert access.product.startswith("Redis")  # type: ignore[attr-defined]
    assert access.sign_in == sign_in  # type: ignore[attr-defined]


def wait_for(port: int) -> None:
    until = time.monotonic() + 8
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.05)
