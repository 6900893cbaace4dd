"""What a Keycloak realm export says of passwords, lockout, second factor, sessions and clients."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from cnilcheck.collectors.base import Seen
from cnilcheck.collectors.policies.texts import line_of
from cnilcheck.model.facts import (
    AccountPolicy,
    Opening,
    OpeningKind,
    ResetLinkLifetime,
    SessionLifetime,
    SignInOpenings,
)
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Factor, Lockout
from cnilcheck.model.words import AccountClass

PRODUCT = "Keycloak"
_CLASSES = ("upperCase", "lowerCase", "digits", "specialChars")
_SECOND: dict[str, Factor] = {
    "auth-otp-form": "totp",
    "otp-form": "totp",
    "direct-grant-validate-otp": "totp",
    "webauthn-authenticator": "passkey",
    "webauthn-authenticator-passwordless": "passkey",
    "auth-x509-client-username-form": "client_certificate",
    "email-authenticator": "email",
    "sms-authenticator": "sms",
    "mobile-number-authenticator": "sms",
}
_CONDITIONS = ("conditional-user-configured",)
_BUILT_IN = (
    "account",
    "account-console",
    "admin-cli",
    "broker",
    "realm-management",
    "security-admin-console",
)
_MAX_REALMS = 100
_MAX_CLIENTS = 2000


def is_realm(document: Any) -> bool:
    """Return whether the document is a realm export, or a list of them."""
    first = document[0] if isinstance(document, list) and document else document
    signs = ("sslRequired", "ssoSessionIdleTimeout", "bruteForceProtected", "passwordPolicy")
    return isinstance(first, dict) and "realm" in first and any(sign in first for sign in signs)


def read_keycloak(document: Any, text: str, path: str) -> Iterator[Seen]:
    """Yield what each realm of the export says."""
    realms = document if isinstance(document, list) else [document]
    at = 0
    for realm in realms[:_MAX_REALMS]:
        if isinstance(realm, dict) and isinstance(realm.get("realm"), str):
            found = re.compile(rf'"realm"\s*:\s*"{re.escape(realm["realm"])}"').search(text, at)
            yield from _Realm(realm, text, path, found.start() if found else at).facts()
            at = found.end() if found else at


class _Realm:
    """One realm, and where it begins in the text."""

    def __init__(self, realm: dict[str, Any], text: str, path: str, start: int) -> None:
        self.realm = realm
        self._text = text
        self._path = path
        self._start = start
        # The realm called master holds the administrators of Keycloak itself.
        self._class = AccountClass.ADMINISTRATORS if realm["realm"] == "master" else None

    def place(self, *keys: str) -> str:
        return f"{self._path}:{line_of(self._text, *keys, start=self._start)}"

    def facts(self) -> Iterator[Seen]:
        if self.realm.get("enabled") is False:
            return
        yield self._policy()
        idle, whole = (
            _number(self.realm.get(name))
            for name in ("ssoSessionIdleTimeout", "ssoSessionMaxLifespan")
        )
        if idle is not None or whole is not None:
            key = "ssoSessionIdleTimeout" if idle is not None else "ssoSessionMaxLifespan"
            lifetime = SessionLifetime(PRODUCT, self._class, idle, whole)
            yield Seen(self.place(key), lifetime)
        reset = _number(self.realm.get("actionTokenGeneratedByUserLifespan"))
        if reset is not None and self.realm.get("resetPasswordAllowed") is True:
            place = self.place("actionTokenGeneratedByUserLifespan")
            yield Seen(place, ResetLinkLifetime(PRODUCT, reset))
        yield from self._openings()

    def _policy(self) -> Seen:
        written = self.realm.get("passwordPolicy")
        demanded = _demands(written if isinstance(written, str) else "")
        elsewhere = not demanded and self._federated()
        length = None if elsewhere else demanded.get("length", 1)
        classes = None if elsewhere else max(1, sum(demanded.get(c, 0) > 0 for c in _CLASSES))
        fact = AccountPolicy(
            class_=self._class,
            who=printable(mask(str(self.realm["realm"])), 60),
            product=PRODUCT,
            minimum_length=length,
            maximum_length=demanded.get("maxLength"),
            character_classes=classes,
            lockout=self._lockout(),
            factors=self._factors(),
            expires_after_days=None if elsewhere else demanded.get("forceExpiredPasswordChange", 0),
        )
        return Seen(self.place("passwordPolicy" if written else "realm"), fact)

    def _federated(self) -> bool:
        components = self.realm.get("components")
        names = components if isinstance(components, dict) else {}
        return bool(names.get("org.keycloak.storage.UserStorageProvider"))

    def _lockout(self) -> Lockout | Literal["none"] | None:
        protected = self.realm.get("bruteForceProtected")
        if protected is False:
            return "none"
        tries = _number(self.realm.get("failureFactor"))
        if protected is not True or tries is None:
            return None
        if self.realm.get("permanentLockout") is True:
            return Lockout(after_attempts=tries)
        wait = _number(self.realm.get("waitIncrementSeconds"))
        return Lockout(after_attempts=tries, unlocked_after_seconds=wait)

    def _factors(self) -> tuple[Factor, ...] | None:
        """Return what the browser flow asks of everybody; None when it cannot be followed."""
        flows = {f.get("alias"): f for f in _dicts(self.realm.get("authenticationFlows"))}
        flow = flows.get(self.realm.get("browserFlow", "browser"))
        if flow is None:
            return None
        asked = _Flows(flows, self._forced_actions())
        asked.walk(flow, certain=True)
        if not asked.password and not asked.factors:
            return None
        return ("password", *dict.fromkeys(asked.factors)) if asked.password else (*asked.factors,)

    def _forced_actions(self) -> frozenset[str]:
        """Return the required actions put on every new account."""
        actions = _dicts(self.realm.get("requiredActions"))
        return frozenset(
            str(a.get("alias")) for a in actions if a.get("enabled") and a.get("defaultAction")
        )

    def _openings(self) -> Iterator[Seen]:
        found = []
        if self.realm.get("sslRequired") == "none":
            place = self.place("sslRequired")
            found.append(Opening("clear_transport", place, "sslRequired: none"))
        yield Seen(
            self.place("sslRequired"), SignInOpenings(PRODUCT, ("clear_transport",), tuple(found))
        )
        clients = [c for c in _dicts(self.realm.get("clients")) if _counts(c)]
        if clients:
            openings = tuple(o for c in clients[:_MAX_CLIENTS] for o in self._client(c))
            kinds: tuple[OpeningKind, ...] = ("implicit_flow", "password_grant", "no_pkce")
            yield Seen(self.place("clients"), SignInOpenings(PRODUCT, kinds, openings))

    def _client(self, client: dict[str, Any]) -> Iterator[Opening]:
        name = printable(mask(str(client.get("clientId", "?"))), 60)
        found = re.compile(rf'"clientId"\s*:\s*"{re.escape(str(client.get("clientId")))}"').search(
            self._text, self._start
        )
        line = self._text.count("\n", 0, found.start()) + 1 if found else 1
        place = f"{self._path}:{line}"
        if client.get("implicitFlowEnabled") is True:
            yield Opening("implicit_flow", place, f"{name}: implicitFlowEnabled")
        if client.get("directAccessGrantsEnabled") is True:
            yield Opening("password_grant", place, f"{name}: directAccessGrantsEnabled")
        attributes = client.get("attributes")
        pkce = attributes.get("pkce.code.challenge.method") if isinstance(attributes, dict) else ""
        code_flow = client.get("standardFlowEnabled", True) is True
        if client.get("publicClient") is True and code_flow and pkce != "S256":
            yield Opening("no_pkce", place, f"{name}: pkce.code.challenge.method")


def _counts(client: dict[str, Any]) -> bool:
    """Return whether a client is the operator's own, in service, and speaks OpenID Connect."""
    own = client.get("clientId") not in _BUILT_IN and client.get("enabled") is not False
    web = client.get("protocol", "openid-connect") == "openid-connect"
    return own and web and client.get("bearerOnly") is not True


class _Flows:
    """Walks a flow and keeps what it asks of everybody, not what only some are asked."""

    def __init__(self, flows: dict[Any, dict[str, Any]], forced: frozenset[str]) -> None:
        self._flows = flows
        self._forced = forced
        self._depth = 0
        self.password = False
        self.factors: list[Factor] = []

    def walk(self, flow: dict[str, Any], certain: bool) -> None:
        """Take in the steps of a flow; `certain` says that everybody goes through it."""
        self._depth += 1
        if self._depth > 50:
            return
        for step in _dicts(flow.get("authenticationExecutions")):
            requirement = str(step.get("requirement", "")).upper()
            if requirement == "DISABLED":
                continue
            inner = self._flows.get(step.get("flowAlias"))
            if inner is not None:
                # The forms stand beside the cookie of an open session: who has none takes them.
                self.walk(inner, certain and self._sure(inner, requirement))
            elif certain or requirement == "REQUIRED":
                self._step(str(step.get("authenticator", "")), requirement, certain)

    def _sure(self, inner: dict[str, Any], requirement: str) -> bool:
        if requirement == "CONDITIONAL":
            # Without the condition, or once everybody was made to set one up, all are asked.
            steps = _dicts(inner.get("authenticationExecutions"))
            conditions = [
                s for s in steps
                if str(s.get("authenticator", "")).startswith("conditional-")
                and s.get("requirement") != "DISABLED"
            ]  # fmt: skip
            configured = all(s.get("authenticator") in _CONDITIONS for s in conditions)
            return configured and bool(self._forced & {"CONFIGURE_TOTP", "webauthn-register"})
        return True

    def _step(self, authenticator: str, requirement: str, certain: bool) -> None:
        if authenticator in ("auth-username-password-form", "auth-password-form", "basic-auth"):
            self.password = True
        elif authenticator in _SECOND and requirement in ("REQUIRED", "ALTERNATIVE") and certain:
            self.factors.append(_SECOND[authenticator])


def _demands(policy: str) -> dict[str, int]:
    """Return the parts of a password policy, each with its number, 1 or 8 where it has none."""
    demands = {}
    for part in policy.split(" and ")[:50]:
        found = re.fullmatch(r"\s*(\w+)\s*(?:\(\s*([^)]*)\))?\s*", part)
        if found:
            number = re.fullmatch(r"\d{1,6}", found[2] or "")
            default = 8 if found[1] == "length" else 1
            demands[found[1]] = int(found[2]) if number else default
    return demands


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
