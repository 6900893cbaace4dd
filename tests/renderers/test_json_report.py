from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from cnilcheck.model.report import Finding, Report
from cnilcheck.renderers import json_report

if TYPE_CHECKING:
    from conftest import Sample


def test_the_report_reads_back_as_it_was(sample: Sample) -> None:
    assert sample.report == msgspec.json.decode(json_report.to_bytes(sample.report), type=Report)


def test_names_are_sorted_and_indented(sample: Sample) -> None:
    text = json_report.to_bytes(sample.report).decode()
    pairs = json.loads(text, object_pairs_hook=lambda pairs: _sorted(pairs))
    assert pairs["schema"] == "cnilcheck/report/1"
    assert text.startswith('{\n  "as_of"')
    assert text.endswith("}\n")


def _sorted(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in pairs]
    # `fact` and `kind` tag a union and come first.
    plain = [name for name in names if name not in ("fact", "kind")]
    assert plain == sorted(plain)
    return dict(pairs)


def test_broken_text_of_a_server_does_not_lose_the_report(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    report = report_of((made("1" * 16, "half \udc80 pair"),), sample.collected)
    assert b"half ? pair" in json_report.to_bytes(report)


def test_the_same_report_gives_the_same_bytes(sample: Sample) -> None:
    assert json_report.to_bytes(sample.report) == json_report.to_bytes(sample.report)
