"""GET and POST /u/{token}: the page people leave by, and the one click of RFC 8058.

GET changes nothing, because mail scanners follow links. POST is the whole consent: no redirect, no cookie, no login,
and the same answer however often it comes.
"""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from outreach.web.farewells import Farewell, farewell
from outreach.web.rendering import page
from outreach.web.requests import Services
from outreach.web.services import Leaving

router = APIRouter(prefix="/u")

_log = structlog.get_logger()


@router.api_route("/{token}", methods=["GET", "HEAD"])
def ask(token: str, request: Request, services: Services) -> HTMLResponse:
    """The question and one button."""
    return _answer(request, services.look(token))


@router.post("/{token}")
def leave(token: str, request: Request, services: Services) -> HTMLResponse:
    """Opt out. The answer is given after it has been committed; a failure is a 503, so that a client asks again."""
    try:
        leaving = services.leave(token)
    except Exception:  # noqa: BLE001  whatever it was: it has not happened, and we must not say that it has
        _log.exception("opt_out_not_stored")
        words = _words(request, None)
        return page("farewell.html", code=503, language=words.language, title=words.title, sentence=words.later)
    return _answer(request, leaving)


def _answer(request: Request, leaving: Leaving | None) -> HTMLResponse:
    if leaving is None:
        words = _words(request, None)
        return page(
            "farewell.html",
            code=404,
            language=words.language,
            title=words.missing,
            sentence=words.missing_help,
        )
    words = _words(request, leaving.language)
    if leaving.is_done:
        sentence, rest = words.done.format(organisation=leaving.organisation), words.nothing_more
        return page("farewell.html", language=words.language, title=words.title, sentence=sentence, rest=rest)
    question = words.question.format(organisation=leaving.organisation)
    return page("opt_out.html", language=words.language, title=words.title, question=question, button=words.button)


def _words(request: Request, language: str | None) -> Farewell:
    return farewell(language, request.headers.get("accept-language", ""))
