"""Forms that write: each carries a token that its browser got from us, and comes from our own pages.

The token stands in a cookie that no script and no other site can read, and again in the form; both must be the same
(double submit). The Origin header must name the host that was called: a page of somebody else may make a browser send
a form, but not with another origin (RFC 6454 §7; OWASP, Cross-Site Request Forgery Prevention).
"""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.requests import ClientDisconnect

from outreach.clock import fresh_secret
from outreach.web.rendering import page

COOKIE = "outreach_form"
FIELD = "token"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_MOST_BYTES = 64 * 1024
_MOST_FIELDS = 50
_SECONDS = 30


def show(request: Request, template: str, *, code: int = 200, **values: Any) -> HTMLResponse:
    """A page of the dashboard, with the token its forms carry."""
    known = request.cookies.get(COOKIE, "")
    token = known if _TOKEN.fullmatch(known) else fresh_secret()
    services = request.app.state.services
    answer = page(template, code=code, token=token, zone=services.zone, **values)
    # with `no-referrer` a browser names no origin for a form: https://fetch.spec.whatwg.org, "append a request Origin"
    answer.headers["referrer-policy"] = "same-origin"
    if token != known:
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/")
    return answer


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form that is ours; the last of a name counts. 403 for one that is not, 413, 408, 400."""
    if not _is_from_here(request):
        raise HTTPException(403)
    fields = _parsed(await _body(request))
    known = request.cookies.get(COOKIE, "")
    if not _TOKEN.fullmatch(known) or not hmac.compare_digest(known.encode(), fields.get(FIELD, "").encode()):
        raise HTTPException(403)
    return fields


Form = Annotated[Mapping[str, str], Depends(form_of)]


def _is_from_here(request: Request) -> bool:
    """Same host and port as were called. Browsers name the origin of every POST; who names none is no browser."""
    origin = urlsplit(request.headers.get("origin", ""))
    is_site = request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
    return is_site and origin.scheme in ("http", "https") and origin.netloc == request.headers.get("host", "")


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
            async for chunk in request.stream():
                if len(body) + len(chunk) > _MOST_BYTES:
                    raise HTTPException(413)
                body += chunk
    except TimeoutError:
        raise HTTPException(408) from None
    except ClientDisconnect:
        raise HTTPException(400) from None
    return bytes(body)


def _parsed(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise HTTPException(400) from None
    if any("\x00" in part for pair in pairs for part in pair):  # PostgreSQL knows no text with it
        raise HTTPException(400)
    return {name: value.replace("\r\n", "\n").strip() for name, value in pairs}


def back(path: str, said: str = "") -> RedirectResponse:
    """To a page of ours after a form was carried out; `said` names what it then says (`_said.html`)."""
    joint = "&" if "?" in path else "?"
    return RedirectResponse(f"{path}{joint}said={said}" if said else path, 303)
