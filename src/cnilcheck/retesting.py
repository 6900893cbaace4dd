"""What an earlier audit settled, and what a retest looks at again."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cnilcheck.model.evidence import Collected, Gap, Observation, Retest
from cnilcheck.model.logging_coverage import INSTRUMENT, feeds
from cnilcheck.model.report import Finding
from cnilcheck.model.words import Method, Outcome

Place = tuple[str, str]
"""An instrument and the target it looked at."""


@dataclass(frozen=True)
class Earlier:
    """An audit to look at again: what stands, by instrument and target, and which audit it was."""

    started_at: dt.datetime
    evidence_sha256: str
    settled: Mapping[Place, Sequence[Observation]]

    def standing(self, instrument: str, targets: Iterable[str]) -> list[Observation]:
        """Return what that instrument saw of these targets, and need not see again."""
        places = dict.fromkeys((instrument, target) for target in targets)
        return [observation for place in places for observation in self.settled.get(place, ())]

    def retest(self, kept: int) -> Retest:
        """Return what the new evidence says of the earlier audit."""
        return Retest(self.started_at, self.evidence_sha256, kept)


def earlier(collected: Collected, findings: Iterable[Finding], evidence_sha256: str) -> Earlier:
    """Return what that audit settled: what no failure and no open question rests on.

    A waived failure is looked at again, an answer by attestation too: both are what people say.
    So is all that people declared, for the scope file may say otherwise now.
    """
    again = {
        (observation.provenance.instrument, observation.target)
        for finding in findings
        if finding.outcome in (Outcome.FAIL, Outcome.INCONCLUSIVE) or finding.attested is not None
        for observation in finding.evidence
    }
    if any(instrument == INSTRUMENT for instrument, _ in again):
        # The matrix is drawn from what others saw: all of it is looked at again.
        again |= {(o.provenance.instrument, o.target) for o in collected.observations if feeds(o)}
    seen = defaultdict[Place, list[Observation]](list)
    for observation in collected.observations:
        place = (observation.provenance.instrument, observation.target)
        if observation.provenance.method is Method.INTERVIEW:
            again.add(place)
        seen[place].append(observation)
    settled = {
        place: tuple(them)
        for place, them in seen.items()
        if place not in again and not all(isinstance(one, Gap) for one in them)
    }
    return Earlier(collected.started_at, evidence_sha256, settled)
