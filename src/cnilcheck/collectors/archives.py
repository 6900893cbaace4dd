"""The text inside archives, and in the archives inside those: bounded in size, number and depth."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

from cnilcheck.collectors.transport import inflate

_DEEPEST = 2
_MOST_MEMBERS = 200
_TEXT_MEMBER = re.compile(
    r"(?i)\.(?:csv|tsv|txt|sql|xml|json|jsonl|php|inc|ya?ml|ini|conf|env|log|hl7|html?|md|bak|old)$"
    r"|(?:^|/)\.env"
)
_PACKED_MEMBER = re.compile(r"(?i)\.(?:zip|gz|tgz|tar|xlsx|xlsm|docx|pptx|ods|odt)$")


def is_tar(body: bytes) -> bool:
    """Return whether the content begins as a tar archive does (POSIX.1-1988 `ustar`)."""
    return body[257:262] == b"ustar"


def unpacked(body: bytes, limit: int) -> bytes:
    """Return the text of all members, at most `limit` bytes inflated, two archives deep.

    Encrypted members and those that look like no text are left out.
    """
    return b"\n".join(_Unpacking(limit).texts(body, 0))


@dataclass
class _Unpacking:
    left: int
    members: int = _MOST_MEMBERS

    def texts(self, body: bytes, depth: int) -> Iterator[bytes]:
        """Yield the texts of an archive, or the content itself when it is none."""
        if body.startswith(b"\x1f\x8b"):
            inside = (inflate(body, self.left) or b"")[: self.left]
            self.left -= len(inside)
            if depth < _DEEPEST and (is_tar(inside) or inside.startswith(b"PK\x03\x04")):
                yield from self.texts(inside, depth + 1)
            else:
                yield inside
        elif body.startswith(b"PK\x03\x04"):
            yield from self._of(_zipped(body), depth)
        elif is_tar(body):
            yield from self._of(_taped(body), depth)

    def _of(
        self, members: Iterator[tuple[str, Callable[[int], bytes]]], depth: int
    ) -> Iterator[bytes]:
        for name, data in islice(members, _MOST_MEMBERS):
            if self.left <= 0 or self.members <= 0:
                return
            self.members -= 1
            if _TEXT_MEMBER.search(name):
                part = data(self.left)
                self.left -= len(part)
                yield re.sub(rb"<[^<>]{0,200}>", b"\n", part)
            elif _PACKED_MEMBER.search(name) and depth < _DEEPEST:
                part = data(self.left)
                self.left -= len(part)
                yield from self.texts(part, depth + 1)


def _zipped(body: bytes) -> Iterator[tuple[str, Callable[[int], bytes]]]:
    """Yield each member of a ZIP file by its own header: the list at the end may be cut off.

    Encrypted members are left out (bit 0 of the flags; APPNOTE 4.3.7).
    """
    place = 0
    while (place := body.find(b"PK\x03\x04", place)) >= 0 and place + 30 <= len(body):
        flags, method = struct.unpack_from("<HH", body, place + 6)
        packed, _, named, extra = struct.unpack_from("<IIHH", body, place + 18)
        name = body[place + 30 : place + 30 + named].decode("utf-8", "replace")
        start = place + 30 + named + extra
        # Bit 3: the size stands behind the data; deflate knows its own end.
        end = start + packed if packed and not flags & 8 else len(body)
        if not flags & 1 and method in (0, 8):
            yield name, partial(_member, body[start:end], method)
        place = end if end < len(body) else start


def _member(data: bytes, method: int, limit: int) -> bytes:
    return (inflate(data, limit, -15) or b"")[:limit] if method == 8 else data[:limit]


def _taped(body: bytes) -> Iterator[tuple[str, Callable[[int], bytes]]]:
    """Yield each file of a tar archive; headers are blocks of 512 bytes, sizes octal."""
    place = 0
    while place + 512 <= len(body):
        head = body[place : place + 512]
        size = re.match(rb"\s*([0-7]{1,11})", head[124:136])
        if size is None:
            return
        length, start = int(size[1], 8), place + 512
        if head[156:157] in (b"0", b"\x00"):
            name = head[:100].split(b"\x00")[0].decode("utf-8", "replace")
            yield name, partial(_member, body[start : start + length], 0)
        place = start + (length + 511) // 512 * 512
