"""The command by which one sees an observation again: quoted, read-only, or not given at all."""

from __future__ import annotations

import datetime as dt
import shlex

import pytest

from cnilcheck.model import facts
from cnilcheck.model.evidence import Evidence, Gap, Provenance
from cnilcheck.model.words import GapReason, Lang, Method
from cnilcheck.renderers.proof import is_inventory_of, proof_of
from cnilcheck.renderers.reproduce import command

ORIGIN = Provenance("x", "1", Method.TEST, dt.datetime(2026, 11, 22, tzinfo=dt.UTC))
WEB = "https://app.example.fr/"
FILES = facts.ReadableFiles(2, ())


def seen(fact: facts.AnyFact, location: str, target: str = WEB) -> str:
    return command(Evidence(target, location, ORIGIN, fact), location)


@pytest.mark.parametrize(
    ("fact", "location", "target", "said"),
    [
        (FILES, "/x y.csv", WEB, "curl -sI 'https://app.example.fr/x y.csv'"),
        (facts.PlainHttp(200, None), "/", "http://a.fr/", "curl -sI http://a.fr/"),
        (facts.TlsProtocols(("TLS 1.0", "TLS 1.2"), ()), "a.fr:443", WEB,
         "openssl s_client -connect a.fr:443 -servername a.fr -tls1 </dev/null"),
        (facts.TlsProtocols(("TLS 1.2",), ()), "a.fr:587", "a.fr:587",
         "openssl s_client -connect a.fr:587 -servername a.fr -starttls smtp -tls1_2 </dev/null"),
        (facts.CertificateKey("RSA", 2048, "SHA-256"), "[::1]:443", WEB,
         "openssl s_client -connect '[::1]:443' -servername ::1 -showcerts </dev/null"),
        (facts.TlsSuites(()), "a.fr:443 BEAST", WEB,
         "nmap -Pn -p 443 --script ssl-enum-ciphers a.fr"),
        (facts.OpenPorts("db.a.fr", (5432,), ()), "db.a.fr:5432", "db.a.fr",
         "nmap -Pn -p 5432 db.a.fr"),
        (facts.SshServer("2.0", "x"), "a.fr:22", "a.fr:22",
         "nmap -Pn -p 22 --script ssh2-enum-algos a.fr"),
        (facts.TlsSetting("nginx", ()), "/etc/nginx/a b.conf:11", "./snapshot/",
         "sed -n 11p './snapshot/etc/nginx/a b.conf'"),
        (facts.NetworkAccessSetting("PostgreSQL", ()), "/etc/pg_hba.conf", "./snapshot/",
         "less ./snapshot/etc/pg_hba.conf"),
        (facts.ServiceAccess("PostgreSQL", "none"), "db.a.fr:5432 PostgreSQL", "db.a.fr",
         "psql -w -h db.a.fr -p 5432 -U postgres -c 'select version()'"),
        (facts.ServiceAccess("Redis", "none"), "db.a.fr:6379 Redis", "db.a.fr",
         "redis-cli -h db.a.fr -p 6379 info server"),
        (facts.ServiceAccess("MongoDB", "none"), "db.a.fr:27017", "db.a.fr",
         "nmap -Pn -p 27017 db.a.fr"),
        (facts.AccountPolicy(class_="staff"), "accounts[0]", "declarations.authentication", ""),
        (facts.TlsProtocols((), ()), "-oX:80", WEB, ""),
    ],
)  # fmt: skip
def test_a_common_tool_shows_it_again(
    fact: facts.AnyFact, location: str, target: str, said: str
) -> None:
    assert seen(fact, location, target) == said


@pytest.mark.parametrize(
    "path", ["/$(reboot)", "/`id`", "/a;reboot", "/'\"", "/&& rm -rf ~", "/|sh"]
)
def test_what_a_server_says_is_one_word_to_the_shell(path: str) -> None:
    line = seen(FILES, path)
    words = shlex.split(line)
    assert words[:2] == ["curl", "-sI"]
    assert len(words) == 3


@pytest.mark.parametrize("path", ["/\x1b[31m", "/\u202egnp", "/a\nreboot", "/" + "x" * 2000])
def test_what_cannot_be_shown_as_it_is_is_no_command(path: str) -> None:
    assert seen(FILES, path) == ""


def test_a_target_of_another_kind_is_no_address() -> None:
    assert seen(FILES, "/x", "file:///etc/") == ""
    assert seen(FILES, "//another.example/x") == ""
    assert seen(facts.TlsSetting("nginx", ()), "/etc/x:1", "--expression=w") == ""


def test_a_gap_has_nothing_to_see_again() -> None:
    gap = Gap(WEB, "/", ORIGIN, "readable-files", GapReason.TIMED_OUT, "late")
    assert command(gap, "/") == ""


def test_of_an_inventory_only_the_entry_at_the_place_is_shown() -> None:
    files = tuple(facts.ReadableFile(f"/{n}.csv", "data_extract", "CSV", 5) for n in range(3))
    observation = Evidence(WEB, "/", ORIGIN, facts.ReadableFiles(40, files))
    rows = {row.label: row.values for row in proof_of(observation, Lang.EN, "/1.csv").rows}
    assert rows["path"] == ("/1.csv",)
    assert rows["others"] == ("… and 2 more in evidence.json",)
    assert "secrets" not in rows
    assert is_inventory_of(observation, "/1.csv")
    whole = {row.label: row.values for row in proof_of(observation, Lang.EN, "/").rows}
    assert len(whole["found"]) == 3
    assert not is_inventory_of(observation, "/")
