"""One JSON Web Token taken apart: how it is signed, when it ends, what it tells of whom."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from typing import Any, Literal

from cnilcheck.collectors.bounded_json import json_object
from cnilcheck.errors import Malformed
from cnilcheck.model.facts import JsonWebToken
from cnilcheck.model.personal_data import count_personal_data, printable

Source = Literal["cookie", "page", "sample"]

LONGEST = 16_384
TOKEN = re.compile(
    r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,8000}\.eyJ[A-Za-z0-9_-]{2,8000}\.[A-Za-z0-9_-]{0,2000}"
    r"(?![A-Za-z0-9_-])"
)
_HMACS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
# Secrets that documentation and tutorials print, and no other: this is no search for a password.
_PRINTED_SECRETS = (
    "", "secret", "secretkey", "secret_key", "secret-key", "mysecret", "my_secret", "supersecret",
    "password", "changeme", "change-me", "key", "test", "dev", "development", "jwt", "jwt_secret",
    "your-256-bit-secret", "your_jwt_secret", "a-string-secret-at-least-256-bits-long", "shhhhh",
    "123456",
)  # fmt: skip
_HEALTH = re.compile(
    r"(?i)diagnos|patholog|ordonnance|prescription|medication|m[ée]dicament|allerg|r[ée]sultat"
    r"|test_?result|covid|antig[eé]n|vaccin|grossesse|pregnan|handicap|groupe_?sanguin|blood_?type"
)
_ROLES = frozenset(
    "role roles group groups scope permissions authorities realm_access resource_access is_admin"
    " admin".split()
)
# Names of programs and of rights, where a word of health says nothing of the person.
_OF_SERVICES = _ROLES | frozenset("iss aud azp scp client_id".split())
_SUBJECT = frozenset("sub uid user user_id email preferred_username name upn".split())
# A refresh token is made to last; it is shown to the provider alone.
_LASTING = frozenset(("refresh", "offline"))


def token_of(text: str, source: Source) -> JsonWebToken | None:
    """Return what a signed token says of itself; None when the text is none (RFC 7515, 7519)."""
    parts = text.strip().split(".")
    if len(parts) != 3 or len(text) > LONGEST:
        return None
    try:
        header, claims = json_object(_bytes(parts[0])), json_object(_bytes(parts[1]))
        signature = _bytes(parts[2])
    except Malformed:
        return None
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or str(claims.get("typ")).lower() in _LASTING:
        return None
    said = json.dumps(claims, ensure_ascii=False)
    of_person = {name: value for name, value in claims.items() if name not in _OF_SERVICES}
    expires, issued = _number(claims, "exp"), _number(claims, "iat") or _number(claims, "nbf")
    return JsonWebToken(
        source=source,
        algorithm=printable(algorithm, 20),
        known_secret=_known(algorithm, f"{parts[0]}.{parts[1]}".encode(), signature),
        expires=expires is not None,
        lifetime=None if expires is None or issued is None else expires - issued,
        subject=not _SUBJECT.isdisjoint(claims),
        personal=count_personal_data(said),
        health=bool(_HEALTH.search(json.dumps(of_person, ensure_ascii=False))),
        roles=not _ROLES.isdisjoint(claims),
    )


def _bytes(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise Malformed("not base64url") from None


def _number(claims: dict[str, Any], name: str) -> int | None:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return int(value) if -1e12 < value < 1e12 else None


def _known(algorithm: str, signed: bytes, signature: bytes) -> bool:
    """Return whether one of the printed secrets made the signature."""
    digest = _HMACS.get(algorithm)
    if digest is None:
        return False
    return any(
        hmac.compare_digest(hmac.new(secret.encode(), signed, digest).digest(), signature)
        for secret in _PRINTED_SECRETS
    )
