"""GET /o/{token} and /c/{token}: an image that was loaded, a link that was followed. Both off unless a team wants them.

The image is there for every token, so that nothing can be learnt from it. A link leads to where our own store says and
nowhere else; HEAD counts nothing, because it is programs that ask so.
"""

from __future__ import annotations

import structlog
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from outreach.web.requests import Services

router = APIRouter()

_log = structlog.get_logger()
_IMAGE = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)  # a GIF of one transparent pixel


@router.api_route("/o/{token}", methods=["GET", "HEAD"])
def opened(token: str, request: Request, services: Services) -> Response:
    """The image. That it could not be counted is no reason to show a broken one."""
    try:
        if request.method == "GET":
            services.opened(token, request.headers.get("user-agent", ""))
    except Exception:  # noqa: BLE001  # the reader of the mail has no part in it
        _log.exception("open_not_counted")
    return Response(_IMAGE, media_type="image/gif", headers={"cross-origin-resource-policy": "cross-origin"})


@router.api_route("/c/{token}", methods=["GET", "HEAD"])
def clicked(token: str, request: Request, services: Services) -> Response:
    """On to the target; 404 for a link that is not ours."""
    agent = request.headers.get("user-agent", "") if request.method == "GET" else None
    url = services.clicked(token, agent)
    if url is None:
        raise HTTPException(404)
    return RedirectResponse(url, 302)
