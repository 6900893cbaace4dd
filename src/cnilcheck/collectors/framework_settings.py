"""What the settings of Symfony, Laravel and Spring Boot say of cookies and password functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import dirname, join
from typing import Literal, cast

from cnilcheck.collectors.base import Seen
from cnilcheck.collectors.policies.texts import (
    Settings,
    from_env,
    php_settings,
    property_settings,
    yaml_settings,
)
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.model.facts import PasswordHasherSetting, SessionCookieSetting
from cnilcheck.model.personal_data import printable

_SYMFONY = re.compile(r"/config/packages/(?:prod/)?(?:security|framework)\.ya?ml$")
_LARAVEL = re.compile(r"/config/session\.php$")
_SPRING = re.compile(r"/(?:application|bootstrap)(?:-prod\w*)?\.(?:ya?ml|properties)$")
_ON = frozenset(("1", "on", "true", "yes"))
_OFF = frozenset(("0", "off", "false", "no"))
_SAME_SITE = {"strict": "Strict", "lax": "Lax", "none": "None"}


def is_framework_settings(path: str) -> bool:
    """Return whether a path is that of settings read here."""
    return any(shape.search(path) for shape in (_SYMFONY, _LARAVEL, _SPRING))


def read_framework(path: str, text: str, snapshot: Snapshot) -> Iterator[Seen]:
    """Yield what one settings file says; raises Malformed for YAML that is none."""
    if _SYMFONY.search(path):
        yield from _symfony(yaml_settings(text, path))
    elif _LARAVEL.search(path):
        beside = join(dirname(dirname(path)), ".env")
        env = snapshot.read(beside) if snapshot.exists(beside) else ""
        yield from _laravel(php_settings(text, path), property_settings(env, beside))
    else:
        read = property_settings if path.endswith(".properties") else yaml_settings
        yield from _spring(read(text, path))


def _cookie(
    product: str, settings: Settings, names: tuple[str, str, str], words: list[str | None]
) -> Iterator[Seen]:
    secure, http_only, same_site = words
    fact = SessionCookieSetting(product, _switch(secure), _switch(http_only), _same_site(same_site))
    if (fact.secure, fact.http_only, fact.same_site) != (None, None, None):
        yield Seen(settings.place(*names), fact)


def _switch(word: str | None) -> bool | None:
    plain = (word or "").strip().lower()
    return True if plain in _ON else False if plain in _OFF else None


def _same_site(word: str | None) -> Literal["Strict", "Lax", "None"] | None:
    found = _SAME_SITE.get((word or "").strip().lower())
    return cast('Literal["Strict", "Lax", "None"] | None', found)


def _symfony(settings: Settings) -> Iterator[Seen]:
    for root in ("", "when@prod."):
        prefix = f"{root}framework.session.cookie_"
        names = (f"{prefix}secure", f"{prefix}httponly", f"{prefix}samesite")
        words = [settings.get(name) for name in names]
        # `auto`: the cookie is for HTTPS only wherever the page itself came by HTTPS.
        words[0] = "true" if words[0] == "auto" else words[0]
        yield from _cookie("Symfony", settings, names, words)
        for key in ("password_hashers", "encoders"):
            yield from _hashers(settings, f"{root}security.{key}")


def _hashers(settings: Settings, prefix: str) -> Iterator[Seen]:
    for name, (value, _) in settings.below(prefix).items():
        user, _, option = name.rpartition(".")
        is_algorithm = option == "algorithm" or not user
        if is_algorithm and value:
            place = settings.place(f"{prefix}.{name}")
            yield Seen(place, PasswordHasherSetting("Symfony", (printable(value.lower(), 60),)))


def _laravel(settings: Settings, env: Settings) -> Iterator[Seen]:
    names = ("secure", "http_only", "same_site")
    written = [settings.get(name) for name in names]
    words = [None if word is None else from_env(word, env) for word in written]
    yield from _cookie("Laravel", settings, names, words)


def _spring(settings: Settings) -> Iterator[Seen]:
    prefix = "server.servlet.session.cookie."
    names = (f"{prefix}secure", f"{prefix}http-only", f"{prefix}same-site")
    # Spring binds names in camel case as well.
    other = (names[0], f"{prefix}httpOnly", f"{prefix}sameSite")
    words = [settings.get(*either) for either in zip(names, other, strict=True)]
    yield from _cookie("Spring Boot", settings, names, words)
