"""Where agents and containers send log lines: Beats, Fluent Bit, Vector, Loki's, Docker, Wazuh."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cnilcheck.collectors.base import Missing, Seen, Sighting
from cnilcheck.collectors.log_settings.destinations import destination, of_url
from cnilcheck.collectors.log_settings.texts import (
    at,
    each,
    is_on,
    items_of,
    lines_of,
    place_of,
    values_of,
)
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import (
    ConfiguredEvent,
    LogDestination,
    LogForwardingSetting,
    LogSourceSetting,
)
from cnilcheck.model.personal_data import printable

_BEATS = tuple(
    f"/etc/{beat}/{beat}.yml" for beat in ("filebeat", "auditbeat", "journalbeat", "winlogbeat")
)
_FLUENT_BIT = ("/etc/fluent-bit/*", "/opt/fluent-bit/etc/*", "/etc/td-agent-bit/*")
_FLUENTD = ("/etc/fluent/fluentd.conf", "/etc/td-agent/td-agent.conf", "/etc/fluent/conf.d/*.conf")
_VECTOR = ("/etc/vector/*.toml", "/etc/vector/*.yaml", "/etc/vector/*.yml", "/etc/vector/*.json")
_PROMTAIL = ("/etc/promtail/*.y*ml", "/etc/loki/promtail*.y*ml")
_ALLOY = ("/etc/alloy/*.alloy", "/etc/grafana-agent*/*.river")
DAEMON = "/etc/docker/daemon.json"
_OSSEC = "/var/ossec/etc/ossec.conf"
_MAX_OUTPUTS = 100
# Outputs that lead nowhere else: the terminal, a file, a metrics page.
_NOT_SENT = frozenset(
    ("stdout", "null", "file", "console", "blackhole", "prometheus_exporter", "counter", "exit",
     "flowcounter", "copy", "relabel", "rewrite_tag_filter")
)  # fmt: skip


def read_beats(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield where Filebeat and its siblings send what they read."""

    def read(path: str) -> Iterator[Sighting]:
        text = snapshot.read(path)
        product = path.split("/")[2].capitalize()
        for value in values_of(snapshot, path, text):
            for name in ("elasticsearch", "logstash", "kafka", "redis"):
                found = tuple(_beat(name, at(value, "output", name)))
                if found:
                    place = place_of(path, text, f"output.{name}")
                    place = place if place != path else place_of(path, text, f"{name}:")
                    yield Seen(place, LogForwardingSetting(product, found))

    yield from each(snapshot, _BEATS, LogForwardingSetting, read)


def _beat(name: str, output: Any) -> Iterator[LogDestination]:
    if not isinstance(output, dict) or at(output, "enabled") is False:
        return
    secured = any(str(key).startswith("ssl") for key in output)
    switch = at(output, "ssl", "enabled")
    secured = secured and (switch is None or is_on(switch) is not False)
    plain = at(output, "protocol") != "https" and not secured
    for host in items_of(at(output, "hosts"))[:_MAX_OUTPUTS]:
        if "//" in str(host):
            yield of_url(str(host))
        else:
            name_, _, port = str(host).rpartition(":") if ":" in str(host) else (host, "", "")
            transport = "http" if name == "elasticsearch" else "tcp"
            yield destination(str(name_), port, transport, not plain)


def read_fluent_bit(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield where Fluent Bit sends what it reads, classic and YAML."""

    def read(path: str) -> Iterator[Sighting]:
        if path.endswith((".yaml", ".yml")):
            text = snapshot.read(path)
            outputs = [
                ({str(k).lower(): str(v) for k, v in one.items()}, "")
                for value in values_of(snapshot, path, text)
                for one in items_of(at(value, "pipeline", "outputs"))
                if isinstance(one, dict)
            ]
            outputs = [(one, place_of(path, text, "outputs:")) for one, _ in outputs]
        elif path.endswith(".conf"):
            outputs = list(_classic(snapshot, path))
        else:
            return
        for values, place in outputs[:_MAX_OUTPUTS]:
            one = _fluent(values)
            if one is not None:
                yield Seen(place, LogForwardingSetting("Fluent Bit", (one,)))

    yield from each(snapshot, _FLUENT_BIT, LogForwardingSetting, read)


def _classic(snapshot: Snapshot, path: str) -> Iterator[tuple[dict[str, str], str]]:
    values: dict[str, str] | None = None
    start = ""
    for line, place in lines_of(snapshot, path):
        if line.startswith("["):
            if values:
                yield values, start
            values, start = ({}, place) if line.strip("[] ").upper() == "OUTPUT" else (None, "")
        elif values is not None:
            name, _, value = line.partition(" ")
            values[name.lower()] = value.strip()
    if values:
        yield values, start


def _fluent(values: dict[str, str]) -> LogDestination | None:
    name = values.get("name", "").lower()
    if not name or name in _NOT_SENT:
        return None
    secured = is_on(values.get("tls", "off")) is True
    port = values.get("port")
    if name == "syslog":
        mode = values.get("mode", "udp").lower()
        transport, secured = ("tcp", True) if mode == "tls" else (mode, secured and mode != "udp")
    else:
        transport = "tcp" if name in ("forward", "tcp", "gelf", "kafka") else "http"
    host = values.get("host") or values.get("brokers") or values.get("bucket") or ""
    if not host:
        # Clouds' own outputs (s3, cloudwatch_logs, stackdriver) always use HTTPS.
        cloud = name in ("s3", "cloudwatch_logs", "stackdriver", "azure", "azure_blob", "datadog")
        return LogDestination(name, "http", True if cloud else None)
    return destination(host, port, transport, secured)


def read_fluentd(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield where Fluentd's <match> sections send lines."""

    def read(path: str) -> Iterator[Sighting]:
        text = snapshot.read(path)
        for match in re.finditer(r"(?ms)^\s*<match\b[^>]{0,300}>(.{0,8000}?)^\s*</match>", text):
            body = match[1]
            kind = re.search(r"@type\s+(\w{1,40})", body)
            host = re.search(r"(?m)^\s*(?:host|hosts|url)\s+(\S{1,300})", body)
            if kind is None or kind[1] in _NOT_SENT or host is None:
                continue
            place = f"{path}:{text.count(chr(10), 0, match.start(1)) + 1}"
            one = of_url(host[1]) if "//" in host[1] else _fluentd(kind[1], host[1], body)
            yield Seen(place, LogForwardingSetting("Fluentd", (one,)))

    yield from each(snapshot, _FLUENTD, LogForwardingSetting, read)


def _fluentd(kind: str, host: str, body: str) -> LogDestination:
    port = re.search(r"(?m)^\s*port\s+(\d{1,5})", body)
    secured = bool(re.search(r"(?m)^\s*(?:transport\s+tls|scheme\s+https|ssl\w*\s+true)", body))
    transport = "http" if kind in ("elasticsearch", "opensearch", "http", "loki") else "tcp"
    return destination(host, port[1] if port else None, transport, secured)


def read_vector(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield where Vector's sinks send what its sources read."""

    def read(path: str) -> Iterator[Sighting]:
        text = snapshot.read(path)
        for value in values_of(snapshot, path, text):
            sinks = at(value, "sinks")
            for name, sink in list(sinks.items())[:_MAX_OUTPUTS] if isinstance(sinks, dict) else ():
                found = tuple(_sink(sink)) if isinstance(sink, dict) else ()
                if found:
                    place = place_of(path, text, str(name))
                    yield Seen(place, LogForwardingSetting("Vector", found))

    yield from each(snapshot, _VECTOR, LogForwardingSetting, read)


def _sink(sink: dict[str, Any]) -> Iterator[LogDestination]:
    kind = str(sink.get("type", ""))
    if kind in _NOT_SENT:
        return
    secured = is_on(at(sink, "tls", "enabled")) is True
    for key in ("endpoints", "endpoint", "uri"):
        for url in items_of(sink.get(key))[:_MAX_OUTPUTS]:
            yield of_url(str(url))
    for address in items_of(sink.get("address") or sink.get("bootstrap_servers")):
        host, _, port = str(address).rpartition(":")
        mode = str(sink.get("mode", "tcp"))
        yield destination(host, port, mode, secured and mode != "udp")
    if kind.startswith(("aws_", "gcp_", "datadog", "azure_")) and "endpoint" not in sink:
        yield LogDestination(kind, "http", True)


def read_loki_clients(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield where Promtail and Alloy send what they read."""

    def promtail(path: str) -> Iterator[Sighting]:
        text = snapshot.read(path)
        for value in values_of(snapshot, path, text):
            urls = [at(client, "url") for client in items_of(at(value, "clients"))]
            found = tuple(of_url(str(url)) for url in urls[:_MAX_OUTPUTS] if url)
            if found:
                yield Seen(place_of(path, text, "clients"), LogForwardingSetting("Promtail", found))

    def alloy(path: str) -> Iterator[Sighting]:
        text = snapshot.read(path)
        for written in re.finditer(r"(?m)^\s*loki\.write\s+\"([\w-]{1,80})\"\s*\{", text):
            body = text[written.end() : written.end() + 4000]
            urls = re.findall(r"\burl\s*=\s*\"([^\"]{1,300})\"", body.partition("\n}")[0])
            place = f"{path}:{text.count(chr(10), 0, written.start(1)) + 1}"
            found = tuple(of_url(url) for url in urls[:_MAX_OUTPUTS])
            if found:
                yield Seen(place, LogForwardingSetting("Alloy", found))

    yield from each(snapshot, _PROMTAIL, LogForwardingSetting, promtail)
    yield from each(snapshot, _ALLOY, LogForwardingSetting, alloy)


def docker_destination(driver: str, options: dict[str, Any]) -> LogDestination | None:
    """Return where a Docker logging driver sends lines; None for one that keeps them here."""
    for name in ("syslog-address", "gelf-address", "splunk-url", "loki-url"):
        if name in options:
            return of_url(str(options[name]))
    match driver:
        case "fluentd":
            address = str(options.get("fluentd-address", "localhost:24224"))
            if "//" in address:
                return of_url(address)
            host, _, port = address.rpartition(":")
            return destination(host or address, port, "tcp", False)
        case "awslogs" | "gcplogs":
            return LogDestination(driver, "http", True)
    return None


def read_docker(snapshot: Snapshot, composed: list[tuple[str, str]]) -> Iterator[Sighting]:
    """Yield where Docker sends the lines of containers: by default, and service by service.

    Where the driver is `none` what containers print is lost; what they write to files is not known.
    """
    for place, driver, options in docker_logging(snapshot, composed):
        if driver == "none":
            lost = ConfiguredEvent("system_event", logged=False, fields=(), place=place)
            yield Seen(place, LogSourceSetting("Docker", (lost,)))
        one = docker_destination(driver, options)
        if one is not None:
            yield Seen(place, LogForwardingSetting("Docker", (one,)))


def docker_logging(
    snapshot: Snapshot, composed: list[tuple[str, str]]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield place, driver and options wherever Docker's logging is set."""
    if snapshot.exists(DAEMON):
        try:
            text = snapshot.read(DAEMON)
            for value in values_of(snapshot, DAEMON, text):
                options = at(value, "log-opts")
                place = place_of(DAEMON, text, "log-driver")
                driver = str(at(value, "log-driver") or "json-file")
                yield place, driver, options if isinstance(options, dict) else {}
        except CollectionError:
            return
    for path, text in composed:
        yield from _composed(snapshot, path, text)


def _composed(
    snapshot: Snapshot, path: str, text: str
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    try:
        values = values_of(snapshot, path, text)
    except CollectionError:
        return
    for value in values:
        services = at(value, "services")
        for name, service in list(services.items())[:500] if isinstance(services, dict) else ():
            logging = service.get("logging") if isinstance(service, dict) else None
            if isinstance(logging, dict):
                place = f"{place_of(path, text, f'{name}:')} {printable(str(name), 60)}"
                options = logging.get("options")
                driver = str(logging.get("driver", "json-file"))
                yield place, driver, options if isinstance(options, dict) else {}


def read_wazuh_agent(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield where a Wazuh or OSSEC agent sends what it reads; the agent encrypts by itself."""
    if not snapshot.exists(_OSSEC):
        return
    try:
        text = snapshot.read(_OSSEC)
    except CollectionError as error:
        yield Missing(_OSSEC, LogForwardingSetting, error)
        return
    client = re.search(r"(?s)<client>(.{0,4000}?)</client>", text)
    servers = re.findall(r"<(?:address|server-ip)>\s*([^<\s]{1,253})", client[1]) if client else []
    found = tuple(destination(server, None, "agent", True) for server in servers[:_MAX_OUTPUTS])
    if found and client:
        yield Seen(place_of(_OSSEC, text, "<client>"), LogForwardingSetting("Wazuh", found))
