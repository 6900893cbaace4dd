"""What a server says is shown as words on every face, and never grows without end."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import msgspec
import pytest
from rich.console import Console

from cnilcheck.documents.past_report import past_report
from cnilcheck.model.comparison import compare
from cnilcheck.model.evidence import Evidence
from cnilcheck.model.facts import LogFields, ResponseHeaders
from cnilcheck.model.report import Finding, Report
from cnilcheck.model.rule import Question
from cnilcheck.model.scope import Organisation
from cnilcheck.model.text import Text
from cnilcheck.model.words import Audience, Lang, Module, Outcome, Severity
from cnilcheck.renderers import (
    compared,
    console,
    dossier,
    host_letter,
    html,
    json_report,
    markdown,
    pdf,
)

if TYPE_CHECKING:
    from conftest import Sample

HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)><b>&amp;",
    "closing": "</code></td></table></section><h1>Conforme</h1>-->]]>",
    "attribute": "\" onmouseover=alert(1) x='",
    "terminal": "\x1b[31m\x1b]0;title\x07\x9b2J\r\x08",
    "direction": "\u202eevil\u202c\u2066x\u2069\u200fy\ufeff",
    "markdown": "[x](javascript:alert(1)) ![x](http://evil.example/x.png) `x` | a | ~~b~~ # c",
    "template": "{{ 7*7 }}{% raw %}${7*7}#{7*7}",
    "typst": "#import \"x\": y #read(\"/etc/passwd\") $x$ _a_ *b* @c",
    "formula": "=HYPERLINK(\"http://evil.example\")",
    "long": "x" * 1_000_000,
    "accents": "e" + "\u0301" * 5000,
}  # fmt: skip
MOVES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
MOST = 200_000


class Elements(HTMLParser):
    """The names and attributes of the elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(params=list(HOSTILE))
def faces(
    request: pytest.FixtureRequest,
    sample: Sample,
    made: Callable[..., Finding],
    report_of: Callable[..., Report],
) -> dict[str, str]:
    """Every face a person reads, with the hostile text wherever a server or a scope can put it."""
    bad = HOSTILE[request.param]
    origin = sample.collected.observations[0].provenance
    seen = (
        Evidence(bad, bad, origin, ResponseHeaders({bad: bad, "server": bad})),
        Evidence("logs", bad, origin, LogFields(1000, 0.5, 1.0, 1.0, 0.0)),
    )
    question = Question(Audience.HOST, bad, bad)
    said = Text(bad, bad)
    before = (
        made("1" * 16, bad, target=bad, severity=Severity.CRITICAL, evidence=seen),
        made("2" * 16, bad, rule="b", location="/x"),
        made("4" * 16, bad, rule="d", outcome=Outcome.PASS),
    )
    after = (
        msgspec.structs.replace(before[0], sentence=said),
        made("2" * 16, bad, rule="b", location="/x", outcome=Outcome.PASS),
        made("3" * 16, bad, rule="c", module=Module.HOSTING, outcome=Outcome.INCONCLUSIVE, question=question),
        made("4" * 16, bad, rule="d"),
    )  # fmt: skip
    scope = msgspec.structs.replace(sample.report.scope, organisation=Organisation(bad))
    collected = msgspec.structs.replace(sample.collected, observations=seen)
    reports = [report_of(findings, collected, scope) for findings in (before, after)]
    old, new = (past_report(json_report.to_bytes(report), "x") for report in reports)
    changes = compare(old, new)
    days = (reports[0].as_of, reports[1].as_of)
    pack = dossier.Contents((old, new), days, ((bad, Text("Pièce", "Document")),), (bad,), "")
    told, lang = (reports[1], Lang.FR, collected, sample.sources), Lang.FR
    return {
        "report.html": html.render(*told),
        "report.md": markdown.render(*told),
        "terminal": printed(lambda screen: console.render_to(screen, reports[1], lang)),
        "compare.html": compared.to_html(changes, lang),
        "compare.md": compared.to_markdown(changes, lang),
        "compare, terminal": printed(lambda screen: compared.render_to(screen, changes, lang)),
        "dossier.html": dossier.to_html(pack, lang),
        "answer.md": dossier.to_letter(pack, lang),
        "instructions.md": dossier.to_instructions(pack, lang),
        "host letter": host_letter.render(after, scope, days[1], lang),
        "report.pdf": in_pdf(pdf.render(*told)),
    }  # fmt: skip


def printed(render: Callable[[Console], None]) -> str:
    stream = io.StringIO()
    render(Console(file=stream, width=80, highlight=False))
    return stream.getvalue()


def in_pdf(content: bytes) -> str:
    """Return the links of a PDF and the text of its first pages."""
    from pypdf import PdfReader

    pages = PdfReader(io.BytesIO(content)).pages
    links = [
        str(note.get_object().get("/A", {}).get("/URI", ""))
        for page in pages
        for note in page.get("/Annots", [])
    ]
    return "\n".join([*links, *(page.extract_text() for page in pages[:2])])


def outside_code(text: str) -> str:
    """Return Markdown without its fenced blocks and code spans."""
    text = re.sub(r"^ *(`{3,})\n.*?\n *\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", text)


def test_nothing_in_it_acts_and_nothing_is_endless(faces: dict[str, str]) -> None:
    for name, text in faces.items():
        assert not MOVES.search(text), name
        assert len(text) < MOST, (name, len(text))
    for name, text in faces.items():
        if name.endswith(".html"):
            found = Elements(text).found
            assert not {tag for tag, _ in found} & {"script", "img", "b", "iframe", "object"}, name
            assert [tag for tag, _ in found].count("h1") == 1, name
            assert not [a for _, attrs in found for a in attrs if a.startswith("on")], name
            links = {attrs["href"] or "" for tag, attrs in found if tag == "a"}
            assert not [link for link in links if "evil" in link or "javascript" in link], name
        if name.endswith(".md"):
            prose = outside_code(text)
            assert not re.search(r"<(?:script|img|h1|b)\b", prose), name
            assert not re.search(r"(?<!\\)\]\(", prose), name
    assert "evil.example" not in "".join(re.findall(r"^http.*$", faces["report.pdf"], re.MULTILINE))
