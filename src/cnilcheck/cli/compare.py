"""`cnilcheck compare`: what became of each failure between two audits."""

from __future__ import annotations

import sys
from pathlib import Path

from cnilcheck.cli.words import LANG, say
from cnilcheck.documents.past_report import read_past_report
from cnilcheck.errors import UsageError
from cnilcheck.model.comparison import Comparison, any_new, compare
from cnilcheck.model.summary import ExitCode
from cnilcheck.model.words import Lang, Outcome, Severity

FORMATS = ("html", "md", "json")


def run_compare(
    old: Path,
    new: Path,
    lang: Lang,
    formats: list[str],
    out: Path,
    fail_on: Severity,
    force: bool,
    quiet: bool,
) -> ExitCode:
    """Compare, print, write what was asked for, and return the exit code.

    1 when something is new or worse at `fail_on` or above; 3 when the later audit judged nothing.
    """
    for name in formats:
        if name not in FORMATS:
            raise UsageError(f"--format: `{name}` is none of {', '.join(FORMATS)}")
    before, after = read_past_report(old), read_past_report(new)
    if before.scope.get("targets") != after.scope.get("targets"):
        print(
            say(
                "Attention : les deux audits n'ont pas les mêmes cibles.",
                "Warning: the two audits do not have the same targets.",
            ),
            file=sys.stderr,
        )
    comparison = compare(before, after)
    for name in dict.fromkeys(formats):
        _write(out / f"compare.{name}", _face(name, comparison, lang), force)
    if not quiet:
        from rich.console import Console

        from cnilcheck.renderers import compared

        compared.render_to(Console(highlight=False), comparison, lang)
    judged = any(f.outcome in (Outcome.PASS, Outcome.FAIL) for f in after.findings)
    return _code(comparison, fail_on, judged)


def _face(name: str, comparison: Comparison, lang: Lang) -> str:
    from cnilcheck.renderers import compared

    match name:
        case "html":
            return compared.to_html(comparison, lang)
        case "md":
            return compared.to_markdown(comparison, lang)
        case _:
            return compared.to_json(comparison)


def _write(path: Path, text: str, force: bool) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{path}: is there already", "replace it with --force") from None
    except OSError as problem:
        raise UsageError(f"{path}: {problem.strerror}") from None
    print(str(path))


def _code(comparison: Comparison, fail_on: Severity, judged: bool) -> ExitCode:
    from cnilcheck.renderers.words import SEVERITIES

    level = SEVERITIES[fail_on].to(LANG).lower()
    if any_new(comparison, fail_on):
        code, said = ExitCode.SOMETHING_FAILS, say(
            f"au moins un écart nouveau ou pire de gravité {level} ou plus",
            f"at least one new or worse failure of severity {level} or above",
        )  # fmt: skip
    elif not judged:
        code, said = ExitCode.NOT_OBSERVED, say(
            "le second audit n'a rien jugé", "the later audit judged nothing"
        )  # fmt: skip
    else:
        code, said = ExitCode.NOTHING_FAILS, say(
            f"aucun écart nouveau ou pire de gravité {level} ou plus",
            f"no new or worse failure of severity {level} or above",
        )  # fmt: skip
    code_word = say("Code de sortie", "Exit code")
    print(f"{code_word} {code.value}{say(' :', ':')} {said}.", file=sys.stderr)
    return code
