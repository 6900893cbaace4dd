"""Every French sentence of the demo, on every face a person reads, is typeset as French is."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

# Imprimerie nationale, Lexique: no plain space stands where a line must not break.
WRONG = {
    "a straight apostrophe": re.compile(r"[A-Za-zÀ-ÿ]'[A-Za-zÀ-ÿ]"),
    "a plain space before a sign": re.compile(r"[^\s|] [:;!?%»]"),
    "no space before a sign": re.compile(r"[A-Za-zÀ-ÿ)»][;!?:](?=\s|$)"),
    "a percentage without its space": re.compile(r"\d%"),
    "a plain space inside quotes": re.compile(r"« |«[^\s\u00a0]|[^\s\u00a0\u202f]»"),
    "straight quotes": re.compile(r'(?<!=)"'),
}
ROOT = Path(__file__).parents[1]
ADDRESS = re.compile(r"https?://\S+|\S*\[\]\S*|\S*•••\S*")


class Prose(HTMLParser):
    """The words of a page, a block to a line; code, data and styles left out."""

    SILENT = frozenset({"code", "pre", "style", "svg", "dd"})
    BLOCKS = frozenset({"p", "li", "td", "th", "dt", "div", "h1", "h2", "h3", "h4", "summary"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.silent = 0
        self.words = ""
        self.in_proof = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_proof = self.in_proof or ("class", "proof") in attrs
        if tag in self.SILENT and (tag != "dd" or self.in_proof):
            self.silent += 1
        if tag in self.BLOCKS:
            self.words += "\n"

    def handle_endtag(self, tag: str) -> None:
        if tag in self.SILENT and (tag != "dd" or self.in_proof):
            self.silent -= 1
        if tag == "details":
            self.in_proof = False

    def handle_data(self, data: str) -> None:
        self.words += "…" * bool(self.silent) or data


def from_markdown(text: str) -> str:
    """Return what stands outside code, without table borders and emphasis."""
    text = re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "…", text)
    text = re.sub(r"^\| ?[-:| ]+\|$", "", text, flags=re.MULTILINE)
    return re.sub(r"\\(.)", r"\1", text).replace("**", "")


def cnilcheck(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "cnilcheck", *arguments],
        capture_output=True, text=True, timeout=120, cwd=cwd, check=False,
        env=os.environ | {"CNILCHECK_LANG": "fr", "COLUMNS": "80", "NO_COLOR": "1"},
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The prose of every face, from the demo and its mended twin."""
    base = tmp_path_factory.mktemp("told")
    faces = {
        "terminal": cnilcheck("demo", "--out", "old", "--format", "md", cwd=base),
        "terminal, mended": cnilcheck("demo", "--mended", "--out", "new", cwd=base),
        "comparison": cnilcheck("compare", "old", "new", "--format", "html,md", cwd=base),
        "dossier": cnilcheck("dossier", "old", "new", "--out", "dossier", cwd=base),
        "letter to the host": cnilcheck("hosts", "letter", "old", cwd=base),
    }
    for path in sorted(base.rglob("*")):
        if path.suffix == ".html":
            faces[str(path.relative_to(base))] = Prose(path.read_text("utf-8")).words
        if path.suffix == ".md" and path.name != "letter.md":
            faces[str(path.relative_to(base))] = from_markdown(path.read_text("utf-8"))
    return faces


def test_every_face_is_read(told: dict[str, str]) -> None:
    names = " ".join(told)
    for name in ("old/report.html", "old/report.md", "compar", "index.html", "lettre.md"):
        assert name in names
    assert [name for name, words in told.items() if len(words) < 40] == []


@pytest.mark.parametrize("what", list(WRONG))
def test_french_is_typeset(told: dict[str, str], what: str) -> None:
    wrong = [
        f"{face}: {line.strip()[:160]}"
        for face, words in told.items()
        for line in words.splitlines()
        if WRONG[what].search(ADDRESS.sub("…", line))
    ]
    assert wrong == [], "\n".join(wrong)


def french_literals() -> list[tuple[str, str]]:
    """Return the French of each `Text(...)` written in the source, with its place."""
    found = []
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Text" and node.args:
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                said = node.args[0]
                parts = said.values if isinstance(said, ast.JoinedStr) else [said]
                words = [
                    str(part.value) if isinstance(part, ast.Constant) else "x" for part in parts
                ]
                found.append((place, "".join(words)))
    return found


def test_what_the_source_says_in_french_is_typeset() -> None:
    literals = french_literals()
    assert len(literals) > 100
    wrong = [
        f"{place}: {words}"
        for place, words in literals
        for name in (
            "a straight apostrophe",
            "a plain space before a sign",
            "a plain space inside quotes",
        )
        if WRONG[name].search(words)
    ]
    assert wrong == [], "\n".join(wrong)
