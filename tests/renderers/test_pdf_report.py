"""The report as a PDF: tagged, the same bytes each time, and no word of it is ever markup."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pikepdf
import pytest

from cnilcheck.errors import UsageError
from cnilcheck.model.words import Lang
from cnilcheck.renderers import pdf

if TYPE_CHECKING:
    from conftest import Sample


@pytest.mark.parametrize("name", ["typst", "pikepdf"])
def test_without_its_makers_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UsageError, match=r"pip install 'cnilcheck\[pdf\]'"):
        pdf.require()


@pytest.fixture(params=["sample", "hostile", "empty", "conform"])
def any_sample(request: pytest.FixtureRequest) -> Sample:
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("lang", list(Lang))
def test_the_document_is_tagged_and_says_its_language(any_sample: Sample, lang: Lang) -> None:
    content = pdf.render(any_sample.report, lang, any_sample.collected, any_sample.sources)
    assert content.startswith(b"%PDF-1.7")
    with pikepdf.open(io.BytesIO(content)) as read:
        root = read.Root
        assert root.MarkInfo.Marked
        assert root.Lang == lang.value
        assert root.ViewerPreferences.DisplayDocTitle
        assert b"pdfuaid:part" in root.Metadata.read_bytes()
        assert all("/StructParents" in page for page in read.pages)
        actions = {str(o.get("/S", "")) for o in read.objects if isinstance(o, pikepdf.Dictionary)}
        assert not actions & {"/JavaScript", "/Launch", "/GoToR", "/SubmitForm"}
        assert "/Names" not in root or "/EmbeddedFiles" not in root.Names


def test_its_tags_are_compressed(sample: Sample) -> None:
    content = pdf.render(sample.report, Lang.FR, sample.collected, sample.sources)
    with pikepdf.open(io.BytesIO(content)) as read:
        assert len(content) < 12_000 * len(read.pages) + 60_000
    assert b"/StructElem" not in content


def test_the_same_report_gives_the_same_bytes(sample: Sample) -> None:
    documents = {
        pdf.render(sample.report, Lang.FR, sample.collected, sample.sources) for _ in range(2)
    }
    assert len(documents) == 1


def test_a_long_word_may_break() -> None:
    assert pdf._printable({"a": ["x" * 100]}) == {
        "a": ["x" * 48 + "\u200b" + "x" * 48 + "\u200b" + "xxxx"]
    }
    assert pdf._printable("/a/b c") == "/a/b c"
