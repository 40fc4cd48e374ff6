"""Today: what happened, what is due, and what waits for a person."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from outreach.web.forms import show
from outreach.web.requests import Services, only_for_insiders

router = APIRouter(dependencies=[Depends(only_for_insiders)])


@router.get("/")
def today(request: Request, services: Services) -> HTMLResponse:
    """The numbers of the day."""
    return show(request, "today.html", here="today", today=services.today())
