"""What stand-ins of web services share: they note every request, can be disturbed, and serve over loopback.

A stand-in keeps state and refuses what the real service refuses. It is one object: use its `transport()` in an httpx
client, or `served()` as an application of a server.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import unquote

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from outreach.sandbox.described import Description, Undescribed

Interference = Callable[[httpx.Request], "httpx.Response | Exception | None"]
_KEPT = ("content-type", "retry-after", "date", "location")
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]


class Refusal(Exception):
    """An answer other than the usual one. `body`: text as it is, anything else as JSON."""

    def __init__(self, status: int, body: Any) -> None:
        self.status, self.body = status, body
        super().__init__(str(body))

    @property
    def response(self) -> httpx.Response:
        if isinstance(self.body, str):
            return httpx.Response(self.status, text=self.body)
        return httpx.Response(self.status, json=self.body)


@dataclass
class StandIn:
    """`before` may answer (or raise) in its stead; `after` loses its answers.

    `description`: the requests that exist; any other is refused before it is looked at, in the words of `shaped`.
    """

    before: Interference = lambda request: None
    after: Interference = lambda request: None
    requests: list[httpx.Request] = field(default_factory=list)
    numbers: count[int] = field(default_factory=lambda: count(101))

    @property
    def description(self) -> Description | None:
        return None

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What the service says. Raises Refusal."""
        raise NotImplementedError

    def shaped(self, status: int, said: str) -> Any:
        """What was said, in the shape of the service's own errors."""
        return said

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.handle)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if disturbed := _interfere(self.before, request):
            return disturbed
        try:
            if description := self.description:
                description.prove(request)
            response = self.answer(request)
        except Undescribed as error:
            response = Refusal(error.status, self.shaped(error.status, error.said)).response
        except Refusal as refusal:
            body = self.shaped(refusal.status, refusal.body) if isinstance(refusal.body, str) else refusal.body
            response = Refusal(refusal.status, body).response
        return _interfere(self.after, request) or response

    def served(self) -> Starlette:
        """An application that answers one request at a time, as the state wants."""

        async def reply(request: Request) -> Response:
            body = await request.body()
            asked = httpx.Request(request.method, str(request.url), headers=request.headers.raw, content=body)
            given = self.handle(asked)
            kept = {name: value for name, value in given.headers.items() if name in _KEPT}
            return Response(given.content, given.status_code, headers=kept)

        return Starlette(routes=[Route("/{path:path}", reply, methods=_METHODS)])

    def sent(self) -> list[tuple[str, str]]:
        """Method and path with query of every request."""
        return [(request.method, request.url.raw_path.decode()) for request in self.requests]

    def body(self, number: int = -1) -> Any:
        return json.loads(self.requests[number].content)


def parts_of(request: httpx.Request, *, base: str) -> list[str]:
    """The path below the base as decoded segments. Refuses a path that is elsewhere."""
    path = request.url.raw_path.decode().partition("?")[0]
    if not path.startswith(f"{base}/"):
        raise Refusal(404, f"nothing at {path}")
    return [unquote(part) for part in path.removeprefix(f"{base}/").split("/")]


def params_of(request: httpx.Request, allowed: Collection[str], required: Collection[str] = ()) -> dict[str, str]:
    """The query, if it holds what is required and nothing that is not described."""
    params = dict(request.url.params)
    unknown, missing = set(params) - {*allowed, *required}, set(required) - set(params)
    if unknown or missing or len(params) != len(request.url.params.multi_items()):
        raise Refusal(400, f"parameters: unknown {sorted(unknown)}, missing {sorted(missing)}")
    return params


def json_of(request: httpx.Request, allowed: Collection[str], required: Collection[str] = ()) -> dict[str, Any]:
    """A JSON object of the body, if it holds what is required and nothing that is not described."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise Refusal(415, "write application/json")
    try:
        body = json.loads(request.content)
    except ValueError:
        raise Refusal(400, "the body is no JSON") from None
    if not isinstance(body, dict):
        raise Refusal(400, "the body is no object")
    unknown, missing = set(body) - {*allowed, *required}, set(required) - set(body)
    if unknown or missing:
        raise Refusal(400, f"body: unknown {sorted(unknown)}, missing {sorted(missing)}")
    return body


def _interfere(how: Interference, request: httpx.Request) -> httpx.Response | None:
    result = how(request)
    if isinstance(result, Exception):
        raise result
    return result
