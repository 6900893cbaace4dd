"""The files of both deployments: people, logs, samples, configuration and scope."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnilcheck.replica import Replica
from cnilcheck.replica.people import invented_people, nir_key
from cnilcheck.replica.scope import scope_values

DAY = date(2026, 11, 26)
COMBINED = re.compile(
    r'^[\d.]+ - (\S+) \[([^\]]+)\] "[A-Z]+ (\S+) HTTP/1\.1" \d{3} \d+ "-" "[^"]+"$'
)


def lines_of(replica: Replica) -> list[tuple[str, datetime, str]]:
    text = (replica.scope_path.parent / "logs/access.log").read_text()
    found = [COMBINED.match(line) for line in text.splitlines()]
    assert all(found)
    return [(m[1], datetime.strptime(m[2], "%d/%b/%Y:%H:%M:%S %z"), m[3]) for m in found if m]


def silences(replica: Replica, longest: timedelta) -> Iterator[tuple[datetime, timedelta]]:
    """The silences inside the opening hours of one day."""
    moments = [moment for _, moment, _ in lines_of(replica)]
    for before, after in pairwise(moments):
        if before.date() == after.date() and before.hour >= 8 and after - before > longest:
            yield before, after - before


def scope_of(replica: Replica) -> Any:
    return yaml.safe_load(replica.scope_path.read_text("utf-8"))


def test_the_people_are_invented_and_their_numbers_valid() -> None:
    people = invented_people()
    assert {"2A", "2B"} <= {person.nir[5:7] for person in people}
    assert len(people) == len({person.nir for person in people})
    for person in people:
        assert person.nir[13:] == nir_key(person.nir[:13])
        assert re.fullmatch(r"[12]\d{4}(\d\d|2A|2B)9[5-8]\d{6}", person.nir)
        assert re.fullmatch(r"(01 99 00|06 39 98)( \d\d){2}", person.telephone)
        assert re.fullmatch(r"[a-z0-9.]+@[a-z]+\.example", person.email)
        assert person.result in ("positif", "négatif")


def test_the_key_is_that_of_the_published_specimen() -> None:
    assert nir_key("2550814168025") == "38"


def test_the_letters_of_corsica_are_read_as_19_and_18() -> None:
    assert nir_key("1850419004007") == nir_key("185042A004007")
    assert nir_key("1850418004007") == nir_key("185042B004007")


def test_the_flawed_log_names_nobody_falls_silent_and_shows_numbers(flawed: Replica) -> None:
    lines = lines_of(flawed)
    assert {"-"} == {user for user, _, _ in lines}
    assert (DAY - timedelta(days=20), DAY) == (lines[0][1].date(), lines[-1][1].date())
    holes = sorted(silences(flawed, timedelta(hours=1)), key=lambda hole: hole[1])
    assert [round(length.total_seconds() // 3600) for _, length in holes] == [2, 7]
    assert all(start.weekday() < 5 for start, _ in holes)
    assert any("nir=" in target for _, _, target in lines)
    assert any("courriel=" in target for _, _, target in lines)


def test_the_flawed_log_shows_nothing_of_the_places_whose_log_is_off(flawed: Replica) -> None:
    targets = {target for _, _, target in lines_of(flawed)}
    assert not [
        t
        for t in targets
        if t.startswith("/espace-pharmacien/") or re.match(r"/resultats/\w+\.pdf", t)
    ]


def test_the_mended_log_names_everybody_and_has_no_silence(mended: Replica) -> None:
    lines = lines_of(mended)
    assert all(re.fullmatch(r"ph-\d{4}", user) for user, _, _ in lines)
    assert (DAY - timedelta(days=199), DAY) == (lines[0][1].date(), lines[-1][1].date())
    assert list(silences(mended, timedelta(minutes=40))) == []
    assert not [target for _, _, target in lines if "?" in target or "@" in target]


@pytest.mark.parametrize(("name", "most"), [("flawed", 1_000_000), ("mended", 3_000_000)])
def test_the_logs_stay_small(name: str, most: int, request: pytest.FixtureRequest) -> None:
    replica: Replica = request.getfixturevalue(name)
    assert (replica.scope_path.parent / "logs/access.log").stat().st_size < most


def test_the_flawed_passwords_are_unsalted_and_shared(flawed: Replica) -> None:
    hashes = passwords_of(flawed)
    assert [len(value) for value in hashes] == [32] * 20 + [40] * 10
    assert len(set(hashes)) < len(hashes)


def test_the_mended_passwords_are_argon2_with_distinct_salts(mended: Replica) -> None:
    form = r"\$argon2id\$v=19\$m=19456,t=2,p=1\$([\w+/]{22})\$[\w+/]{43}"
    salts = {re.fullmatch(form, value).group(1) for value in passwords_of(mended)}  # type: ignore[union-attr]
    assert len(passwords_of(mended)) == len(salts)


def passwords_of(replica: Replica) -> list[str]:
    with (replica.scope_path.parent / "samples/utilisateurs.csv").open(newline="") as file:
        return [row["mot_de_passe"] for row in csv.DictReader(file)]


def test_the_backup_is_readable_or_encrypted(flawed: Replica, mended: Replica) -> None:
    sample = "samples/sauvegarde.sql"
    assert b"INSERT INTO patients" in (flawed.scope_path.parent / sample).read_bytes()
    assert (
        (mended.scope_path.parent / sample)
        .read_bytes()
        .startswith(b"age-encryption.org/v1\n-> X25519 ")
    )


def test_the_configuration_says_what_the_servers_do(flawed: Replica, mended: Replica) -> None:
    open_site, closed_site = (
        _text(r, "etc/nginx/sites-enabled/depistage.conf") for r in (flawed, mended)
    )
    assert "ssl_protocols TLSv1 TLSv1.1 TLSv1.2;" in open_site and "autoindex on;" in open_site
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in closed_site and "access_log off" not in closed_site
    assert "0.0.0.0/0" in _text(flawed, "etc/postgresql/13/main/pg_hba.conf")
    assert "0.0.0.0/0" not in _text(mended, "etc/postgresql/13/main/pg_hba.conf")
    source = "var/www/depistage/connexion-bdd.php"
    assert "DB_PASSWORD'," in _text(flawed, source) and "getenv('DB_PASSWORD')" in _text(
        mended, source
    )
    assert (flawed.scope_path.parent / "snapshot" / source).stat().st_mode & 0o777 == 0o644
    assert (mended.scope_path.parent / "snapshot" / source).stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("name", ["flawed", "mended"])
def test_nginx_configurations_parse_without_a_warning(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    crossplane = pytest.importorskip("crossplane")
    root = request.getfixturevalue(name).scope_path.parent / "snapshot"
    for relative in ("nginx.conf", "sites-enabled/depistage.conf"):
        text = (root / "etc/nginx" / relative).read_text().replace("/etc/nginx", str(tmp_path))
        (tmp_path / relative).parent.mkdir(exist_ok=True)
        (tmp_path / relative).write_text(text)
    parsed = crossplane.parse(str(tmp_path / "nginx.conf"), check_args=True, check_ctx=True)
    assert (parsed["status"], len(parsed["config"])) == ("ok", 2)


def _text(replica: Replica, path: str) -> str:
    return (replica.scope_path.parent / "snapshot" / path).read_text("utf-8")


def test_both_scopes_have_the_same_form(flawed: Replica, mended: Replica) -> None:
    first, second = scope_of(flawed), scope_of(mended)
    assert list(first) == list(second)
    assert list(first["declarations"]) == list(second["declarations"])
    assert first["sources"] == second["sources"]
    assert "authorisation" not in first


def test_a_scope_names_the_servers_and_the_files_that_exist(
    flawed: Replica, mended: Replica
) -> None:
    for replica in (flawed, mended):
        scope, folder = scope_of(replica), replica.scope_path.parent
        https, http, database = scope["targets"]
        assert (replica.https, replica.http) == (https["url"], http["url"])
        assert replica.database == (database["host"], database["ports"][0])
        assert DAY - timedelta(days=20) == scope["notice"]["received_on"]
        sources = scope["sources"]
        named = [
            sources["system"],
            *sources["authorities"],
            *(
                each["path"]
                for kind in ("logs", "password_samples", "data_samples")
                for each in sources[kind]
            ),
        ]
        assert all((folder / path).exists() for path in named)


def test_the_mended_identifiers_are_of_128_bits(mended: Replica) -> None:
    target = scope_of(mended)["targets"][0]
    for path in target["protected"] + target["neighbours"]:
        assert re.fullmatch(r"/resultats/[0-9a-f]{32}\.pdf", path)


@pytest.mark.parametrize(
    ("issued", "expires"),
    [
        (date(2026, 1, 30), date(2029, 1, 29)),
        (date(2024, 2, 29), date(2027, 2, 28)),
        (date(2024, 3, 1), date(2027, 2, 28)),
    ],
)
def test_a_certificate_lasts_three_years_less_a_day(issued: date, expires: date) -> None:
    values = scope_values(True, issued + timedelta(days=300), "", "")
    assert (f"{issued}", f"{expires}") == (values["ISSUED_ON"], values["EXPIRES_ON"])


@pytest.mark.parametrize("mended", [False, True])
def test_the_same_day_gives_the_same_files(mended: bool, tmp_path: Path) -> None:
    def contents(folder: Path) -> dict[str, bytes]:
        with Replica(folder, mended, DAY) as replica:
            changing = {
                replica.https: "HTTPS",
                replica.http: "HTTP",
                str(replica.database[1]): "PORT",
            }
            found = {}
            for path in folder.rglob("*"):
                if path.is_file() and path.name != "ca.pem":
                    content = path.read_bytes()
                    if path.name == "cnilcheck.yaml" or path.name.startswith("connexion-bdd"):
                        for value, name in changing.items():
                            content = content.replace(value.encode(), name.encode())
                    found[str(path.relative_to(folder))] = content
            return found

    assert contents(tmp_path / "first") == contents(tmp_path / "second")


@pytest.mark.parametrize("days", [0, 94, 300, 1000])
def test_any_day_has_two_silences(days: int, tmp_path: Path) -> None:
    with Replica(tmp_path, day=DAY + timedelta(days=days)) as replica:
        assert len(list(silences(replica, timedelta(hours=2)))) == 2


def test_the_mended_twin_leaves_no_extract_where_the_flawed_one_stood(tmp_path: Path) -> None:
    for mended in (False, True):
        with Replica(tmp_path, mended, DAY):
            assert mended is not any(tmp_path.rglob("export-*.csv"))
