"""The workbook opens in a reader of another make, holds what the table holds, and computes nothing."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest

from cnilcheck.model.report import Finding, Report
from cnilcheck.model.words import Lang
from cnilcheck.renderers import csv_table, words, workbook

from .conftest import Sample


def opened(content: bytes) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


@pytest.mark.parametrize("lang", list(Lang))
def test_it_holds_the_rows_of_the_table(sample: Sample, lang: Lang) -> None:
    heads, *rows = opened(workbook.render(sample.report, lang, sample.collected, sample.sources))
    assert heads == [heading.to(lang) for heading in words.COLUMNS]
    expected = list(csv_table.rows(sample.report, lang, sample.sources))
    assert len(rows) == len(expected)
    for row, cells in zip(rows, expected, strict=True):
        for value, cell in zip(row, cells, strict=True):
            shown = value.date().isoformat() if isinstance(value, dt.datetime) else str(value or "")
            assert shown == cell


def test_the_same_report_gives_the_same_bytes(sample: Sample) -> None:
    first = workbook.render(sample.report, Lang.FR, sample.collected, sample.sources)
    assert first == workbook.render(sample.report, Lang.FR, sample.collected, sample.sources)


def test_nothing_a_server_sent_is_computed_or_linked(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    nasty = '=HYPERLINK("http://127.0.0.1/","x")'
    report = report_of(
        (made("1" * 16, nasty, target=nasty), made("2" * 16, "http://127.0.0.1/" + "a" * 3000)),
        sample.collected,
    )
    content = workbook.render(report, Lang.EN)
    _, first, _ = opened(content)
    assert nasty in first
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"hyperlink" not in sheet
