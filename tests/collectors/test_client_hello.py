"""The prober against real TLS servers (Python's ssl, openssl s_server) and against hostile ones."""

from __future__ import annotations

import base64
import hashlib
import shutil
import socket
import ssl
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnilcheck.collectors import tls_names
from cnilcheck.collectors.client_hello import (
    Accepted,
    Cause,
    Chosen,
    Declined,
    Hello,
    Lost,
    NoMoreConnections,
    Reading,
    Reason,
    Refused,
    Survey,
    Undetermined,
    probe,
    read_ssl2,
    ssl2_hello,
)
from cnilcheck.collectors.tls_names import SUITES, Suite, Version

OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="no openssl program here")


# Servers.


@dataclass(frozen=True)
class Pki:
    rsa: tuple[str, str]
    ecdsa: tuple[str, str]


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    folder = tmp_path_factory.mktemp("pki")
    kinds = {"rsa": ["rsa:2048"], "ec": ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]}
    made = {}
    for name, kind in kinds.items():
        cert, key = str(folder / f"{name}.crt"), str(folder / f"{name}.key")
        subprocess.run(
            [OPENSSL or "openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-newkey", *kind, "-keyout", key, "-out", cert],
            check=True, capture_output=True,
        )  # fmt: skip
        made[name] = (cert, key)
    return Pki(made["rsa"], made["ec"])


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Run `serve` in a thread for each connection, on a loopback port."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:

        def one(line: socket.socket) -> None:
            with line, suppress(OSError):
                line.settimeout(4)
                serve(line)

        def loop() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=loop, daemon=True).start()
        yield listener.getsockname()[1]
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def python_server(context: ssl.SSLContext) -> Iterator[int]:
    def serve(line: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(line, server_side=True) as tls:
            tls.recv(1)

    with listening(serve) as port:
        yield port


def context_of(
    pki: Pki, ciphers: str, lowest: ssl.TLSVersion, highest: ssl.TLSVersion
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pki.rsa)
    context.set_ciphers(ciphers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = lowest, highest
    return context


@contextmanager
def s_server(certificate: tuple[str, str], *options: str) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    cert, key = certificate
    process = subprocess.Popen(
        [OPENSSL or "openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-quiet",
         "-cert", cert, "-key", key, *options],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(150):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield port
    finally:
        process.kill()
        process.communicate()


def survey(
    port: int, name: str | None = "localhost", seconds: float = 4.5, patience: float = 2.5
) -> Survey:
    return probe(
        lambda: socket.create_connection(("127.0.0.1", port), timeout=2),
        name,
        deadline=time.monotonic() + seconds,
        patience=patience,
    )


def accepted(result: Survey) -> list[str]:
    return [str(p.version) for p in result.protocols if isinstance(p, Accepted)]


def names(result: Survey, version: Version) -> list[str]:
    return [s.name for listed in result.suites if listed.version is version for s in listed.suites]


def groups(result: Survey, version: Version) -> list[str]:
    return [g.name for listed in result.groups if listed.version is version for g in listed.groups]


def causes(result: Survey) -> set[Reason]:
    return {p.cause.reason for p in result.protocols if isinstance(p, Undetermined)}


# Real servers.

INTERMEDIATE = (
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305"
)


@needs_openssl
def test_a_modern_server_is_surveyed_in_under_sixty_connections(pki: Pki) -> None:
    with s_server(pki.rsa, "-cipher", INTERMEDIATE, "-serverpref", "-alpn", "h2,http/1.1") as port:
        result = survey(port)
    assert accepted(result) == ["TLS 1.2", "TLS 1.3"]
    assert all(isinstance(p, Refused) for p in result.protocols[:4])
    assert names(result, Version.TLS_1_2) == [
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ]
    assert len(names(result, Version.TLS_1_3)) == 3
    assert [listed.server_preference for listed in result.suites] == [True, True]
    assert {"x25519", "secp256r1", "x448", "secp521r1", "secp384r1"} == set(
        groups(result, Version.TLS_1_2)
    )
    assert {"ffdhe2048", "ffdhe8192", "x25519"} < set(groups(result, Version.TLS_1_3))
    assert [(dh.bits, dh.name) for dh in result.dh] == [(2048, "RFC 3526 group 14")]
    assert result.alpn == ("h2", "http/1.1")
    assert result.extended_master_secret and result.secure_renegotiation and result.session_ticket
    assert result.fallback_scsv is True
    assert result.compression is False
    assert result.encrypt_then_mac is None, "no CBC suite, nothing to say"
    assert ssl.PEM_cert_to_DER_cert(Path(pki.rsa[0]).read_text()) == result.certificate_chain_der[0]
    assert result.connections < 60


@needs_openssl
def test_every_suite_openssl_can_serve_is_found(pki: Pki) -> None:
    """The expectation is openssl's own list, less what its certificate and keys cannot do."""
    listing = subprocess.run(
        [OPENSSL or "", "ciphers", "-s", "-tls1_2", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    able = {line.split()[0] for line in listing.splitlines()}
    able = {name for name in able if not any(word in name for word in ("PSK", "SRP", "DSS"))}
    expected = {name for name in able if "ECDSA" not in name and not name.startswith("TLS_AES")}
    expected -= {"TLS_CHACHA20_POLY1305_SHA256"}
    with s_server(pki.rsa, "-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0") as port:
        result = survey(port)
    assert accepted(result) == ["TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"]
    assert expected == set(names(result, Version.TLS_1_2))
    assert {"TLS_RSA_WITH_NULL_SHA", "TLS_DH_anon_WITH_AES_128_CBC_SHA"} < set(
        names(result, Version.TLS_1_0)
    )
    assert [listed.server_preference for listed in result.suites] == [False] * 4
    assert result.encrypt_then_mac is True


def test_an_old_server_with_one_suite(pki: Pki) -> None:
    context = context_of(
        pki, "AES128-SHA:@SECLEVEL=0", ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    )
    with python_server(context) as port:
        result = survey(port)
    assert accepted(result) == ["TLS 1.0", "TLS 1.1"]
    assert names(result, Version.TLS_1_0) == ["TLS_RSA_WITH_AES_128_CBC_SHA"]
    assert [listed.server_preference for listed in result.suites] == [None, None]
    assert (result.fallback_scsv, result.groups, result.dh) == (True, (), ())


def test_the_size_and_name_of_a_shared_dh_prime_are_seen(pki: Pki, tmp_path: Path) -> None:
    prime = next(p for p, name in tls_names.known_primes().items() if name == "RFC 2409 group 2")
    (tmp_path / "dh.pem").write_text(dh_pem(prime))
    context = context_of(pki, "DHE:@SECLEVEL=0", ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2)
    context.load_dh_params(str(tmp_path / "dh.pem"))
    with python_server(context) as port:
        result = survey(port)
    assert [(1024, prime, 2, "RFC 2409 group 2")] == [
        (dh.bits, dh.prime, dh.generator, dh.name) for dh in result.dh
    ]
    assert all(s.key_exchange == "DHE" for listed in result.suites for s in listed.suites)


def dh_pem(prime: int) -> str:
    """Write PKCS #3 parameters with generator 2."""
    number = prime.to_bytes(prime.bit_length() // 8 + 1, "big")
    inner = b"\x02\x81" + bytes([len(number)]) + number + b"\x02\x01\x02"
    der = b"\x30\x81" + bytes([len(inner)]) + inner
    return f"-----BEGIN DH PARAMETERS-----\n{base64.encodebytes(der).decode()}-----END DH PARAMETERS-----\n"


@needs_openssl
def test_a_tls13_only_server_keeps_its_secrets(pki: Pki) -> None:
    with s_server(pki.rsa, "-tls1_3", "-groups", "X448:ffdhe3072") as port:
        result = survey(port)
    assert accepted(result) == ["TLS 1.3"]
    assert groups(result, Version.TLS_1_3) == ["x448", "ffdhe3072"]
    assert (
        result.certificate_chain_der, result.alpn, result.session_ticket, result.fallback_scsv,
    ) == ((), None, None, None)  # fmt: skip


@needs_openssl
def test_groups_beside_the_curve_of_an_ecdsa_certificate_are_found(pki: Pki) -> None:
    with s_server(pki.ecdsa, "-tls1_2", "-groups", "P-384:P-256:X25519", "-no_ticket") as port:
        result = survey(port)
    assert {"secp384r1", "secp256r1", "x25519"} == set(groups(result, Version.TLS_1_2))
    assert {"ECDSA"} == {s.authentication for listed in result.suites for s in listed.suites}
    assert result.session_ticket is False


def test_suites_agree_with_sslyze(pki: Pki) -> None:
    sslyze = pytest.importorskip("sslyze")
    ciphers = "ECDHE+AESGCM:AES256-SHA:CAMELLIA128-SHA:@SECLEVEL=0"
    context = context_of(pki, ciphers, ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_3)
    commands = {
        Version.TLS_1_0: "tls_1_0", Version.TLS_1_1: "tls_1_1",
        Version.TLS_1_2: "tls_1_2", Version.TLS_1_3: "tls_1_3",
    }  # fmt: skip
    with python_server(context) as port:
        ours = survey(port)
        scanner = sslyze.Scanner()
        scanner.queue_scans(
            [
                sslyze.ServerScanRequest(
                    sslyze.ServerNetworkLocation("localhost", port, ip_address="127.0.0.1"),
                    scan_commands={
                        sslyze.ScanCommand(f"{c}_cipher_suites") for c in commands.values()
                    },
                )
            ]
        )
        (theirs,) = scanner.get_results()
    for version, command in commands.items():
        listed = getattr(
            theirs.scan_result, f"{command}_cipher_suites"
        ).result.accepted_cipher_suites
        assert {s.cipher_suite.name for s in listed} == set(names(ours, version))


# Servers nobody here can run, in a few bytes each.


def heard(line: socket.socket) -> bytes:
    """Return one whole record of a client."""
    data = b""
    while len(data) < 5 or len(data) < 5 + int.from_bytes(data[3:5], "big"):
        piece = line.recv(16384)
        if not piece or data[:1] >= b"\x80":
            return data + piece
        data += piece
    return data


@dataclass(frozen=True)
class Offer:
    version: int
    suites: list[int]
    compressions: bytes
    extensions: dict[int, bytes]

    @property
    def groups(self) -> list[int]:
        content = self.extensions.get(10, b"\0\0")[2:]
        return [int.from_bytes(content[i : i + 2], "big") for i in range(0, len(content), 2)]


def offer_of(record: bytes) -> Offer:
    body = record[9:]
    at = 35 + body[34]
    count = int.from_bytes(body[at : at + 2], "big")
    suites = [int.from_bytes(body[i : i + 2], "big") for i in range(at + 2, at + 2 + count, 2)]
    at += 2 + count
    compressions, rest = body[at + 1 : at + 1 + body[at]], body[at + 1 + body[at] :][2:]
    extensions = {}
    while rest:
        length = int.from_bytes(rest[2:4], "big")
        extensions[int.from_bytes(rest[:2], "big")] = rest[4 : 4 + length]
        rest = rest[4 + length :]
    version = 0x0304 if 43 in extensions else int.from_bytes(body[:2], "big")
    return Offer(version, suites, compressions, extensions)


def record(kind: int, body: bytes) -> bytes:
    return bytes([kind, 3, 3]) + len(body).to_bytes(2, "big") + body


def message(kind: int, body: bytes) -> bytes:
    return record(22, bytes([kind]) + len(body).to_bytes(3, "big") + body)


def server_hello(
    version: int,
    suite: int,
    *,
    compression: int = 0,
    extensions: bytes = b"",
    random: bytes = bytes(32),
) -> bytes:
    body = (
        version.to_bytes(2, "big")
        + random
        + b"\0"
        + suite.to_bytes(2, "big")
        + bytes([compression])
    )
    return message(
        2, body + (len(extensions).to_bytes(2, "big") + extensions if extensions else b"")
    )


HANDSHAKE_FAILURE, PROTOCOL_VERSION = b"\x15\x03\x03\0\x02\x02\x28", b"\x15\x03\x03\0\x02\x02\x46"
SUPPORTS_TLS13 = b"\0\x2b\0\x02\x03\x04"
CERTIFICATE = message(11, b"\0\0\x06\0\0\x03abc")


def answering(choose: Callable[[Offer], bytes | None]) -> Callable[[socket.socket], None]:
    """Serve one hello: send what `choose` says, or close."""

    def serve(line: socket.socket) -> None:
        hello = heard(line)
        answer = PROTOCOL_VERSION if hello[:1] != b"\x16" else choose(offer_of(hello))
        if answer:
            line.sendall(answer)

    return serve


def rsa_server(mine: list[int], at_refusal: bytes | None) -> Callable[[Offer], bytes | None]:
    """A TLS 1.2 server with RSA suites, in the server's order."""

    def choose(offer: Offer) -> bytes | None:
        suite = next((code for code in mine if code in offer.suites), None)
        if offer.version != 0x0303 or suite is None:
            return at_refusal
        return server_hello(0x0303, suite) + CERTIFICATE

    return choose


def test_a_server_with_nothing_but_x25519mlkem768_is_surveyed() -> None:
    """sslyze 6.3 cannot scan this one; it asks again by HelloRetryRequest."""
    retry = hashlib.sha256(b"HelloRetryRequest").digest()

    def choose(offer: Offer) -> bytes:
        if offer.version != 0x0304 or 0x1302 not in offer.suites or 0x11EC not in offer.groups:
            return HANDSHAKE_FAILURE
        return server_hello(
            0x0303, 0x1302, random=retry, extensions=SUPPORTS_TLS13 + b"\0\x33\0\x02\x11\xec"
        )

    with listening(answering(choose)) as port:
        result = survey(port)
    assert accepted(result) == ["TLS 1.3"]
    assert groups(result, Version.TLS_1_3) == ["X25519MLKEM768"]
    assert names(result, Version.TLS_1_3) == ["TLS_AES_256_GCM_SHA384"]


def test_a_tls13_server_that_wants_a_key_share_at_once_gets_one() -> None:
    def choose(offer: Offer) -> bytes:
        shares, given_groups = offer.extensions.get(51, b"\0\0")[2:], []
        while shares:
            given_groups.append(int.from_bytes(shares[:2], "big"))
            shares = shares[4 + int.from_bytes(shares[2:4], "big") :]
        known = [g for g in (24, 29, 0x11EC) if g in given_groups]
        if offer.version != 0x0304 or 0x1301 not in offer.suites or not known:
            return HANDSHAKE_FAILURE
        share = known[0].to_bytes(2, "big") + b"\0\x04abcd"
        return server_hello(0x0303, 0x1301, extensions=SUPPORTS_TLS13 + b"\0\x33\0\x08" + share)

    with listening(answering(choose)) as port:
        result = survey(port)
    assert accepted(result) == ["TLS 1.3"]
    assert groups(result, Version.TLS_1_3) == ["secp384r1", "x25519", "X25519MLKEM768"]


def test_a_real_ssl2_server_hello_is_read() -> None:
    kinds = b"\x01\0\x80\x07\0\xc0"
    body = (
        b"\x04\0\x01\0\x02\0\x03"
        + len(kinds).to_bytes(2, "big")
        + b"\0\x10"
        + b"abc"
        + kinds
        + bytes(16)
    )

    def serve(line: socket.socket) -> None:
        if heard(line)[2:5] == b"\x01\0\x02":
            line.sendall((0x8000 | len(body)).to_bytes(2, "big") + body)

    with listening(serve) as port:
        result = survey(port)
    assert accepted(result) == ["SSL 2.0"]
    assert names(result, Version.SSL_2_0) == [
        "SSL_CK_RC4_128_WITH_MD5",
        "SSL_CK_DES_192_EDE3_CBC_WITH_MD5",
    ]
    assert result.certificate_chain_der == (b"abc",)
    assert isinstance(result.protocols[3], Refused), (
        "it closed on TLS twice, and answered SSL 2.0 again"
    )


def test_compression_is_seen_and_unknown_servers_are_taken_at_their_word() -> None:
    def choose(offer: Offer) -> bytes:
        if offer.version != 0x0301 or 5 not in offer.suites or 1 not in offer.compressions:
            return PROTOCOL_VERSION if offer.version != 0x0301 else HANDSHAKE_FAILURE
        return server_hello(0x0301, 5, compression=1) + CERTIFICATE

    with listening(answering(choose)) as port:
        result = survey(port)
    assert accepted(result) == ["TLS 1.0"]
    assert result.compression is True
    assert (
        result.extended_master_secret, result.secure_renegotiation, result.session_ticket,
    ) == (False, False, False)  # fmt: skip


def test_a_server_that_refuses_by_closing_is_believed_when_it_answers_in_between() -> None:
    with listening(answering(rsa_server([0x2F, 0x35], None))) as port:
        result = survey(port)
    assert accepted(result) == ["TLS 1.2"]
    assert names(result, Version.TLS_1_2) == [
        "TLS_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_AES_256_CBC_SHA",
    ]
    assert Refused(Version.TLS_1_0, "connection closed") == result.protocols[2]
    assert result.suites[0].server_preference is True


def test_a_server_that_goes_away_in_the_middle_leaves_the_version_undetermined() -> None:
    answers = iter(range(5))

    def choose(offer: Offer) -> bytes | None:
        if offer.version != 0x0303:
            return PROTOCOL_VERSION
        return (
            rsa_server([0x2F, 0x35, 0x3C, 0x3D, 0x9C, 0x9D], HANDSHAKE_FAILURE)(offer)
            if next(answers, 9) < 3
            else None
        )

    with listening(answering(choose)) as port:
        result = survey(port)
    assert Undetermined(Version.TLS_1_2, Cause(Reason.CLOSED)) == result.protocols[4]
    assert len(names(result, Version.TLS_1_2)) == 3, "what was seen stays"
    assert result.answered == (Version.TLS_1_2,)


def test_a_server_that_chokes_on_a_long_list_is_asked_in_batches() -> None:
    def choose(offer: Offer) -> bytes | None:
        if len(offer.suites) > 40:
            return None
        return rsa_server([0xC09C, 0x0A, 0x2F, 0x35], HANDSHAKE_FAILURE)(offer)

    with listening(answering(choose)) as port:
        result = survey(port)
    assert accepted(result) == ["TLS 1.2"]
    assert names(result, Version.TLS_1_2) == [
        "TLS_RSA_WITH_AES_128_CCM", "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        "TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA",
    ]  # fmt: skip


def test_a_server_that_ignores_the_fallback_warning_is_seen() -> None:
    def choose(offer: Offer) -> bytes:
        if offer.version not in (0x0301, 0x0303) or 0x2F not in offer.suites:
            return PROTOCOL_VERSION
        return server_hello(offer.version, 0x2F) + CERTIFICATE

    with listening(answering(choose)) as port:
        result = survey(port)
    assert accepted(result) == ["TLS 1.0", "TLS 1.2"]
    assert result.fallback_scsv is False


def test_a_server_that_chooses_what_was_not_offered_is_not_believed() -> None:
    def choose(offer: Offer) -> bytes:
        return (
            server_hello(0x0303, 0x2F) + CERTIFICATE
            if offer.version == 0x0303
            else PROTOCOL_VERSION
        )

    with listening(answering(choose)) as port:
        result = survey(port)
    assert names(result, Version.TLS_1_2) == ["TLS_RSA_WITH_AES_128_CBC_SHA"]
    assert {Reason.MALFORMED} == causes(result)


# Hostile servers.


def test_a_silent_server_ends_the_survey_after_two_waits() -> None:
    with listening(lambda line: time.sleep(3)) as port:
        result = survey(port, patience=0.3)
    assert ([], {Reason.SILENT}, 2) == (accepted(result), causes(result), result.connections)


def test_a_filter_that_swallows_old_versions_leaves_the_new_ones_visible() -> None:
    def choose(offer: Offer) -> bytes | None:
        if offer.version < 0x0303:
            time.sleep(2)
            return None
        return rsa_server([0x2F], PROTOCOL_VERSION)(offer)

    with listening(answering(choose)) as port:
        result = survey(port, patience=0.2)
    assert accepted(result) == ["TLS 1.2"]
    assert {Reason.SILENT} == causes(result)


@pytest.mark.parametrize(
    "drop",
    [b"\x16\x03\x03\x40\0" + bytes(50), server_hello(0x0303, 0x2F)],
    ids=["header", "handshake"],
)
def test_a_dripping_server_cannot_outlive_the_deadline(drop: bytes) -> None:
    def serve(line: socket.socket) -> None:
        for byte in drop * 3:
            line.sendall(bytes([byte]))
            time.sleep(0.05)

    with listening(serve) as port:
        result = survey(port, seconds=1.5, patience=0.4)
    assert accepted(result) == []
    assert causes(result) <= {Reason.SLOW, Reason.DEADLINE}


def test_an_endless_server_is_cut_off() -> None:
    def serve(line: socket.socket) -> None:
        heard(line)
        line.sendall(server_hello(0x0303, 0xC02F))
        while True:
            line.sendall(message(22, bytes(16000)))

    with listening(serve) as port:
        result = survey(port)
    assert names(result, Version.TLS_1_2) == ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Reason.NOT_TLS),
        (b"220 mail.example ESMTP\r\n", Reason.NOT_TLS),
        (b"H", Reason.NOT_TLS),
        (bytes(range(200, 256)) * 9, Reason.MALFORMED),
        (b"\x16\x03\x03\xff\xff" + bytes(20), Reason.MALFORMED),
        (b"\x16\x03\x03\0\x04\x02\0\0\0", Reason.MALFORMED),
        (b"\x16\x03\x03\0\x04\x02\xff\xff\xff", Reason.MALFORMED),
        (b"\x16\x03\x03\0\x20\x02\0\0\x1c" + b"\x03\x03" + bytes(26), Reason.MALFORMED),
        (b"\x17\x03\x03\0\x05hello", Reason.MALFORMED),
        (b"\x16\x03\x03\0\x20", Reason.MALFORMED),
        (b"\x80\x40\x04", Reason.MALFORMED),
        (b"", Reason.CLOSED),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_never_taken_for_a_refusal(sent: bytes, reason: Reason) -> None:
    def serve(line: socket.socket) -> None:
        heard(line)
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        line.recv(1)

    with listening(serve) as port:
        result = survey(port)
    assert all(isinstance(p, Undetermined) for p in result.protocols)
    assert {reason} == causes(result)
    assert result.not_tls == (reason is Reason.NOT_TLS)
    if result.not_tls:
        assert result.connections == 1


def test_nothing_the_server_wrote_is_in_the_result() -> None:
    with listening(lambda line: line.sendall(b"HTTP/1.1 400 2850175123456\r\n")) as port:
        result = survey(port)
    assert "285017" not in repr(result)


def test_a_server_nobody_can_reach_raises_the_error_of_the_first_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        survey(port)


def test_a_caller_that_allows_no_more_connections_keeps_what_was_seen() -> None:
    allowed = iter(range(4))
    with listening(answering(rsa_server([0x2F, 0x35, 0x9C, 0x9D], PROTOCOL_VERSION))) as port:

        def connect() -> socket.socket:
            if next(allowed, None) is None:
                raise NoMoreConnections
            return socket.create_connection(("127.0.0.1", port), timeout=2)

        result = probe(connect, None, deadline=time.monotonic() + 4)
    assert result.connections == 4
    assert {Reason.NOT_ALLOWED} == causes(result)
    assert names(result, Version.TLS_1_2)


def test_a_deadline_that_has_passed_opens_no_connection() -> None:
    def connect() -> socket.socket:
        raise AssertionError("must not be called")

    result = probe(connect, "localhost", deadline=time.monotonic() - 1)
    assert (0, {Reason.DEADLINE}) == (result.connections, causes(result))


@given(st.binary(max_size=300), st.booleans())
@settings(max_examples=300, deadline=None)
def test_no_bytes_make_the_reader_raise(data: bytes, framed: bool) -> None:
    reading = Reading()
    whole = server_hello(0x0303, 0xC02F) + record(22, data) if framed else data
    for at in range(0, len(whole), 7):
        reading.feed(whole[at : at + 7])
    assert isinstance(reading.means(Cause(Reason.CLOSED)), Chosen | Declined | Lost)
    with suppress(ValueError):
        read_ssl2(data)


def test_a_warning_before_the_server_hello_is_no_refusal() -> None:
    reading = Reading()
    reading.feed(b"\x15\x03\x03\0\x02\x01\x70" + server_hello(0x0303, 0x2F) + CERTIFICATE)
    match reading.means(Cause(Reason.CLOSED)):
        case Chosen(version=Version.TLS_1_2, suite=0x2F, chain=(b"abc",), cut=None):
            pass
        case other:
            pytest.fail(repr(other))


# What is sent, and the names.


@pytest.mark.parametrize("version", [v for v in Version if v is not Version.SSL_2_0])
@pytest.mark.parametrize("count", [1, 20, 60, 100, 500])
@pytest.mark.parametrize("name", [None, b"localhost", b"a" * 60 + b".example"])
def test_no_hello_has_the_length_that_hangs_an_f5(
    version: Version, count: int, name: bytes | None
) -> None:
    sent = Hello(version, tls_names.offered(version)[:count], tls_names.ECDHE_GROUPS, name).encode()
    assert not 255 < len(sent) - 5 < 512
    assert len(sent) - 5 == int.from_bytes(sent[3:5], "big")


def test_an_address_is_no_server_name() -> None:
    seen: list[Offer] = []

    def choose(offer: Offer) -> bytes:
        seen.append(offer)
        return PROTOCOL_VERSION

    with listening(answering(choose)) as port:
        for name in ("127.0.0.1", "[::1]", "localhost."):
            survey(port, name)
    assert {None, b"\0\x0c\0\0\x09localhost"} == {
        offer.extensions.get(0) for offer in seen if offer.extensions
    }


def test_the_ssl2_hello_states_its_own_lengths() -> None:
    sent = ssl2_hello()
    assert len(sent) - 2 == int.from_bytes(sent[:2], "big") & 0x7FFF
    assert len(sent) == 2 + 9 + int.from_bytes(sent[5:7], "big") + 16


@pytest.mark.parametrize(
    ("code", "attributes"),
    [
        (0x0003, ("RSA", "RSA", "RC4", 40, "STREAM", "MD5")),
        (0x000A, ("RSA", "RSA", "3DES", 168, "CBC", "SHA1")),
        (0x0014, ("DHE", "RSA", "DES", 40, "CBC", "SHA1")),
        (0x0018, ("DHE", "anon", "RC4", 128, "STREAM", "MD5")),
        (0xC0A0, ("RSA", "RSA", "AES", 128, "CCM_8", "AEAD")),
        (0xC02C, ("ECDHE", "ECDSA", "AES", 256, "GCM", "AEAD")),
        (0xCCA8, ("ECDHE", "RSA", "CHACHA20", 256, "POLY1305", "AEAD")),
        (0x1301, ("any", "any", "AES", 128, "GCM", "AEAD")),
        (0x00AE, ("PSK", "PSK", "AES", 128, "CBC", "SHA256")),
        (0xC102, ("GOST", "GOST", "GOST28147", 256, "CTR", "IMIT")),
        (0x060040, ("RSA", "RSA", "DES", 56, "CBC", "MD5")),
    ],
)  # fmt: skip
def test_a_suite_is_taken_apart_by_its_name(code: int, attributes: tuple[object, ...]) -> None:
    suite = SUITES[code]
    assert attributes == (
        suite.key_exchange, suite.authentication, suite.cipher, suite.bits, suite.mode, suite.mac,
    )  # fmt: skip


@needs_openssl
def test_codes_names_bits_and_macs_are_openssls() -> None:
    listing = subprocess.run(
        [OPENSSL or "", "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    compared = 0
    for line in listing.splitlines():
        code, _, name, *_, encryption, mac = line.split()
        if "SRP" in name:
            continue
        suite: Suite = SUITES[int(code.replace(",0x", ""), 16)]
        bits = encryption.partition("(")[2].rstrip(")") or "0"
        assert (name, int(bits), f"Mac={suite.mac}") == (suite.name, suite.bits, mac)
        compared += 1
    assert compared > 100


def test_every_well_known_prime_is_one_of_its_size() -> None:
    """One mistyped digit would leave no safe prime; RFC 5114's and Java's are DSA groups."""
    for prime, name in tls_names.known_primes().items():
        if prime.bit_length() > 2048:
            continue
        assert prime.bit_length() in (512, 768, 1024, 1536, 2048)
        assert pow(2, prime - 1, prime) == 1, name
        if not name.startswith(("RFC 5114", "Java")):
            assert pow(2, prime // 2 - 1, prime // 2) == 1, name


@pytest.mark.parametrize("bits", [3072, 4096, 6144, 8192])
def test_the_long_primes_end_as_their_rfcs_print_them(bits: int) -> None:
    """RFC 3526 prints these last words before the 64 one-bits; so does RFC 7919."""
    ends = {
        3072: ("A93AD2CA", "66C62E37"), 4096: ("34063199", "5E655F6A"),
        6144: ("6DCC4024", "D0E40E65"), 8192: ("98EDD3DF", "C5C6424C"),
    }  # fmt: skip
    found = {
        f"{p >> 64 & 0xFFFFFFFF:08X}" for p in tls_names.known_primes() if p.bit_length() == bits
    }
    assert set(ends[bits]) == found


def test_generators_for_guessed_key_shares_lie_on_their_curves() -> None:
    curves = {
        23: (2**256 - 2**224 + 2**192 + 2**96 - 1, 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B),
        24: (2**384 - 2**128 - 2**96 + 2**32 - 1, 0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF),
        25: (2**521 - 1, 0x0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00),
    }  # fmt: skip
    for group, (p, b) in curves.items():
        key = tls_names.key_share(group)
        assert key is not None
        half = len(key) // 2
        x, y = int.from_bytes(key[1 : 1 + half], "big"), int.from_bytes(key[1 + half :], "big")
        assert (y * y - (x**3 - 3 * x + b)) % p == 0
