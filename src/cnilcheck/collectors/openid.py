"""What an OpenID Connect or OAuth provider publishes of itself: its document, and its keys."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.bounded_json import json_object, texts
from cnilcheck.collectors.site import Site, site, web_targets
from cnilcheck.collectors.transport import LARGE, endpoint, path_of
from cnilcheck.errors import CollectionError, Malformed, NotPermitted
from cnilcheck.model.facts import Fact, OpenIdProvider, TokenKey, TokenKeys
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_OPENID = "/.well-known/openid-configuration"
_OAUTH = "/.well-known/oauth-authorization-server"
_SMART = "/.well-known/smart-configuration"
_MOST_ISSUERS = 4
_MOST_KEYS = 100
# Keycloak's realms, before and since version 17: what the links of a sign-in page betray.
_REALM = re.compile(r"^((?:/[\w.-]{1,60}){0,3}/realms/[\w.-]{1,60})(?:/|$)")
_CURVES = {
    "P-192": 192, "P-224": 224, "P-256": 256, "P-384": 384, "P-521": 521, "secp256k1": 256,
    "Ed25519": 256, "Ed448": 448, "X25519": 256, "X448": 448,
}  # fmt: skip
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth")
_Issuer = Literal["same", "other_host", "other_address", "absent"]


class OpenIdProviders:
    """Asks a site for the documents in which providers describe themselves."""

    name = "openid-discovery"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (OpenIdProvider, TokenKeys)
    asks = "targets[].url"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the web targets."""
        return tuple(Task(t.spelling, path_of(t.url), t) for t in web_targets(scope))

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield each provider the site describes, with its keys; most sites describe none."""
        where, found = site(tools, task.subject), False
        asked = set[str]()
        for issuer in self._issuers(where):
            for address in _documents(issuer):
                document = self._document(where, address) if address not in asked else None
                asked.add(address)
                if document is not None:
                    found = True
                    place = printable(mask(path_of(address)))
                    yield Seen(place, provider_of(document, issuer))
                    yield self._keys(where, document, place)
                    break
        if not found:
            yield Nothing(task.location, OpenIdProvider)
            yield Nothing(task.location, TokenKeys)

    def _issuers(self, where: Site) -> Iterator[str]:
        """Yield where a provider may stand: the target's folder, the root, and its realms."""
        paths = [where.home.rstrip("/"), ""]
        where.follow(self.name, where.base)
        try:
            named = where.survey(self.name).addresses
        except CollectionError:
            named = ()
        for address in named:
            realm = _REALM.match(address.partition("?")[0])
            if realm:
                paths.append(realm[1])
        for path in list(dict.fromkeys(paths))[:_MOST_ISSUERS]:
            yield urljoin(where.root, path or "/").rstrip("/")

    def _document(self, where: Site, address: str) -> dict[str, Any] | None:
        """Return the description at that address; None when nothing there is one."""
        try:
            answer = where.get(self.name, address)
            if answer.status != 200:
                return None
            document = json_object(answer.body, answer.truncated)
        except Malformed:
            return None
        known = {"authorization_endpoint", "token_endpoint", "jwks_uri"} & document.keys()
        return document if known else None

    def _keys(self, where: Site, document: dict[str, Any], place: str) -> Sighting:
        address = document.get("jwks_uri")
        if not isinstance(address, str):
            return Nothing(place, TokenKeys)
        try:
            if not where.owns(address):
                raise NotPermitted("the keys are published on another site than this target")
            answer = where.get(self.name, address, max_bytes=LARGE)
            if answer.status != 200:
                raise Malformed(f"the keys' address answers {answer.status}")
            keys = keys_of(json_object(answer.body, answer.truncated))
        except CollectionError as error:
            return Missing(place, TokenKeys, error)
        return Seen(printable(mask(path_of(address))), TokenKeys(keys))


def _documents(issuer: str) -> tuple[str, ...]:
    """Return the addresses of an issuer's documents.

    OpenID Connect Discovery 1.0 §4 adds its path behind the issuer's, RFC 8414 §3.1 before it.
    """
    path = urlsplit(issuer).path.rstrip("/")
    root = issuer.removesuffix(path) if path else issuer
    return issuer + _OPENID, root + _OAUTH + path, issuer + _SMART


def provider_of(document: dict[str, Any], issuer: str) -> OpenIdProvider:
    """Return what a provider's document says, read at `issuer`'s address."""
    endpoints = {k: v for k, v in document.items() if isinstance(v, str) and _is_endpoint(k)}
    plain = [name for name, url in endpoints.items() if url.strip().lower().startswith("http://")]
    return OpenIdProvider(
        issuer=_compared(document.get("issuer"), issuer),
        plain=tuple(printable(name, 60) for name in sorted(plain))[:20],
        challenges=_listed(document, "code_challenge_methods_supported"),
        signing=_listed(document, "id_token_signing_alg_values_supported"),
        response_types=_listed(document, "response_types_supported"),
        grants=_listed(document, "grant_types_supported"),
        levels=_listed(document, "acr_values_supported"),
    )


def _is_endpoint(name: str) -> bool:
    return name.endswith(("_endpoint", "_uri")) and name not in ("op_policy_uri", "op_tos_uri")


def _listed(document: dict[str, Any], name: str) -> tuple[str, ...] | None:
    values = texts(document.get(name))
    return None if values is None else tuple(printable(mask(value), 60) for value in values)


def _compared(stated: object, expected: str) -> _Issuer:
    """Return how the issuer's own name stands to the address it was read at."""
    if not isinstance(stated, str):
        return "absent"
    if stated.rstrip("/") == expected.rstrip("/"):
        return "same"
    try:
        other = endpoint(stated)[1] != endpoint(expected)[1]
    except NotPermitted:
        return "other_address"
    return "other_host" if other else "other_address"


def keys_of(document: dict[str, Any]) -> tuple[TokenKey, ...]:
    """Return the keys of a JSON Web Key Set (RFC 7517), the first hundred; raises Malformed."""
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise Malformed("no set of keys")
    return tuple(_key(item) for item in listed[:_MOST_KEYS] if isinstance(item, dict))


def _key(item: dict[str, Any]) -> TokenKey:
    kind = item.get("kty")
    secret = any(isinstance(item.get(name), str) and item[name] for name in _PRIVATE)
    match kind:
        case "RSA":
            return TokenKey("RSA", _bits(item.get("n")), secret)
        case "EC" | "OKP":
            curve = str(item.get("crv"))[:20]
            return TokenKey("EC", _CURVES.get(curve, 0), secret)
        case "oct":
            return TokenKey("HMAC", _bits(item.get("k")), isinstance(item.get("k"), str))
    return TokenKey(printable(str(kind), 20), 0, secret)


def _bits(value: object) -> int:
    """Return the size of a base64url number in bits; 0 when it is none."""
    if not isinstance(value, str) or len(value) > 8192:
        return 0
    try:
        content = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        return 0
    return int.from_bytes(content).bit_length()
