"""The CRM: the work list, what failed with the words it failed with, and trying again."""

from __future__ import annotations

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from outreach.doorbell import SYNC
from outreach.services.crm import sync
from outreach.services.watching.crm_page import MOST, crm_page
from outreach.web.dashboard.query import Words
from outreach.web.forms import Form, back, show
from outreach.web.requests import Program, only_for_insiders

router = APIRouter(dependencies=[Depends(only_for_insiders)])


@router.get("/crm")
def crm(request: Request, program: Program, said: Words = "") -> HTMLResponse:
    """Every connection."""
    return show(request, "crm.html", here="crm", page=crm_page(program.engine), most=MOST, said=said)


@router.post("/crm/retry", response_model=None)
def retry(program: Program, form: Form) -> Response:
    """One job by its number, or all that failed of a connection, once the cause is mended."""
    number, connection = form.get("number", ""), form.get("connection", "")
    if number and not (number.isascii() and number.isdigit() and len(number) < 18):
        raise HTTPException(400)
    if not number and connection not in program.engine.crms:
        raise HTTPException(400)
    again = sync.retry(
        program.store, clock=program.clock, numbers=[int(number)] if number else None, crm=connection or None
    )
    if again and not program.doorbell.is_in_process:
        program.doorbell.ring(SYNC, sorted(program.engine.crms))
    return back("/crm", "retried" if again else "")
