"""One lead: everything about it, and the forms to note, move, pause and go on."""

from __future__ import annotations

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from outreach.app import App
from outreach.errors import UsageError
from outreach.services.hearing import stop
from outreach.services.hearing.stop import Target, Width
from outreach.services.people.note import write_note
from outreach.services.pipeline.stage import BY_HAND, Wish, move_by_hand
from outreach.services.watching.lead_page import lead_page
from outreach.web.dashboard.query import ACTOR, Id, Words
from outreach.web.forms import Form, back, show
from outreach.web.requests import Program, only_for_insiders

router = APIRouter(dependencies=[Depends(only_for_insiders)])

_LONGEST_NOTE = 10_000


@router.get("/leads/{lead_id}")
def lead(request: Request, lead_id: Id, program: Program, said: Words = "") -> HTMLResponse:
    """Everything about one lead, newest first."""
    return _page(request, program, lead_id, said=said)


@router.post("/leads/{lead_id}/note", response_model=None)
def note(request: Request, lead_id: Id, program: Program, form: Form) -> Response:
    """A note, for the timeline and the CRM."""
    text = form.get("text", "")
    if len(text) > _LONGEST_NOTE:
        return _page(request, program, lead_id, about="note", problem=f"At most {_LONGEST_NOTE:,} characters.")
    try:
        write_note(program.engine, lead_id, text, by=ACTOR)
    except UsageError as error:
        return _page(request, program, lead_id, about="note", problem=str(error))
    return back(f"/leads/{lead_id}", "noted")


@router.post("/leads/{lead_id}/stage", response_model=None)
def stage(request: Request, lead_id: Id, program: Program, form: Form) -> Response:
    """To another stage; what that stage requires may be given with it."""
    values = {name.removeprefix("set."): value for name, value in form.items() if name.startswith("set.") and value}
    wish = Wish(stage=form.get("stage", ""), by=ACTOR, reason=form.get("reason", "") or BY_HAND, values=values)
    try:
        move_by_hand(program.engine, lead_id, wish)
    except UsageError as error:
        return _page(request, program, lead_id, about="stage", problem=str(error))
    return back(f"/leads/{lead_id}", "moved")


@router.post("/leads/{lead_id}/pause", response_model=None)
def pause(request: Request, lead_id: Id, program: Program, form: Form) -> Response:
    """Hold everything back that is planned for this lead."""
    return _hold(request, program, lead_id, form.get("reason", "") or "by hand", is_pause=True)


@router.post("/leads/{lead_id}/resume", response_model=None)
def resume(request: Request, lead_id: Id, program: Program, form: Form) -> Response:
    """Go on."""
    return _hold(request, program, lead_id, "", is_pause=False)


def _hold(request: Request, program: App, lead_id: str, reason: str, *, is_pause: bool) -> Response:
    target = Target(width=Width.LEAD, value=lead_id)
    try:
        if is_pause:
            stop.pause(program.engine, target, reason=reason, by=ACTOR)
        else:
            stop.resume(program.engine, target, by=ACTOR)
    except UsageError as error:
        return _page(request, program, lead_id, about="pause", problem=str(error))
    return back(f"/leads/{lead_id}", "paused" if is_pause else "resumed")


def _page(
    request: Request, program: App, lead_id: str, *, said: str = "", about: str = "", problem: str = ""
) -> HTMLResponse:
    """`problem` stands beside the form it is `about`."""
    found = lead_page(program.engine, lead_id)
    if found is None:
        raise HTTPException(404)
    code = 422 if problem else 200
    return show(
        request, "lead.html", code=code, here="leads", page=found, lead=found.about, said=said, about=about,
        problem=problem,
    )  # fmt: skip
