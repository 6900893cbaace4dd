"""Logs whose entries are not lines: journals as exported, audit messages, Windows event logs.

References: systemd, Journal Export Formats; DICOM PS3.15 A.5; FHIR R4 and R5 AuditEvent;
Microsoft, appendix L of the Active Directory security guide (events to monitor).
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from cnilcheck.collectors.log_audit import audit_xml
from cnilcheck.collectors.log_entry import Entry
from cnilcheck.collectors.log_files import MAX_LINE
from cnilcheck.collectors.log_json import json_entry
from cnilcheck.collectors.log_order import Numbered
from cnilcheck.collectors.log_times import any_instant
from cnilcheck.errors import InstrumentMissing, Malformed
from cnilcheck.model.logging_matrix import EventCategory

WINDOWS = b"ElfFile\0"
_FIELD = re.compile(rb"[A-Z_][A-Z0-9_]{0,63}=")
_NAME = re.compile(rb"[A-Z_][A-Z0-9_]{0,63}")
# journald itself takes no larger value.
_MAX_VALUE = 768 << 20
_MAX_FIELDS = 1_024

Record = tuple[int, str, Entry | None]
"""A record: the line or number it begins at, its text, and what it says."""


def is_journal_export(head: bytes) -> bool:
    """Return whether the bytes begin an export of systemd's journal."""
    return head.startswith((b"__CURSOR=", b"__REALTIME_TIMESTAMP="))


class _Stream:
    """Bytes that come in blocks cut anywhere, taken by lines or by number; counts the lines."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._rest = b""
        self._place = 0
        self.number = 1

    def line(self) -> bytes | None:
        """Return the next line without its end, cut at 64 KiB; None at the end."""
        kept = b""
        while self._more():
            end = self._rest.find(b"\n", self._place)
            if end >= 0:
                kept += self._rest[self._place : end][: MAX_LINE - len(kept)]
                self._place = end + 1
                self.number += 1
                return kept
            kept += self._rest[self._place :][: MAX_LINE - len(kept)]
            self._place = len(self._rest)
        return kept or None

    def exactly(self, size: int) -> bytes:
        """Return so many bytes, of which 64 KiB are kept; fewer at the end."""
        kept, left = b"", size
        while left and self._more():
            part = self._rest[self._place : self._place + left]
            kept += part[: MAX_LINE - len(kept)]
            self.number += part.count(b"\n")
            self._place += len(part)
            left -= len(part)
        return kept

    def _more(self) -> bool:
        while self._place >= len(self._rest):
            block = next(self._blocks, None)
            if block is None:
                return False
            self._rest, self._place = block, 0
        return True


def journal_records(blocks: Iterable[bytes]) -> Iterator[Record]:
    """Yield the records of an export; a binary value never passes for fields or records.

    A record where the export stops making sense has no entry; reading goes on after the next empty
    line.
    """
    stream, start = _Stream(blocks), 1
    fields: dict[str, str] = {}
    lost = False
    while (line := stream.line()) is not None:
        if line:
            lost = not _take_field(stream, line, fields) or lost
            continue
        if fields or lost:
            yield _journal_record(start, fields, lost=lost)
        fields, lost, start = {}, False, stream.number
    if fields or lost:
        yield _journal_record(start, fields, lost=lost)


def _take_field(stream: _Stream, line: bytes, fields: dict[str, str]) -> bool:
    """Take a field that begins with that line; return whether it made sense."""
    found = _FIELD.match(line)
    if found is not None:
        value = line[found.end() :]
        name = found[0][:-1]
    elif _NAME.fullmatch(line):
        # A value that holds newlines is led by its length: eight bytes, little-endian.
        size = int.from_bytes(stream.exactly(8), "little")
        if size > _MAX_VALUE:
            return False
        name, value = line, stream.exactly(size)
        if stream.exactly(1) != b"\n":
            return False
    else:
        return False
    if len(fields) < _MAX_FIELDS:
        fields.setdefault(name.decode(), value.decode("utf-8", "replace"))
    return True


def _journal_record(start: int, fields: dict[str, str], *, lost: bool) -> Record:
    if lost:
        return start, "", None
    text = "\n".join(v for k, v in fields.items() if not k.startswith("_"))
    return start, text, json_entry(fields)


_XML_START = re.compile(rb"<(AuditMessage|AuditEvent)[\s>]")
_XML_PROLOGUE = re.compile(rb"\s*(?:<\?xml|<!--|<Audit|<Bundle|<audit|<log)")
# What may stand between two messages: the head of an XML file, wrappers, a syslog header.
_BETWEEN = re.compile(
    rb"<\?xml[^>]{0,200}\?>|<!--.{0,2000}?-->|</?[A-Za-z][\w:.-]{0,40}(?:\s[^<>]{0,400})?/?>"
    rb"|(?:\d{1,7} )?<\d{1,3}>1? ?[^<>]{0,400}$|\xef\xbb\xbf"
)


def is_audit_xml(head: bytes) -> bool:
    """Return whether the bytes begin a file of DICOM or FHIR audit messages in XML.

    A message that is whole on its line behind a header of syslog is a line of syslog.
    """
    found = _XML_START.search(head[:MAX_LINE])
    if found is None:
        return False
    if _XML_PROLOGUE.match(head):
        return True
    line = head[: found.start()].rpartition(b"\n")[2]
    rest = head[found.start() :].partition(b"\n")[0]
    return re.match(rb"(?:\d{1,7} )?<\d{1,3}>", line) is not None and b"</" + found[1] not in rest


def audit_records(blocks: Iterable[bytes]) -> Iterator[Record]:
    """Yield the audit messages of an XML file, on one line or on many; text between is none."""
    stream, open_at, name = _Stream(blocks), 0, b""
    parts: list[bytes] = []
    while (line := stream.line()) is not None:
        number, rest = stream.number - 1, line
        while rest:
            if not open_at:
                rest, name = yield from _before_message(rest, number)
                if not rest:
                    break
                open_at, parts = number, []
            body, end, after = rest.partition(b"</" + name)
            parts.append(body + end + b">" * bool(end))
            if not end and sum(map(len, parts)) <= MAX_LINE:
                break
            text = b"\n".join(parts).decode("utf-8", "replace")
            yield open_at, text, audit_xml(text) if end else None
            open_at, rest = 0, after.partition(b">")[2]
    if open_at:
        yield open_at, "", None


def _before_message(line: bytes, number: int) -> Generator[Record, None, tuple[bytes, bytes]]:
    """Return a line from where a message begins in it, and the name of that message."""
    found = _XML_START.search(line)
    between = line[: found.start()] if found else line
    if _BETWEEN.sub(b"", between).strip():
        yield number, between.decode("utf-8", "replace"), None
    return (line[found.start() :], found[1]) if found else (b"", b"")


_EVENTS: dict[int, EventCategory] = {
    4624: "sign_in_success", 4648: "sign_in_success", 4625: "sign_in_failure",
    4771: "sign_in_failure", 4776: "sign_in_success", 4634: "sign_out", 4647: "sign_out",
    4779: "sign_out", **dict.fromkeys((*range(4720, 4739), 4740, 4767, 4781), "rights_change"),
    4719: "configuration_change", 4739: "configuration_change", 4907: "configuration_change",
    1102: "log_change", 104: "log_change", 1100: "log_change", 4656: "consultation",
    4663: "consultation", 5140: "consultation", 5145: "consultation", 4660: "deletion",
    4672: "system_event", 4608: "system_event", 4616: "system_event", 1074: "system_event",
    6005: "system_event", 6006: "system_event", 6008: "system_event",
}  # fmt: skip
_ON_OBJECTS = frozenset({4656, 4663, 5140, 5145, 4660})


def windows_records(path: Path, name: str) -> Iterator[Record]:
    """Yield the records of an EVTX file; one that is damaged has no entry.

    Raises InstrumentMissing without the library, Malformed for what is no event log.
    """
    try:
        from evtx import PyEvtxParser
    except ImportError:
        advice = 'pip install "cnilcheck[logs]"'
        raise InstrumentMissing(f"{name} is a Windows event log ({advice})") from None
    try:
        records = cast(Iterator[dict[str, Any]], PyEvtxParser(str(path)).records_json())
    except (RuntimeError, OSError, ValueError):
        raise Malformed(f"{name} is a damaged event log") from None
    number = 0
    while True:
        number += 1
        try:
            record = next(records)
        except StopIteration:
            return
        except RuntimeError:
            yield number, "", None
            continue
        text = record["data"]
        yield int(record.get("event_record_id", number)), text, _windows_entry(text)


def _windows_entry(text: str) -> Entry | None:
    try:
        event = json.loads(text)["Event"]
        system = event["System"]
        moment = any_instant(system["TimeCreated"]["#attributes"]["SystemTime"])
    except (ValueError, KeyError, TypeError):
        return None
    if moment is None:
        return None
    written: Any = system.get("EventID")
    number = written.get("#text") if isinstance(written, dict) else written
    event_id = int(str(number)) if str(number).isdecimal() else 0
    data = event.get("EventData") or event.get("UserData") or {}
    said: Mapping[str, Any] = data if isinstance(data, dict) else {}
    category = _EVENTS.get(event_id)
    failed = event_id == 4776 and str(said.get("Status", "0x0")) not in ("0x0", "0")
    author = said.get("TargetUserName") if category in _ABOUT_TARGET else None
    return Entry(
        *moment, str(author or said.get("SubjectUserName") or said.get("TargetUserName") or "-"),
        True, "ObjectName" in said or "ShareName" in said, True, True, "",
        "sign_in_failure" if failed else category, True, str(said.get("IpAddress") or ""),
        "Computer" in system, "TargetLogonId" in said or "SubjectLogonId" in said,
        event_id in _ON_OBJECTS, _windows_number(system),
    )  # fmt: skip


def _windows_number(system: Mapping[str, Any]) -> Numbered | None:
    written = str(system.get("EventRecordID"))
    if not re.fullmatch(r"\d{1,18}", written):
        return None
    writer = f"{system.get('Channel')} {system.get('Computer')}"[:128]
    return Numbered("Windows", writer, int(written))


_ABOUT_TARGET = frozenset({"sign_in_success", "sign_in_failure", "sign_out"})
