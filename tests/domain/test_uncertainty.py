"""How sure a number is: intervals, tests of two shares, ranges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.uncertainty import Stake, compare, count_range, sample_size, sum_range, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (15, 150, 0.0615, 0.1584), (10, 10, 0.7225, 1.0)],
)
def test_the_interval_is_that_of_published_tables(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=1e-4)


@given(trials=st.integers(0, 10_000), share=st.floats(0, 1))
def test_an_interval_holds_its_share_and_stays_between_none_and_all(trials: int, share: float) -> None:
    successes = round(trials * share)

    low, high = wilson(successes, trials)

    assert 0 <= low <= high <= 1
    assert not trials or low <= successes / trials <= high


def test_two_shares_differ_by_more_than_chance() -> None:
    found = compare((100, 1_000), (150, 1_000))

    assert found
    assert found.difference == pytest.approx(0.05)
    assert found.p_value == pytest.approx(0.00072, abs=1e-5)
    assert found.is_significant
    assert found.low > 0


def test_two_shares_of_few_say_nothing() -> None:
    found = compare((1, 10), (3, 10))

    assert found
    assert found.p_value is None
    assert not found.is_significant
    assert found.needed == 59


def test_an_empty_sample_is_compared_with_nothing() -> None:
    assert compare((0, 0), (1, 2)) is None


def test_the_size_of_a_sample_is_that_of_the_books() -> None:
    assert sample_size(0.10, 0.15) == 683
    assert sample_size(0.1, 0.1) is None


@given(expected=st.floats(0, 1e6))
def test_a_range_of_a_count_holds_the_count(expected: float) -> None:
    low, high = count_range(expected)

    assert 0 <= low <= expected <= high


def test_a_sum_of_stakes_has_its_range() -> None:
    total, low, high = sum_range([Stake(10, 50, 100, 1_000), Stake(4, 1, 4, 500)])

    assert total == pytest.approx(5_500)
    assert 0 <= low < total < high
