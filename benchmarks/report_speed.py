"""How fast 5,000 findings become a report, beside a page made of the same findings by Jinja alone.

    python benchmarks/report_speed.py [--findings N] [--browser]

The peer is what any report must do: escape and print each finding's target, place and sentence in
a table. Seconds are of CPU, medians of three runs; ratios are of the same run. `--browser` also
opens the page in Chromium and says when it can be read. Nothing is contacted.
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests" / "renderers")]

from cnilcheck.model.evidence import Collected, Evidence, Provenance  # noqa: E402
from cnilcheck.model.facts import ReadableFile, ReadableFiles  # noqa: E402
from cnilcheck.model.report import Report  # noqa: E402
from cnilcheck.model.words import Lang, Method  # noqa: E402
from cnilcheck.renderers import html, json_report, markdown, pdf  # noqa: E402
from conftest import make_finding, make_sample_report  # noqa: E402

NOW = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)
RULES = 220
SECONDS, BYTES = 5.0, 5_000_000
PEER = """<!doctype html><title>x</title><table>{% for f in findings %}<tr><td>{{ f.target }}
<td>{{ f.location }}<td>{{ f.title.fr }}<td>{{ f.sentence.fr }}{% endfor %}</table>"""


def main() -> None:
    """Print seconds, size and ratio of each face, and whether the page meets its bars."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--findings", type=int, default=5000)
    parser.add_argument("--browser", action="store_true")
    asked = parser.parse_args()
    report = make(asked.findings)
    peer, _ = measured(lambda: plain(report))
    print(f"{asked.findings} findings of {RULES} rules; a plain table takes {peer:.2f} s")
    faces: dict[str, Callable[[], str | bytes]] = {
        "html": lambda: html.render(report, Lang.FR),
        "markdown": lambda: markdown.render(report, Lang.FR),
        "json": lambda: json_report.to_bytes(report),
        "pdf": lambda: pdf.render(report, Lang.FR),
    }
    for name, render in faces.items():
        seconds, made = measured(render)
        size = len(made.encode() if isinstance(made, str) else made)
        met = f" {'met' if seconds < SECONDS and size < BYTES else 'MISSED'}" * (name == "html")
        print(f"{name:9} {seconds:6.2f} s  {seconds / peer:6.1f} x  {size / 1e6:5.2f} MB{met}")
    if asked.browser:
        opened(html.render(report, Lang.FR))


def make(number: int) -> Report:
    """Return a report whose every finding has its own inventory of twenty files as evidence."""
    origin = Provenance("web-exposure", "0.1.0", Method.TEST, NOW)
    files = tuple(ReadableFile(f"/{n}.csv", "data_extract", "CSV", n) for n in range(20))
    findings = [
        make_finding(
            f"{n:016x}", rule=f"rule-{n * RULES // number}", location=f"/export-{n}.csv",
            evidence=(Evidence("https://a.fr/", f"/{n}", origin, ReadableFiles(n, files)),),
        )
        for n in range(number)
    ]  # fmt: skip
    return make_sample_report(findings, Collected("", "0", NOW, NOW, False, ()))


def plain(report: Report) -> str:
    """Return the findings as a table, and nothing else of what a report says."""
    from jinja2 import Environment

    return Environment(autoescape=True).from_string(PEER).render(findings=report.findings)


def measured(render: Callable[[], str | bytes]) -> tuple[float, str | bytes]:
    """Return the median seconds of CPU of three runs, and what the last one made."""
    taken = []
    for _ in range(3):
        begin = time.process_time()
        made = render()
        taken.append(time.process_time() - begin)
    return statistics.median(taken), made


def opened(page: str) -> None:
    """Print when Chromium has the page ready, and how long a jump to its end takes to paint."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as tools:
        path = Path(folder) / "report.html"
        path.write_text(page, encoding="utf-8")
        found = shutil.which("chromium") or sys.exit("chromium is not installed")
        browser = tools.chromium.launch(executable_path=found, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.goto(path.as_uri())
        ready = tab.evaluate("performance.getEntriesByType('navigation')[0].domComplete")
        jump = tab.evaluate(
            "new Promise(done => { const t = performance.now();"
            "document.getElementById('method').scrollIntoView();"
            "requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - t)))"
            "})"
        )
        print(f"Chromium: complete after {ready:.0f} ms, its end is painted after {jump:.0f} ms")
        browser.close()


if __name__ == "__main__":
    main()
