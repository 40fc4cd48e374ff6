"""What handlers ask for by type: the services behind the pages, and a body that is bounded while it is read."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from starlette.requests import ClientDisconnect

from outreach.app import App
from outreach.web.guards import came_directly, is_loopback
from outreach.web.services import WebServices

_MOST_BYTES = 1024 * 1024
_SECONDS_FOR_A_BODY = 30


def services_of(request: Request) -> WebServices:
    services: WebServices = request.app.state.services
    return services


Services = Annotated[WebServices, Depends(services_of)]


def program_of(services: Services) -> App:
    """404 where only the outer pages are served."""
    if services.program is None:
        raise HTTPException(404)
    return services.program


Program = Annotated[App, Depends(program_of)]


async def body_of(connection: str, request: Request) -> bytes:
    """The raw body of a webhook call. 413 as soon as it is too large, 408 when it does not come."""
    receiver = services_of(request).receivers.get(connection)
    limit = receiver.max_bytes if receiver else _MOST_BYTES
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise HTTPException(413)
    try:
        async with asyncio.timeout(_SECONDS_FOR_A_BODY):
            return await _read(request, limit)
    except TimeoutError:
        raise HTTPException(408) from None
    except ClientDisconnect:
        raise HTTPException(400) from None


async def _read(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        if len(body) + len(chunk) > limit:
            raise HTTPException(413)
        body += chunk
    return bytes(body)


RawBody = Annotated[bytes, Depends(body_of)]


def only_for_insiders(request: Request, services: Services) -> None:
    """There is no login yet: pages with leads on them answer only to callers who come directly.

    To everybody else they do not exist, unless the setting says that something in front asks for a login.
    """
    is_here = came_directly(request.headers) and is_loopback(request.client.host if request.client else None)
    if not services.dashboard_everywhere and not is_here:
        raise HTTPException(404)


def only_without_proxy(request: Request, services: Services) -> None:
    """Numbers without names: whoever reaches this port may read them, the outside behind a proxy may not."""
    if not services.dashboard_everywhere and not came_directly(request.headers):
        raise HTTPException(404)
