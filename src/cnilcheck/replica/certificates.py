"""The replica's own certification authority and the certificate it signs for the web server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey

_REVOCATIONS = "http://autorite.demonstration.invalid/revocations.crl"


@dataclass(frozen=True)
class Certificates:
    """PEM texts: the authority to trust, and what the server shows and keeps."""

    authority: bytes
    server: bytes
    server_key: bytes


def issue(mended: bool = False) -> Certificates:
    """A fresh authority and a server certificate of ninety days around now.

    Not around the day of the replica: TLS clients look at the clock. The flawed deployment needs
    RSA of 2048 bits for its key transport; the mended one has what is recommended today.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    def fresh() -> PrivateKey:
        if mended:
            return ec.generate_private_key(ec.SECP256R1())
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    authority_key, server_key = fresh(), fresh()
    authority = _authority(authority_key)
    server = _server(server_key, authority, authority_key, mended)
    return Certificates(
        authority=authority.public_bytes(Encoding.PEM),
        server=server.public_bytes(Encoding.PEM),
        server_key=server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def _authority(key: PrivateKey) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    name = _name("Autorité de démonstration cnilcheck (inventée)")
    builder = _builder(name, name, key)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(authority=True, transport=False), critical=True)
    return builder.sign(key, hashes.SHA256())


def _server(
    key: PrivateKey, authority: x509.Certificate, signer: PrivateKey, mended: bool
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID

    names = x509.SubjectAlternativeName(
        [x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("localhost")]
    )
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = _builder(_name("localhost"), authority.subject, key)
    builder = builder.add_extension(names, critical=False)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True
    )
    # RSA key transport, which the flawed deployment still accepts.
    usage = _usage(authority=False, transport=not mended)
    builder = builder.add_extension(usage, critical=True)
    builder = builder.add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
    )
    builder = builder.add_extension(issuer_key, critical=False)
    if mended:
        place = [x509.UniformResourceIdentifier(_REVOCATIONS)]
        point = x509.DistributionPoint(place, None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(subject: x509.Name, issuer: x509.Name, key: PrivateKey) -> x509.CertificateBuilder:
    from cryptography import x509

    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=60))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(authority: bool, transport: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not authority,
        key_encipherment=transport,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
