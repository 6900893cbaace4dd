"""The remediation report as a tagged PDF (PDF/UA-1), set by typst; nothing is fetched."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from cnilcheck.errors import UsageError
from cnilcheck.model.decision import Decision
from cnilcheck.model.evidence import Collected
from cnilcheck.model.report import Report
from cnilcheck.model.words import Lang
from cnilcheck.renderers import words
from cnilcheck.renderers.arrange import Sources, page_of
from cnilcheck.resources import templates_directory


def require() -> None:
    """Raise UsageError, with what to install, when PDF cannot be written here."""
    from importlib.util import find_spec

    for name in ("typst", "pikepdf"):
        if find_spec(name) is None:
            why = f"--format pdf: {name} is not installed"
            raise UsageError(why, "pip install 'cnilcheck[pdf]'")


def render(
    report: Report,
    lang: Lang,
    collected: Collected | None = None,
    sources: Sources | None = None,
    decisions: Sequence[Decision] = (),
    digests: Mapping[str, str] | None = None,
) -> bytes:
    """Return the document; the same report gives the same bytes."""
    require()
    import typst

    page = page_of(report, lang, collected, sources, decisions, digests)
    data = {"lang": lang.value, "w": words.page(lang), "page": _printable(asdict(page))}
    folder = templates_directory()
    noon = dt.datetime.combine(report.as_of, dt.time(12), dt.UTC)
    document: bytes = typst.compile(
        folder / "report.typ",
        root=folder,
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False, sort_keys=True)},
        pdf_standards="ua-1",
        timestamp=noon,
    )
    return _packed(document)


def _packed(document: bytes) -> bytes:
    """Return the same document with its small objects compressed together.

    typst writes each of the thousands of tags of an accessible document in clear: two thirds of
    the file.
    """
    import io

    import pikepdf

    packed = io.BytesIO()
    with pikepdf.open(io.BytesIO(document)) as pdf:
        pdf.save(
            packed, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True
        )
    return packed.getvalue()


# A word that nothing in it allows to break would run off the page.
_LONG = re.compile(r"[^\s/\u200b]{48}(?=[^\s/\u200b])")


def _printable(value: Any) -> Any:
    match value:
        case str():
            return _LONG.sub(lambda word: word[0] + "\u200b", value)
        case dict():
            return {key: _printable(item) for key, item in value.items()}
        case list() | tuple():
            return [_printable(item) for item in value]
    return value
