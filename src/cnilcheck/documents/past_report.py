"""A report.json read back, to compare another with it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cnilcheck.documents.fields import explain
from cnilcheck.errors import EvidenceError
from cnilcheck.model.comparison import PastReport

_REPORT = "report.json"
_SCHEMA = "cnilcheck/report/1"
_MAX_BYTES = 200_000_000


def read_past_report(path: Path) -> PastReport:
    """Return the report of a file, or of the folder of an audit.

    Raises EvidenceError when it is absent, too large, or not a report of cnilcheck.
    """
    file = path / _REPORT if path.is_dir() else path
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise EvidenceError(f"{file}: no such file", "name an audit's folder or report") from None
    except OSError as problem:
        raise EvidenceError(f"{file}: cannot be read: {problem.strerror}") from None
    if len(content) > _MAX_BYTES:
        raise EvidenceError(f"{file}: larger than {_MAX_BYTES // 1_000_000} MB")
    return past_report(content, str(file))


def past_report(content: bytes, where: str) -> PastReport:
    """Return the report written as JSON; raises EvidenceError when it is not one."""
    try:
        report = msgspec.json.decode(content, type=PastReport)
    except msgspec.ValidationError as problem:
        raise EvidenceError(explain(str(problem), PastReport, where)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise EvidenceError(f"{where}: not JSON") from None
    if report.schema != _SCHEMA:
        raise EvidenceError(f"{where}: schema: `{report.schema}` is not {_SCHEMA}")
    return report
