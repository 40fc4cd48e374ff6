"""Reports: a period beside the one before, taken apart as asked, with charts and goals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from outreach.app import App
from outreach.domain import period as periods
from outreach.domain.measure import Dimension
from outreach.domain.period import Period
from outreach.services.measuring import chart_files
from outreach.services.measuring.kpis import Cut
from outreach.services.measuring.report import Wish
from outreach.services.measuring.report import today as today_of
from outreach.web.dashboard.query import Id, Text
from outreach.web.dashboard.report_shelf import Shelf
from outreach.web.dashboard.report_tables import tables, tiles
from outreach.web.forms import show
from outreach.web.requests import Program, only_for_insiders

router = APIRouter(dependencies=[Depends(only_for_insiders)])

_SPANS = {
    "this-week": "this week",
    "last-week": "last week",
    "this-month": "this month",
    "last-month": "last month",
    "this-quarter": "this quarter",
    "last-quarter": "last quarter",
    "days": "from … to …",
}
_PARSERS = {"week": periods.parse_week, "month": periods.parse_month, "quarter": periods.parse_quarter}
_MOST_DAYS = 1_100
_LOOK_AGAIN = 5  # seconds until a page without numbers loads itself again
_CHART_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


class Choice(BaseModel):
    """What the address asks for, as it was written."""

    span: Text = "this-quarter"
    first: Text = ""
    last: Text = ""
    by: Text = ""
    sequence: Text = ""
    sender: Text = ""
    owner: Text = ""
    source: Text = ""

    @property
    def query(self) -> str:
        """The same as an address says it, without what is empty."""
        return urlencode({name: value for name, value in self.model_dump().items() if value})


Chosen = Annotated[Choice, Query()]


@router.get("/reports")
def reports(request: Request, program: Program, chosen: Chosen) -> HTMLResponse:
    """The page; what is wrong with a period is said beside it."""
    try:
        wish = _wish(program, chosen)
    except ValueError as error:
        return _page(request, program, chosen, code=422, problem=str(error))
    found = _shelf(request).soon(program, wish)
    if found is None:
        page = _page(request, program, chosen, code=202, is_coming=True)
        page.headers["refresh"] = str(_LOOK_AGAIN)
        return page
    shown = {
        "report": found,
        "tiles": tiles(found),
        "tables": tables(found),
        "charts": chart_files.drawable(found),
        "currency": found.currency,
    }
    return _page(request, program, chosen, found=shown)


@router.get("/reports/charts/{name}.svg")
def chart(request: Request, name: Id, program: Program, chosen: Chosen) -> Response:
    """One chart, drawn for light and dark."""
    try:
        wish = _wish(program, chosen)
    except ValueError:
        raise HTTPException(404) from None
    drawn = chart_files.svg_file(_shelf(request).get(program, wish), name)
    if drawn is None:
        raise HTTPException(404)
    return Response(drawn, media_type="image/svg+xml", headers={"content-security-policy": _CHART_POLICY})


def _page(
    request: Request,
    program: App,
    chosen: Choice,
    *,
    code: int = 200,
    problem: str = "",
    found: Mapping[str, Any] | None = None,
    is_coming: bool = False,
) -> HTMLResponse:
    return show(
        request,
        "reports.html",
        code=code,
        here="reports",
        chosen=chosen,
        spans=_SPANS,
        dimensions=[str(each) for each in Dimension],
        senders=sorted(program.engine.senders),
        problem=problem,
        found=found,
        is_coming=is_coming,
    )


def _shelf(request: Request) -> Shelf:
    shelf: Shelf = request.app.state.reports
    return shelf


def _wish(program: App, chosen: Choice) -> Wish:
    """Raises ValueError with a sentence."""
    today, zone = today_of(program.engine)
    named = {Dimension(name): getattr(chosen, name).strip() for name in ("sequence", "sender", "owner", "source")}
    only = tuple((dimension, value) for dimension, value in named.items() if value)
    by = Dimension(chosen.by) if chosen.by in list(Dimension) else None
    if chosen.by and by is None:
        raise ValueError(f"numbers cannot be taken apart by '{chosen.by[:40]}'.")
    period = _period(chosen, today=today, zone=zone)
    return Wish(period=period, cut=Cut(by=by, only=only), goals=program.workspace.goals)


def _period(chosen: Choice, *, today: date, zone: str) -> Period:
    which, _, kind = chosen.span.partition("-")
    if kind in _PARSERS and which in ("this", "last"):
        return _PARSERS[kind](which, today=today, zone=zone)
    if chosen.span != "days":
        raise ValueError(f"'{chosen.span[:40]}' is no period.")
    if not chosen.first:
        raise ValueError("say the first day.")
    period = Period(_day(chosen.first), _day(chosen.last) if chosen.last else today, zone)
    if period.days > _MOST_DAYS:
        raise ValueError("that is more than three years. Choose a shorter period.")
    return period


def _day(written: str) -> date:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise ValueError(f"'{written[:40]}' is not a day. Write it as 2026-03-01.") from None
    if not 1980 <= day.year <= 2200:
        raise ValueError(f"{day} is too far away.")
    return day
