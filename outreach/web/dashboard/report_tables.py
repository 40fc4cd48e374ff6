"""The tables of a report page: headings and rows of plain text, which the page escapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from outreach.domain.kpi import REGISTRY, SINGLE
from outreach.domain.measure import Topic
from outreach.services.measuring.report import Report
from outreach.services.measuring.report_html import GROUP_KPIS
from outreach.services.measuring.report_words import (
    NOTHING,
    between,
    change,
    is_better,
    made_of,
    money,
    percent,
    range_of,
    shown,
    verdict,
)

_MOST_GROUPS = 100
_MOST_REASONS = 15
_TILES = ("people", "reply_rate", "meetings", "sales", "revenue", "win_rate")


@dataclass(frozen=True, slots=True)
class Table:
    """`words`: how many columns, from the left, are words; the others are numbers."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    title: str
    value: str
    change: str
    before: str
    trend: str  # good, bad, or empty


def tiles(found: Report) -> list[Tile]:
    """The few numbers that stand on top."""
    made = []
    for name in _TILES:
        if name in found.values:
            kpi, value, before = SINGLE[name], found.values[name], found.previous.get(name)
            better = is_better(kpi, value, before)
            trend = "" if better is None else "good" if better else "bad"
            earlier = shown(kpi, before.value if before else None, found.currency)
            now = shown(kpi, value.value, found.currency)
            made.append(Tile(kpi.title, now, change(kpi, value, before), earlier, trend))
    return made


def tables(found: Report) -> list[Table]:
    """Those that have rows, in the order of the page."""
    every = (
        *(_topic(found, topic) for topic in Topic),
        _groups(found),
        _goals(found),
        _stages(found),
        _drops(found),
        _forecast(found),
        _uplift(found),
        _variants(found),
    )
    return [table for table in every if table.rows]


def _topic(found: Report, topic: Topic) -> Table:
    rows = []
    for kpi in SINGLE.values():
        if kpi.topic is topic and kpi.name in found.values:
            value, before = found.values[kpi.name], found.previous.get(kpi.name)
            earlier = shown(kpi, before.value, found.currency) if before else NOTHING
            now = shown(kpi, value.value, found.currency)
            rows.append((kpi.title, now, earlier, change(kpi, value, before), made_of(value), range_of(value)))
    return Table(str(topic), ("measure", "now", "before", "change", "made of", "95 %"), rows)


def _groups(found: Report) -> Table:
    if not found.groups:
        return Table("", (), ())
    names = [name for name in GROUP_KPIS if name in next(iter(found.groups.values()))]
    rows = [
        (group or "(none)", *(shown(SINGLE[name], values[name].value, found.currency) for name in names))
        for group, values in list(found.groups.items())[:_MOST_GROUPS]
    ]
    more = len(found.groups) - len(rows)
    note = f"{more:,} more are in `outreach report --csv`." if more > 0 else ""
    return Table(f"By {found.by}", (str(found.by), *(SINGLE[name].title for name in names)), rows, note=note)


def _goals(found: Report) -> Table:
    heads = ("goal", "stands", "now", "target", "on pace", "forecast", "range", "deadline")
    return Table("Goals", heads, list(_goal_rows(found)), words=2)


def _goal_rows(found: Report) -> Iterator[tuple[str, ...]]:
    for each in found.goals:
        kpi = REGISTRY[each.goal.kpi]
        values = (each.value, each.goal.target, each.pace, each.forecast)
        ends = (each.low, each.high)
        reach = "–".join(shown(kpi, end, found.currency) for end in ends) if None not in ends else NOTHING
        numbers = (shown(kpi, value, found.currency) for value in values)
        yield (each.goal.name, str(each.standing).replace("_", " "), *numbers, reach, str(each.goal.deadline))


def _stages(found: Report) -> Table:
    heads = ("stage", "came in", "went on", "dropped", "still there", "conversion", "95 %", "stay", "skipped")
    rows = [
        (
            f"{line.pipeline}: {line.stage}",
            f"{line.entered:,}",
            f"{line.advanced:,}",
            f"{line.dropped:,}",
            f"{line.waiting:,}",
            percent(line.conversion),
            between(*line.range) if line.conversion is not None else NOTHING,
            shown(REGISTRY["stage_time"], line.median_days),
            percent(line.skipped_share),
        )
        for line in found.stages
    ]
    return Table("Stages: who came in during the period", heads, rows)


def _drops(found: Report) -> Table:
    rows = [(each.reason, each.stage, each.then, f"{each.leads:,}") for each in found.drops[:_MOST_REASONS]]
    return Table("Why leads dropped off", ("reason", "from", "to", "leads"), rows, words=3)


def _forecast(found: Report) -> Table:
    heads = ("stage", "open leads", "won before", "of closed", "value of one", "sales", "value")
    rows = [
        (
            line.stage,
            f"{line.leads:,}",
            percent(line.share),
            f"{line.successes} of {line.trials}",
            money(line.value, found.currency),
            f"{line.expected_sales:.1f}",
            money(line.expected_value, found.currency),
        )
        for line in found.forecast.lines
    ]
    ends = found.forecast
    note = f"Together {ends.sales:.1f} sales ({ends.sales_low:.1f}–{ends.sales_high:.1f} in four of five cases)."
    return Table("Forecast from open leads", heads, rows, note=note)


def _uplift(found: Report) -> Table:
    rows = [
        (
            each.sequence,
            f"{each.treated_successes} of {each.treated}",
            f"{each.held_out_successes} of {each.held_out}",
            verdict(each.comparison),
        )
        for each in found.uplift
    ]
    return Table("Against hold-out: a meeting or a sale", ("sequence", "inside", "held out", "difference"), rows, 4)


def _variants(found: Report) -> Table:
    rows: Iterable[tuple[str, ...]] = (
        (
            each.step,
            each.variant,
            f"{each.answered} of {each.sent}",
            between(each.low, each.high),
            verdict(each.comparison) if each.comparison else "the measure",
        )
        for each in found.variants
    )
    return Table("Variants", ("step", "variant", "answered", "95 %", "against the first"), list(rows), words=5)
