"""Sign-in to a patient record, a VPN or an office with a password alone."""

from __future__ import annotations

import json
import re

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_SNAPSHOT = "snapshot"


@renders("no-mfa", "config")
def realm_with_password_only(deployment: Deployment) -> Place:
    """Keycloak's browser flow asks for a password, or also for a second factor of everybody."""
    realm = deployment.pick("dossier-patient", "ehr", "soignants", "partners")
    path = f"{deployment.pick('/srv/sso', '/opt/keycloak/export', '/root')}/{realm}-realm.json"
    optional = deployment.pick(True, False)
    second = deployment.pick("auth-otp-form", "webauthn-authenticator")
    if deployment.mended:
        otp = [{"authenticator": second, "requirement": "REQUIRED"}]
    elif optional:
        otp = [{"authenticator": second, "requirement": "DISABLED"}]
    else:
        otp = []
    form = {"authenticator": "auth-username-password-form", "requirement": "REQUIRED"}
    document = {
        "realm": realm,
        "enabled": True,
        "sslRequired": "external",
        "passwordPolicy": "length(14) and upperCase(1) and lowerCase(1) and digits(1)",
        "bruteForceProtected": True,
        "failureFactor": 5,
        "waitIncrementSeconds": 900,
        "browserFlow": "browser",
        "authenticationFlows": [
            {
                "alias": "browser",
                "topLevel": True,
                "authenticationExecutions": [
                    {"authenticator": "auth-cookie", "requirement": "ALTERNATIVE"},
                    {"flowAlias": "forms", "requirement": "ALTERNATIVE"},
                ],
            },
            {"alias": "forms", "authenticationExecutions": [form, *otp]},
        ],
    }
    deployment.system(path, json.dumps(document, indent=2))
    who = deployment.say("accès au dossier patient", "access to the patient record")
    accounts = [{"class": "staff", "who": who, "remote": True, "configured_in": [path]}]
    deployment.declare("authentication", accounts=accounts)
    # What is read completes what is declared of these accounts, and shows there.
    return Place("declarations", re.escape(who))


@renders("no-mfa", "config")
def conditional_access_without_second_factor(deployment: Deployment) -> Place:
    """Microsoft Entra: no policy in force asks all for a second factor, and all apps."""
    name = deployment.pick("Accès partenaires", "Dossier de soins", "Remote access")
    flaw = deployment.pick("off", "report", "block")
    second = {"operator": "OR", "builtInControls": ["mfa"]}
    access = {
        "id": "11111111-2222-3333-4444-555555555555",
        "displayName": name,
        "state": "enabled",
        "conditions": {
            "users": {"includeUsers": ["All"], "excludeUsers": []},
            "applications": {"includeApplications": ["All"]},
            "locations": None,
        },
        "grantControls": second,
    }
    if not deployment.mended:
        if flaw == "block":
            access["grantControls"] = {"operator": "OR", "builtInControls": ["compliantDevice"]}
        else:
            access["state"] = {"off": "disabled", "report": "enabledForReportingButNotEnforced"}[
                flaw
            ]
    path = f"exports/{deployment.pick('conditional-access.json', 'entra-policies.json')}"
    deployment.write(path, json.dumps({"value": [access]}, indent=1))
    deployment.source("identity_exports", {"path": path})
    return at(path, path)


@renders("no-mfa", "config")
def vpn_by_password(deployment: Deployment) -> Place:
    """An OpenVPN server that asks for a name and a password, or also for a certificate."""
    name = deployment.pick("server", "teletravail", "ospedale", "maintenance")
    path = deployment.pick(f"/etc/openvpn/{name}.conf", f"/etc/openvpn/server/{name}.conf")
    network = f"10.{deployment.draw.randint(8, 200)}.0.0 255.255.255.0"
    plugin = deployment.pick(
        "plugin /usr/lib/openvpn/openvpn-plugin-auth-pam.so openvpn",
        "plugin /usr/lib/openvpn/openvpn-auth-ldap.so /etc/openvpn/auth/ldap.conf",
        "auth-user-pass-verify /etc/openvpn/check.sh via-file",
    )
    without = deployment.pick("verify-client-cert none", "client-cert-not-required")
    lines = [f"port {deployment.draw.randint(1194, 1400)}", "proto udp", "dev tun", "ca ca.crt"]
    lines += [f"server {network}", plugin]
    lines += ["remote-cert-tls client" if deployment.mended else without]
    deployment.system(path, "\n".join(lines) + "\n")
    return at(_SNAPSHOT, path)


@renders("no-mfa", "declaration")
def password_alone_declared(deployment: Deployment) -> Place:
    """Asked what staff sign in with from outside, people answer: a password."""
    who = deployment.say("conseillers partenaires", "partner advisers")
    second = deployment.pick("totp", "passkey", "smart_card")
    factors = ["password"]
    if deployment.mended:
        # Who opens health records from outside is also offered the national way in.
        national = deployment.scope.get("health_data") != "none"
        factors += [second, "pro_sante_connect"] if national else [second]
    account = {
        "class": "staff", "who": who, "remote": True, "factors": factors, "minimum_length": 14,
        "character_classes": 3, "lockout": {"after_attempts": 10},
    }  # fmt: skip
    deployment.declare("authentication", accounts=[account])
    return Place("declarations", r"accounts")
