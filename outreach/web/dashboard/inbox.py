"""What came in: replies with their class, what nobody was found for, and what nobody could read."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from outreach.app import App
from outreach.domain.reply import ReplyClass
from outreach.errors import UsageError
from outreach.services.hearing import find
from outreach.services.hearing.inbox import inbox
from outreach.services.hearing.mark_reply import assign, mark
from outreach.store.replies import Filter
from outreach.web.dashboard.query import ACTOR, Id, Words
from outreach.web.forms import Form, back, show
from outreach.web.requests import Program, only_for_insiders

router = APIRouter(dependencies=[Depends(only_for_insiders)])

_MOST = 50


@router.get("/inbox")
def replies(request: Request, program: Program, meaning: Words = "", said: Words = "") -> HTMLResponse:
    """The newest first."""
    return _page(request, program, meaning=meaning, said=said)


@router.post("/inbox/{number}/mark", response_model=None)
def mark_reply(request: Request, number: int, program: Program, form: Form) -> Response:
    """What a reply means, as a person says."""
    try:
        until = date.fromisoformat(form["until"]) if form.get("until") else None
        mark(program.engine, number, form.get("class", ""), by=ACTOR, until=until)
    except UsageError as error:
        return _page(request, program, about=str(number), problem=str(error))
    except ValueError:
        return _page(request, program, about=str(number), problem="The day is written as 2026-03-01.")
    return back("/inbox", "marked")


@router.post("/inbox/deliveries/{delivery_id}/assign", response_model=None)
def assign_delivery(request: Request, delivery_id: Id, program: Program, form: Form) -> Response:
    """Whom a delivery is about, as a person says."""
    try:
        assign(program.engine, delivery_id, find.lead(program.engine, form.get("lead", "")), by=ACTOR)
    except UsageError as error:
        return _page(request, program, about=delivery_id, problem=str(error))
    return back("/inbox", "assigned")


def _page(
    request: Request, program: App, *, meaning: str = "", said: str = "", about: str = "", problem: str = ""
) -> HTMLResponse:
    """`problem` stands beside the reply or the delivery it is `about`."""
    if meaning and meaning not in list(ReplyClass):
        raise HTTPException(404)
    found = inbox(program.engine, Filter(classes=(meaning,) if meaning else (), most=_MOST))
    return show(
        request,
        "inbox.html",
        code=422 if problem else 200,
        here="inbox",
        inbox=found,
        meaning=meaning,
        classes=[str(each) for each in ReplyClass],
        most=_MOST,
        said=said,
        about=about,
        problem=problem,
    )
