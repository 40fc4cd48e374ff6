"""The dashboard: today, leads, and one lead. It only reads."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from fastapi.responses import HTMLResponse

from outreach.web.rendering import page
from outreach.web.requests import Services, only_for_insiders

router = APIRouter(dependencies=[Depends(only_for_insiders)])

_NO_NUL = r"^[^\x00]*$"  # PostgreSQL knows no text with it

Words = Annotated[str, Query(max_length=200, pattern=_NO_NUL)]
LeadId = Annotated[str, Path(max_length=64, pattern=_NO_NUL)]


@router.get("/")
def today(services: Services) -> HTMLResponse:
    """What happened today, what is due, and what waits for a person."""
    return page("today.html", here="today", zone=services.zone, today=services.today())


@router.get("/leads")
def leads(
    services: Services,
    search: Words = "",
    status: Words = "",
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    """Leads by name, company or address, and by status."""
    found = services.leads(search.strip(), status, number)
    return page("leads.html", here="leads", zone=services.zone, found=found, search=search.strip(), status=status)


@router.get("/leads/{lead_id}")
def lead(lead_id: LeadId, services: Services) -> HTMLResponse:
    """Everything about one lead, newest first."""
    found = services.lead(lead_id)
    if found is None:
        raise HTTPException(404)
    return page("lead.html", here="leads", zone=services.zone, lead=found)
