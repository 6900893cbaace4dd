"""OpenID providers, SAML metadata and tokens: each planted weakness found, none on the strict."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from cnilcheck.audit import judge
from cnilcheck.checks.registry import checks
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task
from cnilcheck.collectors.json_web_token import token_of
from cnilcheck.collectors.openid import OpenIdProviders, keys_of, provider_of
from cnilcheck.collectors.saml import SamlDescriptions, metadata_of
from cnilcheck.collectors.tokens import TokenSamples, TokensSeen
from cnilcheck.documents.rules import load_catalogue
from cnilcheck.errors import Malformed
from cnilcheck.model.evidence import SCHEMA, Collected, Evidence, Provenance
from cnilcheck.model.facts import JsonWebToken, OpenIdProvider, SamlMetadata, TokenKeys
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import HealthData, Method, Outcome
from cnilcheck.resources import rules_directory
from collectors.identity_lab import XML, base64url, metadata, provider, token
from collectors.web_servers import (
    HTML,
    NOT_FOUND,
    Reply,
    facts,
    gaps,
    observed,
    pages,
    tools_for,
    web,
)

RULES = load_catalogue(rules_directory(), checks()).rules
DAY = dt.datetime.now(dt.UTC)
NIR = "1 85 05 78 006 084 91"


def outcomes(seen: list[Sighting]) -> dict[str, set[Outcome]]:
    """What each rule says of these sightings."""
    stamp = Provenance("test", "1", Method.TEST, DAY)
    evidence = tuple(Evidence("t", s.location, stamp, s.fact) for s in seen if isinstance(s, Seen))
    kinds = {type(e.fact) for e in evidence}
    rules = [bound for bound in RULES if bound.fact in kinds]
    collected = Collected(SCHEMA, "0", DAY, DAY, False, evidence)
    found: dict[str, set[Outcome]] = {}
    for finding in judge(
        rules, collected, Scope(1, health_data=HealthData.OWN_PATIENTS), DAY.date()
    ):
        found.setdefault(finding.rule, set()).add(finding.outcome)
    return found


def serve_provider(tmp_path: Path, *, strict: bool) -> list[Sighting]:
    table: dict[str, Reply | bytes] = {}
    with web(lambda path: pages(table)(path)) as url:
        table |= provider(url, strict=strict)
        return observed(OpenIdProviders(), tools_for(tmp_path, url))


PLANTED = {
    "openid-signatures", "openid-code-flow", "openid-issuer", "openid-encrypted",
    "openid-levels-stated", "token-keys-strong", "token-keys-public",
}  # fmt: skip


def test_each_weakness_of_the_weak_provider_is_found(tmp_path: Path) -> None:
    found = outcomes(serve_provider(tmp_path, strict=False))
    assert {rule for rule, said in found.items() if Outcome.FAIL in said} == PLANTED


@pytest.mark.parametrize("listed", [["plain"], ["plain", "S256"], []])
def test_a_code_that_anybody_may_hand_in_is_found(listed: list[str]) -> None:
    document = {"response_types_supported": ["code"], "code_challenge_methods_supported": listed}
    fact = provider_of(document, "https://sso.example.fr")
    assert outcomes([Seen("/", fact)])["openid-code-challenge"] == {Outcome.FAIL}


def test_the_strict_provider_has_none(tmp_path: Path) -> None:
    seen = serve_provider(tmp_path, strict=True)
    found = outcomes(seen)
    # It speaks HTTP on loopback, which its own addresses say.
    assert {rule for rule, said in found.items() if said != {Outcome.PASS}} == {"openid-encrypted"}
    assert isinstance(facts(seen, TokenKeys)["/keys"], TokenKeys)


def test_a_realm_that_the_links_betray_is_asked(tmp_path: Path) -> None:
    document = {"token_endpoint": "https://x.invalid/t", "response_types_supported": ["code"]}
    table: dict[str, Reply | bytes] = {
        "/": b"<html><a href='/realms/sante/protocol/openid-connect/auth?x=1'>Connexion</a></html>",
        "/realms/sante/.well-known/openid-configuration": (200, (), json.dumps(document).encode()),
    }
    with web(pages(table)) as url:
        seen = observed(OpenIdProviders(), tools_for(tmp_path, url))
    assert set(facts(seen, OpenIdProvider)) == {"/realms/sante/.well-known/openid-configuration"}
    assert Nothing("/realms/sante/.well-known/openid-configuration", TokenKeys) in seen


@pytest.mark.parametrize(
    ("issuer", "said"),
    [
        ("https://sso.example.fr", "same"),
        ("https://sso.example.fr/", "same"),
        ("http://sso.example.fr", "other_address"),
        ("https://sso.example.fr/realms/x", "other_address"),
        ("https://public.example.fr", "other_host"),
        ("not an address", "other_address"),
        (None, "absent"),
        (["https://sso.example.fr"], "absent"),
    ],
)
def test_the_issuer_is_compared_with_the_address(issuer: object, said: str) -> None:
    assert provider_of({"issuer": issuer}, "https://sso.example.fr").issuer == said


def test_a_provider_that_lists_everything_keycloak_lists_is_asked_about_and_not_accused() -> None:
    usual = {
        "issuer": "https://sso.example.fr/realms/s",
        "token_endpoint": "https://sso.example.fr/realms/s/token",
        "response_types_supported": ["code", "none", "id_token", "token", "id_token token", "code id_token"],
        "grant_types_supported": ["authorization_code", "implicit", "refresh_token", "password"],
        "id_token_signing_alg_values_supported": ["RS256", "HS256", "ES256", "PS256", "EdDSA"],
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": ["0", "1"],
    }  # fmt: skip
    fact = provider_of(usual, "https://sso.example.fr/realms/s")
    found = outcomes([Seen("/", fact)])
    assert not any(Outcome.FAIL in said for said in found.values())
    assert found["openid-code-flow"] == found["openid-signatures"] == {Outcome.INCONCLUSIVE}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[" * 200_000,
        b'{"jwks_uri":' + b'{"a":' * 50_000,
        b"\xff\xfe\x00",
        b'{"token_endpoint": 1e999999, "issuer": [1], "acr_values_supported": {"a": 1}}',
        b'{"jwks_uri": "http://[::1", "response_types_supported": [1, null, {"x": []}]}',
        b'{"jwks_uri": "\\u0000\\u202e", "issuer": "\\u001b[31m"}',
    ],
    ids=["empty", "deep list", "deep object", "binary", "odd numbers", "odd address", "escapes"],
)
def test_a_hostile_description_ends_in_facts_or_gaps(tmp_path: Path, body: bytes) -> None:
    table: dict[str, Reply | bytes] = {
        "/": b"<html></html>",
        "/.well-known/openid-configuration": (200, (), body),
    }
    with web(pages(table)) as url:
        seen = observed(OpenIdProviders(), tools_for(tmp_path, url))
    assert seen
    assert "\x1b" not in str(seen)


def test_keys_without_end_are_a_gap_and_many_are_bounded(tmp_path: Path) -> None:
    many = json.dumps({"keys": [{"kty": "RSA", "n": "A" * 300, "e": "AQAB"}] * 100_000}).encode()
    document = json.dumps({"jwks_uri": "/keys"}).encode()
    for keys_address, body in (("keys", many), ("keys", b'{"keys": {"a": 1}}')):
        table: dict[str, Reply | bytes] = {"/": b"<html></html>", "/keys": (200, (), body)}
        with web(lambda path, table=table: pages(table)(path)) as url:  # type: ignore[misc]
            said = document.replace(b"/keys", f"{url}{keys_address}".encode())
            table["/.well-known/openid-configuration"] = (200, (), said)
            seen = observed(OpenIdProviders(), tools_for(tmp_path, url))
        assert gaps(seen, TokenKeys) == ["Malformed"]
    few = {"keys": [{"kty": "RSA", "n": "AQAB"}, {"kty": 3}, "x", None, {}] * 1000}
    assert len(keys_of(few)) <= 100


def test_keys_of_another_site_are_not_asked_for(tmp_path: Path) -> None:
    document = json.dumps({"jwks_uri": "https://elsewhere.example.org/keys"}).encode()
    table: dict[str, Reply | bytes] = {
        "/": b"<html></html>",
        "/.well-known/openid-configuration": (200, (), document),
    }
    with web(pages(table)) as url:
        seen = observed(OpenIdProviders(), tools_for(tmp_path, url))
    assert gaps(seen, TokenKeys) == ["NotPermitted"]


def test_a_site_that_answers_everything_alike_describes_nothing(tmp_path: Path) -> None:
    with web(lambda _: (200, (HTML,), b"<html>EntityDescriptor token_endpoint</html>")) as url:
        tools = tools_for(tmp_path, url)
        assert {type(s) for s in observed(OpenIdProviders(), tools)} == {Nothing}
        assert {type(s) for s in observed(SamlDescriptions(), tools)} == {Nothing}


# SAML.


def serve_metadata(tmp_path: Path, body: bytes) -> list[Sighting]:
    with web(pages({"/": b"<html></html>", "/saml/metadata": (200, (XML,), body)})) as url:
        return observed(SamlDescriptions(), tools_for(tmp_path, url))


def test_each_weakness_of_weak_metadata_is_found(tmp_path: Path) -> None:
    found = outcomes(serve_metadata(tmp_path, metadata(strict=False)))
    assert set(found) == {
        "saml-hashes-strong", "saml-certificates-sound", "saml-addresses-encrypted"
    }  # fmt: skip
    assert set().union(*found.values()) == {Outcome.FAIL}


def test_strict_metadata_pass(tmp_path: Path) -> None:
    found = outcomes(serve_metadata(tmp_path, metadata(strict=True)))
    assert set().union(*found.values()) == {Outcome.PASS}
    assert len(found) == 3


BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "0123456789"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]><EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">&d;</EntityDescriptor>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]>
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">&f;</EntityDescriptor>"""


@pytest.mark.parametrize(
    "body",
    [
        BOMB, OUTSIDE, b"<EntityDescriptor", b"EntityDescriptor " + b"<a>" * 200_000,
        b'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">' + b"<a>" * 100_000,
    ],
    ids=["bomb", "file", "cut", "words", "deep"],
)  # fmt: skip
def test_hostile_xml_is_no_description(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(Malformed):
        metadata_of(body)
    assert serve_metadata(tmp_path, body) == [Nothing("/", SamlMetadata)]


def test_a_certificate_that_cannot_be_read_is_passed_over() -> None:
    body = metadata(strict=True).replace(b"MII", b"!!!")
    assert metadata_of(body).certificates == ()


# Tokens.

HOUR = 3600
CLAIMS: dict[str, object] = {"sub": "4f1c", "iat": 1_800_000_000, "exp": 1_800_000_000 + HOUR}
WEAK = {
    "token-signed": token(CLAIMS, "none"),
    "token-expires": token({"sub": "4f1c", "iat": 1_800_000_000}),
    "token-discreet": token(CLAIMS | {"nir": NIR, "email": "jeanne.martin@example.fr"}),
}


@pytest.mark.parametrize("rule", WEAK)
def test_each_weakness_of_a_token_is_found_and_no_other(tmp_path: Path, rule: str) -> None:
    (tmp_path / "jetons.txt").write_text(f"# essai\nBearer {WEAK[rule]}\n")
    tools = tools_for(tmp_path)
    seen = list(TokenSamples().observe(Task("jetons.txt", "jetons.txt", "jetons.txt"), tools))
    assert [s.location for s in seen] == ["jetons.txt:2"]
    found = outcomes(seen)
    assert {name for name, said in found.items() if Outcome.FAIL in said} == {rule}
    assert WEAK[rule][:20] not in str(seen)
    assert "jeanne" not in str(seen)


@pytest.mark.parametrize("secret", ["secret", "your-256-bit-secret", ""])
def test_a_secret_that_documentation_prints_is_recognised(secret: str) -> None:
    fact = token_of(token(CLAIMS, "HS256", secret), "sample")
    assert fact is not None
    assert fact.known_secret
    assert outcomes([Seen("x", fact)])["token-signed"] == {Outcome.FAIL}


def test_a_strong_token_passes_and_a_shared_secret_is_asked_about() -> None:
    strong = token_of(token(CLAIMS | {"aud": "ordonnance", "scope": "prescription.read"}), "sample")
    assert strong is not None
    assert set().union(*outcomes([Seen("x", strong)]).values()) == {Outcome.PASS}
    shared = token_of(token(CLAIMS, "HS256", "kX9-f3lq0-a-good-long-one"), "sample")
    assert shared is not None
    assert outcomes([Seen("x", shared)])["token-signed"] == {Outcome.INCONCLUSIVE}


def test_tokens_in_cookies_and_pages_are_seen_once_and_never_kept(tmp_path: Path) -> None:
    first, second = token(CLAIMS | {"role": "pharmacien"}), token({"iat": 1}, "none")
    cookie = ("Set-Cookie", f"jeton={first}; Path=/; HttpOnly")
    body = f"<html><script>const t = '{second}'; const u = '{second}';</script></html>".encode()
    with web(lambda path: (200, (HTML, cookie), body) if path == "/" else NOT_FOUND) as url:
        seen = observed(TokensSeen(), tools_for(tmp_path, url))
    found = facts(seen, JsonWebToken)
    assert set(found) == {"/ jeton", "/"}
    assert found["/ jeton"].roles  # type: ignore[attr-defined]
    assert first[:24] not in str(seen)


def test_a_site_without_tokens_is_said_to_give_none(tmp_path: Path) -> None:
    with web(pages({"/": b"<html>eyJ.eyJ.x</html>"})) as url:
        assert observed(TokensSeen(), tools_for(tmp_path, url)) == [Nothing("/", JsonWebToken)]


@pytest.mark.parametrize(
    "text",
    [
        "", "a.b.c", "eyJ.eyJ.", "..", "é.é.é", "." * 10_000, "eyJhbGciOiJub25lIn0.W10.",
        base64url(b'{"alg": ["none"]}') + "." + base64url(b"{}") + ".",
        base64url(b"{" * 5000) + "." + base64url(b"{}") + ".x",
    ],
)  # fmt: skip
def test_what_is_no_token_is_told_from_one(text: str) -> None:
    assert token_of(text, "sample") is None


def test_odd_numbers_in_a_token_are_no_lifetime() -> None:
    text = base64url(b'{"alg": "RS256"}') + "." + base64url(b'{"exp": 1e400, "iat": true}') + ".eA"
    fact = token_of(text, "sample")
    assert fact is not None
    assert (fact.expires, fact.lifetime) == (False, None)


def test_a_page_of_beginnings_of_tokens_is_searched_to_its_end(tmp_path: Path) -> None:
    body = b"<html>" + b"eyJhbGciOiJI." * 20_000 + b"eyJ" * 50_000
    with web(pages({"/": body})) as url:
        assert observed(TokensSeen(), tools_for(tmp_path, url))


def test_a_file_without_tokens_and_one_that_is_absent_are_gaps(tmp_path: Path) -> None:
    (tmp_path / "vide.txt").write_text("rien\n")
    tools = tools_for(tmp_path)
    seen = list(TokenSamples().observe(Task("vide.txt", "vide.txt", "vide.txt"), tools))
    assert [type(s) for s in seen] == [Missing]
