"""Whether one of two sets of times is longer than the other, or only looks so."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_LEAST = 4
_CHANCE = 0.01
_MILLISECONDS = 50.0
_SPREADS = 3.0


@dataclass(frozen=True)
class Comparison:
    """The answer, and by how many milliseconds the medians are apart (first minus second)."""

    answer: Literal["differ", "same", "too_noisy", "too_few"]
    gap: float = 0.0


def compare_times(first: Sequence[float], second: Sequence[float]) -> Comparison:
    """Return whether two sets of times (seconds) differ by more than chance and noise explain.

    They differ when three things hold: the rank sum is one that chance gives less than once in a
    hundred (exact, two-sided), the medians are 50 ms apart, and by three times the wider set's own
    median deviation. Too noisy is what could hide such a gap, or shows part of one.
    """
    if min(len(first), len(second)) < _LEAST:
        return Comparison("too_few")
    gap = (statistics.median(first) - statistics.median(second)) * 1000
    spread = max(_spread(first), _spread(second)) * 1000
    unlikely = rank_sum_chance(first, second) < _CHANCE
    if unlikely and abs(gap) > max(_MILLISECONDS, _SPREADS * spread):
        return Comparison("differ", gap)
    noisy = spread * _SPREADS > _MILLISECONDS or abs(gap) > _MILLISECONDS
    return Comparison("too_noisy" if noisy else "same", gap)


def rank_sum_chance(first: Sequence[float], second: Sequence[float]) -> float:
    """Return how often chance alone parts two sets so far (Mann-Whitney, exact, two-sided).

    Sets are small: every way to choose the first among all is counted.
    """
    ranks = _ranks([*first, *second])
    n, middle = len(first), len(first) * (len(ranks) + 1) / 2
    seen = abs(sum(ranks[:n]) - middle)
    sums = [abs(sum(chosen) - middle) for chosen in itertools.combinations(ranks, n)]
    return sum(1 for distance in sums if distance >= seen - 1e-9) / len(sums)


def _ranks(values: list[float]) -> list[float]:
    ordered = sorted(values)
    # Equal times share the mean of their ranks.
    return [ordered.index(v) + 1 + (ordered.count(v) - 1) / 2 for v in values]


def _spread(values: Sequence[float]) -> float:
    middle = statistics.median(values)
    return statistics.median(abs(value - middle) for value in values)
