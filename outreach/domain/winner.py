"""Which variant of a step has won: a decision from counts alone, which may be asked for again and again.

Whoever looks after every answer and stops at the first good number is wrong far more often than one time in twenty:
chance alone crosses any line if one looks often enough. So the number of looks is bounded by the samples, not by the
clock. The first look comes when every variant has `at_least` people, each later one when the smallest variant has
twice as many as at the look before; in between nothing is asked, however good a number seems. The first look may
spend half of the 5 %, the next a quarter, then an eighth: together never more than 5 %, whenever it ends (the union
bound; a plan of "alpha spending" in its simplest form).

With more than two variants the best is chosen before it is compared, so every pair counts as a comparison
(Bonferroni): with three variants each of the three pairs has a third of what the look may spend. A variant has won
when it is better than every other one at that level.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from outreach.domain.uncertainty import CONFIDENCE, compare

GROWTH = 2
"""How many times as many people of the smallest variant another look takes."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One variant: how many people had it, and how many of them did what is measured."""

    variant: str
    people: int
    successes: int

    @property
    def share(self) -> float:
        return self.successes / self.people if self.people else 0.0


@dataclass(frozen=True, slots=True)
class Looks:
    """The looks that were made: how many, and how many people the smallest variant had at the last."""

    made: int = 0
    people: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Won:
    """`p_value` is the largest of its comparisons, `level` what each of them had to be below."""

    variant: str
    p_value: float
    level: float


def smallest(arms: Iterable[Arm]) -> int:
    """People of the variant with the fewest."""
    return min((arm.people for arm in arms), default=0)


def next_look_at(looks: Looks, at_least: int) -> int:
    """How many people every variant must have before it is looked again."""
    return max(at_least, looks.people * GROWTH) if looks.made else at_least


def is_time(arms: Sequence[Arm], looks: Looks, at_least: int) -> bool:
    """May these counts be looked at?"""
    return len(arms) > 1 and smallest(arms) >= next_look_at(looks, at_least)


def after(arms: Sequence[Arm], looks: Looks) -> Looks:
    """The looks with this one."""
    return Looks(looks.made + 1, smallest(arms))


def level_of(looks: Looks, variants: int) -> float:
    """Below which a p-value must be at the next look, with so many variants."""
    pairs = variants * (variants - 1) // 2
    return float((1 - CONFIDENCE) / 2 ** (looks.made + 1) / max(pairs, 1))


def decide(arms: Sequence[Arm], looks: Looks) -> Won | None:
    """The winner at this look; None: nothing is sure yet. Ask only when `is_time`, and then keep `after`."""
    if len(arms) < 2:
        return None
    best = max(arms, key=lambda arm: (arm.share, arm.variant))
    level = level_of(looks, len(arms))
    p_values = [_p_value(best, arm) for arm in arms if arm.variant != best.variant]
    surely = [found for found in p_values if found is not None and found < level]
    return Won(variant=best.variant, p_value=max(surely), level=level) if len(surely) == len(p_values) else None


def _p_value(best: Arm, other: Arm) -> float | None:
    """Of their difference; None where there are too few to tell, or none is."""
    found = compare((other.successes, other.people), (best.successes, best.people))
    return found.p_value if found and found.difference > 0 else None
