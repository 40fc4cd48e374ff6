"""Goals of config/goals.yaml: how far each has come, at which pace, where it leads, and how many leads it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from outreach.content.configuration import ReportSettings
from outreach.content.suggestions import did_you_mean
from outreach.domain.goal import Goal, Need, Progress, progress
from outreach.domain.kpi import SINGLE
from outreach.domain.measure import Unit
from outreach.domain.period import Period
from outreach.errors import UsageError
from outreach.services.measuring import sales_forecast
from outreach.services.measuring.kpis import Cut, measure, question
from outreach.services.measuring.source import Source, opened
from outreach.services.sending.engine import Engine
from outreach.services.watching.status import zone_of_the_team


def goals(engine: Engine, reports: ReportSettings, wanted: Sequence[Goal]) -> list[Progress]:
    """The progress of these goals, as of now; of large lists as of some minutes ago."""
    with opened(engine, reports) as (source, now):
        return progress_at(source, engine, reports, wanted, now=now)


def progress_at(
    source: Source, engine: Engine, reports: ReportSettings, wanted: Sequence[Goal], *, now: datetime
) -> list[Progress]:
    """The same inside a transaction, as of an instant."""
    zone = zone_of_the_team(engine)
    return [_progress(source, engine, reports, goal, now=now, zone=zone) for goal in wanted]


def _progress(
    source: Source, engine: Engine, reports: ReportSettings, goal: Goal, *, now: datetime, zone: str
) -> Progress:
    kpi = SINGLE[goal.kpi]
    until = min(goal.deadline, max(goal.start, now.astimezone(ZoneInfo(zone)).date()))
    names = [goal.kpi, "sales"] if kpi.unit is Unit.MONEY and not kpi.by else [goal.kpi]
    asked = question(engine.pipelines.values(), reports, Period(goal.start, until, zone), Cut())
    values = measure(source, asked, names)[""]
    events = values["sales"].value if len(names) > 1 else None
    return progress(goal, kpi, values[goal.kpi], now, zone=zone, events=events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What it takes to come to `target` sales or meetings; `left`: what of the target is still missing."""

    what: str
    target: float
    left: float
    goal: str
    needs: tuple[Need, ...]


def needs(
    engine: Engine, reports: ReportSettings, known: Sequence[Goal], *, name: str | None, target: float | None
) -> Needs:
    """Leads needed in each stage: for a goal by its name, for so many sales, else for one sale.

    Raises UsageError for an unknown goal, and for one that leads cannot be counted for.
    """
    pipelines = list(engine.pipelines.values())
    period = Period(date(1970, 1, 1), date(1970, 1, 1))
    asked = question(pipelines, reports, period, Cut())
    what, wanted, left = "sales", target or 1.0, target or 1.0
    with opened(engine, reports) as (source, now):
        if name:
            goal = find(known, name)
            what, wanted, left = _of_goal(source, engine, reports, goal, now)
        found = sales_forecast.needs(source, asked, pipelines, target=left, now=now, by_meeting=what == "meetings")
    return Needs(what=what, target=wanted, left=left, goal=name or "", needs=tuple(found))


def find(known: Sequence[Goal], name: str) -> Goal:
    """The goal of that name."""
    found = next((goal for goal in known if goal.name == name), None)
    if found is None:
        names = [goal.name for goal in known]
        hint = did_you_mean(name, names) if names else "Write goals into config/goals.yaml."
        raise UsageError(f"there is no goal '{name}'. {hint}".strip())
    return found


def _of_goal(
    source: Source, engine: Engine, reports: ReportSettings, goal: Goal, now: datetime
) -> tuple[str, float, float]:
    done = _progress(source, engine, reports, goal, now=now, zone=zone_of_the_team(engine)).value or 0.0
    left = max(0.0, goal.target - done)
    if goal.kpi == "meetings":
        return "meetings", goal.target, left
    if goal.kpi == "sales":
        return "sales", goal.target, left
    if goal.kpi == "revenue":
        each = _average(source, engine, reports, now)
        return "sales", goal.target / each, left / each
    raise UsageError(f"leads are counted for goals of meetings, sales and revenue, not of '{goal.kpi}'.")


def _average(source: Source, engine: Engine, reports: ReportSettings, now: datetime) -> float:
    past = Period((now - sales_forecast.MEMORY).date(), now.date(), "UTC")
    asked = question(engine.pipelines.values(), reports, past, Cut())
    value = measure(source, asked, ["deal_value"])[""]["deal_value"].value
    if not value:
        raise UsageError("no sale of the last year has a value yet, so money says nothing about leads.")
    return value
