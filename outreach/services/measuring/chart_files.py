"""One chart of a report as an SVG file of its own, for pages that show it as a picture: light and dark by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from html import escape

from outreach.services.measuring import report_charts
from outreach.services.measuring.chart_drawing import DARK, LIGHT, Chart, styled
from outreach.services.measuring.report import Report

_DRAWN: Mapping[str, tuple[str, Callable[[Report], object], Callable[[Report], Chart | None]]] = {
    "activity": ("Activity and answers", lambda found: found.sent_days, report_charts.activity),
    "funnel": ("Funnel", lambda found: any(step.leads for step in found.funnel), report_charts.funnel),
    "stage_flow": ("Stage flow", lambda found: any(each.entered for each in found.stages), report_charts.stage_flow),
    "hours": ("When", lambda found: found.hours.sent or found.hours.answered, report_charts.hours),
    "cohorts": ("Cohorts", lambda found: found.cohorts, report_charts.cohorts),
    "cycle": ("Cycle length", lambda found: found.cycles, report_charts.cycle),
    "forecast": ("Forecast", lambda found: found.forecast.lines, report_charts.forecast),
    "goals": ("Goals", lambda found: found.goals, report_charts.goals),
}
_one_at_a_time = threading.Lock()  # the drawing library keeps its settings for all threads together


def drawable(found: Report) -> list[tuple[str, str]]:
    """(name, title) of the charts there is something for; nothing is drawn yet."""
    return [(name, title) for name, (title, has_data, _) in _DRAWN.items() if has_data(found)]


def svg_file(found: Report, name: str) -> bytes | None:
    """The file; one that says so for a chart that has nothing to show. None: there is no chart of that name."""
    if name not in _DRAWN:
        return None
    with _one_at_a_time:
        with styled():
            chart = _DRAWN[name][2](found)
        drawn = chart.svg() if chart else ""
    if chart is None:
        return _NOTHING
    start = drawn.index(">") + 1
    said = f"<title>{escape(chart.title)}</title><desc>{escape(chart.says)}</desc><style>{_COLOURS}</style>"
    return (drawn[:start] + said + drawn[start:]).encode()


def _variables(palette: Mapping[str, str]) -> str:
    return ":root{" + "".join(f"--{name}:{colour};" for name, colour in palette.items()) + "}"


_GROUND = {"light": "#ffffff", "dark": "#1b201f"}  # of the cards on our pages
_NOTHING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 410 60">'
    b"<style>text{font:14px system-ui,sans-serif;fill:#57616b}"
    b"@media (prefers-color-scheme:dark){text{fill:#a2acb6}}</style>"
    b'<text x="8" y="34">Nothing to draw in this period.</text></svg>'
)
_COLOURS = (
    f"{_variables({**LIGHT, 'paper': _GROUND['light']})}"
    f"@media (prefers-color-scheme:dark){{{_variables({**DARK, 'paper': _GROUND['dark']})}}}"
)
