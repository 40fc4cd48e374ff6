"""POST /webhooks/{connection}: verify, store, answer. Understanding comes later and elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from outreach.errors import WebhookRejected
from outreach.web.metrics import Deliveries
from outreach.web.requests import RawBody, Services
from outreach.web.services import WebServices

router = APIRouter(prefix="/webhooks")

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="webhooks"'}  # Amazon SNS tells its password only when asked

_log = structlog.get_logger()


@router.api_route("/{connection}", methods=["GET", "HEAD", "POST"], response_model=None)
def webhook(connection: str, request: Request, body: RawBody, services: Services) -> Response:
    """One delivery or handshake. Every refusal gives the same answer; what was not stored the provider sends again."""
    counted: Deliveries = request.app.state.deliveries
    known = connection if connection in services.receivers else "(no such connection)"
    try:
        accepted = services.accept(
            connection,
            method=request.method,
            url=_public(request, services.public_url),
            headers=_headers(request),
            body=body,
        )
    except WebhookRejected as error:
        _log.warning("webhook_refused", connection=known, reason=str(error))
        counted.add(known, "refused")
        return JSONResponse({"error": "refused"}, 401, headers=_CHALLENGE)
    except Exception:  # noqa: BLE001  whatever kept us from storing it, the provider must hear "again, later"
        _log.exception("webhook_not_stored", connection=known)
        counted.add(known, "not_stored")
        return JSONResponse({"error": "unavailable"}, _unavailable(services, connection))
    counted.add(known, "accepted")
    if accepted.answer is not None:
        return Response(accepted.answer.body, accepted.status, media_type=accepted.answer.content_type)
    return JSONResponse({"delivery": accepted.delivery_id}, accepted.status)


def _public(request: Request, public_url: str) -> str:
    """The URL as the provider called it: some sign it, and a proxy may have changed what we see."""
    query = request.url.query
    return public_url.rstrip("/") + request.url.path + (f"?{query}" if query else "")


def _headers(request: Request) -> Mapping[str, str]:
    """Lower-case names; values of a repeated name in one, as RFC 9110 §5.3 joins them."""
    joined: dict[str, str] = {}
    for name, value in request.headers.items():
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _unavailable(services: WebServices, connection: str) -> int:
    receiver = services.receivers.get(connection)
    return receiver.unavailable_status if receiver else 503
