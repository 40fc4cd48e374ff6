"""The web application: every path in one place, with its guards and its answers when something is wrong."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from outreach.web import operations, opt_out, tracking, webhooks
from outreach.web.dashboard import (
    board,
    crm,
    inbox,
    lead,
    leads,
    reports,
    senders,
    sequences,
    tasks,
    today,
    unknown,
)
from outreach.web.dashboard.report_shelf import Shelf
from outreach.web.guards import SECURITY_HEADERS, KnownHosts, SecurityHeaders
from outreach.web.metrics import Deliveries, Today
from outreach.web.rendering import page
from outreach.web.services import WebServices

_log = structlog.get_logger()

PAGES = (today, leads, lead, board, inbox, tasks, sequences, senders, crm, unknown, reports)
_SENTENCES = {
    400: "We could not read this request.",
    403: "This form is not one of ours, or too old. Open the page again and send it once more.",
    404: "There is nothing at this address.",
    405: "This address does not take that kind of request.",
    500: "Something went wrong here. It has been written down.",
}


def create_app(services: WebServices) -> FastAPI:
    """Build the application. It opens nothing and reads nothing until it is called."""
    app = FastAPI(title="outreach", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.services = services
    app.state.registry = CollectorRegistry(auto_describe=False)
    app.state.registry.register(Today(services.today))
    app.state.deliveries = Deliveries(app.state.registry)
    app.state.reports = Shelf()
    for part in (webhooks, opt_out, tracking, operations, *PAGES):
        app.include_router(part.router)
    app.mount("/static", _Static(directory=Path(__file__).with_name("static")))
    app.add_middleware(KnownHosts, public_url=services.public_url)
    app.add_middleware(SecurityHeaders)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(Exception, _broken)
    return app


class _Static(StaticFiles):
    """Our own files: kept by the browser, asked about each time (they carry an ETag)."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came
        response.headers["cache-control"] = "no-cache"
        return response


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _explain(request, error.status_code, dict(error.headers or {}))


def _unreadable(request: Request, _error: Exception) -> Response:
    return _explain(request, 400, {})


def _broken(request: Request, error: Exception) -> Response:
    """Answers from outside the guards, so it brings their headers itself."""
    route = getattr(request.scope.get("route"), "path", "")  # the pattern: the path itself may hold a token
    _log.error("request_failed", route=route, error=type(error).__name__)
    return _explain(request, 500, SECURITY_HEADERS)


def _explain(request: Request, status: int, headers: dict[str, str]) -> Response:
    """Machines get JSON, people a page; neither learns more than the status tells."""
    phrase = HTTPStatus(status).phrase
    if request.url.path.startswith("/webhooks/"):
        return JSONResponse({"error": phrase.lower()}, status, headers)
    response = page("problem.html", code=status, title=phrase, sentence=_SENTENCES.get(status, phrase))
    response.headers.update(headers)
    return response
