"""JSON Schemas (2020-12) of the files cnilcheck reads and writes, generated from the types."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from cnilcheck.model.comparison import Comparison
from cnilcheck.model.evidence import Collected
from cnilcheck.model.report import Report
from cnilcheck.model.rule import Rule
from cnilcheck.model.scope import Scope

_ROOTS: dict[str, Any] = {
    "scope": Scope, "rule": Rule, "evidence": Collected, "report": Report,
    "comparison": Comparison,
}  # fmt: skip
_TARGETS = ("WebTarget", "HostTarget", "TlsTarget", "SshTarget")
NAMES = tuple(_ROOTS)


def schema_text(name: str) -> str:
    """Return one schema as JSON text; the same types give the same text."""
    schema = msgspec.json.schema(_ROOTS[name])
    if name == "scope":
        _without_kinds(schema)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"cnilcheck {name}",
    }
    return json.dumps(head | schema, indent=1, ensure_ascii=False) + "\n"


def _without_kinds(schema: dict[str, Any]) -> None:
    # A scope file names a target by its key (url, host, tls, ssh); the tag is ours, not the file's.
    for name in _TARGETS:
        definition = schema["$defs"][name]
        definition["properties"].pop("kind")
        definition["required"].remove("kind")
    targets = schema["$defs"]["Scope"]["properties"]["targets"]
    targets["items"].pop("discriminator", None)
