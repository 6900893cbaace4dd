"""Certificates and known implementation flaws; the only file that knows sslyze."""

from __future__ import annotations

import ipaddress
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cnilcheck.collectors.base import Missing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.listeners import Listener, connect_tls, tls_tasks
from cnilcheck.errors import (
    CollectionError,
    InstrumentMissing,
    Malformed,
    NotReadable,
    Refused,
    Unreachable,
)
from cnilcheck.model.facts import (
    CertificateChain,
    CertificateDates,
    CertificateKey,
    CertificateNames,
    TlsFlaw,
)
from cnilcheck.model.personal_data import printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sslyze import (
        CertificateDeploymentAnalysisResult,
        ServerNetworkConfiguration,
        ServerScanResult,
    )

_FLAW = Literal[
    "Heartbleed", "early CCS", "ROBOT", "TLS compression",
    "client-initiated renegotiation", "insecure renegotiation",
]  # fmt: skip
_COMMANDS = (
    "CERTIFICATE_INFO", "HEARTBLEED", "OPENSSL_CCS_INJECTION", "ROBOT", "TLS_COMPRESSION",
    "SESSION_RENEGOTIATION",
)  # fmt: skip


class Certificates:
    """Asks sslyze for what needs a real TLS library: certificates, and tests for known flaws."""

    name = "sslyze"
    method = Method.TEST
    yields = (CertificateChain, CertificateNames, CertificateDates, CertificateKey, TlsFlaw)
    asks = "targets[].url, targets[].tls"

    def version(self) -> str:
        """Return sslyze's version."""
        from importlib.metadata import version

        return version("sslyze")

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return each TLS listener once."""
        return tls_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the leaf certificate's facts, then one fact for each flaw tested."""
        # sslyze waits about a minute on a port that accepts and says nothing, and its scheduler
        # yields nothing before: a port that is shut is left out of it.
        connect_tls(task.subject, tools).close()
        result = _scan(task.subject)
        attempts = result.scan_result
        if attempts is None:
            reason = "sslyze could not agree on a version and suite with this server"
            tools.journal.write(task.target, self.name, "certificate and flaws", reason)
            raise Refused(f"{task.location}: {reason}")
        tools.journal.write(task.target, self.name, "certificate and flaws", "completed")
        certificate = _result(attempts.certificate_info)
        if isinstance(certificate, CollectionError):
            for kind in self.yields[:-1]:
                yield Missing(task.location, kind, certificate)
        else:
            authorities = [tools.path(p) for p in tools.scope.sources.authorities]
            for deployment in certificate.certificate_deployments[:1]:
                yield from _certificate(task, deployment, authorities)
        yield from _flaws(task.location, attempts)


def _scan(listener: Listener) -> ServerScanResult:
    from sslyze import ScanCommand, Scanner, ServerNetworkLocation, ServerScanRequest
    from sslyze.errors import ServerHostnameCouldNotBeResolved

    # sslyze's own trust stores hold roots that `cryptography` warns about on each load.
    warnings.filterwarnings("ignore", module=r"sslyze\.")
    try:
        request = ServerScanRequest(
            server_location=ServerNetworkLocation(listener.host, listener.port),
            network_configuration=_network(listener),
            scan_commands={ScanCommand[name] for name in _COMMANDS},
        )
    except ServerHostnameCouldNotBeResolved:
        raise Unreachable(f"{listener.host}: the name does not resolve") from None
    scanner = Scanner(concurrent_server_scans_limit=1, per_server_concurrent_connections_limit=5)
    scanner.queue_scans([request])
    return next(iter(scanner.get_results()))


def _network(listener: Listener) -> ServerNetworkConfiguration:
    from sslyze import ProtocolWithOpportunisticTlsEnum, ServerNetworkConfiguration

    if listener.protocol is None:
        return ServerNetworkConfiguration(tls_server_name_indication=listener.host)
    name = listener.protocol.name.replace("POSTGRESQL", "POSTGRES")
    if name not in ProtocolWithOpportunisticTlsEnum.__members__:
        raise InstrumentMissing(f"{listener.spelling}: sslyze does not speak {listener.protocol}")
    return ServerNetworkConfiguration(
        tls_server_name_indication=listener.host,
        tls_opportunistic_encryption=ProtocolWithOpportunisticTlsEnum[name],
    )


def _result(attempt: Any) -> Any:
    if attempt.result is not None:
        return attempt.result
    reason = attempt.error_reason.value.lower().replace("_", " ") if attempt.error_reason else "?"
    trace = attempt.error_trace
    detail = printable(str(trace.exc_type_str if trace else ""), 80)
    return Refused(f"sslyze: {reason} {detail}".strip())


def _certificate(
    task: Task, deployment: CertificateDeploymentAnalysisResult, authorities: list[Path]
) -> Iterator[Sighting]:
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

    leaf = deployment.received_certificate_chain[0]
    yield Seen(task.location, _chain(deployment, authorities, task.subject))
    yield Seen(task.location, _names(leaf, task.subject.host))
    yield Seen(task.location, CertificateDates(leaf.not_valid_before_utc, leaf.not_valid_after_utc))
    key = leaf.public_key()
    match key:
        case rsa.RSAPublicKey():
            algorithm, bits = "RSA", key.key_size
        case ec.EllipticCurvePublicKey():
            algorithm, bits = f"ECDSA {key.curve.name}", key.curve.key_size
        case dsa.DSAPublicKey():
            algorithm, bits = "DSA", key.key_size
        case _:
            algorithm, bits = type(key).__name__.removesuffix("PublicKey"), 256
    signature = leaf.signature_hash_algorithm
    name = signature.name.upper() if signature else algorithm
    yield Seen(task.location, CertificateKey(algorithm, bits, name))


def _chain(
    deployment: CertificateDeploymentAnalysisResult, authorities: list[Path], listener: Listener
) -> CertificateChain:
    chain = deployment.received_certificate_chain
    if deployment.verified_certificate_chain:
        return CertificateChain("valid", "system")
    private = _known_to(authorities, chain, listener)
    if private:
        return CertificateChain("valid", "scope")
    details = [r.validation_error for r in deployment.path_validation_results if r.validation_error]
    detail = printable(details[0], 160) if details else ""
    leaf = chain[0]
    if leaf.issuer == leaf.subject:
        return CertificateChain("self_signed", "none", detail)
    if len(chain) == 1:
        return CertificateChain("incomplete", "none", detail)
    return CertificateChain("unknown_authority", "none", detail)


def _known_to(authorities: list[Path], chain: list[Certificate], listener: Listener) -> bool:
    from cryptography import x509
    from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

    roots: list[Certificate] = []
    for path in authorities:
        try:
            roots += x509.load_pem_x509_certificates(path.read_bytes()[:1_000_000])
        except OSError as problem:
            raise NotReadable(f"{path.name}: {problem.strerror}") from None
        except ValueError:
            raise Malformed(f"{path.name}: not a PEM certificate") from None
    if not roots:
        return False
    subject: x509.DNSName | x509.IPAddress
    try:
        subject = x509.IPAddress(ipaddress.ip_address(listener.host))
    except ValueError:
        subject = x509.DNSName(listener.host)
    # Validity in time is a fact of its own: an expired certificate is still this authority's.
    moment = chain[0].not_valid_before_utc
    verifier = PolicyBuilder().store(Store(roots)).time(moment).build_server_verifier(subject)
    try:
        verifier.verify(chain[0], chain[1:])
    except VerificationError:
        return False
    return True


def _names(leaf: Certificate, asked: str) -> CertificateNames:
    from cryptography import x509

    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return CertificateNames(asked, (), False)
    names = extension.value.get_values_for_type(x509.DNSName)
    addresses = extension.value.get_values_for_type(x509.IPAddress)
    spelled = tuple(printable(name, 253) for name in names[:50])
    spelled += tuple(str(address) for address in addresses[:50])
    covers = asked in map(str, addresses) or any(_matches(name, asked) for name in names)
    return CertificateNames(asked, spelled, covers)


def _matches(name: str, asked: str) -> bool:
    # RFC 9525 section 6.3: a wildcard stands for exactly one leftmost label.
    name, asked = name.lower().rstrip("."), asked.lower().rstrip(".")
    if name.startswith("*."):
        return "." in asked and name[2:] == asked.split(".", 1)[1]
    return name == asked


def _flaws(location: str, attempts: Any) -> Iterator[Sighting]:
    tests: tuple[tuple[_FLAW, Any, Any], ...] = (
        ("Heartbleed", attempts.heartbleed, lambda r: r.is_vulnerable_to_heartbleed),
        ("early CCS", attempts.openssl_ccs_injection, lambda r: r.is_vulnerable_to_ccs_injection),
        ("ROBOT", attempts.robot, _robot),
        ("TLS compression", attempts.tls_compression, lambda r: r.supports_compression),
        (
            "client-initiated renegotiation",
            attempts.session_renegotiation,
            lambda r: r.is_vulnerable_to_client_renegotiation_dos,
        ),
        (
            "insecure renegotiation",
            attempts.session_renegotiation,
            lambda r: not r.supports_secure_renegotiation,
        ),
    )
    for name, attempt, present in tests:
        place = f"{location} {name}"
        result = _result(attempt)
        known = None if isinstance(result, CollectionError) else present(result)
        if known is None:
            error = result if isinstance(result, CollectionError) else Refused("no clear answer")
            yield Missing(place, TlsFlaw, error)
        else:
            yield Seen(place, TlsFlaw(name, known))


def _robot(result: Any) -> bool | None:
    answer = result.robot_result.name
    if answer == "UNKNOWN_INCONSISTENT_RESULTS":
        return None
    return bool(answer.startswith("VULNERABLE"))
