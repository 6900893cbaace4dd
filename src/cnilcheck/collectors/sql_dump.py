"""Read the rows of a database dump one by one: INSERT statements and PostgreSQL's COPY blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from cnilcheck.collectors.bounded_text import MAX_LINE, BoundedText
from cnilcheck.errors import Malformed

_CHUNK = 65_536
_MAX_COLUMNS = 2_000
_MAX_TABLES = 10_000
_HEAD = re.compile(
    r"(?im)^[ \t]*+(?:insert\s+(?:\w+\s+){0,2}?into\s|insert\s+\[|replace\s+into\s|create\s+table\s"
    r"|copy\s+\S[^\n]{0,4000}\sfrom\s+stdin|-- (?:mysql|mariadb|postgresql database|phpmyadmin sql)"
    r"[^\n]{0,40} dump)"
)
_IDENTIFIER = r"(?:`[^`]*`|\"(?:[^\"]|\"\")*\"|\[[\w .$-]*\]|[\w@][\w$@]*)"
_STRINGS = {
    # MySQL and MariaDB escape by a backslash; standard SQL does not.
    True: r"'(?:[^'\\]++|''|\\.)*+'",
    False: r"(?:(?<=[eE])'(?:[^'\\]++|''|\\.)*+'|(?<![eE])'(?:[^']++|'')*+')",
}
_COLUMN_OF_TABLE = re.compile(
    r"(?i)(?:primary|unique|key|index|constraint|foreign|check|fulltext|spatial|exclude|like|period)"
)
_EOF = ("", "")
_TAG = re.compile(r"\$[A-Za-z_]*\$")


class Row(NamedTuple):
    """One row: table and column names as the dump writes them; None is NULL."""

    table: str
    columns: tuple[str, ...]
    cells: tuple[str | None, ...]


def looks_sql(head: str) -> bool:
    """Return whether a file that begins so is a dump in SQL."""
    return _HEAD.search(head) is not None


def rows(text: BoundedText, head: str) -> Iterator[Row]:
    """Yield the rows of all tables, as far as the dump goes.

    Raises Malformed for a value longer than a million characters.
    """
    backslash = re.search(r"(?i)mysql|mariadb|phpmyadmin|`|engine *=", head) is not None
    return _Reader(text, backslash).rows()


class _Reader:
    """Takes a dump apart into tokens, a chunk at a time."""

    def __init__(self, text: BoundedText, backslash: bool) -> None:
        self._text = text
        self._buffer, self._at, self._ended = "", 0, False
        self._tables: dict[str, tuple[str, ...]] = {}
        self._whole = False  # whether the last bracket read was closed
        self._token = re.compile(
            rf"(?P<space>\s++|--[^\n]*+(?:\n|$)|/\*.*?\*/)|(?P<string>[NnxXeE]?{_STRINGS[backslash]})"
            rf"|(?P<dollar>(?P<tag>\$[A-Za-z_]*\$).*?(?P=tag))"
            rf"|(?P<name>{_IDENTIFIER}(?:\s*\.\s*{_IDENTIFIER})*)|(?P<punct>[(),;])|(?P<other>.)",
            re.DOTALL,
        )
        self._backslash = backslash

    def rows(self) -> Iterator[Row]:
        """Yield the rows of the statements, in order."""
        while (token := self._next()) != _EOF:
            match token[1].upper() if token[0] == "name" else "":
                case "CREATE":
                    self._create()
                case "INSERT" | "REPLACE":
                    yield from self._insert()
                case "COPY":
                    yield from self._copy()
                case _:
                    self._skip(token)

    def _next(self) -> tuple[str, str]:
        """Return the kind and text of the next token; spaces and comments are passed over."""
        while True:
            match = self._token.match(self._buffer, self._at)
            if match is None or (match.end() == len(self._buffer) and not self._ended):
                if not self._grow():
                    return _EOF
                continue
            if match["other"] and self._unfinished():
                # The beginning of something whose end is not here, or nowhere.
                if not self._grow():
                    return _EOF
                continue
            self._at = match.end()
            if match.lastgroup != "space":
                kind = "dollar" if match["dollar"] else str(match.lastgroup)
                return kind, match[0]

    def _unfinished(self) -> bool:
        rest = self._buffer[self._at : self._at + 200]
        if rest[0] in "'\"`" or rest.startswith("/*") or _TAG.match(rest):
            if len(self._buffer) - self._at > MAX_LINE:
                raise Malformed("a value of the dump is longer than a million characters")
            return True
        return rest[0] in "[/-$" and len(rest) < 200 and not self._ended

    def _grow(self) -> bool:
        if self._ended:
            return False
        # As much again as is waiting, so that a long value is not scanned over and over.
        more = self._text.read(max(_CHUNK, len(self._buffer) - self._at))
        self._buffer, self._at = self._buffer[self._at :] + more, 0
        self._ended = not more
        if len(self._buffer) > 4 * MAX_LINE:
            raise Malformed("a value of the dump is longer than a million characters")
        return True

    def _skip(self, token: tuple[str, str]) -> None:
        while token not in (_EOF, ("punct", ";")):
            token = self._next()

    def _create(self) -> None:
        """Note the columns of a table, in order: an INSERT may leave them out."""
        token = self._next()
        while token[0] == "name" and token[1].upper() in ("TEMPORARY", "UNLOGGED", "GLOBAL"):
            token = self._next()
        if token[1].upper() != "TABLE":
            return self._skip(token)
        name = self._next()
        while name[1].upper() in ("IF", "NOT", "EXISTS"):
            name = self._next()
        opening = self._next()
        if opening == ("punct", "(") and len(self._tables) < _MAX_TABLES:
            names = (cell[0] for cell in self._cells(first=True) if cell)
            self._tables[_bare(name[1]).casefold()] = tuple(
                _bare(text) for text in names if text and not _COLUMN_OF_TABLE.fullmatch(text)
            )
            opening = self._next()
        return self._skip(opening)

    def _insert(self) -> Iterator[Row]:
        token = self._next()
        while token[1].upper() in ("INTO", "IGNORE", "LOW_PRIORITY", "DELAYED", "OR", "REPLACE"):
            token = self._next()
        table = _bare(token[1])
        columns = self._tables.get(table.casefold(), ())
        token = self._next()
        if token == ("punct", "("):
            columns = tuple(_bare(cell[0] or "") for cell in self._cells(first=True) if cell)
            token = self._next()
        while token[0] == "name" and token[1].upper() != "VALUES":
            token = self._next()
        while (token := self._next()) not in (_EOF, ("punct", ";")):
            if token == ("punct", "("):
                cells = tuple(cell for (cell,) in self._cells())
                if self._whole:
                    yield Row(table, columns, cells)

    def _cells(self, first: bool = False) -> Iterator[tuple[str | None]]:
        """Yield what stands between commas up to the closing bracket; `first`: the first word."""
        depth, parts, string, count = 1, list[str](), None, 0
        self._whole = False
        while (token := self._next()) != _EOF:
            kind, text = token
            depth += (text == "(") - (text == ")") if kind == "punct" else 0
            if depth == 0 or token == ("punct", ";") or (depth == 1 and token == ("punct", ",")):
                count += 1
                if count <= _MAX_COLUMNS:
                    yield (_value(parts, string),)
                parts, string = [], None
                if depth == 0 or token == ("punct", ";"):
                    self._whole = depth == 0
                    return
            elif kind == "string" and not first:
                string = self._unquoted(text)
            elif not (first and parts) and len(parts) < 100:
                parts.append(text)

    def _unquoted(self, text: str) -> str:
        inside = text[text.index("'") + 1 : -1].replace("''", "'")
        escaped = self._backslash or text[0] in "eE"
        return re.sub(r"\\(.)", r"\1", inside, flags=re.DOTALL) if escaped else inside

    def _copy(self) -> Iterator[Row]:
        table = _bare(self._next()[1])
        columns = self._tables.get(table.casefold(), ())
        token = self._next()
        if token == ("punct", "("):
            columns = tuple(_bare(cell[0] or "") for cell in self._cells(first=True) if cell)
            token = self._next()
        source = self._next()
        self._skip(source)
        if token[1].upper() != "FROM" or source[1].upper() != "STDIN":
            return
        for number, line in enumerate(self._raw_lines()):
            if line == "\\.":
                return
            if line or number:
                yield Row(table, columns, tuple(_copied(cell) for cell in line.split("\t")))

    def _raw_lines(self) -> Iterator[str]:
        while True:
            end = self._buffer.find("\n", self._at)
            if end < 0:
                if len(self._buffer) - self._at > MAX_LINE:
                    raise Malformed("a line is longer than a million characters")
                if self._grow():
                    continue
                return
            line = self._buffer[self._at : end].rstrip("\r")
            self._at = end + 1
            yield line


def _value(parts: list[str], string: str | None) -> str | None:
    if string is not None:
        return string
    text = "".join(parts)
    return None if text.upper() == "NULL" else text


def _copied(cell: str) -> str | None:
    return None if cell == r"\N" else re.sub(r"\\(.)", r"\1", cell)


def _bare(name: str) -> str:
    """Return the last part of a name, without its quotes: `"public"."users"` is users."""
    parts = re.findall(_IDENTIFIER, name)
    return parts[-1].strip('`"[]') if parts else name
