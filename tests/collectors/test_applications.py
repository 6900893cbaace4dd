"""Django, PHP and WordPress: settings that are written out, and only those."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors.applications import ApplicationConfiguration
from cnilcheck.collectors.base import Nothing
from cnilcheck.model.facts import HttpsSetting, PasswordHasherSetting, SessionCookieSetting
from collectors.trees import facts, gaps, look, write

SETTINGS = "/srv/officine/officine/settings.py"
HASHERS = "django.contrib.auth.hashers."


def observe(root: Path, **files: str):
    return look(ApplicationConfiguration(), write(root, files))


def test_a_tree_without_applications_has_nothing_to_look_at(tmp_path: Path) -> None:
    assert observe(tmp_path, **{"/etc/hostname": "a"}) == [
        Nothing("/", f) for f in (SessionCookieSetting, PasswordHasherSetting, HttpsSetting)
    ]


def test_django_settings_are_read_where_they_stand_alone(tmp_path: Path) -> None:
    text = f"""from django.conf import *
INSTALLED_APPS = []
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_SAMESITE = "Strict"
SECURE_SSL_REDIRECT = False
if DEBUG:
    SESSION_COOKIE_SECURE = False
PASSWORD_HASHERS = [
    # '{HASHERS}PBKDF2PasswordHasher',
    '{HASHERS}MD5PasswordHasher',
    "{HASHERS}Argon2PasswordHasher",
]
"""
    seen = observe(tmp_path, **{SETTINGS: text})
    assert facts(seen, SessionCookieSetting) == {
        f"{SETTINGS}:3": SessionCookieSetting("Django", True, None, "Strict")
    }
    assert facts(seen, HttpsSetting) == {
        f"{SETTINGS}:5": HttpsSetting("Django", "SECURE_SSL_REDIRECT", False)
    }
    hashers = (f"{HASHERS}MD5PasswordHasher", f"{HASHERS}Argon2PasswordHasher")
    assert facts(seen, PasswordHasherSetting) == {
        f"{SETTINGS}:8": PasswordHasherSetting("Django", hashers)
    }


SYMFONY = "/srv/app/config/packages/"
LARAVEL = "/srv/app/config/session.php"
SPRING = "/opt/a/application.properties"


@pytest.mark.parametrize(
    ("files", "place", "product", "attributes"),
    [
        ({f"{SYMFONY}framework.yaml": "framework:\n  session:\n    cookie_secure: auto\n    cookie_samesite: lax\n"},
         f"{SYMFONY}framework.yaml:3", "Symfony", (True, None, "Lax")),
        ({f"{SYMFONY}framework.yaml": "framework: {session: {cookie_secure: false, cookie_httponly: false}}\n"},
         f"{SYMFONY}framework.yaml:1", "Symfony", (False, False, None)),
        ({LARAVEL: "<?php return [\n'secure' => env('SESSION_SECURE_COOKIE'),\n'http_only' => true, 'same_site' => 'lax'];"},
         f"{LARAVEL}:2", "Laravel", (None, True, "Lax")),
        ({LARAVEL: "<?php return [\n'secure' => env('SESSION_SECURE_COOKIE', true), 'same_site' => 'none'];",
          "/srv/app/.env": "SESSION_SECURE_COOKIE=false\n"}, f"{LARAVEL}:2", "Laravel", (False, None, "None")),
        ({SPRING: "server.servlet.session.cookie.secure=true\nserver.servlet.session.cookie.httpOnly=false\n"},
         f"{SPRING}:1", "Spring Boot", (True, False, None)),
        ({"/opt/a/application.yml": "server.servlet.session.cookie:\n  same-site: strict\n"},
         "/opt/a/application.yml:2", "Spring Boot", (None, None, "Strict")),
    ],
)  # fmt: skip
def test_the_session_cookie_of_a_framework(
    tmp_path: Path, files: dict[str, str], place: str, product: str,
    attributes: tuple[bool | None, bool | None, str | None],
) -> None:  # fmt: skip
    seen = observe(tmp_path, **files)
    assert facts(seen, SessionCookieSetting) == {
        place: SessionCookieSetting(product, *attributes)  # type: ignore[arg-type]
    }


@pytest.mark.parametrize(
    ("written", "hashers"),
    [
        ("App\\Entity\\User: auto", [("auto",)]),
        ("App\\Entity\\User: {algorithm: md5, migrate_from: [bcrypt]}", [("md5",)]),
        ("legacy: {algorithm: sha512}\n        App\\Entity\\User: {algorithm: argon2id, cost: 4}",
         [("sha512",), ("argon2id",)]),
        ("App\\Entity\\User: {id: App\\Hasher}", []),
    ],
)  # fmt: skip
def test_the_password_hashers_of_symfony(
    tmp_path: Path, written: str, hashers: list[tuple[str, ...]]
) -> None:
    text = f"security:\n    password_hashers:\n        {written}\n"
    seen = observe(tmp_path, **{f"{SYMFONY}security.yaml": text})
    found = [f.hashers for f in facts(seen, PasswordHasherSetting).values()]
    assert found == hashers


@pytest.mark.parametrize("text", ["framework: [", "a: &a [*a]", "\x00\x01" * 9, "x: " + "[" * 9000])
def test_settings_of_a_framework_that_are_none_say_nothing(tmp_path: Path, text: str) -> None:
    seen = observe(tmp_path, **{f"{SYMFONY}framework.yaml": text, LARAVEL: text})
    assert not facts(seen, SessionCookieSetting)


@pytest.mark.parametrize(
    "path",
    [
        "/srv/officine/officine/settings/dev.py",
        "/srv/officine/officine/settings/test.py",
        "/srv/officine/officine/test_settings.py",
        "/srv/officine/tests/settings.py",
        "/srv/officine/.venv/lib/settings.py",
    ],
)
def test_settings_of_tests_and_workstations_do_not_count(tmp_path: Path, path: str) -> None:
    text = f"INSTALLED_APPS = []\nPASSWORD_HASHERS = ['{HASHERS}MD5PasswordHasher']\n"
    assert facts(observe(tmp_path, **{path: text}), PasswordHasherSetting) == {}


def test_values_an_application_computes_are_not_known(tmp_path: Path) -> None:
    text = "import django\nSESSION_COOKIE_SECURE = not DEBUG\nSECURE_SSL_REDIRECT = env.bool('A')\n"
    assert not [s for s in observe(tmp_path, **{SETTINGS: text}) if not isinstance(s, Nothing)]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("/etc/php/8.2/fpm/php.ini", "session.cookie_secure = 1\nsession.cookie_httponly=On\nsession.cookie_samesite = \"Lax\"\n", (True, True, "Lax")),
        ("/etc/php/8.2/fpm/php.ini", "; comment\nsession.cookie_secure = Off\n", (False, None, None)),
        ("/etc/php/8.2/fpm/pool.d/www.conf", "php_admin_value[session.cookie_secure] = 1\n", (True, None, None)),
        ("/var/www/site/.user.ini", "session.cookie_samesite=None\n", (None, None, "None")),
    ],
)  # fmt: skip
def test_php_settings_of_servers_are_read(
    tmp_path: Path, path: str, text: str, expected: tuple[bool | None, bool | None, str | None]
) -> None:
    (fact,) = facts(observe(tmp_path, **{path: text}), SessionCookieSetting).values()
    assert (fact.secure, fact.http_only, fact.same_site) == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/php/8.2/fpm/php.ini", ";session.cookie_secure =\nsession.cookie_httponly =\n"),
        ("/etc/php/8.2/cli/php.ini", "session.cookie_secure = 0\n"),
    ],
)
def test_php_as_it_is_delivered_says_nothing(tmp_path: Path, path: str, text: str) -> None:
    assert facts(observe(tmp_path, **{path: text}), SessionCookieSetting) == {}


@pytest.mark.parametrize(("word", "forced"), [("true", True), ("FALSE", False)])
def test_wordpress_says_whether_its_administration_insists_on_https(
    tmp_path: Path, word: str, forced: bool
) -> None:
    text = f"<?php\n// define('FORCE_SSL_ADMIN', false);\ndefine( 'FORCE_SSL_ADMIN', {word} );\n"
    seen = observe(tmp_path, **{"/var/www/html/wp-config.php": text})
    assert facts(seen, HttpsSetting) == {
        "/var/www/html/wp-config.php:3": HttpsSetting("WordPress", "FORCE_SSL_ADMIN", forced)
    }


@pytest.mark.parametrize(
    "text",
    ["INSTALLED_APPS = []\n" + "PASSWORD_HASHERS = [" * 20_000, "\0" * 1000, "x" * 10_000_000],
)
def test_hostile_settings_end_without_a_word(tmp_path: Path, text: str) -> None:
    seen = observe(tmp_path, **{SETTINGS: text})
    assert gaps(seen) == []
    assert facts(seen, PasswordHasherSetting) == {}
