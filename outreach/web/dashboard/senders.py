"""Senders: quota, ramp, health, and why one is paused."""

from __future__ import annotations

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from outreach.app import App
from outreach.errors import UsageError
from outreach.services.hearing import stop
from outreach.services.hearing.stop import Target, Width
from outreach.services.watching.sender_page import sender_page
from outreach.web.dashboard.query import ACTOR, Id, Words
from outreach.web.forms import Form, back, show
from outreach.web.requests import Program, only_for_insiders

router = APIRouter(dependencies=[Depends(only_for_insiders)])


@router.get("/senders")
def senders(request: Request, program: Program, said: Words = "") -> HTMLResponse:
    """All of them."""
    return show(request, "senders.html", here="senders", page=sender_page(program.engine), said=said)


@router.post("/senders/{name}/pause", response_model=None)
def pause(name: Id, program: Program, form: Form) -> Response:
    """Hold back everything this sender sends."""
    target = _target(program, name)
    stop.pause(program.engine, target, reason=form.get("reason", "") or "by hand", by=ACTOR)
    return back("/senders", "paused")


@router.post("/senders/{name}/resume", response_model=None)
def resume(name: Id, program: Program, form: Form) -> Response:
    """Let it go on; the form has no fields of its own."""
    del form
    try:
        stop.resume(program.engine, _target(program, name), by=ACTOR)
    except UsageError:
        return back("/senders")
    return back("/senders", "resumed")


def _target(program: App, name: str) -> Target:
    if name not in program.engine.senders:
        raise HTTPException(404)
    return Target(width=Width.SENDER, value=name)
