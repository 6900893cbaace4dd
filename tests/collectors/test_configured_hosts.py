"""Hosts and regions that configuration names are told with their line, and never contacted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnilcheck.collectors import infrastructure_code
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


COMPOSE = """\
services:
  app:
    image: registre.exemple-images.fr:5000/app:1.2
  base:
    image: postgres:16
"""
MANIFEST = """\
spec:
  containers:
    - image: "ghcr.io/exemple/app:1"
      env:
        - name: DB_HOST
          value: base.exemple-hebergeur.fr
        - name: APP_URL
          value: https://www.exemple-hebergeur.fr
        - name: SMTP_URL
          value: smtp://compte:secret@relais.exemple-hebergeur.fr:587
  volumes:
    - name: depot
      nfs:
        path: /export
        server: nfs.exemple-hebergeur.fr
---
kind: Service
spec:
  externalName: paiement.exemple-tiers.fr
"""
BACKUPS = """\
export RESTIC_REPOSITORY=s3:https://sauvegarde.s3.fr-par.scw.cloud/depot
rsync -a --delete /srv/ copie@sauvegardes.exemple-hebergeur.fr:/dumps/
"""


def test_images_manifests_and_backups_are_told_with_their_use(tmp_path: Path) -> None:
    write(tmp_path, "srv/app/docker-compose.yml", COMPOSE)
    write(tmp_path, "srv/app/Dockerfile", "FROM --platform=x quay.io/exemple/base:1\nRUN true\n")
    write(tmp_path, "srv/k8s/app.yaml", MANIFEST)
    write(tmp_path, "etc/cron.daily/copie", BACKUPS)
    assert hosts(look(tmp_path)) == {
        "/srv/app/docker-compose.yml:3 registre.exemple-images.fr": ("images", None),
        "/srv/app/Dockerfile:1 quay.io": ("images", None),
        "/srv/k8s/app.yaml:3 ghcr.io": ("images", None),
        "/srv/k8s/app.yaml:6 base.exemple-hebergeur.fr": ("database", None),
        "/srv/k8s/app.yaml:10 relais.exemple-hebergeur.fr": ("mail", None),
        "/srv/k8s/app.yaml:15 nfs.exemple-hebergeur.fr": ("storage", None),
        "/srv/k8s/app.yaml:19 paiement.exemple-tiers.fr": ("recipient", None),
        "/etc/cron.daily/copie:1 sauvegarde.s3.fr-par.scw.cloud": ("backup", "Scaleway"),
        "/etc/cron.daily/copie:2 sauvegardes.exemple-hebergeur.fr": ("backup", None),
    }


RESOURCES = """\
resource "scaleway_rdb_instance" "base" {
  name   = "base"
  region = "fr-par"
}
resource "azurerm_postgresql_flexible_server" "b" {
  location = "West Europe"
}
resource "google_storage_bucket" "depot" {
  location = "US"
}
resource "ovh_cloud_project_kube" "k" {
  region = "GRA11"
}
resource "aws_s3_bucket" "x" {
  bucket = "x"
}
resource "azurerm_resource_group" "g" {
  location = var.location
}
"""


def regions(folder: Path) -> set[tuple[str, str, str | None, bool]]:
    facts = [s.fact for s in look(folder) if isinstance(s, Seen)]
    return {
        (f.product, f.region, f.country, f.stores) for f in facts if isinstance(f, StorageRegion)
    }


def test_resources_of_terraform_are_placed_by_the_cloud_they_are_of(tmp_path: Path) -> None:
    write(tmp_path, "srv/infra/main.tf", RESOURCES)
    assert regions(tmp_path) == {
        ("Terraform scaleway_rdb_instance", "fr-par", "FR", True),
        ("Terraform azurerm_postgresql_flexible_server", "westeurope", "NL", True),
        ("Terraform google_storage_bucket", "us", "US", True),
        ("Terraform ovh_cloud_project_kube", "gra", "FR", False),
    }


def state(*resources: object) -> str:
    return json.dumps({"version": 4, "terraform_version": "1.9.0", "resources": list(resources)})


def test_a_terraform_state_tells_regions_and_hosts_and_none_of_its_secrets(tmp_path: Path) -> None:
    database = {
        "arn": "arn:aws:rds:us-east-1:123456789012:db:base", "password": "motdepasse",
        "endpoint": "base.abc.us-east-1.rds.amazonaws.com:5432",
    }  # fmt: skip
    bucket = {"region": "eu-west-3", "bucket_regional_domain_name": "x.s3.eu-west-3.amazonaws.com"}
    text = state(
        {"mode": "managed", "type": "aws_db_instance", "instances": [{"attributes": database}]},
        {"mode": "managed", "type": "aws_s3_bucket", "instances": [{"attributes": bucket}]},
        {"mode": "data", "type": "aws_region", "instances": [{"attributes": {"region": "us-west-1"}}]},
        {"mode": "managed", "type": "aws_iam_user", "instances": "x"}, 7, None,
    )  # fmt: skip
    write(tmp_path, "srv/infra/terraform.tfstate", text)
    assert {
        ("Terraform aws_db_instance", "us-east-1", "US", True),
        ("Terraform aws_s3_bucket", "eu-west-3", "FR", True),
    } <= regions(tmp_path)
    assert ("database", "Amazon Web Services") in hosts(look(tmp_path)).values()
    assert "motdepasse" not in str(look(tmp_path))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"resources": 3}', "[" * 100_000, state([], {})])
def test_what_is_no_state_tells_nothing(tmp_path: Path, text: str) -> None:
    write(tmp_path, "srv/infra/terraform.tfstate", text)
    assert regions(tmp_path) == set()


@pytest.mark.parametrize(
    "text",
    [
        "rsync a@" * 100_000, "rsync " * 160_000, "image: " * 120_000, "name: DB_HOST\nvalue: " * 40_000,
        "nfs:\n" * 200_000, 'resource "aws_x" "y" {\n' * 40_000, "RESTIC_REPOSITORY=s3:" * 40_000,
    ],
)  # fmt: skip
def test_hostile_infrastructure_code_is_read_in_bounded_time(text: str) -> None:
    list(hosts_in("/srv/x.tf", text))
    list(infrastructure_code.resources(text))


@pytest.mark.parametrize(
    "text", ["a." * 400_000, "s3-" * 300_000, "postgres://" * 80_000, "a" * 999_999]
)
def test_a_hostile_file_is_read_in_bounded_time(text: str) -> None:
    list(hosts_in("/x", text))
