"""A small Windows event log, written as its format is documented: a header, one chunk, BinXML.

Reference: libevtx, Windows XML Event Log (EVTX) format. Elements are written in place, without
templates; that it is an event log is the word of the library that reads it.
"""

from __future__ import annotations

import datetime as dt
import struct
import zlib
from collections.abc import Sequence
from typing import NamedTuple

_CHUNK, _RECORDS = 65_536, 512


class WindowsEvent(NamedTuple):
    """An event: its number, its record, its time and what it says of itself."""

    event: int
    record: int
    at: dt.datetime
    data: dict[str, str]


def event_log(events: Sequence[WindowsEvent]) -> bytes:
    """Return a file with one chunk that holds the events."""
    body = bytearray(_RECORDS)
    last = _RECORDS
    for one in events:
        last = len(body)
        body += _record(one, last)
    end = len(body)
    assert end < _CHUNK
    records = bytes(body[_RECORDS:])
    first_id, last_id = events[0].record, events[-1].record
    body[:128] = struct.pack(
        "<8sQQQQIIII68xI", b"ElfChnk\0", 1, len(events), first_id, last_id, 128, last, end,
        zlib.crc32(records), 0,
    )  # fmt: skip
    struct.pack_into("<I", body, 124, zlib.crc32(bytes(body[:120]) + bytes(body[128:512])))
    header = struct.pack(
        "<8sQQQIHHHH76xII", b"ElfFile\0", 0, 0, last_id + 1, 128, 1, 3, 4096, 1, 0, 0
    )
    header = header[:124] + struct.pack("<I", zlib.crc32(header[:120]))
    return header.ljust(4096, b"\0") + bytes(body).ljust(_CHUNK, b"\0")


def _record(one: WindowsEvent, offset: int) -> bytes:
    ticks = int(one.at.timestamp() * 10_000_000) + 116_444_736_000_000_000
    xml = _Xml(offset + 24)
    xml.out += b"\x0f\x01\x01\x00"
    with_time = {"SystemTime": one.at.strftime("%Y-%m-%dT%H:%M:%S.0000000Z")}
    xml.open("Event")
    xml.open("System")
    xml.element("EventID", str(one.event))
    xml.element("TimeCreated", "", with_time)
    xml.element("EventRecordID", str(one.record))
    xml.element("Channel", "Security")
    xml.element("Computer", "poste-1.officine.example")
    xml.close()
    xml.open("EventData")
    for name, value in one.data.items():
        xml.element("Data", value, {"Name": name})
    xml.close()
    xml.close()
    xml.out += b"\x00"
    size = 24 + len(xml.out) + 4
    return struct.pack("<IIQQ", 0x2A2A, size, one.record, ticks) + xml.out + struct.pack("<I", size)


class _Xml:
    """BinXML that begins at an offset of its chunk: names are told by where they stand."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.out = b""
        self._open: list[int] = []

    def open(self, name: str, attributes: dict[str, str] | None = None) -> None:
        self.out += struct.pack("<BI", 0x41 if attributes else 0x01, 0)
        self._open.append(len(self.out))
        self._name(name)
        if attributes:
            self.out += b"\0\0\0\0"
            start = len(self.out)
            for key, value in attributes.items():
                self.out += b"\x06"
                self._name(key)
                self._text(value)
            size = struct.pack("<I", len(self.out) - start)
            self.out = self.out[: start - 4] + size + self.out[start:]
        self.out += b"\x02"

    def element(self, name: str, text: str, attributes: dict[str, str] | None = None) -> None:
        self.open(name, attributes)
        if text:
            self._text(text)
        self.close()

    def close(self) -> None:
        self.out += b"\x04"
        start = self._open.pop()
        size = struct.pack("<I", len(self.out) - start)
        self.out = self.out[: start - 4] + size + self.out[start:]

    def _text(self, text: str) -> None:
        self.out += struct.pack("<BBH", 0x05, 0x01, len(text)) + text.encode("utf-16-le")

    def _name(self, name: str) -> None:
        value = 0
        for letter in name:
            value = (value * 65_599 + ord(letter)) & 0xFFFFFFFF
        here = self.offset + len(self.out) + 4
        self.out += struct.pack("<IIHH", here, 0, value & 0xFFFF, len(name))
        self.out += name.encode("utf-16-le") + b"\0\0"
