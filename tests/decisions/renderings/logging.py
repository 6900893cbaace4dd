"""What is logged, and what the logs tell."""

from __future__ import annotations

import re

from cnilcheck.replica.access_log import mended_log
from decisions.deployment import Deployment
from decisions.harness import Place, at, renders


@renders("logs-incomplete", "config")
def logging_switched_off(deployment: Deployment) -> Place:
    """The web server or the database writes nothing of what is consulted."""
    match deployment.pick("nginx", "apache", "postgresql"):
        case "nginx":
            path = deployment.pick("/etc/nginx/sites-enabled/portail", "/etc/nginx/conf.d/www.conf")
            log = "/var/log/nginx/portail.log combined" if deployment.mended else "off"
            deployment.system(
                "/etc/nginx/nginx.conf",
                (
                    "events {}\nhttp {\n    server_tokens off;\n    error_log /var/log/nginx/error.log;\n"
                    f"    include {path.rpartition('/')[0]}/*;\n}}\n"
                ),
            )
            text = (
                "server {\n    listen 80;\n    server_name portail.example;\n"
                f"    access_log {log};\n    root /var/www/portail;\n}}\n"
            )
            deployment.system(path, text)
        case "apache":
            path = "/etc/apache2/sites-enabled/000-portail.conf"
            deployment.system(
                "/etc/apache2/apache2.conf",
                (
                    "ServerTokens Prod\nServerSignature Off\nErrorLog /var/log/apache2/error.log\n"
                    "IncludeOptional sites-enabled/*.conf\n"
                ),
            )
            log = (
                "    CustomLog /var/log/apache2/portail.log combined\n" if deployment.mended else ""
            )
            text = (
                "<VirtualHost *:80>\n    ServerName portail.example\n"
                f"    DocumentRoot /var/www/portail\n{log}</VirtualHost>\n"
            )
            deployment.system(path, text)
            return at("snapshot", "/etc/apache2/")
        case _:
            version = deployment.pick("13", "15", "16")
            path = f"/etc/postgresql/{version}/main/postgresql.conf"
            # pgAudit writes consultations too, with the object read and not its values.
            audit = "shared_preload_libraries = 'pgaudit'\npgaudit.log = 'read, write, ddl, role'\n"
            sound = deployment.mended
            statements, switch = ("ddl", "on") if sound else ("none", "off")
            text = (
                "listen_addresses = 'localhost'\nssl = on\nssl_min_protocol_version = 'TLSv1.2'\n"
                f"password_encryption = scram-sha-256\nlog_statement = '{statements}'\n"
                f"log_connections = {switch}\nlog_disconnections = {switch}\n"
                f"log_line_prefix = '%m [%p] %q%u@%d/%h '\n{audit if sound else ''}"
            )
            deployment.system(path, text)
    return at("snapshot", path)


def sound_lines(deployment: Deployment) -> list[str]:
    """Two hundred days of accesses by named people, in the combined format."""
    return mended_log(deployment.day).splitlines(keepends=True)


@renders("logs-incomplete", "logs")
def lines_without_author(deployment: Deployment) -> Place:
    """Accesses of which nobody is the author, or whole days that are not there."""
    lines = sound_lines(deployment)
    way = deployment.pick("anonymous", "holes")
    if not deployment.mended and way == "anonymous":
        lines = [re.sub(r" - ph-\d{4} ", " - - ", line, count=1) for line in lines]
    elif not deployment.mended:
        start = deployment.draw.randint(len(lines) // 3, len(lines) // 2)
        del lines[start : start + 400]
    name = deployment.pick("logs/access.log", "journaux/acces.log", "logs/portail_access.log")
    deployment.write(name, "".join(lines))
    deployment.source("logs", {"path": name, "class": "application_access"})
    return at(name, "")


@renders("unauthenticated-identifier", "logs")
def records_walked(deployment: Deployment) -> Place:
    """One client walks from number to number, and is given each document."""
    lines = sound_lines(deployment)
    start = deployment.draw.randint(len(lines) // 4, len(lines) // 2)
    stamp = lines[start].partition("[")[2].partition("]")[0]
    form = deployment.pick(
        "/demandes/{}",
        "/factures/{}.pdf",
        "/selfservice/requests.do?id={}",
        "/documents?num_facture={}",
    )
    first, count = deployment.draw.randint(1000, 90000), deployment.draw.randint(70, 150)
    status = deployment.pick(403, 302, 401) if deployment.mended else 200
    minute, second = stamp[:17], 0
    walk = []
    for number in range(first, first + count):
        second = min(59, second + (number % 2))
        walk.append(
            f'203.0.113.77 - - [{minute}:{second:02d} +0100] "GET {form.format(number)} HTTP/1.1" '
            f'{status} 48213 "-" "Mozilla/5.0 (X11; Linux x86_64)"\n'
        )
    if deployment.mended:
        walk = walk[:20]
    name = deployment.pick("logs/www-access.log", "journaux/site.log", "logs/front.log")
    deployment.write(name, "".join([*lines[: start + 1], *walk, *lines[start + 1 :]]))
    deployment.source("logs", {"path": name, "class": "technical"})
    return at(name, "")
