"""The shipped JSON Schemas are those of the types, and real files meet them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from cnilcheck.documents.schemas import NAMES, schema_text
from cnilcheck.replica import Replica
from cnilcheck.resources import rules_directory

SCHEMAS = Path(__file__).resolve().parents[2] / "src" / "cnilcheck" / "schemas"


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_schema_is_that_of_the_types(name: str) -> None:
    shipped = (SCHEMAS / f"{name}.json").read_text(encoding="utf-8")
    assert shipped == schema_text(name), (
        f"run: cnilcheck schema {name} > {SCHEMAS.name}/{name}.json"
    )


def plain(path: Path) -> object:
    # As a JSON reader sees it: days are strings.
    return json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str))


@pytest.mark.parametrize("mended", [False, True])
def test_the_replica_s_scope_meets_the_schema(mended: bool, tmp_path: Path) -> None:
    validator = jsonschema_rs.validator_for(json.loads(schema_text("scope")))
    with Replica(tmp_path, mended=mended) as replica:
        validator.validate(plain(replica.scope_path))
    with pytest.raises(jsonschema_rs.ValidationError):
        validator.validate({"version": 1, "targts": []})


@pytest.mark.parametrize("path", sorted(rules_directory().glob("*/*.yaml")), ids=lambda p: p.stem)
def test_a_rule_file_meets_the_schema(path: Path) -> None:
    if path.parent.name != "tables":
        validator = jsonschema_rs.validator_for(json.loads(schema_text("rule")))
        validator.validate(plain(path))
