"""Points from rules: whole, fading, in any order of events, and never moving anybody back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.event import EventKind
from outreach.domain.pipeline import Pipeline, Stage, StageKind
from outreach.domain.scoring import Rule, Scoring, moves_up, sum_up, total

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
Happened = Mapping[EventKind, Sequence[datetime]]
PIPELINE = Pipeline(
    name="default",
    stages=(
        Stage(name="prospect"),
        Stage(name="qualified"),
        Stage(name="contacted"),
        Stage(name="won", kind=StageKind.WON),
        Stage(name="nurture", kind=StageKind.PARKED),
    ),
    moves={"nurture": ("qualified",)},
)


def points(
    *rules: Rule, happened: Mapping[EventKind, Sequence[datetime]] | None = None, holds: bool = True
) -> list[int]:
    lines = sum_up(Scoring(rules=rules), lambda _: holds, happened or {}, NOW)
    return [line.points for line in lines]


def days_ago(*days: float) -> list[datetime]:
    return [NOW - timedelta(days=each) for each in days]


def test_a_rule_over_fields_gives_its_points_where_it_holds() -> None:
    rule = Rule(add=10, condition="company.size > 50")

    assert (points(rule), points(rule, holds=False)) == ([10], [0])


@pytest.mark.parametrize(("age", "expected"), [(0, 25), (30, 13), (60, 6), (90, 3), (3_000, 0), (-1, 25)])
def test_a_happening_counts_half_after_its_half_life(age: float, expected: int) -> None:
    rule = Rule(add=25, event=EventKind.REPLIED, half_life=timedelta(days=30))

    assert points(rule, happened={EventKind.REPLIED: days_ago(age)}) == [expected]


def test_only_the_last_happenings_count_as_often_as_the_rule_says() -> None:
    happened = {EventKind.CLICKED: days_ago(1, 2, 3, 4)}

    once = points(Rule(add=5, event=EventKind.CLICKED), happened=happened)
    thrice = points(Rule(add=5, event=EventKind.CLICKED, times=3), happened=happened)

    assert (once, thrice) == ([5], [15])


def test_what_happened_and_what_holds_are_both_asked() -> None:
    rule = Rule(add=5, event=EventKind.REPLIED, condition="company.size > 50")
    happened = {EventKind.REPLIED: days_ago(1)}

    assert points(rule, happened=happened) == [5]
    assert points(rule, happened=happened, holds=False) == [0]
    assert points(rule) == [0]


@pytest.mark.parametrize(
    ("present", "to"),
    [
        ("prospect", "qualified"),
        ("qualified", None),
        ("contacted", None),
        ("won", None),
        ("nurture", None),
        ("?", None),
    ],
)
def test_only_who_stands_before_the_stage_moves_up(present: str, to: str | None) -> None:
    found = moves_up(Scoring(qualified_at=1), PIPELINE, present)

    assert (found.name if found else None) == to


def test_a_pipeline_without_that_stage_moves_nobody_unless_another_is_named() -> None:
    pipeline = Pipeline(name="own", stages=(Stage(name="first"), Stage(name="talk")))

    assert moves_up(Scoring(qualified_at=1), pipeline, "first") is None
    assert moves_up(Scoring(qualified_at=1, stages={"own": "talk"}), pipeline, "first") == Stage(name="talk")


RULES = st.builds(
    Rule,
    add=st.integers(-1_000, 1_000).filter(bool),
    event=st.sampled_from([EventKind.REPLIED, EventKind.CLICKED]),
    half_life=st.none() | st.timedeltas(timedelta(hours=1), timedelta(days=400)),
    times=st.integers(1, 5),
)
INSTANTS = st.lists(st.datetimes(datetime(2020, 1, 1), datetime(2026, 3, 2), timezones=st.just(UTC)), max_size=8)  # noqa: DTZ001


@given(rules=st.lists(RULES, max_size=5), replied=INSTANTS, clicked=INSTANTS, seed=st.randoms())
def test_the_order_in_which_events_came_makes_no_difference(
    rules: list[Rule], replied: list[datetime], clicked: list[datetime], seed: object
) -> None:
    shuffled = list(replied)
    getattr(seed, "shuffle")(shuffled)  # noqa: B009
    scoring = Scoring(rules=tuple(rules))

    one = sum_up(scoring, lambda _: True, {EventKind.REPLIED: replied, EventKind.CLICKED: clicked}, NOW)
    other = sum_up(scoring, lambda _: True, {EventKind.REPLIED: shuffled, EventKind.CLICKED: clicked[::-1]}, NOW)

    assert one == other
    assert total(one) == sum(line.points for line in one)


@given(rule=RULES, replied=INSTANTS, later=st.timedeltas(timedelta(0), timedelta(days=800)))
def test_points_only_fade_and_never_grow_or_turn(rule: Rule, replied: list[datetime], later: timedelta) -> None:
    happened = {EventKind.REPLIED: replied}

    (before,) = sum_up(Scoring(rules=(rule,)), lambda _: True, happened, NOW)
    (after,) = sum_up(Scoring(rules=(rule,)), lambda _: True, happened, NOW + later)

    assert abs(after.points) <= abs(before.points) <= abs(rule.add) * rule.times
    assert before.points * rule.add >= 0
