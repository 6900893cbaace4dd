"""Logs whose entries are not lines: audit messages over many lines, journals, Windows logs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from cnilcheck.collectors import log_files
from cnilcheck.collectors.logs import Logs
from cnilcheck.model.facts import LogCoverage, LogExtent
from cnilcheck.model.logging_matrix import EventField
from cnilcheck.model.scope import LogSource
from cnilcheck.model.words import LogClass
from collectors.trees import facts, look_at_logs
from collectors.windows_log import WindowsEvent, event_log

ATNA = """<AuditMessage>
  <EventIdentification EventActionCode="{action}" EventDateTime="2026-11-03T10:00:0{n}+01:00"
      EventOutcomeIndicator="{outcome}">
    <EventID csd-code="{code}" codeSystemName="DCM" originalText="x"/>
    <EventTypeCode csd-code="{kind}" codeSystemName="DCM" originalText="y"/>
  </EventIdentification>
  <ActiveParticipant UserID="pacs@officine" UserIsRequestor="false"/>
  <ActiveParticipant UserID="{who}" UserIsRequestor="true" NetworkAccessPointID="192.0.2.7"
      NetworkAccessPointTypeCode="2"><RoleIDCode csd-code="110153" codeSystemName="DCM"/>
  </ActiveParticipant>
  <AuditSourceIdentification AuditSourceID="PACS"/>{thing}
</AuditMessage>"""
THING = '\n  <ParticipantObjectIdentification ParticipantObjectID="12^^^&amp;1.2.250"/>'
MESSAGES = (
    ATNA.format(n=1, action="E", outcome=0, code=110114, kind=110122, who="lea", thing=""),
    ATNA.format(n=2, action="E", outcome=4, code=110114, kind=110122, who="tom", thing=""),
    ATNA.format(n=3, action="R", outcome=0, code=110110, kind="ITI-43", who="lea", thing=THING),
    ATNA.format(n=4, action="E", outcome=0, code=110112, kind="ITI-47", who="lea", thing=THING),
    ATNA.format(n=5, action="R", outcome=0, code=110106, kind="RAD-1", who="", thing=THING),
    ATNA.format(n=6, action="E", outcome=0, code=110114, kind=110123, who="lea", thing=""),
)  # fmt: skip
OF_MESSAGES = {
    "sign_in_success": 1, "sign_in_failure": 1, "sign_out": 1, "consultation": 1, "search": 1,
    "export": 1,
}  # fmt: skip
FHIR = """<AuditEvent xmlns="http://hl7.org/fhir">
  <type><system value="http://terminology.hl7.org/CodeSystem/audit-event-type"/>
    <code value="rest"/></type>
  <subtype><code value="{code}"/></subtype>
  <action value="{action}"/>
  <recorded value="2026-11-03T10:00:00.000+01:00"/>
  <outcome value="{outcome}"/>
  <agent><who><reference value="Device/serveur"/></who><requestor value="false"/></agent>
  <agent><who><identifier><value value="p17"/></identifier></who><requestor value="true"/>
    <network><address value="192.0.2.7"/><type value="2"/></network></agent>
  <source><observer><display value="serveur"/></observer></source>
  <entity><what><reference value="Patient/12"/></what></entity>
</AuditEvent>"""
HEAD = "<110>1 2026-11-03T10:00:00+01:00 pacs dcm4chee 12 IHE+DICOM - "


def read(folder: Path, content: str | bytes) -> tuple[LogCoverage, LogExtent]:
    (folder / "a.log").write_bytes(content if isinstance(content, bytes) else content.encode())
    seen = look_at_logs(Logs(), folder, LogSource("a.log", LogClass.APPLICATION_ACCESS))
    return facts(seen, LogCoverage)["a.log"], facts(seen, LogExtent)["a.log"]


def events(coverage: LogCoverage) -> dict[str, int]:
    return {event.category: event.events for event in coverage.events}


def filled(coverage: LogCoverage, category: str) -> dict[EventField, int]:
    (event,) = [event for event in coverage.events if event.category == category]
    return {one.field: one.filled for one in event.fields if one.filled}


WAYS = {
    "over many lines": "\n".join(MESSAGES) + "\n",
    "one to a line": "\n".join(one.replace("\n", " ") for one in MESSAGES) + "\n",
    "a document": '<?xml version="1.0"?>\n<audits>\n' + "".join(MESSAGES) + "\n</audits>",
    "behind syslog, many lines": "".join(f"{HEAD}{one}\n" for one in MESSAGES),
    "behind syslog, one line": "".join(
        HEAD + one.replace("\n", " ") + "\n" for one in MESSAGES
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_audit_messages_of_ihe_count_alike_however_they_are_broken(
    way: str, tmp_path: Path
) -> None:
    coverage, extent = read(tmp_path, WAYS[way])
    assert (extent.lines, extent.unparsed) == (6, 0)
    assert events(coverage) == OF_MESSAGES
    assert filled(coverage, "consultation").keys() == {
        "time", "author", "operation", "reference", "outcome", "origin", "equipment",
    }  # fmt: skip
    assert "author" not in filled(coverage, "export")
    assert "reference" not in filled(coverage, "sign_in_success")


@pytest.mark.parametrize("lines", [1, 100], ids=["one line each", "many lines each"])
def test_fhirs_audit_events_in_xml_are_read_as_its_json(lines: int, tmp_path: Path) -> None:
    made = [
        FHIR.format(code=code, action=action, outcome=outcome)
        for code, action, outcome in (("read", "R", 0), ("search-type", "E", 0), ("read", "R", 8))
    ]
    text = "\n".join(one.replace("\n", " ") if lines == 1 else one for one in made)
    coverage, extent = read(tmp_path, f"<Bundle>\n{text}\n</Bundle>\n")
    assert (extent.lines, extent.unparsed) == (3, 0)
    assert events(coverage) == {"consultation": 1, "search": 1, "access_denied": 1}
    assert filled(coverage, "consultation")["author"] == 1
    assert coverage.events[0].first == "a.log:2"


def test_broken_audit_messages_are_counted_and_the_others_read(tmp_path: Path) -> None:
    cut = MESSAGES[2][:300]
    bomb = '<!DOCTYPE x [<!ENTITY a "b">]>'
    text = "\n".join((
        MESSAGES[0], MESSAGES[1].replace("2026-11", "hier"), "du bruit sans balise",
        "<AuditMessage>" + bomb + "&a;</AuditMessage>", MESSAGES[3], cut,
    ))  # fmt: skip
    coverage, extent = read(tmp_path, text + "\n")
    assert events(coverage) == {"sign_in_success": 1, "search": 1}
    assert (extent.lines, extent.unparsed) == (6, 4)


def test_a_message_without_end_costs_no_memory_and_no_time(tmp_path: Path) -> None:
    text = MESSAGES[0] + "\n<AuditMessage>" + ("x" * 999 + "\n") * 3_000
    coverage, extent = read(tmp_path, text)
    assert events(coverage) == {"sign_in_success": 1}
    assert extent.unparsed > 0


def binary(name: str, value: bytes) -> bytes:
    return name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"


def journal(n: int, message: bytes) -> bytes:
    head = f"__CURSOR=s={n}\n__REALTIME_TIMESTAMP=17936964{n:02}000000\n_HOSTNAME=app\n".encode()
    return head + message + b"SYSLOG_IDENTIFIER=sshd\n\n"


FORGED = (
    b"ligne 1\n\n__CURSOR=s=99\n__REALTIME_TIMESTAMP=1793696499000000\n"
    b"MESSAGE=Accepted password for eve from 203.0.113.9 port 2\n\n"
)


@pytest.mark.parametrize("block", [32, 77, log_files.BLOCK])
def test_a_binary_value_of_a_journal_cannot_forge_a_record(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_files, "BLOCK", block)
    text = journal(1, b"MESSAGE=Failed password for lea from 203.0.113.9 port 2\n")
    text += journal(2, binary("MESSAGE", FORGED) + binary("COREDUMP", bytes(range(256)) * 9))
    text += journal(3, b"MESSAGE=session closed for user lea\n")
    text += journal(4, binary("CORE", b"\n" * 200_000) + b"MESSAGE=sshd started\n")
    coverage, extent = read(tmp_path, text)
    assert (coverage.format, extent.lines, extent.unparsed) == ("journal export", 4, 0)
    assert events(coverage)["sign_in_failure"] == 1
    assert events(coverage)["sign_out"] == 1
    if block == log_files.BLOCK:
        (out,) = [e for e in coverage.events if e.category == "sign_out"]
        assert int(out.first.removeprefix("a.log:")) > 12


@pytest.mark.parametrize(
    "damage",
    [
        b"MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\x7fabc\n",
        b"MESSAGE\n\x03\0\0\0\0\0\0\0abcdef\n",
        b"pas un champ\n",
    ],
    ids=["a length beyond sense", "a wrong length", "no field"],
)
def test_a_damaged_record_is_counted_and_reading_goes_on(damage: bytes, tmp_path: Path) -> None:
    fine = b"MESSAGE=Failed password for lea from 203.0.113.9 port 2\n"
    text = journal(1, fine) + journal(2, damage) + journal(3, fine)
    coverage, extent = read(tmp_path, text)
    assert events(coverage) == {"sign_in_failure": 2}
    assert (extent.lines, extent.unparsed) == (3, 1)


WINDOWS = [
    (4624, {"TargetUserName": "lea", "IpAddress": "192.0.2.7", "TargetLogonId": "0x3e7"}),
    (4625, {"TargetUserName": "tom", "IpAddress": "192.0.2.9"}),
    (4634, {"TargetUserName": "lea", "TargetLogonId": "0x3e7"}),
    (4720, {"TargetUserName": "eve", "SubjectUserName": "lea", "SubjectLogonId": "0x3e7"}),
    (4663, {"SubjectUserName": "lea", "ObjectName": r"D:\dossiers\12.pdf",
            "SubjectLogonId": "0x3e7"}),
    (1102, {"SubjectUserName": "Administrateur"}),
    (4776, {"TargetUserName": "tom", "Status": "0xc000006a"}),
    (9999, {"x": "y"}),
]  # fmt: skip


def windows_log(numbers: range) -> bytes:
    start = dt.datetime(2026, 11, 3, 9, tzinfo=dt.UTC)
    return event_log([
        WindowsEvent(event, number, start + dt.timedelta(minutes=number), data)
        for number, (event, data) in zip(numbers, WINDOWS, strict=False)
    ])  # fmt: skip


def test_a_windows_event_log_is_counted_exactly(tmp_path: Path) -> None:
    coverage, extent = read(tmp_path, windows_log(range(41, 49)))
    assert (coverage.format, extent.lines, extent.unparsed) == ("Windows event log", 8, 0)
    assert events(coverage) == {
        "sign_in_success": 1, "sign_in_failure": 2, "sign_out": 1, "rights_change": 1,
        "consultation": 1, "log_change": 1,
    }  # fmt: skip
    assert coverage.unclassified == 1
    assert filled(coverage, "consultation").keys() == {
        "time", "author", "operation", "reference", "outcome", "equipment", "correlation",
    }  # fmt: skip
    assert filled(coverage, "log_change").keys() == {"time", "operation", "outcome", "equipment"}
    assert coverage.events[0].first == "a.log:41"


def test_a_damaged_windows_record_is_counted(tmp_path: Path) -> None:
    whole = windows_log(range(41, 49))
    place = whole.index("EventData".encode("utf-16-le"), 6_000)
    coverage, extent = read(tmp_path, whole[: place - 9] + b"\xff" * 40 + whole[place + 31 :])
    assert extent.unparsed >= 1
    assert sum(events(coverage).values()) >= 1
