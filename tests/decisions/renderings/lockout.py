"""Sign-ins at which one may try passwords without end."""

from __future__ import annotations

import datetime as dt

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders
from decisions.portal import portal


@renders("no-lockout", "remote")
def ten_wrong_passwords(deployment: Deployment) -> Place:
    """Nothing stops ten wrong passwords of a test account; mended, it is locked before."""
    accounts = portal(deployment)
    limit = deployment.pick(5, 6, 8, 10)
    accounts.locks_after = limit if deployment.mended else None
    accounts.lend()
    return at(accounts.site.url, accounts.login)


@renders("no-lockout", "remote")
def wrong_passwords_by_interface(deployment: Deployment) -> Place:
    """The same where a script sends name and password as JSON."""
    accounts = portal(deployment)
    accounts.as_json = True
    return ten_wrong_passwords(deployment)


@renders("no-lockout", "config")
def symfony_firewall(deployment: Deployment) -> Place:
    """A firewall takes passwords without throttling; mended, five tries, then a quarter of an hour."""
    path = "/var/www/html/config/packages/security.yaml"
    form = deployment.pick("form_login", "json_login")
    name = deployment.pick("main", "clients", "boutique")
    limit = f"""
            login_throttling:
                max_attempts: 5
                interval: '{deployment.pick("6 hours", "1 day")}'"""
    text = f"""security:
    firewalls:
        {name}:
            {form}:
                login_path: app_login
                check_path: app_login{limit if deployment.mended else ""}
"""
    deployment.system(path, text)
    return at("./snapshot/", path)


@renders("no-lockout", "config")
def wordpress_alone(deployment: Deployment) -> Place:
    """WordPress by itself limits nothing; mended, a plugin does."""
    root = deployment.pick("/var/www/html", "/srv/www/boutique")
    guard = deployment.pick("wordfence", "limit-login-attempts-reloaded")
    deployment.system(f"{root}/wp-config.php", "<?php\ndefine('FORCE_SSL_ADMIN', true);\n")
    plugins = ["contact-form", guard] if deployment.mended else ["contact-form"]
    for name in plugins:
        deployment.system(f"{root}/wp-content/plugins/{name}/{name}.php", "<?php\n")
    return at("./snapshot/", f"{root}/wp-config.php")


@renders("no-lockout", "config")
def keycloak_unprotected(deployment: Deployment) -> Place:
    """A realm without its protection against brute force."""
    path = deployment.pick("/opt/keycloak/data/import/shop-realm.json", "/srv/idp/realm.json")
    tries = deployment.pick(5, 8, 10)
    protected = (
        f'"bruteForceProtected": true, "failureFactor": {tries}, "permanentLockout": true'
        if deployment.mended
        else '"bruteForceProtected": false'
    )
    text = f"""{{"realm": "shop", "enabled": true, {protected},
 "passwordPolicy": "length(14) and upperCase(1) and lowerCase(1) and digits(1) and specialChars(1)",
 "ssoSessionIdleTimeout": 1200, "ssoSessionMaxLifespan": 28800}}
"""
    deployment.system(path, text)
    return at("./snapshot/", path)


@renders("no-lockout", "logs")
def waves_of_failures(deployment: Deployment) -> Place:
    """A web server's log: one address fails again and again; mended, it is soon refused."""
    name = deployment.pick("log/access.log", "journaux/nginx-access.log", "apache2/access.log")
    path = deployment.pick("/login", "/connexion", "/wp-login.php", "/api/auth/login")
    client, quiet = f"203.0.113.{deployment.draw.randint(2, 250)}", "198.51.100.17"
    tries = deployment.draw.randint(90, 400)
    begin = dt.datetime.combine(deployment.day - dt.timedelta(days=2), dt.time(3), dt.UTC)
    lines, moment = [], begin
    for number in range(tries):
        moment += dt.timedelta(milliseconds=900)
        status = 429 if deployment.mended and number >= 10 else 401
        agent = deployment.draw.choice(("Mozilla/5.0", "python-requests/2.32", "curl/8.5"))
        lines.append(_line(moment, client, f"POST {path}", status, agent))
        if number % 20 == 0:
            lines.append(_line(moment, quiet, "GET /style.css", 200, "Mozilla/5.0"))
    deployment.write(name, "".join(lines), age_days=1)
    deployment.source("logs", {"path": name, "class": "technical"})
    return at(name, "")


def _line(moment: dt.datetime, client: str, request: str, status: int, agent: str) -> str:
    when = moment.strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'{client} - - [{when}] "{request} HTTP/1.1" {status} 312 "-" "{agent}"\n'
