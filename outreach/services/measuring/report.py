"""Everything a report says about a period, as values: tables, comparisons, and what its charts are drawn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from outreach.content.configuration import ReportSettings
from outreach.domain import period as periods
from outreach.domain.goal import Goal, Progress
from outreach.domain.measure import Dimension, Value
from outreach.domain.period import Period
from outreach.domain.uncertainty import Comparison, compare, wilson
from outreach.services.measuring.goals import progress_at
from outreach.services.measuring.kpis import Cut, measure, question
from outreach.services.measuring.sales_forecast import Forecast, forecast
from outreach.services.measuring.source import KeptRows, Live, Source, opened
from outreach.services.measuring.stage_report import DropOff, FunnelStep, StageLine, drop_offs, funnel, stage_lines
from outreach.services.measuring.winners import TrialView, trials
from outreach.services.sending.engine import Engine
from outreach.services.watching.plain import plain
from outreach.services.watching.status import zone_of_the_team
from outreach.store import measures as store_measures
from outreach.store import rollups, stage_measures
from outreach.store.chart_measures import QUARTER_SECONDS
from outreach.store.measures import Question
from outreach.store.sample_data import is_sample

COHORT_MONTHS = 6
COHORT_WEEKS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplift:
    """A sequence against its hold-out group: leads with a meeting or a sale of those inside and of those held out."""

    sequence: str
    treated: int
    treated_successes: int
    held_out: int
    held_out_successes: int
    comparison: Comparison | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantLine:
    """One variant of a step: touches sent, answered; compared with the step's first variant where it is not that."""

    step: str
    variant: str
    sent: int
    answered: int
    low: float
    high: float
    comparison: Comparison | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """What happened by local weekday (0: Monday) and hour."""

    sent: Mapping[tuple[int, int], int]
    answered: Mapping[tuple[int, int], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """People first written to in one month: how many, and how many of them had answered after 1, 2, … weeks.

    `answered` ends where the time has not come yet.
    """

    month: str
    people: int
    answered: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A period beside the one before. `groups` are there when it is taken apart `by` a dimension."""

    period: Period
    before: Period
    at: datetime
    zone: str
    by: Dimension | None
    only: tuple[tuple[Dimension, str], ...]
    currency: str
    sector_days: float | None
    is_sample: bool
    values: Mapping[str, Value]
    previous: Mapping[str, Value]
    groups: Mapping[str, Mapping[str, Value]]
    stages: tuple[StageLine, ...]
    drops: tuple[DropOff, ...]
    funnel: tuple[FunnelStep, ...]
    forecast: Forecast
    uplift: tuple[Uplift, ...]
    variants: tuple[VariantLine, ...]
    trials: tuple[TrialView, ...]  # of the steps that look for a winner, as they stand now
    goals: tuple[Progress, ...]
    sent_days: Mapping[date, int] = field(repr=False)
    answered_days: Mapping[date, int] = field(repr=False)
    hours: Hours = field(repr=False)
    cohorts: tuple[Cohort, ...]
    cycles: Mapping[str, tuple[float, ...]]  # segment → days of each sale, the shortest first

    def to_json(self) -> Any:
        """The same as JSON values; weekday and hour are joined as `0 09`, Monday first."""
        hours = {
            name: {f"{day} {hour:02}": number for (day, hour), number in sorted(found.items())}
            for name, found in (("sent", self.hours.sent), ("answered", self.hours.answered))
        }
        days = {
            name: {day.isoformat(): number for day, number in sorted(found.items())}
            for name, found in (("sent_days", self.sent_days), ("answered_days", self.answered_days))
        }
        names = [name for name in self.__slots__ if name not in ("hours", *days)]
        return {**{name: plain(getattr(self, name)) for name in names}, **days, "hours": hours}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which report is wanted."""

    period: Period
    cut: Cut = field(default_factory=Cut)
    goals: Sequence[Goal] = ()


def report(
    engine: Engine,
    reports: ReportSettings,
    wish: Wish,
    kept: KeptRows | None = None,
    *,
    not_before: datetime | None = None,
) -> Report:
    """As of now, or of a large list as of some minutes ago (`rolling.py`), not before an instant; `at` says which."""
    with opened(engine, reports, kept, not_before=not_before) as (source, at):
        return _report(source, engine, reports, wish, now=at)


def live_report(engine: Engine, reports: ReportSettings, wish: Wish) -> Report:
    """As of now, whatever it takes: everything is read in one transaction."""
    with rollups.snapshot(engine.store) as connection:
        store_measures.read_much(connection)
        return _report(Live(connection), engine, reports, wish, now=engine.clock.now())


def _report(source: Source, engine: Engine, reports: ReportSettings, wish: Wish, *, now: datetime) -> Report:
    pipelines = list(engine.pipelines.values())
    zone, cut = wish.period.zone, wish.cut
    earlier = periods.before(wish.period)
    whole, past, apart = (
        replace(question(pipelines, reports, period, asked), is_laid_out=True)
        for period, asked in ((wish.period, Cut(only=cut.only)), (earlier, Cut(only=cut.only)), (wish.period, cut))
    )
    begin = min(earlier.start_at, _months(wish.period)[0].start_at)
    source.prepare(replace(whole, start_at=begin, end_at=_months(wish.period)[-1].end_at), whole)
    sent, answered = source.by_quarter(whole)
    return Report(
        period=wish.period,
        before=earlier,
        at=now,
        zone=zone,
        by=cut.by,
        only=cut.only,
        currency=reports.currency,
        sector_days=reports.sector_cycle / timedelta(days=1) if reports.sector_cycle else None,
        is_sample=is_sample(source.connection),
        values=measure(source, whole)[""],
        previous=measure(source, past)[""],
        groups=measure(source, apart) if cut.by else {},
        stages=tuple(stage_lines(source, whole, engine.pipelines)),
        drops=tuple(drop_offs(source, whole, pipelines)),
        funnel=tuple(funnel(source, whole, pipelines)),
        forecast=forecast(source, whole, pipelines, now=now),
        uplift=tuple(uplifts(source, whole)),
        variants=tuple(variants(source, replace(whole, by=Dimension.VARIANT))),
        trials=tuple(trials(source.connection, engine)),
        goals=tuple(progress_at(source, engine, reports, wish.goals, now=now)),
        sent_days=_by_day(sent, zone),
        answered_days=_by_day(answered, zone),
        hours=Hours(sent=_by_hour(sent, zone), answered=_by_hour(answered, zone)),
        cohorts=tuple(_cohorts(source, whole, wish.period, now)),
        cycles=_cycles(source, whole),
    )


def uplifts(source: Source, asked: Question) -> Iterable[Uplift]:
    """For each sequence with a hold-out group: what it causes."""
    arms: dict[str, dict[bool, stage_measures.Arm]] = {}
    for arm in source.arms(asked):
        arms.setdefault(arm.sequence, {})[arm.is_held_out] = arm
    for sequence, sides in arms.items():
        held, treated = sides.get(True), sides.get(False)
        if held is None or treated is None:
            continue
        yield Uplift(
            sequence=sequence,
            treated=treated.leads,
            treated_successes=treated.successes,
            held_out=held.leads,
            held_out_successes=held.successes,
            comparison=compare((held.successes, held.leads), (treated.successes, treated.leads)),
        )


def variants(source: Source, asked: Question) -> Iterable[VariantLine]:
    """Every variant of every step that has more than one; the first one by name, `main` before all, is the measure."""
    steps: dict[str, dict[str, Mapping[str, Any]]] = {}
    for place, counts in source.count("touches", asked).items():
        step, _, variant = place.rpartition(": ")
        steps.setdefault(step, {})[variant] = counts
    for step, found in sorted(steps.items()):
        names = sorted(found, key=lambda name: (name != store_measures.NO_VARIANT, name))
        first = found[names[0]]
        for name in names if len(names) > 1 else ():
            sent, answered = found[name]["sent"], found[name]["answered"]
            low, high = wilson(answered, sent)
            against = compare((first["answered"], first["sent"]), (answered, sent)) if name != names[0] else None
            yield VariantLine(
                step=step, variant=name, sent=sent, answered=answered, low=low, high=high, comparison=against
            )


def _local(quarter: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(quarter * QUARTER_SECONDS, UTC).astimezone(zone)


def _by_day(quarters: Mapping[int, int], zone: str) -> dict[date, int]:
    found: Counter[date] = Counter()
    for quarter, number in quarters.items():
        found[_local(quarter, ZoneInfo(zone)).date()] += number
    return dict(sorted(found.items()))


def _by_hour(quarters: Mapping[int, int], zone: str) -> dict[tuple[int, int], int]:
    found: Counter[tuple[int, int]] = Counter()
    for quarter, number in quarters.items():
        local = _local(quarter, ZoneInfo(zone))
        found[local.weekday(), local.hour] += number
    return dict(found)


def _cohorts(source: Source, asked: Question, period: Period, now: datetime) -> Iterable[Cohort]:
    months = _months(period)
    span = replace(asked, start_at=months[0].start_at, end_at=months[-1].end_at, by=None)
    found = source.cohorts(span, [month.start_at for month in months])
    for number, month in enumerate(months):
        people = sum(count for (cohort, _), count in found.items() if cohort == number)
        if not people:
            continue
        age = (min(now, period.end_at) - month.start_at) // timedelta(weeks=1)
        weeks = range(max(0, min(COHORT_WEEKS, age)))
        answered = [sum(found.get((number, week), 0) for week in range(until + 1)) for until in weeks]
        yield Cohort(month=month.label, people=people, answered=tuple(answered))


def _months(period: Period) -> list[Period]:
    """The months up to the one the period ends in."""
    months = [periods.month_of(period.last, period.zone)]
    while len(months) < COHORT_MONTHS:
        months.insert(0, periods.before(months[0]))
    return months


def _cycles(source: Source, asked: Question) -> dict[str, tuple[float, ...]]:
    by_segment = replace(asked, by=Dimension.SEGMENT)
    return {name: tuple(days) for name, days in source.cycle_lengths(by_segment).items()}


def today(engine: Engine) -> tuple[date, str]:
    """(today, zone) of the team."""
    zone = zone_of_the_team(engine)
    return engine.clock.now().astimezone(ZoneInfo(zone)).date(), zone
