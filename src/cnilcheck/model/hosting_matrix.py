"""Who performs each of the six hosting activities, who needs a certificate, and who holds one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from msgspec import Struct

from cnilcheck.model.evidence import Collected, Evidence
from cnilcheck.model.facts import HostingActor, HostingChain
from cnilcheck.model.report import (
    ActivityCell,
    ActivityColumn,
    CellState,
    Finding,
    HostingMatrix,
    MatrixActor,
)
from cnilcheck.model.scope import HostingDeclaration
from cnilcheck.model.words import HealthData, Outcome

_Fact = TypeVar("_Fact", HostingActor, HostingChain)

ACTIVITIES = (1, 2, 3, 4, 5, 6)

# Infrastructure calls for the activities 1 to 3, a platform for 1 to 4, software for all six; who
# administers adds 5, who keeps the backups 6 (regulation HDS-10 to HDS-14, article R.1111-9).
_BY_SERVICE = {"iaas": (1, 2, 3), "paas": (1, 2, 3, 4), "saas": ACTIVITIES}
# A managed database or an outsourced backup calls for activity 6, whatever the service rests on.
_BACKUP = 6


class Needed(NamedTuple):
    """The activities others perform for a service, and those nobody said who performs."""

    certain: tuple[int, ...]
    undetermined: tuple[int, ...] = ()

    @property
    def all(self) -> tuple[int, ...]:
        """Both, in order."""
        return tuple(sorted({*self.certain, *self.undetermined}))


def needed_activities(declared: HostingDeclaration) -> Needed:
    """Return the activities a third party performs; both empty when the service is not declared.

    Who runs its own rented machines, or keeps its own backups, needs no certificate for that.
    """
    if declared.service not in _BY_SERVICE:
        return Needed(())
    certain = set(_BY_SERVICE[declared.service])
    if declared.managed_database:
        certain.add(_BACKUP)
    undetermined = set[int]()
    for activity, who in ((5, declared.administration), (_BACKUP, declared.backups)):
        if who == "third_party":
            certain.add(activity)
        elif who is None:
            undetermined.add(activity)
    return Needed(tuple(sorted(certain)), tuple(sorted(undetermined - certain)))


def hosting_matrix(
    collected: Collected, findings: Sequence[Finding], health_data: HealthData | None
) -> HostingMatrix | None:
    """Return the matrix of what was declared; None without a declaration or without health data.

    A certificate counts as the findings about it do: one that fails a rule covers nothing, one
    that a rule could not decide on is to be checked.
    """
    chain = next((fact for _, fact in _seen(collected, HostingChain)), None)
    if chain is None or health_data is HealthData.NONE:
        return None
    refused, open_ = _judged(findings)
    actors = tuple(
        _actor(actor, place, place in refused, place in open_, health_data)
        for place, actor in _seen(collected, HostingActor)
    )
    needed = _needed(chain, health_data)
    columns = tuple(_column(a, needed, actors) for a in ACTIVITIES)
    return HostingMatrix(chain.service, actors, columns)


def _seen(collected: Collected, kind: type[_Fact]) -> Iterator[tuple[str, _Fact]]:
    for seen in collected.observations:
        if isinstance(seen, Evidence) and isinstance(seen.fact, kind):
            yield seen.location, seen.fact


def _judged(findings: Sequence[Finding]) -> tuple[set[str], set[str]]:
    """Return the places of actors whose certificate fails a rule, and whose leaves one open."""
    places: dict[Outcome, set[str]] = {outcome: set() for outcome in Outcome}
    for finding in findings:
        for seen in finding.evidence:
            if isinstance(seen, Evidence) and isinstance(seen.fact, HostingActor):
                places[finding.outcome].add(seen.location)
    return places[Outcome.FAIL], places[Outcome.INCONCLUSIVE]


def _actor(
    actor: HostingActor, place: str, refused: bool, open_: bool, health_data: HealthData | None
) -> MatrixActor:
    held = actor.certificate
    own = not actor.outsourced and health_data is HealthData.OWN_PATIENTS
    performed = actor.activities if actor.activities or not own else ACTIVITIES

    def state(activity: int) -> CellState:
        if activity not in performed:
            return "none"
        if own:
            return "own"
        if held is None:
            return "uncertified"
        if activity not in held.activities:
            return "outside"
        return "refused" if refused else "to_check" if open_ else "certified"

    cells = tuple(ActivityCell(activity, state(activity)) for activity in ACTIVITIES)
    return MatrixActor(actor.name, place, held.number if held else "", cells)


class _Needs(Struct, frozen=True):
    """The activities for which others need a certificate; None: nobody declared the service."""

    certain: tuple[int, ...] | None
    undetermined: tuple[int, ...]

    def of(self, activity: int) -> bool | None:
        """Return whether a certificate is needed for it, None where nobody can tell."""
        if self.certain is None or activity in self.undetermined:
            return None
        return activity in self.certain


def _needed(chain: HostingChain, health_data: HealthData | None) -> _Needs:
    if not chain.outsourced and health_data is HealthData.OWN_PATIENTS:
        return _Needs((), ())
    if chain.service == "self_hosted" and health_data is HealthData.THIRD_PARTY:
        return _Needs(ACTIVITIES, ())
    return _Needs(chain.needed or None, chain.undetermined)


_Conclusion: TypeAlias = Literal[
    "covered", "to_check", "uncovered", "nobody", "own", "not_needed", "unknown"
]


def _column(activity: int, needs: _Needs, actors: Sequence[MatrixActor]) -> ActivityColumn:
    states = {a.name: a.cells[activity - 1].state for a in actors}
    needed = needs.of(activity)
    by = tuple(name for name, state in states.items() if state == "certified")
    return ActivityColumn(activity, needed, _conclusion(needed, set(states.values())), by)


def _conclusion(needed: bool | None, states: set[CellState]) -> _Conclusion:
    performed = states - {"none"}
    # An activity two actors share is covered only when each of them is certified for it.
    if performed & {"uncertified", "outside", "refused"}:
        return "uncovered"
    if "to_check" in performed:
        return "to_check"
    if "certified" in performed:
        return "covered"
    if "own" in performed:
        return "own"
    return "unknown" if needed is None else "nobody" if needed else "not_needed"
