"""Tasks: the text ready to paste, and forms to tick off, skip, put off or hand over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from outreach.app import App
from outreach.errors import UsageError
from outreach.services.people import task_changes
from outreach.services.people import tasks as service
from outreach.store import reviews
from outreach.web.dashboard.query import ACTOR, Id, Text
from outreach.web.forms import Form, back, show
from outreach.web.requests import Program, only_for_insiders

router = APIRouter(dependencies=[Depends(only_for_insiders)])

_MOST = 100


class Question(BaseModel):
    """What the address asks for."""

    assignee: Text = ""
    lead: Text = ""
    overdue: Text = ""
    said: Text = ""


@router.get("/tasks")
def tasks(request: Request, program: Program, asked: Annotated[Question, Query()]) -> HTMLResponse:
    """Open ones, the first to be due on top."""
    return _page(request, program, asked, said=asked.said)


@router.post("/tasks/{task_id}/done", response_model=None)
def done(request: Request, task_id: Id, program: Program, form: Form) -> Response:
    """A person did it."""
    outcome = form.get("outcome", "")
    return _change(
        request, program, task_id, "done", lambda: service.done(program.engine, task_id, outcome=outcome, by=ACTOR)
    )


@router.post("/tasks/{task_id}/skip", response_model=None)
def skip(request: Request, task_id: Id, program: Program, form: Form) -> Response:
    """A person will not do it."""
    reason = form.get("reason", "")
    return _change(
        request, program, task_id, "skipped", lambda: service.skip(program.engine, task_id, reason=reason, by=ACTOR)
    )


@router.post("/tasks/{task_id}/snooze", response_model=None)
def snooze(request: Request, task_id: Id, program: Program, form: Form) -> Response:
    """Not now."""
    until = form.get("until", "")
    return _change(
        request, program, task_id, "snoozed", lambda: task_changes.snooze(program.engine, task_id, until, by=ACTOR)
    )


@router.post("/tasks/{task_id}/assign", response_model=None)
def assign(request: Request, task_id: Id, program: Program, form: Form) -> Response:
    """Somebody else's from now on."""
    name = form.get("assignee", "")
    return _change(
        request, program, task_id, "given", lambda: task_changes.assign(program.engine, task_id, name, by=ACTOR)
    )


def _change(request: Request, program: App, task_id: str, said: str, work: Callable[[], object]) -> Response:
    try:
        work()
    except UsageError as error:
        return _page(request, program, Question(), about=task_id, problem=str(error))
    return back("/tasks", said)


def _page(
    request: Request, program: App, asked: Question, *, said: str = "", about: str = "", problem: str = ""
) -> HTMLResponse:
    """`problem` stands beside the task it is `about`."""
    wanted = service.Wanted(
        assignee=asked.assignee.strip() or None, lead_id=asked.lead or None, only_overdue=bool(asked.overdue)
    )
    found = service.list_tasks(program.engine, wanted, most=_MOST)
    values: dict[str, Any] = {"tasks": found, "asked": asked, "now": program.clock.now(), "most": _MOST}
    return show(
        request,
        "tasks.html",
        code=422 if problem else 200,
        here="tasks",
        reviews={each.id: reviews.touch_of(each.id) for each in found if reviews.is_review(each.id)},
        people=sorted(program.engine.senders),
        said=said,
        about=about,
        problem=problem,
        **values,
    )
