"""Imports point one way, heavy libraries stay where they are used, errors are caught in one place."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src" / "cnilcheck"
FILES = sorted(SOURCE.rglob("*.py"))

# What each room may import of ours. `replica` and `cli` are the ends of the house.
MAY_IMPORT = {
    "model": {"model"},
    "errors": {"model"},
    "resources": set(),
    "checks": {"model", "checks"},
    "hosts": {"model", "errors", "resources", "hosts"},
    "collectors": {"model", "errors", "resources", "collectors", "hosts"},
    "documents": {"model", "errors", "resources", "documents"},
    "renderers": {"model", "errors", "resources", "renderers"},
    "supervise": {"model", "errors", "collectors.base"},
    "observing": {"model", "errors", "collectors.base", "supervise"},
    "judging": {"model"},
    "retesting": {"model"},
    "audit": {
        "model",
        "errors",
        "collectors.base",
        "supervise",
        "observing",
        "judging",
        "retesting",
    },
    "folder": {"model", "errors", "sealing"},
    "sealing": {"errors", "sealing"},
    "dossier": {"model", "errors", "folder", "sealing", "documents", "renderers"},
    "replica": {"replica"},
}
HEAVY = {
    "sslyze",
    "requests",
    "nmap",
    "dns",
    "jinja2",
    "crossplane",
    "cryptography",
    "rich",
    "pydantic",
}
ALLOWED_HEAVY = {
    "sslyze": {"collectors/sslyze_worker.py"},
    "requests": {"hosts/download.py"},
    "nmap": {"collectors/ports.py"},
    "dns": {"collectors/name_service.py"},
    "crossplane": {"collectors/nginx.py"},
}


def room(path: Path) -> str:
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def imports(path: Path) -> list[tuple[str, bool]]:
    """Return (module, whether it is imported when the file is)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    top = {id(node) for node in tree.body}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found += [(name, id(node) in top and id(node) not in typing_only) for name in names]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_one_way(path: Path) -> None:
    allowed = MAY_IMPORT.get(room(path))
    if allowed is None:
        return
    for name, _ in imports(path):
        if name.startswith("cnilcheck."):
            inside = name.removeprefix("cnilcheck.")
            known = inside == "__version__" or any(
                inside == a or inside.startswith(f"{a}.") for a in allowed
            )
            assert known, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_heavy_libraries_are_imported_only_where_they_are_used(path: Path) -> None:
    place = str(path.relative_to(SOURCE))
    for name, at_top in imports(path):
        library = name.split(".")[0]
        if library in HEAVY and not place.startswith("cli/"):
            assert not at_top, f"{place} imports {library} when it is imported"
        if library in ALLOWED_HEAVY:
            assert place in ALLOWED_HEAVY[library], f"{place} knows {library}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_nothing_catches_every_error(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else ""
            assert caught, f"{path.name}:{node.lineno} has a bare except"
            assert not re.search(r"\b(Base)?Exception\b", caught), f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_module_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), f"{path} opens without a sentence"


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["rules"]])
def test_a_light_command_loads_no_heavy_library(arguments: list[str]) -> None:
    script = (
        "import sys, runpy\n"
        f"sys.argv = ['cnilcheck', *{arguments!r}]\n"
        "try:\n    runpy.run_module('cnilcheck', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "print('LOADED', *sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(done.stderr.partition("LOADED")[2].split())
    forbidden = HEAVY - ({"rich"} if arguments == ["rules"] else set())
    assert not loaded & forbidden


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_threads_convert_to_types_one_at_a_time(path: Path) -> None:
    """`model/typed.py` says why; untyped JSON prepares no type and may be read freely."""
    if room(path) in ("collectors", "hosts"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"msgspec\.convert\(|decode\([^)]*type=", text), path.name
