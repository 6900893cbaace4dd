"""Read a sample of stored passwords and say what they are made of; no value ever leaves."""

from __future__ import annotations

import csv
import difflib
import gzip
import io
import re
import stat
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

from cnilcheck import __version__
from cnilcheck.collectors.base import Seen, Sighting, Task, Tools
from cnilcheck.collectors.password_formats import (
    CLEAR,
    DERIVED_OR_DIGEST,
    EMPTY,
    LOCKED,
    UNRECOGNISED,
    Kind,
    identify,
    known,
    settle,
)
from cnilcheck.errors import CollectionError, Interrupted, Malformed, NotReadable
from cnilcheck.model.facts import Fact, HashGroup, PasswordHashes
from cnilcheck.model.personal_data import printable
from cnilcheck.model.scope import PasswordSample, Scope
from cnilcheck.model.words import Method

_MAX_ROWS = 1_000_000
_MAX_CHARACTERS = 200_000_000
_MAX_LINE = 1_000_000
_HEAD = 65_536
_DELIMITERS = ";,\t|"
_SALT_COLUMN = re.compile(
    r"(?i)(?:.*[_ .-])?(?:salt|sel|salage|iterations?|rounds|kdf)(?:[_ .-].*)?"
)


class PasswordSamples:
    """Recognises the functions behind a sample of stored passwords by their shape."""

    name = "password-samples"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (PasswordHashes,)
    asks = "sources.password_samples"

    def version(self) -> str:
        """Return the version of cnilcheck, which holds the table of formats."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return one task per sample."""
        samples = scope.sources.password_samples
        return tuple(Task(sample.path, _location(sample), sample) for sample in samples)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what the values of one sample are made of."""
        sample: PasswordSample = task.subject
        what = f"read stored passwords at {task.location}"
        try:
            with open_text(tools.path(sample.path)) as stream:
                fact = _summary(_values(stream, sample.column), tools)
        except CollectionError as error:
            tools.journal.write(task.target, self.name, what, str(error))
            raise
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise Malformed("the compressed file is damaged") from None
        except csv.Error as error:
            raise Malformed(f"not a CSV file: {error}") from None
        tools.journal.write(task.target, self.name, what, f"{fact.total} values")
        yield Seen(task.location, fact)


def _location(sample: PasswordSample) -> str:
    return f"{sample.path}:{sample.column}" if sample.column else sample.path


def open_text(path: Path) -> IO[str]:
    """Return the file as text, gzip undone; UTF-8 or UTF-16 when it is, otherwise Latin-1.

    Raises NotReadable when it is absent, may not be read, or is no ordinary file.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise NotReadable(f"{path.name} is not an ordinary file")
        raw = path.open("rb")
    except OSError as error:
        raise NotReadable(f"{path.name}: {error.strerror}") from None
    packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    content: IO[bytes] = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw
    head = content.read(_HEAD)
    content.seek(0)
    return io.TextIOWrapper(content, encoding=_encoding(head), errors="replace", newline="")


def _encoding(head: bytes) -> str:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        head[: max(0, len(head) - 4)].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 8:
            return "latin-1"
    return "utf-8-sig"


def _lines(stream: IO[str]) -> Iterator[str]:
    read = 0
    while (line := stream.readline(_MAX_LINE)) and read < _MAX_CHARACTERS:
        if len(line) >= _MAX_LINE:
            raise Malformed("a line is longer than a million characters")
        if "\0" in line:
            raise Malformed("binary content: neither a CSV file nor one password per line")
        read += len(line)
        yield line


def _values(stream: IO[str], column: str | None) -> Iterator[Kind | tuple[Kind, int]]:
    """Yield each stored password's kind, with a number equal only for equal values."""
    lines = _lines(stream)
    first = next(lines, None)
    if first is None:
        raise Malformed("the file is empty")
    if column is None:
        yield from _one_per_line(_chain(first, lines))
    else:
        yield from _one_column(first, lines, column)


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _one_per_line(lines: Iterable[str]) -> Iterator[Kind | tuple[Kind, int]]:
    for number, line in enumerate(lines):
        text = line.rstrip("\r\n")
        if number == 0:
            _refuse_table(text)
        if text.strip() and not (number == 0 and text.strip().lower() in _TITLES):
            yield _kind(_stored_part(text))


_TITLES = frozenset("password passwd pwd hash password_hash mot_de_passe motdepasse mdp".split())


def _refuse_table(first: str) -> None:
    for delimiter in _DELIMITERS:
        titles = {cell.strip(' "').lower() for cell in first.split(delimiter)}
        if len(titles) > 1 and titles & _TITLES:
            name = sorted(titles & _TITLES)[0]
            raise Malformed(f"a table with several columns: name one, such as `column: {name}`")


def _stored_part(line: str) -> str:
    """Return the stored password of a line: all of it, or what stands after `user:`."""
    if ":" not in line or known(line.strip()):
        return line
    user, value, *rest = line.split(":")
    if len(rest) >= 2 and value.isdigit() and re.fullmatch(r"[0-9A-Fa-f]{32}", rest[1]):
        return rest[1]  # pwdump: user, number, LM hash, NT hash
    if value == "x" and rest:
        return ""  # passwd(5): the password is in the shadow file
    # Formats that hold colons themselves stand whole after the user.
    whole = line.removeprefix(f"{user}:")
    return whole if known(whole.strip()) else value


def _one_column(first: str, lines: Iterator[str], column: str) -> Iterator[Kind | tuple[Kind, int]]:
    delimiter = _delimiter(first, column)
    rows = csv.reader(_chain(first, lines), delimiter=delimiter)
    header = [name.strip() for name in next(rows)]
    index = _index(header, column)
    salted_elsewhere = any(
        _SALT_COLUMN.fullmatch(name) for place, name in enumerate(header) if place != index
    )
    for row in rows:
        if row:
            yield _kind(row[index] if index < len(row) else "", salted_elsewhere)


def _delimiter(first: str, column: str) -> str:
    def fits(delimiter: str) -> tuple[bool, int]:
        cells = [cell.strip(' "\r\n').casefold() for cell in first.split(delimiter)]
        return column.strip().casefold() in cells, len(cells)

    return max(_DELIMITERS, key=fits)


def _index(header: list[str], column: str) -> int:
    if column in header:
        return header.index(column)
    folded = [name.casefold() for name in header]
    wanted = column.strip().casefold()
    if wanted in folded:
        return folded.index(wanted)
    near = difflib.get_close_matches(wanted, folded, n=1, cutoff=0.5)
    # A file without a header begins with somebody's data: only what looks like a name is shown.
    if near and re.fullmatch(r"[^\W\d][\w -]{0,40}", near[0]) and identify(near[0]) == Kind(CLEAR):
        hint = f"the nearest is `{printable(header[folded.index(near[0])])}`"
    else:
        hint = f"none of the {len(header)} of the first line is near"
    raise Malformed(f"no column `{column}`; {hint}")


def _kind(value: str, salted_elsewhere: bool = False) -> Kind | tuple[Kind, int]:
    kind = identify(value)
    if kind.function in (EMPTY, LOCKED):
        return kind
    if salted_elsewhere and not kind.salted and kind.function != CLEAR:
        derived = kind.function in DERIVED_OR_DIGEST
        kind = Kind(UNRECOGNISED) if derived else kind._replace(salted=True)
    # Python's own hash is keyed anew in each process: nothing of the value can be told from it.
    return kind, hash(value.strip())


def _summary(values: Iterable[Kind | tuple[Kind, int]], tools: Tools) -> PasswordHashes:
    counts = Counter[Kind]()
    digests = array("q")
    for total, item in enumerate(values):
        if total % 10_000 == 0 and tools.stop.is_set():
            raise Interrupted("stopped by the operator")
        if total >= _MAX_ROWS:
            break
        if isinstance(item, Kind):
            counts[item] += 1
        else:
            counts[item[0]] += 1
            digests.append(item[1])
    if not counts:
        raise Malformed("the file holds no stored password")
    groups = sorted(settle(counts.items()).items(), key=lambda pair: (-pair[1], pair[0]))
    return PasswordHashes(
        total=counts.total(),
        groups=tuple(HashGroup(k.function, n, k.salted, dict(k.parameters)) for k, n in groups),
        repeated=sum(n for n in Counter(digests).values() if n > 1),
    )
