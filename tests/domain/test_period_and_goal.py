"""Periods with the one before, and how goals stand."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from outreach.domain.goal import Goal, Standing, progress
from outreach.domain.kpi import REGISTRY
from outreach.domain.measure import Value
from outreach.domain.period import Period, before, parse_month, parse_quarter, parse_week

TODAY = date(2026, 3, 4)


@pytest.mark.parametrize(
    ("parse", "written", "first", "last", "earlier"),
    [
        (parse_week, "2026-W10", date(2026, 3, 2), date(2026, 3, 8), "2026-W09"),
        (parse_week, "this", date(2026, 3, 2), date(2026, 3, 8), "2026-W09"),
        (parse_week, "2026-W01", date(2025, 12, 29), date(2026, 1, 4), "2025-W52"),
        (parse_month, "2026-02", date(2026, 2, 1), date(2026, 2, 28), "2026-01"),
        (parse_month, "last", date(2026, 2, 1), date(2026, 2, 28), "2026-01"),
        (parse_quarter, "2026-Q1", date(2026, 1, 1), date(2026, 3, 31), "2025-Q4"),
        (parse_quarter, "last", date(2025, 10, 1), date(2025, 12, 31), "2025-Q3"),
    ],
)
def test_a_period_is_read_and_knows_the_one_before(
    parse: object, written: str, first: date, last: date, earlier: str
) -> None:
    assert callable(parse)

    found = parse(written, today=TODAY, zone="UTC")

    assert (found.first, found.last, before(found).label) == (first, last, earlier)


def test_any_two_days_have_as_many_before_them() -> None:
    assert before(Period(date(2026, 3, 10), date(2026, 3, 14))) == Period(date(2026, 3, 5), date(2026, 3, 9))


def test_a_day_begins_at_the_midnight_of_the_zone() -> None:
    period = parse_month("2026-03", today=TODAY, zone="Europe/Berlin")

    assert period.start_at == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert period.end_at == datetime(2026, 3, 31, 22, tzinfo=UTC)  # summer time has begun


@pytest.mark.parametrize("parse", [parse_week, parse_month, parse_quarter])
@pytest.mark.parametrize("written", ["", "march", "2026-W60", "2026-13", "2026-Q5", "0000-00", "0000-Q1"])
def test_what_is_no_period_is_told_how_to_write_one(parse: object, written: str) -> None:
    assert callable(parse)

    with pytest.raises(ValueError, match="Write 2026-"):
        parse(written, today=TODAY, zone="UTC")


GOAL = Goal(
    name="Q1 meetings",
    kpi="meetings",
    target=60,
    owner="anna",
    start=date(2026, 1, 1),
    deadline=date(2026, 3, 31),
    attainable_because="41 in Q4",
)


def stand(value: float, day: date) -> Standing:
    now = datetime(day.year, day.month, day.day, tzinfo=UTC)
    measured = Value(name="meetings", value=value, numerator=value)
    return progress(GOAL, REGISTRY["meetings"], measured, now, zone="UTC").standing


@pytest.mark.parametrize(
    ("value", "day", "standing"),
    [
        (0, date(2025, 12, 1), Standing.NOT_BEGUN),
        (0, date(2026, 1, 2), Standing.ON_COURSE),  # not one would be there yet
        (45, date(2026, 2, 15), Standing.ON_COURSE),
        (30, date(2026, 2, 15), Standing.AT_RISK),
        (10, date(2026, 2, 15), Standing.BEHIND),
        (60, date(2026, 2, 15), Standing.REACHED),
        (59, date(2026, 4, 1), Standing.MISSED),
        (61, date(2026, 4, 1), Standing.REACHED),
    ],
)
def test_a_goal_stands_where_its_pace_leads(value: float, day: date, standing: Standing) -> None:
    assert stand(value, day) is standing


def test_pace_and_forecast_are_on_a_straight_line() -> None:
    measured = Value(name="meetings", value=20, numerator=20)

    found = progress(GOAL, REGISTRY["meetings"], measured, datetime(2026, 1, 31, tzinfo=UTC), zone="UTC")

    assert found.elapsed == pytest.approx(1 / 3)
    assert (found.pace, found.forecast) == pytest.approx((20, 60))
    assert found.low is not None
    assert found.high is not None
    assert 40 < found.low < 60 < found.high < 80


def test_a_share_has_no_pace_and_leads_where_it_is() -> None:
    goal = Goal(**{**{name: getattr(GOAL, name) for name in GOAL.__slots__}, "kpi": "reply_rate", "target": 0.1})
    measured = Value(name="reply_rate", value=0.12, numerator=12, denominator=100, low=0.07, high=0.2)

    found = progress(goal, REGISTRY["reply_rate"], measured, datetime(2026, 2, 1, tzinfo=UTC), zone="UTC")

    assert (found.pace, found.forecast, found.low, found.high) == (None, 0.12, 0.07, 0.2)
    assert found.standing is Standing.ON_COURSE


def test_a_share_of_nobody_has_not_begun_and_is_not_behind() -> None:
    goal = Goal(**{**{name: getattr(GOAL, name) for name in GOAL.__slots__}, "kpi": "reply_rate", "target": 0.05})
    nothing = Value(name="reply_rate", value=None, numerator=0, denominator=0)

    found = progress(goal, REGISTRY["reply_rate"], nothing, datetime(2026, 2, 1, tzinfo=UTC), zone="UTC")

    assert found.standing is Standing.NOT_BEGUN
