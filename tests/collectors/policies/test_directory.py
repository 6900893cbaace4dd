"""Active Directory and ppolicy, as their exports write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors.sign_in_configuration import SignInConfiguration
from cnilcheck.model.facts import AccountPolicy, SignInOpenings
from cnilcheck.model.scope import IdentityExport, Lockout, Scope, Sources
from cnilcheck.model.words import AccountClass
from collectors.trees import facts, look, tools_at, write

WEAK = """dn: DC=officine,DC=local
changetype: add
objectClass: top
objectClass: domain
objectClass: domainDNS
maxPwdAge: -77760000000000
minPwdLength: 7
lockoutDuration: -18000000000
lockoutThreshold: 0
pwdHistoryLength: 24
pwdProperties: 16
"""
STRICT = """version: 1

dn: DC=officine,DC=local
objectClass: domainDNS
maxPwdAge: -9223372036854775808
minPwdLength: 12
lockoutDuration: -18000000000
lockoutThreshold: 5
pwdProperties: 1

dn: CN=administrateurs,CN=Password Settings Container,CN=System,DC=officine,DC=loc
 al
objectClass: msDS-PasswordSettings
msDS-MinimumPasswordLength: 15
msDS-PasswordComplexityEnabled: TRUE
msDS-LockoutThreshold: 3
msDS-LockoutDuration: -9223372036854775808
"""
PPOLICY = """dn: cn=default,ou=policies,dc=officine,dc=fr
objectClass: device
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdMinLength: {length}
pwdCheckQuality: 2
pwdLockout: {locks}
pwdMaxFailure: 5
pwdLockoutDuration: 900
pwdMustChange: TRUE
pwdMaxAge: 7776000
"""


def read(root: Path, text: str):
    return look(SignInConfiguration(), write(root, {"/srv/exports/annuaire.ldif": text}))


def test_a_weak_domain(tmp_path: Path) -> None:
    seen = read(tmp_path, WEAK)
    assert facts(seen, AccountPolicy) == {
        "/srv/exports/annuaire.ldif:7": AccountPolicy(
            AccountClass.STAFF,
            who="officine",
            minimum_length=7,
            character_classes=1,
            lockout="none",
            expires_after_days=90,
            product="Active Directory",
        )
    }
    (openings,) = facts(seen, SignInOpenings).values()
    assert [o.kind for o in openings.found] == ["clear_password"]


def test_a_strict_domain_and_its_fine_grained_policy(tmp_path: Path) -> None:
    seen = facts(read(tmp_path, STRICT), AccountPolicy)
    domain, administrators = seen.values()
    assert list(seen) == ["/srv/exports/annuaire.ldif:6", "/srv/exports/annuaire.ldif:14"]
    assert domain.lockout == Lockout(after_attempts=5, unlocked_after_seconds=1800)
    assert (domain.character_classes, domain.expires_after_days) == (3, 0)
    assert administrators.lockout == Lockout(after_attempts=3)
    assert (administrators.minimum_length, administrators.who) == (15, "administrateurs")


@pytest.mark.parametrize(
    ("length", "locks", "lockout"),
    [(12, "TRUE", Lockout(after_attempts=5, unlocked_after_seconds=900)), (4, "FALSE", "none")],
)
def test_ppolicy(tmp_path: Path, length: int, locks: str, lockout: object) -> None:
    (fact,) = facts(
        read(tmp_path, PPOLICY.format(length=length, locks=locks)), AccountPolicy
    ).values()
    assert (fact.minimum_length, fact.lockout) == (length, lockout)
    assert (fact.initial_password_changed, fact.expires_after_days) == (True, 90)


def test_an_export_stands_for_the_class_the_scope_gives_it(tmp_path: Path) -> None:
    write(tmp_path, {"ad.ldif": WEAK})
    export = IdentityExport("ad.ldif", AccountClass.ADMINISTRATORS)
    tools = tools_at(tmp_path, Sources(identity_exports=(export,)))
    collector = SignInConfiguration()
    (task,) = collector.tasks(Scope(version=1, sources=Sources(identity_exports=(export,))))
    seen = facts(list(collector.observe(task, tools)), AccountPolicy)
    assert {k: f.class_ for k, f in seen.items()} == {"ad.ldif:7": AccountClass.ADMINISTRATORS}


@pytest.mark.parametrize(
    "text",
    [
        "minPwdLength: 9999999999999999999999\n",
        "dn:: %%%\nminPwdLength: x\n",
        "dn: a\nobjectClass: pwdPolicy\npwdMinLength:\n" + " 1" * 100_000,
        "dn: a\n" + " " * 1_000_000,
        "\x00\x01\xff",
    ],
)
def test_hostile_exports_end(tmp_path: Path, text: str) -> None:
    for fact in facts(read(tmp_path, text), AccountPolicy).values():
        assert fact.minimum_length in (None, 1)
