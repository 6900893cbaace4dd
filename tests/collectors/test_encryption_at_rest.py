"""Disks, databases and volumes: encrypted, not encrypted, or nothing says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors.base import Nothing
from cnilcheck.collectors.encryption_at_rest import EncryptionAtRest
from cnilcheck.model.facts import EncryptionAtRestSetting
from collectors.trees import facts, gaps, look, write

FSTAB = "# <file system> <mount point> <type>\nUUID=0a-1b / ext4 errors=remount-ro 0 1\n"
TF = "/srv/infra/base.tf"


def observe(root: Path, **files: str) -> dict[str, EncryptionAtRestSetting]:
    return facts(look(EncryptionAtRest(), write(root, files)), EncryptionAtRestSetting)  # type: ignore[return-value]


def test_a_tree_that_describes_no_storage_has_nothing_to_look_at(tmp_path: Path) -> None:
    assert look(EncryptionAtRest(), tmp_path) == [Nothing("/", EncryptionAtRestSetting)]


def test_plain_disks_do_not_say_whether_the_host_encrypts_them(tmp_path: Path) -> None:
    assert {"/etc/fstab": EncryptionAtRestSetting("fstab", "/", None)} == observe(
        tmp_path, **{"/etc/fstab": FSTAB}
    )


def test_a_luks_disk_is_encrypted(tmp_path: Path) -> None:
    crypttab = "# <name> <device> <key> <options>\nsda3_crypt UUID=1-2 none luks,discard\n"
    found = observe(tmp_path, **{"/etc/fstab": FSTAB, "/etc/crypttab": crypttab})
    assert {"/etc/crypttab:2": EncryptionAtRestSetting("LUKS", "sda3_crypt", True)} == found


@pytest.mark.parametrize(
    "line",
    ["echange /dev/sda2 /dev/urandom swap,cipher=aes", "tmp /dev/sda4 none tmp=ext4", "seul"],
)
def test_what_is_thrown_away_at_each_start_is_no_store(tmp_path: Path, line: str) -> None:
    found = observe(tmp_path, **{"/etc/fstab": FSTAB, "/etc/crypttab": line + "\n"})
    assert [fact.product for fact in found.values()] == ["fstab"]


def test_terraform_resources_say_it_each_for_itself(tmp_path: Path) -> None:
    text = """resource "aws_db_instance" "patients" {
  engine            = "postgres"
  storage_encrypted = false
}
resource "aws_ebs_volume" "donnees" {
  encrypted = true
}
resource "aws_rds_cluster" "autre" {
  storage_encrypted = var.chiffrement
}
resource "aws_efs_file_system" "muet" {
}
resource "aws_security_group" "pare_feu" {
  encrypted = false
}
"""
    found = observe(tmp_path, **{TF: text})
    assert {place: (f.subject, f.encrypted) for place, f in found.items()} == {
        f"{TF}:3": ("aws_db_instance.patients", False),
        f"{TF}:6": ("aws_ebs_volume.donnees", True),
        f"{TF}:9": ("aws_rds_cluster.autre", None),
        f"{TF}:11": ("aws_efs_file_system.muet", None),
    }


def test_cloudformation_says_it_too(tmp_path: Path) -> None:
    text = "Resources:\n  Base:\n    Properties:\n      StorageEncrypted: false\n"
    found = observe(tmp_path, **{"/srv/infra/template.yaml": text})
    assert [(f.product, f.encrypted) for f in found.values()] == [("CloudFormation", False)]


def test_a_database_that_encrypts_its_tables_says_so_and_one_that_does_not_is_silent(
    tmp_path: Path,
) -> None:
    main = "/etc/mysql/mariadb.cnf"
    on = observe(tmp_path, **{main: "[mariadb]\ninnodb_encrypt_tables = FORCE\n"})
    assert [(f.product, f.encrypted) for f in on.values()] == [("MariaDB", True)]
    assert not observe(tmp_path, **{main: "[mariadb]\ninnodb_encrypt_tables = OFF\n"})


@pytest.mark.parametrize(
    "text", ['resource "aws_ebs_volume" "a" {\n' * 20_000, "encrypted = " * 80_000, "\0" * 5000]
)
def test_hostile_files_end_soon(tmp_path: Path, text: str) -> None:
    seen = look(EncryptionAtRest(), write(tmp_path, {TF: text}))
    assert gaps(seen) == []
    assert len(seen) <= 500
