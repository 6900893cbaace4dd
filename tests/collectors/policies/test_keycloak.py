"""Keycloak: a realm's password policy, lockout, flows, sessions and clients."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnilcheck.collectors.sign_in_configuration import SignInConfiguration
from cnilcheck.model.facts import AccountPolicy, SessionLifetime, SignInOpenings
from cnilcheck.model.scope import Lockout
from cnilcheck.model.words import AccountClass
from collectors.policies.realms import export, flows, realm
from collectors.trees import facts, gaps, look, write

PATH = "/srv/keycloak/realm-export.json"


def read(root: Path, text: str):
    return look(SignInConfiguration(), write(root, {PATH: text}))


def policy(root: Path, text: str) -> AccountPolicy:
    (fact,) = facts(read(root, text), AccountPolicy).values()
    return fact


def test_a_strict_realm_is_read_at_its_lines(tmp_path: Path) -> None:
    text = export(strict=True)
    assert len(text) > 20_000
    seen = read(tmp_path, text)
    ((place, fact),) = facts(seen, AccountPolicy).items()
    assert "passwordPolicy" in text.splitlines()[int(place.rpartition(":")[2]) - 1]
    assert (fact.minimum_length, fact.character_classes) == (12, 4)
    assert fact.lockout == Lockout(after_attempts=5, unlocked_after_seconds=60)
    assert fact.factors == ("password", "totp")
    ((place, session),) = facts(seen, SessionLifetime).items()
    assert "ssoSessionIdleTimeout" in text.splitlines()[int(place.rpartition(":")[2]) - 1]
    assert session == SessionLifetime("Keycloak", None, 1800, 14400)
    assert all(not f.found for f in facts(seen, SignInOpenings).values())
    assert not gaps(seen)


def test_a_weak_realm_shows_each_of_its_weaknesses(tmp_path: Path) -> None:
    text = export(strict=False)
    seen = read(tmp_path, text)
    fact = policy(tmp_path, text)
    assert (fact.minimum_length, fact.character_classes) == (6, 1)
    assert fact.lockout == "none"
    assert fact.factors == ("password",)
    openings = [o for f in facts(seen, SignInOpenings).values() for o in f.found]
    kinds = [o.kind for o in openings]
    assert kinds.count("clear_transport") == 1
    assert kinds.count("implicit_flow") == kinds.count("no_pkce") == 2
    lines = text.splitlines()
    for opening in openings[1:]:
        name = opening.setting.partition(":")[0]
        assert f'"clientId": "{name}"' in lines[int(opening.place.rpartition(":")[2]) - 1]


@pytest.mark.parametrize(
    ("more", "factors"),
    [
        ({"requiredActions": []}, ("password",)),
        ({"authenticationFlows": flows("REQUIRED")}, ("password", "totp")),
        ({"authenticationFlows": flows("DISABLED")}, ("password",)),
        ({"authenticationFlows": []}, None),
        ({"browserFlow": "another"}, None),
    ],
)
def test_a_factor_counts_when_everybody_is_asked_for_it(
    tmp_path: Path, more: dict[str, object], factors: tuple[str, ...] | None
) -> None:
    assert policy(tmp_path, export(strict=True, **more)).factors == factors


def test_a_realm_without_a_policy_takes_one_character(tmp_path: Path) -> None:
    assert policy(tmp_path, export(strict=True, passwordPolicy=None)).minimum_length == 1


def test_the_policy_of_accounts_kept_elsewhere_is_not_known(tmp_path: Path) -> None:
    kept = {"org.keycloak.storage.UserStorageProvider": [{"name": "ldap"}]}
    text = export(strict=True, passwordPolicy=None, components=kept)
    assert policy(tmp_path, text).minimum_length is None


def test_the_master_realm_holds_administrators(tmp_path: Path) -> None:
    realms = [realm(True), realm(False, name="master")]
    seen = facts(read(tmp_path, json.dumps(realms, indent=1)), AccountPolicy)
    assert [f.class_ for f in seen.values()] == [None, AccountClass.ADMINISTRATORS]
    assert len(seen) == 2


@pytest.mark.parametrize(
    "text",
    [
        '{"bruteForceProtected": ' + "[" * 100_000,
        '{"passwordPolicy": "length(8)", ',
        '"passwordPolicy"\x01\x02',
    ],
)
def test_an_export_that_cannot_be_understood_is_a_gap(tmp_path: Path, text: str) -> None:
    ((place, missing, _),) = gaps(read(tmp_path, text))[:1]
    assert (place, missing) == (PATH, AccountPolicy)


@pytest.mark.parametrize(
    "more",
    [
        {"clients": "all", "authenticationFlows": {"a": 1}, "requiredActions": [1]},
        {"passwordPolicy": 12, "failureFactor": "many", "components": []},
        {"passwordPolicy": "length(" * 1000, "clients": [{"clientId": 3, "attributes": []}]},
        {"authenticationFlows": [{"alias": "browser", "authenticationExecutions": [
            {"flowAlias": "browser", "requirement": "REQUIRED"}] * 30}]},
    ],
)  # fmt: skip
def test_hostile_values_are_not_believed(tmp_path: Path, more: dict[str, object]) -> None:
    assert facts(read(tmp_path, export(strict=True, **more)), AccountPolicy)


def test_another_json_file_is_nobodys_policy(tmp_path: Path) -> None:
    seen = look(SignInConfiguration(), write(tmp_path, {"/srv/app/export.json": '{"a": 1}'}))
    assert not facts(seen, AccountPolicy)
    assert [type(s.error).__name__ for s in seen if hasattr(s, "error")] == ["NotWritten"]
