"""The pages in a real browser: axe-core finds nothing, nothing is fetched, nothing is clipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cnilcheck.model.evidence import Evidence
from cnilcheck.model.facts import LogFields, ResponseHeaders
from cnilcheck.model.report import (
    ActivityCell,
    ActivityColumn,
    Finding,
    HostingMatrix,
    MatrixActor,
    Report,
)
from cnilcheck.model.rule import Fix, Remediation, Steps
from cnilcheck.model.text import Text
from cnilcheck.model.words import Lang, Outcome, Severity
from cnilcheck.renderers import html

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from conftest import Sample

# The narrowest page of WCAG 2.2, criterion 1.4.10 (reflow), and a desk.
WIDTHS = {"phone": 320, "desk": 1280}
THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless; in CI it must be there."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("chromium is not installed")
    with sync_playwright() as tools:
        # A container's root has no sandbox to put the pages in; they are ours.
        opened = tools.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core, as its wrapper for Python ships it."""
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")


@pytest.fixture
def whole(sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]) -> Sample:
    """A report with every part a page can have, and few of each."""
    kept: dict[tuple[Outcome, Severity | None], list[Finding]] = {}
    for finding in sample.report.findings:
        severity = finding.severity if finding.outcome is Outcome.FAIL else None
        kept.setdefault((finding.outcome, severity), []).append(finding)
    some = [f for group in kept.values() for f in group[:4]]
    some += [f for f in sample.report.findings if f.waived or f.attested]
    origin = sample.collected.observations[0].provenance
    server = Evidence("t", "/", origin, ResponseHeaders({"server": "nginx"}))
    mend = Remediation(
        60, Steps(("x",), ("x",)), Text("x", "x"), (Fix("nginx", "x" * 300), Fix("Apache", "y"))
    )
    long = made("9" * 16, rule="long", location="/" + "x" * 200, remediation=mend, known=True)
    some += [long, made("8" * 16, rule="long", evidence=(server,)), made("7" * 16, rule="long")]
    some = list({f.id: f for f in some}.values())
    fields = LogFields(lines=1000, author=0.5, time_with_zone=1.0, operation=1.0, reference=0.0)
    seen = (server, Evidence("logs", "access.log", origin, fields))
    observations = (*sample.collected.observations, *seen)
    collected = msgspec.structs.replace(sample.collected, observations=observations)
    cells = tuple(ActivityCell(n, "certified" if n == 1 else "none") for n in range(1, 7))
    columns = tuple(
        ActivityColumn(n, True, "covered" if n == 1 else "nobody", ()) for n in range(1, 7)
    )
    matrix = HostingMatrix("saas", (MatrixActor("Cloud", "providers[0]", "EX-1", cells),), columns)
    report = msgspec.structs.replace(
        report_of(some, collected, sample.report.scope), hosting=matrix
    )
    return type(sample)(report, collected, sample.sources)


def visit(
    browser: Browser, page: str, tmp_path: Path, width: int, theme: Any
) -> tuple[Page, list[str]]:
    """Open the page from disk; return it, and what it asked for or complained of."""
    path = tmp_path / "page.html"
    path.write_text(page, encoding="utf-8")
    tab = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme
    ).new_page()
    said: list[str] = []
    tab.on("request", lambda request: said.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.goto(path.as_uri())
    return tab, [line for line in said if line != path.as_uri()]


def violations(tab: Page, axe: str) -> list[str]:
    tab.evaluate(axe)
    found = tab.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{v['id']}: {node['target']} {node.get('failureSummary', '')}"
        for v in found["violations"]
        for node in v["nodes"][:3]
    ]


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", list(WIDTHS.values()), ids=list(WIDTHS))
def test_the_report_is_accessible_and_asks_for_nothing(
    browser: Browser, axe: str, whole: Sample, tmp_path: Path, lang: Lang, theme: str, width: int
) -> None:
    page = html.render(whole.report, lang, whole.collected, whole.sources)
    tab, said = visit(browser, page, tmp_path, width, theme)
    assert said == []
    assert violations(tab, axe) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (theme == "light")
    tab.context.close()


def test_hostile_words_run_nothing_and_break_no_column(
    browser: Browser, hostile: Sample, tmp_path: Path
) -> None:
    page = html.render(hostile.report, Lang.FR, hostile.collected, hostile.sources)
    tab, said = visit(browser, page, tmp_path, WIDTHS["phone"], "light")
    tab.on("dialog", lambda dialog: said.append(dialog.message))
    assert said == []
    assert tab.evaluate("document.scripts.length") == 0
    assert tab.evaluate("document.documentElement.scrollWidth") <= WIDTHS["phone"]
    tab.context.close()


def test_evidence_that_is_folded_on_the_screen_is_printed(
    browser: Browser, whole: Sample, tmp_path: Path
) -> None:
    page = html.render(whole.report, Lang.FR, whole.collected, whole.sources)
    tab, _ = visit(browser, page, tmp_path, WIDTHS["desk"], "light")
    height = "[...document.querySelectorAll('.proof:not([open]) dl')].map(d => d.offsetHeight)"
    folded = tab.evaluate(height)
    assert folded
    tab.emulate_media(media="print")
    assert all(tab.evaluate(height)), folded
    tab.context.close()
