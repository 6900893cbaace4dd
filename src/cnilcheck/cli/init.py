"""`cnilcheck init`: a scope file that explains itself."""

from __future__ import annotations

from pathlib import Path

from cnilcheck.cli.words import say
from cnilcheck.errors import UsageError
from cnilcheck.model.words import Lang
from cnilcheck.resources import templates_directory


def write_scope(path: Path, lang: Lang, force: bool) -> None:
    """Write the commented scope file; raises UsageError when the file is there already."""
    text = (templates_directory() / f"scope.{lang}.yaml").read_text(encoding="utf-8")
    try:
        with path.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{path}: is there already", "replace it with --force") from None
    except OSError as problem:
        raise UsageError(f"{path}: {problem.strerror}") from None
    print(
        say(
            f"{path} est écrit. À compléter, puis : cnilcheck scan --scope {path}",
            f"{path} is written. Complete it, then: cnilcheck scan --scope {path}",
        )
    )
