"""What web servers write of each request, whom they believe on its address, and their errors."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnilcheck.collectors.apache import Line, apache_lines
from cnilcheck.collectors.base import Missing, Seen, Sighting
from cnilcheck.collectors.log_settings.texts import each, is_on, sections_of
from cnilcheck.collectors.nginx import Directive, nginx_tree
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import (
    ClientAddressSetting,
    ConfiguredEvent,
    ErrorLogSetting,
    LogSourceSetting,
)
from cnilcheck.model.logging_matrix import EventCategory, EventField

_HEADERS = frozenset(("x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip"))
_PASSING = ("proxy_pass", "grpc_pass")
_EVERYONE = frozenset(("0.0.0.0/0", "::/0", "all", "0.0.0.0", "::"))
_PHP = ("/etc/php/*/fpm/php.ini", "/etc/php/*/apache2/php.ini", "/etc/php.ini",
        "/usr/local/etc/php/php.ini", "/etc/php/*/fpm/conf.d/*.ini", "/etc/php.d/*.ini",
        "/usr/local/etc/php/conf.d/*.ini")  # fmt: skip
_HAPROXY = ("/etc/haproxy/haproxy.cfg", "/usr/local/etc/haproxy/haproxy.cfg")

# A web server records every request: reads, changes and refusals are told apart by verb and status.
REQUESTS: tuple[EventCategory, ...] = (
    "consultation", "search", "modification", "deletion", "export", "access_denied",
)  # fmt: skip
_NGINX_FIELDS: tuple[tuple[str, EventField], ...] = (
    (r"\$(?:time_local|time_iso8601|msec)\b", "time"),
    (
        r"\$(?:\w*user\w*|jwt_claim_sub|ssl_client_s_dn\w*|\w*utilisateur\w*)(?<!_user_agent)\b",
        "author",
    ),
    (r"\$request(?:_method)?\b", "operation"),
    (r"\$(?:request|request_uri|uri)\b", "reference"),
    (r"\$status\b", "outcome"),
    (r"\$(?:remote_addr|realip_remote_addr|http_x_forwarded_for|binary_remote_addr)\b", "origin"),
    (r"\$(?:host|http_host|server_name|hostname)\b", "equipment"),
    (r"\$(?:request_id|http_x_request_id|connection|cookie_\w+)\b", "correlation"),
)
_COMBINED = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent'
_APACHE_FIELDS: tuple[tuple[str, EventField], ...] = (
    (r"%(?:\{[^}]*\})?t", "time"),
    (r"%[<>]?u|%\{[^}]*(?i:user|utilisateur|remote_user)[^}]*\}[eino](?<!Agent\}i)", "author"),
    (r"%r|%m", "operation"),
    (r"%r|%U", "reference"),
    (r"%[<>]?s", "outcome"),
    (r"%(?:\{c\})?[ah]|%\{X-Forwarded-For\}i", "origin"),
    (r"%[vV]", "equipment"),
    (r"%\{UNIQUE_ID\}e|%L", "correlation"),
)


def read_nginx_logging(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield what nginx writes of requests, what it hands on of clients, and of its errors."""
    found = nginx_tree(snapshot)
    if found is None:
        return
    main, problem = found
    https = main.all("http")
    yield from (Seen(main.place, fact) for fact in _nginx_formats(main))
    yield from _nginx_clients(https, main)
    logs = [d for block in (main, *https) for d in block.all("error_log")]
    for log in logs[-1:]:
        on = log.args[:1] != ("/dev/null",)
        level = log.args[1] if len(log.args) > 1 else "error"
        yield Seen(log.place, ErrorLogSetting("nginx", on, level, log.args[0] if log.args else ""))
    if problem is not None:
        yield Missing(main.place, ClientAddressSetting, problem)


def _nginx_formats(main: Directive) -> Iterator[LogSourceSetting]:
    """Yield the events of each format in use, at the place of the first log that uses it."""
    written = {d.args[0]: " ".join(d.args[1:]) for http in main.all("http")
               for d in http.all("log_format") if d.args}  # fmt: skip
    used: dict[str, str] = {}
    for http in main.all("http"):
        for log in _everywhere(http, "access_log"):
            if log.args[:1] not in (("off",), ("/dev/null",), ()):
                name = log.args[1] if len(log.args) > 1 and "=" not in log.args[1] else "combined"
                used.setdefault(name, log.place)
    for name, place in used.items():
        text = written.get(name, _COMBINED)
        fields = tuple(f for pattern, f in _NGINX_FIELDS if re.search(pattern, text))
        if name == "combined" or text == _COMBINED:
            # $remote_user is filled by HTTP authentication only: `-` for an application's sign-in.
            fields = tuple(f for f in fields if f != "author")
        events = tuple(ConfiguredEvent(category, True, fields, place) for category in REQUESTS)
        yield LogSourceSetting("nginx", events)


def _everywhere(block: Directive, name: str, depth: int = 0) -> Iterator[Directive]:
    for inner in block.block:
        if inner.name == name:
            yield inner
        elif depth < 30:
            yield from _everywhere(inner, name, depth + 1)


def _nginx_clients(https: list[Directive], main: Directive) -> Iterator[Sighting]:
    kept, lost, trusted = dict[str, None](), dict[str, None](), dict[str, None]()
    for http in https:
        for word in _everywhere(http, "set_real_ip_from"):
            trusted |= dict.fromkeys(word.args[:1])
        _passing(http, frozenset(), kept, lost)
    if kept or lost or trusted:
        fact = ClientAddressSetting("nginx", tuple(kept), tuple(lost), tuple(trusted)[:50])
        yield Seen(main.place, fact)


def _passing(
    block: Directive,
    inherited: frozenset[str],
    kept: dict[str, None],
    lost: dict[str, None],
    depth: int = 0,
) -> None:
    # ngx_http_proxy_module: proxy_set_header is inherited only by a level that sets none.
    written = (*block.all("proxy_set_header"), *block.all("grpc_set_header"))
    own = {d.args[0].lower() for d in written if d.args}
    headers = frozenset(own) if own else inherited
    for inner in block.block:
        if inner.name in _PASSING and "$" not in " ".join(inner.args[:1])[:1]:
            context = " ".join((block.name, *block.args))
            (kept if headers & _HEADERS else lost)[f"{inner.place} {context}"] = None
        elif inner.block and depth < 30:
            _passing(inner, headers, kept, lost, depth + 1)


def read_apache_logging(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield what Apache writes of requests and of its errors, and whom it believes on addresses."""
    found = apache_lines(snapshot)
    if found is None:
        return
    main, lines, problem = found
    for log in [line for line in lines if line.name == "errorlog"][:1]:
        level = next((li.args for li in lines if li.name == "loglevel"), ("warn",))
        general = next((word for word in level if ":" not in word), "warn").lower()
        on = log.args[:1] != ("/dev/null",)
        yield Seen(
            log.place, ErrorLogSetting("Apache", on, general, log.args[0] if log.args else "")
        )
    yield from _apache_clients(lines, main)
    formats = {
        li.args[1]: li.args[0] for li in lines if li.name == "logformat" and len(li.args) > 1
    }
    for log in [li for li in lines if li.name == "customlog" and li.args[:1] != ("/dev/null",)][
        :50
    ]:
        text = formats.get(log.args[1], log.args[1]) if len(log.args) > 1 else ""
        text = text or "%h %l %u %t %r %>s %b"
        fields = [f for pattern, f in _APACHE_FIELDS if re.search(pattern, text)]
        if "author" in fields and not re.search(_APACHE_FIELDS[1][0].partition("|")[2], text):
            fields.remove("author")  # %u alone: filled by HTTP authentication only
        events = tuple(ConfiguredEvent(c, True, tuple(fields), log.place) for c in REQUESTS)
        yield Seen(log.place, LogSourceSetting("Apache", events))
    if problem is not None:
        yield Missing(main, ClientAddressSetting, problem)


def _apache_clients(lines: list[Line], main: str) -> Iterator[Sighting]:
    proxied = [li for li in lines if li.name in ("proxypass", "proxypassmatch")
               and li.args[1:2] != ("!",)]  # fmt: skip
    # mod_proxy adds X-Forwarded-For by itself unless told not to.
    off = [li for li in lines if li.name == "proxyaddheaders" and is_on(" ".join(li.args)) is False]
    trusted = tuple(
        dict.fromkeys(
            word for li in lines if li.name in ("remoteiptrustedproxy", "remoteipinternalproxy")
            for word in li.args
        )
    )  # fmt: skip
    places = tuple(dict.fromkeys(f"{li.place} {li.context}" for li in proxied))
    if places or trusted:
        kept, lost = ((), places) if off else (places, ())
        yield Seen(main, ClientAddressSetting("Apache", kept, lost, trusted[:50]))


def read_haproxy_clients(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield whether HAProxy hands on the client's address in HTTP mode."""

    def read(path: str) -> Iterator[Sighting]:
        sections: list[tuple[str, str, list[list[str]]]] = []
        for number, raw in enumerate(snapshot.read(path).split("\n"), start=1):
            words = raw.partition("#")[0].split()[:100]
            if words and not raw[:1].isspace():
                sections.append((" ".join(words[:2]), f"{path}:{number}", []))
            elif words and sections:
                sections[-1][2].append(words)
        fact = _haproxy(sections)
        if fact is not None:
            yield Seen(path, fact)

    yield from each(snapshot, _HAPROXY, ClientAddressSetting, read)


def _haproxy(sections: list[tuple[str, str, list[list[str]]]]) -> ClientAddressSetting | None:
    defaults = [words for name, _, lines in sections if name.startswith("defaults")
                for words in lines]  # fmt: skip
    fronts = [words for name, _, lines in sections if name.startswith("frontend")
              for words in lines]  # fmt: skip
    kept, lost = list[str](), list[str]()
    for name, place, lines in sections:
        servers = [words for words in lines if words[0] == "server"]
        if not name.startswith(("backend", "listen")) or not servers:
            continue
        written = [*defaults, *lines]
        mode = next((w[1] for w in reversed(written) if w[0] == "mode" and len(w) > 1), "tcp")
        told = any(w[:2] == ["option", "forwardfor"] for w in (*written, *fronts))
        told = told or any(w[0] == "http-request" and "x-forwarded-for" in " ".join(w).lower()
                           for w in (*written, *fronts))  # fmt: skip
        proxied = all(
            {"send-proxy", "send-proxy-v2", "send-proxy-v2-ssl"} & set(w) for w in servers
        )
        if mode == "http" or proxied:
            (kept if told or proxied else lost).append(f"{place} {name}")
    return ClientAddressSetting("HAProxy", tuple(kept), tuple(lost)) if kept or lost else None


def read_php(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield whether PHP writes down its errors; the last file read has the last word."""
    values: dict[str, tuple[str, str]] = {}
    paths = [path for pattern in _PHP for path in snapshot.glob(pattern)]
    for path in paths:
        try:
            for line in sections_of(snapshot, path):
                if line.name in ("log_errors", "error_log", "error_reporting"):
                    values[line.name] = (line.value.partition(";")[0].strip(" \"'"), line.place)
        except CollectionError as error:
            yield Missing(path, ErrorLogSetting, error)
            return
    if "log_errors" in values:
        on, place = values["log_errors"]
        file = values.get("error_log", ("", ""))[0]
        switched = is_on(on) is not False and file != "/dev/null"
        level = values.get("error_reporting", ("", ""))[0]
        yield Seen(place, ErrorLogSetting("PHP", switched, level, file))
