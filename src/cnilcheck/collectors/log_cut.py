"""Lines cut into columns at their quotes and spaces, a block at a time, or not at all.

Splitting a whole block is several times faster than a pattern, and safe only where each line has
exactly the quotes and the spaces of its format: that is proved for the block before a column of
it is handed out. A block with one odd line is left to the patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cnilcheck.collectors.log_events import SAME_DIGITS

_NEITHER_SPACE_NOR_END = bytes(n for n in range(256) if n not in b" \n")
_STAMP = re.compile(rb"\[\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d")
_STATUS = re.compile(rb"\d\d\d")


@dataclass(frozen=True)
class Word:
    """What stands between two spaces: the same text in all lines, or a field, named or not."""

    text: bytes | None = None
    role: str | None = None


@dataclass(frozen=True)
class Rows:
    """The columns of a block, one value per line; `stamps` are `[03/Nov/2026:10:00:59`."""

    columns: dict[str, Sequence[bytes]]
    stamps: list[bytes]
    zone: bytes


@dataclass(frozen=True)
class Cut:
    """A format as words outside of quotes, and fields in quotes.

    `around` are the words of a line with all from its first quote to its last as one word;
    `between` are those between one quoted field and the next.
    """

    around: tuple[Word, ...]
    between: tuple[tuple[Word, ...], ...]
    quoted: tuple[str | None, ...]

    def rows(self, block: bytes) -> Rows | None:
        """Return the columns of a block that ends with a newline; None where a line is odd."""
        if b"\\" in block and b'\\"' in block:
            return None
        count, quotes = block.count(b"\n"), 2 * len(self.quoted)
        parts = block.split(b'"')
        if not count or len(parts) != quotes * count + 1:
            return None
        columns = dict[str, list[bytes]]()
        texts = [b'"'.join(parts[::quotes])[:-1]]
        texts += [b"\n".join(parts[n::quotes]) for n in range(2, quotes, 2)]
        for text, words in zip(texts, (self.around, *self.between), strict=True):
            found = _columns(text, words, count)
            if found is None:
                return None
            columns.update(found)
        for n, role in enumerate(self.quoted):
            if role is not None:
                columns[role] = parts[1 + 2 * n :: quotes]
        return _checked(columns, count)


def _columns(text: bytes, words: tuple[Word, ...], count: int) -> dict[str, list[bytes]] | None:
    """Return the named words of lines that a newline stands between; None where a line is odd."""
    step = len(words) - 1
    if step == 0:
        same = text == b"\n".join([words[0].text or b""] * count)
        return {} if same else None
    pieces = text.split(b" ")
    if len(pieces) != count * step + 1:
        return None
    ends = _ends(pieces[::step], words[0].text, words[-1].text, count)
    if ends is None:
        return None
    found = dict[str, list[bytes]]()
    for n, word in enumerate(words):
        if n in (0, step) and word.text is not None:
            continue
        column = ends[n // step] if n in (0, step) else pieces[n::step]
        if b"" in column if word.text is None else column.count(word.text) != count:
            return None
        if word.role is not None:
            found[word.role] = column
    return found


def _ends(
    edges: list[bytes], first: bytes | None, last: bytes | None, count: int
) -> tuple[list[bytes], list[bytes]] | None:
    """Return the first and the last word of each line, from the pieces that ends of lines are in.

    None unless each piece but the first and the last of them holds just one newline.
    """
    if last is None:
        text = b" ".join(edges)
        ends = text.translate(None, _NEITHER_SPACE_NOR_END)
        words = text.replace(b"\n", b" ").split(b" ")
        known = first is None or words[::2].count(first) == count
        return (words[::2], words[1::2]) if known and ends == b" \n" * (count - 1) + b" " else None
    if edges[-1] != last:
        return None
    if first is not None:
        same = edges[0] == first and edges.count(last + b"\n" + first) == count - 1
        return ([], []) if same else None
    words = b" ".join(edges[:-1]).split(b" " + last + b"\n")
    whole = len(words) == count and b"\n" not in words[0]
    return (words, []) if whole and b" " not in b"".join(words) else None


def _checked(columns: dict[str, list[bytes]], count: int) -> Rows | None:
    stamps, zones = columns.pop("stamp"), columns.pop("zone")
    first = stamps[0]
    if zones.count(zones[0]) != count or zones[0][-1:] != b"]" or not _STAMP.fullmatch(first):
        return None
    if b"".join(stamps).translate(SAME_DIGITS) != first.translate(SAME_DIGITS) * count:
        return None
    if b"[" in b"".join(columns.get("user", ())):
        return None
    if not all(map(_STATUS.fullmatch, set(columns["status"]))):
        return None
    return Rows({**columns}, stamps, zones[0][:-1])


def cut_at(pieces: Sequence[bytes | Word]) -> Cut | None:
    """Return how lines of these texts and fields are cut; None for a format that cannot be.

    A time is a word `stamp` after `[`, a space, and a word `zone` before `]`.
    """
    spans = [list[bytes | Word]()]
    for piece in pieces:
        if isinstance(piece, Word):
            spans[-1].append(piece)
            continue
        for n, part in enumerate(piece.split(b'"')):
            if n:
                spans.append([])
            spans[-1] += [part] if part else []
    around = [_words(span) for span in spans[::2]]
    quoted = [span[0] if len(span) == 1 else None for span in spans[1::2]]
    if len(spans) < 3 or len(spans) % 2 == 0 or not all(around):
        return None
    head, *between, tail = (tuple(words or ()) for words in around)
    fields = tuple(one.role for one in quoted if isinstance(one, Word))
    roles = {word.role for words in (head, *between, tail) for word in words} | set(fields)
    if len(fields) < len(quoted) or not {"stamp", "zone", "status"} <= roles:
        return None
    if head[-1].text != b"" or tail[0].text != b"":
        return None
    return Cut((*head[:-1], Word(b'"'), *tail[1:]), tuple(between), fields)


def _words(span: Sequence[bytes | Word]) -> list[Word] | None:
    """Return what stands between the spaces of a text with fields; None for two in a word."""
    words = [list[bytes | Word]()]
    for piece in span:
        if isinstance(piece, Word):
            words[-1].append(piece)
            continue
        for n, part in enumerate(piece.split(b" ")):
            if n:
                words.append([])
            words[-1] += [part] if part else []
    read = list(_read(words))
    return read if len(read) == len(words) else None


def _read(words: Sequence[Sequence[bytes | Word]]) -> Iterator[Word]:
    for word in words:
        match word:
            case []:
                yield Word(b"")
            case [bytes(text)]:
                yield Word(text)
            case [Word(role=role) as one] if role not in ("stamp", "zone"):
                yield one
            case [b"[", Word(role="stamp") as one] | [Word(role="zone") as one, b"]"]:
                yield one
