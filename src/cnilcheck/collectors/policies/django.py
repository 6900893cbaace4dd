"""What Django's settings demand: password validators, django-axes, the life of sessions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, Literal

from cnilcheck.collectors.base import Seen
from cnilcheck.errors import Malformed
from cnilcheck.model.facts import AccountPolicy, ResetLinkLifetime, SessionLifetime
from cnilcheck.model.scope import Lockout

_BUILT_IN = (
    "UserAttributeSimilarityValidator",
    "MinimumLengthValidator",
    "CommonPasswordValidator",
    "NumericPasswordValidator",
)
_UNITS = {"days": 86_400, "hours": 3600, "minutes": 60, "seconds": 1, "weeks": 604_800}
# django.conf.global_settings: two weeks.
_DEFAULT_AGE = 1_209_600


def read_django(text: str, path: str) -> Iterator[Seen]:
    """Yield what the settings assign outside all blocks; raises Malformed when not Python."""
    written = _assignments(text, path)
    if "INSTALLED_APPS" not in written and "AUTH_PASSWORD_VALIDATORS" not in written:
        return
    whole = "INSTALLED_APPS" in written and "*" not in written and _signs_in(written)
    yield from _policy(written, path, whole)
    age = written.get("SESSION_COOKIE_AGE")
    seconds = _seconds(age) if age is not None else _DEFAULT_AGE if whole else None
    if seconds is not None:
        renewed = _literal(written.get("SESSION_SAVE_EVERY_REQUEST")) is True
        lifetime = (seconds, None) if renewed else (None, seconds)
        node = age if age is not None else written["INSTALLED_APPS"]
        yield Seen(f"{path}:{node.lineno}", SessionLifetime("Django", None, *lifetime))
    reset = written.get("PASSWORD_RESET_TIMEOUT")
    if reset is not None and (lasting := _seconds(reset)) is not None:
        yield Seen(f"{path}:{reset.lineno}", ResetLinkLifetime("Django", lasting))


def _assignments(text: str, path: str) -> dict[str, ast.expr]:
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Malformed(f"{path} is not Python") from None
    found: dict[str, ast.expr] = {}
    for node in module.body:
        if isinstance(node, ast.Assign):
            found |= {t.id: node.value for t in node.targets if isinstance(t, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            found[node.target.id] = node.value
        elif isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            found["*"] = ast.Constant(None)
    return found


def _signs_in(written: dict[str, ast.expr]) -> bool:
    """Return whether Django's own accounts are installed, or the list of applications is no list.

    Without them its defaults for passwords and sessions concern nobody.
    """
    apps = _literal(written.get("INSTALLED_APPS"))
    if not isinstance(apps, list | tuple):
        return True
    return any(str(app).startswith("django.contrib.auth") for app in apps)


def _literal(node: ast.expr | None) -> Any:
    if node is None:
        return None
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def _seconds(node: ast.expr | None) -> int | None:
    """Return the seconds of a number, a product of numbers, or a timedelta."""
    match node:
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            return number if abs(number) < 10**12 else None
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            a, b = _seconds(left), _seconds(right)
            return None if a is None or b is None or abs(a * b) > 10**12 else a * b
        case ast.Call(keywords=keywords, args=[]) if keywords:
            parts = [(_UNITS.get(k.arg or ""), _seconds(k.value)) for k in keywords]
            known = [u * n for u, n in parts if u is not None and n is not None]
            return sum(known) if len(known) == len(parts) else None
    return None


def _policy(written: dict[str, ast.expr], path: str, whole: bool) -> Iterator[Seen]:
    validators = written.get("AUTH_PASSWORD_VALIDATORS")
    length: int | None = 1 if whole else None
    classes: int | None = 1
    if validators is not None:
        length, classes = _validators(_literal(validators))
    lockout = _axes(written)
    if length is None and lockout is None:
        return
    node = validators if validators is not None else written["INSTALLED_APPS"]
    fact = AccountPolicy(
        None,
        product="Django",
        minimum_length=length,
        character_classes=classes if length is not None else None,
        lockout=lockout,
    )
    yield Seen(f"{path}:{node.lineno}", fact)


def _validators(value: Any) -> tuple[int | None, int | None]:
    """Return the least length, and one class unless a validator of unknown demands is there."""
    if not isinstance(value, list | tuple):
        return None, None
    length, classes = 1, 1 if all(_built_in(v) for v in value) else None
    for one in (v for v in value if isinstance(v, dict)):
        if str(one.get("NAME", "")).endswith("MinimumLengthValidator"):
            options = one.get("OPTIONS")
            stated = options.get("min_length") if isinstance(options, dict) else 8
            length = stated if isinstance(stated, int) else 8
    return length, classes


def _built_in(validator: Any) -> bool:
    return isinstance(validator, dict) and str(validator.get("NAME", "")).endswith(_BUILT_IN)


def _axes(written: dict[str, ast.expr]) -> Lockout | Literal["none"] | None:
    """Return what django-axes does; without it something else may limit the attempts."""
    installed = written.get("INSTALLED_APPS")
    names = (
        {n.value for n in ast.walk(installed) if isinstance(n, ast.Constant)}
        if installed is not None
        else set()
    )
    if "axes" not in names or _literal(written.get("AXES_ENABLED")) is False:
        return None
    limit = _seconds(written["AXES_FAILURE_LIMIT"]) if "AXES_FAILURE_LIMIT" in written else 3
    wait = written.get("AXES_COOLOFF_TIME")
    # A bare number counts hours; nothing at all locks for good.
    seconds = _seconds(wait)
    hours = isinstance(wait, ast.Constant) and seconds is not None
    return (
        Lockout(
            after_attempts=limit,
            unlocked_after_seconds=seconds * 3600 if hours and seconds else seconds,
        )
        if limit is not None
        else None
    )
