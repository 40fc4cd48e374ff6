"""Whose turn it is, by ratio, shares, score and age."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.turns import Lane, Shares, Waiting, choose, take_turns

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)

lanes = st.builds(Lane, st.sampled_from(["a", "b", "c"]), st.booleans())
waiting_lists = st.lists(st.tuples(lanes, st.integers(0, 3), st.integers(0, 50), st.integers(-5, 5)), max_size=40).map(
    lambda found: [_wait(f"{n:03}", *each) for n, each in enumerate(found)]
)


def _wait(key: str, lane: Lane, score: int = 0, age: int = 0, due: int = 0) -> Waiting:
    due_at = NOW + due * HOUR
    return Waiting(key, lane, score, NOW - age * HOUR, due_at, due_at + 8 * HOUR)


def _many(lane: Lane, number: int = 40) -> list[Waiting]:
    return [_wait(f"{lane.sequence}{lane.is_first}{each:03}", lane) for each in range(number)]


def test_both_kinds_share_by_their_ratio() -> None:
    waiting = _many(Lane("a", is_first=True)) + _many(Lane("a", is_first=False))

    chosen = take_turns(waiting, [], most=20, shares=Shares(follow_ups=3, first=1))

    assert Counter(each.lane.is_first for each in chosen) == {False: 15, True: 5}


def test_over_a_thousand_turns_the_ratio_is_the_one_that_was_written() -> None:
    waiting = [*_many(Lane("a", is_first=True), 1), *_many(Lane("a", is_first=False), 1)]
    recent: list[Lane] = []

    for _ in range(1_000):
        (chosen,) = take_turns(waiting, recent, most=1, shares=Shares(follow_ups=3, first=1))
        recent.insert(0, chosen.lane)

    assert Counter(lane.is_first for lane in recent) == {False: 750, True: 250}


def test_sequences_share_by_their_shares() -> None:
    waiting = _many(Lane("a", is_first=True)) + _many(Lane("b", is_first=True))

    chosen = take_turns(waiting, [], most=20, shares=Shares(sequences={"a": 4}))

    assert Counter(each.lane.sequence for each in chosen) == {"a": 16, "b": 4}


def test_one_kind_alone_takes_every_turn() -> None:
    chosen = take_turns(_many(Lane("a", is_first=True)), [], most=20, shares=Shares())

    assert len(chosen) == 20


def test_turns_that_no_window_has_time_for_are_not_kept() -> None:
    later = [_wait(f"x{each}", Lane("a", is_first=True), score=9, due=1) for each in range(30)]

    choice = choose(
        [*later, _wait("now", Lane("a", is_first=True))],
        [],
        most=1,
        left=30,
        now=NOW,
        gap=timedelta(hours=1),
        shares=Shares(),
    )

    assert [each.key for each in choice.now] == ["now"]


@given(waiting=waiting_lists, recent=st.lists(lanes, max_size=20), most=st.integers(1, 10), left=st.integers(0, 15))
def test_a_choice_is_due_never_too_many_and_in_the_order_of_each_lane(
    waiting: list[Waiting], recent: list[Lane], most: int, left: int
) -> None:
    choice = choose(waiting, recent, most=most, left=left, now=NOW, gap=timedelta(0), shares=Shares())

    assert len(choice.now) + choice.room <= min(most, left)
    assert all(each.due_at <= NOW for each in choice.now)
    for lane in {each.lane for each in choice.now}:
        due = sorted(
            (each for each in waiting if each.lane == lane and each.due_at <= NOW), key=lambda each: each.place
        )
        mine = [each for each in choice.now if each.lane == lane]
        assert mine == due[: len(mine)]


@given(
    recent=st.lists(lanes, max_size=20), shares=st.builds(Shares, follow_ups=st.integers(1, 9), first=st.integers(1, 9))
)
def test_no_lane_waits_for_ever(recent: list[Lane], shares: Shares) -> None:
    every = [Lane(name, is_first) for name in ("a", "b", "c") for is_first in (True, False)]
    had = list(recent)

    for _ in range(200):
        (turn,) = take_turns([each for lane in every for each in _many(lane, 1)], had, most=1, shares=shares)
        had.insert(0, turn.lane)

    assert set(had[:100]) == set(every)
