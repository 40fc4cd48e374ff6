"""How sure a measured number is: intervals of shares, and whether two shares differ by more than chance.

Wilson's score interval (E. B. Wilson, 1927) stays within 0 and 1 and is right for small numbers; the test of two
proportions uses the pooled share; the size of a sample is that of a two-sided test.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist

_NORMAL = NormalDist()
CONFIDENCE = 0.95
FORECAST = 0.80
POWER = 0.80
ENOUGH = 5  # successes and failures each of two samples must have, below which the normal curve misleads


def z_of(confidence: float) -> float:
    """How many standard deviations lie on each side: 1.96 for 0.95."""
    return _NORMAL.inv_cdf((1 + confidence) / 2)


def wilson(successes: int, trials: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval a share lies in; (0, 1) where nothing was tried."""
    if trials == 0:
        return 0.0, 1.0
    z = z_of(confidence)
    share = successes / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    return low, 1.0 if successes == trials else min(1.0, middle + half)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two shares, the second less the first. `p_value` None: too few to say. `needed`: of each, to be sure of it."""

    difference: float
    low: float
    high: float
    p_value: float | None
    needed: int | None

    @property
    def is_significant(self) -> bool:
        return self.p_value is not None and self.p_value < 1 - CONFIDENCE


def compare(first: tuple[int, int], second: tuple[int, int]) -> Comparison | None:
    """Two samples, each as (successes, trials); None where one of them is empty."""
    if not first[1] or not second[1]:
        return None
    one, other = first[0] / first[1], second[0] / second[1]
    spread = sqrt(one * (1 - one) / first[1] + other * (1 - other) / second[1])
    half = z_of(CONFIDENCE) * spread
    return Comparison(
        difference=other - one,
        low=max(-1.0, other - one - half),
        high=min(1.0, other - one + half),
        p_value=_p_value(first, second),
        needed=sample_size(one, other),
    )


def _p_value(first: tuple[int, int], second: tuple[int, int]) -> float | None:
    pooled = (first[0] + second[0]) / (first[1] + second[1])
    expected = [trials * share for _, trials in (first, second) for share in (pooled, 1 - pooled)]
    if min(expected) < ENOUGH:
        return None
    spread = sqrt(pooled * (1 - pooled) * (1 / first[1] + 1 / second[1]))
    distance = abs(first[0] / first[1] - second[0] / second[1]) / spread
    return 2 * (1 - _NORMAL.cdf(distance))


def sample_size(one: float, other: float) -> int | None:
    """How many of each it takes to tell these two shares apart; None where they are the same."""
    if one == other:
        return None
    spread = one * (1 - one) + other * (1 - other)
    return max(1, ceil((z_of(CONFIDENCE) + _NORMAL.inv_cdf(POWER)) ** 2 * spread / (one - other) ** 2))


def count_range(expected: float, confidence: float = FORECAST) -> tuple[float, float]:
    """The range a count that is expected so high will lie in (Poisson, by the square root transformation)."""
    half = z_of(confidence) / 2
    root = sqrt(max(expected, 0.0))
    return max(0.0, root - half) ** 2 if root > half else 0.0, (root + half) ** 2


@dataclass(frozen=True, slots=True)
class Stake:
    """So many leads, of whom that share is won by what was measured (successes of trials), each worth `value`."""

    leads: int
    successes: int
    trials: int
    value: float

    @property
    def share(self) -> float:
        return self.successes / self.trials if self.trials else 0.0


def sum_range(stakes: Iterable[Stake], confidence: float = FORECAST) -> tuple[float, float, float]:
    """What the stakes come to, with a range: chance of each lead, and what is not known of each share."""
    total = variance = 0.0
    for stake in stakes:
        low, high = wilson(stake.successes, stake.trials)
        error = (high - low) / 2 / z_of(CONFIDENCE)
        total += stake.leads * stake.share * stake.value
        chance = stake.leads * stake.share * (1 - stake.share) * stake.value**2
        variance += chance + (stake.leads * stake.value * error) ** 2
    half = z_of(confidence) * sqrt(variance)
    return total, max(0.0, total - half), total + half
