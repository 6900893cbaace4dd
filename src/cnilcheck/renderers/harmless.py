"""Text from outside, made safe to show: one line, bounded, nothing that moves the cursor."""

from __future__ import annotations

import re
import unicodedata

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_STACKED = re.compile(r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]{3})"
                      r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]+")  # fmt: skip


def harmless(text: str, limit: int = 400) -> str:
    """Return one line without control, direction-changing or invisible characters.

    They become “�”; at most three accents stay on one letter; what is longer than `limit` is cut.
    """
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    line = " ".join(re.split(r"[\t\n\r\f\v ]+", cut)).strip(" ")
    if line.isascii() and line.isprintable():
        return line
    return _STACKED.sub(r"\1", "".join(map(_visible, line)))


def harmless_lines(text: str, limit: int = 4000) -> str:
    """Return several lines, each harmless and with its indentation kept; for code."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    lines = cut.replace("\r\n", "\n").expandtabs(4).rstrip().split("\n")
    return "\n".join("".join(map(_visible, line)) for line in lines)


def _visible(character: str) -> str:
    return "�" if unicodedata.category(character) in _HIDDEN else character


_CODE = re.compile(r"`([^`]+)`")


def parts(text: str) -> list[tuple[bool, str]]:
    """Return the text in order, as (is code, words): what stands between backticks is code."""
    pieces = _CODE.split(text)
    return [(n % 2 == 1, piece) for n, piece in enumerate(pieces) if piece]
