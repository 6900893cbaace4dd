"""The remediation report as one self-contained HTML page: no script, nothing remote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
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
    from jinja2 import Environment
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
    template = environment(templates_directory()).get_template("report.html.j2")
    page = page_of(report, lang, collected, sources, decisions, digests)
    return template.render(page=page, lang=lang.value, w=words.page(lang))


def environment(folder: Path) -> Environment:
    """Return the maker of pages: whatever a template prints is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["prose"] = _prose
    return made


def _prose(text: str) -> Markup:
    """Return escaped text in which what stands between backticks is code."""
    from markupsafe import Markup, escape

    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(p) if is_code else escape(p) for is_code, p in parts(text))
