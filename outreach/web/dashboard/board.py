"""The pipeline as a board; a lead is moved by a form, which works without a mouse and without a script."""

from __future__ import annotations

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from outreach.app import App
from outreach.errors import UsageError
from outreach.services.pipeline.board import MOST_COUNTED, board
from outreach.services.pipeline.stage import BY_HAND, Wish, move_by_hand
from outreach.web.dashboard.query import ACTOR, Id, Words
from outreach.web.forms import Form, back, show
from outreach.web.requests import Program, only_for_insiders

router = APIRouter(dependencies=[Depends(only_for_insiders)])


@router.get("/pipeline")
def first(request: Request, program: Program) -> HTMLResponse:
    """The board of the first pipeline."""
    return _page(request, program, "")


@router.get("/pipeline/{name}")
def one(request: Request, name: Id, program: Program, said: Words = "") -> HTMLResponse:
    """The board of one pipeline."""
    return _page(request, program, name, said=said)


@router.post("/pipeline/{name}/move", response_model=None)
def move(request: Request, name: Id, program: Program, form: Form) -> Response:
    """One lead to another stage."""
    lead_id = form.get("lead", "")
    wish = Wish(stage=form.get("stage", ""), by=ACTOR, reason=form.get("reason", "") or BY_HAND)
    try:
        move_by_hand(program.engine, lead_id, wish)
    except UsageError as error:
        return _page(request, program, name, about=lead_id, problem=str(error))
    return back(f"/pipeline/{name}", "moved")


def _page(
    request: Request, program: App, name: str, *, said: str = "", about: str = "", problem: str = ""
) -> HTMLResponse:
    """`problem` stands beside the card of the lead it is `about`."""
    try:
        found = board(program.engine, name)
    except UsageError:
        raise HTTPException(404) from None
    return show(
        request,
        "board.html",
        code=422 if problem else 200,
        here="pipeline",
        board=found,
        now=program.clock.now(),
        most=MOST_COUNTED,
        currency=program.settings.reports.currency,
        said=said,
        about=about,
        problem=problem,
    )
