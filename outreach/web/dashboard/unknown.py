"""Messages nobody knows of whether they went out, and those that were refused for good."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from outreach.app import App
from outreach.errors import UsageError
from outreach.services.watching import unknown as service
from outreach.web.dashboard.query import ACTOR, Id, Words
from outreach.web.forms import Form, back, show
from outreach.web.requests import Program, only_for_insiders

router = APIRouter(dependencies=[Depends(only_for_insiders)])

_MOST = 200


@router.get("/unknown")
def unknown(request: Request, program: Program, said: Words = "") -> HTMLResponse:
    """The oldest first."""
    return _page(request, program, said=said)


@router.post("/unknown/{touch_id}/accept", response_model=None)
def accept(request: Request, touch_id: Id, program: Program, form: Form) -> Response:
    """It arrived; the form has no fields of its own."""
    del form
    return _decide(request, program, touch_id, "accepted", service.accept)


@router.post("/unknown/{touch_id}/resend", response_model=None)
def resend(request: Request, touch_id: Id, program: Program, form: Form) -> Response:
    """It did not; the form has no fields of its own."""
    del form
    return _decide(request, program, touch_id, "resent", service.resend)


def _decide(request: Request, program: App, touch_id: str, said: str, work: Callable[..., None]) -> Response:
    try:
        work(program.engine, touch_id, by=ACTOR)
    except UsageError as error:
        return _page(request, program, about=touch_id, problem=str(error))
    return back("/unknown", said)


def _page(request: Request, program: App, *, said: str = "", about: str = "", problem: str = "") -> HTMLResponse:
    return show(
        request,
        "unknown.html",
        code=422 if problem else 200,
        here="unknown",
        unknown=service.list_doubts(program.engine, most=_MOST),
        failed=service.list_failed(program.engine, most=_MOST),
        now=program.clock.now(),
        said=said,
        about=about,
        problem=problem,
    )
