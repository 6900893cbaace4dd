"""The SSH instrument against real OpenSSH servers, against scripted ones, and against hostile peers."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnilcheck.audit import collect, judge
from cnilcheck.checks.registry import checks
from cnilcheck.collectors.base import Journal, Tools
from cnilcheck.collectors.ssh import Ssh
from cnilcheck.collectors.ssh_transport import KEY_EXCHANGES, Fields, modp
from cnilcheck.documents.rules import load_catalogue
from cnilcheck.errors import Malformed
from cnilcheck.model.evidence import Absence, Collected, Evidence, Gap
from cnilcheck.model.facts import (
    Fact,
    SshAlgorithms,
    SshGroupExchange,
    SshHostKeys,
    SshKey,
    SshServer,
    SshSignIn,
)
from cnilcheck.model.scope import Limits, Scope, SshTarget
from cnilcheck.model.words import GapReason, Outcome
from cnilcheck.resources import rules_directory

SSHD = "/usr/sbin/sshd"
needs_sshd = pytest.mark.skipif(
    not Path(SSHD).exists() or shutil.which("ssh-keygen") is None, reason="no OpenSSH server here"
)
RULES = [
    bound
    for bound in load_catalogue(rules_directory(), checks()).rules
    if bound.rule.id.startswith("ssh-")
]
TODAY = dt.date(2026, 11, 26)
STRICT = """
KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256
Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com
MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com
HostKeyAlgorithms ssh-ed25519,rsa-sha2-512
PasswordAuthentication no
KbdInteractiveAuthentication no
"""
WEAK = """
KexAlgorithms +diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1
Ciphers +3des-cbc,aes128-cbc
MACs +hmac-md5,hmac-sha1-96
HostKeyAlgorithms +ssh-rsa
PasswordAuthentication yes
"""


# Servers.


@pytest.fixture(scope="session")
def host_keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("ssh")
    kinds = {"ed25519": ("ed25519", "256"), "ecdsa": ("ecdsa", "256"), "rsa3072": ("rsa", "3072"),
             "rsa2048": ("rsa", "2048"), "rsa1024": ("rsa", "1024"), "dsa": ("dsa", "1024")}  # fmt: skip
    made = {}
    for name, (kind, bits) in kinds.items():
        command = ["ssh-keygen", "-q", "-t", kind, "-b", bits, "-N", "", "-f", folder / name]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            made[name] = folder / name
    return made


@pytest.fixture
def sshd(host_keys: dict[str, Path], tmp_path: Path) -> Iterator[Callable[..., int]]:
    running = []
    if os.geteuid() == 0:
        # As root sshd wants this directory, which its service makes at start.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)

    def start(configuration: str, *keys: str) -> int:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        written = [f"Port {port}", "ListenAddress 127.0.0.1", "PidFile none", "UsePAM no"]
        written += [f"HostKey {host_keys[key]}" for key in keys]
        file = tmp_path / f"sshd_config_{port}"
        file.write_text("\n".join([*written, configuration]))
        said = (tmp_path / f"{port}.log").open("w")
        running.append(subprocess.Popen([SSHD, "-D", "-e", "-f", file], stderr=said))
        await_listening(port)
        return port

    yield start
    for process in running:
        process.terminate()
        process.wait(5)


def await_listening(port: int) -> None:
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    pytest.skip("sshd does not start with this configuration")


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Run `serve` in a thread for each connection, on a loopback port."""
    with socket.create_server(("127.0.0.1", 0), backlog=20) as listener:

        def one(line: socket.socket) -> None:
            with line, suppress(OSError):
                line.settimeout(8)
                serve(line)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    line, _ = listener.accept()
                    threading.Thread(target=one, args=(line,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]


def packet(message: bytes) -> bytes:
    padding = 8 - (len(message) + 5) % 8
    padding += 8 if padding < 4 else 0
    return struct.pack("!IB", len(message) + padding + 1, padding) + message + bytes(padding)


def text(content: bytes) -> bytes:
    return struct.pack("!I", len(content)) + content


def number(value: int) -> bytes:
    return text(value.to_bytes(value.bit_length() // 8 + 1, "big"))


def kexinit(key_exchange: str = "curve25519-sha256", host_key: str = "ssh-ed25519") -> bytes:
    lists = [
        key_exchange,
        host_key,
        *["aes128-ctr"] * 2,
        *["hmac-sha2-256"] * 2,
        *["none"] * 2,
        "",
        "",
    ]
    return bytes([20]) + bytes(16) + b"".join(text(x.encode()) for x in lists) + bytes(5)


def greeting(line: socket.socket, offer: bytes | None = None) -> None:
    line.sendall(b"SSH-2.0-scripted\r\n" + packet(kexinit() if offer is None else offer))


def read_packet(line: socket.socket) -> bytes:
    size = struct.unpack("!I", line.recv(4, socket.MSG_WAITALL))[0]
    body = line.recv(size, socket.MSG_WAITALL)
    return body[1 : size - body[0]]


def read_client(line: socket.socket) -> bytes:
    """Skip the client's identification and KEXINIT; return its first question."""
    while line.recv(1) != b"\n":
        pass
    assert read_packet(line)[0] == 20
    return read_packet(line)


# What is looked at, and what is made of it.


def look(port: int, journal: io.StringIO | None = None) -> Collected:
    scope = Scope(version=1, targets=(SshTarget(ssh=f"127.0.0.1:{port}"),))
    tools = Tools(Path(), scope, Journal(journal), Limits())
    return collect(scope, [Ssh()], tools)


def facts(collected: Collected) -> dict[type[Fact], Fact]:
    return {type(o.fact): o.fact for o in collected.observations if isinstance(o, Evidence)}


def gaps(collected: Collected) -> dict[str, GapReason]:
    return {o.missing: o.reason for o in collected.observations if isinstance(o, Gap)}


def outcomes(collected: Collected) -> dict[str, Outcome]:
    scope = Scope(version=1)
    return {f.rule: f.outcome for f in judge(RULES, collected, scope, TODAY)}


@needs_sshd
def test_a_strict_server_has_no_failure(sshd: Callable[..., int]) -> None:
    found = outcomes(look(sshd(STRICT, "ed25519", "rsa3072")))
    assert {rule: o for rule, o in found.items() if o is not Outcome.PASS} == {
        "ssh-group-exchange-size": Outcome.NOT_APPLICABLE,
        "ssh-macs-strong": Outcome.NOT_APPLICABLE,
        "ssh-sha1-macs-off": Outcome.NOT_APPLICABLE,
    }


@needs_sshd
def test_each_planted_weakness_is_found(
    sshd: Callable[..., int], host_keys: dict[str, Path]
) -> None:
    found = outcomes(look(sshd(WEAK, "ed25519", "rsa1024")))
    failed = {rule for rule, outcome in found.items() if outcome is Outcome.FAIL}
    assert failed == {
        "ssh-key-exchange-strong", "ssh-key-exchange-hash", "ssh-ciphers-strong", "ssh-cbc-off",
        "ssh-macs-strong", "ssh-sha1-macs-off", "ssh-host-keys-strong", "ssh-signatures-strong",
        "ssh-password-sign-in-off",
    }  # fmt: skip


@needs_sshd
def test_host_keys_are_read_with_kind_and_size(
    sshd: Callable[..., int], host_keys: dict[str, Path]
) -> None:
    collected = look(sshd("", "ed25519", "ecdsa", "rsa2048"))
    keys = (SshKey("Ed25519", 256), SshKey("ECDSA", 256), SshKey("RSA", 2048))
    assert facts(collected)[SshHostKeys] == SshHostKeys(keys)


@needs_sshd
def test_a_dsa_key_is_read_and_fails(sshd: Callable[..., int], host_keys: dict[str, Path]) -> None:
    if "dsa" not in host_keys:
        pytest.skip("this OpenSSH has no DSA")
    collected = look(sshd("HostKeyAlgorithms +ssh-dss", "dsa"))
    assert facts(collected)[SshHostKeys] == SshHostKeys((SshKey("DSA", 1024),))
    assert outcomes(collected)["ssh-host-keys-strong"] is Outcome.FAIL


@needs_sshd
def test_a_default_server_says_what_it_is_and_offers(sshd: Callable[..., int]) -> None:
    journal = io.StringIO()
    collected = look(sshd("", "ed25519", "ecdsa", "rsa3072"), journal)
    seen = facts(collected)
    server, offered = seen[SshServer], seen[SshAlgorithms]
    assert isinstance(server, SshServer)
    assert isinstance(offered, SshAlgorithms)
    assert server.protocol == "2.0"
    assert server.product.startswith("OpenSSH_")
    assert "curve25519-sha256" in offered.key_exchanges
    assert not any(name.startswith("kex-strict") for name in offered.key_exchanges)
    assert seen[SshGroupExchange].bits >= 2048
    assert not gaps(collected)
    results = [json.loads(line)["result"] for line in journal.getvalue().splitlines()]
    assert "RSA 3072 bits" in results


@needs_sshd
def test_a_handful_of_connections_is_enough(sshd: Callable[..., int], tmp_path: Path) -> None:
    port = sshd("LogLevel VERBOSE", "ed25519", "ecdsa", "rsa3072")
    look(port)
    said = (tmp_path / f"{port}.log").read_text()
    # One of them is this test's own, made to see whether the server listens.
    assert said.count("Connection from") <= 5
    assert said.count("Invalid user") <= 1
    assert "Failed password" not in said


@needs_sshd
@pytest.mark.parametrize("way", KEY_EXCHANGES)
def test_each_key_exchange_reaches_the_sign_in_methods(sshd: Callable[..., int], way: str) -> None:
    collected = look(sshd(f"KexAlgorithms {way}\nPasswordAuthentication no", "ed25519"))
    methods = ("publickey", "keyboard-interactive")
    assert facts(collected)[SshSignIn] == SshSignIn(methods)
    assert outcomes(collected)["ssh-password-sign-in-off"] is Outcome.INCONCLUSIVE


@needs_sshd
@pytest.mark.parametrize(
    ("cipher", "mac"),
    [
        ("aes128-gcm@openssh.com", "hmac-sha1"),
        ("aes256-gcm@openssh.com", "hmac-sha1"),
        ("chacha20-poly1305@openssh.com", "hmac-sha1"),
        ("aes128-ctr", "hmac-sha2-256-etm@openssh.com"),
        ("aes192-ctr", "hmac-sha2-512"),
        ("aes256-ctr", "hmac-sha1-etm@openssh.com"),
        ("aes256-cbc", "hmac-sha2-512-etm@openssh.com"),
        ("aes128-cbc", "hmac-sha1"),
        ("aes192-cbc", "hmac-md5"),
    ],
)
def test_each_cipher_reaches_the_sign_in_methods(
    sshd: Callable[..., int], cipher: str, mac: str
) -> None:
    collected = look(sshd(f"Ciphers {cipher}\nMACs {mac}\nBanner /etc/hosts", "ed25519"))
    assert "password" in facts(collected)[SshSignIn].methods


@needs_sshd
def test_a_cipher_unknown_here_leaves_only_the_sign_in_open(sshd: Callable[..., int]) -> None:
    collected = look(sshd("Ciphers 3des-cbc", "ed25519"))
    assert gaps(collected) == {"ssh-sign-in": GapReason.INSTRUMENT_FAILED}
    assert facts(collected)[SshHostKeys] == SshHostKeys((SshKey("Ed25519", 256),))


@needs_sshd
def test_a_key_exchange_unknown_here_never_passes_for_strong_keys(
    sshd: Callable[..., int],
) -> None:
    collected = look(sshd("KexAlgorithms sntrup761x25519-sha512@openssh.com", "ed25519"))
    found = outcomes(collected)
    assert gaps(collected).keys() == {"ssh-sign-in", "ssh-host-keys"}
    assert found["ssh-host-keys-strong"] is Outcome.INCONCLUSIVE
    assert found["ssh-password-sign-in-off"] is Outcome.INCONCLUSIVE
    assert found["ssh-quantum-hybrid"] is Outcome.PASS


# Scripted servers: what no OpenSSH of today does.


def group_server(least: int) -> Callable[[socket.socket], None]:
    """Give the group asked for, but none under `least`: such a question ends the connection."""
    sizes = {1024: modp(1024, 129_093), 2048: modp(2048, 124_476)}

    def serve(line: socket.socket) -> None:
        greeting(line, kexinit("diffie-hellman-group-exchange-sha256"))
        asked = read_client(line)
        smallest = struct.unpack("!I", asked[1:5])[0] if asked[0] == 34 else 2048
        if smallest >= least:
            line.sendall(packet(bytes([31]) + number(sizes[smallest]) + number(2)))
            line.recv(4096)

    return serve


@pytest.mark.parametrize(
    ("least", "bits", "outcome"), [(1024, 1024, Outcome.FAIL), (2048, 2048, Outcome.PASS)]
)
def test_the_smallest_group_a_server_gives_is_measured(
    least: int, bits: int, outcome: Outcome
) -> None:
    with listening(group_server(least)) as port:
        collected = look(port)
    assert facts(collected)[SshGroupExchange] == SshGroupExchange(bits)
    assert outcomes(collected)["ssh-group-exchange-size"] is outcome


def test_a_server_without_group_exchange_has_no_group_to_judge() -> None:
    with listening(greeting) as port:
        collected = look(port)
    absent = [o.of for o in collected.observations if isinstance(o, Absence)]
    assert absent == ["ssh-group-exchange"]


@pytest.mark.parametrize("line", [b"SSH-1.5-OldSwitch_1.0\n", b"SSH-1.99-OpenSSH_3.4p1\r\n"])
def test_a_server_that_speaks_version_1_fails(line: bytes) -> None:
    def serve(peer: socket.socket) -> None:
        peer.sendall(line)
        peer.recv(4096)

    with listening(serve) as port:
        collected = look(port)
    assert outcomes(collected)["ssh-protocol-2-only"] is Outcome.FAIL
    assert "ssh-algorithms" in gaps(collected)


def test_words_before_the_identification_are_skipped_and_masked_after_it() -> None:
    def serve(line: socket.socket) -> None:
        line.sendall(
            b"Welcome\r\nAuthorised use only\r\nSSH-2.0-Acme jean.martin@example.fr\x1b[31m\r\n"
        )
        line.sendall(packet(kexinit()))
        line.recv(4096)

    with listening(serve) as port:
        server = facts(look(port))[SshServer]
    assert server == SshServer("2.0", "Acme •••�[31m")


def test_a_closed_port_is_a_gap() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert set(gaps(look(port)).values()) == {GapReason.UNREACHABLE}


# Hostile peers.


def silent(line: socket.socket) -> None:
    time.sleep(7)


def closing(line: socket.socket) -> None:
    return


def flood(line: socket.socket) -> None:
    while True:
        line.sendall(b"A" * 65_536)


def endless_lines(line: socket.socket) -> None:
    while True:
        line.sendall(b"please wait\r\n" * 100)


def drip(line: socket.socket) -> None:
    for byte in b"SSH-2.0-" + b"a" * 200:
        line.sendall(bytes([byte]))
        time.sleep(0.3)


def web_server(line: socket.socket) -> None:
    line.recv(4096)
    line.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def sends(content: bytes) -> Callable[[socket.socket], None]:
    def serve(line: socket.socket) -> None:
        line.sendall(b"SSH-2.0-hostile\r\n" + content)
        time.sleep(7)

    return serve


def endless_asides(line: socket.socket) -> None:
    line.sendall(b"SSH-2.0-hostile\r\n")
    while True:
        line.sendall(packet(b"\x02" + text(b"x" * 1000)))


HOSTILE = {
    "silent": silent,
    "closing": closing,
    "flood": flood,
    "endless lines": endless_lines,
    "drip": drip,
    "web server": web_server,
    "endless asides": endless_asides,
    "huge packet": sends(b"\xff\xff\xff\xff\x04" + b"A" * 100_000),
    "empty packet": sends(b"\0\0\0\0" * 8),
    "padding longer than the packet": sends(struct.pack("!IB", 12, 200) + bytes(11)),
    "no message in the packet": sends(struct.pack("!IB", 12, 11) + bytes(11)),
    "list longer than the message": sends(packet(b"\x14" + bytes(16) + b"\x7f\xff\xff\xff" + b"a")),
    "list of names that are none": sends(packet(kexinit("a b\x1b[2J"))),
    "thousands of names": sends(packet(kexinit(",".join(["a"] * 3000)))),
    "another message": sends(packet(b"\x34")),
    "farewell": sends(packet(b"\x01\0\0\0\x0c" + text(b"too many connections") + text(b""))),
    "farewell cut short": sends(packet(b"\x01\0")),
}


@pytest.mark.parametrize("serve", [pytest.param(s, id=name) for name, s in HOSTILE.items()])
def test_a_hostile_peer_is_a_gap_within_six_seconds(
    serve: Callable[[socket.socket], None],
) -> None:
    with listening(serve) as port:
        collected = look(port)
    assert "ssh-algorithms" in gaps(collected)
    assert GapReason.INSTRUMENT_FAILED not in gaps(collected).values()
    assert set(outcomes(collected).values()) <= {Outcome.INCONCLUSIVE, Outcome.PASS}
    assert SshAlgorithms not in facts(collected)


def hangs_after_the_offer(line: socket.socket) -> None:
    greeting(line, kexinit(host_key="ssh-ed25519,rsa-sha2-512,ecdsa-sha2-nistp256"))
    time.sleep(7)


def answers(message: bytes) -> Callable[[socket.socket], None]:
    def serve(line: socket.socket) -> None:
        greeting(line, kexinit("curve25519-sha256,diffie-hellman-group-exchange-sha256"))
        read_client(line)
        line.sendall(packet(message))
        time.sleep(7)

    return serve


def bottomless_group(line: socket.socket) -> None:
    greeting(line, kexinit("diffie-hellman-group-exchange-sha256"))
    read_client(line)
    line.sendall(packet(b"\x1f" + number(1 << 200_000 | 1) + number(3)))
    time.sleep(7)


@pytest.mark.parametrize(
    "serve",
    [
        hangs_after_the_offer,
        bottomless_group,
        answers(b"\x1f" + text(b"") + text(bytes(32)) + text(b"")),
        answers(b"\x1f" + text(text(b"ssh-ed25519")) + text(bytes(31)) + text(b"")),
        answers(b"\x1f" + text(text(b"ssh-rsa") + text(b"\x80") + text(b"\x80")) + text(bytes(32))),
        answers(b"\x1f"),
    ],
)
def test_a_peer_that_spoils_the_key_exchange_keeps_its_offer_judged(
    serve: Callable[[socket.socket], None],
) -> None:
    with listening(serve) as port:
        collected = look(port)
    assert SshAlgorithms in facts(collected)
    assert {"ssh-sign-in", "ssh-host-keys"} <= gaps(collected).keys()


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_no_offer_however_mangled_gives_anything_but_malformed(content: bytes) -> None:
    fields = Fields(content)
    with suppress(Malformed):
        while True:
            fields.names()
            fields.number()


def test_the_groups_are_those_of_the_rfcs() -> None:
    # RFC 2409 section 6.2 and RFC 3526 section 3: how they begin and end.
    one, fourteen = f"{modp(1024, 129_093):X}", f"{modp(2048, 124_476):X}"
    assert one.startswith("FFFFFFFFFFFFFFFFC90FDAA22168C234")
    assert one.endswith("49286651ECE65381FFFFFFFFFFFFFFFF")
    assert fourteen.endswith("15728E5A8AACAA68FFFFFFFFFFFFFFFF")
