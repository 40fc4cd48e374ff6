"""The tables of a report as CSV: numbers as numbers, and nothing that a spreadsheet would take for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from outreach.domain.kpi import REGISTRY
from outreach.domain.measure import Value
from outreach.services.measuring.report import Report

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


def tables(found: Report) -> dict[str, str]:
    """Name of a table → its CSV, with a head; tables without rows are left out."""
    made = {
        "kpis": (_KPI, _kpis(found)),
        "groups": (("group", *_KPI), _groups(found)),
        "days": (("day", "touches_sent", "answers"), _days(found)),
        "stages": (_STAGE, _stages(found)),
        "drop_offs": (
            ("pipeline", "stage", "then", "reason", "leads"),
            ((each.pipeline, each.stage, each.then, each.reason, each.leads) for each in found.drops),
        ),
        "funnel": (("pipeline", "stage", "leads"), ((step.pipeline, step.stage, step.leads) for step in found.funnel)),
        "forecast": (_FORECAST, _forecast(found)),
        "cycles": (("segment", "days"), ((name, day) for name, days in found.cycles.items() for day in days)),
        "cohorts": (("month", "people", "weeks", "answered"), _cohorts(found)),
        "variants": (_VARIANT, _variants(found)),
        "trials": (_TRIAL, _trials(found)),
        "uplift": (_UPLIFT, _uplift(found)),
        "goals": (_GOAL, _goals(found)),
    }
    written = {name: list(rows) for name, (_, rows) in made.items()}
    return {name: _csv(made[name][0], rows) for name, rows in written.items() if rows}


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return made.getvalue()


def _cell(value: object) -> object:
    """Text that begins like a formula gets an apostrophe before it; numbers stay numbers, negative ones too."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    if isinstance(value, int | date):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULAS) else text


_KPI = ("kpi", "title", "unit", "value", "before", "numerator", "denominator", "low", "high")
_STAGE = (
    *("pipeline", "stage", "kind", "came_in", "went_on", "dropped", "went_back", "still_there"),
    *("conversion", "median_days", "skipped", "moves_in_and_over"),
)
_FORECAST = ("pipeline", "stage", "open_leads", "won_before", "closed_before", "value_of_one", "sales", "value")
_TRIAL = ("sequence", "step", "by", "variant", "people", "successes", "looks", "winner", "decided_at", "p_value")
_VARIANT = ("step", "variant", "sent", "answered", "low", "high", "difference", "p_value", "needed_of_each")
_UPLIFT = (
    "sequence",
    "inside",
    "inside_successes",
    "held_out",
    "held_out_successes",
    "difference",
    "low",
    "high",
    "p_value",
)
_GOAL = ("goal", "kpi", "owner", "start", "deadline", "target", "value", "pace", "forecast", "low", "high", "standing")


def _kpi_row(name: str, value: Value, before: Value | None) -> tuple[object, ...]:
    kpi = REGISTRY[name]
    earlier = before.value if before else None
    numbers = (value.value, earlier, value.numerator, value.denominator, value.low, value.high)
    return (name, kpi.title, kpi.unit, *numbers)


def _kpis(found: Report) -> Iterable[tuple[object, ...]]:
    return (_kpi_row(name, value, found.previous.get(name)) for name, value in found.values.items())


def _groups(found: Report) -> Iterable[tuple[object, ...]]:
    for group, values in found.groups.items():
        for name, value in values.items():
            yield (group, *_kpi_row(name, value, None))


def _days(found: Report) -> Iterable[tuple[object, ...]]:
    both: Mapping[date, None] = dict.fromkeys(sorted({*found.sent_days, *found.answered_days}))
    return ((day, found.sent_days.get(day, 0), found.answered_days.get(day, 0)) for day in both)


def _stages(found: Report) -> Iterable[tuple[object, ...]]:
    for line in found.stages:
        counts = (line.entered, line.advanced, line.dropped, line.back, line.waiting)
        place = (line.pipeline, line.stage, line.kind)
        yield (*place, *counts, line.conversion, line.median_days, line.skipped, line.passed)


def _forecast(found: Report) -> Iterable[tuple[object, ...]]:
    for line in found.forecast.lines:
        known = (line.pipeline, line.stage, line.leads, line.successes, line.trials)
        yield (*known, line.value, line.expected_sales, line.expected_value)


def _cohorts(found: Report) -> Iterable[tuple[object, ...]]:
    for each in found.cohorts:
        for week, answered in enumerate(each.answered, 1):
            yield (each.month, each.people, week, answered)


def _variants(found: Report) -> Iterable[tuple[object, ...]]:
    for each in found.variants:
        against = each.comparison
        told = (against.difference, against.p_value, against.needed) if against else (None, None, None)
        yield (each.step, each.variant, each.sent, each.answered, each.low, each.high, *told)


def _trials(found: Report) -> Iterable[tuple[object, ...]]:
    for each in found.trials:
        for variant in each.variants:
            people, successes = each.counts.get(variant, (None, None))
            decided = (each.winner, each.decided_at.isoformat() if each.decided_at else None, each.p_value)
            yield (each.sequence, each.step, each.measure, variant, people, successes, each.looks, *decided)


def _uplift(found: Report) -> Iterable[tuple[object, ...]]:
    for each in found.uplift:
        counts = (each.treated, each.treated_successes, each.held_out, each.held_out_successes)
        told = each.comparison
        numbers = (told.difference, told.low, told.high, told.p_value) if told else (None,) * 4
        yield (each.sequence, *counts, *numbers)


def _goals(found: Report) -> Iterable[tuple[object, ...]]:
    for each in found.goals:
        goal = each.goal
        plan = (goal.name, goal.kpi, goal.owner, goal.start, goal.deadline, goal.target)
        yield (*plan, each.value, each.pace, each.forecast, each.low, each.high, each.standing)
