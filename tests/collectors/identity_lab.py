"""Identity providers on loopback, weak and strict, with keys and certificates of their own."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from collectors.web_servers import Reply

JSON = ("Content-Type", "application/json")
XML = ("Content-Type", "application/samlmetadata+xml")
NOW = dt.datetime.now(dt.UTC)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def number(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8))


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def rsa_jwk(bits: int, private: bool = False) -> dict[str, str]:
    key = rsa_key(bits)
    public = key.public_key().public_numbers()
    found = {"kty": "RSA", "alg": "RS256", "n": number(public.n), "e": number(public.e)}
    if private:
        secret = key.private_numbers()
        found |= {"d": number(secret.d), "p": number(secret.p), "q": number(secret.q)}
    return found


def ec_jwk() -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": number(key.x), "y": number(key.y)}


def reply(value: object, status: int = 200) -> Reply:
    return status, (JSON,), json.dumps(value).encode()


def provider(base: str, *, strict: bool) -> dict[str, Reply | bytes]:
    """The pages of a provider at that address; the weak one has each planted weakness."""
    home = base.rstrip("/")
    document: dict[str, Any] = {
        "issuer": home if strict else f"{home}/autre",
        "authorization_endpoint": f"{home}/auth",
        "token_endpoint": f"{home}/token" if strict else "http://127.0.0.1:1/token",
        "jwks_uri": f"{home}/keys",
        "response_types_supported": ["code"] if strict else ["id_token token", "token"],
        "grant_types_supported": ["authorization_code"] if strict else ["implicit", "password"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"] if strict else ["none", "HS256"],
    }  # fmt: skip
    if strict:
        document |= {
            "code_challenge_methods_supported": ["S256"],
            "acr_values_supported": ["eidas1"],
        }
    else:
        document |= {"code_challenge_methods_supported": ["plain"]}
    keys = [rsa_jwk(2048), ec_jwk()] if strict else [rsa_jwk(1024), rsa_jwk(2048, True), {"kty": "oct", "k": number(2**255)}]  # fmt: skip
    return {
        "/": b"<html>Identity</html>",
        "/.well-known/openid-configuration": reply(document),
        "/keys": reply({"keys": keys}),
    }


def certificate(bits: int, days: int) -> str:
    """A self-signed certificate in base64, as SAML metadata carry it."""
    key, name = rsa_key(bits), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.invalid")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(4242)
        .not_valid_before(NOW - dt.timedelta(days=1000))
        .not_valid_after(NOW + dt.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


def metadata(*, strict: bool) -> bytes:
    """The metadata of a SAML identity provider."""
    more = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    signature = more if strict else "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
    digest = (
        "http://www.w3.org/2001/04/xmlenc#sha256"
        if strict
        else "http://www.w3.org/2000/09/xmldsig#sha1"
    )
    scheme = "https" if strict else "http"
    shown = certificate(2048, 400) if strict else certificate(1024, -30)
    return f"""<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.invalid">
<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>
<ds:SignatureMethod Algorithm="{signature}"/><ds:Reference><ds:DigestMethod Algorithm="{digest}"/></ds:Reference>
</ds:SignedInfo></ds:Signature>
<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
<ds:X509Certificate>
{shown}
</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
<md:SingleSignOnService Binding="urn:x" Location="{scheme}://idp.invalid/sso"/>
</md:IDPSSODescriptor></md:EntityDescriptor>""".encode()


def token(claims: dict[str, object], algorithm: str = "RS256", secret: str = "") -> str:
    """A signed token: by a key of its own, by a secret, or by nobody."""
    parts = [
        base64url(json.dumps(part).encode()) for part in ({"alg": algorithm, "typ": "JWT"}, claims)
    ]
    signed = ".".join(parts).encode()
    if algorithm == "HS256":
        signature = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    elif algorithm == "RS256":
        signature = rsa_key(2048).sign(signed, padding.PKCS1v15(), hashes.SHA256())
    else:
        signature = b""
    return f"{signed.decode()}.{base64url(signature)}"
