"""What the settings of applications say of cookies, HTTPS and password functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal, cast

from cnilcheck import __version__
from cnilcheck.collectors.base import Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.framework_settings import is_framework_settings, read_framework
from cnilcheck.collectors.snapshot import Snapshot, open_snapshot, system_tasks
from cnilcheck.collectors.source_files import FOLDERS, SourceFiles
from cnilcheck.errors import Malformed
from cnilcheck.model.facts import (
    Fact,
    HttpsSetting,
    PasswordHasherSetting,
    SessionCookieSetting,
)
from cnilcheck.model.personal_data import printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_FOLDERS = ("/etc/php", "/etc/php.d", "/etc/php-fpm.d", "/etc/opt", "/usr/local/etc/php", *FOLDERS)
_DJANGO_PATH = re.compile(r"(?:^|/)(?:[\w-]*settings[\w-]*|settings/[\w-]+)\.py$")
_NOT_PRODUCTION = re.compile(
    r"(?i)(?:^|[/_.-])(?:dev|devel|development|local|tests?|testing|ci)(?:_settings)?\.py$"
)
_DJANGO = re.compile(
    r"(?m)^(?:INSTALLED_APPS|MIDDLEWARE|ROOT_URLCONF|PASSWORD_HASHERS)\b|\bdjango\b"
)
_PHP_INI = re.compile(
    r"^/etc/(?:opt/[^/]+/)?php(?:/[\d.]+/(?!cli/|phpdbg/)[a-z0-9]+/(?:conf\.d/[^/]+\.ini|php\.ini"
    r"|pool\.d/[^/]+\.conf)|\.d/[^/]+\.ini|-fpm\.d/[^/]+\.conf)$"
    r"|^/usr/local/etc/php/(?:php\.ini|conf\.d/[^/]+\.ini)$|/\.user\.ini$"
)
_PHP_COOKIE = re.compile(
    r"(?m)^[ \t]*(?:php_(?:admin_)?(?:value|flag)\[)?session\.cookie_(secure|httponly|samesite)\]?"
    r"[ \t]*=[ \t]*\"?([^\s\";]*)"
)
_FORCE_SSL = re.compile(
    r"(?im)^[ \t]*define\s*\(\s*['\"]FORCE_SSL_ADMIN['\"]\s*,\s*(true|false|1|0)\s*\)"
)
_SAME_SITE = {"strict": "Strict", "lax": "Lax", "none": "None"}
_ON = frozenset(("1", "on", "true", "yes"))
_OFF = frozenset(("0", "off", "false", "no"))


class ApplicationConfiguration:
    """Reads settings that are written out; what an application computes when it starts is not."""

    name = "application-configuration"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (SessionCookieSetting, PasswordHasherSetting, HttpsSetting)
    asks = "sources.system"

    def version(self) -> str:
        """Return the version of cnilcheck: the readers are its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what the settings of each application say, file by file."""
        snapshot = open_snapshot(task, tools, self.name)
        files = SourceFiles(snapshot, tools.stop)
        delivered = set[type[Fact]]()
        for path, text in files.texts(_wanted, _FOLDERS):
            for seen in _read(path, text, snapshot):
                delivered.add(type(seen.fact))
                yield seen
        for fact in self.yields:
            gaps = list(files.problems(fact))
            yield from gaps
            if fact not in delivered and not gaps:
                yield Nothing("/", fact)


def is_django_settings(path: str) -> bool:
    """Return whether a path is that of Django settings for production."""
    return _DJANGO_PATH.search(path) is not None and not _NOT_PRODUCTION.search(path)


def is_php_settings(path: str) -> bool:
    """Return whether a path is that of settings PHP reads when it serves pages."""
    return _PHP_INI.search(path) is not None


def _wanted(path: str) -> bool:
    name = path.rpartition("/")[2]
    by_path = (is_django_settings, is_php_settings, is_framework_settings)
    return name.startswith("wp-config") or any(belongs(path) for belongs in by_path)


def _read(path: str, text: str, snapshot: Snapshot) -> Iterator[Seen]:
    if is_framework_settings(path):
        # A file that is no YAML is told by the instrument that reads what it asks of passwords.
        with suppress(Malformed):
            yield from read_framework(path, text, snapshot)
    elif path.endswith(".py"):
        yield from _django(path, text) if _DJANGO.search(text) else ()
    elif path.rpartition("/")[2].startswith("wp-config"):
        for match in _FORCE_SSL.finditer(text):
            forced = match[1].lower() in _ON
            yield Seen(
                _place(path, text, match), HttpsSetting("WordPress", "FORCE_SSL_ADMIN", forced)
            )
    else:
        yield from _php(path, text)


def _place(path: str, text: str, match: re.Match[str]) -> str:
    lead = len(match[0]) - len(match[0].lstrip())
    return f"{path}:{text.count(chr(10), 0, match.start() + lead) + 1}"


def _same_site(word: str) -> Literal["Strict", "Lax", "None"] | None:
    return cast('Literal["Strict", "Lax", "None"] | None', _SAME_SITE.get(word.lower()))


def _switch(word: str) -> bool | None:
    return True if word.lower() in _ON else False if word.lower() in _OFF else None


def _django(path: str, text: str) -> Iterator[Seen]:
    """Yield what is assigned outside all blocks: a value inside an `if` may not be in effect."""
    written = {
        m[1]: (m[2], _place(path, text, m))
        for m in re.finditer(r"(?m)^(SESSION_COOKIE_\w+|SECURE_SSL_REDIRECT)\s*=\s*(\S+)", text)
    }

    def word(name: str) -> str:
        return written.get(name, ("", ""))[0].strip("\"',")

    cookie = SessionCookieSetting(
        "Django",
        _switch(word("SESSION_COOKIE_SECURE")),
        _switch(word("SESSION_COOKIE_HTTPONLY")),
        _same_site(word("SESSION_COOKIE_SAMESITE")),
    )
    places = [written[name][1] for name in written if name.startswith("SESSION_COOKIE_")]
    if (cookie.secure, cookie.http_only, cookie.same_site) != (None, None, None):
        yield Seen(places[0], cookie)
    forced = _switch(word("SECURE_SSL_REDIRECT"))
    if forced is not None:
        place = written["SECURE_SSL_REDIRECT"][1]
        yield Seen(place, HttpsSetting("Django", "SECURE_SSL_REDIRECT", forced))
    hashers = re.search(r"(?m)^PASSWORD_HASHERS\s*=\s*[\[(]([^\])]{0,5000})[\])]", text)
    names = re.findall(r"['\"]([\w.]+)['\"]", re.sub(r"#.*", "", hashers[1])) if hashers else []
    if hashers and names:
        fact = PasswordHasherSetting("Django", tuple(printable(n, 120) for n in names[:50]))
        yield Seen(_place(path, text, hashers), fact)


def _php(path: str, text: str) -> Iterator[Seen]:
    written = {m[1]: (m[2], _place(path, text, m)) for m in _PHP_COOKIE.finditer(text)}
    # php.ini is delivered with empty values: an application sets its own over them.
    stated = {name: value for name, value in written.items() if value[0]}
    if not stated:
        return
    words = {name: value for name, (value, _) in stated.items()}
    fact = SessionCookieSetting(
        "PHP",
        _switch(words.get("secure", "")),
        _switch(words.get("httponly", "")),
        _same_site(words.get("samesite", "")),
    )
    yield Seen(next(iter(stated.values()))[1], fact)
