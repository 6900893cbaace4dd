"""Logs of objects: JSON of any well-known dialect.

References: Elastic Common Schema 8, OCSF 1.x, GELF 1.1, bunyan and pino, Monolog's JsonFormatter,
Spring's structured logging, systemd.journal-fields(7), PostgreSQL jsonlog, Simple History's export.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from cnilcheck.collectors.log_audit import fhir_audit_event, is_ocsf, ocsf_event
from cnilcheck.collectors.log_entry import Entry
from cnilcheck.collectors.log_events import (
    STATIC,
    kind_of_request,
    message_kind,
    tells_outcome,
    verb_kind,
)
from cnilcheck.collectors.log_objects import first_of, value_of
from cnilcheck.collectors.log_order import Numbered
from cnilcheck.collectors.log_personal import decoded
from cnilcheck.collectors.log_times import any_instant
from cnilcheck.model.logging_matrix import EventCategory

_TIME_NAMES = (
    "@timestamp timestamp time ts datetime date eventTime asctime created_at logged_at horodatage"
    " __REALTIME_TIMESTAMP"
).split()
_AUTHOR_NAMES = (
    "user.name user.id user_login user.email user.login user"
    " username user_name userName userId user_id uid"
    " actor.id actor.name actor author auteur utilisateur principal login account remote_user"
    " subject sub _user _user_id _username usr context.user context.user_id req.user agent.who"
).split()
_OPERATION_NAMES = (
    "event.action action operation context_message_key message_key verb event_type eventType"
    " activity http.request.method"
    " request_method method req.method request.method event message msg short_message"
).split()
_ADDRESS_NAMES = (
    "url.original url.path url.full url request_uri uri path req.url request.url request.path"
    " http.url http.request.referrer referrer referer"
).split()
_REFERENCE_NAMES = (
    "resource resource.id resource_id resourceId ressource object object.id object_id objectId"
    " target entity entity_id record record_id recordId patient_id patientId dossier_id document_id"
    " post_id reference"
).split()


_OUTCOME_NAMES = (
    "event.outcome outcome result status success http.response.status_code statusCode status_code"
    " res.statusCode response.status error_severity state_code resultat statut"
).split()
_CLIENT_NAMES = (
    "source.ip source_ip source.address client.ip client.address client_ip clientIp ip ip_address"
    " remote_addr remoteAddress remote_ip req.remoteAddress src_ip remote_host remoteHost"
    " src_endpoint.ip host_ip adresse_ip x_forwarded_for server_remote_addr"
).split()
_EQUIPMENT_NAMES = (
    "host.name host hostname service.name service server node device.hostname application"
    " _HOSTNAME dbname agent.hostname container.name logger logger_name name channel"
).split()
_CORRELATION_NAMES = (
    "trace.id traceId trace_id request_id requestId correlation_id correlationId session_id"
    " sessionId session.id transaction.id reqId req_id _AUDIT_SESSION __CURSOR req.id span_id"
    " metadata.correlation_uid http.request.id"
).split()


def json_lines(line: str, _written: int) -> Entry | None:
    """One object per line: ECS, OCSF, bunyan, pino, GELF, Spring, Monolog, journald, PostgreSQL."""
    if not line.startswith("{"):
        return None
    try:
        # A row of an array ends with what separates it from the next.
        found = msgspec.json.decode(line.rstrip(",] ").encode())
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    if found.get("resourceType") == "AuditEvent":
        return fhir_audit_event(found)
    return ocsf_event(found) if is_ocsf(found) else json_entry(_flat(found))


def _flat(found: dict[str, Any]) -> Mapping[str, Any]:
    """Return the object with what its dialect sets apart: GELF by `_`, Monolog in `context`."""
    inner = [found[name] for name in ("extra", "context") if isinstance(found.get(name), dict)]
    if not inner and "short_message" not in found:
        return found
    flat = {name.lstrip("_"): value for part in inner for name, value in part.items()}
    return flat | {name.removeprefix("_"): value for name, value in found.items()}


def json_entry(found: Mapping[str, Any]) -> Entry | None:
    """Return what an object with well-known names says, None without a time."""
    moment = any_instant(first_of(found, _TIME_NAMES))
    if moment is None:
        return None
    address = " ".join(str(value_of(found, n)) for n in _ADDRESS_NAMES if value_of(found, n))
    record = _IDENTIFIES.search(str(first_of(found, _REFERENCE_NAMES) or "")) is not None
    author = first_of(found, _AUTHOR_NAMES)
    if isinstance(author, dict):
        author = first_of(author, ("name", "id", "login", "username", "email"))
    operation = first_of(found, _OPERATION_NAMES)
    outcome = first_of(found, _OUTCOME_NAMES)
    category, told = _json_category(found, str(operation or ""), outcome)
    return Entry(
        *moment, "" if author is None else str(author)[:256], operation is not None,
        record or bool(address), True, (record or bool(address)) and not STATIC.search(address),
        address, category, outcome is not None or told,
        str(first_of(found, _CLIENT_NAMES) or ""), first_of(found, _EQUIPMENT_NAMES) is not None,
        first_of(found, _CORRELATION_NAMES) is not None, record or bool(_ID.search(address)),
        _numbered(found),
    )  # fmt: skip


# journald since systemd 254, and PostgreSQL's jsonlog.
_NUMBERS = (("journald", "__SEQNUM_ID", "__SEQNUM"), ("PostgreSQL", "session_id", "line_num"))


def _numbered(found: Mapping[str, Any]) -> Numbered | None:
    for kind, writer, number in _NUMBERS:
        if writer in found and re.fullmatch(r"\d{1,18}", str(found.get(number))):
            return Numbered(kind, str(found[writer])[:64], int(found[number]))
    return None


# An identifier or a place; the kind of a thing (`User`, `Post`) tells nothing of which one.
_IDENTIFIES = re.compile(r"[\d/]")
_ID = re.compile(r"/[^/?]*\d[^/?]*|[?&;][\w.\[\]-]*=")


def _json_category(
    found: Mapping[str, Any], operation: str, outcome: Any
) -> tuple[EventCategory | None, bool]:
    """Return the category of an object's event, and whether it tells an outcome by itself."""
    path = first_of(found, _PATH_NAMES)
    if isinstance(path, str) and operation.upper() in _METHODS:
        status = str(outcome) if str(outcome).isdecimal() else "200"
        request = decoded(f"{operation.upper()} {path}".encode()[:8000])
        return kind_of_request(request, status.encode()).category, False
    if operation and len(operation) < 60:
        verb = verb_kind(operation, str(outcome)[:40])
        if verb is not None:
            return _of_thing(found, verb), tells_outcome(operation)
    text = first_of(found, ("message", "msg", "MESSAGE", "short_message")) or operation
    return message_kind(str(text)[:1000].translate(_NO_DIGITS))


_METHODS = frozenset("GET POST PUT PATCH DELETE HEAD OPTIONS".split())
_PATH_NAMES = (
    "url.path url.original request_uri uri path url req.url request.path http.url request.url"
).split()
_NO_DIGITS = str.maketrans("123456789", "000000000")
_THINGS: dict[str, EventCategory] = {
    **dict.fromkeys("user account role group permission utilisateur compte".split(),
                    "rights_change"),
    **dict.fromkeys("plugin theme option setting settings extension".split(),
                    "configuration_change"),
}  # fmt: skip


def _of_thing(found: Mapping[str, Any], verb: EventCategory) -> EventCategory:
    """Return what creating, changing or deleting a thing of that kind is: an account is a right."""
    if verb not in ("modification", "deletion"):
        return verb
    kind = first_of(found, ("object_type", "resource_type", "entity_type", "target_type", "object"))
    return _THINGS.get(str(kind).casefold(), verb)
