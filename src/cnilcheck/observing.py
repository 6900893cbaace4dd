"""What an instrument hands over, stamped with where it came from; what it does not, as gaps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from cnilcheck.collectors.base import Collector, Missing, Nothing, Seen, reason_of
from cnilcheck.model.evidence import Absence, Evidence, Gap, Observation, Provenance
from cnilcheck.model.facts import Fact, fact_name
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.words import GapReason
from cnilcheck.supervise import Run


def not_given(collector: Collector) -> Iterator[Gap]:
    """Yield a gap for each fact of an instrument the scope gives nothing to look at."""
    for fact in collector.yields:
        name = fact_name(fact.__name__)
        yield Gap(
            "scope", collector.asks, _provenance(collector), name, GapReason.NOT_GIVEN,
            collector.asks,
        )  # fmt: skip


def observations(run: Run) -> Iterator[Observation]:
    """Yield all that a run saw, and a gap for each fact it was to see and did not."""
    provenance, target = _provenance(run.collector), run.task.target
    delivered = set[type[Fact]]()
    for sighting in tuple(run.sightings):
        match sighting:
            case Seen(location, fact):
                delivered.add(type(fact))
                yield Evidence(target, printable(location), provenance, fact)
            case Missing(location, kind, error):
                delivered.add(kind)
                yield _gap(target, location, provenance, fact_name(kind.__name__), error)
            case Nothing(location, kind):
                delivered.add(kind)
                name = fact_name(kind.__name__)
                yield Absence(target, printable(location), provenance, name)
    for kind in run.collector.yields:
        if kind not in delivered:
            name = fact_name(kind.__name__)
            yield _gap(target, run.task.location, provenance, name, run.error)


def _gap(
    target: str, location: str, provenance: Provenance, name: str, error: BaseException | None
) -> Gap:
    reason = GapReason.NOT_OBSERVED if error is None else reason_of(error)
    detail = printable(mask(str(error) or type(error).__name__)) if error else name
    return Gap(target, printable(location), provenance, name, reason, detail)


def _provenance(collector: Collector) -> Provenance:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return Provenance(collector.name, collector.version(), collector.method, now)
