"""A variant wins when the numbers are sure, and not because somebody looked often enough."""

from __future__ import annotations

from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.uncertainty import CONFIDENCE, compare
from outreach.domain.winner import Arm, Looks, after, decide, is_time, level_of, next_look_at


def arms(*counts: tuple[int, int]) -> list[Arm]:
    return [Arm(name, people, hits) for name, (people, hits) in zip("abcdefgh", counts, strict=False)]


def test_a_variant_that_is_surely_better_wins() -> None:
    won = decide(arms((200, 10), (200, 40)), Looks())

    assert won is not None
    assert won.variant == "b"
    assert won.p_value < won.level
    assert won.level == pytest.approx(0.025)


@pytest.mark.parametrize(
    "counts",
    [
        ((200, 20), (200, 24)),
        ((200, 20), (200, 20)),
        ((200, 0), (200, 0)),
        ((200, 200), (200, 200)),
        ((200, 0), (200, 4)),
        ((200, 10),),
        (),
    ],
)
def test_nothing_is_decided_by_what_may_be_chance(counts: tuple[tuple[int, int], ...]) -> None:
    assert decide(arms(*counts), Looks()) is None


def test_the_best_of_three_must_be_better_than_each_of_the_others() -> None:
    assert decide(arms((400, 20), (400, 72), (400, 80)), Looks()) is None
    won = decide(arms((400, 20), (400, 30), (400, 80)), Looks())
    assert won is not None
    assert won.variant == "c"


def test_more_variants_and_more_looks_ask_for_more() -> None:
    assert level_of(Looks(), 2) == pytest.approx(0.025)
    assert level_of(Looks(), 3) == pytest.approx(0.025 / 3)
    assert level_of(Looks(1, 100), 2) == pytest.approx(0.0125)
    assert level_of(Looks(2, 200), 4) == pytest.approx(0.00625 / 6)
    assert sum(level_of(Looks(made, 1), 2) for made in range(60)) <= 1 - CONFIDENCE + 1e-12


def test_it_is_looked_at_the_first_minimum_and_then_at_each_doubling() -> None:
    first = arms((100, 5), (120, 6))

    assert not is_time(arms((99, 5), (500, 6)), Looks(), 100)
    assert is_time(first, Looks(), 100)
    looks = after(first, Looks())
    assert looks == Looks(1, 100)
    assert next_look_at(looks, 100) == 200
    assert not is_time(arms((199, 5), (900, 6)), looks, 100)
    assert is_time(arms((200, 5), (900, 6)), looks, 100)


def test_looking_again_and_again_does_not_find_winners_among_the_same() -> None:
    """Two variants of one worth, looked at after every ten people: a plain test finds a winner in a third of all."""
    found = [_winners(f"x{run}") for run in range(200)]

    assert sum(ours for ours, _ in found) <= 200 * 0.05
    assert sum(plain for _, plain in found) >= 200 * 0.25


def _winners(run: str) -> tuple[bool, bool]:
    """(did `decide` ever find one, did a plain test at every look)."""
    hits, looks, ours, plain = [0, 0], Looks(), False, False
    for people in range(10, 2_000, 10):
        hits = [each + _of_ten(f"{run}.{arm}.{people}") for arm, each in enumerate(hits)]
        counts = arms((people, hits[0]), (people, hits[1]))
        against = compare((hits[0], people), (hits[1], people))
        plain = plain or bool(people >= 100 and against and against.is_significant)
        if is_time(counts, looks, 100):
            ours = ours or decide(counts, looks) is not None
            looks = after(counts, looks)
    return ours, plain


def _of_ten(key: str) -> int:
    """How many of ten people answer, one in ten of all."""
    return sum(byte < 26 for byte in blake2b(key.encode(), digest_size=10).digest())


@given(st.lists(st.tuples(st.integers(0, 5_000), st.floats(0, 1)), max_size=6), st.integers(0, 8))
def test_whoever_wins_has_the_largest_share(found: list[tuple[int, float]], made: int) -> None:
    counts = arms(*((people, int(people * share)) for people, share in found))

    won = decide(counts, Looks(made, 1))

    if won is not None:
        assert max(counts, key=lambda arm: arm.share).share == next(a.share for a in counts if a.variant == won.variant)
        assert won.p_value < won.level
