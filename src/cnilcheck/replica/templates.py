"""The texts of the replica that are kept as files: pages, configuration of both twins, scopes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

_HERE = Path(__file__).parent


def twin(mended: bool) -> Path:
    """The folder of the flawed deployment's texts, or of its mended twin's."""
    return _HERE / "twins" / ("mended" if mended else "flawed")


def page(name: str, values: Mapping[str, str]) -> bytes:
    """One HTML page with its blanks filled in."""
    return filled((_HERE / "twins" / "pages" / f"{name}.html").read_text("utf-8"), values).encode()


def texts_below(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each file below the folder, in the same order everywhere: its relative path and its text."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder), path.read_text("utf-8")


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with each `@NAME@` replaced; `$` and `{` belong to nginx and PHP."""
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text
