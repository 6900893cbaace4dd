"""Secrets are told at their line, masked, with who may read the file; a hole is told too."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors import secrets
from cnilcheck.collectors.secrets import SecretsInTree
from cnilcheck.errors import NotReadable
from cnilcheck.model.facts import SecretsInFiles
from collectors.trees import facts, gaps, look, write

PHP = "<?php\ndefine('DB_PASSWORD', 'Officine2021!');\n"


def places(root: Path, files: dict[str, str]) -> list[str]:
    (fact,) = facts(look(SecretsInTree(), write(root, files)), SecretsInFiles).values()
    return [seen.place for seen in fact.found]


def test_a_secret_in_the_web_root_is_told_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, {"/var/www/a/connexion.php": PHP})
    (fact,) = facts(look(SecretsInTree(), tmp_path), SecretsInFiles).values()
    (seen,) = fact.found
    assert seen.place == "/var/www/a/connexion.php:2"
    assert "Officine" not in seen.masked
    assert seen.open_to_all is True


def test_who_may_read_the_file_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"/etc/app/app.env": "DB_PASSWORD=Officine2021!\n"})
    (tmp_path / "etc/app/app.env").chmod(0o600)
    (fact,) = facts(look(SecretsInTree(), tmp_path), SecretsInFiles).values()
    assert fact.found[0].open_to_all is False


@pytest.mark.parametrize(
    "path",
    ["/var/www/a/x.php.txt", "/var/www/a/x.php~", "/srv/a/.env", "/opt/a/x.py.bak", "/home/l/x.js"],
)
def test_what_is_left_behind_is_read_too(tmp_path: Path, path: str) -> None:
    text = PHP if "php" in path else "DB_PASSWORD = 'Officine2021!'\n"
    assert places(tmp_path, {path: text})


@pytest.mark.parametrize(
    "path",
    [
        "/var/www/a/vendor/x.php",
        "/var/www/a/node_modules/m/x.js",
        "/var/www/a/tests/x.php",
        "/var/www/a/docs/x.php",
        "/var/www/a/README.md",
        "/var/www/a/.env.example",
        "/var/www/a/config.sample.php",
        "/var/www/a/lang/fr/x.php",
        "/etc/shadow",
        "/etc/ssl/private/ssl-cert-snakeoil.key",
        "/etc/ssl/private/a.key",
        "/etc/ssh/ssh_host_rsa_key",
        "/usr/share/doc/x.php",
        "/var/www/a/photo.png",
    ],
)
def test_what_is_expected_or_not_ours_is_left_out(tmp_path: Path, path: str) -> None:
    text = PHP + "-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA1234567890\n"
    assert places(tmp_path, {path: text, "/var/www/a/index.php": "<?php"}) == []


def test_binary_and_large_files_are_left_out(tmp_path: Path) -> None:
    files = {"/srv/a.php": "\0" + PHP, "/srv/b.sql": PHP * 40_000, "/srv/c.php": "<?php"}
    assert places(tmp_path, files) == []


def test_too_many_files_are_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "MAX_FILES", 3)
    seen = look(SecretsInTree(), write(tmp_path, {f"/srv/{n}.php": PHP for n in range(5)}))
    ((place, _, error),) = gaps(seen)
    assert place == "/srv"
    assert "not read" in str(error)


def test_a_link_out_of_the_copy_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out.php").write_text(PHP)
    root = write(tmp_path / "root", {"/srv/a.php": "<?php"})
    (root / "srv/b.php").symlink_to(tmp_path / "out.php")
    assert places(root, {}) == []


def test_without_any_file_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(NotReadable, match="no source or configuration"):
        look(SecretsInTree(), tmp_path)
