"""A Keycloak realm export as the console writes it, in a weak and in a strict version."""

from __future__ import annotations

import json
import uuid
from typing import Any

_STRICT_POLICY = (
    "length(12) and upperCase(1) and lowerCase(1) and digits(1) and specialChars(1)"
    " and notUsername(undefined) and passwordHistory(5)"
)


def _id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def _step(authenticator: str, requirement: str, priority: int) -> dict[str, Any]:
    return {
        "authenticator": authenticator,
        "authenticatorFlow": False,
        "requirement": requirement,
        "priority": priority,
        "autheticatorFlow": False,
        "userSetupAllowed": False,
    }


def _inner(alias: str, requirement: str, priority: int) -> dict[str, Any]:
    return {
        "authenticatorFlow": True,
        "requirement": requirement,
        "priority": priority,
        "autheticatorFlow": True,
        "flowAlias": alias,
        "userSetupAllowed": False,
    }


def _flow(alias: str, top: bool, *steps: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": _id(f"flow {alias}"),
        "alias": alias,
        "description": alias,
        "providerId": "basic-flow",
        "topLevel": top,
        "builtIn": True,
        "authenticationExecutions": list(steps),
    }


def flows(otp: str = "CONDITIONAL") -> list[dict[str, Any]]:
    return [
        _flow(
            "Browser - Conditional OTP",
            False,
            _step("conditional-user-configured", "REQUIRED", 10),
            _step("auth-otp-form", "REQUIRED", 20),
        ),
        _flow(
            "browser",
            True,
            _step("auth-cookie", "ALTERNATIVE", 10),
            _step("auth-spnego", "DISABLED", 20),
            _step("identity-provider-redirector", "ALTERNATIVE", 25),
            _inner("forms", "ALTERNATIVE", 30),
        ),
        _flow(
            "direct grant",
            True,
            _step("direct-grant-validate-username", "REQUIRED", 10),
            _step("direct-grant-validate-password", "REQUIRED", 20),
        ),
        _flow(
            "forms",
            False,
            _step("auth-username-password-form", "REQUIRED", 10),
            _inner("Browser - Conditional OTP", otp, 20),
        ),
        _flow(
            "reset credentials",
            True,
            _step("reset-credentials-choose-user", "REQUIRED", 10),
            _step("reset-credential-email", "REQUIRED", 20),
            _step("reset-password", "REQUIRED", 30),
        ),
    ]


def _client(name: str, strict: bool, **more: Any) -> dict[str, Any]:
    return {
        "id": _id(f"client {name}"),
        "clientId": name,
        "name": f"${{client_{name}}}",
        "surrogateAuthRequired": False,
        "enabled": True,
        "alwaysDisplayInConsole": False,
        "clientAuthenticatorType": "client-secret",
        "redirectUris": ["https://app.example.fr/*"],
        "webOrigins": ["https://app.example.fr"],
        "bearerOnly": False,
        "consentRequired": False,
        "standardFlowEnabled": True,
        "implicitFlowEnabled": not strict,
        "directAccessGrantsEnabled": not strict,
        "serviceAccountsEnabled": False,
        "publicClient": True,
        "frontchannelLogout": True,
        "protocol": "openid-connect",
        "attributes": {"pkce.code.challenge.method": "S256"} if strict else {},
        "fullScopeAllowed": True,
        "nodeReRegistrationTimeout": -1,
        "protocolMappers": [
            {"id": _id(f"{name} mapper {n}"), "name": f"mapper {n}", "protocol": "openid-connect",
             "protocolMapper": "oidc-usermodel-attribute-mapper", "consentRequired": False,
             "config": {"user.attribute": f"attribute{n}", "claim.name": f"claim{n}"}}
            for n in range(6)
        ],
        "defaultClientScopes": ["web-origins", "acr", "roles", "profile", "email"],
        **more,
    }  # fmt: skip


def _roles(clients: list[str]) -> dict[str, Any]:
    def role(name: str, of: str) -> dict[str, Any]:
        return {"id": _id(f"{of} {name}"), "name": name, "description": f"${{role_{name}}}",
                "composite": False, "clientRole": of != "realm", "containerId": _id(of),
                "attributes": {}}  # fmt: skip

    management = ("view-users", "manage-users", "view-realm", "manage-realm", "query-groups")
    return {
        "realm": [role(n, "realm") for n in ("offline_access", "uma_authorization")],
        "client": {name: [role(n, name) for n in management] for name in clients},
    }


def realm(strict: bool, name: str = "officine", **more: Any) -> dict[str, Any]:
    own = [_client("portail-officine", strict), _client("application-mobile", strict)]
    built_in = [
        _client(name, False, publicClient=True)
        for name in ("account", "account-console", "admin-cli", "security-admin-console")
    ]
    actions = [
        ("CONFIGURE_TOTP", "Configure OTP", strict),
        ("UPDATE_PASSWORD", "Update Password", False),
        ("VERIFY_EMAIL", "Verify Email", False),
    ]
    whole: dict[str, Any] = {
        "id": _id(name),
        "realm": name,
        "displayName": "Officine",
        "notBefore": 0,
        "defaultSignatureAlgorithm": "RS256",
        "revokeRefreshToken": strict,
        "accessTokenLifespan": 300,
        "accessTokenLifespanForImplicitFlow": 900,
        "ssoSessionIdleTimeout": 1800 if strict else 2592000,
        "ssoSessionMaxLifespan": 14400 if strict else 15552000,
        "ssoSessionIdleTimeoutRememberMe": 0,
        "offlineSessionIdleTimeout": 2592000,
        "accessCodeLifespan": 60,
        "actionTokenGeneratedByUserLifespan": 300,
        "enabled": True,
        "sslRequired": "external" if strict else "none",
        "registrationAllowed": False,
        "rememberMe": False,
        "resetPasswordAllowed": True,
        "bruteForceProtected": strict,
        "permanentLockout": False,
        "maxFailureWaitSeconds": 900,
        "minimumQuickLoginWaitSeconds": 60,
        "waitIncrementSeconds": 60,
        "quickLoginCheckMilliSeconds": 1000,
        "maxDeltaTimeSeconds": 43200,
        "failureFactor": 5 if strict else 30,
        "roles": _roles([c["clientId"] for c in built_in + own]),
        "requiredCredentials": ["password"],
        "otpPolicyType": "totp",
        "otpPolicyAlgorithm": "HmacSHA1",
        "otpPolicyDigits": 6,
        "otpPolicyPeriod": 30,
        "clients": built_in + own,
        "browserFlow": "browser",
        "directGrantFlow": "direct grant",
        "resetCredentialsFlow": "reset credentials",
        "authenticationFlows": flows(),
        "requiredActions": [
            {"alias": alias, "name": title, "providerId": alias, "enabled": True,
             "defaultAction": default, "priority": 10, "config": {}}
            for alias, title, default in actions
        ],
        "components": {"org.keycloak.keys.KeyProvider": [{"name": "rsa-generated"}]},
        "keycloakVersion": "26.0.7",
    }  # fmt: skip
    policy = {"passwordPolicy": _STRICT_POLICY if strict else "length(6) and digits(1)"}
    return {**whole, **policy, **more}


def export(strict: bool, **more: Any) -> str:
    return json.dumps(realm(strict, **more), indent=2, ensure_ascii=False)
