"""Account lists as people export them: any header, any separator, any encoding, never a name."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pytest

from cnilcheck.checks.authentication import (
    administrators_few,
    listed_accounts_individual,
    listed_accounts_used,
    listed_administrators_two_factors,
    listed_initial_passwords_changed,
    listed_leavers_closed,
)
from cnilcheck.collectors.accounts import AccountLists
from cnilcheck.errors import CollectionError, Malformed, NotReadable
from cnilcheck.model.facts import AccountDay, AccountList, GenericAccount
from cnilcheck.model.scope import AccountListSource, Scope, Sources
from cnilcheck.model.verdict import Context
from cnilcheck.model.words import AccountClass
from collectors.trees import facts, tools_at

WEAK = """Identifiant;Nom;Actif;Date de départ;Dernière connexion;Date de création;Mot de passe modifié le;Rôle;MFA
accueil;;oui;;20/11/2026;01/02/2024;05/06/2024;Préparateur;oui
mdurand;Marie Durand;oui;31/03/2026;02/04/2026;01/02/2024;05/06/2024;Pharmacien;oui
jpetit;Jean Petit;oui;;jamais;01/02/2024;01/02/2024;Administrateur;non
lmartin;Luc Martin / Ève Roy;oui;;20/11/2026;01/02/2024;05/06/2024;Administrateur;oui
abernard;Anne Bernard;oui;;20/11/2026;01/02/2024;05/06/2024;Administrateur;oui
ancien;Paul Vieux;non;31/01/2020;01/01/2020;01/02/2014;;Administrateur;non
"""
STRICT = """login,email,enabled,leave_date,last_login,created_at,password_changed_at,role,mfa
mdurand,marie.durand@example.fr,true,,2026-11-20,2024-02-01,2024-06-05,pharmacist,yes
jpetit,jean.petit@example.fr,true,2027-01-31,2026-11-21,2024-02-01,2025-06-05,pharmacist,yes
abernard,anne.bernard@example.fr,true,,2026-11-19,2024-02-01,2026-06-05,admin,yes
testard,luc.testard@example.fr,true,,,2026-11-15,2026-11-16,pharmacist,yes
pvieux,paul.vieux@example.fr,false,2020-01-31,2020-01-01,2014-02-01,,admin,no
"""
CONTEXT = Context(dt.date(2026, 11, 22))


def read(folder: Path, content: str | bytes, **more: object) -> AccountList:
    raw = content.encode() if isinstance(content, str) else content
    (folder / "comptes.csv").write_bytes(raw)
    source = AccountListSource("comptes.csv", AccountClass.STAFF, **more)  # type: ignore[arg-type]
    collector = AccountLists()
    (task,) = collector.tasks(Scope(version=1, sources=Sources(accounts=(source,))))
    (fact,) = facts(list(collector.observe(task, tools_at(folder))), AccountList).values()
    assert isinstance(fact, AccountList)
    return fact


def outcomes(fact: AccountList) -> list[str]:
    verdicts = (
        listed_accounts_individual(fact),
        listed_leavers_closed(fact, CONTEXT),
        listed_accounts_used(fact, CONTEXT, unused_days=180),
        listed_administrators_two_factors(fact),
        listed_initial_passwords_changed(fact),
        administrators_few(fact, share=0.25, at_least=3),
    )
    return [verdict.outcome.value for verdict in verdicts]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_weak_list_shows_each_weakness_by_line(tmp_path: Path, encoding: str) -> None:
    fact = read(tmp_path, WEAK.encode(encoding))
    assert (fact.accounts, fact.active) == (6, 5)
    assert fact.generic == (GenericAccount(2, "accueil"),)
    assert fact.several_people == (5,)
    assert fact.leavers == (AccountDay(3, dt.date(2026, 3, 31)),)
    assert fact.last_used and fact.last_used[0] == AccountDay(4, None, dt.date(2024, 2, 1))
    assert (fact.administrators, fact.without_second_factor) == (3, (4,))
    assert fact.initial_password_kept == (4,)
    assert outcomes(fact) == ["fail"] * 6


def test_a_strict_list_passes_everywhere(tmp_path: Path) -> None:
    assert outcomes(read(tmp_path, STRICT)) == ["pass"] * 6


def test_no_name_leaves_the_list(tmp_path: Path) -> None:
    told = msgspec.json.encode(read(tmp_path, WEAK)).decode()
    for name in ("durand", "petit", "martin", "Bernard", "Roy", "example.fr"):
        assert name.casefold() not in told.casefold()


def test_what_no_column_tells_stays_open(tmp_path: Path) -> None:
    fact = read(tmp_path, "compte\nmdurand\njpetit\n")
    assert outcomes(fact) == ["pass", *["inconclusive"] * 5]


def test_a_list_of_leavers_tells_who_left(tmp_path: Path) -> None:
    (tmp_path / "departs.csv").write_text("Nom;Date\nMARIE.DURAND@example.fr;31/03/2026\n")
    fact = read(tmp_path, STRICT, leavers="departs.csv")
    assert fact.leavers == (AccountDay(2, None), AccountDay(3, dt.date(2027, 1, 31)))


def test_the_scope_says_what_a_column_is_called(tmp_path: Path) -> None:
    text = "Réf\tVu le\tSecret 2\nx1\t2026-11-20\tnon\n"
    columns = {"login": "Réf", "last": "vu LE", "factor": "Secret 2"}
    fact = read(tmp_path, text, columns=columns)
    assert fact.last_used == (AccountDay(2, dt.date(2026, 11, 20)),)


@pytest.mark.parametrize(
    "login",
    ["marie.test-durand", "testard", "administrateur.durand", "svc_sauvegarde", "comptoire"],
)
def test_a_persons_name_is_no_generic_account(tmp_path: Path, login: str) -> None:
    assert read(tmp_path, f"login\n{login}\n").generic == ()


@pytest.mark.parametrize(
    "login", ["accueil1", "Stagiaire-2", "pharmacie", "test.test", "PHARMACIE\\poste3"]
)
def test_a_place_or_a_function_is(tmp_path: Path, login: str) -> None:
    assert len(read(tmp_path, f"login\n{login}\n").generic) == 1


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", Malformed),
        (b"\x00\x01\x02" * 100, Malformed),
        (b"a;b;c\n1;2;3\n", Malformed),
        (b"login\n", Malformed),
        (b'login\n"' + b"x" * 200_000, Malformed),
        (b"\xff\xfe\xff" * 50, Malformed),
    ],
)
def test_hostile_lists_are_refused(
    tmp_path: Path, content: bytes, error: type[CollectionError]
) -> None:
    with pytest.raises(error):
        read(tmp_path, content)


def test_a_missing_leavers_list_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotReadable):
        read(tmp_path, STRICT, leavers="nowhere.csv")


@pytest.mark.parametrize(
    "line", ["x" * 100_000, "x" + ";" * 50_000, "=cmd|calc;oui;99/99/9999;9999-99-99", "a;b" * 1000]
)
def test_hostile_rows_say_nothing_wrong(tmp_path: Path, line: str) -> None:
    fact = read(tmp_path, f"login;actif;date de depart;derniere connexion\n{line}\n")
    assert fact.leavers == ()
