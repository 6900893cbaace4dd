"""`cnilcheck hosts`: looks up without a network, takes tables, tells their age, writes the letter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from collectors.dns_lab import dnsmasq

SCOPE = """\
version: 1
organisation: {name: Pharmacie Exemple}
health_data: third_party
sources: {system: ./copie}
declarations:
  hosting:
    providers: [{name: Scalingo, activities: [1, 2, 3, 4, 5, 6]}]
    intermediaries: [{name: Exemple CDN, article_28: false}]
"""


def cnilcheck(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cnilcheck", *arguments],
        capture_output=True, text=True, timeout=120, cwd=cwd, check=False,
        env=os.environ | {"CNILCHECK_DATA": str(cwd / "data"), "CNILCHECK_LANG": "en"},
    )  # fmt: skip


def listed(count: int) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    rows = [f"{letters[n % 26]}xemple {n};1 à 6;2.0" for n in range(count)]
    return "\n".join(["Raison sociale;Activités;Référentiel", *rows])


def test_names_and_addresses_are_looked_up_without_a_network(tmp_path: Path) -> None:
    done = cnilcheck("hosts", "lookup", "x.vercel.app", "51.91.0.0", "10.0.0.1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Vercel (Vercel Inc.)" in done.stdout
    assert "the network alone, AS16276 OVH SAS" in done.stdout
    assert "Reserved or private address" in done.stdout
    assert "2026-06-17" in done.stdout
    assert "https://db-ip.com" in done.stdout


def test_what_is_looked_up_is_told_as_json(tmp_path: Path) -> None:
    done = cnilcheck("hosts", "lookup", "x.scalingo.io", "--json", cwd=tmp_path)
    (row,) = json.loads(done.stdout)
    assert (row["provider"], row["strength"]) == ("Scalingo", "strong")
    assert {"status", "source"} == set(row["lead"])


@pytest.mark.parametrize("what", ["a b", "-x", "\x1b[31m", "x" * 300])
def test_what_is_no_name_is_refused_in_one_line(what: str, tmp_path: Path) -> None:
    done = cnilcheck("hosts", "lookup", "--", what, cwd=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "\x1b" not in done.stderr


def test_a_list_is_taken_shown_with_its_age_and_used(tmp_path: Path) -> None:
    (tmp_path / "liste.csv").write_text(listed(300), encoding="utf-8")
    before = cnilcheck("hosts", "status", cwd=tmp_path).stdout
    assert "No official list imported" in before
    taken = cnilcheck("hosts", "update", "liste.csv", "--as-of", "2026-11-01", cwd=tmp_path)
    assert taken.returncode == 0, taken.stderr
    assert "300 rows as of 2026-11-01" in taken.stdout
    after = cnilcheck("hosts", "status", cwd=tmp_path).stdout
    assert "official list: 300 rows, 2026-11-01" in after
    assert "liste.csv" in after
    (row,) = json.loads(cnilcheck("hosts", "lookup", "x.vercel.app", "--json", cwd=tmp_path).stdout)
    assert (row["entry"]["listed"], row["entry"]["rows"]) == (False, 300)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["absent.csv", "--as-of", "2026-11-01"], "no such file"),
        (["courte.csv", "--as-of", "2026-11-01"], "fewer than 200"),
        (["courte.csv"], "--as-of"),
        (["courte.csv", "--as-of", "hier"], "not a day"),
        (["courte.csv", "--map", "nom=A", "--as-of", "2026-11-01"], "--map"),
        (["http://exemple.fr/liste.csv", "--as-of", "2026-11-01"], "only https"),
        (["file:///etc/passwd", "--as-of", "2026-11-01"], "only https"),
        (["http://127.0.0.1:9/liste.csv", "--as-of", "2026-11-01"], "127.0.0.1:9"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_reason(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    (tmp_path / "courte.csv").write_text(listed(20), encoding="utf-8")
    done = cnilcheck("hosts", "update", *arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_name_is_asked_of_the_resolver_named_and_the_run_says_who_learns(tmp_path: Path) -> None:
    with dnsmasq(
        "--cname=www.a.test,b.cleverapps.io", "--host-record=b.cleverapps.io,10.0.0.9"
    ) as at:
        done = cnilcheck(
            "hosts", "lookup", "www.a.test", "--online-identity", "--resolver", at, "--json",
            cwd=tmp_path,
        )  # fmt: skip
        dead = cnilcheck(
            "hosts", "lookup", "x.a.test", "--online-identity", "--resolver", at, cwd=tmp_path
        )
    assert f"the resolver {at} learns" in done.stderr
    assert "Team Cymru" in done.stderr
    (row,) = json.loads(done.stdout)
    assert (row["addresses"], row["reserved"]) == (["10.0.0.9"], True)
    assert (dead.returncode, "Traceback" in dead.stderr) == (2, False)
    odd = cnilcheck(
        "hosts", "lookup", "x", "--online-identity", "--resolver", "dns.test", cwd=tmp_path
    )
    assert odd.returncode == 2
    assert "identity.resolver" in odd.stderr


def test_an_audit_says_who_learned_what_and_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "cnilcheck.yaml").write_text(
        "version: 1\nhealth_data: third_party\nidentity: {resolver: '127.0.0.1:9', ask: [names]}\n"
        "targets: [{host: localhost, ports: [9]}]\n",
        encoding="utf-8",
    )
    done = cnilcheck("scan", "--online-identity", "--out", "a", "--quiet", cwd=tmp_path)
    assert "the resolver 127.0.0.1:9 learns" in done.stderr
    told = "Online identity: the resolver 127.0.0.1:9 learns"
    assert told in (tmp_path / "a/report.html").read_text(encoding="utf-8")
    cnilcheck("report", "a", "--format", "md", cwd=tmp_path)
    assert told in (tmp_path / "a/report.md").read_text(encoding="utf-8")


def test_two_lists_are_compared(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(listed(300), encoding="utf-8")
    changed = listed(301).replace("Bxemple 1;1 à 6", "Bxemple 1;1 à 4")
    (tmp_path / "b.csv").write_text(changed, encoding="utf-8")
    alone = cnilcheck("hosts", "diff", cwd=tmp_path)
    assert (alone.returncode, len(alone.stderr.splitlines())) == (2, 1)
    cnilcheck("hosts", "update", "a.csv", "--as-of", "2026-10-01", cwd=tmp_path)
    beside = cnilcheck("hosts", "diff", "b.csv", "--as-of", "2026-11-01", cwd=tmp_path)
    assert beside.returncode == 0, beside.stderr
    assert "New (1)\n    Oxemple 300" in beside.stdout
    assert "Bxemple 1 (1, 2, 3, 4, 5, 6 → 1, 2, 3, 4; – → –)" in beside.stdout
    cnilcheck("hosts", "update", "b.csv", "--as-of", "2026-11-01", cwd=tmp_path)
    assert cnilcheck("hosts", "diff", cwd=tmp_path).stdout == beside.stdout


def test_the_letter_asks_what_the_audit_could_not_learn(tmp_path: Path) -> None:
    (tmp_path / "copie/srv").mkdir(parents=True)
    (tmp_path / "copie/srv/.env").write_text("DB_HOST=base.osc-fr1.scalingo.io\n")
    (tmp_path / "cnilcheck.yaml").write_text(SCOPE, encoding="utf-8")
    done = cnilcheck("scan", "--out", "audit", "--quiet", "--as-of", "2026-11-22", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    report = json.loads((tmp_path / "audit/report.json").read_bytes())
    outcomes = {(f["rule"], f["outcome"]) for f in report["findings"]}
    assert ("intermediary-under-contract", "fail") in outcomes
    assert ("network-host-certified", "inconclusive") in outcomes
    assert ("network-host-certified", "pass") not in outcomes
    for lang, expected in (
        ("fr", "l’annexe hds est-elle signée"),
        ("en", "is the hds annex signed"),
    ):
        told = cnilcheck(
            "hosts", "letter", "audit", "--lang", lang, "--as-of", "2026-11-22", cwd=tmp_path
        )
        assert told.returncode == 0, told.stderr
        flat = " ".join(told.stdout.replace("\u00a0", " ").split()).lower()
        assert expected in flat
        assert "pharmacie exemple" in flat
        assert "{" not in flat
        assert max(map(len, told.stdout.splitlines())) <= 100
    assert all(len(line) < 200 for line in told.stdout.splitlines())


def test_a_letter_needs_an_audit(tmp_path: Path) -> None:
    done = cnilcheck("hosts", "letter", "absent", cwd=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
