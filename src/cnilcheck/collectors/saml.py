"""What a SAML service publishes of itself: its metadata, read as a stranger's XML."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from cnilcheck import __version__
from cnilcheck.collectors.base import Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.site import Site, site, web_targets
from cnilcheck.collectors.transport import LARGE, path_of
from cnilcheck.errors import CollectionError, Malformed
from cnilcheck.model.facts import Fact, SamlCertificate, SamlMetadata
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# Where the common products put it, by their own documentation.
_PATHS = (
    "saml/metadata", "saml2/metadata", "saml2/idp/metadata.php",
    "simplesaml/saml2/idp/metadata.php", "Shibboleth.sso/Metadata", "idp/shibboleth",
    "FederationMetadata/2007-06/FederationMetadata.xml", "auth/saml/metadata", "sso/metadata",
)  # fmt: skip
_NAMED = re.compile(
    r"(?i)/(?:saml2?|sso|idp|federationmetadata)[\w./-]{0,80}(?:metadata|descriptor)"
)
_MOST = 20
_MOST_CERTIFICATES = 20
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
_ALGORITHMS = "{urn:oasis:names:tc:SAML:metadata:algsupport}"
_METADATA = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_HASH = re.compile(r"(?i)(md5|ripemd160|sha-?1|sha-?224|sha-?256|sha-?384|sha-?512|ed25519|ed448)$")


class SamlDescriptions:
    """Asks a site for the metadata of SAML services, where products put them."""

    name = "saml-metadata"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (SamlMetadata,)
    asks = "targets[].url"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the web targets."""
        return tuple(Task(t.spelling, path_of(t.url), t) for t in web_targets(scope))

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what each description says; most sites have none."""
        where, found = site(tools, task.subject), False
        for address in self._addresses(where):
            answer = where.get(self.name, address, max_bytes=LARGE)
            if answer.status != 200 or b"EntityDescriptor" not in answer.body[:8192]:
                continue
            try:
                fact = metadata_of(answer.body)
            except Malformed:
                continue
            found = True
            yield Seen(printable(mask(path_of(address))), fact)
        if not found:
            yield Nothing(task.location, SamlMetadata)

    def _addresses(self, where: Site) -> list[str]:
        addresses = [urljoin(where.root, path) for path in _PATHS]
        where.follow(self.name, where.base)
        try:
            named = where.survey(self.name).addresses
        except CollectionError:
            named = ()
        addresses += [urljoin(where.root, path) for path in named if _NAMED.search(path)]
        return list(dict.fromkeys(addresses))[:_MOST]


def metadata_of(body: bytes) -> SamlMetadata:
    """Return what a description says; raises Malformed for what is none, or declares entities."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise Malformed("not a SAML description") from None
    if root.tag not in (f"{_METADATA}EntityDescriptor", f"{_METADATA}EntitiesDescriptor"):
        raise Malformed("not a SAML description")
    return SamlMetadata(tuple(_hashes(root)), tuple(_certificates(root)), _plain(root))


def _hashes(root: Element) -> dict[str, None]:
    """Return the hashes of the signature on the description, and of those it offers."""
    found = dict[str, None]()
    for tag in (
        f"{_SIGNATURE}SignatureMethod", f"{_SIGNATURE}DigestMethod",
        f"{_ALGORITHMS}SigningMethod", f"{_ALGORITHMS}DigestMethod",
    ):  # fmt: skip
        for number, element in enumerate(root.iter(tag)):
            match = _HASH.search(element.get("Algorithm", "")[-40:])
            if match and number < _MOST_CERTIFICATES:
                found[_name(match[1])] = None
    return found


def _name(written: str) -> str:
    plain = written.upper().replace("-", "")
    return re.sub(r"^SHA(\d+)$", r"SHA-\1", plain)


def _certificates(root: Element) -> Iterator[SamlCertificate]:
    seen = set[str]()
    for element in root.iter(f"{_SIGNATURE}X509Certificate"):
        text = "".join((element.text or "")[:20_000].split())
        if text and text not in seen and len(seen) < _MOST_CERTIFICATES:
            seen.add(text)
            found = _certificate(text)
            if found is not None:
                yield found


def _certificate(text: str) -> SamlCertificate | None:
    """Return the key and the last day of a certificate; None when it cannot be read."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
        key = certificate.public_key()
        until = certificate.not_valid_after_utc
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return None
    match key:
        case rsa.RSAPublicKey():
            return SamlCertificate("RSA", key.key_size, until)
        case ec.EllipticCurvePublicKey():
            return SamlCertificate("EC", key.curve.key_size, until)
        case dsa.DSAPublicKey():
            return SamlCertificate("DSA", key.key_size, until)
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            return SamlCertificate("EC", 256, until)
    return SamlCertificate("other", 0, until)


def _plain(root: Element) -> int:
    """Return how many addresses the description gives over plain HTTP."""
    return sum(
        element.get(name, "").strip().lower().startswith("http://")
        for element in root.iter()
        for name in ("Location", "ResponseLocation")
    )
