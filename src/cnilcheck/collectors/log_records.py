"""Logs whose entries are not lines: systemd's journal as exported, and Windows event logs.

References: systemd, Journal Export Formats; Microsoft, appendix L of the Active Directory security
guide (events to monitor).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from cnilcheck.collectors.log_entry import Entry
from cnilcheck.collectors.log_json import json_entry
from cnilcheck.collectors.log_times import any_instant
from cnilcheck.errors import InstrumentMissing, Malformed
from cnilcheck.model.logging_matrix import EventCategory

WINDOWS = b"ElfFile\0"
_FIELD = re.compile(rb"[A-Z_][A-Z0-9_]{0,63}=")
_MAX_FIELDS = 1_024

Record = tuple[int, str, Entry | None]
"""A record: the line or number it begins at, its text, and what it says."""


def is_journal_export(head: bytes) -> bool:
    """Return whether the bytes begin an export of systemd's journal."""
    return head.startswith((b"__CURSOR=", b"__REALTIME_TIMESTAMP="))


class JournalRecords:
    """Takes an export apart, block by block; fields in binary form are left out."""

    def __init__(self) -> None:
        self._fields: dict[str, str] = {}
        self._start = 0

    def take(self, block: bytes, number: int) -> Iterator[Record]:
        """Yield the records that end in a block that begins at line `number`."""
        for n, line in enumerate(block.split(b"\n")[:-1], start=number):
            if not line:
                yield from self.end()
            elif _FIELD.match(line) and len(self._fields) < _MAX_FIELDS:
                self._start = self._start or n
                name, _, value = line.decode("utf-8", "replace").partition("=")
                self._fields.setdefault(name, value)

    def end(self) -> Iterator[Record]:
        """Yield the record that is open, if one is."""
        if self._fields:
            text = "\n".join(v for k, v in self._fields.items() if not k.startswith("_"))
            yield self._start, text, json_entry(self._fields)
        self._fields, self._start = {}, 0


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
        event_id in _ON_OBJECTS,
    )  # fmt: skip


_ABOUT_TARGET = frozenset({"sign_in_success", "sign_in_failure", "sign_out"})
