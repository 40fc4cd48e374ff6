"""A report as one page that needs nothing else: drawings inside, light and dark, for wide screens and phones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from outreach.domain.kpi import REGISTRY, SINGLE
from outreach.domain.measure import Kpi, Topic
from outreach.services.measuring.chart_drawing import DARK, LIGHT
from outreach.services.measuring.report import Report
from outreach.services.measuring.report_charts import charts
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
from outreach.services.measuring.winners import said

_MOST_GROUPS = 200
_MOST_REASONS = 15
_TILES = ("people", "reply_rate", "meetings", "sales", "revenue", "win_rate")
GROUP_KPIS = (
    *("leads", "people", "sent", "reply_rate", "positive_reply_rate", "touch_reply_rate", "bounce_rate"),
    *("meetings", "sales", "revenue", "win_rate"),
)


def _colours(palette: dict[str, str]) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in palette.items())


_STYLE = (
    f":root{{color-scheme:light dark;{_colours(dict(LIGHT))}--page:#f3f5f7}}"
    f"@media (prefers-color-scheme:dark){{:root{{{_colours(dict(DARK))}--page:#0f1114}}}}"
    """
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1rem;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.1rem;margin:0 0 .6rem}p,.dim,figcaption{color:var(--dim)}
.note{border-left:4px solid var(--orange);padding:.3rem .8rem;color:var(--ink)}
section,figure{background:var(--paper);border:1px solid var(--line);border-radius:.6rem;padding:1rem;margin:0 0 1rem}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr));gap:1rem;align-items:start}
.charts figure{margin:0}figcaption{font-size:.85rem;margin-top:.4rem}svg{display:block;width:100%;height:auto}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:1rem;margin:0 0 1rem}
.tiles div{background:var(--paper);border:1px solid var(--line);border-radius:.6rem;padding:.7rem 1rem}
.tiles dt{color:var(--dim);font-size:.85rem}.tiles dd{margin:0;font-size:1.5rem;font-variant-numeric:tabular-nums}
.tiles dd small{display:block;font-size:.8rem;color:var(--dim)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}caption{text-align:left;color:var(--dim)}
th,td{text-align:left;padding:.35rem .9rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--dim);font-weight:500;font-size:.85rem}tr:last-child td{border-bottom:0}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
a{color:inherit}@media (max-width:40rem){body{padding:.6rem}.charts figure{padding:.7rem}}
.good{color:var(--green)}.bad{color:var(--orange)}
@media print{body{background:none}section,figure{break-inside:avoid}}
"""
)


def page(found: Report) -> str:
    """The whole page."""
    title = escape(f"Report {found.period.name}")
    parts = (
        f"<h1>{title}</h1><p>{escape(_about(found))}</p>",
        '<p class="note">Sample data: none of these people exists.</p>' if found.is_sample else "",
        _tiles(found),
        _charts(found),
        *(_topic(found, topic) for topic in Topic),
        _groups(found),
        _stages(found),
        _drops(found),
        _forecast(found),
        _cause(found),
        _goals(found),
        _definitions(),
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _about(found: Report) -> str:
    only = f" Only {', '.join(f'{name} = {value}' for name, value in found.only)}." if found.only else ""
    return f"{found.period.first} to {found.period.last} ({found.zone}), beside {found.before.name}.{only}"


def _tiles(found: Report) -> str:
    cells = []
    for name in _TILES:
        if name in found.values:
            kpi, value, before = SINGLE[name], found.values[name], found.previous.get(name)
            now = escape(shown(kpi, value.value, found.currency))
            earlier = escape(shown(kpi, before.value if before else None, found.currency))
            told = f"<small>{_change(found, kpi)} from {earlier}</small>"
            cells.append(f"<div><dt>{escape(kpi.title)}</dt><dd>{now}{told}</dd></div>")
    return f'<dl class="tiles">{"".join(cells)}</dl>'


def _change(found: Report, kpi: Kpi) -> str:
    value, before = found.values[kpi.name], found.previous.get(kpi.name)
    better = is_better(kpi, value, before)
    kind = "" if better is None else ' class="good"' if better else ' class="bad"'
    return f"<span{kind}>{escape(change(kpi, value, before))}</span>"


def _charts(found: Report) -> str:
    drawn = "".join(
        f"<figure><h2>{escape(chart.title)}</h2>{chart.svg()}"
        f'<figcaption id="about-{chart.name}">{escape(chart.says)}</figcaption></figure>'
        for chart in charts(found)
    )
    return f'<div class="charts">{drawn}</div><p></p>' if drawn else "<p>Nothing happened in this period.</p>"


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """A section with a table; the first `words` columns are words, the others numbers. Cells are HTML already."""
    made = list(rows)
    if not made:
        return ""
    kinds = ["" if at < words else ' class="n"' for at in range(len(heads))]
    head = "".join(f"<th{kind}>{escape(name)}</th>" for kind, name in zip(kinds, heads, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{kind}>{cell}</td>' for kind, cell in zip(kinds, row, strict=True))}</tr>" for row in made
    )
    return f'<section><h2>{escape(title)}</h2><div class="wide"><table><tr>{head}</tr>{body}</table></div></section>'


def _topic(found: Report, topic: Topic) -> str:
    kpis = [kpi for kpi in SINGLE.values() if kpi.topic is topic and kpi.name in found.values]
    rows = []
    for kpi in kpis:
        value, before = found.values[kpi.name], found.previous.get(kpi.name)
        earlier = shown(kpi, before.value, found.currency) if before else NOTHING
        rows.append(
            (
                f'<a href="#{kpi.name}">{escape(kpi.title)}</a>',
                escape(shown(kpi, value.value, found.currency)),
                escape(earlier),
                _change(found, kpi),
                escape(made_of(value)),
                escape(range_of(value)),
            )
        )
    return _table(topic, ("", "now", "before", "change", "made of", "95 %"), rows)


def _groups(found: Report) -> str:
    if not found.groups:
        return ""
    present = next(iter(found.groups.values()))
    names = [name for name in GROUP_KPIS if name in present]
    rows = [
        (
            escape(group or "(none)"),
            *(escape(shown(SINGLE[name], values[name].value, found.currency)) for name in names),
        )
        for group, values in list(found.groups.items())[:_MOST_GROUPS]
    ]
    return _table(f"By {found.by}", (str(found.by), *(SINGLE[name].title for name in names)), rows)


def _stages(found: Report) -> str:
    heads = ("stage", "came in", "went on", "dropped", "still there", "conversion", "95 %", "stay", "skipped")
    rows = [
        (
            escape(f"{line.pipeline}: {line.stage}"),
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
    return _table("Stages: who came in during the period", heads, rows)


def _drops(found: Report) -> str:
    rows = [
        (escape(each.reason), escape(each.stage), escape(each.then), f"{each.leads:,}")
        for each in found.drops[:_MOST_REASONS]
    ]
    return _table("Why leads dropped off", ("reason", "from", "to", "leads"), rows, words=3)


def _forecast(found: Report) -> str:
    heads = ("stage", "open leads", "won before", "of closed", "value of one", "sales", "value")
    rows = [
        (
            escape(line.stage),
            f"{line.leads:,}",
            percent(line.share),
            f"{line.successes} of {line.trials}",
            escape(money(line.value, found.currency)),
            f"{line.expected_sales:.1f}",
            escape(money(line.expected_value, found.currency)),
        )
        for line in found.forecast.lines
    ]
    return _table("Forecast from open leads", heads, rows)


def _cause(found: Report) -> str:
    uplift = [
        (
            escape(each.sequence),
            f"{each.treated_successes} of {each.treated}",
            f"{each.held_out_successes} of {each.held_out}",
            escape(verdict(each.comparison)),
        )
        for each in found.uplift
    ]
    variants = [
        (
            escape(each.step),
            escape(each.variant),
            f"{each.answered} of {each.sent}",
            between(each.low, each.high),
            escape(verdict(each.comparison) if each.comparison else "the measure"),
        )
        for each in found.variants
    ]
    held = _table("Against hold-out: a meeting or a sale", ("sequence", "inside", "held out", "difference"), uplift, 4)
    trials = [(escape(f"{each.sequence}/{each.step}"), escape(said(each))) for each in found.trials]
    tried = _table("Variants", ("step", "variant", "answered", "95 %", "against the first"), variants, 5)
    return held + tried + _table("Winners among variants", ("step", "as it stands"), trials, 2)


def _goals(found: Report) -> str:
    rows = []
    for each in found.goals:
        kpi = REGISTRY[each.goal.kpi]
        values = (each.value, each.goal.target, each.pace, each.forecast)
        numbers = [escape(shown(kpi, value, found.currency)) for value in values]
        rows.append((escape(each.goal.name), str(each.standing), *numbers, str(each.goal.deadline)))
    return _table("Goals", ("goal", "stands", "now", "target", "on pace", "forecast", "deadline"), rows, words=2)


def _definitions() -> str:
    rows = [
        (
            f'<span id="{kpi.name}">{escape(kpi.title)}</span>',
            escape(kpi.numerator + (f" ÷ {kpi.denominator}" if kpi.denominator else "")),
            escape(kpi.window),
            escape(f"Automatic answers {kpi.auto_replies}. {kpi.remark}".strip()),
        )
        for kpi in REGISTRY.values()
    ]
    return _table("What the numbers mean", ("measure", "is", "window", "remarks"), rows, words=4)
