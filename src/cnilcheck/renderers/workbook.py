"""The findings as a workbook: the same rows as the table, with real dates and no formula."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cnilcheck.model.evidence import Collected
from cnilcheck.model.report import Report
from cnilcheck.model.rule import Source
from cnilcheck.model.words import Lang
from cnilcheck.renderers import words
from cnilcheck.renderers.csv_table import rows

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_WIDTHS = (7, 18, 16, 11, 14, 38, 24, 30, 48, 11, 48, 36, 10, 12, 12, 9, 40, 40, 14, 14, 14, 26)
# Excel takes no more in one cell.
_LONGEST = 32_767


def render(
    report: Report,
    lang: Lang,
    collected: Collected | None = None,
    sources: Mapping[str, Source] | None = None,
) -> bytes:
    """Return the workbook; the same report gives the same bytes."""
    from xlsxwriter.workbook import Workbook

    stream = io.BytesIO()
    # Text stays text: no formula, no link, no number is made of what a server sent.
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False,
    }  # fmt: skip
    with Workbook(stream, options) as book:
        created = dt.datetime.combine(report.as_of, dt.time(), dt.UTC)
        book.set_properties({"title": words.PAGE["plan"].to(lang), "created": created})
        sheet = book.add_worksheet(words.PAGE["plan"].to(lang)[:31])
        _fill(book, sheet, report, lang, sources)
    return stream.getvalue()


def _fill(
    book: Workbook,
    sheet: Worksheet,
    report: Report,
    lang: Lang,
    sources: Mapping[str, Source] | None,
) -> None:
    bold = book.add_format({"bold": True, "text_wrap": True, "bottom": 1, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    day = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top"})
    for column, heading in enumerate(words.COLUMNS):
        sheet.set_column(column, column, _WIDTHS[column])
        sheet.write_string(0, column, heading.to(lang), bold)
    last = 0
    for last, cells in enumerate(rows(report, lang, sources), 1):
        for column, cell in enumerate(cells):
            _write(sheet, last, column, cell, day, wrapped)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last, len(words.COLUMNS) - 1)


def _write(sheet: Worksheet, row: int, column: int, cell: str, day: Any, wrapped: Any) -> None:
    heading = words.COLUMNS[column]
    if cell and heading in (words.START, words.END):
        when = dt.datetime.combine(dt.date.fromisoformat(cell), dt.time())
        sheet.write_datetime(row, column, when, day)
    elif cell and heading is words.ORDER:
        sheet.write_number(row, column, int(cell), wrapped)
    else:
        sheet.write_string(row, column, cell[:_LONGEST], wrapped)
