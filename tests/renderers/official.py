"""The schemas and readers that others made for the formats of the report."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import xmlschema

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"


@cache
def sarif_schema() -> jsonschema_rs.Validator:
    text = (SCHEMAS / "sarif-2.1.0.json").read_text(encoding="utf-8")
    # The pattern of a language ends with a bracket too many, which strict readers refuse.
    return jsonschema_rs.validator_for(json.loads(text.replace("{2}]?$", "{2}?$")))


@cache
def oscal_schema() -> jsonschema_rs.Validator:
    text = (SCHEMAS / "oscal-assessment-results.json").read_text(encoding="utf-8")
    return jsonschema_rs.validator_for(json.loads(text), validate_formats=True)


@cache
def junit_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd"))


def wrong_with(validator: jsonschema_rs.Validator, document: Any) -> list[str]:
    """Return the first complaints of a schema about a document, none when it is valid."""
    return [str(error)[:400] for error in validator.iter_errors(document)][:5]
