"""For those who run it: alive, ready, and numbers."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from outreach.web.metrics import text_of
from outreach.web.requests import Services, only_without_proxy

router = APIRouter()

_log = structlog.get_logger()


@router.api_route("/healthz", methods=["GET", "HEAD"])
def healthz() -> PlainTextResponse:
    """The process answers."""
    return PlainTextResponse("ok\n")


@router.api_route("/readyz", methods=["GET", "HEAD"])
def readyz(services: Services) -> PlainTextResponse:
    """The database answers and is at the newest revision; else 503, with the reason in our log only."""
    try:
        services.ready()
    except Exception as error:  # noqa: BLE001  whatever it is, we are not ready
        _log.warning("not_ready", reason=str(error))
        return PlainTextResponse("not ready\n", 503)
    return PlainTextResponse("ready\n")


@router.get("/metrics", dependencies=[Depends(only_without_proxy)])
def metrics(request: Request) -> Response:
    """Prometheus text."""
    return Response(text_of(request.app.state.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)
