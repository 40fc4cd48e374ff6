"""What the open leads will bring, and how many leads it takes: both from the share of a stage that was won before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from outreach.domain.goal import Need
from outreach.domain.pipeline import Pipeline, StageKind
from outreach.domain.uncertainty import CONFIDENCE, Stake, sum_range, wilson
from outreach.services.measuring.kpis import stages_of
from outreach.services.measuring.source import Source
from outreach.store import stage_measures
from outreach.store.measures import Question

MEMORY = timedelta(days=365)
"""How long ago a lead may have come into a stage to count for its share."""

_CLOSED = (StageKind.LOST, StageKind.PARKED)
_NOT_OPEN = (StageKind.WON, *_CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastLine:
    """One stage: open leads in it, the share won before (successes of trials), and what they come to."""

    pipeline: str
    stage: str
    leads: int
    successes: int
    trials: int
    value: float  # of one lead, on average
    expected_sales: float
    expected_value: float

    @property
    def share(self) -> float | None:
        return self.successes / self.trials if self.trials else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Sums with the range that holds in four of five cases. `unmeasured`: open leads in stages without a share yet."""

    lines: tuple[ForecastLine, ...]
    sales: float
    sales_low: float
    sales_high: float
    value: float
    value_low: float
    value_high: float
    unmeasured: int


def memory_of(asked: Question, now: datetime) -> Question:
    """The same question about the span that shares are measured in."""
    return replace(asked, start_at=now - MEMORY, end_at=now, by=None, only=())


def forecast(source: Source, asked: Question, pipelines: Sequence[Pipeline], *, now: datetime) -> Forecast:
    """Open leads now × the share won of those who were in their stage × their value."""
    past = memory_of(asked, now)
    shares = source.outcomes(past, stages_of(pipelines, *_CLOSED))
    average = _average_value(source, past)
    found = {(each.pipeline, each.stage): each for each in source.standing(stages_of(pipelines, *_NOT_OPEN))}
    lines = [
        _line(found[stage], shares.get(stage, (0, 0)), average)
        for stage in stages_of(pipelines, StageKind.OPEN)
        if stage in found
    ]
    sales = sum_range(Stake(line.leads, line.successes, line.trials, 1) for line in lines if line.trials)
    value = sum_range(Stake(line.leads, line.successes, line.trials, line.value) for line in lines if line.trials)
    return Forecast(
        lines=tuple(lines),
        sales=sales[0],
        sales_low=sales[1],
        sales_high=sales[2],
        value=value[0],
        value_low=value[1],
        value_high=value[2],
        unmeasured=sum(line.leads for line in lines if not line.trials),
    )


def _average_value(source: Source, past: Question) -> float:
    found = source.count("sales", past).get("", {})
    return found["won_value"] / found["won_with_value"] if found.get("won_with_value") else 0.0


def _line(standing: stage_measures.Standing, known: tuple[int, int], average: float) -> ForecastLine:
    value = (standing.value + (standing.leads - standing.valued) * average) / standing.leads
    stake = Stake(standing.leads, *known, value)
    return ForecastLine(
        pipeline=standing.pipeline,
        stage=standing.stage,
        leads=standing.leads,
        successes=known[0],
        trials=known[1],
        value=value,
        expected_sales=stake.leads * stake.share,
        expected_value=stake.leads * stake.share * value,
    )


def needs(
    source: Source,
    asked: Question,
    pipelines: Sequence[Pipeline],
    *,
    target: float,
    now: datetime,
    by_meeting: bool = False,
) -> list[Need]:
    """For each open stage somebody came through: how many leads in it lead to `target` sales, or meetings.

    The range is that of the share, at 95 %. Stages behind the goal, from which nobody comes to it, are left out.
    """
    past = memory_of(asked, now)
    shares = source.outcomes(past, stages_of(pipelines, *_CLOSED), by_meeting=by_meeting)
    return [need_of(stage, shares[stage], target) for stage in stages_of(pipelines, StageKind.OPEN) if stage in shares]


def need_of(stage: tuple[str, str], known: tuple[int, int], target: float) -> Need:
    """How many leads of a stage, from (successes, trials)."""
    successes, trials = known
    low, high = wilson(successes, trials, CONFIDENCE)
    share = successes / trials if trials else None
    return Need(
        pipeline=stage[0],
        stage=stage[1],
        successes=successes,
        trials=trials,
        share=share,
        low=low,
        high=high,
        needed=target / share if share else None,
        fewest=target / high if high and trials else None,
        most=target / low if low else None,
    )
