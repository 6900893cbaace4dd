"""What exports of Microsoft Entra, Okta and Auth0 say of passwords, lockout, factors, sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from cnilcheck.collectors.base import Seen
from cnilcheck.collectors.policies.texts import line_of
from cnilcheck.model.facts import AccountPolicy, Opening, SessionLifetime, SignInOpenings
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Factor, Lockout
from cnilcheck.model.words import AccountClass

_MAX = 2000
# Auth0: password strength in database connections; each level with its length and classes.
_AUTH0_LEVELS = {
    "none": (1, 1),
    "low": (6, 1),
    "fair": (8, 3),
    "good": (8, 3),
    "excellent": (10, 3),
}


def read_cloud(document: Any, text: str, path: str) -> Iterator[Seen]:
    """Yield what the document says, when it is an export of one of the three."""
    items = _items(document)
    yield from _entra(items, text, path)
    starts: dict[str, int] = {}
    for item in items[:_MAX]:
        start = _start(item, text, starts)
        if _is_okta(item):
            yield from _okta(item, text, path, start)
        elif item.get("strategy") == "auth0" and isinstance(item.get("options"), dict):
            yield from _auth0(item, text, path, start)
    if isinstance(document, dict):
        yield from _tenant(document, text, path)


def _items(document: Any) -> list[dict[str, Any]]:
    held = document
    if isinstance(document, dict):
        lists = [document.get(key) for key in ("value", "policies", "connections", "databases")]
        held = next((x for x in lists if isinstance(x, list) and x), [document])
    return [item for item in held if isinstance(item, dict)] if isinstance(held, list) else []


def _start(item: dict[str, Any], text: str, starts: dict[str, int]) -> int:
    identity = str(item.get("id") or item.get("name") or "")
    at = text.find(f'"{identity}"', starts.get(identity, 0)) if identity else 0
    starts[identity] = max(0, at) + 1
    return max(0, at)


def _place(text: str, path: str, *keys: str, start: int = 0) -> str:
    return f"{path}:{line_of(text, *keys, start=start)}"


def _name(item: dict[str, Any]) -> str:
    return printable(mask(str(item.get("displayName") or item.get("name") or "")), 60)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> int | None:
    whole = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if whole and abs(value) < 10**12 else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _entra(items: list[dict[str, Any]], text: str, path: str) -> Iterator[Seen]:
    """Conditional access, security defaults and password rules, as Microsoft Graph writes them."""
    access = [x for x in items if "conditions" in x and "grantControls" in x]
    if access:
        in_force = [x for x in access if x.get("state") == "enabled"]
        place = _place(text, path, "grantControls")
        for class_ in (AccountClass.STAFF, AccountClass.ADMINISTRATORS):
            factors = _entra_factors(in_force, class_)
            fact = AccountPolicy(class_, product="Microsoft Entra", factors=factors, remote=True)
            yield Seen(f"{place} ({class_.value})", fact)
        yield from _entra_sessions(in_force, text, path)
    for item in items:
        yield from _entra_methods(item, text, path)
        if "securityDefaults" in str(item.get("@odata.type", "")) + str(item.get("@odata.context")):
            yield from _security_defaults(item, text, path)
        values = {
            v.get("name"): v.get("value")
            for v in _listed(item.get("values"))
            if isinstance(v, dict)
        }
        if "LockoutThreshold" in values:
            yield _entra_lockout(values, _place(text, path, "values"))


def _entra_methods(item: dict[str, Any], text: str, path: str) -> Iterator[Seen]:
    """Yield whether the authentication-methods policy offers codes by SMS or by call."""
    offered = [x for x in _listed(item.get("authenticationMethodConfigurations")) if _dict(x)]
    if not offered:
        return
    found = list[Opening]()
    for method in offered[:_MAX]:
        name = str(method.get("id", ""))
        if method.get("state") == "enabled" and name.casefold() in ("sms", "voice"):
            at = max(0, text.find(f'"{name}"'))
            place = f"{path}:{text.count(chr(10), 0, at) + 1}"
            found.append(Opening("sms_factor", place, printable(name, 20)))
    place = _place(text, path, "authenticationMethodConfigurations")
    yield Seen(place, SignInOpenings("Microsoft Entra", ("sms_factor",), tuple(found)))


def _security_defaults(item: dict[str, Any], text: str, path: str) -> Iterator[Seen]:
    if item.get("isEnabled") is True:
        fact = AccountPolicy(
            AccountClass.STAFF,
            product="Microsoft Entra",
            factors=("password", "second_factor"),
            remote=True,
        )
        yield Seen(_place(text, path, "isEnabled"), fact)


def _entra_factors(
    policies: list[dict[str, Any]], class_: AccountClass
) -> tuple[Factor, ...] | None:
    """Return what all of that class are asked for; None when only some of them are."""
    partly = False
    for policy in policies:
        if not _asks_second(policy):
            continue
        conditions = _dict(policy.get("conditions"))
        users = _dict(conditions.get("users"))
        applications = _dict(conditions.get("applications"))
        everywhere = "All" in _listed(applications.get("includeApplications"))
        narrowed = any(
            conditions.get(key)
            for key in ("locations", "platforms", "signInRiskLevels", "userRiskLevels", "devices")
        )
        for_all = "All" in _listed(users.get("includeUsers"))
        for_roles = bool(_listed(users.get("includeRoles"))) and class_ is not AccountClass.STAFF
        if everywhere and not narrowed and (for_all or for_roles):
            return ("password", "second_factor")
        partly = True
    return None if partly else ("password",)


def _asks_second(policy: dict[str, Any]) -> bool:
    grant = _dict(policy.get("grantControls"))
    controls = _listed(grant.get("builtInControls"))
    # With OR, one of several controls is enough: a known device stands in for the second factor.
    alone = grant.get("operator") == "AND" or len(controls) <= 1
    return ("mfa" in controls and alone) or bool(grant.get("authenticationStrength"))


def _entra_sessions(policies: list[dict[str, Any]], text: str, path: str) -> Iterator[Seen]:
    for policy in policies[:_MAX]:
        often = _dict(_dict(policy.get("sessionControls")).get("signInFrequency"))
        number = _number(often.get("value"))
        unit = {"hours": 3600, "days": 86_400}.get(str(often.get("type")))
        if often.get("isEnabled") is True and number and unit:
            at = max(0, text.find(f'"{policy.get("id") or policy.get("displayName")}"'))
            place = _place(text, path, "signInFrequency", start=at)
            lifetime = SessionLifetime("Microsoft Entra", AccountClass.STAFF, None, number * unit)
            yield Seen(place, lifetime)


def _entra_lockout(values: dict[Any, Any], place: str) -> Seen:
    tries, lasting = (
        int(v) if isinstance(v, str) and v.isdecimal() and len(v) < 9 else None
        for v in (values.get("LockoutThreshold"), values.get("LockoutDurationInSeconds"))
    )
    lockout = Lockout(after_attempts=tries, unlocked_after_seconds=lasting)
    # Entra asks every account of its own for eight characters of three classes.
    return Seen(
        place,
        AccountPolicy(
            AccountClass.STAFF,
            product="Microsoft Entra",
            minimum_length=8,
            character_classes=3,
            lockout=lockout,
            remote=True,
        ),
    )


def _is_okta(item: dict[str, Any]) -> bool:
    kinds = ("PASSWORD", "OKTA_SIGN_ON", "ACCESS_POLICY")
    return item.get("type") in kinds and ("settings" in item or "rules" in item or "_links" in item)


def _okta(item: dict[str, Any], text: str, path: str, start: int) -> Iterator[Seen]:
    if item.get("status") == "INACTIVE":
        return
    password = _dict(_dict(item.get("settings")).get("password"))
    if item["type"] == "PASSWORD" and password:
        yield Seen(_place(text, path, "password", start=start), _okta_password(item, password))
    rules = _listed(item.get("rules")) or _listed(_dict(item.get("_embedded")).get("rules"))
    for rule in (r for r in rules[:_MAX] if isinstance(r, dict) and r.get("status") != "INACTIVE"):
        signon = _dict(_dict(rule.get("actions")).get("signon"))
        session = _dict(signon.get("session"))
        if signon:
            at = max(start, text.find(f'"{rule.get("id") or rule.get("name")}"', start))
            yield from _okta_sign_on(rule, signon, session, _place(text, path, "signon", start=at))


def _okta_password(item: dict[str, Any], password: dict[str, Any]) -> AccountPolicy:
    complexity, lock = _dict(password.get("complexity")), _dict(password.get("lockout"))
    kinds = ("minLowerCase", "minUpperCase", "minNumber", "minSymbol")
    tries, minutes = _number(lock.get("maxAttempts")), _number(lock.get("autoUnlockMinutes"))
    lockout: Lockout | Literal["none"] | None = None
    if tries is not None:
        seconds = minutes * 60 if minutes else None
        # Okta: 0 attempts means that nothing is locked.
        lockout = Lockout(after_attempts=tries, unlocked_after_seconds=seconds) if tries else "none"
    return AccountPolicy(
        None,
        who=_name(item),
        product="Okta",
        minimum_length=_number(complexity.get("minLength")),
        character_classes=max(1, sum((_number(complexity.get(k)) or 0) > 0 for k in kinds)),
        lockout=lockout,
        expires_after_days=_number(_dict(password.get("age")).get("maxAgeDays")),
        remote=True,
    )


def _okta_sign_on(
    rule: dict[str, Any], signon: dict[str, Any], session: dict[str, Any], place: str
) -> Iterator[Seen]:
    asked = signon.get("requireFactor")
    if isinstance(asked, bool) and signon.get("access") != "DENY":
        factors: tuple[Factor, ...] = ("password", "second_factor") if asked else ("password",)
        fact = AccountPolicy(None, who=_name(rule), product="Okta", factors=factors, remote=True)
        yield Seen(place, fact)
    idle, whole = (
        _number(session.get(key)) for key in ("maxSessionIdleMinutes", "maxSessionLifetimeMinutes")
    )
    if idle is not None or whole is not None:
        seconds = [None if minutes is None else minutes * 60 for minutes in (idle, whole)]
        yield Seen(place, SessionLifetime("Okta", None, *seconds))


def _auth0(item: dict[str, Any], text: str, path: str, start: int) -> Iterator[Seen]:
    options = item["options"]
    level = options.get("passwordPolicy")
    length, classes = _AUTH0_LEVELS.get(level if isinstance(level, str) else "good", (None, None))
    stated = _number(_dict(options.get("password_complexity_options")).get("min_length"))
    guarded = options.get("brute_force_protection")
    fact = AccountPolicy(
        None,
        who=_name(item),
        product="Auth0",
        minimum_length=stated if stated is not None else length,
        character_classes=classes,
        lockout="none" if guarded is False else None,
        remote=True,
    )
    yield Seen(_place(text, path, "options", start=start), fact)


def _tenant(document: dict[str, Any], text: str, path: str) -> Iterator[Seen]:
    """Files of the Auth0 deploy tool: tenant, guardian policies, brute-force protection."""
    hours = (_number(document.get(k)) for k in ("idle_session_lifetime", "session_lifetime"))
    seconds = [None if h is None else h * 3600 for h in hours]
    if any(s is not None for s in seconds):
        place = _place(text, path, "session_lifetime")
        yield Seen(place, SessionLifetime("Auth0", None, *seconds))
    tries = _number(document.get("max_attempts"))
    if tries is not None and isinstance(document.get("shields"), list):
        on = document.get("enabled") is True and "block" in document["shields"]
        lockout: Lockout | Literal["none"] = Lockout(after_attempts=tries) if on else "none"
        place = _place(text, path, "max_attempts")
        yield Seen(place, AccountPolicy(None, product="Auth0", lockout=lockout, remote=True))
    policies = document.get("policies")
    named = ("all-applications", "confidence-score")
    if (
        isinstance(policies, list)
        and "guardian" in path.lower()
        and all(p in named for p in policies)
    ):
        asked: tuple[Factor, ...] | None = ("password",)
        if "all-applications" in policies:
            asked = ("password", "second_factor")
        elif policies:
            asked = None
        fact = AccountPolicy(None, product="Auth0", factors=asked, remote=True)
        yield Seen(_place(text, path, "policies"), fact)
