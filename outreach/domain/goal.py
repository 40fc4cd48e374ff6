"""A goal of a team: a measure, a target, and by when; how far it has come, at which pace, and where that leads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from outreach.domain.measure import Kpi, Unit, Value
from outreach.domain.period import Period
from outreach.domain.uncertainty import count_range


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """SMART: specific by its name and measure, measurable by its target, attainable for a reason, with a term."""

    name: str
    kpi: str
    target: float
    owner: str
    start: date
    deadline: date
    attainable_because: str

    def period(self, zone: str) -> Period:
        return Period(self.start, self.deadline, zone, self.name)


class Standing(StrEnum):
    """How a goal stands."""

    NOT_BEGUN = "not begun"
    REACHED = "reached"
    ON_COURSE = "on course"
    AT_RISK = "at risk"
    BEHIND = "behind"
    MISSED = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`elapsed` and `done` are shares. `pace`: what it would be now on a straight line; None for measures that do not
    add up. `forecast` with its range: where it leads by the deadline."""

    goal: Goal
    value: float | None
    elapsed: float
    done: float | None
    pace: float | None
    forecast: float | None
    low: float | None
    high: float | None
    standing: Standing


_ADDS_UP = (Unit.COUNT, Unit.MONEY)


def adds_up(kpi: Kpi) -> bool:
    """Does the measure grow with time? Shares, spans and averages do not."""
    return kpi.unit in _ADDS_UP and not kpi.by


def progress(
    goal: Goal, kpi: Kpi, measured: Value, now: datetime, *, zone: str, events: float | None = None
) -> Progress:
    """How the goal stands. `events`: of how many things a sum is made, for the range of a sum of money."""
    period = goal.period(zone)
    whole = (period.end_at - period.start_at).total_seconds()
    elapsed = min(1.0, max(0.0, (now - period.start_at).total_seconds() / whole))
    if adds_up(kpi):
        forecast, low, high = _onward(measured.value or 0.0, elapsed, events)
    else:
        forecast, low, high = measured.value, measured.low, measured.high
    return Progress(
        goal=goal,
        value=measured.value,
        elapsed=elapsed,
        done=_done(goal, kpi, measured.value),
        pace=goal.target * elapsed if adds_up(kpi) else None,
        forecast=forecast,
        low=low,
        high=high,
        standing=_standing(goal, kpi, measured.value, (low, high), elapsed),
    )


def _onward(value: float, elapsed: float, events: float | None) -> tuple[float | None, float | None, float | None]:
    """The present rate, kept up until the deadline; the range is that of a count that comes by chance."""
    if elapsed <= 0:
        return None, None, None
    if elapsed >= 1:
        return value, value, value
    number = value if events is None else events
    each = value / number if number else 1.0
    ahead = number / elapsed * (1 - elapsed)
    low, high = count_range(ahead)
    return value + ahead * each, value + low * each, value + high * each


def _done(goal: Goal, kpi: Kpi, value: float | None) -> float | None:
    if value is None:
        return None
    if kpi.more_is_better:
        return value / goal.target if goal.target else None
    return min(1.0, goal.target / value) if value else 1.0


def _standing(
    goal: Goal, kpi: Kpi, value: float | None, ahead: tuple[float | None, float | None], elapsed: float
) -> Standing:
    if elapsed <= 0:
        return Standing.NOT_BEGUN
    is_met = value is not None and _reaches(goal, kpi, value)
    if elapsed >= 1:
        return Standing.REACHED if is_met else Standing.MISSED
    if is_met and adds_up(kpi):
        return Standing.REACHED
    if value is None:
        return Standing.NOT_BEGUN  # nothing to divide by yet: nobody was written to
    if kpi.unit is Unit.COUNT and adds_up(kpi) and goal.target * elapsed < 1:
        return Standing.ON_COURSE  # on a straight line not one would be there yet
    worst, best = ahead if kpi.more_is_better else (ahead[1], ahead[0])
    if worst is not None and _reaches(goal, kpi, worst):
        return Standing.ON_COURSE
    if (best is not None and _reaches(goal, kpi, best)) or is_met:
        return Standing.ON_COURSE if is_met else Standing.AT_RISK
    return Standing.BEHIND


def _reaches(goal: Goal, kpi: Kpi, value: float) -> bool:
    return value >= goal.target if kpi.more_is_better else value <= goal.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Of a stage: the share of its leads that come to the goal, and how many leads it takes. None: nothing is measured
    yet, or nobody came so far. `most` None: with what is known, no number is surely enough."""

    pipeline: str
    stage: str
    successes: int
    trials: int
    share: float | None
    low: float
    high: float
    needed: float | None
    fewest: float | None
    most: float | None
