"""Programs that are told not to write down what a log must hold."""

from __future__ import annotations

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_SNAPSHOT = "snapshot"


@renders("logs-incomplete", "config")
def database_that_notes_nothing(deployment: Deployment) -> Place:
    """PostgreSQL keeps neither sign-ins nor statements, or does not say whose they are."""
    version = deployment.pick("13", "15", "16")
    path = f"/etc/postgresql/{version}/main/postgresql.conf"
    flaw = deployment.pick("off", "head")
    on, statements, prefix = "on", "all", "%m [%p] %q%u@%d %h "
    if not deployment.mended:
        on, statements = ("off", "none") if flaw == "off" else ("on", "all")
        prefix = "%t " if flaw == "head" else prefix
    deployment.system(
        path,
        f"listen_addresses = 'localhost'\npassword_encryption = scram-sha-256\n"
        f"logging_collector = on\nlog_connections = {on}\nlog_disconnections = {on}\n"
        f"log_statement = '{statements}'\nlog_line_prefix = '{prefix}'\n",
    )
    return at(_SNAPSHOT, path)


@renders("logs-incomplete", "config")
def site_that_notes_nothing(deployment: Deployment) -> Place:
    """A web server whose log of accesses is switched off where the records are."""
    path = deployment.pick("/etc/nginx/sites-enabled/portail.conf", "/etc/nginx/conf.d/app.conf")
    place = deployment.pick("/", "/dossiers/", "/api/")
    log = f"/var/log/nginx/{deployment.pick('portail', 'app')}.log combined"
    deployment.system(
        "/etc/nginx/nginx.conf", f"http {{\n  access_log {log};\n  include {path};\n}}\n"
    )
    written = log if deployment.mended else "off"
    deployment.system(
        path,
        "server {\n  listen 127.0.0.1:8081;\n  server_tokens off;\n  server_name portail.example;\n"
        f"  location {place} {{\n    access_log {written};\n"
        "    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n"
        "    proxy_pass http://127.0.0.1:9000;\n  }\n}\n",
    )
    return at(_SNAPSHOT, path)


@renders("logs-incomplete", "config")
def journal_in_memory(deployment: Deployment) -> Place:
    """The system's journal is lost at each restart, and no syslog service takes it over."""
    path = deployment.pick("/etc/systemd/journald.conf", "/etc/systemd/journald.conf.d/size.conf")
    storage = deployment.pick("volatile", "none")
    storage = "persistent" if deployment.mended else storage
    deployment.system(path, f"[Journal]\nStorage={storage}\nSystemMaxUse=2G\n")
    return at(_SNAPSHOT, path)


@renders("logs-incomplete", "config")
def audit_without_rules(deployment: Deployment) -> Place:
    """The kernel's audit runs and records nothing."""
    path = "/etc/audit/rules.d/audit.rules"
    watched = deployment.pick("/srv/dossiers", "/var/lib/mysql", "/etc/passwd")
    off = deployment.pick(True, False)
    rules = (
        f"-w {watched} -p rwxa -k records\n-e 2\n"
        if deployment.mended
        else ("-e 0\n" if off else "")
    )
    deployment.system(path, f"-D\n-b 8192\n{rules}")
    return at(_SNAPSHOT, "/etc/audit/")


@renders("logs-incomplete", "declaration")
def events_not_logged(deployment: Deployment) -> Place:
    """Asked what is logged, people name a few events and leave out who read what."""
    complete = [
        "sign_in_success", "sign_in_failure", "sign_out", "consultation", "search", "creation",
        "modification", "deletion", "export", "access_denied", "rights_change",
        "configuration_change", "log_change",
    ]  # fmt: skip
    some = deployment.draw.sample(("sign_in_success", "modification", "export"), 2)
    deployment.declare("logging", events=complete if deployment.mended else some)
    return Place("declarations|scope|system", "")
