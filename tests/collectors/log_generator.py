"""Logs made from a seed, in many formats, with everything that is in them known beforehand."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cnilcheck.model.logging_matrix import EventCategory, EventField

START = dt.datetime(2026, 3, 2, 7, 0, tzinfo=dt.UTC)
WEB: dict[EventCategory | None, tuple[str, str, str]] = {
    "sign_in_success": ("POST", "/connexion", "302"),
    "sign_in_failure": ("POST", "/connexion", "401"),
    "sign_out": ("GET", "/deconnexion", "302"),
    "consultation": ("GET", "/dossiers/{record}", "200"),
    "search": ("GET", "/recherche?q={record}", "200"),
    "modification": ("POST", "/dossiers/{record}", "302"),
    "deletion": ("DELETE", "/dossiers/{record}", "204"),
    "export": ("GET", "/dossiers/{record}/export.csv", "200"),
    "access_denied": ("GET", "/dossiers/{record}", "403"),
    "rights_change": ("POST", "/utilisateurs/{record}/droits", "302"),
    "configuration_change": ("POST", "/parametres", "302"),
    None: ("GET", "/style.css", "200"),
}
ACTIONS: dict[EventCategory | None, tuple[str, str]] = {
    "sign_in_success": ("login", "success"),
    "sign_in_failure": ("login", "failure"),
    "sign_out": ("logout", "success"),
    "consultation": ("read", "success"),
    "search": ("search", "success"),
    "modification": ("update", "success"),
    "deletion": ("delete", "success"),
    "export": ("export", "success"),
    "access_denied": ("read", "denied"),
    "rights_change": ("role_changed", "success"),
    "configuration_change": ("config_changed", "success"),
    None: ("heartbeat", "success"),
}
MESSAGES: dict[EventCategory | None, str] = {
    "sign_in_success": "Accepted password for {author} from {client} port 22 ssh2",
    "sign_in_failure": "Failed password for {author} from {client} port 22 ssh2",
    "consultation": "user={author} consultation patient={record} ip={client}",
    "modification": "user={author} dossier modifié patient={record} ip={client}",
    "deletion": "user={author} suppression patient={record} ip={client}",
    None: "heartbeat",
}
NOBODY = ("-", "admin", "www-data")


@dataclass(frozen=True)
class Event:
    """One thing that happened; None is what the log does not say."""

    at: dt.datetime
    category: EventCategory | None
    author: str | None
    record: int
    client: str | None
    nir: str = ""


@dataclass
class Truth:
    """What a log holds: lines, events per category, and of these how many say each field."""

    lines: int = 0
    events: Counter[EventCategory] = field(default_factory=Counter)
    filled: Counter[tuple[EventCategory, EventField]] = field(default_factory=Counter)
    first: dict[EventCategory, int] = field(default_factory=dict)
    unclassified: int = 0
    nirs: int = 0

    def add(self, event: Event, fields: dict[EventField, bool]) -> None:
        """Count an event as its line tells it."""
        self.lines += 1
        self.nirs += bool(event.nir)
        if event.category is None:
            self.unclassified += 1
            return
        self.events[event.category] += 1
        self.first.setdefault(event.category, self.lines)
        for name, said in fields.items():
            self.filled[event.category, name] += said


Line = tuple[str, dict[EventField, bool]]


def _web(event: Event) -> tuple[str, str, str, bool]:
    method, path, status = WEB[event.category]
    if event.nir:
        path += f"{'&' if '?' in path else '?'}nir={event.nir}"
    return method, path.format(record=event.record), status, "{record}" in path or bool(event.nir)


def _said(event: Event, *, zone: bool = True, reference: bool = True, equipment: bool = False,
          correlation: bool = False, outcome: bool = True) -> dict[EventField, bool]:  # fmt: skip
    return {
        "time": zone, "author": event.author is not None and event.author not in NOBODY,
        "operation": True, "reference": reference, "outcome": outcome,
        "origin": event.client not in (None, "127.0.0.1"), "equipment": equipment,
        "correlation": correlation,
    }  # fmt: skip


def combined(event: Event) -> Line:
    """nginx and Apache, combined."""
    method, path, status, reference = _web(event)
    text = (
        f"{event.client or '127.0.0.1'} - {event.author or '-'} [{event.at:%d/%b/%Y:%H:%M:%S %z}]"
        f' "{method} {path} HTTP/1.1" {status} 512 "https://a.example/" "Mozilla/5.0"'
    )
    return text, _said(event, reference=reference)


def vhost(event: Event) -> Line:
    """Apache, vhost_combined: the machine is named."""
    text, said = combined(event)
    return f"app.example:443 {text}", {**said, "equipment": True}


def iis(event: Event) -> Line:
    """IIS, W3C: UTC, the machine's address."""
    method, path, status, reference = _web(event)
    place, _, query = path.partition("?")
    text = (
        f"{event.at:%Y-%m-%d %H:%M:%S} 10.0.0.5 {method} {place} {query or '-'} 443"
        f" {event.author or '-'} {event.client or '127.0.0.1'} Mozilla/5.0 - {status} 0 0 12"
    )
    return text, _said(event, reference=reference, equipment=True)


def ecs(event: Event) -> Line:
    """JSON lines in Elastic's common schema."""
    action, outcome = ACTIONS[event.category]
    said = {
        "@timestamp": event.at.isoformat(), "event": {"action": action, "outcome": outcome},
        "user": {"name": event.author or "-"}, "source": {"ip": event.client or "127.0.0.1"},
        "host": {"name": "app"}, "trace": {"id": f"t{event.record}"}, "record_id": event.record,
    }  # fmt: skip
    if event.nir:
        said["message"] = f"numéro {event.nir} lu"
    return json.dumps(said), _said(event, equipment=True, correlation=True)


def rsyslog(event: Event) -> Line:
    """rsyslog's file format with an application's messages."""
    message = MESSAGES.get(event.category, MESSAGES[None])
    known = event.category if event.category in MESSAGES else None
    text = message.format(
        author=event.author or "-", client=event.client or "127.0.0.1", record=event.record
    )
    if event.nir:
        text += f" nir {event.nir}"
    record = known in ("consultation", "modification", "deletion")
    said = _said(event, reference=record, equipment=True, outcome=known in _TOLD)
    return f"{event.at.isoformat()} app app[12]: {text}", said


_TOLD = ("sign_in_success", "sign_in_failure")

FORMATS: dict[str, Callable[[Event], Line]] = {
    "combined": combined, "vhost_combined": vhost, "IIS W3C": iis, "JSON lines": ecs,
    "rsyslog": rsyslog,
}  # fmt: skip
IIS_FIELDS = (
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip"
    " cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n"
)


def valid_nir(draw: random.Random) -> str:
    """Return an invented NIR whose key fits."""
    number = (
        f"{draw.choice('12')}{draw.randrange(40, 99)}{draw.randrange(1, 13):02}"
        f"{draw.randrange(1, 96):02}{draw.randrange(1, 900):03}{draw.randrange(1, 900):03}"
    )
    return f"{number}{97 - int(number) % 97:02}"


def events(
    seed: int, count: int, *, anonymous: float = 0.2, nirs: float = 0.02,
    without: frozenset[EventCategory] = frozenset(),
) -> Iterator[Event]:  # fmt: skip
    """Yield events of a working day onwards; some have no author, some hold a NIR."""
    draw = random.Random(seed)
    categories = [c for c in WEB if c not in without]
    at = START
    for _ in range(count):
        at += dt.timedelta(seconds=draw.randrange(40))
        author = draw.choice(NOBODY) if draw.random() < anonymous else f"u{draw.randrange(30)}"
        client = "127.0.0.1" if draw.random() < 0.1 else f"192.0.2.{draw.randrange(1, 250)}"
        nir = valid_nir(draw) if draw.random() < nirs else ""
        yield Event(at, draw.choice(categories), author, draw.randrange(1, 99_999), client, nir)


def write_log(name: str, happened: list[Event]) -> tuple[str, Truth]:
    """Return a log of these events in a format, and what it holds."""
    truth, lines = Truth(), []
    head = IIS_FIELDS if name == "IIS W3C" else ""
    for event in happened:
        if name == "rsyslog" and event.category not in MESSAGES:
            event = Event(event.at, None, event.author, event.record, event.client, event.nir)
        text, said = FORMATS[name](event)
        lines.append(text)
        truth.add(event, said)
    return head + "".join(f"{line}\n" for line in lines), truth
