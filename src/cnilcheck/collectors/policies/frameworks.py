"""What Symfony, Laravel, Spring Boot, Drupal and PHP say of attempts, sessions and passwords."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnilcheck.collectors.base import Seen
from cnilcheck.collectors.policies.texts import (
    Settings,
    from_env,
    number_in,
    php_settings,
    property_settings,
    yaml_settings,
)
from cnilcheck.model.facts import (
    AccountPolicy,
    Opening,
    ResetLinkLifetime,
    SessionLifetime,
    SignInOpenings,
)
from cnilcheck.model.scope import Lockout

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "ms": 0}
_FORMS = ("form_login", "json_login", "http_basic", "form_login_ldap", "json_login_ldap")


def read_symfony(text: str, path: str) -> Iterator[Seen]:
    """Yield what each firewall that takes passwords does after failures, and the sessions' life."""
    settings = yaml_settings(text, path)
    for root in ("", "when@prod."):
        firewalls = settings.below(f"{root}security.firewalls")
        for name in dict.fromkeys(key.split(".")[0] for key in firewalls):
            yield from _firewall(settings, f"{root}security.firewalls.{name}", name)
        link = f"{root}symfonycasts_reset_password.lifetime"
        if (lasting := number_in(settings.get(link))) is not None:
            yield Seen(settings.place(link), ResetLinkLifetime("Symfony", lasting))
        session = f"{root}framework.session"
        idle = number_in(settings.get(f"{session}.gc_maxlifetime"))
        if idle is not None:
            place = settings.place(f"{session}.gc_maxlifetime")
            yield Seen(place, SessionLifetime("Symfony", None, idle, None))


def _firewall(settings: Settings, prefix: str, name: str) -> Iterator[Seen]:
    own = settings.below(prefix)
    forms = [form for form in _FORMS if settings.has(f"{prefix}.{form}")]
    if not forms or own.get("security", ("", 0))[0] == "false":
        return
    throttling = f"{prefix}.login_throttling"
    lockout: Lockout | str | None = "none"
    if settings.has(throttling):
        tries = number_in(settings.get(f"{throttling}.max_attempts"))
        every = _interval(settings.get(f"{throttling}.interval") or "1 minute")
        limiter = settings.get(f"{throttling}.limiter")
        # Symfony: five attempts a minute when nothing else is written.
        lockout = None if limiter else Lockout(after_attempts=tries or 5, delay_seconds=every)
    fact = AccountPolicy(None, who=name, product="Symfony", lockout=lockout)  # type: ignore[arg-type]
    place = settings.place(throttling, *(f"{prefix}.{form}" for form in forms))
    yield Seen(place, fact)


def _interval(text: str) -> int | None:
    found = re.fullmatch(r"\s*(\d{1,6})\s*(second|minute|hour|day)s?\s*", text)
    units = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
    return int(found[1]) * units[found[2]] if found else None


def read_laravel(text: str, path: str, env: Settings) -> Iterator[Seen]:
    """Yield the life of sessions of `config/session.php`, the environment's word before its own."""
    settings = php_settings(text, path)
    written = settings.get("lifetime")
    if written is None:
        return
    minutes = number_in(from_env(written, env))
    if minutes is not None:
        lifetime = SessionLifetime("Laravel", None, minutes * 60, None)
        yield Seen(settings.place("lifetime"), lifetime)


def read_laravel_auth(text: str, path: str) -> Iterator[Seen]:
    """Yield the life, in minutes, of the links of `config/auth.php`."""
    settings = php_settings(text, path)
    for name in settings.values:
        minutes = number_in(settings.get(name))
        if re.fullmatch(r"passwords\.\w+\.expire", name) and minutes is not None:
            yield Seen(settings.place(name), ResetLinkLifetime("Laravel", minutes * 60))


def read_spring(text: str, path: str) -> Iterator[Seen]:
    """Yield the life of sessions, and a password written into the settings."""
    yaml = path.endswith((".yml", ".yaml"))
    settings = yaml_settings(text, path) if yaml else property_settings(text, path)
    timeout = settings.get("server.servlet.session.timeout", "spring.session.timeout")
    if timeout is not None and (seconds := _duration(timeout)) is not None:
        place = settings.place("server.servlet.session.timeout", "spring.session.timeout")
        # Zero or less never ends (jakarta.servlet.http.HttpSession).
        yield Seen(place, SessionLifetime("Spring Boot", None, max(0, seconds), None))
    key = "spring.security.user.password"
    if (password := settings.get(key)) is not None:
        literal = bool(password) and not re.match(r"\$\{|\{(?!noop)", password)
        found = (Opening("default_password", settings.place(key), key),) if literal else ()
        opening = SignInOpenings("Spring Boot", ("default_password",), found)
        yield Seen(settings.place(key), opening)


def _duration(text: str) -> int | None:
    """Return the seconds of Spring's durations: a number, `30m`, or ISO 8601 as `PT30M`."""
    simple = re.fullmatch(r"\s*(-?\d{1,9})\s*(ms|s|m|h|d)?\s*", text)
    if simple:
        return int(simple[1]) * _UNITS[simple[2] or "s"]
    iso = re.fullmatch(r"PT(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?", text.strip().upper())
    if iso and any(iso.groups()):
        hours, minutes, seconds = (int(part or 0) for part in iso.groups())
        return hours * 3600 + minutes * 60 + seconds
    return None


def read_drupal(text: str, path: str) -> Iterator[Seen]:
    """Yield what Drupal's services, flood limits or password policy module say."""
    settings = yaml_settings(text, path)
    storage = "parameters.session.storage.options"
    idle = number_in(settings.get(f"{storage}.gc_maxlifetime"))
    whole = number_in(settings.get(f"{storage}.cookie_lifetime"))
    if idle is not None or whole is not None:
        place = settings.place(f"{storage}.gc_maxlifetime", f"{storage}.cookie_lifetime")
        # A cookie of lifetime 0 ends with the browser: the server’s own limit is what is left.
        yield Seen(place, SessionLifetime("Drupal", None, idle, whole or None))
    tries = number_in(settings.get("user_limit"))
    if path.endswith("user.flood.yml") and tries is not None:
        window = number_in(settings.get("user_window"))
        lockout = Lockout(after_attempts=tries, unlocked_after_seconds=window)
        fact = AccountPolicy(None, product="Drupal", lockout=lockout)
        yield Seen(settings.place("user_limit"), fact)
    yield from _drupal_policy(settings)


def _drupal_policy(settings: Settings) -> Iterator[Seen]:
    constraints = settings.below("policy_constraints")
    numbers = sorted({key.split(".")[0] for key in constraints if key.split(".")[0].isdecimal()})
    length: int | None = None
    classes = 1
    for number in numbers:
        base = f"policy_constraints.{number}"
        if settings.get(f"{base}.id") == "password_length":
            if settings.get(f"{base}.character_operation") in (None, "minimum"):
                length = number_in(settings.get(f"{base}.character_length"))
        elif settings.get(f"{base}.id") == "character_types":
            classes = number_in(settings.get(f"{base}.character_types")) or 1
    if numbers:
        fact = AccountPolicy(
            None,
            who=(settings.get("label") or "")[:60],
            product="Drupal",
            minimum_length=length or 1,
            character_classes=classes,
        )
        yield Seen(settings.place("policy_constraints"), fact)


_PHP_LIFE = re.compile(
    r"(?m)^[ \t]*(?:php_(?:admin_)?value\[)?session\.gc_maxlifetime\]?[ \t]*=[ \t]*\"?(\d{1,9})"
)


def read_php(text: str, path: str) -> Iterator[Seen]:
    """Yield how long PHP keeps a session that nobody uses."""
    written = list(_PHP_LIFE.finditer(text))
    for found in written[-1:]:
        lead = len(found[0]) - len(found[0].lstrip())
        line = text.count("\n", 0, found.start() + lead) + 1
        yield Seen(f"{path}:{line}", SessionLifetime("PHP", None, int(found[1]), None))
