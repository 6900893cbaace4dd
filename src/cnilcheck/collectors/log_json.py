"""Logs of objects: JSON of any well-known dialect, and FHIR's and DICOM's audit events.

References: Elastic Common Schema 8, OCSF 1.x, GELF 1.1, bunyan and pino, Monolog, Spring's
structured logging, systemd.journal-fields(7), PostgreSQL jsonlog; FHIR R4 AuditEvent; DICOM PS3.15
A.5 (audit trail message format).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from cnilcheck.collectors.log_entry import Entry
from cnilcheck.collectors.log_events import STATIC, kind_of_request, message_kind, verb_kind
from cnilcheck.collectors.log_personal import decoded
from cnilcheck.collectors.log_times import any_instant
from cnilcheck.model.logging_matrix import EventCategory

_TIME_NAMES = (
    "@timestamp timestamp time ts datetime date eventTime asctime created_at logged_at horodatage"
    " __REALTIME_TIMESTAMP"
).split()
_AUTHOR_NAMES = (
    "user.name user.id user.email user.login user username user_name userName userId user_id uid"
    " actor.id actor.name actor author auteur utilisateur principal login account remote_user"
    " subject sub _user _user_id _username usr context.user context.user_id req.user agent.who"
).split()
_OPERATION_NAMES = (
    "event.action action operation verb event_type eventType activity http.request.method"
    " request_method method req.method request.method event message msg short_message"
).split()
_ADDRESS_NAMES = (
    "url.original url.path url.full url request_uri uri path req.url request.url request.path"
    " http.url http.request.referrer referrer referer"
).split()
_REFERENCE_NAMES = (
    "resource resource.id resource_id resourceId ressource object object.id object_id objectId"
    " target entity entity_id record record_id recordId patient_id patientId dossier_id document_id"
    " reference"
).split()


_OUTCOME_NAMES = (
    "event.outcome outcome result status success http.response.status_code statusCode status_code"
    " res.statusCode response.status error_severity state_code resultat statut"
).split()
_CLIENT_NAMES = (
    "source.ip source.address client.ip client.address client_ip clientIp ip ip_address remote_addr"
    " remoteAddress remote_ip req.remoteAddress src_ip remote_host remoteHost src_endpoint.ip"
    " host_ip adresse_ip x_forwarded_for"
).split()
_EQUIPMENT_NAMES = (
    "host.name host hostname service.name service server node device.hostname application"
    " _HOSTNAME dbname agent.hostname container.name logger logger_name name channel"
).split()
_CORRELATION_NAMES = (
    "trace.id traceId trace_id request_id requestId correlation_id correlationId session_id"
    " sessionId session.id transaction.id reqId _AUDIT_SESSION __CURSOR req.id span_id"
    " metadata.correlation_uid http.request.id"
).split()


def json_lines(line: str, _written: int) -> Entry | None:
    """One object per line: ECS, OCSF, bunyan, pino, GELF, Spring, Monolog, journald, PostgreSQL."""
    if not line.startswith("{"):
        return None
    try:
        found = msgspec.json.decode(line.encode())
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    if found.get("resourceType") == "AuditEvent":
        return fhir_audit_event(found)
    return json_entry(found)


def json_entry(found: Mapping[str, Any]) -> Entry | None:
    """Return what an object with well-known names says, None without a time."""
    moment = any_instant(_first(found, _TIME_NAMES))
    if moment is None:
        return None
    address = " ".join(str(_get(found, n)) for n in _ADDRESS_NAMES if _get(found, n))
    record = _first(found, _REFERENCE_NAMES) is not None
    author = _first(found, _AUTHOR_NAMES)
    if isinstance(author, dict):
        author = _first(author, ("name", "id", "login", "username", "email"))
    operation = _first(found, _OPERATION_NAMES)
    outcome = _first(found, _OUTCOME_NAMES)
    category, told = _json_category(found, str(operation or ""), outcome)
    return Entry(
        *moment, "" if author is None else str(author)[:256], operation is not None,
        record or bool(address), True, (record or bool(address)) and not STATIC.search(address),
        address, category, outcome is not None or told,
        str(_first(found, _CLIENT_NAMES) or ""), _first(found, _EQUIPMENT_NAMES) is not None,
        _first(found, _CORRELATION_NAMES) is not None, record or bool(_ID.search(address)),
    )  # fmt: skip


_ID = re.compile(r"/[^/?]*\d[^/?]*|[?&;][\w.\[\]-]*=")


def _json_category(
    found: Mapping[str, Any], operation: str, outcome: Any
) -> tuple[EventCategory | None, bool]:
    """Return the category of an object's event, and whether it tells an outcome by itself."""
    path = _first(found, _PATH_NAMES)
    if isinstance(path, str) and operation.upper() in _METHODS:
        status = str(outcome) if str(outcome).isdecimal() else "200"
        request = decoded(f"{operation.upper()} {path}".encode()[:8000])
        return kind_of_request(request, status.encode()).category, False
    if found.get("class_uid") in _OCSF:
        return _ocsf_category(found), "status_id" in found or "status" in found
    if operation and len(operation) < 60:
        verb = verb_kind(operation, str(outcome)[:40])
        if verb is not None:
            return verb, False
    text = _first(found, ("message", "msg", "MESSAGE", "short_message")) or operation
    return message_kind(str(text)[:1000].translate(_NO_DIGITS))


_METHODS = frozenset("GET POST PUT PATCH DELETE HEAD OPTIONS".split())
_PATH_NAMES = (
    "url.path url.original request_uri uri path url req.url request.path http.url request.url"
).split()
_NO_DIGITS = str.maketrans("123456789", "000000000")
# OCSF 1.x classes: account change, authentication, user access, web resources, API, datastore,
# event log activity.
_OCSF: dict[int, dict[int, EventCategory]] = {
    3001: dict.fromkeys(range(1, 13), "rights_change"),
    3002: {1: "sign_in_success", 2: "sign_out"},
    3005: {1: "rights_change", 2: "rights_change"},
    6001: {1: "modification", 2: "consultation", 3: "modification", 4: "deletion", 5: "search",
           6: "modification", 7: "export", 8: "export"},
    6003: {1: "modification", 2: "consultation", 3: "modification", 4: "deletion"},
    6005: {1: "consultation", 2: "modification", 4: "search", 6: "modification", 7: "deletion"},
    1008: dict.fromkeys(range(1, 9), "log_change"),
}  # fmt: skip


def _ocsf_category(found: Mapping[str, Any]) -> EventCategory | None:
    activities = _OCSF[found["class_uid"]]
    activity = found.get("activity_id")
    category = activities.get(activity) if isinstance(activity, int) else None
    failed = found.get("status_id") == 2 or str(found.get("status")).casefold() == "failure"
    return "sign_in_failure" if failed and category == "sign_in_success" else category


# DICOM PS3.16, context group 400 and following: events of an audit trail.
_DICOM: dict[str, EventCategory] = {
    "110100": "system_event", "110101": "log_change", "110106": "export", "110107": "modification",
    "110108": "system_event", "110110": "consultation", "110112": "search",
    "110113": "access_denied", "110114": "sign_in_success", "110120": "system_event",
    "110121": "system_event", "110122": "sign_in_success", "110123": "sign_out",
    "110129": "configuration_change",
    "110131": "configuration_change", "110133": "log_change", "110134": "log_change",
    "110136": "rights_change", "110137": "rights_change", "110139": "remote_maintenance",
    "110140": "remote_maintenance",
}  # fmt: skip
_ACTIONS: dict[str, EventCategory] = {
    "C": "modification", "R": "consultation", "U": "modification", "D": "deletion",
}  # fmt: skip


def audit_category(codes: Iterable[str], action: str, outcome: str) -> EventCategory | None:
    """Return the category of an IHE event: DICOM codes, action C R U D E, outcome 0 4 8 12."""
    category = next((_DICOM[code] for code in codes if code in _DICOM), None)
    if category in (None, "consultation", "machine_exchange"):
        category = _ACTIONS.get(action, category)
    if outcome not in ("", "0"):
        if category == "sign_in_success":
            return "sign_in_failure"
        return "access_denied" if category == "consultation" else category
    return category


def fhir_audit_event(found: Mapping[str, Any]) -> Entry | None:
    """FHIR AuditEvent (R4), one object per line."""
    moment = any_instant(found.get("recorded") or _get(found, "period.start"))
    if moment is None:
        return None
    codes = [str(_get(coding, "code")) for coding in _codings(found)]
    agents = [a for a in found.get("agent") or () if isinstance(a, dict)]
    user = next((a for a in agents if a.get("requestor") is not False), None)
    entities = [e for e in found.get("entity") or () if isinstance(e, dict)]
    outcome = str(found.get("outcome", ""))
    category = audit_category(codes, str(found.get("action", "")), outcome)
    return Entry(
        *moment, _fhir_who(user), bool(codes), bool(entities), True, True, "", category,
        bool(outcome), str(next((v for a in agents if (v := _get(a, "network.address"))), "")),
        _get(found, "source") is not None, "id" in found, bool(entities),
    )  # fmt: skip


def _codings(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    subtypes = found.get("subtype") or ()
    several = [found.get("type"), *(s for s in subtypes if isinstance(s, dict))]
    return [coding for coding in several if isinstance(coding, dict)]


def _fhir_who(agent: Mapping[str, Any] | None) -> str:
    names = ("who.identifier.value", "who.reference", "who.display", "altId", "name")
    return str(_first(agent, names) or "")[:256] if agent else ""


def _get(found: Mapping[str, Any], name: str) -> Any:
    if name in found:
        return found[name]
    head, _, rest = name.partition(".")
    inner = found.get(head) if rest else None
    return _get(inner, rest) if isinstance(inner, dict) else None


def _first(found: Mapping[str, Any], names: Iterable[str]) -> Any:
    values = (_get(found, name) for name in names)
    return next((value for value in values if value not in (None, "")), None)


def dicom_audit_message(text: str) -> tuple[Entry | None, str]:
    """Return what a DICOM audit message (XML) says, and its time as written."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(text[:_MAX_XML])
    except (ParseError, DefusedXmlException, ValueError):
        return None, ""
    event = root.find("EventIdentification")
    moment = any_instant(event.get("EventDateTime")) if event is not None else None
    if event is None or moment is None:
        return None, ""
    codes = [str(code.get("csd-code") or code.get("code")) for code in (*event,)]
    users = root.findall("ActiveParticipant")
    user = next((u for u in users if u.get("UserIsRequestor") != "false"), None)
    things = root.findall("ParticipantObjectIdentification")
    outcome = event.get("EventOutcomeIndicator", "")
    category = audit_category(codes, event.get("EventActionCode", ""), outcome)
    clients = [u.get("NetworkAccessPointID", "") for u in users]
    return Entry(
        *moment, (user.get("UserID", "") if user is not None else "")[:256], bool(codes),
        bool(things), True, True, "", category, bool(outcome), next(filter(None, clients), ""),
        root.find("AuditSourceIdentification") is not None, False, bool(things),
    ), event.get("EventDateTime", "")  # fmt: skip


_MAX_XML = 65_536
