"""Sequences: those that are applied, and one with its steps, people, variants and revisions."""

from __future__ import annotations

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from outreach.app import App
from outreach.errors import UsageError
from outreach.services.hearing import stop
from outreach.services.hearing.stop import Target, Width
from outreach.services.watching.sequence_page import list_sequences, sequence_page
from outreach.web.dashboard.query import ACTOR, Id, Words
from outreach.web.forms import Form, back, show
from outreach.web.requests import Program, only_for_insiders

router = APIRouter(dependencies=[Depends(only_for_insiders)])


@router.get("/sequences")
def every(request: Request, program: Program) -> HTMLResponse:
    """With how many people are inside."""
    return show(request, "sequences.html", here="sequences", sequences=list_sequences(program.engine))


@router.get("/sequences/{name}")
def one(request: Request, name: Id, program: Program, said: Words = "") -> HTMLResponse:
    """Its path, and who stands where."""
    try:
        found = sequence_page(program.engine, name)
    except UsageError:
        raise HTTPException(404) from None
    return show(request, "sequence.html", here="sequences", page=found, said=said)


@router.post("/sequences/{name}/pause", response_model=None)
def pause(name: Id, program: Program, form: Form) -> Response:
    """Hold back what it sends."""
    _known(program, name)
    target = Target(width=Width.SEQUENCE, value=name)
    stop.pause(program.engine, target, reason=form.get("reason", "") or "by hand", by=ACTOR)
    return back(f"/sequences/{name}", "paused")


@router.post("/sequences/{name}/resume", response_model=None)
def resume(name: Id, program: Program, form: Form) -> Response:
    """Let it go on. A form without fields of its own: what it carries has been looked at."""
    _known(program, name)
    del form
    try:
        stop.resume(program.engine, Target(width=Width.SEQUENCE, value=name), by=ACTOR)
    except UsageError:
        return back(f"/sequences/{name}")
    return back(f"/sequences/{name}", "resumed")


def _known(program: App, name: str) -> None:
    if all(each.name != name for each in list_sequences(program.engine)):
        raise HTTPException(404)
