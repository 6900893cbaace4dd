"""What watches the logs and whom it tells: Wazuh, Grafana, Elastalert, Loki's ruler, fail2ban."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cnilcheck.collectors.base import Missing, Seen, Sighting
from cnilcheck.collectors.log_settings.texts import (
    at,
    each,
    is_on,
    items_of,
    place_of,
    sections_of,
    values_of,
)
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import AlertingSetting
from cnilcheck.model.personal_data import printable

_OSSEC = "/var/ossec/etc/ossec.conf"
_GRAFANA = "/etc/grafana/provisioning/alerting/*"
_ELASTALERT = ("/etc/elastalert/config.y*ml", "/opt/elastalert/config.y*ml")
_LOKI_RULES = ("/etc/loki/rules/*.y*ml", "/etc/loki/rules/*/*.y*ml", "/loki/rules/*/*.y*ml")
_JAILS = ("/etc/fail2ban/jail.conf", "/etc/fail2ban/jail.d/*.conf", "/etc/fail2ban/jail.local",
          "/etc/fail2ban/jail.d/*.local")  # fmt: skip
_MAX_RULES = 5_000


def read_wazuh(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield whom a Wazuh manager tells; an agent has no rules of its own."""
    if not snapshot.exists(_OSSEC):
        return
    try:
        text = snapshot.read(_OSSEC)
    except CollectionError as error:
        yield Missing(_OSSEC, AlertingSetting, error)
        return
    text = re.sub(r"(?s)<!--.*?-->", lambda m: "\n" * m[0].count("\n"), text)
    if "<ruleset>" not in text and "<global>" not in text:
        return
    mail = re.search(r"<email_notification>\s*yes", text)
    to = re.findall(r"<email_to>\s*[^<\s]", text) if mail else []
    integrations = re.findall(r"<integration>\s*<name>\s*([\w-]{1,40})", text)
    sent = re.findall(r"<syslog_output>", text)
    receivers = ("email",) * bool(to) + tuple(integrations[:20]) + ("syslog",) * bool(sent)
    rules = len(re.findall(r"<(?:rule_dir|include)>", text))
    place = place_of(_OSSEC, text, "<email_notification>" if mail else "<ruleset>")
    yield Seen(place, AlertingSetting("Wazuh", "alert", max(rules, 1), receivers))


def read_grafana(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield the alert rules and contact points that Grafana is given by files."""
    rules, receivers, places = 0, dict[str, None](), list[str]()
    try:
        paths = [p for p in snapshot.glob(_GRAFANA) if p.endswith((".yaml", ".yml", ".json"))]
        for path in paths:
            text = snapshot.read(path)
            for value in values_of(snapshot, path, text):
                found = _grafana_rules(value)
                rules += found
                receivers |= dict.fromkeys(_contacts(value))
                places += [place_of(path, text, "groups")] * bool(found)
    except CollectionError as error:
        yield Missing("/etc/grafana/provisioning/alerting", AlertingSetting, error)
        return
    if paths:
        place = places[0] if places else paths[0]
        yield Seen(place, AlertingSetting("Grafana", "alert", rules, tuple(receivers)[:20]))


def _grafana_rules(value: Any) -> int:
    found = [
        rule
        for group in items_of(at(value, "groups"))
        for rule in items_of(at(group, "rules"))[:_MAX_RULES]
        if isinstance(rule, dict) and rule.get("isPaused") is not True
    ]
    return len(found)


def _contacts(value: Any) -> Iterator[str]:
    for point in items_of(at(value, "contactPoints"))[:100]:
        for receiver in items_of(at(point, "receivers"))[:100]:
            kind = at(receiver, "type")
            if kind:
                yield printable(str(kind), 40)


def read_elastalert(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield Elastalert's rules that are switched on and tell somebody."""

    def read(path: str) -> Iterator[Sighting]:
        folder = "rules"
        for value in values_of(snapshot, path):
            folder = str(at(value, "rules_folder") or folder)
        base = folder if folder.startswith("/") else f"{path.rpartition('/')[0]}/{folder}"
        rules, receivers = 0, dict[str, None]()
        for rule in [p for p in snapshot.walk(base) if p.endswith((".yaml", ".yml"))][:_MAX_RULES]:
            for value in values_of(snapshot, rule):
                if at(value, "type") and at(value, "is_enabled") is not False:
                    rules += 1
                    told = [str(one) for one in items_of(at(value, "alert")) if one != "debug"]
                    receivers |= dict.fromkeys(printable(one, 40) for one in told)
        yield Seen(path, AlertingSetting("Elastalert", "alert", rules, tuple(receivers)[:20]))

    yield from each(snapshot, _ELASTALERT, AlertingSetting, read)


def read_loki_rules(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield the alerts that Loki's ruler evaluates over logs, and where it sends them."""
    rules, place = 0, ""
    try:
        for path in [p for pattern in _LOKI_RULES for p in snapshot.glob(pattern)]:
            text = snapshot.read(path)
            groups = [g for v in values_of(snapshot, path, text) for g in items_of(at(v, "groups"))]
            found = [r for g in groups for r in items_of(at(g, "rules")) if at(r, "alert")]
            rules += len(found[:_MAX_RULES])
            place = place or (place_of(path, text, "alert:") if found else "")
        receivers = tuple(_alertmanagers(snapshot)) if place else ()
    except CollectionError as error:
        yield Missing(place or "/etc/loki/rules", AlertingSetting, error)
        return
    if place:
        yield Seen(place, AlertingSetting("Loki", "alert", rules, receivers))


def _alertmanagers(snapshot: Snapshot) -> Iterator[str]:
    for path in snapshot.glob("/etc/loki/*.y*ml"):
        for value in values_of(snapshot, path):
            if at(value, "ruler", "alertmanager_url"):
                yield "Alertmanager"


def read_fail2ban(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield fail2ban's jails that are switched on: they shut the door, and may send a mail."""
    paths = [path for pattern in _JAILS for path in snapshot.glob(pattern)]
    enabled, default, mails, place = dict[str, bool](), False, False, ""
    for path in paths:
        try:
            for line in sections_of(snapshot, path):
                if line.name == "enabled" and line.section == "default":
                    default = is_on(line.value) is True
                elif line.name == "enabled":
                    enabled[line.section] = is_on(line.value) is True
                    place = line.place if enabled[line.section] else place
                elif line.name == "action" and re.search(
                    r"action_(?:mw|mwl|xarf)|mail", line.value
                ):
                    mails = mails or path != _JAILS[0]
        except CollectionError as error:
            yield Missing(path, AlertingSetting, error)
            return
    if paths:
        jails = [name for name, on in enabled.items() if on] or (["default"] if default else [])
        kind, told = ("alert", ("email",)) if mails else ("block", ())
        fact = AlertingSetting("fail2ban", kind, len(jails), told)  # type: ignore[arg-type]
        yield Seen(place or paths[0], fact)
