"""Certificates and flaws of servers as people run them: weak, odd, hostile, or well kept."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from cnilcheck.audit import collect, judge
from cnilcheck.checks.registry import checks
from cnilcheck.collectors import sslyze_child
from cnilcheck.collectors.base import Journal, Tools
from cnilcheck.collectors.certificates import Certificates
from cnilcheck.collectors.http_compression import PageCompression
from cnilcheck.collectors.opportunistic import Opportunistic
from cnilcheck.collectors.sslyze_child import SslyzeChild
from cnilcheck.collectors.tls import TlsListener
from cnilcheck.documents.rules import load_catalogue
from cnilcheck.model.evidence import Collected, Evidence, Gap
from cnilcheck.model.facts import (
    CertificateChain,
    CertificateKey,
    CertificateNames,
    CertificateRevocation,
    CertificateSerial,
    CertificateUsage,
    HttpCompression,
    TlsFeatures,
    TlsFlaw,
    TlsKeyExchange,
    TlsProtocols,
    TlsResumption,
)
from cnilcheck.model.report import Finding
from cnilcheck.model.scope import Limits, Scope, Sources, TlsTarget, WebTarget
from cnilcheck.model.words import GapReason, Outcome, Profile
from cnilcheck.resources import rules_directory
from collectors.test_client_hello import (
    Offer,
    answering,
    listening,
    record,
    s_server,
    server_hello,
)

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Extensions = list[tuple[x509.ExtensionType, bool]]


# A small world of authorities.


@dataclass(frozen=True)
class Issued:
    certificate: x509.Certificate
    key: Key


def usage(*named: str) -> x509.KeyUsage:
    every = "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign encipher_only decipher_only"
    return x509.KeyUsage(**{name: name in named for name in every.split()})


LEAF: Extensions = [
    (x509.SubjectAlternativeName([x509.DNSName("localhost")]), False),
    (usage("digital_signature", "key_encipherment"), True),
    (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
]
AUTHORITY: Extensions = [
    (x509.BasicConstraints(ca=True, path_length=None), True),
    (usage("key_cert_sign", "crl_sign"), True),
]


def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def issue(
    name: str,
    by: Issued | None = None,
    *,
    key: Key | None = None,
    extensions: Extensions = LEAF,
    days: tuple[int, int] = (-10, 80),
    serial: int | None = None,
    digest: hashes.HashAlgorithm | None = None,
) -> Issued:
    key = key or ec_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = by.key if by else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(NOW + dt.timedelta(days=days[0]))
        .not_valid_after(NOW + dt.timedelta(days=days[1]))
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False
        )
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    algorithm = None if isinstance(signer, ed25519.Ed25519PrivateKey) else digest or hashes.SHA256()
    return Issued(builder.sign(signer, algorithm), key)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def root() -> Issued:
    return issue("Root", extensions=AUTHORITY)


@pytest.fixture(scope="module")
def middle(root: Issued) -> Issued:
    return issue("Intermediate", root, extensions=AUTHORITY)


def pem(*certificates: Issued) -> bytes:
    return b"".join(one.certificate.public_bytes(Encoding.PEM) for one in certificates)


def stored(folder: Path, leaf: Issued, *above: Issued) -> tuple[str, str]:
    chain, key = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(pem(leaf, *above))
    key.write_bytes(leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(chain), str(key)


def context(folder: Path, leaf: Issued, *above: Issued) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.set_ciphers("ALL:@SECLEVEL=0")
    made.load_cert_chain(*stored(folder, leaf, *above))
    return made


@contextmanager
def serving(made: ssl.SSLContext) -> Iterator[int]:
    def serve(line: socket.socket) -> None:
        with suppress(OSError), made.wrap_socket(line, server_side=True) as tls:
            tls.settimeout(2)
            while tls.recv(4096):
                tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with listening(serve) as port:
        yield port


# What the instruments saw.


def observe(
    *targets: TlsTarget, authorities: tuple[str, ...] = (), instruments: Any = None
) -> Collected:
    scope = Scope(version=1, targets=targets, sources=Sources(authorities=authorities))
    tools = Tools(Path("/"), scope, Journal(), Limits())
    return collect(scope, instruments or [Certificates(), TlsListener()], tools)


def local(port: int, host: str = "localhost", starttls: Any = None) -> TlsTarget:
    return TlsTarget(tls=f"{host}:{port}", starttls=starttls)


def facts(collected: Collected, kind: type) -> dict[str, Any]:
    return {
        o.location: o.fact
        for o in collected.observations
        if isinstance(o, Evidence) and isinstance(o.fact, kind)
    }


def only(collected: Collected, kind: type) -> Any:
    (fact,) = facts(collected, kind).values()
    return fact


def gaps(collected: Collected) -> dict[str, Gap]:
    return {o.missing: o for o in collected.observations if isinstance(o, Gap)}


CATALOGUE = load_catalogue(rules_directory(), checks())


def findings(collected: Collected, profile: Profile = Profile.ANSSI) -> dict[str, Finding]:
    scope = Scope(version=1, profile=profile)
    judged = judge(CATALOGUE.rules, collected, scope, NOW.date())
    return {f"{f.rule} {f.location.partition(' ')[2]}".strip(): f for f in judged}


def failing(collected: Collected) -> set[str]:
    return {name for name, f in findings(collected).items() if f.outcome is Outcome.FAIL}


# Chains.


def seen_chain(
    folder: Path, trusted: Issued | None, leaf: Issued, *above: Issued
) -> CertificateChain:
    authorities: tuple[str, ...] = ()
    if trusted:
        (folder / "trusted.pem").write_bytes(pem(trusted))
        authorities = (str(folder / "trusted.pem"),)
    with serving(context(folder, leaf, *above)) as port:
        chain = only(observe(local(port), authorities=authorities), CertificateChain)
    assert isinstance(chain, CertificateChain)
    return chain


def test_a_whole_chain_leads_to_the_authority_of_the_scope(
    tmp_path: Path, root: Issued, middle: Issued
) -> None:
    leaf = issue("localhost", middle)
    assert seen_chain(tmp_path, root, leaf, middle) == CertificateChain("valid", "scope")


def test_a_chain_in_the_wrong_order_still_leads_there(
    tmp_path: Path, root: Issued, middle: Issued
) -> None:
    lower = issue("Lower", middle, extensions=AUTHORITY)
    leaf = issue("localhost", lower)
    assert seen_chain(tmp_path, root, leaf, middle, lower) == CertificateChain("valid", "scope")


def test_an_expired_certificate_is_still_its_authority_s(tmp_path: Path, root: Issued) -> None:
    leaf = issue("localhost", root, days=(-9, -2))
    assert seen_chain(tmp_path, root, leaf) == CertificateChain("valid", "scope")


@pytest.mark.parametrize(
    "key",
    [ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 1024)],
    ids=["Ed25519", "RSA 1024"],
)
def test_a_key_browsers_do_not_take_has_its_own_rule_and_leaves_the_chain_valid(
    tmp_path: Path, root: Issued, key: Key
) -> None:
    leaf = issue("localhost", root, key=key)
    assert seen_chain(tmp_path, root, leaf) == CertificateChain("valid", "scope")


def test_a_missing_intermediate_is_told_as_that(
    tmp_path: Path, root: Issued, middle: Issued
) -> None:
    leaf = issue("localhost", middle)
    assert seen_chain(tmp_path, root, leaf).validation == "incomplete"


def test_a_gap_above_an_intermediate_that_says_where_to_fetch_is_incomplete(
    tmp_path: Path, root: Issued, middle: Issued
) -> None:
    place = x509.UniformResourceIdentifier("http://authority.invalid/middle.crt")
    access = x509.AuthorityInformationAccess(
        [x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)]
    )
    lower = issue("Lower", middle, extensions=[*AUTHORITY, (access, False)])
    leaf = issue("localhost", lower)
    assert seen_chain(tmp_path, root, leaf, lower).validation == "incomplete"


def test_an_authority_nobody_knows_is_told_as_that(
    tmp_path: Path, root: Issued, middle: Issued
) -> None:
    leaf = issue("localhost", middle)
    assert seen_chain(tmp_path, None, leaf, middle, root).validation == "unknown_authority"
    assert seen_chain(tmp_path, None, leaf, middle).validation == "unknown_authority"


def test_a_self_signed_certificate_is_told_as_that(tmp_path: Path, root: Issued) -> None:
    assert seen_chain(tmp_path, root, issue("localhost")).validation == "self_signed"


def test_a_self_signed_certificate_of_the_scope_is_trusted(tmp_path: Path) -> None:
    leaf = issue("localhost")
    assert seen_chain(tmp_path, leaf, leaf) == CertificateChain("valid", "scope")


@pytest.mark.parametrize(
    ("extensions", "days", "fault"),
    [
        (LEAF, (-10, 80), "intermediate is no authority"),
        (AUTHORITY, (-30, -1), "intermediate out of date"),
    ],
)
def test_an_unsound_intermediate_is_told_as_that(
    tmp_path: Path, root: Issued, extensions: Extensions, days: tuple[int, int], fault: str
) -> None:
    between = issue("Between", root, extensions=extensions, days=days)
    leaf = issue("localhost", between)
    chain = seen_chain(tmp_path, root, leaf, between)
    assert chain == CertificateChain("invalid", "none", fault)


def test_a_forged_signature_is_told_as_that(tmp_path: Path, root: Issued) -> None:
    other = issue("Root", extensions=AUTHORITY)
    chain = seen_chain(tmp_path, root, issue("localhost", other), root)
    assert chain == CertificateChain("invalid", "none", "signature does not match")


def test_an_unreadable_authority_file_costs_the_chain_alone(tmp_path: Path) -> None:
    with serving(context(tmp_path, issue("localhost"))) as port:
        collected = observe(local(port), authorities=("/nowhere/ca.pem",))
    assert gaps(collected)["certificate-chain"].reason is GapReason.NOT_READABLE
    assert only(collected, CertificateKey).algorithm == "ECDSA secp256r1"


# The leaf.


def test_a_well_made_certificate_passes_each_of_its_rules(tmp_path: Path, root: Issued) -> None:
    revocations = x509.UniformResourceIdentifier("http://authority.invalid/list.crl")
    crl = x509.CRLDistributionPoints([x509.DistributionPoint([revocations], None, None, None)])
    leaf = issue("localhost", root, extensions=[*LEAF, (crl, False)])
    (tmp_path / "ca.pem").write_bytes(pem(root))
    with serving(context(tmp_path, leaf)) as port:
        collected = observe(local(port), authorities=(str(tmp_path / "ca.pem"),))
    assert not {name for name in failing(collected) if name.startswith("certificate-")}


def test_a_careless_certificate_is_told_point_by_point(tmp_path: Path) -> None:
    names = x509.SubjectAlternativeName([x509.DNSName("elsewhere.example")])
    purposes = x509.ExtendedKeyUsage(
        [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    )
    careless: Extensions = [
        (names, False),
        (usage("digital_signature", "key_cert_sign"), False),
        (purposes, False),
    ]
    key = rsa.generate_private_key(65537, 2048)
    leaf = issue("localhost", key=key, extensions=careless, days=(-10, 900), serial=(1 << 159) - 1)
    with serving(context(tmp_path, leaf)) as port:
        collected = observe(local(port))
    assert only(collected, CertificateUsage) == CertificateUsage(
        ("digitalSignature", "keyCertSign"), False, ("serverAuth", "clientAuth")
    )
    assert only(collected, CertificateSerial) == CertificateSerial(True, 20)
    assert only(collected, CertificateRevocation) == CertificateRevocation(
        False, False, False, False
    )
    assert {name for name in failing(collected) if name.startswith("certificate-")} == {
        "certificate-trusted", "certificate-names-match", "certificate-lifetime",
        "certificate-lifetime-short", "certificate-key-usage", "certificate-purpose",
        "certificate-revocation-source", "certificate-rsa-3072-advised",
    }  # fmt: skip


def test_a_must_staple_certificate_without_an_answer_fails(tmp_path: Path, root: Issued) -> None:
    staple = x509.TLSFeature([x509.TLSFeatureType.status_request])
    leaf = issue("localhost", root, extensions=[*LEAF, (staple, False)])
    with serving(context(tmp_path, leaf)) as port:
        collected = observe(local(port))
    assert "certificate-must-staple-honoured" in failing(collected)


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")


@needs_openssl
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_stapled_answer_is_seen(tmp_path: Path, root: Issued, version: str) -> None:
    place = x509.UniformResourceIdentifier("http://authority.invalid/ocsp")
    access = x509.AuthorityInformationAccess(
        [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)]
    )
    leaf = issue("localhost", root, extensions=[*LEAF, (access, False)])
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf.certificate, issuer=root.certificate, algorithm=hashes.SHA1(),
        cert_status=ocsp.OCSPCertStatus.GOOD, this_update=NOW, next_update=NOW + dt.timedelta(1),
        revocation_time=None, revocation_reason=None,
    ).responder_id(ocsp.OCSPResponderEncoding.HASH, root.certificate)  # fmt: skip
    answer = tmp_path / "ocsp.der"
    answer.write_bytes(builder.sign(root.key, hashes.SHA256()).public_bytes(Encoding.DER))  # type: ignore[arg-type]
    with s_server(stored(tmp_path, leaf), version, "-status_file", str(answer), "-www") as port:
        revocation = only(observe(local(port)), CertificateRevocation)
    assert revocation == CertificateRevocation(
        crl=False, ocsp=True, must_staple=False, stapled=True
    )


@needs_openssl
def test_each_of_two_leaf_certificates_has_its_own_place(tmp_path: Path, root: Issued) -> None:
    (tmp_path / "rsa").mkdir()
    weak = issue("localhost", root, key=rsa.generate_private_key(65537, 1024))
    cert, key = stored(tmp_path / "rsa", weak)
    options = ("-dcert", cert, "-dkey", key, "-cipher", "ALL:@SECLEVEL=0", "-www")
    with s_server(stored(tmp_path, issue("localhost", root)), *options) as port:
        keys = facts(observe(local(port)), CertificateKey)
    assert {place: key.algorithm for place, key in keys.items()} == {
        f"localhost:{port} ECDSA": "ECDSA secp256r1",
        f"localhost:{port} RSA": "RSA",
    }


def test_a_server_that_answers_to_its_name_only_is_seen(tmp_path: Path) -> None:
    made = context(tmp_path, issue("localhost"))

    def refuse(_socket: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int | None:
        return None if name == "localhost" else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    made.sni_callback = refuse
    with serving(made) as port:
        collected = observe(local(port))
    assert only(collected, CertificateNames).covers_asked
    assert only(collected, TlsProtocols).accepted


# Features.


def test_a_clean_listener_fails_no_rule_and_costs_few_connections(
    tmp_path: Path, root: Issued
) -> None:
    made = context(tmp_path, issue("localhost", root))
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    made.options |= ssl.OP_NO_RENEGOTIATION
    counted: list[int] = []

    def serve(line: socket.socket) -> None:
        counted.append(1)
        with suppress(OSError), made.wrap_socket(line, server_side=True) as tls:
            while tls.recv(4096):
                tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    (tmp_path / "ca.pem").write_bytes(pem(root))
    with listening(serve) as port:
        collected = observe(local(port), authorities=(str(tmp_path / "ca.pem"),))
    assert len(counted) < 60
    assert failing(collected) <= {"certificate-revocation-source"}
    assert only(collected, TlsFeatures) == TlsFeatures(True, None, True, True)
    resumption = only(collected, TlsResumption)
    assert 0 < resumption.ticket_seconds <= 86400
    assert resumption.early_data is False


@pytest.mark.skipif(shutil.which("nginx") is None, reason="no nginx here")
def test_early_data_and_long_tickets_are_seen(tmp_path: Path) -> None:
    cert, key = stored(tmp_path, issue("localhost"))
    directives = f"ssl_certificate {cert}; ssl_certificate_key {key}; ssl_session_timeout 2d; ssl_protocols TLSv1.2 TLSv1.3; ssl_early_data on;"
    with nginx_server(tmp_path, directives) as port:
        collected = observe(local(port))
    assert only(collected, TlsResumption) == TlsResumption(2 * 86400, True)
    assert {"tls-tickets-short", "tls-early-data-refused"} <= failing(collected)


@contextmanager
def nginx_server(folder: Path, directives: str) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    temporary = " ".join(
        f"{n}_temp_path {folder}/{n};" for n in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;"
        f" events {{}} http {{ access_log off; {temporary}"
        f" server {{ listen 127.0.0.1:{port} ssl; {directives} return 200 ok; }} }}"
    )
    process = subprocess.Popen(
        ["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "early.log")],
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 5
        while time.monotonic() < until:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait(5)


@needs_openssl
def test_a_short_shared_prime_has_a_name(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    options = ("-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0", "-www")
    with s_server(stored(tmp_path, issue("localhost", key=key)), *options) as port:
        collected = observe(local(port))
    exchange = only(collected, TlsKeyExchange)
    assert exchange.dh_bits == (1024,) or exchange.dh_bits == (2048,)
    assert [prime.bits for prime in exchange.shared_primes] == list(exchange.dh_bits)


def test_the_attacks_of_an_old_server_are_told_by_their_names(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    made = context(tmp_path, issue("localhost", key=key))
    made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    made.maximum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers("AES128-SHA:@SECLEVEL=0")
    with serving(made) as port:
        told = findings(observe(local(port)))
    attacks = {
        name.split()[1]: f.outcome
        for name, f in told.items()
        if name.startswith("tls-named-attacks ")
    }
    assert attacks.pop("BEAST") is Outcome.FAIL
    assert set(attacks) == {"DROWN", "POODLE", "RC4", "SWEET32", "FREAK", "LOGJAM", "LUCKY13"}
    assert set(attacks.values()) == {Outcome.PASS}
    assert told["tls-named-attacks BEAST"].location == f"localhost:{port} BEAST"


# Profiles.


def test_mozilla_modern_refuses_tls_1_2_and_says_by_whose_numbers(tmp_path: Path) -> None:
    made = context(tmp_path, issue("localhost"))
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers("ECDHE+AESGCM")
    with serving(made) as port:
        collected = observe(local(port))
    assert findings(collected)["tls-protocols"].outcome is Outcome.PASS
    modern = findings(collected, Profile.MOZILLA_MODERN)["tls-protocols"]
    assert modern.outcome is Outcome.FAIL
    assert modern.sentence.fr.endswith("(profil mozilla-modern)")


def test_what_a_profile_admits_and_anssi_does_not_is_no_pass(tmp_path: Path) -> None:
    made = context(tmp_path, issue("localhost"))
    made.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    with serving(made) as port:
        collected = observe(local(port))
    assert findings(collected)["tls-server-order"].outcome is Outcome.FAIL
    looser = findings(collected, Profile.MOZILLA_INTERMEDIATE)["tls-server-order"]
    assert looser.outcome is Outcome.NOT_APPLICABLE
    assert "lets the client choose the suite" in looser.sentence.en


# Servers sslyze cannot scan, or only in part.


@needs_openssl
def test_a_server_with_p_192_only_is_scanned(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    options = ("-tls1_2", "-groups", "secp192r1", "-cipher", "ECDHE:@SECLEVEL=0", "-www")
    with s_server(stored(tmp_path, issue("localhost", key=key)), *options) as port:
        collected = observe(local(port))
    assert only(collected, TlsKeyExchange).groups == ("secp192r1",)
    assert only(collected, CertificateChain).validation == "self_signed"
    assert "key-exchange-strong" in failing(collected)


def test_a_server_with_dh_512_only_shows_its_certificate() -> None:
    leaf = issue("localhost", key=rsa.generate_private_key(65537, 2048))
    with listening(answering(dh_512(leaf))) as port:
        collected = observe(local(port))
    assert only(collected, TlsKeyExchange).dh_bits == (512,)
    assert only(collected, CertificateKey).bits == 2048
    assert "key-exchange-strong" in failing(collected)
    assert gaps(collected)["tls-flaw"].reason is GapReason.REFUSED


def dh_512(leaf: Issued) -> Callable[[Offer], bytes | None]:
    """Answer TLS 1.2 with one DHE suite, the certificate and a 512-bit prime."""
    suite = 0x009E
    der = leaf.certificate.public_bytes(Encoding.DER)
    listed = len(der).to_bytes(3, "big") + der
    certificate = handshake(11, len(listed).to_bytes(3, "big") + listed)
    prime = (1 << 511 | 12345).to_bytes(64, "big")
    parts = (prime, b"\x02", bytes(64))
    exchange = handshake(12, b"".join(struct.pack("!H", len(p)) + p for p in parts) + bytes(4))

    def choose(offer: Offer) -> bytes | None:
        if suite not in offer.suites or offer.version != 0x0303:
            return record(21, b"\x02\x28")
        return server_hello(0x0303, suite) + record(22, certificate) + record(22, exchange)

    return choose


def handshake(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


@pytest.mark.parametrize("highest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_a_client_certificate_shows_its_own(
    tmp_path: Path, root: Issued, highest: ssl.TLSVersion
) -> None:
    made = context(tmp_path, issue("localhost", root))
    made.minimum_version = made.maximum_version = highest
    made.verify_mode = ssl.CERT_REQUIRED
    made.load_verify_locations(cadata=pem(root).decode())
    with serving(made) as port:
        collected = observe(local(port))
    assert only(collected, CertificateKey).algorithm == "ECDSA secp256r1"
    assert only(collected, TlsProtocols).accepted
    assert "certificate-chain" not in gaps(collected)


def test_a_mysql_server_shows_its_certificate_behind_its_own_starttls(tmp_path: Path) -> None:
    made = context(tmp_path, issue("localhost"))
    greeting = (
        b"\x0a8.0.0\0" + bytes(4) + b"abcdefgh\0" + struct.pack("<H", 0xFFFF) + b"\x21" + bytes(20)
    )

    def serve(line: socket.socket) -> None:
        line.sendall(len(greeting).to_bytes(3, "little") + b"\0" + greeting)
        line.recv(36)
        with suppress(OSError), made.wrap_socket(line, server_side=True) as tls:
            tls.recv(100)

    with listening(serve) as port:
        collected = observe(local(port, starttls="mysql"))
    assert only(collected, CertificateChain).validation == "self_signed"
    assert only(collected, TlsResumption).ticket_seconds is not None
    flaws = facts(collected, TlsFlaw)
    assert flaws[f"localhost:{port} TLS compression"] == TlsFlaw("TLS compression", False)
    assert gaps(collected)["tls-flaw"].reason is GapReason.INSTRUMENT_MISSING


def test_over_ipv6_too(tmp_path: Path) -> None:
    made = context(tmp_path, issue("localhost"))
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")
    with listener:
        port = listener.getsockname()[1]
        with relayed(listener, made):
            collected = observe(local(port, "[::1]"))
    assert facts(collected, CertificateChain).keys() == {f"[::1]:{port}"}


@contextmanager
def relayed(listener: socket.socket, made: ssl.SSLContext) -> Iterator[None]:
    import threading

    def loop() -> None:
        with suppress(OSError):
            while True:
                line, _ = listener.accept()
                with suppress(OSError), line:
                    line.settimeout(2)
                    with made.wrap_socket(line, server_side=True) as tls:
                        tls.recv(100)

    threading.Thread(target=loop, daemon=True).start()
    yield


# Bad peers: a gap with the right reason, in time.

EVERY = [Certificates(), TlsListener(), Opportunistic()]


def reset(line: socket.socket) -> None:
    line.recv(200)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


BAD: dict[str, tuple[Callable[[socket.socket], object], GapReason]] = {
    "silent": (lambda line: time.sleep(7), GapReason.TIMED_OUT),
    "plain HTTP": (
        lambda line: line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        GapReason.MALFORMED,
    ),
    "alert at once": (lambda line: line.sendall(b"\x15\x03\x03\0\2\2\x50"), GapReason.REFUSED),
    "reset": (reset, GapReason.REFUSED),
    "closed": (lambda line: None, GapReason.REFUSED),
    "noise": (lambda line: line.sendall(bytes(range(256)) * 400), GapReason.MALFORMED),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_peer_is_a_gap_with_its_reason_in_time(name: str) -> None:
    talk, reason = BAD[name]
    with listening(talk) as port:
        collected = observe(local(port, "127.0.0.1"))
    assert not any(isinstance(o, Evidence) for o in collected.observations)
    assert {gap.reason for gap in gaps(collected).values()} == {reason}


def test_a_dead_starttls_is_a_gap_in_time() -> None:
    with listening(lambda line: time.sleep(7)) as port:
        collected = observe(local(port, "127.0.0.1", "smtp"), instruments=EVERY)
    assert {gap.reason for gap in gaps(collected).values()} == {GapReason.TIMED_OUT}


def test_a_silent_port_delays_nobody_else(tmp_path: Path) -> None:
    ended: dict[str, float] = {}
    begun = time.monotonic()

    def watch(_name: str, target: str, step: str) -> None:
        if step != "start":
            ended[target] = time.monotonic() - begun

    with ExitStack() as stack:
        good = [
            stack.enter_context(serving(context(tmp_path, issue("localhost")))) for _ in range(4)
        ]
        silent = stack.enter_context(listening(lambda line: time.sleep(7)))
        targets = tuple(local(port) for port in (silent, *good))
        scope = Scope(version=1, targets=targets)
        collect(
            scope,
            [Certificates(), TlsListener()],
            Tools(Path("/"), scope, Journal(), Limits()),
            watch,
        )
    assert ended[f"localhost:{silent}"] < 6
    assert max(ended[f"localhost:{port}"] for port in good) < 4


def test_an_endless_chain_is_cut_off(tmp_path: Path, root: Issued) -> None:
    many = [issue(f"Link {n}", root, extensions=AUTHORITY) for n in range(40)]
    with serving(context(tmp_path, issue("localhost", root), *many)) as port:
        collected = observe(local(port))
    assert only(collected, CertificateChain).validation == "incomplete"


# The child process.


def question(port: int) -> dict[str, Any]:
    return {
        "host": "127.0.0.1",
        "address": "127.0.0.1",
        "port": port,
        "starttls": None,
        "early_data": True,
        "chains": False,
    }


def test_a_child_that_dies_is_replaced_and_the_scan_done_again(tmp_path: Path) -> None:
    child = SslyzeChild()
    with serving(context(tmp_path, issue("localhost"))) as port:
        assert "error" not in child.scan(question(port))
        os.kill(child._current()._process.pid, signal.SIGKILL)
        assert child.scan(question(port))["HEARTBLEED"] is False


def test_a_child_that_hangs_is_ended_and_told_as_timed_out() -> None:
    from cnilcheck.errors import TimedOut

    child = SslyzeChild()
    with listening(lambda line: time.sleep(5)) as port, pytest.raises(TimedOut):
        child.scan(question(port), seconds=1.0)
    assert child._child is not None
    child._child._process.wait(5)


def test_a_worn_child_is_relieved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sslyze_child, "SCANS_PER_CHILD", 2)
    child = SslyzeChild()
    with serving(context(tmp_path, issue("localhost"))) as port:
        children = set()
        for _ in range(4):
            children.add(child._current()._process.pid)
            assert "error" not in child.scan(question(port))
    assert len(children) == 2


# A server of the nineties.


def test_ssl_3_with_rc4_and_3des_is_told_attack_by_attack(tmp_path: Path) -> None:
    pytest.importorskip("tlslite")
    from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey
    from tlslite.errors import BaseTLSException

    leaf = issue("localhost", key=rsa.generate_private_key(65537, 2048))
    chain, key_file = stored(tmp_path, leaf)
    certificates = X509CertChain()
    certificates.parsePemList(Path(chain).read_text())
    key = parsePEMKey(Path(key_file).read_text(), private=True)
    settings = HandshakeSettings()
    settings.minVersion, settings.maxVersion = (3, 0), (3, 1)
    settings.cipherNames = ["rc4", "3des"]
    settings.keyExchangeNames = ["rsa"]
    settings.useEncryptThenMAC = False

    def serve(line: socket.socket) -> None:
        tls = TLSConnection(line)
        with suppress(BaseTLSException, OSError, ValueError):
            tls.handshakeServer(certChain=certificates, privateKey=key, settings=settings)
            tls.read(max=1, min=1)

    with listening(serve) as port:
        collected = observe(local(port))
    assert only(collected, TlsProtocols).accepted == ("SSL 3.0", "TLS 1.0")
    told = {name for name in failing(collected) if name.startswith("tls-named-attacks")}
    assert told == {
        f"tls-named-attacks {n}" for n in ("POODLE", "BEAST", "RC4", "SWEET32", "LUCKY13")
    }
    assert "tls-suites-not-broken" in failing(collected)
    assert only(collected, CertificateKey).algorithm == "RSA"


# Compression.


@pytest.mark.parametrize("sent", ["gzip", "", "identity"])
def test_a_compressed_page_is_a_hint_of_breach(tmp_path: Path, sent: str) -> None:
    made = context(tmp_path, issue("localhost"))
    header = f"Content-Encoding: {sent}\r\n" if sent else ""

    def serve(line: socket.socket) -> None:
        with suppress(OSError), made.wrap_socket(line, server_side=True) as tls:
            asked = tls.recv(4096)
            assert b"Accept-Encoding: gzip" in asked
            tls.sendall(f"HTTP/1.1 200 OK\r\n{header}Content-Length: 0\r\n\r\n".encode())

    with listening(serve) as port:
        scope = Scope(version=1, targets=(WebTarget(url=f"https://localhost:{port}/"),))
        collected = collect(
            scope, [PageCompression()], Tools(Path("/"), scope, Journal(), Limits())
        )
    assert only(collected, HttpCompression).encoding == ("gzip" if sent == "gzip" else "")
    assert ("tls-breach-excluded" in failing(collected)) == (sent == "gzip")


@pytest.mark.parametrize(
    "noise", [b"\xff" * 100_000, b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 9000, b""]
)
def test_a_page_that_is_none_is_a_gap(tmp_path: Path, noise: bytes) -> None:
    made = context(tmp_path, issue("localhost"))

    def serve(line: socket.socket) -> None:
        with suppress(OSError), made.wrap_socket(line, server_side=True) as tls:
            tls.recv(4096)
            tls.sendall(noise)

    with listening(serve) as port:
        scope = Scope(version=1, targets=(WebTarget(url=f"https://localhost:{port}/"),))
        collected = collect(
            scope, [PageCompression()], Tools(Path("/"), scope, Journal(), Limits())
        )
    assert len(facts(collected, HttpCompression)) + len(gaps(collected)) == 1
