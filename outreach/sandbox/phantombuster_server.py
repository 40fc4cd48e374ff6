"""A stand-in of PhantomBuster's API v2: phantoms that are launched, and the containers they run in."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from itertools import count
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from outreach.sandbox.answers import Answers


@dataclass(frozen=True, slots=True)
class Launch:
    """One container: which phantom it runs, and with what."""

    container: str
    agent: str
    argument: dict[str, Any]


class PhantomBusterServer:
    """`application` is to be served. `limited` answers 429 with that many seconds to wait."""

    def __init__(self, *, token: str, agents: tuple[str, ...] = ("1234",)) -> None:
        self.launches: list[Launch] = []
        self.answers = Answers()
        self.limited: int | None = None
        self._token = token
        self._agents = agents
        self._numbers = count(7001)
        self._lock = threading.Lock()
        self.application = Starlette(
            routes=[
                Route("/api/v2/agents/launch", self.answers.guarded(self._launch), methods=["POST"]),
                Route("/api/v2/containers/fetch", self._fetch, methods=["GET"]),
            ]
        )

    def _refusal(self, request: Request) -> Response | None:
        given = request.headers.get("x-phantombuster-key") or request.headers.get("x-phantombuster-key-1")
        if given != self._token:
            return JSONResponse({"error": "Invalid API key"}, 401)
        if self.limited is not None:
            return JSONResponse({"error": "Too many requests"}, 429, {"retry-after": str(self.limited)})
        return None

    async def _launch(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal:
            return refusal
        body = json.loads(await request.body())
        if body.get("id") not in self._agents:
            return JSONResponse({"error": "Agent not found"}, 404)
        if not isinstance(body.get("argument"), dict):
            return JSONResponse({"error": "argument must be an object"}, 400)
        with self._lock:
            launch = Launch(str(next(self._numbers)), body["id"], body["argument"])
            self.launches.append(launch)
        return JSONResponse({"containerId": launch.container})

    async def _fetch(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal:
            return refusal
        wanted = request.query_params.get("id")
        found = next((each for each in self.launches if each.container == wanted), None)
        if found is None:
            return JSONResponse({"error": "Container not found"}, 404)
        return JSONResponse({"id": found.container, "agentId": found.agent, "status": "finished", "exitCode": 0})
