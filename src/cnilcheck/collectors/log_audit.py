"""Audit events whose standard says what each field means: OCSF, FHIR AuditEvent, DICOM and IHE.

References: OCSF 1.1 to 1.3 (classes 1008, 3001, 3002, 3005, 3006, 6001, 6003, 6005); FHIR R4 and R5
AuditEvent; DICOM PS3.15 A.5 (audit trail message format), PS3.16 context groups 400 to 405.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cnilcheck.collectors.log_entry import Entry
from cnilcheck.collectors.log_objects import first_of, objects_in, value_of
from cnilcheck.collectors.log_times import any_instant
from cnilcheck.model.logging_matrix import ON_RECORDS, EventCategory

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_XML = 65_536
_MAX_DEPTH = 12

_OCSF: dict[int, dict[int, EventCategory]] = {
    1008: dict.fromkeys(range(1, 9), "log_change"),
    3001: dict.fromkeys(range(1, 13), "rights_change"),
    3002: {1: "sign_in_success", 2: "sign_out"},
    3005: {1: "rights_change", 2: "rights_change"},
    3006: dict.fromkeys(range(1, 8), "rights_change"),
    6001: {1: "modification", 2: "consultation", 3: "modification", 4: "deletion", 5: "search",
           6: "modification", 7: "export", 8: "export"},
    6003: {1: "modification", 2: "consultation", 3: "modification", 4: "deletion"},
    6005: {1: "consultation", 2: "modification", 4: "search", 5: "modification",
           6: "modification", 7: "deletion"},
}  # fmt: skip
_REFUSED = ("401", "403")


def is_ocsf(found: Mapping[str, Any]) -> bool:
    """Return whether the object is an event of a class of OCSF that tells who did what."""
    return isinstance(found.get("class_uid"), int) and found["class_uid"] in _OCSF


def ocsf_event(found: Mapping[str, Any]) -> Entry | None:
    """Return what an event of OCSF says; the author is its actor, in a sign-in its user."""
    moment = any_instant(first_of(found, ("time", "time_dt")))
    if moment is None:
        return None
    signs_in = found["class_uid"] == 3002
    actor = ("actor.user.name", "actor.user.uid", "actor.user.email_addr")
    user = ("user.name", "user.uid", "user.email_addr")
    author = first_of(found, (*user, *actor) if signs_in else actor)
    things = _ocsf_things(found)
    address = str(first_of(found, ("http_request.url.path", "http_request.url.url_string")) or "")
    outcome = first_of(found, ("status_id", "status", "api.response.code"))
    client = first_of(found, ("src_endpoint.ip", "http_request.x_forwarded_for", "device.ip"))
    return Entry(
        *moment, str(author or "")[:256], True, things or bool(address), True, True, address,
        _ocsf_category(found), outcome is not None, str(client or ""),
        first_of(found, _OCSF_MACHINES) is not None,
        first_of(found, _OCSF_SESSIONS) is not None, things,
    )  # fmt: skip


_OCSF_MACHINES = (
    "device.hostname", "dst_endpoint.hostname", "device.uid", "metadata.product.name",
)  # fmt: skip
_OCSF_SESSIONS = (
    "metadata.correlation_uid", "session.uid", "actor.session.uid", "api.request.uid",
    "http_request.uid",
)  # fmt: skip


def _ocsf_things(found: Mapping[str, Any]) -> bool:
    things = [*objects_in(found.get("resources")), *objects_in(found.get("web_resources"))]
    if any(first_of(one, ("uid", "url_string")) is not None for one in things):
        return True
    changed = found["class_uid"] in (3001, 3005, 3006)
    return changed and first_of(found, ("user.uid", "user.name", "group.uid")) is not None


def _ocsf_category(found: Mapping[str, Any]) -> EventCategory | None:
    activities = _OCSF[found["class_uid"]]
    activity = found.get("activity_id")
    category = activities.get(activity) if isinstance(activity, int) else None
    failed = found.get("status_id") == 2 or str(found.get("status")).casefold() == "failure"
    if failed and category == "sign_in_success":
        return "sign_in_failure"
    refused = str(value_of(found, "api.response.code")) in _REFUSED
    return "access_denied" if refused and category in ON_RECORDS else category


_DICOM: dict[str, EventCategory] = {
    "110100": "system_event", "110101": "log_change", "110103": "consultation",
    "110105": "deletion", "110106": "export", "110107": "modification",
    "110108": "system_event", "110110": "consultation", "110112": "search",
    "110113": "access_denied", "110114": "sign_in_success", "110120": "system_event",
    "110121": "system_event", "110122": "sign_in_success", "110123": "sign_out",
    "110129": "configuration_change",
    "110131": "configuration_change", "110133": "log_change", "110134": "log_change",
    "110136": "rights_change", "110137": "rights_change", "110139": "remote_maintenance",
    "110140": "remote_maintenance",
    # FHIR's own interactions that the action, E for execute, does not tell.
    "search": "search", "search-type": "search", "search-system": "search",
}  # fmt: skip
_ACTIONS: dict[str, EventCategory] = {
    "C": "modification", "R": "consultation", "U": "modification", "D": "deletion",
}  # fmt: skip


def audit_category(codes: Iterable[str], action: str, outcome: str) -> EventCategory | None:
    """Return the category of an IHE event: DICOM codes, action C R U D E, outcome 0 4 8 12.

    The last code that is known counts: the type of an event comes before what it was precisely.
    """
    known = [_DICOM[code] for code in codes if code in _DICOM]
    category = known[-1] if known else None
    if category in (None, "consultation"):
        category = _ACTIONS.get(action, category)
    if outcome not in ("", "0", "success"):
        if category == "sign_in_success":
            return "sign_in_failure"
        return "access_denied" if category in ("consultation", "search") else category
    return category


def fhir_audit_event(found: Mapping[str, Any]) -> Entry | None:
    """Return what a FHIR AuditEvent says, of R4 or R5; None without a time."""
    times = ("recorded", "period.start", "occurredDateTime", "occurredPeriod.start")
    moment = any_instant(first_of(found, times))
    if moment is None:
        return None
    codes = _fhir_codes(found)
    agents = objects_in(found.get("agent"))
    user = next((a for a in agents if a.get("requestor") not in (False, "false")), None)
    things = objects_in(found.get("entity"))
    outcome = _fhir_outcome(found.get("outcome"))
    clients = (first_of(a, ("network.address", "networkString", "networkUri")) for a in agents)
    return Entry(
        *moment, _fhir_who(user), bool(codes), bool(things), True, True, "",
        audit_category(codes, str(found.get("action", "")), outcome), bool(outcome),
        str(next(filter(None, clients), "")), found.get("source") is not None, False, bool(things),
    )  # fmt: skip


def _fhir_codes(found: Mapping[str, Any]) -> list[str]:
    """Return the codes of the event, from the general to the precise."""
    several = [
        one
        for name in ("type", "category", "subtype", "code")
        for one in objects_in(found.get(name))
    ]
    codings = [
        c for one in several for c in (objects_in(one["coding"]) if "coding" in one else [one])
    ]
    return [str(coding["code"]) for coding in codings if coding.get("code")]


def _fhir_outcome(written: Any) -> str:
    if isinstance(written, dict):
        coding = next(iter(objects_in(written.get("code") or written.get("coding"))), {})
        return str(coding.get("code") or "")
    return "" if written is None else str(written)


def _fhir_who(agent: Mapping[str, Any] | None) -> str:
    names = ("who.identifier.value", "who.reference", "who.display", "altId", "name")
    return str(first_of(agent, names) or "")[:256] if agent else ""


def audit_xml(text: str) -> Entry | None:
    """Return what a DICOM audit message or a FHIR AuditEvent in XML says; None for neither."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(text[:MAX_XML])
    except (ParseError, DefusedXmlException, ValueError):
        return None
    if _local(root) == "AuditEvent":
        return fhir_audit_event(_as_object(root, _MAX_DEPTH))
    return _dicom_audit_message(root) if _local(root) == "AuditMessage" else None


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


_LISTS = frozenset({"subtype", "agent", "entity", "coding", "category"})


def _as_object(element: Element, depth: int) -> dict[str, Any]:
    """Return FHIR's XML as its JSON: a value is an attribute, a name that comes again a list."""
    found: dict[str, Any] = {}
    for child in element if depth else ():
        name, value = _local(child), child.get("value")
        one = value if value is not None else _as_object(child, depth - 1)
        if name in found and not isinstance(found[name], list):
            found[name] = [found[name]]
        if name in found:
            found[name].append(one)
        else:
            found[name] = [one] if name in _LISTS else one
    return found


def _dicom_audit_message(root: Element) -> Entry | None:
    event = root.find("EventIdentification")
    moment = any_instant(event.get("EventDateTime")) if event is not None else None
    if event is None or moment is None:
        return None
    # RFC 3881 writes `code`, DICOM `csd-code`.
    codes = [str(code.get("csd-code") or code.get("code")) for code in event]
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
    )  # fmt: skip
