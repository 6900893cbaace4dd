"""Times compared: a difference is told only where chance and noise do not explain it."""

from __future__ import annotations

import random

import pytest

from cnilcheck.collectors.rank_test import compare_times, rank_sum_chance

QUICK = [0.020, 0.021, 0.019, 0.022, 0.020, 0.023, 0.021, 0.020]


def test_a_hash_computed_for_one_kind_only_is_a_difference() -> None:
    answer = compare_times([0.330, 0.341, 0.335, 0.329], QUICK)
    assert answer.answer == "differ"
    assert 300 < answer.gap < 320


def test_equal_work_is_the_same() -> None:
    assert compare_times([0.021, 0.020, 0.022, 0.019], QUICK).answer == "same"


def test_a_certain_gap_that_is_small_is_not_told() -> None:
    assert compare_times([0.040, 0.041, 0.042, 0.040], QUICK).answer == "same"


def test_one_slow_answer_is_no_difference() -> None:
    assert compare_times([0.020, 0.021, 0.900, 0.022], QUICK).answer != "differ"


def test_a_gap_inside_the_noise_is_too_noisy() -> None:
    wide = [0.1, 0.5, 0.2, 0.9, 0.3, 0.7, 0.4, 0.8]
    assert compare_times([1.0, 1.2, 0.95, 1.4], wide).answer == "too_noisy"


def test_three_answers_are_too_few() -> None:
    assert compare_times([0.9, 0.9, 0.9], QUICK).answer == "too_few"


@pytest.mark.parametrize(
    ("first", "second", "chance"),
    # Of the 70 ways to choose 4 ranks among 8, two are as far apart as all the lowest.
    [([1, 2, 3, 4], [5, 6, 7, 8], 2 / 70), ([1, 1, 1, 1], [1, 1, 1, 1], 1.0)],
)
def test_the_chance_of_a_rank_sum_is_exact(
    first: list[float], second: list[float], chance: float
) -> None:
    assert chance == pytest.approx(rank_sum_chance(first, second))


def test_noise_alone_is_told_as_a_difference_less_than_once_in_a_hundred() -> None:
    dice = random.Random(2021)
    wrong = 0
    for _ in range(300):
        times = [dice.lognormvariate(-3, 0.8) for _ in range(12)]
        wrong += compare_times(times[:4], times[4:]).answer == "differ"
    assert wrong <= 3
