"""A whole judgement of sign-in configurations: the weak one is told, the strict one is clean."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from cnilcheck.audit import collect, judge
from cnilcheck.checks.registry import checks
from cnilcheck.collectors.accounts import AccountLists
from cnilcheck.collectors.declarations import AuthenticationDeclarations
from cnilcheck.collectors.messages import Messages
from cnilcheck.collectors.sign_in_configuration import SignInConfiguration
from cnilcheck.documents.rules import load_catalogue
from cnilcheck.model.evidence import SCHEMA, Collected, Evidence, Provenance
from cnilcheck.model.facts import Cookie, SessionCookies
from cnilcheck.model.report import Finding
from cnilcheck.model.scope import (
    Accounts,
    AuthenticationDeclaration,
    Declarations,
    Factor,
    Lockout,
    Scope,
    Sources,
)
from cnilcheck.model.words import AccountClass, Method
from cnilcheck.resources import rules_directory
from collectors.policies import test_directory, test_frameworks, test_pam
from collectors.policies.realms import export
from collectors.trees import tools_at, write

CATALOGUE = load_catalogue(rules_directory(), checks())
REALM = "/srv/keycloak/realm-export.json"
STAFF = Accounts(
    AccountClass.STAFF,
    who="pharmaciens",
    minimum_length=12,
    character_classes=4,
    lockout=Lockout(after_attempts=5),
    factors=("password", "totp"),
    remote=True,
    configured_in=("/srv/*",),
)


def findings(root: Path, files: dict[str, str], *accounts: Accounts) -> list[Finding]:
    write(root, files)
    declared = Declarations(authentication=AuthenticationDeclaration(accounts=accounts))
    scope = Scope(
        version=1,
        sources=Sources(system=str(root)),
        declarations=declared if accounts else Declarations(),
    )
    tools = tools_at(root)
    tools.scope = scope
    instruments = (SignInConfiguration(), AuthenticationDeclarations(), Messages(), AccountLists())
    seen = collect(scope, instruments, tools)
    rules = [b for b in CATALOGUE.rules if b.rule.module.value == "authentication"]
    return list(judge(rules, seen, scope, dt.date(2026, 11, 22)))


def told(found: list[Finding], rule: str) -> list[tuple[str, str, str | None]]:
    return [(f.outcome.value, f.location, f.basis) for f in found if f.rule == rule]


def test_what_is_read_counts_before_what_is_declared(tmp_path: Path) -> None:
    found = findings(tmp_path, {REALM: export(strict=False)}, STAFF)
    ((outcome, place, basis),) = told(found, "staff-password-policy")
    assert (outcome, basis) == ("fail", "read")
    assert place.startswith(f"{REALM}:")
    ((outcome, _, _),) = told(found, "declared-policy-confirmed")
    assert outcome == "fail"
    (finding,) = [f for f in found if f.rule == "declared-policy-confirmed"]
    assert "12 déclaré, 6 lu" in finding.sentence.fr
    assert "12 declared, 6 read" in finding.sentence.en


def test_what_the_configuration_leaves_unsaid_the_declaration_completes(tmp_path: Path) -> None:
    found = findings(tmp_path, {REALM: export(strict=False)}, STAFF)
    # That the accounts are reached from afar is declared; that one factor is enough was read.
    assert told(found, "second-factor-required") == [
        ("fail", "accounts[0] (pharmaciens)", "declared")
    ]


def test_without_a_link_both_are_told_apart(tmp_path: Path) -> None:
    alone = Accounts(AccountClass.STAFF, minimum_length=12, character_classes=4)
    found = findings(tmp_path, {REALM: export(strict=False)}, alone)
    assert [o for o, _, _ in told(found, "staff-password-policy")] == ["pass"]
    assert {o for o, _, _ in told(found, "configured-password-policy")} >= {"fail"}


def test_a_configuration_may_serve_several_populations(tmp_path: Path) -> None:
    patients = Accounts(AccountClass.USERS, minimum_length=12, configured_in=("/srv/keycloak/*",))
    found = findings(tmp_path, {REALM: export(strict=False)}, STAFF, patients)
    (staff,) = told(found, "staff-password-policy")
    (users,) = told(found, "user-password-policy")
    assert (staff[0], users[0]) == ("fail", "fail")
    assert staff[1].endswith("(pharmaciens)")
    assert users[1].endswith("(users)")


PATIENTS = Accounts(AccountClass.USERS, minimum_length=12, character_classes=4)


@pytest.mark.parametrize(
    ("account", "rule", "outcome"),
    [
        (PATIENTS, "staff-password-policy", "not_applicable"),
        (PATIENTS, "second-factor-required", "not_applicable"),
        (PATIENTS, "user-password-policy", "pass"),
        (STAFF, "user-password-policy", "not_applicable"),
    ],
)
def test_a_rule_for_some_people_is_silent_where_only_others_are_declared(
    tmp_path: Path, account: Accounts, rule: str, outcome: str
) -> None:
    (found,) = [f for f in findings(tmp_path, {}, account) if f.rule == rule]
    assert found.outcome.value == outcome
    silent = "which is about other accounts" in found.sentence.en
    assert silent is (outcome == "not_applicable")


def cookies(place: str, *cookies: Cookie, after: str = "") -> Evidence:
    now = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    fact = SessionCookies(cookies, after)
    return Evidence("https://a/", place, Provenance("x", "1", Method.TEST, now), fact)


@pytest.mark.parametrize(
    ("measured", "told"),
    [
        ((), [("inconclusive", "/in"), ("inconclusive", "/staff")]),
        (("/in",), [("inconclusive", "/staff"), ("pass", "/account")]),
    ],
)
def test_a_session_seen_after_sign_in_answers_for_its_sign_in_page(
    measured: tuple[str, ...], told: list[tuple[str, str]]
) -> None:
    kept = Cookie("sid", True, True, True, "Lax", None)
    seen = (
        cookies("/in"), cookies("/staff"), *(cookies("/account", kept, after=p) for p in measured),
    )  # fmt: skip
    now = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    rules = [b for b in CATALOGUE.rules if b.rule.id == "session-cookie-protected"]
    found = judge(rules, Collected(SCHEMA, "", now, now, False, seen), Scope(1), now.date())
    assert [(f.outcome.value, f.location) for f in found] == told


PG = "/etc/postgresql/15/main/pg_hba.conf"
VPN = test_frameworks.OPENVPN
WEAK = {
    "keycloak": {REALM: export(strict=False)},
    "pam": test_pam.DEBIAN,
    "directory": {"/srv/ad.ldif": test_directory.WEAK},
    "ppolicy": {"/srv/l.ldif": test_directory.PPOLICY.format(length=4, locks="FALSE")},
    "django": {test_frameworks.SETTINGS: "INSTALLED_APPS = ['django.contrib.auth']\n"},
    "symfony": {test_frameworks.SYMFONY: test_frameworks.FIREWALLS.format(throttling="")},
    "laravel": {test_frameworks.LARAVEL: "<?php return ['lifetime' => 525600];"},
    "spring": {"/opt/a/application.yml": "spring: {security: {user: {password: admin}}}\n"},
    "entra": {test_frameworks.ENTRA: test_frameworks.entra(state="disabled")},
    "okta": {"/srv/okta.json": test_frameworks.okta(6, 0, 0, False)},
    "postgresql": {PG: "host all all 0.0.0.0/0 trust\n"},
    "openvpn": {VPN: "server 10.8.0.0 255.255.255.0\n"},
    "nginx": {test_frameworks.NGINX: "events {}\nhttp { server { listen 80; auth_basic a; } }\n"},
    "methods": {"/srv/entra/methods.json": test_frameworks.methods("enabled")},
    "message": {"/srv/app/emails/a.txt": "Votre mot de passe : {{ password }}\n"},
}
STRICT = {
    "keycloak": {REALM: export(strict=True)},
    "pam": test_pam.STRICT,
    "directory": {"/srv/ad.ldif": test_directory.STRICT},
    "django": {
        test_frameworks.SETTINGS: "AUTH_PASSWORD_VALIDATORS = [{'NAME': 'a.MinimumLengthValidator',"
        " 'OPTIONS': {'min_length': 18}}]\nSESSION_COOKIE_AGE = 1800\n"
        "INSTALLED_APPS = ['axes']\nAXES_FAILURE_LIMIT = 5\nPASSWORD_RESET_TIMEOUT = 3600\n"
    },
    "symfony": {
        test_frameworks.SYMFONY: test_frameworks.FIREWALLS.format(
            throttling="            login_throttling: {max_attempts: 3, interval: '6 hours'}"
        )
    },
    "laravel": {test_frameworks.LARAVEL: "<?php return ['lifetime' => 30];"},
    "spring": {"/opt/a/application.yml": "server.servlet.session.timeout: 15m\n"},
    "entra": {test_frameworks.ENTRA: test_frameworks.entra()},
    "okta": {"/srv/okta.json": test_frameworks.okta(12, 1, 5, True)},
    "postgresql": {PG: "hostssl a b 10.0.0.0/8 scram-sha-256\n"},
    "nginx": {
        test_frameworks.NGINX: "events {}\nhttp { server { listen 443 ssl; auth_basic a; } }\n"
    },
    "methods": {"/srv/entra/methods.json": test_frameworks.methods("disabled")},
    "openvpn": {
        VPN: "server 10.8.0.0 255.255.255.0\nplugin openvpn-plugin-auth-pam.so login\n"
    },
    "message": {
        "/srv/app/emails/a.txt": "Mot de passe : https://a.example.fr/reset?token="
        + "a1" * 16
        + " valable 1 heure\n"
    },
}  # fmt: skip


@pytest.mark.parametrize("name", WEAK)
def test_a_weak_configuration_fails(tmp_path: Path, name: str) -> None:
    assert [f for f in findings(tmp_path, WEAK[name]) if f.outcome.value == "fail"]


@pytest.mark.parametrize("name", STRICT)
def test_a_strict_configuration_does_not(tmp_path: Path, name: str) -> None:
    found = findings(tmp_path, STRICT[name])
    assert [f.rule for f in found if f.outcome.value == "fail"] == []
    assert [f for f in found if f.outcome.value == "pass"]


@pytest.mark.parametrize("second", ["email", "location"])
def test_a_code_by_email_or_a_place_is_no_factor(tmp_path: Path, second: Factor) -> None:
    account = Accounts(AccountClass.STAFF, factors=("password", second), remote=True)
    assert [o for o, _, _ in told(findings(tmp_path, {}, account), "second-factor-required")] == [
        "fail"
    ]
