"""The laboratory's own authority, and one certificate for each way a certificate can be wrong."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

OAKLEY_1024 = """-----BEGIN DH PARAMETERS-----
MIGHAoGBAP//////////yQ/aoiFowjTExmKLgNwc0SkCTgiKZ8x0Agu+pjsTmyJR
Sgh5jjQE3e+VGbPNOkMbMCsKbfJfFDdP4TVtbVHCReSFtXZiXn7G9ExC6aY37WsL
/1y29Aa37e44a/taiZ+lrp8kEXxLH+ZJKGZR7OZTgf//////////AgEC
-----END DH PARAMETERS-----
"""
"""RFC 2409 group 2: the prime that most servers of 1024 bits share (weakdh.org, 2015)."""
OWN_1024 = """-----BEGIN DH PARAMETERS-----
MIGHAoGBAOTrtLVK4SVPoGJ6U2gIMIb7uWBrj5CbrCPeEufgNBqxpUzrN4HPUr6g
a4c9cI3LEks36aUnznkN1fzT2d4H6MUU5PWqcUUTHVSknu57Eq1ZaQORqFdhZ7N4
Xkp3IXyuyv/aORXwhQvMiKFDml/Vi5Ut0Ka6gtchgkezUo1c8aA3AgEC
-----END DH PARAMETERS-----
"""
OWN_512 = """-----BEGIN DH PARAMETERS-----
MEYCQQCiFKvaX5gvCHUlvnDVp+a3AveKxxNkhNnTKu+VRP5qIaqrSTDGCB/qOklf
/3xTWLePDq/fi3btJS5nxT0qimDHAgEC
-----END DH PARAMETERS-----
"""
DH = {"own-512": OWN_512, "own-1024": OWN_1024, "oakley-1024": OAKLEY_1024}


@dataclass(frozen=True)
class Identity:
    """Files of one server: its chain, its key, and a stapled answer where there is one."""

    chain: Path
    key: Path
    above: Path
    """What the server sends after the leaf; empty when it sends nothing more."""
    staple: Path | None = None


@dataclass(frozen=True)
class Wish:
    """What a leaf certificate is to be like; the defaults are those of a good one."""

    names: tuple[str, ...] = ("127.0.0.1", "127.0.0.2", "localhost")
    key: str = "rsa-3072"
    digest: str = "sha256"
    starts: int = -10
    """Days from now; the period is counted from here."""
    days: int = 90
    issuer: str = "intermediate"
    whole_chain: bool = True
    must_staple: bool = False
    staple: bool = False


WISHES = {
    "good": Wish(),
    "good-ecdsa": Wish(key="ec-256"),
    "rsa-1024": Wish(key="rsa-1024"),
    "sha1": Wish(digest="sha1"),
    "expired": Wish(starts=-100),
    "not-yet-valid": Wish(starts=30),
    "wrong-name": Wish(names=("autre.example",)),
    "self-signed": Wish(issuer="itself"),
    "stranger": Wish(issuer="stranger"),
    "incomplete": Wish(whole_chain=False),
    "over-long": Wish(days=1200),
    "must-staple": Wish(must_staple=True),
    "must-staple-served": Wish(must_staple=True, staple=True),
}


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


@dataclass
class Authority:
    """One signer: its certificate and key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


@dataclass
class Pki:
    """Makes each certificate once, when it is first asked for."""

    folder: Path
    _authorities: dict[str, Authority] = field(default_factory=dict)
    _keys: dict[str, Key] = field(default_factory=dict)
    _made: dict[str, Identity] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """The file of the one authority that clients of the laboratory trust."""
        path = self.folder / "root.pem"
        if not path.exists():
            path.write_bytes(self._authority("root").certificate.public_bytes(Encoding.PEM))
        return path

    def dh(self, name: str) -> Path:
        """Return the file of those Diffie-Hellman parameters."""
        path = self.folder / f"{name}.dh.pem"
        path.write_text(DH[name])
        return path

    def identity(self, name: str) -> Identity:
        """Return the files of the certificate of that name in WISHES."""
        if name not in self._made:
            self._made[name] = self._make(name, WISHES[name])
        return self._made[name]

    def _make(self, name: str, wish: Wish) -> Identity:
        key = self._key(wish.key)
        leaf = self._leaf(wish, key)
        sent = wish.whole_chain and wish.issuer != "itself"
        above = self._authority(wish.issuer).certificate if sent else None
        rest = above.public_bytes(Encoding.PEM) if above else b""
        identity = Identity(
            self.folder / f"{name}.pem",
            self.folder / f"{name}.key",
            self.folder / f"{name}.above.pem",
            self.folder / f"{name}.ocsp" if wish.staple else None,
        )
        identity.chain.write_bytes(leaf.public_bytes(Encoding.PEM) + rest)
        identity.above.write_bytes(rest)
        identity.key.touch(mode=0o600)
        identity.key.write_bytes(_pem(key))
        if identity.staple:
            identity.staple.write_bytes(self._staple(leaf))
        return identity

    def _key(self, kind: str) -> Key:
        if kind not in self._keys:
            family, _, bits = kind.partition("-")
            self._keys[kind] = (
                rsa.generate_private_key(65537, int(bits))
                if family == "rsa"
                else ec.generate_private_key(ec.SECP256R1())
            )
        return self._keys[kind]

    def _authority(self, name: str) -> Authority:
        if name not in self._authorities:
            key = rsa.generate_private_key(65537, 3072)
            signer = self._authority("root") if name == "intermediate" else None
            issuer = signer.certificate.subject if signer else _name(f"laboratory {name}")
            builder = _dated(_name(f"laboratory {name}"), issuer, key, -400, 800)
            builder = builder.add_extension(
                x509.BasicConstraints(True, 0 if signer else 1), critical=True
            ).add_extension(_usage(authority=True), critical=True)
            above = signer.key if signer else key
            builder = builder.add_extension(_issued_by(above), critical=False)
            self._authorities[name] = Authority(builder.sign(above, hashes.SHA256()), key)
        return self._authorities[name]

    def _leaf(self, wish: Wish, key: Key) -> x509.Certificate:
        subject = _name(wish.names[0])
        above = None if wish.issuer == "itself" else self._authority(wish.issuer)
        issuer = above.certificate.subject if above else subject
        signer: Key = above.key if above else key
        names = x509.SubjectAlternativeName([_general(name) for name in wish.names])
        builder = _dated(subject, issuer, key, wish.starts, wish.days)
        builder = (
            builder.add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(_usage(authority=False, rsa_key=wish.key.startswith("rsa")), True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
            .add_extension(_issued_by(signer), critical=False)
            .add_extension(_REVOCATION, critical=False)
        )
        if wish.must_staple:
            feature = x509.TLSFeature([x509.TLSFeatureType.status_request])
            builder = builder.add_extension(feature, critical=False)
        leaf = builder.sign(signer, hashes.SHA256())
        return _with_sha1(leaf, signer) if wish.digest == "sha1" else leaf

    def _staple(self, leaf: x509.Certificate) -> bytes:
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        above = self._authority("intermediate")
        builder = ocsp.OCSPResponseBuilder().add_response(
            leaf, above.certificate, hashes.SHA256(), ocsp.OCSPCertStatus.GOOD,
            now - dt.timedelta(hours=1), now + dt.timedelta(days=3), None, None,
        )  # fmt: skip
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, above.certificate)
        return builder.sign(above.key, hashes.SHA256()).public_bytes(Encoding.DER)


# Nobody asks there: what counts is that an address is given.
_REVOCATION = x509.CRLDistributionPoints(
    [
        x509.DistributionPoint(
            [x509.UniformResourceIdentifier("http://crl.laboratory.invalid/intermediate.crl")],
            None, None, None,
        )
    ]
)  # fmt: skip


def _with_sha1(leaf: x509.Certificate, signer: Key) -> x509.Certificate:
    """Return the certificate signed with SHA-1, which `cryptography` itself no longer does."""
    assert isinstance(signer, rsa.RSAPrivateKey)
    with_rsa = bytes.fromhex("06092a864886f70d0101")
    body = leaf.tbs_certificate_bytes.replace(with_rsa + b"\x0b", with_rsa + b"\x05")
    signature = signer.sign(body, padding.PKCS1v15(), hashes.SHA1())
    algorithm = _der(0x30, with_rsa + b"\x05\x05\x00")
    return x509.load_der_x509_certificate(
        _der(0x30, body + algorithm + _der(0x03, b"\0" + signature))
    )


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    long = size.to_bytes((size.bit_length() + 7) // 8, "big")
    length = bytes([size]) if size < 128 else bytes([0x80 | len(long)]) + long
    return bytes([tag]) + length + content


def _dated(
    subject: x509.Name, issuer: x509.Name, key: Key, starts: int, days: int
) -> x509.CertificateBuilder:
    begin = dt.datetime.now(dt.UTC) + dt.timedelta(days=starts)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _issued_by(signer: Key) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())


def _usage(*, authority: bool, rsa_key: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_encipherment=rsa_key and not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
