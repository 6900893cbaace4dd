"""The findings as JSON Lines: one finding a line, for log stores and `jq`."""

from __future__ import annotations

from typing import Any

import msgspec

from cnilcheck.model.report import Report
from cnilcheck.renderers.json_report import whole

SCHEMA = "cnilcheck/finding/1"


def to_bytes(report: Report) -> bytes:
    """Return one line for each finding: what report.json says of it, with the day judged for."""
    head = {"schema": SCHEMA, "as_of": report.as_of.isoformat(), "tool": report.tool.version}
    lines = (_line(head | msgspec.to_builtins(finding)) for finding in report.findings)
    return b"".join(lines)


def _line(value: dict[str, Any]) -> bytes:
    return msgspec.json.encode(whole(value), order="sorted") + b"\n"
