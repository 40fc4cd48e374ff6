"""Leads: searched, filtered by an expression, sorted, and read a page at a time."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from outreach.app import App
from outreach.domain.pipeline import Status
from outreach.errors import UsageError
from outreach.services.people.find_leads import MOST_COUNTED, SORTS, Found, Wanted, WrongFilter, find_leads
from outreach.services.watching.sequence_page import names_of_sequences
from outreach.store.lead_lists import Asked
from outreach.web.dashboard.query import Expression, Text
from outreach.web.forms import show
from outreach.web.requests import Program, only_for_insiders

router = APIRouter(dependencies=[Depends(only_for_insiders)])

_NO_PROBLEMS = {"where": "", "sort": "", "after": ""}
_FILTERS = ("status", "stage", "pipeline", "owner", "source", "tag", "sequence")

_SORTS = {
    "newest": "newest first",
    "oldest": "oldest first",
    "score": "highest score",
    "waiting": "longest at its stage",
}


class Question(BaseModel):
    """What the address asks for."""

    search: Text = ""
    where: Expression = ""
    status: Text = ""
    stage: Text = ""
    pipeline: Text = ""
    owner: Text = ""
    source: Text = ""
    tag: Text = ""
    sequence: Text = ""
    sort: Text = "newest"
    after: Text = ""

    @property
    def filters(self) -> dict[str, str]:
        """What filters, by equality; empty ones too."""
        return {name: getattr(self, name).strip() for name in _FILTERS}


@router.get("/leads")
def leads(request: Request, program: Program, question: Annotated[Question, Query()]) -> HTMLResponse:
    """Those a filter finds; what is wrong with an expression is said beside its field."""
    asked, where = question.filters, question.where.strip()
    search = question.search.strip()
    sort = question.sort or "newest"
    wanted = Wanted(asked=_asked(asked), search=search, where=where, sort=sort, after=question.after)
    found, problems = _found(program, wanted)
    return show(
        request,
        "leads.html",
        code=422 if problems else 200,
        here="leads",
        found=found,
        problems=_NO_PROBLEMS | problems,
        asked={**asked, "search": search},
        where=question.where,
        sort=wanted.sort,
        sorts=_SORTS,
        given={name: value for name, value in {**asked, "search": search, "where": where}.items() if value},
        is_first=not question.after,
        most=MOST_COUNTED,
        choices=_choices(program),
    )


def _asked(filters: dict[str, str]) -> Asked:
    return Asked(**filters)  # type: ignore[arg-type]  # the names are those of its texts


def _found(program: App, wanted: Wanted) -> tuple[Found | None, dict[str, str]]:
    """The page, or what is wrong by the field it is wrong in."""
    try:
        return find_leads(program.engine, wanted), {}
    except WrongFilter as error:
        return None, {"where": str(error)}
    except UsageError as error:
        return None, {"sort" if wanted.sort not in SORTS or not wanted.after else "after": str(error)}


def _choices(program: App) -> dict[str, list[Any]]:
    """What the quick filters offer. Owners, sources and tags are written: counting who has which costs too much."""
    pipelines = program.engine.pipelines.values()
    stages = dict.fromkeys(stage.name for pipeline in pipelines for stage in pipeline.stages)
    return {
        "statuses": [str(each) for each in Status],
        "stages": list(stages),
        "pipelines": sorted(program.engine.pipelines),
        "owners": sorted(program.engine.senders),
        "sequences": names_of_sequences(program.engine),
    }
