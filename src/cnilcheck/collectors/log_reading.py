"""One log, read once from its oldest file to its newest, into a tally."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cnilcheck.collectors.log_accounts import TAKEN
from cnilcheck.collectors.log_columns import Columns
from cnilcheck.collectors.log_entry import Entry, Parser
from cnilcheck.collectors.log_events import names_a_person
from cnilcheck.collectors.log_files import BLOCK, MAX_LINE, Blocks, FileSeen, opened
from cnilcheck.collectors.log_formats import (
    CSVLOG,
    FORMATS,
    Quoted,
    is_continuation,
    recognise,
    table_reader,
)
from cnilcheck.collectors.log_json import json_lines
from cnilcheck.collectors.log_layouts import Layout, apache_layout, layout_for, nginx_layout
from cnilcheck.collectors.log_personal import decoded
from cnilcheck.collectors.log_records import (
    WINDOWS,
    audit_records,
    is_audit_xml,
    is_journal_export,
    journal_records,
    windows_records,
)
from cnilcheck.collectors.log_tally import SHOWN_UNPARSED, Tally
from cnilcheck.collectors.log_words import Words
from cnilcheck.errors import Interrupted, Malformed, NotReadable, TimedOut
from cnilcheck.model.logging_matrix import EventField
from cnilcheck.model.personal_data import DataKind, mask, personal_values, printable

if TYPE_CHECKING:
    from cnilcheck.collectors.log_parts import Helper

_SAMPLE = 200
_READ_BY = 0.9  # share of the sample one format must read

_COLUMNS_NAMED = b"#Fields: "
Progress = Callable[[int], None]
"""Told of the bytes read since it was last told."""


@dataclass(frozen=True)
class Manner:
    """How a log is to be read: in which format, and until when."""

    format: str = ""
    mapping: Mapping[EventField, str] = field(default_factory=dict)
    layouts: tuple[Layout, ...] = ()
    words: Words = field(default_factory=Words)
    since: int | None = None
    deadline: float = float("inf")
    stopped: Callable[[], bool] = lambda: False
    progress: Progress = lambda _: None

    def go_on(self) -> None:
        """Raise Interrupted or TimedOut when reading is to end."""
        if self.stopped():
            raise Interrupted("stopped by the operator")
        if time.monotonic() > self.deadline:
            raise TimedOut(
                "not read to the end in time; `cnilcheck logs` reads for as long as a day"
            )


@dataclass
class Reading:
    """What was read so far of one log."""

    manner: Manner
    tally: Tally = field(default_factory=Tally)
    files: list[FileSeen] = field(default_factory=list)
    format: str = ""

    def take_in(self, path: Path | None, name: str) -> None:
        """Count every line of a file; an empty file adds nothing.

        Raises CollectionError: NotReadable, Malformed (a damaged archive, or no known format reads
        nine lines in ten), Interrupted, TimedOut. What was counted before stays.
        """
        with opened(path, name, self.manner.stopped) as blocks:
            number = len(self.files)
            self.files.append(blocks.seen)
            if blocks.head.startswith(WINDOWS) and path is not None:
                self._take_windows(path, blocks.seen)
                return
            if is_journal_export(blocks.head) or is_audit_xml(blocks.head):
                self._take_records(blocks)
                return
            reader: Columns | Lines | None = None
            helper: Helper | None = None
            try:
                for block in (part for one in self._paced(blocks) for part in self._parts(one)):
                    if reader is None or block.startswith(_COLUMNS_NAMED):
                        _end(reader)
                        reader = self._reader_of(block, blocks.seen, number)
                        helper = self._helper(reader, path, blocks)
                    blocks.seen.lines += reader.take(block, blocks.seen.lines + 1)
                _end(reader)
                if helper is not None:
                    self._join(helper, blocks)
            finally:
                if helper is not None:
                    helper.end()
            if self.manner.stopped():
                raise Interrupted("stopped by the operator")

    def _helper(self, reader: Columns | Lines, path: Path | None, blocks: Blocks) -> Helper | None:
        """Have the end of a large file read by a second process."""
        from cnilcheck.collectors.log_parts import helper_for

        if path is None or not isinstance(reader, Columns) or self.manner.since is not None:
            return None
        if self.format == "IIS W3C" or self.manner.words.texts:
            # The columns of IIS may change on the way; a site's own words stay with this process.
            return None
        helper = helper_for(path, reader.layout, blocks, len(self.files) - 1, self.tally)
        blocks.until = helper.job.start if helper is not None else None
        return helper

    def _join(self, helper: Helper, blocks: Blocks) -> None:
        """Add what the second process counted, once the end of the file is digested too."""
        told = 0

        def go_on() -> None:
            nonlocal told
            self.manner.go_on()
            self.manner.progress(helper.done - told)
            told = helper.done

        while blocks.stored.read(BLOCK):
            go_on()
        try:
            part = helper.wait(go_on)
        except OSError as error:
            raise NotReadable(f"{blocks.seen.name}: {error.strerror}") from None
        self.tally.join(part.tally, blocks.seen.lines)
        blocks.seen.join(part.seen)

    def _parts(self, block: bytes) -> Iterator[bytes]:
        """Yield a block of IIS in parts: it names its columns anew when it starts anew."""
        named = b"\n" + _COLUMNS_NAMED
        start, place = 0, block.find(named)
        if self.format != "IIS W3C":
            # The first names, below a few remarks, are those the format is told by.
            remarks = block[:1] == b"#" and not block.startswith(_COLUMNS_NAMED)
            place = block.find(named, place + 1) if remarks and place >= 0 else -1
        while place >= 0:
            yield block[start : place + 1]
            start, place = place + 1, block.find(named, place + 1)
        yield block[start:]

    def _paced(self, blocks: Blocks) -> Iterator[bytes]:
        before = 0
        for block in blocks:
            self.manner.go_on()
            yield block
            read = blocks.stored.count
            self.manner.progress(read - before)
            before = read

    def _take_windows(self, path: Path, seen: FileSeen) -> None:
        self.format = "Windows event log"
        lines = self._lines(json_lines, seen.written)
        for count, (place, text, entry) in enumerate(windows_records(path, seen.name)):
            if count % 1_000 == 0:
                self.manner.go_on()
            lines.take_record(place, text, entry)
            seen.lines += 1
        self.manner.progress(seen.size)

    def _take_records(self, blocks: Blocks) -> None:
        lines = self._lines(json_lines, blocks.seen.written)
        blocks.verbatim = is_journal_export(blocks.head)
        self.format = "journal export" if blocks.verbatim else "audit messages"
        reader = journal_records if blocks.verbatim else audit_records
        for record in reader(self._counted(blocks)):
            lines.take_record(*record)

    def _lines(
        self, parse: Parser, written: int, quoted: Quoted | None = None, header: int = 0
    ) -> Lines:
        """Return what counts the lines of the file that is read, one by one."""
        number, manner = len(self.files) - 1, self.manner
        return Lines(parse, written, self.tally, number, quoted, header, manner.since, manner.words)

    def _counted(self, blocks: Blocks) -> Iterator[bytes]:
        for block in self._paced(blocks):
            blocks.seen.lines += block.count(b"\n")
            yield block

    def _reader_of(self, block: bytes, seen: FileSeen, number: int) -> Columns | Lines:
        """Return what reads a file that begins so; raises Malformed for an unknown format."""
        sample = block.split(b"\n", _SAMPLE)[:_SAMPLE]
        written, since = seen.written or int(time.time()), self.manner.since
        layout = layout_for(sample, self._layouts())
        if layout is not None and self.manner.format not in FORMATS:
            self.format = layout.name
            rest = self._lines(FORMATS["web access"], written)
            return Columns(
                layout, self.tally, number, rest.take_line, since or 0, seen.written,
                words=self.manner.words,
            )  # fmt: skip
        own = [line.decode("utf-8", "replace")[:MAX_LINE] for line in sample if line.strip()]
        table = table_reader(own, self.manner.mapping)
        if table is not None:
            self.format = "CSV"
            return self._lines(table, written, header=1)
        name, share = recognise(own, written)
        if self.manner.format in FORMATS:
            name, share = self.manner.format, 1.0
        if own and share < _READ_BY:
            shape = _shape(next((x for x in own if not is_continuation(x)), own[0]))
            raise Malformed(
                f"unknown format: {name} reads {share:.0%} of the first {len(own)} lines,"
                f" which look like `{shape}`"
            )
        self.format = name
        quoted = Quoted() if name == CSVLOG else None
        return self._lines(FORMATS[name], written, quoted)

    def _layouts(self) -> tuple[Layout, ...]:
        written = self.manner.format
        own = None
        if "$" in written:
            own = nginx_layout("log_format", written)
        elif "%" in written:
            own = apache_layout("LogFormat", written)
        elif written and written not in FORMATS:
            raise Malformed(f"{written} is none of {', '.join(FORMATS)}, and no log_format")
        return (own, *self.manner.layouts) if own else self.manner.layouts


def _end(reader: Columns | Lines | None) -> None:
    if isinstance(reader, Columns):
        reader.end()


def _shape(line: str) -> str:
    """Return the form of a line without its content: letters are `a`, digits `9`."""
    letters = re.sub(r"[^\W\d_]+", "a", line[:400])
    return re.sub(r"\d+", "9", letters)[:80]


@dataclass
class Lines:
    """Counts lines one by one, with the parser of their format."""

    parse: Parser
    written: int
    tally: Tally
    file: int
    quoted: Quoted | None = None
    header: int = 0
    since: int | None = None
    words: Words = field(default_factory=Words)
    _asked: bool = True

    def take(self, block: bytes, number: int) -> int:
        """Count a block that ends with a newline and begins at line `number`; return its lines."""
        lines = block.split(b"\n")
        lines.pop()
        kept = [n for n, line in enumerate(lines) if self._count(line, number + n)]
        text = block[:-1] if len(kept) == len(lines) else b"\n".join(lines[n] for n in kept)
        self.tally.personal.search(decoded(text), confirm=self._confirm)
        return len(lines)

    def take_line(self, line: bytes, number: int) -> None:
        """Count one line, with what it holds."""
        if self._count(line, number):
            self.tally.personal.search(decoded(line), confirm=self._confirm)

    def _count(self, line: bytes, number: int) -> bool:
        """Count a line; return whether it is one of those that are asked for."""
        text = line.decode("utf-8", "replace").rstrip()
        if not text or number <= self.header:
            return True
        if self.quoted is not None and self.quoted.goes_on(text):
            return self._asked
        entry = self.parse(text, self.written)
        if entry is not None and self.since is not None:
            self._asked = entry.epoch >= self.since
        if not self._asked:
            return False
        if entry is not None:
            self._count_entry(self.words.of_entry(entry, text), number)
        elif not is_continuation(text):
            self._unread(number, text)
        return True

    def _unread(self, number: int, text: str) -> None:
        tally = self.tally
        tally.lines += 1
        tally.unparsed += 1
        if number == 1:
            tally.cut_starts.add(self.file)
        if len(tally.unparsed_samples) < SHOWN_UNPARSED:
            tally.unparsed_samples.append(((self.file, number), masked(text)))

    def take_record(self, number: int, text: str, entry: Entry | None) -> None:
        """Count one record that was read already, with what its text holds."""
        if entry is None:
            self._unread(number, text)
            return
        if self.since is not None and entry.epoch < self.since:
            return
        self._count_entry(self.words.of_entry(entry, text), number)
        if len(entry.author) > 1:
            text = text.replace(entry.author, "-", 1)
        part = text.replace("\n", " ").encode("utf-8", "replace")[:MAX_LINE]
        self.tally.personal.search(decoded(part), without=frozenset({"email"}))

    def _count_entry(self, entry: Entry, number: int) -> None:
        tally = self.tally
        tally.span(entry.epoch, entry.epoch)
        tally.minutes.add(entry.epoch, entry.offset or 0)
        tally.offsets[entry.offset] += 1
        tally.timeline.see(self.file, (entry.epoch,), (number,), zoned=entry.offset is not None)
        tally.timeline.late(entry.epoch, self.written)
        if entry.category == "sign_in_failure":
            client = entry.client or entry.author
            tally.behaviour.failed_sign_in(client, entry.epoch, (self.file, number))
        if entry.numbered is not None:
            tally.order.see(entry.numbered, (self.file, number))
        if entry.author:
            tally.count_author(entry.author)
            if entry.kind.served and names_a_person(entry.author):
                asked = f"GET {entry.address}".encode()
                tally.readers.given(entry.author.encode(), asked, entry.epoch, (self.file, number))
            if tally.accounts.departures:
                tally.accounts.see(entry.author, entry.epoch, (self.file, number))
            if tally.accounts.wanted and entry.category in TAKEN and names_a_person(entry.author):
                tally.accounts.given(
                    entry.author, (entry.client,), entry.epoch, entry.offset, (self.file, number)
                )
        tally.single(entry.kind, entry.flags, entry.reference, (self.file, number))

    def _confirm(self, kind: DataKind, part: bytes) -> Iterator[str]:
        text = part.decode("utf-8", "replace")
        entry = self.parse(text, self.written)
        if entry is not None and len(entry.author) > 1:
            # Who did it is the purpose of a log: the author is not personal data too many.
            text = text.replace(entry.author, "-", 1)
        address = entry.address if entry is not None else ""
        for _, values in personal_values(text, frozenset({kind})):
            for value in values:
                if kind != "email" or value in decoded(address.encode()).decode("utf-8", "replace"):
                    yield value


_LEVEL_WORDS = frozenset(
    "INFO DEBUG TRACE NOTICE WARN WARNING ERROR ERR CRITICAL FATAL LOG GET POST PUT PATCH DELETE"
    " Traceback Exception Error".split()
)
_CAPITALISED = re.compile(r"(?<![^\W\d_])[^\W\d_a-z][^\W\d_]+")
_NAMED = re.compile(
    r"(?i)((?:user|login|acct|account|patient|nom|name|author|auteur)\w{0,12}[=: ]{1,2}[\"']?)\w+"
)


def masked(text: str) -> str:
    """Return a line as it may be shown: personal data, secrets and names masked, one line, cut.

    A word with a capital may be a name; what follows `user=` is one.
    """
    bare = _NAMED.sub(r"\1***", mask(text[:2_000]))
    hidden = _CAPITALISED.sub(lambda word: word[0] if word[0] in _LEVEL_WORDS else "***", bare)
    return printable(hidden, 160)
