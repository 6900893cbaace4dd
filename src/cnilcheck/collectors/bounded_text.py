"""Read a text file piece by piece: never more than a bound, never binary, never after a stop."""

from __future__ import annotations

import gzip
import io
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from cnilcheck.errors import Interrupted, Malformed, NotReadable

MAX_CHARACTERS = 200_000_000
MAX_LINE = 1_000_000
_HEAD = 65_536


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


class BoundedText:
    """A text that ends at its bound, and is refused where it turns out binary."""

    def __init__(self, stream: IO[str], stop: threading.Event | None = None) -> None:
        """Nothing has been read yet."""
        self._stream = stream
        self._stop = stop
        self._ahead = ""
        self._left = MAX_CHARACTERS

    def peek(self, size: int) -> str:
        """Return the next characters, as many as there are up to `size`, and leave them there."""
        if len(self._ahead) < size:
            self._ahead += self._next(size - len(self._ahead))
        return self._ahead[:size]

    def read(self, size: int) -> str:
        """Return some of the next characters, at most `size`; nothing at the end."""
        if self._ahead:
            text, self._ahead = self._ahead[:size], self._ahead[size:]
            return text
        return self._next(size)

    def lines(self) -> Iterator[str]:
        """Yield the lines with their ends; raises Malformed for one longer than the bound."""
        while line := self._line():
            if len(line) >= MAX_LINE:
                raise Malformed("a line is longer than a million characters")
            yield line

    def _line(self) -> str:
        end = self._ahead.find("\n") + 1
        if end:
            return self.read(end)
        start, self._ahead = self._ahead, ""
        return start + self._checked(self._stream.readline(min(self._left, MAX_LINE)))

    def _next(self, size: int) -> str:
        return self._checked(self._stream.read(min(size, self._left)))

    def _checked(self, text: str) -> str:
        if self._stop is not None and self._stop.is_set():
            raise Interrupted("stopped by the operator")
        if "\0" in text:
            raise Malformed("binary content: neither text, nor a dump written as text")
        self._left -= len(text)
        return text
