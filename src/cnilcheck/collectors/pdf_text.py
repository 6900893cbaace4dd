"""What the pages of a PDF show, read from its streams: no renderer, nothing executed, bounded.

ISO 32000-1: 9.4.3 for the operators that show text, 9.10.3 for the maps from codes to characters
that fonts of many characters carry along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from cnilcheck.collectors.transport import inflate

_STREAM = re.compile(rb"stream\r?\n")
_STREAM_BYTES = 262_144
_MOST_STREAMS = 400
_MOST_BYTES = 8 * 1024 * 1024
_MOST_MAPS = 12
_MOST_CODES = 4096
_TEXT = re.compile(
    rb"\[(?:[^\[\]()]|\((?:[^()\\]|\\.){0,2000}\)){0,2000}\]\s*TJ|\((?:[^()\\]|\\.){0,2000}\)\s*(?:Tj|')"
)
_HEX_TEXT = re.compile(rb"\[([^\[\]]{2,8000})\]\s*TJ|(<[0-9A-Fa-f\s]{2,4000}>)\s*(?:Tj|')")
_HEX = re.compile(rb"<([0-9A-Fa-f\s]{2,4000})>")
_SINGLE = re.compile(rb"<([0-9A-Fa-f]{2,4})>\s*<([0-9A-Fa-f]{4,16})>")
_RANGE = re.compile(rb"<([0-9A-Fa-f]{2,4})>\s*<([0-9A-Fa-f]{2,4})>\s*<([0-9A-Fa-f]{4,8})>")
_LISTED = re.compile(
    rb"<([0-9A-Fa-f]{2,4})>\s*<[0-9A-Fa-f]{2,4}>\s*\[((?:\s*<[0-9A-Fa-f]{4,16}>){1,256})\s*\]"
)
_KNOWN_SHARE = 0.8


def shown_text(body: bytes) -> bytes:
    """Return the lines a PDF shows, in UTF-8 where a map tells, else as they are written."""
    contents, maps = list[bytes](), list[dict[str, str]]()
    for stream in _inflated(body):
        if b"beginbf" in stream and len(maps) < _MOST_MAPS:
            maps.append(_codes(stream))
        else:
            contents.append(stream)
    lines = [line for stream in contents for line in _literal(stream)]
    coded = [codes for stream in contents for codes in _coded(stream)]
    for known in {tuple(sorted(m.items())): m for m in maps if m}.values():
        lines += [line.encode() for codes in coded if (line := _decoded(codes, known))]
    return b"\n".join(lines)


def _inflated(body: bytes) -> Iterator[bytes]:
    total = 0
    for part in islice(_streams(body), _MOST_STREAMS):
        # A stream that is no deflate is left as it is: it may lie open.
        stream = inflate(part, _STREAM_BYTES, 15) or part[:_STREAM_BYTES]
        total += len(stream)
        if total > _MOST_BYTES:
            return
        yield stream


def _streams(body: bytes) -> Iterator[bytes]:
    """Yield what stands between `stream` and `endstream`; the last one may be cut off."""
    place = 0
    while (start := _STREAM.search(body, place)) is not None:
        end = body.find(b"endstream", start.end())
        yield body[start.end() : end if end >= 0 else len(body)]
        if end < 0:
            return
        place = end + len(b"endstream")


def _literal(stream: bytes) -> Iterator[bytes]:
    """Yield the lines written as text: Tj shows one, TJ one cut up for its spacing."""
    for match in _TEXT.finditer(stream):
        pieces = re.findall(rb"\(((?:[^()\\]|\\.){0,2000})\)", match[0])
        yield re.sub(rb"\\([()\\])", rb"\1", b"".join(pieces))


def _coded(stream: bytes) -> Iterator[str]:
    """Yield the lines written as codes of a font, in hexadecimal."""
    for match in _HEX_TEXT.finditer(stream):
        pieces = _HEX.findall(match[1] or match[2])
        codes = re.sub(rb"\s", b"", b"".join(pieces)).decode().lower()
        if codes:
            yield codes


def _codes(stream: bytes) -> dict[str, str]:
    known = dict[str, str]()
    for kind, inside in _sections(stream):
        if kind == b"c":
            for code, text in _SINGLE.findall(inside):
                known[code.decode().lower()] = _utf16(text)
            continue
        for first, texts in _LISTED.findall(inside):
            for place, text in enumerate(_HEX.findall(texts)):
                known[f"{int(first, 16) + place:0{len(first)}x}"] = _utf16(text)
        for first, last, text in _RANGE.findall(_LISTED.sub(b"", inside)):
            low, high, start = int(first, 16), int(last, 16), int(text, 16)
            for code in range(low, min(high, low + 255) + 1):
                if len(known) < _MOST_CODES and start + code - low < 0x10000:
                    known[f"{code:0{len(first)}x}"] = chr(start + code - low)
    return known


def _sections(stream: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield what stands between `beginbfchar` or `beginbfrange` and its end, and which it is."""
    place = 0
    while (start := stream.find(b"beginbf", place)) >= 0:
        place = stream.find(b"endbf", start)
        if place < 0:
            return
        yield stream[start + 7 : start + 8], stream[start + 8 : place]


def _utf16(text: bytes) -> str:
    return bytes.fromhex(text.decode()).decode("utf-16-be", "replace")


def _decoded(codes: str, known: dict[str, str]) -> str:
    """Return the text, or nothing when the codes are of another font."""
    width = max(map(len, known))
    read = [known.get(codes[n : n + width]) for n in range(0, len(codes), width)]
    told = [character for character in read if character is not None]
    return "".join(told) if len(told) >= len(read) * _KNOWN_SHARE else ""
