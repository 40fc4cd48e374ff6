"""A simulation as one page that needs nothing else: charts are SVG, light and dark, readable on a phone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice

from outreach.services.simulating.simulate_json import local_time
from outreach.services.simulating.simulate_report import Report, SenderLine
from outreach.services.simulating.simulate_words import conditions, finishing_words, length

_MOST_LINES = 500
_MOST_SENDERS = 60
_WIDTH, _HEIGHT = 720, 200
_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#5b6570;--line:#d9dee3;--paper:#fff;
--c0:#2f6fb2;--c1:#c2571a;--c2:#3f8a5a;--c3:#8b5fb0;--c4:#a08019;--c5:#6b7680}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--dim:#9aa5b0;--line:#343b43;--paper:#14171a;
--c0:#6ea8e5;--c1:#f0955c;--c2:#7cc796;--c3:#c39be6;--c4:#dcbf5d;--c5:#a5afb9}}
body{margin:0 auto;max-width:60rem;padding:1rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}p,figcaption{color:var(--dim)}
figure{margin:0}svg{width:100%;height:auto}svg text{fill:var(--dim);font:11px system-ui,sans-serif}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.8rem}
dt{color:var(--dim);font-size:.85rem}dd{margin:0;font-size:1.3rem}
""" + "".join(f".c{number}{{fill:var(--c{number})}}" for number in range(6))


def page(report: Report) -> str:
    """The whole page."""
    name = escape(report.question.sequence)
    parts = (
        f"<h1>Simulation of {name}</h1>",
        f"<p>{escape(conditions(report))}</p>",
        _figures(report),
        _days(report),
        _senders(report),
        _table("Who does not enter", ("leads", "because", "for example"), _refused(report)),
        _table("Missing values", ("leads", "value", "step"), ((n, value, step) for value, step, n in report.missing)),
        _table("What keeps touches back", ("touches", "because", "on average", "at most"), _late(report)),
        _table("Blocks", ("times", "because"), ((n, why) for why, n in report.record.blocked.most_common())),
        _table("What people do", ("times", "what", "leads"), _reactions(report)),
        _table("How it ends", ("leads", "reason"), _ends(report)),
        _calendar(report),
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Simulation of {name}</title><style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _figures(report: Report) -> str:
    record = report.record
    asked = len(record.people) + record.held_out + record.refused.total()
    figures = (
        ("leads", f"{asked:,}"),
        ("enter", f"{len(record.people):,}"),
        ("held out", f"{record.held_out:,}"),
        ("do not enter", f"{record.refused.total():,}"),
        ("touches", f"{record.touches:,}"),
        ("people who reply", f"{record.reacted['replied']:,}"),
    )
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures)
    return f"<dl>{cells}</dl><p>{escape(finishing_words(report))}</p>"


def _days(report: Report) -> str:
    days = report.days()
    if not days:
        return "<h2>Touches a day</h2><p>None.</p>"
    actions = sorted({action for _, found in days for action in found})
    columns = [(day, [found[action] for action in actions]) for day, found in days]
    legend = ", ".join(f'<svg width="10" height="10" style="width:10px"><rect width="10" height="10" class="c{n % 6}"/>'
                       f"</svg> {escape(action)}" for n, action in enumerate(actions))  # fmt: skip
    return f"<h2>Touches a day</h2><figure>{stacked(columns, actions)}<figcaption>{legend}</figcaption></figure>"


def stacked(columns: Sequence[tuple[str, Sequence[int]]], names: Sequence[str]) -> str:
    """Stacked bars, one column for each label, with the value of each part as its tooltip."""
    most = max((sum(parts) for _, parts in columns), default=0) or 1
    step = _WIDTH / max(len(columns), 1)
    bars = "".join(
        _column(label, parts, names, left=40 + place * step, width=max(step * 0.85, 0.5), scale=_HEIGHT / most)
        for place, (label, parts) in enumerate(columns)
    )
    every = max(len(columns) // 6, 1)
    labels = "".join(
        f'<text x="{40 + place * step:.1f}" y="{_HEIGHT + 26}">{escape(label)}</text>'
        for place, (label, _) in enumerate(columns)
        if place % every == 0 and place * step < _WIDTH - 50
    )
    scale = f'<text x="0" y="16">{most:,}</text><text x="0" y="{_HEIGHT + 10}">0</text>'
    return (
        f'<svg viewBox="0 0 {_WIDTH + 40} {_HEIGHT + 34}" role="img" aria-label="touches a day, at most {most:,}">'
        f"{scale}{bars}{labels}</svg>"
    )


def _column(label: str, parts: Sequence[int], names: Sequence[str], *, left: float, width: float, scale: float) -> str:
    bottom, drawn = _HEIGHT + 10.0, []
    for number, part in enumerate(parts):
        if not part:
            continue
        height = part * scale
        bottom -= height
        drawn.append(
            f'<rect x="{left:.1f}" y="{bottom:.1f}" width="{width:.1f}" height="{height:.1f}" class="c{number % 6}">'
            f"<title>{escape(label)}: {part:,} {escape(names[number])}</title></rect>"
        )
    return "".join(drawn)


def _senders(report: Report) -> str:
    lines = sorted(report.by_sender(), key=lambda line: (-line.touches, line.sender, line.action))
    first, last = (report.days()[0][0], report.days()[-1][0]) if lines else ("", "")
    labels = [day for day, _ in report.days()]
    rows = "".join(_sender(line, labels) for line in lines[:_MOST_SENDERS])
    more = f"<p>And {len(lines) - _MOST_SENDERS:,} more.</p>" if len(lines) > _MOST_SENDERS else ""
    head = f'<tr><th>sender</th><th>action</th><th class="n">touches</th><th>{first} to {last}</th><th>most</th></tr>'
    return f'<h2>Senders</h2><div class="wide"><table>{head}{rows}</table></div>{more}' if lines else ""


def _sender(line: SenderLine, days: Sequence[str]) -> str:
    day, most = line.busiest
    return (
        f'<tr><td>{escape(line.sender)}</td><td>{escape(line.action)}</td><td class="n">{line.touches:,}</td>'
        f"<td>{spark([line.by_day.get(each, 0) for each in days])}</td><td>{most:,} on {day}</td></tr>"
    )


def spark(values: Sequence[int]) -> str:
    """Small bars without words."""
    scale = 24 / (max(values, default=0) or 1)
    bars = "".join(
        f'<rect x="{place * 4}" y="{24 - value * scale:.1f}" width="3" height="{value * scale:.1f}" class="c0"/>'
        for place, value in enumerate(values)
        if value
    )
    width = max(len(values) * 4, 4)
    return f'<svg viewBox="0 0 {width} 24" style="min-width:8rem;height:24px" preserveAspectRatio="none">{bars}</svg>'


def _refused(report: Report) -> Iterable[tuple[object, ...]]:
    return ((number, reason, report.record.examples[reason]) for reason, number in report.refused)


def _late(report: Report) -> Iterable[tuple[object, ...]]:
    return ((late.touches, why, length(late.total / late.touches), length(late.longest)) for why, late in report.late)


def _reactions(report: Report) -> Iterable[tuple[object, ...]]:
    return ((times, kind, report.record.reacted[kind]) for kind, times in report.record.reactions.most_common())


def _ends(report: Report) -> Iterable[tuple[object, ...]]:
    yield from ((number, reason) for reason, number in report.record.finished.most_common())
    if report.active:
        yield report.active, "still on their way"


def _calendar(report: Report) -> str:
    rows = (
        (local_time(sent), sent.person.known.name, sent.step, sent.action, sent.variant or "", sent.sender)
        for sent in islice(report.record.sent(), _MOST_LINES)
    )
    heads = ("local time", "lead", "step", "action", "variant", "sender")
    more = report.record.touches - _MOST_LINES
    rest = f"<p>And {more:,} more: write them with --csv.</p>" if more > 0 else ""
    return _table("Calendar", heads, rows) + rest


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A section; nothing at all without rows. Numbers stand to the right."""
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    if not body:
        return ""
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    return f'<h2>{escape(title)}</h2><div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f'<td class="n">{value:,}</td>'
    return f"<td>{escape(str(value))}</td>"
