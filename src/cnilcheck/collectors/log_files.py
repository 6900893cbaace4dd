"""The files of a log, plain or packed, as blocks of whole lines, in little memory whatever comes.

Packed files are told by their first bytes. A line longer than 64 KiB is cut, holes of zero bytes
are taken out and counted, and what unpacks to far more than a log does is refused.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import hashlib
import io
import lzma
import os
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

from cnilcheck.errors import InstrumentMissing, Malformed, NotReadable

BLOCK = 1 << 20
MAX_LINE = 65_536
_MAX_FILES = 2_000
_MAX_DEPTH = 12
# Logs pack to a hundredth at most; gzip's own limit is a thousandth.
_MAX_RATIO, _SURELY_FINE = 400, 256 << 20
_ROTATED = re.compile(r"(?:[.-]\d{1,3}|[.-]\d{8}(?:-?\d{2,10})?|[.-]\d{4}-\d\d-\d\d)$")
_PACKED = (".gz", ".xz", ".bz2", ".zst")
STDIN = "-"


def base_name(name: str) -> str:
    """Return the name of the log that a rotated file comes from."""
    for packed in _PACKED:
        name = name.removesuffix(packed)
    return _ROTATED.sub("", name) or name


def files_of(start: Path, pattern: str | None) -> list[Path]:
    """Return the files a pattern below a folder, or a folder, means; each file once.

    Links to folders are not followed. Raises NotReadable when there are none, or too many.
    """
    found = _matching(start, pattern) if pattern else _below(start)
    paths, seen = list[Path](), set[tuple[int, int]]()
    for path in islice(found, _MAX_FILES + 1):
        try:
            status = path.stat()
        except OSError:
            paths.append(path)
            continue
        if not stat.S_ISDIR(status.st_mode) and (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            paths.append(path)
    if len(paths) > _MAX_FILES:
        raise NotReadable(f"more than {_MAX_FILES} files")
    return sorted(paths)


def _matching(start: Path, pattern: str) -> Iterator[Path]:
    try:
        yield from start.glob(pattern)
    except (OSError, ValueError, NotImplementedError) as error:
        raise NotReadable(f"{pattern}: {error}") from None


def _below(folder: Path) -> Iterator[Path]:
    deepest = len(folder.parts) + _MAX_DEPTH
    for place, folders, names in os.walk(folder):
        here = Path(place)
        folders[:] = sorted(folders) if len(here.parts) < deepest else []
        yield from (here / name for name in sorted(names) if not name.startswith("."))


def modified(path: Path) -> float:
    """Return when a file was last written, 0 when that cannot be told."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def size(path: Path) -> int:
    """Return the size of a file, 0 when that cannot be told."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


@dataclass
class FileSeen:
    """What a file was when it was read: `digest` is of its bytes as stored, once all are read."""

    name: str
    written: int = 0
    size: int = 0
    lines: int = 0
    packed: bool = False
    holes: int = 0
    first_hole: int = 0
    cut: int = 0
    ends_in_line: bool = False
    changed: bool = False
    digest: str = ""
    read: int = 0

    def join(self, end: FileSeen) -> None:
        """Add what the end of the file is, that was read apart."""
        if end.holes and not self.holes:
            self.first_hole = self.lines + end.first_hole
        self.holes += end.holes
        self.lines += end.lines
        self.read += end.read
        self.cut += end.cut
        self.ends_in_line = end.ends_in_line


@dataclass
class Blocks:
    """Blocks of whole lines; iterate once. Notes what is odd about the file in `seen`.

    Who takes the blocks counts their lines, into `seen` too.
    """

    stream: IO[bytes]
    seen: FileSeen
    stored: _Counted
    head: bytes = b""
    verbatim: bool = False
    """Whether blocks come as they are stored: binary values among lines, which end anywhere."""
    until: int | None = None
    """After how many bytes to end; another reader has the line that goes on there."""
    _left: bytes = b""
    _skipping: bool = field(default=False, init=False)

    def __iter__(self) -> Iterator[bytes]:
        """Yield blocks that end with a newline; the last line is given one."""
        while chunk := self._next():
            if self.verbatim:
                yield chunk
                continue
            block = self._whole_lines(chunk)
            if block:
                yield block
        if self._left and self.until is None:
            self.seen.ends_in_line = True
            rest, self._left = self._left + b"\n", b""
            yield self._clean(rest)

    def _next(self) -> bytes:
        if self.head:
            chunk, self.head = self.head, b""
            return chunk
        left = BLOCK if self.until is None else self.until - self.seen.read
        chunk = self.stream.read(min(BLOCK, left))
        self.seen.read += len(chunk)
        most = max(_SURELY_FINE, _MAX_RATIO * self.stored.count)
        if self.seen.packed and self.seen.read > most:
            raise Malformed(f"{self.seen.name} unpacks to far more than a log does")
        return chunk

    def _whole_lines(self, chunk: bytes) -> bytes:
        if self._skipping:
            end = chunk.find(b"\n")
            if end < 0:
                return b""
            chunk, self._skipping = chunk[end:], False
        end = chunk.rfind(b"\n") + 1
        if not end:
            block, self._left = b"", self._left + chunk
        else:
            # One copy of what is read, not two.
            block = b"".join((self._left, memoryview(chunk)[:end]))
            self._left = chunk[end:]
        if len(self._left) > MAX_LINE:
            self.seen.cut += 1
            self._left, self._skipping = self._left[:MAX_LINE], True
        return self._clean(block) if block else b""

    def _clean(self, block: bytes) -> bytes:
        if b"\0" in block:
            runs = re.findall(rb"\0{16,}", block)
            if runs and not self.seen.holes:
                self.seen.first_hole = (
                    self.seen.lines + block.count(b"\n", 0, block.find(runs[0])) + 1
                )
            self.seen.holes += len(runs)
            block = block.replace(b"\0", b"")
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n")
        return self._cut_long(block)

    def _cut_long(self, block: bytes) -> bytes:
        place, pieces, kept = 0, list[bytes](), 0
        while len(block) - place > MAX_LINE:
            end = block.rfind(b"\n", place, place + MAX_LINE + 1)
            if end >= 0:
                place = end + 1
                continue
            self.seen.cut += 1
            pieces.append(block[kept : place + MAX_LINE])
            place = kept = block.find(b"\n", place + MAX_LINE)
        return b"".join((*pieces, block[kept:])) if pieces else block


class _Counted(io.RawIOBase):
    """A stream that counts and digests what is read from it, and ends where the file ended."""

    def __init__(self, file: IO[bytes], size: int | None) -> None:
        self._file, self._size = file, size
        self.count = 0
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, none past the size the file had when it was opened."""
        if self._size is not None:
            left = self._size - self.count
            size = left if size < 0 else min(size, left)
        data = self._file.read(size)
        self.count += len(data)
        self.digest.update(data)
        return data

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def opened(
    path: Path | None, name: str, stopped: Callable[[], bool] = lambda: False
) -> Iterator[Blocks]:
    """Open a log, or standard input without a path, and close it after.

    Standard input ends where `stopped` says so: who writes to it may have nothing more to say.

    Raises NotReadable for what is no plain file, Malformed for a damaged archive, InstrumentMissing
    for a packing whose library is not installed.
    """
    try:
        if path is None:
            stream = cast(IO[bytes], _Waiting(sys.stdin.buffer, stopped))
            yield _blocks(stream, FileSeen(name), None)
            return
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(handle, "rb", buffering=0) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise NotReadable(f"{name} is not a plain file")
            seen = FileSeen(name, int(found.st_mtime), found.st_size)
            blocks = _blocks(file, seen, found.st_size)
            yield blocks
            after = path.stat()
            seen.changed = (after.st_ino, after.st_size) != (found.st_ino, found.st_size)
            seen.digest = blocks.stored.digest.hexdigest()
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error):
        raise Malformed(f"{name} is a damaged archive") from None
    except OSError as error:
        raise NotReadable(f"{name}: {(error.strerror or 'unreadable').lower()}") from None


@contextmanager
def part_of(path: Path, seen: FileSeen, start: int, size: int) -> Iterator[Blocks]:
    """Open a plain log at the block that begins with the line `start` is in, until `size`.

    Raises OSError.
    """
    with path.open("rb", buffering=0) as file:
        file.seek(start - MAX_LINE)
        before = file.read(MAX_LINE)
        rest = _Counted(file, size - start)
        left = before[before.rfind(b"\n") + 1 :]
        yield Blocks(cast(IO[bytes], rest), seen, rest, _left=left)


def _blocks(file: IO[bytes], seen: FileSeen, size: int | None) -> Blocks:
    stored = _Counted(file, size)
    head = stored.read(BLOCK)
    stream = _unpacked(_Rejoined(head, stored), head, seen)
    blocks = Blocks(stream, seen, stored)
    blocks.head = blocks._next()
    if blocks.head.startswith(codecs.BOM_UTF8):
        blocks.head = blocks.head[3:]
    elif blocks.head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        blocks.stream = cast(IO[bytes], _Utf16(blocks.head, stream))
        blocks.head = b""
        blocks.head = blocks._next()
    return blocks


class _Waiting(io.RawIOBase):
    """Standard input, read as it comes."""

    def __init__(self, file: IO[bytes], stopped: Callable[[], bool]) -> None:
        self._file, self._stopped = file, stopped

    def read(self, size: int = -1) -> bytes:
        """Return what has come, at most `size` bytes; none at the end."""
        if sys.platform != "win32":
            import select

            while not select.select([self._file], [], [], 0.2)[0]:
                if self._stopped():
                    return b""
        return os.read(self._file.fileno(), BLOCK if size < 0 else size)


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, rest: _Counted) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        if self._head:
            taken = self._head if size < 0 else self._head[:size]
            self._head = self._head[len(taken) :]
            return taken
        return self._rest.read(size)

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Utf16(io.RawIOBase):
    """UTF-16, as Windows exports its logs, read as UTF-8."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest = head, rest
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")

    def read(self, size: int = -1) -> bytes:
        """Return some of the text."""
        data = self._head or self._rest.read(size)
        self._head = b""
        return self._decoder.decode(data, final=not data).encode("utf-8", "replace")


def _unpacked(raw: _Rejoined, head: bytes, seen: FileSeen) -> IO[bytes]:
    seen.packed = True
    if head.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.GzipFile(fileobj=cast(IO[bytes], raw)))
    if head.startswith(b"\xfd7zXZ\0"):
        return cast(IO[bytes], lzma.LZMAFile(cast(IO[bytes], raw)))
    if head.startswith(b"BZh"):
        return cast(IO[bytes], bz2.BZ2File(cast(IO[bytes], raw)))
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return _zstandard(raw, seen.name)
    seen.packed = False
    return cast(IO[bytes], raw)


def _zstandard(raw: _Rejoined, name: str) -> IO[bytes]:
    try:
        import zstandard
    except ImportError:
        advice = 'pip install "cnilcheck[logs]"'
        raise InstrumentMissing(f"{name} is packed with zstd ({advice})") from None
    start = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj
    return cast(IO[bytes], _Zstandard(raw, start, zstandard.ZstdError))


class _Zstandard(io.RawIOBase):
    """A zstd stream, of several frames or one; its damage is an EOFError, as of other packings."""

    def __init__(self, raw: _Rejoined, start: Callable[[], Any], damage: type[Exception]) -> None:
        self._raw, self._start, self._damage = raw, start, damage
        self._frame = start()
        self._begun, self._ready = False, bytearray()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes unpacked."""
        while len(self._ready) < size or size < 0:
            # A few bytes may unpack to a hundred thousand.
            packed = self._raw.read(512)
            if not packed:
                if self._begun:
                    raise EOFError
                break
            self._unpack(packed)
        taken = bytes(self._ready[:size] if size >= 0 else self._ready)
        del self._ready[: len(taken)]
        return taken

    def _unpack(self, packed: bytes) -> None:
        try:
            while packed:
                self._ready += self._frame.decompress(packed)
                self._begun = not self._frame.eof
                packed = self._frame.unused_data if self._frame.eof else b""
                if self._frame.eof:
                    self._frame = self._start()
        except self._damage:
            raise EOFError from None
