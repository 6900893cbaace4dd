"""Evidence: a fact with where it came from; and the gap, which stands where a fact is missing."""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypeAlias

from msgspec import Struct

from cnilcheck.model.facts import AnyFact
from cnilcheck.model.words import GapReason, Method

SCHEMA: Literal["cnilcheck/evidence/1"] = "cnilcheck/evidence/1"


class Provenance(Struct, frozen=True, forbid_unknown_fields=True):
    """Which instrument looked, in which version, how, and when (UTC)."""

    instrument: str
    version: str
    method: Method
    observed_at: dt.datetime


class Evidence(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="fact"):
    """A fact about `location` of `target`."""

    target: str
    location: str
    provenance: Provenance
    fact: AnyFact


class Gap(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="gap"):
    """A fact that could not be observed; `missing` is the fact's name, `detail` one line."""

    target: str
    location: str
    provenance: Provenance
    missing: str
    reason: GapReason
    detail: str


class Absence(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="absence"):
    """A kind of fact that was looked for, and has no object at that place."""

    target: str
    location: str
    provenance: Provenance
    of: str


Observation: TypeAlias = Evidence | Gap | Absence


class Retest(Struct, frozen=True, forbid_unknown_fields=True):
    """Which audit was looked at again: when it began (UTC), the SHA-256 of its evidence.json.

    `kept` counts the observations that stand as that audit made them.
    """

    started_at: dt.datetime
    evidence_sha256: str
    kept: int


class Collected(Struct, frozen=True, forbid_unknown_fields=True):
    """evidence.json: all that one audit observed, and all it could not."""

    schema: Literal["cnilcheck/evidence/1"]
    version: str
    started_at: dt.datetime
    ended_at: dt.datetime
    interrupted: bool
    observations: tuple[Observation, ...]
    retest: Retest | None = None
