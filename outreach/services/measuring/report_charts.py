"""The charts of a report: activity, hours, cohorts, funnel, stage flow, cycle length, forecast, goals.

What there is nothing to draw from is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from outreach.domain.goal import Standing
from outreach.domain.kpi import REGISTRY
from outreach.domain.pipeline import StageKind
from outreach.services.measuring.chart_drawing import LIGHT, Chart, canvas, plain_bars, styled, thin_grid
from outreach.services.measuring.report import Report
from outreach.services.measuring.report_words import percent, shown
from outreach.services.measuring.stage_report import FunnelStep, StageLine

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MOST_DAYS = 62
_MOST_SEGMENTS = 8
_MOST_GOALS = 8
_STRONGEST = 0.62  # of a colour behind letters, so that they stay readable on both papers


def charts(found: Report) -> list[Chart]:
    """Every chart there is something for, in the order of the page."""
    with styled():
        return [chart for draw in _CHARTS if (chart := draw(found))]


def activity(found: Report) -> Chart | None:
    """Touches and answers by day, or by week where the period is long."""
    if not found.sent_days:
        return None
    size = 1 if found.period.days <= _MOST_DAYS else 7
    starts = [found.period.first + timedelta(days=number) for number in range(0, found.period.days, size)]
    shorter = "; the last one has fewer days" if found.period.days % size else ""
    figure, axes = canvas(3.6, rows=2, sharex=True)
    kinds = (("touches sent", found.sent_days, "blue"), ("answers", found.answered_days, "orange"))
    for place, (name, numbers, colour) in zip(axes, kinds, strict=True):
        sums = [sum(numbers.get(start + timedelta(days=day), 0) for day in range(size)) for start in starts]
        place.bar(range(len(starts)), sums, color=LIGHT[colour], width=0.8)
        place.set_title(f"{name} per {'day' if size == 1 else 'week'}{shorter}")
        place.yaxis.set_major_locator(MaxNLocator(3, integer=True, min_n_ticks=1))
        thin_grid(place)
    _date_ticks(axes[-1], starts)
    says = f"{sum(found.sent_days.values()):,} touches and {sum(found.answered_days.values()):,} answers."
    return Chart("activity", "Activity and answers", says, figure)


def _date_ticks(axes: Axes, starts: Sequence[date]) -> None:
    step = max(1, -(-len(starts) // 6))
    shown_at = range(0, len(starts), step)
    axes.set_xticks(list(shown_at), [f"{starts[at]:%d %b}".lstrip("0") for at in shown_at])


def hours(found: Report) -> Chart | None:
    """When touches went out and when answers came, by weekday and hour."""
    both = [*found.hours.sent, *found.hours.answered]
    if not both:
        return None
    first, last = min(hour for _, hour in both), max(hour for _, hour in both)
    figure, axes = canvas(4.4, rows=2, sharex=True)
    kinds = (("touches sent", found.hours.sent, "blue"), ("answers", found.hours.answered, "orange"))
    for place, (name, numbers, colour) in zip(axes, kinds, strict=True):
        _heat(place, numbers, LIGHT[colour], (first, last))
        place.set_title(f"{name} by weekday and hour ({found.zone})")
    step = 1 if last - first < 14 else 2
    ticks = range(first, last + 1, step)
    axes[-1].set_xticks([hour + 0.5 for hour in ticks], [f"{hour}" for hour in ticks])
    return Chart("hours", "When", _busiest(found), figure)


def _heat(axes: Axes, numbers: Mapping[tuple[int, int], int], colour: str, span: tuple[int, int]) -> None:
    most = max(numbers.values(), default=1)
    for day in range(7):
        for hour in range(span[0], span[1] + 1):
            number = numbers.get((day, hour), 0)
            strength = 0.06 + (_STRONGEST - 0.06) * number / most if number else 0.03
            axes.add_patch(Rectangle((hour + 0.04, day + 0.06), 0.92, 0.88, color=colour, alpha=strength, linewidth=0))
            if number and most < 1000 and span[1] - span[0] < 15:
                axes.text(hour + 0.5, day + 0.5, str(number), ha="center", va="center", fontsize=8)
    axes.set_xlim(span[0], span[1] + 1)
    axes.set_ylim(7, 0)
    axes.set_yticks([day + 0.5 for day in range(7)], list(_DAYS))
    for side in ("bottom", "left"):
        axes.spines[side].set_visible(False)


def _busiest(found: Report) -> str:
    if not found.hours.answered:
        return "No answers yet."
    (day, hour), number = max(found.hours.answered.items(), key=lambda entry: entry[1])
    return f"Most answers came on {_DAYS[day]} between {hour}:00 and {hour + 1}:00: {number}."


def cohorts(found: Report) -> Chart | None:
    """How many of the people first written to in a month had answered after so many weeks."""
    if not found.cohorts:
        return None
    figure, (axes,) = canvas(0.9 + 0.42 * len(found.cohorts))
    weeks = max((len(each.answered) for each in found.cohorts), default=0) or 1
    most = max((number / each.people for each in found.cohorts for number in each.answered), default=0) or 1
    for row, each in enumerate(found.cohorts):
        for week in range(weeks):
            share = each.answered[week] / each.people if week < len(each.answered) else None
            strength = 0.03 if share is None else 0.05 + (_STRONGEST - 0.05) * share / most
            box = Rectangle((week + 0.03, row + 0.06), 0.94, 0.88, color=LIGHT["green"], alpha=strength, linewidth=0)
            axes.add_patch(box)
            text = "" if share is None else f"{share * 100:.0f} %"
            axes.text(week + 0.5, row + 0.5, text, ha="center", va="center", fontsize=9)
    axes.set_xlim(0, weeks)
    axes.set_ylim(len(found.cohorts), 0)
    names = [f"{each.month}  ({each.people:,})" for each in found.cohorts]
    axes.set_yticks([row + 0.5 for row in range(len(names))], names)
    axes.set_xticks([week + 0.5 for week in range(weeks)], [f"{week + 1}" for week in range(weeks)])
    axes.set_xlabel("weeks since the first touch")
    axes.set_title("had answered, of the people first written to in the month")
    for side in ("bottom", "left"):
        axes.spines[side].set_visible(False)
    says = "Each row is a month; a field is empty where not everybody of the month had that long."
    return Chart("cohorts", "Cohorts", says, figure)


def funnel(found: Report) -> Chart | None:
    """Of the leads created in the period, how many came how far; of the pipeline with the most."""
    steps = _largest(found.funnel)
    if not steps or not steps[0].leads:
        return None
    figure, (axes,) = canvas(0.5 + 0.38 * len(steps))
    axes.barh(range(len(steps)), [step.leads for step in steps], color=LIGHT["blue"], height=0.72)
    for row, step in enumerate(steps):
        share = f"{step.leads:,}  ·  {percent(step.leads / steps[0].leads)}"
        axes.text(step.leads + steps[0].leads * 0.015, row, share, va="center", fontsize=10)
    axes.set_yticks(range(len(steps)), [_spoken(step.stage) for step in steps])
    axes.set_xlim(0, steps[0].leads * 1.36)
    plain_bars(axes)
    says = f"Of {steps[0].leads:,} new leads, {steps[-1].leads:,} came to {_spoken(steps[-1].stage)}."
    return Chart("funnel", "Funnel of the new leads", says, figure)


def _largest(steps: Sequence[FunnelStep]) -> list[FunnelStep]:
    groups = [list(group) for _, group in groupby(steps, key=lambda step: step.pipeline)]
    return max(groups, key=lambda group: group[0].leads, default=[])


def _spoken(stage: str) -> str:
    return stage.replace("_", " ")


_WAYS = (
    ("went on", "advanced", "green"),
    ("still there", "waiting", "grey"),
    ("went back", "back", "violet"),
    ("dropped off", "dropped", "orange"),
)


def stage_flow(found: Report) -> Chart | None:
    """What became of those who came into each open stage."""
    lines = _of_one_pipeline([line for line in found.stages if line.kind is StageKind.OPEN])
    if not any(line.entered for line in lines):
        return None
    figure, (axes,) = canvas(0.9 + 0.38 * len(lines))
    most = max(line.entered for line in lines)
    begins = [0] * len(lines)
    for name, attribute, colour in _WAYS:
        numbers = [getattr(line, attribute) for line in lines]
        if not any(numbers):
            continue
        axes.barh(range(len(lines)), numbers, left=begins, color=LIGHT[colour], height=0.72, label=name)
        begins = [begin + number for begin, number in zip(begins, numbers, strict=True)]
    for row, line in enumerate(lines):
        said = f"{line.entered:,}  ·  {percent(line.conversion)} on" if line.entered else "nobody"
        axes.text(line.entered + most * 0.015, row, said, va="center", fontsize=10)
    axes.set_yticks(range(len(lines)), [_spoken(line.stage) for line in lines])
    axes.set_xlim(0, most * 1.42)
    plain_bars(axes)
    axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.01), ncols=4, handlelength=1, columnspacing=1.2)
    return Chart("stage_flow", "Stage flow", "What became of the leads that came into each stage.", figure)


def _of_one_pipeline(lines: Sequence[StageLine]) -> list[StageLine]:
    groups = [list(group) for _, group in groupby(lines, key=lambda line: line.pipeline)]
    return max(groups, key=lambda group: sum(line.entered for line in group), default=[])


def cycle(found: Report) -> Chart | None:
    """The days of each sale, by segment, with the median and the sector's average."""
    if not found.cycles:
        return None
    ordered = sorted(found.cycles.items(), key=lambda entry: (-len(entry[1]), entry[0]))[:_MOST_SEGMENTS]
    figure, (axes,) = canvas(1.0 + 0.45 * len(ordered))
    for row, (_, days) in enumerate(ordered):
        middle = (days[(len(days) - 1) // 2] + days[len(days) // 2]) / 2
        axes.plot([days[0], days[-1]], [row, row], color=LIGHT["line"], linewidth=5, solid_capstyle="round", zorder=1)
        axes.scatter(days, [row] * len(days), color=LIGHT["blue"], alpha=0.55, s=34, linewidths=0, zorder=2)
        axes.plot([middle, middle], [row - 0.28, row + 0.28], color=LIGHT["ink"], linewidth=2, zorder=3)
        axes.text(middle, row - 0.36, f"{middle:.0f} d", ha="center", va="bottom", fontsize=9)
    axes.set_yticks(range(len(ordered)), [f"{name or 'no segment'} ({len(days)})" for name, days in ordered])
    axes.set_ylim(len(ordered) - 0.4, -0.85)
    longest = max(max(days) for _, days in ordered)
    axes.set_xlim(0, max(longest, found.sector_days or 0) * 1.08)
    if found.sector_days:
        axes.axvline(found.sector_days, color=LIGHT["orange"], linewidth=1.6, linestyle=(0, (4, 3)))
        axes.text(
            found.sector_days - max(longest, found.sector_days) * 0.015,
            len(ordered) - 0.45,
            f"sector {found.sector_days:.0f} d",
            color=LIGHT["orange"],
            ha="right",
            va="bottom",
            fontsize=9,
        )
    axes.set_xlabel("days from coming in to won; stroke: median")
    axes.spines["left"].set_visible(False)
    return Chart("cycle", "Cycle length", "Each dot is a sale.", figure)


def forecast(found: Report) -> Chart | None:
    """What the open leads of each stage will bring."""
    lines = [line for line in found.forecast.lines if line.leads]
    use_value = found.forecast.value > 0
    if not lines or not found.forecast.sales:
        return None
    sizes = [line.expected_value if use_value else line.expected_sales for line in lines]
    figure, (axes,) = canvas(0.9 + 0.38 * len(lines))
    axes.barh(range(len(lines)), sizes, color=LIGHT["violet"], height=0.72)
    for row, (line, size) in enumerate(zip(lines, sizes, strict=True)):
        said = f"{_size(found, size, use_value)}  ·  {line.leads:,} × {percent(line.share)}"
        axes.text(size + max(sizes) * 0.015, row, said, va="center", fontsize=10)
    axes.set_yticks(range(len(lines)), [_spoken(line.stage) for line in lines])
    axes.set_xlim(0, max(sizes) * 1.8)
    plain_bars(axes)
    ahead = found.forecast
    low, high = (ahead.value_low, ahead.value_high) if use_value else (ahead.sales_low, ahead.sales_high)
    total = ahead.value if use_value else ahead.sales
    parts = [_size(found, size, use_value) for size in (total, low, high)]
    said = f"together {parts[0]}, likely {parts[1]} to {parts[2]}"
    axes.set_title(said)
    return Chart("forecast", "Forecast from open leads", f"{said}; the range holds in four of five cases.", figure)


def _size(found: Report, size: float, use_value: bool) -> str:
    if not use_value:
        return f"{size:.1f} sales"
    short = f"{size / 1000:,.0f} k" if size >= 10_000 else f"{size:,.0f}"
    return f"{short} {found.currency}".rstrip()


def goals(found: Report) -> Chart | None:
    """How far each goal has come, where it should be now, and where it leads."""
    shown_goals = [each for each in found.goals if each.done is not None][:_MOST_GOALS]
    if not shown_goals:
        return None
    figure, (axes,) = canvas(1.0 + 0.62 * len(shown_goals))
    for row, each in enumerate(shown_goals):
        kpi = REGISTRY[each.goal.kpi]
        done = min(each.done or 0, 1.3)
        axes.barh(row, 1, color=LIGHT["line"], height=0.42)
        colour = "green" if each.standing in (Standing.REACHED, Standing.ON_COURSE) else "orange"
        axes.barh(row, done, color=LIGHT[colour], height=0.42)
        if each.pace is not None:
            axes.plot([each.elapsed, each.elapsed], [row - 0.21, row + 0.32], color=LIGHT["ink"], linewidth=2)
        if each.forecast is not None and kpi.more_is_better:
            parts = (each.low, each.forecast, each.high)
            _ahead(axes, row, [part / each.goal.target for part in parts if part is not None])
        now, target = shown(kpi, each.value, found.currency), shown(kpi, each.goal.target, found.currency)
        axes.text(0, row - 0.3, f"{each.goal.name}: {now} of {target}, {each.standing}", va="bottom", fontsize=10)
    axes.set_yticks([])
    axes.set_ylim(len(shown_goals) - 0.4, -0.75)
    axes.set_xlim(0, 1.4)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.0f} %"))
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.set_xlabel("of the target; stroke: pace, dot: forecast with its range")
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    says = "; ".join(f"{each.goal.name} {each.standing}" for each in shown_goals)
    return Chart("goals", "Goals", says, figure)


def _ahead(axes: Axes, row: int, parts: Sequence[float]) -> None:
    """The forecast as a dot with its range; an arrow where it lies beyond the axes."""
    if len(parts) < 3:
        return
    low, middle, high = (min(part, 1.38) for part in parts)
    axes.plot([low, high], [row, row], color=LIGHT["ink"], linewidth=1.4)
    axes.scatter([middle], [row], color=LIGHT["ink"], s=26, zorder=3, marker=">" if parts[1] > middle else "o")


_CHARTS: tuple[Callable[[Report], Chart | None], ...] = (
    activity,
    funnel,
    stage_flow,
    hours,
    cohorts,
    cycle,
    forecast,
    goals,
)
