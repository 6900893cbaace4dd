from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cnilcheck.model.report import Finding, Report
from cnilcheck.model.text import Text
from cnilcheck.model.words import Lang, Outcome
from cnilcheck.renderers import markdown

if TYPE_CHECKING:
    from conftest import Sample


def tokens(text: str) -> list[Token]:
    found = MarkdownIt("commonmark").enable("table").parse(text)
    return found + [child for token in found for child in token.children or []]


@pytest.mark.parametrize("lang", list(Lang))
def test_data_become_neither_markup_nor_links(hostile: Sample, lang: Lang) -> None:
    text = markdown.render(hostile.report, lang, hostile.collected, hostile.sources)
    kinds = {token.type for token in tokens(text)}
    assert not kinds & {"html_inline", "html_block", "link_open", "image"}
    assert "\x1b" not in text
    assert "\u202e" not in text
    said = "".join(t.content for t in tokens(text) if t.type == "text")
    assert "<script>alert(1)</script>" in said


def test_tables_keep_their_columns_whatever_is_in_the_cells(hostile: Sample) -> None:
    text = markdown.render(hostile.report, Lang.EN, hostile.collected, hostile.sources)
    plan = [row for row in text.split("\n") if row.startswith("| ") and "½" in row]
    cells = [row.replace("\\|", "").count("|") for row in plan]
    assert cells == [9] * len(plan)
    assert plan


def test_a_command_with_a_pipe_can_be_copied(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    command = "`curl -s x | head`"
    finding = made("1" * 16, rationale=Text(command, command))
    text = markdown.render(report_of((finding,), sample.collected), Lang.EN)
    assert f"**Why it matters** – {command}\n" in text


def test_addresses_and_names_in_sentences_are_not_linked(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    said = "calls https://evil.example/x and @octocat and www.evil.example"
    finding = made("2" * 16, sentence=Text(said, said))
    text = markdown.render(report_of((finding,), sample.collected), Lang.EN)
    assert "calls `https://evil.example/x` and `@octocat` and `www.evil.example`" in text


def test_every_finding_is_told(sample: Sample) -> None:
    text = markdown.render(sample.report, Lang.FR, sample.collected, sample.sources)
    failures = [f for f in sample.report.findings if f.outcome is Outcome.FAIL]
    assert all(f.id in text for f in failures)
    assert text.count("| **") == 5


def test_the_same_report_gives_the_same_bytes(sample: Sample) -> None:
    pages = {markdown.render(sample.report, Lang.EN, sample.collected) for _ in range(2)}
    assert len(pages) == 1
