"""How many days stores of logs keep them: Loki, Elasticsearch, clouds, Docker, databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cnilcheck.collectors.base import Missing, Seen, Sighting
from cnilcheck.collectors.log_settings.shippers import docker_logging
from cnilcheck.collectors.log_settings.texts import (
    at,
    days_of,
    each,
    is_on,
    items_of,
    place_of,
    values_of,
)
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError, Malformed
from cnilcheck.model.facts import LogRotationSetting
from cnilcheck.model.personal_data import printable

FOREVER = 36_525
_LOKI = ("/etc/loki/*.y*ml", "/opt/loki/*.y*ml")
_LOGS = re.compile(r"(?i)log|journal|audit|trace|filebeat|syslog")
_MAX_RULES = 500


def read_loki(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield how long Loki keeps lines: for ever unless deletion is switched on (its manual)."""

    def read(path: str) -> Iterator[Sighting]:
        text = snapshot.read(path)
        for value in values_of(snapshot, path, text):
            if not isinstance(value, dict) or not {"ingester", "schema_config"} & set(value):
                continue
            deletes = is_on(at(value, "compactor", "retention_enabled") or "no") is True
            table = is_on(at(value, "table_manager", "retention_deletes_enabled") or "no") is True
            period = at(value, "limits_config", "retention_period")
            if table and not deletes:
                deletes, period = True, at(value, "table_manager", "retention_period")
            place = place_of(path, text, "retention_period" if period else "retention_enabled")
            days = days_of(str(period)) if deletes and period is not None else 0.0
            yield _kept("Loki", "Loki", place, days)
            streams = at(value, "limits_config", "retention_stream") if deletes else None
            for stream in items_of(streams)[:_MAX_RULES]:
                name = printable(str(at(stream, "selector")), 80)
                place = place_of(path, text, str(at(stream, "selector")))
                yield _kept("Loki", name, place, days_of(str(at(stream, "period"))))

    yield from each(snapshot, _LOKI, LogRotationSetting, read)


def _kept(product: str, log: str, place: str, days: float | None) -> Sighting:
    """Return the days kept; zero stands for ever, as it does for Loki and CloudWatch."""
    if days is None:
        detail = f"{place}: how long {log} is kept is not a duration"
        return Missing(place, LogRotationSetting, Malformed(detail))
    return Seen(f"{place} {log}", LogRotationSetting(log, int(days) or FOREVER, product))


def is_policy(path: str, text: str) -> bool:
    """Return whether a JSON file may say how long something is kept."""
    return path.endswith(".json") and bool(
        re.search(r"\"(?:phases|Expiration|retentionInDays|data_retention|lifecycle|"
                  r"daysAfterModificationGreaterThan|min_index_age|age)\"", text)
    )  # fmt: skip


def read_policies(snapshot: Snapshot, files: list[tuple[str, str]]) -> Iterator[Sighting]:
    """Yield what exported policies say: Elasticsearch, OpenSearch, S3, GCS, Azure, CloudWatch.

    A lifecycle rule is about logs when its name, its prefix or its file says so.
    """
    for path, text in files:
        try:
            for value in values_of(snapshot, path, text):
                yield from _policy(path, text, value)
        except CollectionError as error:
            if _LOGS.search(path):
                yield Missing(path, LogRotationSetting, error)


def _policy(path: str, text: str, value: Any) -> Iterator[Sighting]:
    if isinstance(value, dict):
        yield from _index_policies(path, text, value)
        yield from _cloud_watch(path, text, value)
        yield from _s3(path, text, value)
        yield from _gcs(path, text, value)
        yield from _azure(path, text, value)


def _index_policies(path: str, text: str, value: dict[str, Any]) -> Iterator[Sighting]:
    """Elasticsearch ILM: `GET _ilm/policy` names each policy, a file for PUT holds one."""
    named = {"": value} if "policy" in value else value
    for name, holder in list(named.items())[:_MAX_RULES]:
        phases = at(holder, "policy", "phases")
        states = at(holder, "policy", "states")
        label = printable(str(name), 80) or path.rpartition("/")[2].removesuffix(".json")
        if isinstance(phases, dict):
            age = at(phases, "delete", "min_age")
            place = place_of(path, text, "delete" if age else "phases", _offset(text, str(name)))
            deletes = isinstance(at(phases, "delete", "actions", "delete"), dict)
            yield _kept("Elasticsearch", label, place, days_of(str(age)) if deletes and age else 0)
        elif isinstance(states, list):
            place = place_of(path, text, "states", _offset(text, str(name)))
            yield _kept("OpenSearch", label, place, _opensearch(states))
        elif at(holder, "data_retention"):
            place = place_of(path, text, "data_retention")
            days = days_of(str(at(holder, "data_retention")))
            yield _kept("Elasticsearch", label, place, days)


def _offset(text: str, name: str) -> int:
    return max(0, text.find(f'"{name}"')) if name else 0


def _opensearch(states: list[Any]) -> float:
    """Return the age at which a state that deletes is entered; 0 where none deletes."""
    deleting = {
        str(at(state, "name"))
        for state in states
        for action in items_of(at(state, "actions"))
        if isinstance(action, dict) and "delete" in action
    }
    ages = [
        days_of(str(at(step, "conditions", "min_index_age")))
        for state in states
        for step in items_of(at(state, "transitions"))
        if at(step, "state_name") in deleting
    ]
    return max((age for age in ages if age), default=0.0)


def _cloud_watch(path: str, text: str, value: dict[str, Any]) -> Iterator[Sighting]:
    """CloudWatch, `describe-log-groups`: a group without retentionInDays never expires."""
    for group in items_of(value.get("logGroups"))[:_MAX_RULES]:
        name = str(at(group, "logGroupName") or "")
        if name:
            days = at(group, "retentionInDays") or 0
            place = place_of(path, text, name)
            yield _kept("CloudWatch", printable(name, 80), place, float(days))


def _s3(path: str, text: str, value: dict[str, Any]) -> Iterator[Sighting]:
    """S3, `get-bucket-lifecycle-configuration`."""
    for rule in items_of(value.get("Rules"))[:_MAX_RULES]:
        if not isinstance(rule, dict) or rule.get("Status") != "Enabled":
            continue
        prefix = at(rule, "Filter", "Prefix") or rule.get("Prefix") or ""
        name = str(rule.get("ID") or prefix)
        days = at(rule, "Expiration", "Days")
        if isinstance(days, int) and _LOGS.search(f"{path} {name} {prefix}"):
            place = place_of(path, text, "Days", text.find(name) if name else 0)
            yield _kept("S3", printable(name, 80) or path, place, days)


def _gcs(path: str, text: str, value: dict[str, Any]) -> Iterator[Sighting]:
    """Google Cloud Storage, `buckets describe` or a file for `--lifecycle-file`."""
    rules = at(value, "lifecycle", "rule") or value.get("rule")
    for rule in items_of(rules)[:_MAX_RULES]:
        days = at(rule, "condition", "age")
        if at(rule, "action", "type") == "Delete" and isinstance(days, int) and _LOGS.search(path):
            name = path.rpartition("/")[2].removesuffix(".json")
            yield _kept("Google Cloud Storage", name, place_of(path, text, '"age"'), days)


def _azure(path: str, text: str, value: dict[str, Any]) -> Iterator[Sighting]:
    """Azure Storage, management policy."""
    for rule in items_of(at(value, "policy", "rules") or value.get("rules"))[:_MAX_RULES]:
        actions = at(rule, "definition", "actions", "baseBlob", "delete")
        days = at(actions, "daysAfterModificationGreaterThan")
        name = str(at(rule, "name") or "")
        if isinstance(days, int | float) and _LOGS.search(f"{path} {name}"):
            place = place_of(path, text, "daysAfterModificationGreaterThan")
            yield _kept("Azure Storage", printable(name, 80), place, days)


def read_docker_sizes(snapshot: Snapshot, composed: list[tuple[str, str]]) -> Iterator[Sighting]:
    """Yield a gap where Docker's own files decide by size how long lines live."""
    for place, driver, options in docker_logging(snapshot, composed):
        if driver in ("json-file", "local"):
            size = printable(str(options.get("max-size", "")), 20)
            how = f"max-size {size} decides" if size else "they go with the container"
            detail = (
                f"{place}: how many days of the containers’ lines are kept cannot be told, {how}"
            )
            yield Missing(place, LogRotationSetting, Malformed(detail))
