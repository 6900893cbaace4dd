"""The report as a PDF: tagged, the same bytes each time, and no word of it is ever markup."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from cnilcheck.errors import UsageError
from cnilcheck.model.words import Lang
from cnilcheck.renderers import pdf

if TYPE_CHECKING:
    from conftest import Sample


def test_without_typst_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(UsageError, match=r"pip install 'cnilcheck\[pdf\]'"):
        pdf.require()


@pytest.fixture(params=["sample", "hostile", "empty", "conform"])
def any_sample(request: pytest.FixtureRequest) -> Sample:
    pytest.importorskip("typst")
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("lang", list(Lang))
def test_the_document_is_tagged_and_says_its_language(any_sample: Sample, lang: Lang) -> None:
    content = pdf.render(any_sample.report, lang, any_sample.collected, any_sample.sources)
    assert content.startswith(b"%PDF-1.7")
    assert b"/MarkInfo" in content
    assert f"/Lang({lang.value})".encode() in content.replace(b"/Lang (", b"/Lang(")
    assert b"pdfuaid:part" in content
    assert not re.search(rb"/(JavaScript|Launch|EmbeddedFile)\b", content)


def test_the_same_report_gives_the_same_bytes(sample: Sample) -> None:
    pytest.importorskip("typst")
    documents = {
        pdf.render(sample.report, Lang.FR, sample.collected, sample.sources) for _ in range(2)
    }
    assert len(documents) == 1


def test_a_long_word_may_break() -> None:
    assert pdf._printable({"a": ["x" * 100]}) == {
        "a": ["x" * 48 + "\u200b" + "x" * 48 + "\u200b" + "xxxx"]
    }
    assert pdf._printable("/a/b c") == "/a/b c"
