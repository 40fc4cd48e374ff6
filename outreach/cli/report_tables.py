"""Reports and goals as tables of plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from outreach.cli.terminal import count, print_table, when
from outreach.domain.goal import Need, Progress
from outreach.domain.kpi import REGISTRY, SINGLE
from outreach.domain.measure import Topic, Unit
from outreach.services.measuring.goals import Needs
from outreach.services.measuring.report_words import (
    NOTHING,
    between,
    change,
    made_of,
    money,
    percent,
    range_of,
    shown,
    verdict,
)
from outreach.services.measuring.winners import said

if TYPE_CHECKING:
    from outreach.services.measuring.report import Report

_BARS = " ▁▂▃▄▅▆▇█"
_WIDTH = 30
_MOST_REASONS = 10
_OF_GROUPS = (
    "people",
    "sent",
    "reply_rate",
    "positive_reply_rate",
    "touch_reply_rate",
    "bounce_rate",
    "meetings",
    "sales",
    "revenue",
    "win_rate",
)
_LEADS_FIRST = ("leads", *_OF_GROUPS)


def show(found: Report) -> None:
    """The whole report."""
    print(f"{found.period.name}, beside {found.before.name} ({found.zone}).{_only(found)}")
    if found.is_sample:
        print("SAMPLE DATA: none of these people exists.")
    for topic in Topic:
        _show_topic(found, topic)
    if found.groups:
        _show_groups(found)
    _show_days(found)
    _show_stages(found)
    _show_drops(found)
    _show_funnel(found)
    _show_forecast(found)
    _show_cycles(found)
    _show_cause(found)
    if found.goals:
        _head("Goals")
        show_goals(found.goals, found.currency)


def _only(found: Report) -> str:
    return f" Only {', '.join(f'{name} = {value}' for name, value in found.only)}." if found.only else ""


def _head(title: str) -> None:
    print()
    print(title)


def _show_topic(found: Report, topic: Topic) -> None:
    kpis = [kpi for kpi in SINGLE.values() if kpi.topic is topic and kpi.name in found.values]
    if not kpis:
        return
    _head(topic)
    rows = []
    for kpi in kpis:
        value, before = found.values[kpi.name], found.previous.get(kpi.name)
        earlier = shown(kpi, before.value, found.currency) if before else NOTHING
        now = shown(kpi, value.value, found.currency)
        rows.append((kpi.title, now, earlier, change(kpi, value, before), made_of(value), range_of(value)))
    print_table(("", "now", "before", "change", "made of", "95 %"), rows)


def _show_groups(found: Report) -> None:
    _head(f"By {found.by}")
    present = next(iter(found.groups.values()))
    names = [name for name in _LEADS_FIRST if name in present]
    heads = (str(found.by), *(SINGLE[name].title for name in names))
    print_table(
        heads,
        [
            (group or "(none)", *(shown(SINGLE[name], values[name].value, found.currency) for name in names))
            for group, values in found.groups.items()
        ],
    )


def _show_days(found: Report) -> None:
    """A line of bars, one for each day or, of long periods, each week."""
    if not found.sent_days:
        return
    days = [found.period.first.toordinal() + number for number in range(found.period.days)]
    size = 1 if len(days) <= 62 else 7
    _head("Each day" if size == 1 else "Each week")
    for name, numbers in (("sent", found.sent_days), ("answers", found.answered_days)):
        by_day = {day.toordinal(): number for day, number in numbers.items()}
        sums = [sum(by_day.get(day, 0) for day in days[start : start + size]) for start in range(0, len(days), size)]
        print(f"{name:<8} {sparkline(sums)}  at most {max(sums)}")


def sparkline(numbers: Sequence[int]) -> str:
    """One block for each number, the largest full."""
    largest = max(numbers, default=0)
    return "".join(_BARS[-(-number * 8 // largest)] if largest else " " for number in numbers)


def _show_stages(found: Report) -> None:
    if not found.stages:
        return
    _head("Stages: who came in during the period")
    rows = [
        (
            line.pipeline if len({each.pipeline for each in found.stages}) > 1 else line.stage,
            line.stage,
            line.entered,
            line.advanced,
            line.dropped,
            line.waiting,
            percent(line.conversion),
            between(*line.range) if line.conversion is not None else NOTHING,
            shown(REGISTRY["stage_time"], line.median_days),
            percent(line.skipped_share),
        )
        for line in found.stages
    ]
    heads = (
        "pipeline",
        "stage",
        "came in",
        "went on",
        "dropped",
        "still there",
        "conversion",
        "95 %",
        "stay",
        "skipped",
    )
    if len({each.pipeline for each in found.stages}) == 1:
        rows, heads = [row[1:] for row in rows], heads[1:]  # type: ignore[assignment, misc]
    print_table(heads, rows)


def _show_drops(found: Report) -> None:
    if found.drops:
        _head("Why leads dropped off")
        rows = [(each.leads, each.stage, each.then, each.reason) for each in found.drops[:_MOST_REASONS]]
        print_table(("leads", "from", "to", "reason"), rows)


def _show_funnel(found: Report) -> None:
    if not found.funnel:
        return
    _head("Funnel: leads that came in during the period, and how far they are")
    most: dict[str, int] = {}
    for step in found.funnel:
        most.setdefault(step.pipeline, step.leads)
    for step in found.funnel:
        share = step.leads / most[step.pipeline] if most[step.pipeline] else 0
        print(f"{step.stage:<16} {'█' * round(_WIDTH * share):<{_WIDTH}} {step.leads:>7,}  {percent(share)}")


def _show_forecast(found: Report) -> None:
    ahead = found.forecast
    if not ahead.lines:
        return
    _head(f"Forecast, as of {when(found.at, found.zone)}")
    rows = [
        (
            line.stage,
            line.leads,
            percent(line.share),
            f"{line.successes} of {line.trials}",
            money(line.value, found.currency),
            f"{line.expected_sales:.1f}",
            money(line.expected_value, found.currency),
        )
        for line in ahead.lines
    ]
    print_table(("stage", "open leads", "won before", "of closed", "value of one", "sales", "value"), rows)
    sales = f"{ahead.sales:.1f} sales ({ahead.sales_low:.1f} to {ahead.sales_high:.1f})"
    value = f"{money(ahead.value, found.currency)} ({money(ahead.value_low, '')} to {money(ahead.value_high, '')})"
    print(f"Together {sales}, {value}; the ranges hold in four of five cases.")
    if ahead.unmeasured:
        print(f"{count(ahead.unmeasured, 'open lead')} in stages nobody has left yet are not in it.")


def _show_cycles(found: Report) -> None:
    if not found.cycles:
        return
    _head("Cycle length, from coming in to being won")
    rows = []
    for name, days in sorted(found.cycles.items()):
        middle = (days[(len(days) - 1) // 2] + days[len(days) // 2]) / 2
        rows.append((name or "(none)", len(days), f"{middle:.0f} d", f"{days[0]:.0f} d", f"{days[-1]:.0f} d"))
    print_table(("segment", "sales", "median", "shortest", "longest"), rows)
    if found.sector_days:
        print(f"Average of the sector: {found.sector_days:.0f} d")


def _show_cause(found: Report) -> None:
    if found.uplift:
        _head("Against hold-out: leads with a meeting or a sale")
        rows = [
            (
                each.sequence,
                f"{each.treated_successes} of {each.treated}",
                f"{each.held_out_successes} of {each.held_out}",
                verdict(each.comparison),
            )
            for each in found.uplift
        ]
        print_table(("sequence", "inside", "held out", "difference"), rows)
    if found.variants:
        _head("Variants: touches that were answered")
        print_table(
            ("step", "variant", "sent", "answered", "95 %", "against the first"),
            [
                (
                    each.step,
                    each.variant,
                    each.sent,
                    f"{each.answered} ({percent(each.answered / each.sent)})",
                    between(each.low, each.high),
                    verdict(each.comparison) if each.comparison else "the measure",
                )
                for each in found.variants
            ],
        )
    for trial in found.trials:
        print(f"{trial.sequence}/{trial.step}: {said(trial)}")


def show_goals(found: Iterable[Progress], currency: str) -> None:
    """One line for each goal, and one on its way."""
    rows = []
    for each in found:
        kpi = REGISTRY[each.goal.kpi]
        ahead = shown(kpi, each.forecast, currency)
        if each.low is not None and each.high is not None and kpi.unit is not Unit.SHARE:
            ahead += f" ({each.low:,.0f} to {each.high:,.0f})"
        elif each.low is not None and each.high is not None:
            ahead += f" ({between(each.low, each.high)})"
        rows.append(
            (
                each.goal.name,
                each.standing,
                f"{shown(kpi, each.value, currency)} of {shown(kpi, each.goal.target, currency)}",
                percent(each.done),
                shown(kpi, each.pace, currency),
                ahead,
                each.goal.deadline,
                each.goal.owner,
            )
        )
    if not rows:
        print("No goals. Write them into config/goals.yaml.")
        return
    print_table(("goal", "stands", "now", "done", "on pace", "forecast", "deadline", "owner"), rows)


def show_needs(found: Needs) -> None:
    """How many leads, stage by stage."""
    about = f" for '{found.goal}' ({found.left:,.1f} of {found.target:,.1f} left)" if found.goal else ""
    print(f"Leads it takes for {found.left:,.1f} {found.what}{about}, if what was measured holds:")
    if not found.needs:
        print("Nothing is measured yet: nobody came through a stage in the last year.")
        return
    print_table(
        ("stage", "leads needed", "at 95 %", "came to it", "share"),
        [
            (each.stage, _number(each.needed), _span(each), f"{each.successes} of {each.trials}", percent(each.share))
            for each in found.needs
        ],
    )


def _number(needed: float | None) -> str:
    return NOTHING if needed is None else f"{needed:,.0f}"


def _span(need: Need) -> str:
    if need.fewest is None:
        return NOTHING
    return f"{need.fewest:,.0f} to {need.most:,.0f}" if need.most else f"{need.fewest:,.0f} or more"
