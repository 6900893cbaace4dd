"""evidence.json: what an audit observed, to and from disk."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cnilcheck.documents.fields import explain
from cnilcheck.errors import EvidenceError
from cnilcheck.model.evidence import SCHEMA, Collected

_MAX_BYTES = 500_000_000


def evidence_to_bytes(collected: Collected) -> bytes:
    """Return evidence.json: the same evidence gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(collected), indent=1) + b"\n"


def read_evidence(path: Path) -> Collected:
    """Return the evidence of that file; raises EvidenceError, naming the field, when it is none."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise EvidenceError(f"{path}: larger than {_MAX_BYTES // 1_000_000} MB")
        return msgspec.json.decode(path.read_bytes(), type=Collected)
    except OSError as problem:
        raise EvidenceError(f"{path}: {problem.strerror}") from None
    except msgspec.ValidationError as problem:
        advice = f"this version reads {SCHEMA}"
        raise EvidenceError(explain(str(problem), Collected, str(path)), advice) from None
    except msgspec.DecodeError as problem:
        raise EvidenceError(f"{path}: not JSON: {problem}") from None
    except RecursionError:
        raise EvidenceError(f"{path}: nested too deeply") from None
