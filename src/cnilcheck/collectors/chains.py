"""What a certificate and its chain say, and whether the chain leads to an authority one knows."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cnilcheck.collectors.base import Missing, Seen, Sighting
from cnilcheck.errors import CollectionError, Malformed, NotReadable
from cnilcheck.model.facts import (
    CertificateChain,
    CertificateDates,
    CertificateKey,
    CertificateNames,
    CertificateRevocation,
    CertificateSerial,
    CertificateUsage,
)
from cnilcheck.model.personal_data import printable

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, ExtensionType

    _X = TypeVar("_X", bound=ExtensionType)

LONGEST_CHAIN = 10
"""Certificates looked at of one chain; a server may send an endless one."""
_LARGEST_FILE = 1_000_000


@dataclass(frozen=True)
class Authorities:
    """Whom to believe: the public roots, and those the scope names."""

    public: tuple[Certificate, ...]
    scope: tuple[Certificate, ...]


@cache
def public_roots() -> tuple[Certificate, ...]:
    """Return the roots of Mozilla's programme, as `certifi` carries them."""
    import certifi
    from cryptography import x509

    _hush()
    return tuple(x509.load_pem_x509_certificates(Path(certifi.where()).read_bytes()))


def _hush() -> None:
    """Leave unsaid what `cryptography` has to say of certificates that it reads nevertheless."""
    from cryptography.utils import CryptographyDeprecationWarning

    # Not `catch_warnings`: it restores the filters of all threads when one has done.
    warnings.filterwarnings("ignore", category=CryptographyDeprecationWarning)


def authorities_of(paths: Sequence[Path]) -> Authorities:
    """Return the authorities; raises NotReadable or Malformed for a file of the scope."""
    from cryptography import x509

    named: list[Certificate] = []
    for path in paths:
        try:
            named += x509.load_pem_x509_certificates(path.read_bytes()[:_LARGEST_FILE])
        except OSError as problem:
            raise NotReadable(f"{path.name}: {problem.strerror}") from None
        except ValueError:
            raise Malformed(f"{path.name}: not a PEM certificate") from None
    return Authorities(public_roots(), tuple(named))


def parse(chain_der: Sequence[bytes]) -> tuple[Certificate, ...]:
    """Return the certificates of a chain, the leaf first; raises Malformed when that is none.

    What follows the leaf and cannot be read is left out.
    """
    from cryptography import x509

    _hush()
    chain: list[Certificate] = []
    for number, der in enumerate(chain_der[:LONGEST_CHAIN]):
        try:
            chain.append(x509.load_der_x509_certificate(der))
        except ValueError:
            if number == 0:
                raise Malformed("the certificate cannot be read") from None
    if not chain:
        raise Malformed("no certificate was shown")
    return tuple(chain)


def sightings(
    place: str,
    chain: Sequence[Certificate],
    asked: str,
    stapled: bool | None,
    authorities: Callable[[], Authorities],
) -> Iterator[Sighting]:
    """Yield every fact of one leaf certificate and its chain; what is unreadable is a gap."""
    leaf = chain[0]
    try:
        yield Seen(place, chain_fact(chain, authorities()))
    except CollectionError as problem:
        yield Missing(place, CertificateChain, problem)
    yield Seen(place, CertificateDates(leaf.not_valid_before_utc, leaf.not_valid_after_utc))
    yield Seen(place, _serial(leaf))
    try:
        yield Seen(place, _key(leaf))
    except CollectionError as problem:
        yield Missing(place, CertificateKey, problem)
    try:
        found = (_names(leaf, asked), _usage(leaf), _revocation(leaf, stapled))
    except CollectionError as problem:
        for kind in (CertificateNames, CertificateUsage, CertificateRevocation):
            yield Missing(place, kind, problem)
    else:
        yield from (Seen(place, fact) for fact in found)


# The chain.


def chain_fact(chain: Sequence[Certificate], authorities: Authorities) -> CertificateChain:
    """Return where the chain leads, or why it leads nowhere, in a word of its own."""
    for anchor, roots in (("system", authorities.public), ("scope", authorities.scope)):
        if roots and _verified(chain, roots):
            return CertificateChain("valid", anchor)  # type: ignore[arg-type]
    for anchor, roots in (("system", authorities.public), ("scope", authorities.scope)):
        path = _path(chain, roots)
        if path.root is not None:
            fault = _fault(path.certificates)
            if fault is None:
                return CertificateChain("valid", anchor)  # type: ignore[arg-type]
            return CertificateChain("invalid", "none", fault)
    return _without_root(chain, _path(chain, ()))


def _verified(chain: Sequence[Certificate], roots: Sequence[Certificate]) -> bool:
    """Return whether `cryptography` builds a path; the leaf's own fields are facts of their own."""
    from cryptography.x509.verification import (
        ExtensionPolicy,
        PolicyBuilder,
        Store,
        VerificationError,
    )

    builder = PolicyBuilder().store(Store(list(roots))).time(_moment(chain[0]))
    builder = builder.extension_policies(
        ee_policy=ExtensionPolicy.permit_all(), ca_policy=ExtensionPolicy.webpki_defaults_ca()
    )
    try:
        builder.build_client_verifier().verify(chain[0], list(chain[1:]))
    except (VerificationError, ValueError):
        return False
    return True


def _moment(leaf: Certificate) -> dt.datetime:
    """Return now, or the day nearest to it on which the leaf was valid.

    Validity in time is a fact of its own: an expired certificate is still its authority's.
    """
    now = dt.datetime.now(dt.UTC)
    return min(max(now, leaf.not_valid_before_utc), leaf.not_valid_after_utc)


@dataclass(frozen=True)
class _Path:
    """Certificates from the leaf upwards as far as signatures carry, and the root they reach."""

    certificates: tuple[Certificate, ...]
    root: Certificate | None
    forged: bool
    """Whether a certificate of the right name was there that had not signed."""


def _path(chain: Sequence[Certificate], roots: Sequence[Certificate]) -> _Path:
    path, forged = [chain[0]], False
    while len(path) <= LONGEST_CHAIN:
        last = path[-1]
        by_name = [root for root in roots if root.subject == last.issuer]
        for root in by_name:
            if last == root or _signed(last, root):
                return _Path(tuple(path), root, False)
        above = [c for c in chain if c.subject == last.issuer and c not in path]
        issuer = next((c for c in above if _signed(last, c)), None)
        forged = bool(by_name or above) and issuer is None
        if issuer is None:
            break
        path.append(issuer)
    return _Path(tuple(path), None, forged)


def _signed(certificate: Certificate, issuer: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _fault(path: Sequence[Certificate]) -> str | None:
    """Return what is wrong with the intermediates of a path that reaches a root."""
    moment = _moment(path[0])
    for certificate in path[1:]:
        if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
            return "intermediate out of date"
        if not _is_authority(certificate):
            return "intermediate is no authority"
        try:
            key = _key(certificate)
        except CollectionError:
            return "intermediate unreadable"
        if key.signature_hash in ("MD5", "SHA1") or (key.algorithm == "RSA" and key.bits < 2048):
            return "intermediate too weak"
    # With sound intermediates, what `cryptography` refused is the leaf's own key or signature,
    # which is a fact of its own, unless a name or a length is constrained above it.
    return "constraints not met" if any(map(_constrains, path[1:])) else None


def _is_authority(certificate: Certificate) -> bool:
    from cryptography import x509

    try:
        constraints = _extension(certificate, x509.BasicConstraints)
    except Malformed:
        return False
    return constraints is not None and constraints.ca


def _constrains(certificate: Certificate) -> bool:
    from cryptography import x509

    return _extension(certificate, x509.NameConstraints) is not None


def _without_root(chain: Sequence[Certificate], path: _Path) -> CertificateChain:
    leaf, top = chain[0], path.certificates[-1]
    if leaf.issuer == leaf.subject:
        if path.forged or _signed(leaf, leaf):
            return CertificateChain("self_signed", "none")
        return CertificateChain("invalid", "none", "signature does not match")
    if top.issuer == top.subject:
        return CertificateChain("unknown_authority", "none")
    if path.forged:
        return CertificateChain("invalid", "none", "signature does not match")
    # A root need not be sent: with intermediates and no address where more could be fetched
    # (RFC 5280 section 4.2.2.1), nothing says that any is missing.
    if len(path.certificates) == 1 or _names_issuer(top):
        return CertificateChain("incomplete", "none")
    return CertificateChain("unknown_authority", "none")


def _names_issuer(certificate: Certificate) -> bool:
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID

    try:
        access = _extension(certificate, x509.AuthorityInformationAccess)
    except Malformed:
        return False
    issuers = AuthorityInformationAccessOID.CA_ISSUERS
    return access is not None and any(d.access_method == issuers for d in access)


# The leaf.


def _extension(certificate: Certificate, kind: type[_X]) -> _X | None:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise Malformed("the certificate's extensions cannot be read") from None


def _names(leaf: Certificate, asked: str) -> CertificateNames:
    from cryptography import x509

    extension = _extension(leaf, x509.SubjectAlternativeName)
    if extension is None:
        return CertificateNames(asked, (), False)
    names = extension.get_values_for_type(x509.DNSName)
    addresses = extension.get_values_for_type(x509.IPAddress)
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


def _key(certificate: Certificate) -> CertificateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

    exponent = None
    try:
        key = certificate.public_key()
        signature = certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        raise Malformed("the certificate's key is of a kind that cannot be read") from None
    match key:
        case rsa.RSAPublicKey():
            algorithm, bits = "RSA", key.key_size
            exponent = min(key.public_numbers().e, 2**32)
        case ec.EllipticCurvePublicKey():
            algorithm, bits = f"ECDSA {key.curve.name}", key.curve.key_size
        case dsa.DSAPublicKey():
            algorithm, bits = "DSA", key.key_size
        case _:
            algorithm, bits = type(key).__name__.removesuffix("PublicKey"), 256
    name = signature.name.upper() if signature else algorithm
    return CertificateKey(algorithm, bits, name, exponent)


_KEY_USAGES = {
    "digital_signature": "digitalSignature",
    "content_commitment": "nonRepudiation",
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
}


def _usage(leaf: Certificate) -> CertificateUsage:
    from cryptography import x509

    usage, extended = _extension(leaf, x509.KeyUsage), _extension(leaf, x509.ExtendedKeyUsage)
    key_usage, critical = None, False
    if usage is not None:
        key_usage = tuple(word for name, word in _KEY_USAGES.items() if getattr(usage, name))
        critical = leaf.extensions.get_extension_for_class(x509.KeyUsage).critical
    purposes = None if extended is None else tuple(_purpose(oid) for oid in list(extended)[:20])
    return CertificateUsage(key_usage, critical, purposes)


def _purpose(oid: object) -> str:
    name, dotted = getattr(oid, "_name", ""), getattr(oid, "dotted_string", "")
    return dotted if name in ("", "Unknown OID") else str(name)


def _serial(leaf: Certificate) -> CertificateSerial:
    number = leaf.serial_number
    return CertificateSerial(number > 0, number.bit_length() // 8 + 1)


def _revocation(leaf: Certificate, stapled: bool | None) -> CertificateRevocation:
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID

    access = _extension(leaf, x509.AuthorityInformationAccess)
    ocsp = AuthorityInformationAccessOID.OCSP
    features = _extension(leaf, x509.TLSFeature)
    return CertificateRevocation(
        crl=_extension(leaf, x509.CRLDistributionPoints) is not None,
        ocsp=access is not None and any(d.access_method == ocsp for d in access),
        must_staple=features is not None and x509.TLSFeatureType.status_request in features,
        stapled=stapled,
    )
