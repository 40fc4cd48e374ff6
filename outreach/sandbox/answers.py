"""What the stand-ins of providers share: answers told in advance, refusals, and calls they make to our webhooks."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

Handler = Callable[[Request], Awaitable[Response]]


class Refusal(Exception):
    """An answer other than 2xx."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        self.response = JSONResponse(body, status, dict(headers or {}))
        super().__init__(f"{status} {body}")


@dataclass(frozen=True, slots=True)
class Hook:
    """One call of a provider to our webhook; `url` is the whole address, as it was signed."""

    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"

    def send(self, http: httpx.Client) -> httpx.Response:
        """Make the call at the client's base URL, as behind a proxy: what was signed stays the public address."""
        path = "/" + self.url.partition("//")[2].partition("/")[2]
        return http.request(self.method, path, content=self.body, headers=dict(self.headers))


class Answers:
    """Usual answers, with others put before them. `requests` are the bodies of writes that got through, in order."""

    def __init__(self) -> None:
        self._next: deque[tuple[Response, bool]] = deque()
        self._lock = threading.Lock()

    def will(
        self, status: int, body: Any = None, *, headers: Mapping[str, str] | None = None, is_taken: bool = False
    ) -> None:
        """The next write gets this answer. `is_taken`: it is carried out all the same, and the answer lies."""
        given = dict(headers or {})
        plain = isinstance(body, str)
        made = Response(body, status, given, "text/plain") if plain else JSONResponse(body, status, given)
        self._next.append((made, is_taken))

    def guarded(
        self,
        handle: Handler,
        *,
        before: Callable[[Request], None] = lambda _: None,
        is_write: Callable[[Request], bool] = lambda request: request.method != "GET",
    ) -> Handler:
        """`before` checks who calls; then a told answer, or the usual one."""

        async def answer(request: Request) -> Response:
            try:
                before(request)
                with self._lock:
                    told = self._next.popleft() if self._next and is_write(request) else None
                if told and not told[1]:
                    return told[0]
                usual = await handle(request)
            except Refusal as refusal:
                return refusal.response
            return told[0] if told else usual

        return answer


async def json_of(request: Request) -> dict[str, Any]:
    """The body as a JSON object; empty for anything else."""
    try:
        body = json.loads(await request.body())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
