"""From what was declared, configured, read and tried to the matrix of what is logged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from cnilcheck import __version__
from cnilcheck.model.evidence import Collected, Evidence, Gap, Observation, Provenance
from cnilcheck.model.facts import (
    AccessLogSetting,
    ConfiguredEvent,
    LogCoverage,
    LogExtent,
    LoggedEvents,
    LoggingPractice,
    LogSourceSetting,
    TracedAction,
    fact_name,
)
from cnilcheck.model.logging_matrix import (
    CATEGORIES,
    EVENT_FIELDS,
    CategoryRow,
    EventCategory,
    EventCount,
    EventField,
    EvidenceKind,
    FieldEvidence,
    LoggingMatrix,
    SourceEvidence,
    UnreadLines,
    mandatory,
)
from cnilcheck.model.scope import LogEvent
from cnilcheck.model.words import GapReason, LogClass, Method

# Nineteen events in twenty: a proposal of cnilcheck's own, no norm gives a number.
ENOUGH = 0.95
# Past so many lines of a hundred that could not be read, the others tell too little of the log.
UNREAD = 0.05
_DECLARED: dict[EventCategory, tuple[LogEvent, ...]] = {
    "sign_in_success": ("sign_in_success",),
    "sign_in_failure": ("sign_in_failure",),
    "sign_out": ("sign_out",),
    "rights_change": ("rights_change",),
    "consultation": ("consultation",),
    "search": ("search",),
    "modification": ("creation", "modification"),
    "deletion": ("deletion",),
    "export": ("export",),
    "access_denied": ("access_denied",),
    "configuration_change": ("configuration_change",),
    "log_change": ("log_change",),
}
_REQUESTS: tuple[EventCategory, ...] = ("consultation", "search", "modification", "deletion")
# Places that hand out no record: a switched-off log is no hole there.
_NO_RECORD = re.compile(
    r"(?i)\b(?:css|js|png|jpe?g|svg|woff2?|ico)\b|/static|/assets|/health|/ping|stub_status"
    r"| return | deny |/favicon|/robots|/\.well-known"
)


INSTRUMENT = "logging-matrix"
_TARGET = "sources.logs"
_FEEDS = (LogCoverage, LogSourceSetting, AccessLogSetting, LoggingPractice, TracedAction)


def feeds(observation: Observation) -> bool:
    """Return whether the matrix is drawn from that observation."""
    return isinstance(observation, Evidence) and isinstance(observation.fact, _FEEDS)


def with_matrix(collected: Collected) -> Collected:
    """Return the evidence with the matrix among its facts, or with a gap where nothing feeds it."""
    matrix = logging_matrix(collected.observations)
    used = [o for o in collected.observations if feeds(o)]
    methods = {o.provenance.method for o in used}
    method = next((m for m in Method if m in methods), Method.EXAMINE)
    moment = max((o.provenance.observed_at for o in used), default=collected.ended_at)
    provenance = Provenance(INSTRUMENT, __version__, method, moment)
    drawn: Observation
    if matrix is None:
        name = fact_name(LoggedEvents.__name__)
        drawn = Gap("scope", _TARGET, provenance, name, GapReason.NOT_GIVEN, _TARGET)
    else:
        drawn = Evidence(_TARGET, _TARGET, provenance, LoggedEvents(matrix.rows))
    return replace(collected, observations=(*collected.observations, drawn))


def logging_matrix(observations: Sequence[Observation]) -> LoggingMatrix | None:
    """Return the matrix; None when nothing at all was learnt of any category."""
    found: dict[EventCategory, list[SourceEvidence]] = {c: [] for c in CATEGORIES}
    for observation in observations:
        if isinstance(observation, Evidence):
            for category, one in _of(observation):
                found[category].append(one)
    if not any(found.values()):
        return None
    rows = tuple(_row(category, found[category]) for category in CATEGORIES)
    return LoggingMatrix(rows, tuple(_unread(observations)))


def _unread(observations: Sequence[Observation]) -> Iterator[UnreadLines]:
    for seen in observations:
        if isinstance(seen, Evidence) and isinstance(seen.fact, LogExtent) and seen.fact.unparsed:
            log = seen.fact
            yield UnreadLines(seen.location, log.lines, log.unparsed, log.samples)


def too_many_unread(unread: int, read: int) -> bool:
    """Return whether the lines that could not be read may hide what the others do not say."""
    return unread > UNREAD * (unread + read)


def _of(seen: Evidence) -> Iterator[tuple[EventCategory, SourceEvidence]]:
    match seen.fact:
        case LogCoverage(events=events) as log:
            for count in events:
                yield count.category, _in_lines(seen.location, count, log)
        case LogSourceSetting(product=product, events=configured):
            for event in configured:
                yield event.category, _configured(product, event)
        case AccessLogSetting(product=product, off=off):
            for place in (place for place in off if not _NO_RECORD.search(place)):
                for category in _REQUESTS:
                    yield category, _off(product, place)
        case TracedAction() as action if action.searched:
            yield action.category, _tried(seen.location, action)
        case LoggingPractice(events=declared) if declared is not None:
            for category, names in _DECLARED.items():
                if all(name in declared for name in names):
                    yield category, _declared(category, seen.target)


def _in_lines(place: str, count: EventCount, log: LogCoverage) -> SourceEvidence:
    """A line without a field disproves it only in the log that is there to hold it.

    Where many lines could not be read, those that could show the event, and not what it says.
    """
    access = log.log_class is LogClass.APPLICATION_ACCESS
    unread = log.unparsed if too_many_unread(log.unparsed, log.lines) else 0
    fields = []
    for one in count.fields:
        whole = count.events > 0 and one.filled >= ENOUGH * count.events
        level = None if unread else 3 if whole else 0 if access else None
        at = one.first if whole else one.first_missing
        fields.append(FieldEvidence(one.field, level, one.filled, count.events, at))
    level = _least(count.category, fields)
    return SourceEvidence(
        place, "lines", 3, level, count.events, count.first, tuple(fields), unread=unread
    )


def _configured(product: str, event: ConfiguredEvent) -> SourceEvidence:
    level = 2 if event.logged else 0
    named = event.fields if event.logged else mandatory(event.category)
    fields = [FieldEvidence(name, level, place=event.place) for name in named]
    whole = _least(event.category, fields)
    return SourceEvidence(product, "configuration", level, whole, 0, event.place, tuple(fields))


def _off(product: str, place: str) -> SourceEvidence:
    return SourceEvidence(product, "configuration", 0, 0, 0, place, (), partly=True)


def _tried(place: str, action: TracedAction) -> SourceEvidence:
    """A line that was found proves what it says, and disproves what it leaves out."""
    trace = action.trace
    if trace is None:
        fields = tuple(FieldEvidence(name, 0) for name in mandatory(action.category))
        where = ", ".join(action.searched)
        return SourceEvidence(place, "test", 0, 0, 0, where, fields)
    level = 5 if trace.remote else 4
    named = dict.fromkeys(trace.fields, level)
    wanting = {name: 0 for name in mandatory(action.category) if name not in named}
    fields = tuple(
        FieldEvidence(name, found, place=trace.place) for name, found in (named | wanting).items()
    )
    whole = _least(action.category, fields)
    kind: EvidenceKind = "remote_test" if trace.remote else "test"
    return SourceEvidence(place, kind, level, whole, 1, trace.place, fields)


def _declared(category: EventCategory, target: str) -> SourceEvidence:
    fields = tuple(FieldEvidence(name, 1) for name in mandatory(category))
    return SourceEvidence(target, "declaration", 1, 1, 0, "", fields)


def _least(category: EventCategory, fields: Iterable[FieldEvidence]) -> int | None:
    """Return the lowest level of the mandatory fields: 0 before unknown before any other."""
    levels = {one.field: one.level for one in fields}
    needed = [levels.get(name) for name in mandatory(category)]
    if 0 in needed:
        return 0
    return None if None in needed else min(level for level in needed if level is not None)


def _row(category: EventCategory, sources: list[SourceEvidence]) -> CategoryRow:
    fields = tuple(_best_field(name, sources) for name in EVENT_FIELDS)
    logged = _best((one.logged for one in sources), any(_decides(s, s.logged) for s in sources))
    level = _best((one.level for one in sources), any(_decides(s, s.level) for s in sources))
    if any(one.kind in ("test", "remote_test") and one.level == 0 for one in sources):
        # What was tried and left no whole line weighs more than any line of another moment.
        logged = max((one.logged or 0 for one in sources if "test" in one.kind), default=0)
        level = 0
    if any(one.partly for one in sources) and not any(_carries(one) for one in sources):
        level = 0
    events = sum(one.events for one in sources)
    return CategoryRow(category, logged, level, events, fields, tuple(sources))


def _decides(source: SourceEvidence, level: int | None) -> bool:
    return level == 0 and source.kind in ("lines", "test", "remote_test")


def _carries(source: SourceEvidence) -> bool:
    """Return whether real lines or a test show the event whole, whatever else is switched off."""
    return source.kind != "configuration" and (source.level or 0) >= 3


def _best(levels: Iterable[int | None], disproved: bool) -> int | None:
    """Return the best level; unknown outweighs a mere setting that is off, not a disproof.

    What real lines disprove, a declaration or a setting does not make good.
    """
    found = list(levels)
    best = max((level for level in found if level), default=None)
    if best is not None and (best >= 3 or not disproved):
        return best
    if disproved or (found and None not in found):
        return 0
    return None


def _best_field(name: EventField, sources: list[SourceEvidence]) -> FieldEvidence:
    """Return the best shown of a field; a source that does not speak of it leaves it open."""
    found, decided = list[FieldEvidence](), False
    for source in (source for source in sources if not source.partly):
        said = [one for one in source.fields if one.field == name]
        found += said or ([FieldEvidence(name, None)] if source.logged else [])
        decided = decided or any(_decides(source, one.level) for one in said)
    level = _best((one.level for one in found), decided)
    alike = [one for one in found if one.level == level]
    return max(alike, key=lambda one: (one.filled, one.events), default=FieldEvidence(name, None))
