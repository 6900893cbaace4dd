"""Read the rows of a table somebody else made (CSV, XLSX, HTML): bounded, and never evaluated."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from cnilcheck.hosts.store import TableError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_BYTES = 50_000_000
_MAX_ROWS = 100_000
_MAX_COLUMNS = 60
_MAX_CELL = 4_000
_MAX_EXPANDED = 100_000_000
_MAX_RATIO = 200
_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

Rows = list[list[str]]


def read_rows(content: bytes, name: str) -> Rows:
    """Return the rows of the largest table of the file; raises TableError, saying why, for others.

    The kind is told by the content, not by the name.
    """
    if len(content) > MAX_BYTES:
        raise TableError(f"{name}: larger than {MAX_BYTES // 1_000_000} MB")
    if content.startswith(b"PK\x03\x04"):
        rows = _xlsx(content, name)
    else:
        text = _text(content, name)
        html = re.match(
            r"\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|table|body|head)",
            text[:4000],
            re.I | re.S,
        )
        rows = _html(text, name) if html else _csv(text, name)
    return [_row(row, number, name) for number, row in enumerate(rows, 1) if any(row)]


def _row(row: list[str], number: int, name: str) -> list[str]:
    if len(row) > _MAX_COLUMNS:
        raise TableError(f"{name}: row {number} has more than {_MAX_COLUMNS} columns")
    for cell in row:
        if len(cell) > _MAX_CELL:
            raise TableError(f"{name}: row {number} has a cell of more than {_MAX_CELL} characters")
        if re.match(r"[=@]|[+-][A-Za-z(=]", cell):
            raise TableError(f"{name}: row {number} has a cell that is a formula")
    return row


def _text(content: bytes, name: str) -> str:
    if b"\0" in content[:4096]:
        raise TableError(f"{name}: neither CSV, HTML nor XLSX")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _csv(text: str, name: str) -> Rows:
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    if not first.count(delimiter):
        raise TableError(f"{name}: neither a table nor a spreadsheet")
    rows: Rows = []
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True):
            rows.append([_plain(cell) for cell in row])
            if len(rows) > _MAX_ROWS:
                raise TableError(f"{name}: more than {_MAX_ROWS} rows")
    except csv.Error as problem:
        raise TableError(f"{name}: line {len(rows) + 1}: {problem}") from None
    return rows


def _plain(cell: str) -> str:
    return re.sub(r"\s+", " ", cell).strip()


def _xlsx(content: bytes, name: str) -> Rows:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _refuse_bomb(archive, name)
            strings = _shared_strings(archive, name)
            sheets = sorted(
                n for n in archive.namelist() if re.fullmatch(r"xl/worksheets/[^/]+\.xml", n)
            )
            tables = [_sheet(archive, sheet, strings, name) for sheet in sheets]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
        raise TableError(f"{name}: a damaged or unsupported spreadsheet") from None
    if not tables:
        raise TableError(f"{name}: an archive without a spreadsheet")
    return max(tables, key=len)


def _refuse_bomb(archive: zipfile.ZipFile, name: str) -> None:
    members = archive.infolist()
    expanded = sum(member.file_size for member in members)
    if len(members) > 1000 or expanded > _MAX_EXPANDED:
        raise TableError(f"{name}: expands to more than {_MAX_EXPANDED // 1_000_000} MB")
    for member in members:
        if member.file_size > 1_000_000 and member.file_size > _MAX_RATIO * member.compress_size:
            raise TableError(f"{name}: {member.filename} expands {_MAX_RATIO} times or more")


def _xml(archive: zipfile.ZipFile, member: str, name: str) -> Element:
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    with archive.open(member) as stream:
        content = stream.read(_MAX_EXPANDED + 1)
    if len(content) > _MAX_EXPANDED:
        raise TableError(f"{name}: {member} expands without end")
    try:
        # Not a word of a document type: Excel writes none, and entities hide in it.
        return fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise TableError(f"{name}: {member} declares a document type or entities") from None
    except (ParseError, ValueError, LookupError) as problem:
        raise TableError(f"{name}: {member}: {problem}") from None


def _shared_strings(archive: zipfile.ZipFile, name: str) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    root = _xml(archive, "xl/sharedStrings.xml", name)
    return [
        _plain("".join(t.text or "" for t in item.iter(f"{_SHEET}t")))
        for item in root.iter(f"{_SHEET}si")
    ]


def _sheet(archive: zipfile.ZipFile, sheet: str, strings: list[str], name: str) -> Rows:
    rows: Rows = []
    for row in _xml(archive, sheet, name).iter(f"{_SHEET}row"):
        cells: list[str] = []
        for cell in row.iter(f"{_SHEET}c"):
            if cell.find(f"{_SHEET}f") is not None:
                raise TableError(f"{name}: cell {cell.get('r', '?')} is a formula")
            at = _column(cell.get("r", ""), len(cells))
            if at >= _MAX_COLUMNS:
                raise TableError(f"{name}: more than {_MAX_COLUMNS} columns")
            cells += [""] * (at - len(cells)) + [_cell(cell, strings, name)]
        rows.append(cells)
        if len(rows) > _MAX_ROWS:
            raise TableError(f"{name}: more than {_MAX_ROWS} rows")
    return rows


def _column(reference: str, following: int) -> int:
    letters = re.match(r"[A-Z]{1,3}", reference)
    if letters is None:
        return following
    number = 0
    for letter in letters[0]:
        number = number * 26 + ord(letter) - 64
    return max(number - 1, following)


def _cell(cell: Element, strings: list[str], name: str) -> str:
    kind, value = cell.get("t"), cell.findtext(f"{_SHEET}v") or ""
    if kind == "s":
        try:
            return strings[int(value)]
        except (ValueError, IndexError):
            raise TableError(f"{name}: cell {cell.get('r', '?')} names no text") from None
    if kind == "inlineStr":
        return _plain("".join(t.text or "" for t in cell.iter(f"{_SHEET}t")))
    return _plain(value)


class _Tables(HTMLParser):
    """Collects the rows of every table of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[Rows] = []
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self._close()
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _close(self) -> None:
        if self._cell is not None and self.tables and self.tables[-1]:
            self.tables[-1][-1].append(_plain("".join(self._cell)))
        self._cell = None


def html_tables(text: str, name: str) -> list[Rows]:
    """Return the tables of a page, cells as plain text; raises TableError when it has no end."""
    parser = _Tables()
    for start in range(0, len(text), 1_000_000):
        parser.feed(text[start : start + 1_000_000])
        if sum(map(len, parser.tables)) > _MAX_ROWS:
            raise TableError(f"{name}: more than {_MAX_ROWS} rows")
    return parser.tables


def _html(text: str, name: str) -> Rows:
    tables = html_tables(text, name)
    # Some directories spread one list over a table for each letter.
    alike = _joined(tables)
    if not alike:
        raise TableError(f"{name}: a web page without a table (an error page, or an empty one)")
    return alike


def _joined(tables: list[Rows]) -> Rows:
    filled = [[row for row in table if row] for table in tables]
    filled = [table for table in filled if table]
    if not filled:
        return []
    largest = max(filled, key=len)
    header = largest[0]
    rest: Iterator[list[str]] = (
        row for table in filled if table is not largest and table[0] == header for row in table[1:]
    )
    return [*largest, *rest]
