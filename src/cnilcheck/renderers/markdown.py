"""The remediation report as GitHub-flavoured Markdown, without any HTML from the data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cnilcheck.model.decision import Decision
from cnilcheck.model.evidence import Collected
from cnilcheck.model.report import Report
from cnilcheck.model.words import Lang
from cnilcheck.renderers import words
from cnilcheck.renderers.arrange import Sources, page_of
from cnilcheck.renderers.harmless import parts
from cnilcheck.resources import templates_directory

if TYPE_CHECKING:
    from markupsafe import Markup


def render(
    report: Report,
    lang: Lang,
    collected: Collected | None = None,
    sources: Sources | None = None,
    decisions: Sequence[Decision] = (),
    digests: Mapping[str, str] | None = None,
) -> str:
    """Return the page; the same report gives the same bytes."""
    page = page_of(report, lang, collected, sources, decisions, digests)
    return print_template("report.md.j2", page=page, w=words.page(lang))


def print_template(name: str, **values: object) -> str:
    """Return what a template prints of the values, all of it escaped for Markdown."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(templates_directory()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Whatever a template prints is escaped, unless a filter below made it Markdown already.
        finalize=_finalize,
    )
    environment.filters |= {"code": _code, "fence": _fence}
    text = environment.get_template(name).render(values)
    lines = [_pipes(line) for line in re.sub(r"\n{3,}", "\n\n", text).strip().split("\n")]
    return "\n".join(lines) + "\n"


_SPECIAL = re.compile(r"([\\`*_{}\[\]|~#!$])")
# Addresses and @names would become links or call people: they are set as code.
_LINKLIKE = re.compile(r"(\S*(?:://|www\.|@)\S*)", re.IGNORECASE)
# A pipe of a code span, until it is known whether it stands in a table; no data holds this one.
_PIPE = "\ue000"
_BLOCK = re.compile(r"^(\d+)([.)])(?=\s|$)|^([-+=])")


def _finalize(value: object) -> Markup:
    from markupsafe import Markup

    if isinstance(value, Markup):
        return value
    text = str(value)
    escaped = "".join(_code(p) if is_code else _plain(p) for is_code, p in parts(text))
    return Markup(_BLOCK.sub(lambda m: f"{m[1] or ''}\\{m[2] or m[3]}", escaped))


def prose(text: str) -> str:
    """Return one line of text as Markdown that shows it, for fields of others that hold Markdown.

    What stands between backticks becomes code; nothing becomes a link, an image or HTML.
    """
    return _pipes(str(_finalize(text)))


def _pipes(line: str) -> str:
    # GitHub Flavored Markdown, Tables: inside a cell a pipe is escaped, also in code.
    return line.replace(_PIPE, r"\|" if line.startswith("|") else "|")


def _plain(text: str) -> str:
    pieces = _LINKLIKE.split(text)
    pieces[1::2] = [_code(piece) for piece in pieces[1::2]]
    pieces[::2] = [_escape(piece) for piece in pieces[::2]]
    return "".join(pieces)


def _escape(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", text)


def _code(text: str) -> Markup:
    """Return a code span that stays one, also in a table."""
    from markupsafe import Markup

    text = text.replace("|", _PIPE) or " "
    ticks = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return Markup(f"{ticks}{pad}{text}{pad}{ticks}")


def _fence(code: str) -> Markup:
    """Return a fenced block no line of the code can close."""
    from markupsafe import Markup

    ticks = "`" * max(3, max(map(len, re.findall("`+", code)), default=0) + 1)
    return Markup(f"{ticks}\n{code}\n{ticks}")
