"""Hosts and regions that configuration names are told with their line, and never contacted."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cnilcheck.collectors.base import Journal, Nothing, Seen, Sighting, Tools
from cnilcheck.collectors.configured_hosts import ConfiguredHosts, hosts_in
from cnilcheck.model.facts import NetworkIdentity, StorageRegion
from cnilcheck.model.scope import Limits, Scope, Sources

SETTINGS = """\
DATABASE_URL=postgres://app:motdepasse@db-1.xyz.eu-west-3.rds.amazonaws.com:5432/app
REDIS_URL=redis://127.0.0.1:6379
DB_HOST=base.exemple-hebergeur.fr
LOCAL_DB_HOST=postgres
AWS_DEFAULT_REGION=us-east-1
S3_ENDPOINT=https://resultats.s3.us-east-2.amazonaws.com/x
CELLAR=https://cellar-c2.services.clever-cloud.com
EMAIL_HOST=smtp.relais-exemple.fr
"""
TERRAFORM = 'provider "aws" {\n  profile = "x"\n  region  = "eu-west-3"\n}\n'


def look(folder: Path) -> list[Sighting]:
    scope = Scope(version=1, sources=Sources(system=str(folder)))
    collector = ConfiguredHosts()
    (task,) = collector.tasks(scope)
    return list(collector.observe(task, Tools(folder, scope, Journal(), Limits())))


def write(folder: Path, path: str, text: str) -> None:
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


def hosts(sightings: list[Sighting]) -> dict[str, tuple[str, str | None]]:
    return {
        s.location: (s.fact.use, s.fact.provider)
        for s in sightings
        if isinstance(s, Seen) and isinstance(s.fact, NetworkIdentity)
    }


def test_each_host_is_told_with_its_use_and_its_line(tmp_path: Path) -> None:
    write(tmp_path, "srv/app/.env", SETTINGS)
    write(tmp_path, "etc/postfix/main.cf", "relayhost = [smtp.autre-relais.fr]:587\n")
    assert hosts(look(tmp_path)) == {
        "/srv/app/.env:1 db-1.xyz.eu-west-3.rds.amazonaws.com": ("database", "Amazon Web Services"),
        "/srv/app/.env:3 base.exemple-hebergeur.fr": ("database", None),
        "/srv/app/.env:6 resultats.s3.us-east-2.amazonaws.com": ("storage", "Amazon Web Services"),
        "/srv/app/.env:7 cellar-c2.services.clever-cloud.com": ("storage", "Clever Cloud"),
        "/srv/app/.env:8 smtp.relais-exemple.fr": ("mail", None),
        "/etc/postfix/main.cf:1 smtp.autre-relais.fr": ("mail", None),
    }


def test_a_password_beside_a_host_is_not_told(tmp_path: Path) -> None:
    write(tmp_path, "srv/app/.env", SETTINGS)
    assert "motdepasse" not in str(look(tmp_path))


def test_a_region_is_told_and_a_default_does_not_count_as_storage(tmp_path: Path) -> None:
    write(tmp_path, "srv/app/.env", SETTINGS)
    write(tmp_path, "srv/infra/main.tf", TERRAFORM)
    regions = [s.fact for s in look(tmp_path) if isinstance(s, Seen)]
    found = {
        (f.product, f.region, f.country, f.stores) for f in regions if isinstance(f, StorageRegion)
    }
    assert {
        ("S3", "us-east-2", "US", True),
        ("AWS_DEFAULT_REGION", "us-east-1", "US", False),
        ("Terraform aws", "eu-west-3", "FR", False),
    } == found


def test_an_address_that_no_setting_names_does_not_count_as_storage(tmp_path: Path) -> None:
    text = "curl https://agent.s3.us-east-1.amazonaws.com/agent.deb\n"
    write(tmp_path, "srv/install.conf", text + "# S3_REGION=us-west-1\n")
    seen = [s.fact for s in look(tmp_path) if isinstance(s, Seen)]
    (fact,) = [f for f in seen if isinstance(f, StorageRegion)]
    assert (fact.region, fact.stores) == ("us-east-1", False)


def test_a_tree_without_hosts_has_nothing_to_judge(tmp_path: Path) -> None:
    write(tmp_path, "srv/app/.env", "DB_HOST=localhost\n")
    assert [Nothing("/", NetworkIdentity), Nothing("/", StorageRegion)] == look(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "DB_HOST=db.example.com", "DB_HOST=192.168.1.4", "DB_HOST=db", "DB_HOST=db.internal",
        "see postgres://user:pass@localhost/db", "$this->db->host", "import s3.client.get",
        "# DB_HOST=base.exemple-hebergeur.fr", "  // smtp://relais.exemple-hebergeur.fr",
    ],
)  # fmt: skip
def test_what_names_no_host_elsewhere_is_left_alone(line: str) -> None:
    assert list(hosts_in("/x", line)) == []


@pytest.mark.parametrize(
    "text", ["a." * 400_000, "s3-" * 300_000, "postgres://" * 80_000, "a" * 999_999]
)
def test_a_hostile_file_is_read_in_bounded_time(text: str) -> None:
    start = time.monotonic()
    list(hosts_in("/x", text))
    assert time.monotonic() - start < 8
