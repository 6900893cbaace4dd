"""The versions applications keep in their own files are read, and looked up."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from cnilcheck.checks.exposure import software_supported
from cnilcheck.collectors.base import Journal, Missing, Nothing, Seen, Sighting, Tools
from cnilcheck.collectors.installed_software import InstalledSoftware
from cnilcheck.model.facts import SoftwareVersions
from cnilcheck.model.scope import Limits, Scope, Sources
from cnilcheck.model.verdict import Context, Verdict
from cnilcheck.model.words import Outcome


def observed(tmp_path: Path, files: dict[str, str]) -> list[Sighting]:
    for path, text in files.items():
        place = tmp_path / "tree" / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    (tmp_path / "tree").mkdir(exist_ok=True)
    scope = Scope(1, sources=Sources(system="tree"))
    instrument = InstalledSoftware()
    (task,) = instrument.tasks(scope)
    return list(instrument.observe(task, Tools(tmp_path, scope, Journal(), Limits())))


def lock(name: str, version: str) -> str:
    return json.dumps({"packages": [{"name": name, "version": version}]})


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("/var/www/html/wp-includes/version.php", "<?php\n$wp_version = '4.6.29';\n", "<?php\n$wp_version = '6.9.1';\n"),
        ("/var/www/html/core/lib/Drupal.php", "  const VERSION = '9.5.11';", "  const VERSION = '11.2.1';"),
        ("/var/www/html/includes/bootstrap.inc", "define('VERSION', '7.98');", "define('VERSION', '12.1');"),
        ("/srv/shop/config/settings.inc.php", "define('_PS_VERSION_', '1.6.1.24');", "define('_PS_VERSION_', '9.0.3');"),
        ("/srv/shop/src/Core/Version.php", "    public const VERSION = '8.0.4';", "    public const VERSION = '9.0.3';"),
        ("/srv/j/administrator/manifests/files/joomla.xml", "<version>3.9.28</version>", "<version>5.4.0</version>"),
        ("/srv/app/composer.lock", lock("symfony/http-kernel", "v4.4.50"), lock("symfony/http-kernel", "v7.4.1")),
        ("/srv/app/composer.lock", lock("laravel/framework", "v8.83.27"), lock("laravel/framework", "v12.1.0")),
        ("/srv/app/requirements.txt", "Django==3.2.25\n", "Django==5.2.12\n"),
    ],
)  # fmt: skip
def test_an_abandoned_version_is_told_from_a_current_one(
    path: str, old: str, new: str, tmp_path: Path
) -> None:
    outcomes = []
    for number, text in enumerate((old, new)):
        (tmp_path / str(number)).mkdir()
        (seen,) = observed(tmp_path / str(number), {path: text})
        assert isinstance(seen, Seen) and isinstance(seen.fact, SoftwareVersions)
        assert seen.location == path
        verdict = software_supported(seen.fact, Context(dt.date(2026, 11, 26)))
        assert isinstance(verdict, Verdict)
        outcomes.append(verdict.outcome)
    assert outcomes[0] is Outcome.FAIL
    assert outcomes[1] is not Outcome.FAIL


def test_the_plugins_of_wordpress_are_named_beside_it(tmp_path: Path) -> None:
    (seen,) = observed(tmp_path, {
        "/var/www/html/wp-includes/version.php": "$wp_version = '6.9.1';",
        "/var/www/html/wp-content/plugins/rdv/rdv.php": "<?php\n/*\n * Plugin Name: RDV\n * Version: 1.2.3\n */",
        "/var/www/html/wp-content/plugins/rdv/other.php": "<?php // Version: 9.9.9",
    })  # fmt: skip
    assert isinstance(seen, Seen) and isinstance(seen.fact, SoftwareVersions)
    assert [(s.product, s.version) for s in seen.fact.found] == [
        ("WordPress", "6.9.1"), ("WordPress · rdv", "1.2.3"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "\0" * 100, "$wp_version = '\x1b[31m';", "$wp_version = '" + "9" * 9000]
)
def test_a_file_that_tells_no_version_names_nothing(text: str, tmp_path: Path) -> None:
    (seen,) = observed(tmp_path, {"/var/www/html/wp-includes/version.php": text})
    assert isinstance(seen, Nothing)


def test_a_file_too_large_to_be_what_it_says_is_a_gap(tmp_path: Path) -> None:
    (seen,) = observed(tmp_path, {"/var/www/html/wp-includes/version.php": "x" * 400_000})
    assert isinstance(seen, Missing)
