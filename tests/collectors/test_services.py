"""Services: a stranger who gets an answer, one who is asked for credentials, and a shut door."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cnilcheck.collectors.base import Missing, Nothing, Seen
from cnilcheck.collectors.datagrams import Datagrams
from cnilcheck.collectors.ports import Ports
from cnilcheck.collectors.service_probes import databases, health, messaging, screens, shares
from cnilcheck.collectors.service_probes import datagrams as udp
from cnilcheck.collectors.service_probes import mail as mail_probe
from cnilcheck.collectors.service_probes.conversation import Door, Relay, Service
from cnilcheck.collectors.services import identify
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import (
    DatagramServices,
    Holding,
    MailRelay,
    OpenPorts,
    ServiceAccess,
    ServiceDialects,
)
from cnilcheck.model.scope import HostTarget, Scope
from cnilcheck.replica import certificates
from cnilcheck.replica.tls import tls_context
from collectors import service_lab as lab
from collectors.service_lab import fake, script
from collectors.web_servers import observed, pages, tools_for, web


def who(folder: Path, port: int, *, active: bool = False) -> Service:
    tools = tools_for(folder, HostTarget("127.0.0.1", (port,)))
    tools.active = active
    return identify("127.0.0.1", port, tools)


def door(folder: Path, port: int, seconds: float = 8.0) -> Door:
    tools = tools_for(folder, HostTarget("127.0.0.1", (port,)))
    return Door("127.0.0.1", port, tools, time.monotonic() + seconds)


# Real servers, each with its compliant twin.

REAL = [
    ("memcached", lab.memcached, "none", "password"),
    ("redis", lab.redis, "none", "password"),
    ("mqtt", lab.mosquitto, "none", "credentials"),
    ("rsync", lab.rsync, "none", "credentials"),
    ("ldap", lab.slapd, "none", "refused"),
    ("postgresql", lab.postgresql, "none", "scram"),
]


@pytest.mark.parametrize("closed", [False, True], ids=["open", "twin"])
@pytest.mark.parametrize(("name", "server", "opened", "shut"), REAL, ids=[r[0] for r in REAL])
def test_a_real_service_is_told_from_its_compliant_twin(
    name: str,
    server: Callable[[Path, bool], object],
    opened: str,
    shut: str,
    closed: bool,
    tmp_path: Path,
) -> None:
    with server(tmp_path, closed) as port:  # type: ignore[attr-defined]
        service = who(tmp_path, port)
    assert (service.name, service.sign_in) == (name, shut if closed else opened)
    assert service.data


@pytest.mark.parametrize("closed", [False, True], ids=["open", "twin"])
def test_an_account_without_a_password_is_looked_for_only_in_an_active_audit(
    closed: bool, tmp_path: Path
) -> None:
    with lab.mariadb(tmp_path, closed) as port:
        quiet, active = who(tmp_path, port), who(tmp_path, port, active=True)
    assert (quiet.name, quiet.sign_in) == ("mysql", "password")
    assert active.sign_in == ("password" if closed else "none")


@pytest.mark.parametrize("closed", [False, True], ids=["open", "twin"])
def test_a_file_server_lists_its_shares_to_nobody_or_declines(closed: bool, tmp_path: Path) -> None:
    with lab.samba(tmp_path, closed) as port:
        quiet = shares.smb(door(tmp_path, port))
        here = door(tmp_path, port)
        here.tools.active = True
        active = shares.smb(here)
    assert quiet is not None and active is not None
    assert (quiet.sign_in, "--active" in quiet.unasked) == ("unknown", True)
    weak = ("SMB 1", "SMB 3.1.1", "SMB unsigned")
    assert quiet.dialects == (("SMB 3.1.1",) if closed else weak)
    assert active.sign_in == ("credentials" if closed else "none")
    assert active.holds == (() if closed else (Holding("shares", 1),))


@pytest.mark.parametrize("closed", [False, True], ids=["open", "twin"])
def test_an_imaging_server_is_open_on_both_its_ports_or_on_neither(
    closed: bool, tmp_path: Path
) -> None:
    with lab.orthanc(tmp_path, closed) as (web_port, dicom_port):
        pages_, images = who(tmp_path, web_port), health.dicom(door(tmp_path, dicom_port))
    assert images is not None
    assert (pages_.name, pages_.sign_in) == ("orthanc", "credentials" if closed else "none")
    assert images.sign_in == ("refused" if closed else "none")


@pytest.mark.parametrize("closed", [False, True], ids=["open", "twin"])
def test_a_screen_is_shown_to_anybody_or_to_nobody(closed: bool, tmp_path: Path) -> None:
    with lab.screen(tmp_path, closed) as (vnc_port, display_port):
        screen, display = who(tmp_path, vnc_port), who(tmp_path, display_port)
    assert (screen.name, screen.sign_in) == ("vnc", "password" if closed else "none")
    assert (display.name, display.sign_in) == ("X11", "refused" if closed else "none")


@pytest.mark.skipif(not lab.running_as_root(), reason="Postfix is started by root only")
@pytest.mark.parametrize("closed", [False, True], ids=["open", "twin"])
def test_a_real_mail_server_relays_for_a_stranger_or_refuses(closed: bool, tmp_path: Path) -> None:
    with lab.postfix(tmp_path, closed) as port:
        seen = observed(Ports(), tools_for(tmp_path, HostTarget("127.0.0.1", (port,))))
    (fact,) = [s.fact for s in seen if isinstance(s, Seen) and isinstance(s.fact, MailRelay)]
    assert (fact.accepted, fact.reply) == ((False, 554) if closed else (True, 250))


def mail(said: list[bytes], replies: dict[bytes, bytes]) -> Callable[[socket.socket], None]:
    def talk(line: socket.socket) -> None:
        line.sendall(b"220-mail.example.com ESMTP\r\n220 ready\r\n")
        while heard := line.recv(1000):
            said.append(heard)
            known = (answer for sign, answer in replies.items() if heard.startswith(sign))
            line.sendall(next(known, b"250 ok\r\n"))

    return talk


def test_no_message_is_ever_sent_and_nobody_could_receive_it(tmp_path: Path) -> None:
    said: list[bytes] = []
    with fake(mail(said, {b"EHLO": b"250-mail\r\n250 SIZE\r\n"})) as port:
        service = who(tmp_path, port)
    assert service.relay == Relay(True, 250)
    words = [line.split()[0].upper() for line in said]
    assert words == [b"EHLO", b"MAIL", b"RCPT", b"RSET", b"QUIT"]
    assert b"<cnilcheck@example.org>" in said[1]
    assert b"<cnilcheck@example.net>" in said[2]


@pytest.mark.parametrize(
    ("replies", "relay"),
    [
        ({b"RCPT": b"554 5.7.1 Relay access denied\r\n"}, Relay(False, 554)),
        ({b"RCPT": b"450 4.2.0 Greylisted\r\n"}, Relay(None, 450)),
        ({b"RCPT": b"252 cannot say\r\n"}, Relay(None, 252)),
        ({b"MAIL": b"530 5.7.0 Authentication required\r\n"}, Relay(False, 530)),
        ({b"MAIL FROM:<c": b"550 no such domain\r\n", b"RCPT": b"550 no\r\n"}, Relay(False, 550)),
        ({b"RCPT": b"\x1b[31mnonsense\r\n"}, None),
    ],
)
def test_a_mail_server_says_no_in_its_own_way(
    replies: dict[bytes, bytes],
    relay: Relay | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cnilcheck.collectors.service_probes.mail._RELAY_SECONDS", 1.0)
    with fake(mail([], replies)) as port:
        service = who(tmp_path, port)
    assert (service.name, service.relay) == ("smtp", relay)


def test_a_mail_server_that_takes_its_time_is_not_spoken_to_first(tmp_path: Path) -> None:
    def talk(line: socket.socket) -> None:
        line.settimeout(0.8)
        with contextlib.suppress(TimeoutError):
            if line.recv(100):
                line.sendall(b"521 you spoke first\r\n")
                return
        line.settimeout(5)
        mail([], {b"RCPT": b"554 no\r\n"})(line)

    with fake(talk) as port:
        service = mail_probe.patient(door(tmp_path, port))
    assert service is not None


@pytest.mark.parametrize("closed", [False, True], ids=["open", "twin"])
def test_a_real_snmp_agent_is_asked_for_its_public_word_only_in_an_active_audit(
    closed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp, "SECONDS", 0.3)
    with lab.snmpd(tmp_path, closed) as port:
        quiet, active = (datagrams(tmp_path, port, active=a) for a in (False, True))
    assert [a.sign_in for a in quiet.answering] == ["unknown"]
    assert [a.sign_in for a in active.answering] == ["credentials" if closed else "none"]


@pytest.mark.parametrize("closed", [False, True], ids=["open", "twin"])
def test_a_real_tftp_server_answers_everybody(closed: bool, tmp_path: Path) -> None:
    with lab.tftpd(tmp_path, closed) as port:
        fact = datagrams(tmp_path, port)
    assert [a.service for a in fact.answering] == ([] if closed else ["tftp"])
    assert fact.closed == ((port,) if closed else ())


def test_silence_over_udp_is_neither_closed_nor_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp, "SECONDS", 0.1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        fact = datagrams(tmp_path, deaf.getsockname()[1])
    assert fact == DatagramServices("127.0.0.1", fact.asked, (), (), fact.asked)


@pytest.mark.parametrize(
    "answer",
    [b"", b"\x30\x84\xff\xff\xff\xff" + b"A" * 1000, b"\x30\xff" + b"\xff" * 200, b"\x30\x80\x30\x80",
     b"\0\x04", b"\x1b[2J" * 200, bytes(65000)],
)  # fmt: skip
def test_a_hostile_datagram_proves_nothing(
    answer: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp, "SECONDS", 0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    line.sendto(answer, line.recvfrom(2000)[1])

        threading.Thread(target=serve, daemon=True).start()
        fact = datagrams(tmp_path, line.getsockname()[1], active=True)
    assert fact.answering == ()
    assert fact.silent == fact.asked


@pytest.mark.parametrize(
    ("target", "asked"),
    [
        (HostTarget("127.0.0.1"), (69, 161)),
        (HostTarget("127.0.0.1", (443,)), ()),
        (HostTarget("127.0.0.1", (443,), (161,)), (161,)),
        (HostTarget("127.0.0.1", (), ()), ()),
    ],
)
def test_udp_is_asked_only_where_the_scope_lets_it(
    target: HostTarget, asked: tuple[int, ...]
) -> None:
    tasks = Datagrams().tasks(Scope(1, (target,)))
    assert [task.subject for task in tasks] == ([("127.0.0.1", asked)] if asked else [])


def datagrams(folder: Path, port: int, *, active: bool = False) -> DatagramServices:
    tools = tools_for(folder, HostTarget("127.0.0.1", (), (port,)))
    tools.active = active
    (seen,) = observed(Datagrams(), tools)
    assert isinstance(seen, Seen) and isinstance(seen.fact, DatagramServices)
    return seen.fact


@pytest.mark.parametrize("closed", [False, True], ids=["open", "twin"])
def test_an_anonymous_ftp_session_is_tried_only_in_an_active_audit(
    closed: bool, tmp_path: Path
) -> None:
    with lab.vsftpd(tmp_path, closed) as port:
        quiet, active = who(tmp_path, port), who(tmp_path, port, active=True)
    assert quiet.name == active.name == "ftp"
    assert quiet.sign_in == "unknown"
    assert "--active" in quiet.unasked
    assert active.sign_in == ("password" if closed else "none")
    assert active.offers_tls is False


def test_a_real_etcd_answers_a_stranger(tmp_path: Path) -> None:
    with lab.etcd(tmp_path, False) as port:
        service = who(tmp_path, port)
    assert (service.name, service.sign_in) == ("etcd", "none")


def test_a_real_rsync_names_its_modules_and_only_their_number_is_kept(tmp_path: Path) -> None:
    with lab.rsync(tmp_path, False) as port:
        service = who(tmp_path, port)
    assert service.holds == (Holding("modules", 2),)
    assert "sauvegardes" not in repr(service)


# Services of our own for the rest, in the words of their specifications.


def bson(document: dict[str, object]) -> bytes:
    body = b""
    for name, value in document.items():
        key = name.encode() + b"\0"
        if isinstance(value, float):
            body += b"\x01" + key + struct.pack("<d", value)
        elif isinstance(value, int):
            body += b"\x10" + key + struct.pack("<i", value)
        elif isinstance(value, str):
            body += b"\x02" + key + struct.pack("<i", len(value) + 1) + value.encode() + b"\0"
        elif isinstance(value, list):
            body += b"\x04" + key + bson({str(n): v for n, v in enumerate(value)})
        elif isinstance(value, dict):
            body += b"\x03" + key + bson(value)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def op_msg(document: dict[str, object]) -> bytes:
    body = bytes(5) + bson(document)
    return struct.pack("<iiii", 16 + len(body), 1, 7, 2013) + body


HELLO = (b"hello", op_msg({"isWritablePrimary": 1, "maxWireVersion": 17, "ok": 1.0}))
NAMES = [{"name": "patients"}, {"name": "admin"}, {"name": "local"}]


@pytest.mark.parametrize(
    ("answer", "sign_in", "holds"),
    [
        ({"databases": NAMES, "ok": 1.0}, "none", (Holding("databases", 3),)),
        ({"ok": 0.0, "errmsg": "requires authentication", "code": 13}, "credentials", ()),
        ({"databases": [], "ok": 1.0}, "unknown", ()),
    ],
)
def test_mongodb_proves_itself_open_by_a_list_that_is_not_empty(
    answer: dict[str, object], sign_in: str, holds: tuple[Holding, ...], tmp_path: Path
) -> None:
    with fake(script(HELLO, (b"listDatabases", op_msg(answer)))) as port:
        service = databases.mongodb(door(tmp_path, port))
    assert service is not None
    assert (service.name, service.sign_in, service.holds) == ("mongodb", sign_in, holds)


def test_a_server_older_than_op_msg_is_asked_in_its_own_words(tmp_path: Path) -> None:
    def reply(document: dict[str, object]) -> bytes:
        body = bytes(16) + struct.pack("<i", 1) + bson(document)
        return struct.pack("<iiii", 16 + len(body), 1, 7, 1) + body

    old = script(
        (b"isMaster", reply({"ismaster": 1, "ok": 1.0})),
        (b"buildInfo", reply({"version": "2.6.12", "ok": 1.0})),
        (b"listDatabases", reply({"databases": NAMES, "ok": 1.0})),
    )
    with fake(old) as port:
        service = databases.mongodb(door(tmp_path, port))
    assert service is not None
    assert (service.product, service.sign_in) == ("MongoDB 2.6.12", "none")


@pytest.mark.parametrize(
    ("answer", "sign_in"),
    [
        (b"\0\x0aClickHouse\x18\x03\xaa\xa6\x03", "none"),
        (
            b"\x02" + struct.pack("<I", 516) + b"\x0dDB::Exception\x10Authentication failed",
            "password",
        ),
    ],
)
@pytest.mark.parametrize("port_known", [True, False])
def test_clickhouse_is_asked_in_its_own_language(
    answer: bytes, sign_in: str, port_known: bool, tmp_path: Path
) -> None:
    hint = "Port 9000 is for clickhouse-client program\r\n"
    greeting = f"HTTP/1.0 400 Bad Request\r\n\r\n{hint}".encode()

    def talk(line: socket.socket) -> None:
        line.sendall(greeting if line.recv(500).startswith(b"GET") else answer)

    with fake(talk) as port:
        service = databases.clickhouse(door(tmp_path, port)) if port_known else who(tmp_path, port)
    assert service is not None
    assert (service.name, service.sign_in) == ("clickhouse", sign_in)


def cql(opcode: int, body: bytes = b"") -> bytes:
    return b"\x84\0\0\0" + bytes([opcode]) + struct.pack("!I", len(body)) + body


@pytest.mark.parametrize(("opcode", "sign_in"), [(2, "none"), (3, "password")])
def test_cassandra_is_open_when_it_is_ready_at_once(
    opcode: int, sign_in: str, tmp_path: Path
) -> None:
    talk = script((b"CQL_VERSION", cql(opcode)), (b"\x04\0\0\0\x05", cql(6, b"\0\0")))
    with fake(talk) as port:
        service = databases.cassandra(door(tmp_path, port))
    assert service is not None
    assert service.sign_in == sign_in


@pytest.mark.parametrize(
    ("encryption", "offers", "plain"), [(0, True, True), (2, False, True), (3, True, False)]
)
def test_sql_server_says_whether_it_encrypts(
    encryption: int, offers: bool, plain: bool, tmp_path: Path
) -> None:
    tokens = b"\0\0\x0b\0\x06\x01\0\x11\0\x01\xff" + bytes([15, 0, 0x10, 0x7D, 0, 0, encryption])
    answer = struct.pack("!BBHHBB", 4, 1, 8 + len(tokens), 0, 1, 0) + tokens
    with fake(script((b"\x12\x01", answer))) as port:
        service = databases.sql_server(door(tmp_path, port))
    assert service is not None
    assert (service.product, service.sign_in) == ("SQL Server 15.0.4221", "password")
    assert (service.offers_tls, service.accepts_plaintext) == (offers, plain)


def test_an_oracle_listener_tells_its_version(tmp_path: Path) -> None:
    text = b"(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=0))"
    answer = struct.pack("!HHBBHH", 8 + len(text), 0, 4, 0, 0, 0)[:8] + text
    with fake(script((b"COMMAND=version", answer))) as port:
        service = databases.oracle(door(tmp_path, port))
    assert service is not None
    assert service.product == "Oracle 19.0.0"


@pytest.mark.parametrize(
    ("answer", "sign_in", "holds"),
    [
        (b"Zookeeper version: 3.8.0-1\nNode count: 7\n", "none", (Holding("entries", 7),)),
        (b"srvr is not executed because it is not in the whitelist.\n", "unknown", ()),
    ],
)
def test_zookeeper_tells_its_state_or_declines(
    answer: bytes, sign_in: str, holds: tuple[Holding, ...], tmp_path: Path
) -> None:
    with fake(script((b"srvr", answer))) as port:
        service = messaging.zookeeper(door(tmp_path, port))
    assert service is not None
    assert (service.sign_in, service.holds) == (sign_in, holds)


def kafka(body: bytes, number: int) -> bytes:
    return struct.pack("!Ii", 4 + len(body), number) + body


VERSIONS = kafka(struct.pack("!hihhh", 0, 1, 18, 0, 3), 7)
BROKER = struct.pack("!i", 1) + struct.pack("!ih", 1, 4) + b"host" + struct.pack("!ih", 9092, -1)
METADATA = kafka(BROKER + struct.pack("!i", 1) + struct.pack("!i", 4), 8)


@pytest.mark.parametrize("closed", [False, True])
def test_kafka_names_its_topics_or_hangs_up(closed: bool, tmp_path: Path) -> None:
    pairs = [(b"\0\x12\0\0", VERSIONS)] + ([] if closed else [(b"\0\x03\0\x01", METADATA)])
    with fake(script(*pairs)) as port:
        service = messaging.kafka(door(tmp_path, port))
    assert service is not None
    assert service.sign_in == ("credentials" if closed else "none")
    assert service.holds == (() if closed else (Holding("topics", 4),))


@pytest.mark.parametrize(
    ("ways", "sign_in"), [(b"PLAIN AMQPLAIN", "password"), (b"PLAIN ANONYMOUS", "unknown")]
)
def test_amqp_says_how_one_signs_in(ways: bytes, sign_in: str, tmp_path: Path) -> None:
    fields = b"\x07productS\0\0\0\x08RabbitMQ\x07versionS\0\0\0\x063.10.8"
    body = b"\0\x0a\0\x0a\0\x09" + struct.pack("!I", len(fields)) + fields
    body += struct.pack("!I", len(ways)) + ways + struct.pack("!I", 5) + b"en_US"
    frame = b"\x01\0\0" + struct.pack("!I", len(body)) + body + b"\xce"
    with fake(script((b"AMQP", frame))) as port:
        service = messaging.amqp(door(tmp_path, port))
    assert service is not None
    assert (service.product, service.sign_in) == ("RabbitMQ 3.10.8", sign_in)


def smb2(mode: int, dialect: int) -> bytes:
    message = b"\xfeSMB" + bytes(60) + struct.pack("<HHHH", 65, mode, dialect, 0) + bytes(56)
    return struct.pack("!I", len(message)) + message


SMB1 = b"\xffSMB\x72" + bytes(27) + b"\x11" + struct.pack("<H", 0) + bytes(40)


@pytest.mark.parametrize("closed", [False, True])
def test_smb_version_1_is_noticed(closed: bool, tmp_path: Path) -> None:
    old = () if closed else ((b"NT LM 0.12", struct.pack("!I", len(SMB1)) + SMB1),)
    with fake(script(*old, (b"\xfeSMB", smb2(3 if closed else 1, 0x0302)))) as port:
        service = shares.smb(door(tmp_path, port))
    assert service is not None
    assert service.dialects == (("SMB 3.0",) if closed else ("SMB 1", "SMB 3.0", "SMB unsigned"))


def rpc(body: bytes) -> bytes:
    reply = b"cnil" + struct.pack("!IIIIII", 1, 0, 0, 0, 0, 0)[:20] + body
    return struct.pack("!I", 0x80000000 | len(reply)) + reply


def xdr(text: bytes) -> bytes:
    return struct.pack("!I", len(text)) + text + bytes(-len(text) % 4)


@pytest.mark.parametrize(
    ("groups", "sign_in"), [([], "none"), ([b"*"], "none"), ([b"10.0.0.0/8"], "refused")]
)
def test_nfs_tells_to_whom_it_exports(groups: list[bytes], sign_in: str, tmp_path: Path) -> None:
    names = b"".join(struct.pack("!I", 1) + xdr(group) for group in groups)
    exports = struct.pack("!I", 1) + xdr(b"/srv/patients") + names + bytes(4) + bytes(4)
    mount = struct.pack("!III", 100005, 3, 5)
    with fake(script((mount, rpc(exports)))) as mountd:
        entries = struct.pack("!IIIII", 1, 100003, 3, 6, 2049)
        entries += struct.pack("!IIIII", 1, 100005, 3, 6, mountd) + bytes(4)
        with fake(script((struct.pack("!III", 100000, 2, 4), rpc(entries)))) as port:
            here = door(tmp_path, port)
            assert shares.portmapper(here).unasked  # type: ignore[union-attr]
            tools = tools_for(tmp_path, HostTarget("127.0.0.1"))
            service = shares.portmapper(Door("127.0.0.1", port, tools, here.ends))
    assert service is not None
    assert (service.name, service.sign_in) == ("nfs", sign_in)


def rdp(kind: int, value: int) -> bytes:
    return struct.pack("!BBHBBHHB", 3, 0, 19, 14, 0xD0, 0, 0, 0) + struct.pack(
        "<BBHI", kind, 0, 8, value
    )


def asked_rdp(wanted: int) -> bytes:
    return struct.pack("<BBHI", 1, 0, 8, wanted)


def test_a_remote_desktop_says_which_ways_in_it_takes(tmp_path: Path) -> None:
    old = script(*((asked_rdp(n), rdp(2, n)) for n in (0, 1, 3)))
    with fake(old) as port:
        service = screens.rdp(door(tmp_path, port))
    assert service is not None
    assert service.dialects == ("RDP without TLS", "RDP without NLA", "RDP with NLA")
    twin = script((asked_rdp(0), rdp(3, 5)), (asked_rdp(1), rdp(3, 5)), (asked_rdp(3), rdp(2, 2)))
    with fake(twin) as port:
        service = screens.rdp(door(tmp_path, port))
    assert service is not None
    assert service.dialects == ("RDP with NLA",)


@pytest.mark.parametrize(
    ("types", "sign_in"), [(b"\x01\x01", "none"), (b"\x02\x02\x10", "password")]
)
def test_vnc_says_whether_it_wants_a_password(types: bytes, sign_in: str, tmp_path: Path) -> None:
    def talk(line: socket.socket) -> None:
        line.sendall(b"RFB 003.008\n")
        if line.recv(12):
            line.sendall(types)
            line.recv(1)

    with fake(talk) as port:
        service = who(tmp_path, port)
    assert (service.name, service.sign_in, service.data) == ("vnc", sign_in, True)


@pytest.mark.parametrize(("first", "sign_in"), [(1, "none"), (0, "refused"), (2, "credentials")])
def test_an_x11_display_is_open_to_all_or_not(first: int, sign_in: str, tmp_path: Path) -> None:
    answer = bytes([first, 0]) + struct.pack("<HHH", 11, 0, 0)
    with fake(script((b"l\0", answer))) as port:
        service = screens.x11(door(tmp_path, port))
    assert service is not None
    assert service.sign_in == sign_in


def test_telnet_is_known_by_its_negotiation(tmp_path: Path) -> None:
    with fake(lambda line: line.sendall(b"\xff\xfd\x18\xff\xfd\x20login: ")) as port:
        service = who(tmp_path, port)
    assert (service.name, service.offers_tls, service.data) == ("telnet", False, False)


def pdu(kind: int, body: bytes) -> bytes:
    return bytes([kind, 0]) + struct.pack("!I", len(body)) + body


ECHOED = b"\x01\x02" + struct.pack("<HHI", 0, 0x0900, 2) + b"\0\0"
ECHO = pdu(4, struct.pack("!I", len(ECHOED)) + ECHOED)


def test_an_imaging_server_that_echoes_a_stranger_is_open(tmp_path: Path) -> None:
    said: list[bytes] = []

    def talk(line: socket.socket) -> None:
        for answer in (pdu(2, b"\0\x01" + bytes(70)), ECHO, pdu(6, bytes(4))):
            said.append(line.recv(65536))
            line.sendall(answer)

    with fake(talk) as port:
        service = health.dicom(door(tmp_path, port))
    assert service is not None
    assert service.sign_in == "none"
    # An echo and a release: no C-FIND, no C-MOVE, no C-STORE is ever proposed.
    assert [message[0] for message in said] == [1, 4, 5]
    assert b"1.2.840.10008.1.1" in said[0]
    assert b"1.2.840.10008.5.1.4" not in said[0]


def test_an_imaging_server_that_knows_its_callers_refuses(tmp_path: Path) -> None:
    with fake(lambda line: (line.recv(4096), line.sendall(pdu(3, b"\0\x01\x01\x07")))[0]) as port:  # type: ignore[func-returns-value]
        service = health.dicom(door(tmp_path, port))
    assert service is not None
    assert service.sign_in == "refused"


def test_nothing_but_a_tls_hello_is_said_to_an_hl7_listener(tmp_path: Path) -> None:
    said: list[bytes] = []
    with fake(lambda line: said.append(line.recv(4096))) as port:
        service = health.mllp(door(tmp_path, port))
    assert (service.name, service.sign_in, service.offers_tls) == ("hl7", "unknown", False)
    assert [message[:1] for message in said] == [b"\x16"]
    assert b"MSH" not in b"".join(said)


# Services that speak HTTP.


def http(status: int, body: object, **headers: str) -> bytes:
    text = body if isinstance(body, str) else json.dumps(body)
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\n{head}Content-Length: {len(text)}\r\n\r\n{text}".encode()


ELASTIC = {"name": "n", "version": {"number": "8.11.1"}, "tagline": "You Know, for Search"}
DENIED = {"error": {"type": "security_exception"}, "status": 401}
STATUS = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403}
WEB = {
    "elasticsearch": (
        [("/_cat", http(200, [{"index": "patients", "docs.count": "12"}])), ("/", http(200, ELASTIC))],
        [("/", http(401, DENIED))],
    ),
    "couchdb": (
        [("/_all_dbs", http(200, ["a", "b"])), ("/", http(200, {"couchdb": "Welcome", "version": "3.3.2"}))],
        [("/_all_dbs", http(401, {"error": "unauthorized"})), ("/", http(200, {"couchdb": "Welcome"}))],
    ),
    "influxdb": (
        [("/query", http(200, {"results": [{"series": [{"values": [["_internal"]]}]}]})),
         ("/", http(404, "404 page not found", X_Influxdb_Version="1.6.7"))],
        [("/query", http(401, {"error": "unable to parse authentication credentials"})),
         ("/", http(404, "404 page not found", X_Influxdb_Version="1.6.7"))],
    ),
    "clickhouse": (
        [("/?query", http(200, "4\n")), ("/", http(200, "Ok.\n", X_ClickHouse_Summary="{}"))],
        [("/?query", http(403, "Code: 516. DB::Exception: default: Authentication failed")),
         ("/", http(200, "Ok.\n", X_ClickHouse_Summary="{}"))],
    ),
    "etcd": (
        [("/v3/kv/range", http(200, {"header": {"cluster_id": "1"}, "count": "5"})),
         ("/version", http(200, {"etcdserver": "3.4.23", "etcdcluster": "3.4.0"})),
         ("/", http(404, "404 page not found"))],
        [("/v3/kv/range", http(400, {"error": "etcdserver: user name is empty", "code": 3})),
         ("/version", http(200, {"etcdserver": "3.4.23"})), ("/", http(404, "404 page not found"))],
    ),
    "docker": (
        [("/version", http(200, {"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Version": "20.10.24"})),
         ("/", http(404, {"message": "page not found"}, Server="Docker/20.10.24 (linux)"))],
        [("/", http(403, {"message": "authorization denied"}, Server="Docker/20.10.24 (linux)"))],
    ),
    "kubernetes": (
        [("/api/v1/namespaces", http(200, {"kind": "NamespaceList", "items": []})),
         ("/version", http(200, {"gitVersion": "v1.27.1"})), ("/", http(403, STATUS))],
        [("/api/v1/namespaces", http(403, STATUS)), ("/version", http(200, {"gitVersion": "v1.27.1"})),
         ("/", http(403, STATUS))],
    ),
    "consul": (
        [("/v1/agent/self", http(200, {"Config": {"Version": "1.15.2"}})),
         ("/", http(301, "", Location="/ui/", X_Consul_Default_Acl_Policy="allow"))],
        [("/v1/agent/self", http(403, "Permission denied")),
         ("/", http(301, "", Location="/ui/", X_Consul_Default_Acl_Policy="deny"))],
    ),
    "orthanc": (
        [("/statistics", http(200, {"CountPatients": 3, "CountStudies": 4})),
         ("/", http(301, "", Location="app/explorer.html", Server="Orthanc"))],
        [("/", http(401, "", WWW_Authenticate='Basic realm="Orthanc Secure Area"'))],
    ),
    "fhir": (
        [("/fhir/Patient", http(200, {"resourceType": "Bundle", "total": 12})),
         ("/", http(200, "<html><title>HAPI FHIR</title><a href='/fhir/metadata'>x</a></html>"))],
        [("/fhir/Patient", http(401, {"resourceType": "OperationOutcome"})),
         ("/", http(200, "<html><title>HAPI FHIR</title></html>"))],
    ),
    "rabbitmq-management": (
        [("/api/overview", http(200, {"rabbitmq_version": "3.10.8"})),
         ("/", http(200, "<title>RabbitMQ Management</title>"))],
        [("/api/overview", http(401, {"error": "not_authorised"})),
         ("/", http(200, "<title>RabbitMQ Management</title>"))],
    ),
    "solr": (
        [("/solr/admin/cores", http(200, {"status": {"patients": {}}})),
         ("/", http(302, "", Location="http://h/solr/"))],
        [("/solr/admin/cores", http(401, "<html>require authentication</html>")),
         ("/", http(302, "", Location="http://h/solr/"))],
    ),
    "s3": (
        [("/", http(200, "<ListAllMyBucketsResult><Bucket></Bucket></ListAllMyBucketsResult>", Server="MinIO"))],
        [("/", http(403, "<Error><Code>AccessDenied</Code></Error>", Server="MinIO"))],
    ),
    "prometheus": (
        [("/api/v1/status/buildinfo", http(200, {"status": "success", "data": {"version": "2.42.0"}})),
         ("/", http(302, "", Location="/graph"))],
        [("/api/v1/status/buildinfo", http(401, "Unauthorized")), ("/", http(302, "", Location="/graph"))],
    ),
}  # fmt: skip


def http_script(pairs: list[tuple[str, bytes]]) -> Callable[[socket.socket], None]:
    lines = [(f" {path}".encode(), answer) for path, answer in pairs]

    def talk(line: socket.socket) -> None:
        said = line.recv(65536)
        if said.startswith((b"GET", b"POST")):
            line.sendall(next((answer for sign, answer in lines if sign in said), http(404, "")))

    return talk


@pytest.mark.parametrize("closed", [False, True], ids=["open", "twin"])
@pytest.mark.parametrize("name", WEB)
def test_a_service_that_speaks_http_is_told_from_its_twin(
    name: str, closed: bool, tmp_path: Path
) -> None:
    with fake(http_script(WEB[name][closed])) as port:
        service = who(tmp_path, port)
    assert (service.name, service.sign_in) == (name, "credentials" if closed else "none")


def test_an_index_says_how_much_it_holds(tmp_path: Path) -> None:
    with fake(http_script(WEB["elasticsearch"][0])) as port:
        service = who(tmp_path, port)
    assert service.product == "Elasticsearch 8.11.1"
    assert service.holds == (Holding("indexes", 1), Holding("entries", 12))


def test_a_service_behind_tls_is_asked_over_tls(tmp_path: Path) -> None:
    context = tls_context(certificates.issue(), mended=True)
    answer = pages({"/": (200, (), json.dumps(ELASTIC).encode())})
    with web(answer, context) as url:
        service = who(tmp_path, int(url.rstrip("/").rpartition(":")[2]))
    assert (service.name, service.offers_tls, service.accepts_plaintext) == (
        "elasticsearch",
        True,
        False,
    )


@pytest.mark.parametrize(
    "page",
    [
        "<html><title>HAPI FHIR</title></html>",
        "<html><title>Prometheus Time Series</title></html>",
        "<html><title>Solr Admin</title></html>",
    ],
)
def test_a_page_that_only_names_a_product_is_no_data_service(page: str, tmp_path: Path) -> None:
    with fake(http_script([("/", http(200, page))])) as port:
        service = who(tmp_path, port)
    assert (service.name, service.data) == ("http", False)


def test_an_ordinary_site_is_no_data_service(tmp_path: Path) -> None:
    page = (
        "<html><title>Pharmacie</title>We use Elasticsearch, Consul, Orthancy and CouchDB.</html>"
    )
    with fake(http_script([("/", http(200, page, Server="nginx"))])) as port:
        service = who(tmp_path, port)
    assert (service.name, service.data) == ("http", False)


# Whole hosts.


def test_what_is_seen_of_a_host_becomes_facts(tmp_path: Path) -> None:
    shut = lab.free_port()
    with fake(http_script(WEB["couchdb"][0])) as couch:
        tools = tools_for(tmp_path, HostTarget("127.0.0.1", (couch, shut)))
        seen = observed(Ports(), tools)
    (ports,) = [s.fact for s in seen if isinstance(s, Seen) and isinstance(s.fact, OpenPorts)]
    assert [(p.port, p.service, p.product) for p in ports.open] == [
        (couch, "couchdb", "CouchDB 3.3.2")
    ]
    assert ports.filtered == ()
    access = [s.fact for s in seen if isinstance(s, Seen) and isinstance(s.fact, ServiceAccess)]
    assert access == [ServiceAccess("CouchDB 3.3.2", "none", (Holding("databases", 2),))]
    assert any(isinstance(s, Nothing) and s.of is ServiceDialects for s in seen)


def test_a_way_in_that_was_not_tried_is_a_gap_that_says_why(tmp_path: Path) -> None:
    def talk(line: socket.socket) -> None:
        line.sendall(b"220 files ready\r\n")
        while said := line.recv(200):
            line.sendall(
                b"211-Features:\r\n AUTH TLS\r\n211 End\r\n" if b"FEAT" in said else b"500 ?\r\n"
            )

    with fake(talk) as port:
        seen = observed(Ports(), tools_for(tmp_path, HostTarget("127.0.0.1", (port,))))
    (gap,) = [s for s in seen if isinstance(s, Missing)]
    assert gap.missing is ServiceAccess
    assert "--active" in str(gap.error)


HOSTILE = {
    "drip": lambda line: [line.sendall(b"A") or time.sleep(0.3) for _ in range(100)],
    "endless": lambda line: [line.sendall(b"\x01" * 65536) for _ in range(10_000)],
    "silent": lambda line: time.sleep(5),
    "huge length": lambda line: (line.recv(100), line.sendall(b"\xff" * 40), time.sleep(3)),
    "huge header": lambda line: (line.recv(100), line.sendall(b"HTTP/1.1 200 OK\r\nA: " + b"a" * 200_000)),
    "escapes": lambda line: (line.recv(100), line.sendall(b"HTTP/1.1 200 OK\r\nServer: \x1b[31m<script>\r\n\r\n")),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_service_ends_in_time_and_proves_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnilcheck.collectors.services._SECONDS", 6.0)
    with fake(HOSTILE[name]) as port:
        service = who(tmp_path, port)
    assert not service.data
    assert "\x1b" not in service.product


NOISE = {
    "huge BER length": b"\x30\x84\xff\xff\xff\xff\x02\x01\x01\x64" + b"A" * 2000,
    "BER of 127 octets of length": b"\x30\xff" + b"\xff" * 127 + b"\x02\x01\x01\x65",
    "nothing but opening tags": b"\x30\x80" * 30_000,
    "huge frame": b"\xff" * 8 + bytes(60_000),
    "MongoDB of negative length": struct.pack("<iiii", -1, 1, 7, 2013) + bytes(5) + b"\xff" * 200,
    "SMB of lies": b"\0\xff\xff\xff\xfeSMB" + b"\xff" * 400,
    "terminal escapes": b"220 \x1b]0;owned\x07\x1b[31m ESMTP\r\n" * 50,
    "markup": b"HTTP/1.1 200 OK\r\nServer: <img src=x onerror=alert(1)>\r\n\r\n<script>",
}
PROBES = [
    databases.postgresql, databases.redis, databases.mongodb, databases.memcached,
    databases.cassandra, databases.sql_server, databases.oracle, databases.clickhouse,
    messaging.zookeeper, messaging.kafka, messaging.amqp, messaging.mqtt, shares.ldap, shares.smb,
    shares.portmapper, screens.rdp, screens.x11, health.dicom,
]  # fmt: skip


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("probe", PROBES, ids=lambda p: p.__name__)
def test_noise_in_answer_to_any_question_opens_no_service(
    probe: Callable[[Door], Service | None], noise: str, tmp_path: Path
) -> None:
    def talk(line: socket.socket) -> None:
        line.recv(4096)
        line.sendall(NOISE[noise])

    with fake(talk) as port:
        here = door(tmp_path, port, 4.0)
        here.tools.active = True
        service = None
        with contextlib.suppress(CollectionError):
            service = probe(here)
    assert service is None or service.sign_in != "none"
    assert service is None or "\x1b" not in service.product


def test_escapes_and_personal_data_in_a_greeting_are_masked(tmp_path: Path) -> None:
    greeting = b"220 \x1b[31mmail anne.martin@pharmacie.example ESMTP\r\n"
    with fake(lambda line: [line.sendall(greeting), time.sleep(0.3)]) as port:
        service = who(tmp_path, port)
    assert service.name == "smtp"
    assert "\x1b" not in service.product
    assert "anne.martin" not in service.product


def test_a_host_all_of_whose_ports_are_silent_is_done_with_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnilcheck.collectors.ports._TALK_SECONDS", 1.0)
    with contextlib.ExitStack() as stack:
        ports = tuple(stack.enter_context(fake(lambda line: time.sleep(9))) for _ in range(12))
        seen = observed(Ports(), tools_for(tmp_path, HostTarget("127.0.0.1", ports)))
    (fact,) = [s.fact for s in seen if isinstance(s, Seen) and isinstance(s.fact, OpenPorts)]
    assert [p.port for p in fact.open] == sorted(ports)
