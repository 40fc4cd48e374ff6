"""A stand-in of a provider behind a wire that can break: what channels by HTTP are held to their contract with."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx
from starlette.types import ASGIApp

from outreach.channel import Channel, Message
from outreach.clock import Clock
from outreach.errors import AdapterError
from outreach.oauth import Tokens
from outreach.sandbox.answers import Answers
from outreach.sandbox.token_desk import TokenDesk
from outreach.testing.channel import run


@dataclass(frozen=True)
class Told:
    """An answer told in advance. `is_taken`: the provider carries the write out all the same."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_taken: bool = False


Failure = Told | Exception


class Wire(httpx.AsyncBaseTransport):
    """Hands requests to the application in this process. `writes` holds what may have been accepted."""

    def __init__(self, stand: Stand, error: Exception | None) -> None:
        self._inner = httpx.ASGITransport(app=stand.application)
        self._is_write = stand.is_write
        self._error = error
        self.requests: list[httpx.Request] = []
        self.writes: list[Any] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        await request.aread()
        is_write = self._is_write(request)
        if is_write and (self._error is None or not isinstance(self._error, httpx.ConnectError | httpx.PoolTimeout)):
            key = request.headers.get("idempotency-key", "")
            self.writes.append((request.method, request.url.path, said_in(request), key))
        if self._error is not None and is_write:
            raise self._error
        return await self._inner.handle_async_request(request)


def said_in(request: httpx.Request) -> Any:
    """The body of a request as data."""
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        return json.loads(request.content)
    return sorted(parse_qsl(request.content.decode())) if "urlencoded" in kind else request.content


@dataclass
class SandboxWorld:
    """What the contract looks at, and the wire behind it."""

    channel: Channel
    message: Message
    secrets: tuple[str, ...]
    wire: Wire

    def handed_over(self) -> list[Any]:
        return list(self.wire.writes)


class Shelf:
    """A vault of one process; nobody else wants a turn."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        return self.entries.get(name)

    def put(self, name: str, value: str) -> None:
        self.entries[name] = value

    def take_turn(self, name: str, *, lasting: timedelta) -> bool:
        return True

    def end_turn(self, name: str) -> None:
        return None


def tokens_of(desk: TokenDesk, clock: Clock) -> Tokens:
    """Access tokens of a stand-in's desk."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(desk.answer))
    shelf = Shelf()
    return Tokens(http, vault=lambda: shelf, clock=clock)


Make = Callable[[httpx.AsyncClient], Channel]


@dataclass(frozen=True)
class Stand:
    """A fresh provider: its application, its answers, and how a channel to it is made."""

    application: ASGIApp
    answers: Answers
    make: Make
    secrets: tuple[str, ...]
    is_write: Callable[[httpx.Request], bool] = lambda request: request.method != "GET"


@asynccontextmanager
async def connected(stand: Stand, message: Message, failure: Failure | None = None) -> AsyncIterator[SandboxWorld]:
    if isinstance(failure, Told):
        stand.answers.will(failure.status, failure.body, headers=failure.headers, is_taken=failure.is_taken)
    wire = Wire(stand, failure if isinstance(failure, Exception) else None)
    async with httpx.AsyncClient(transport=wire) as http:
        yield SandboxWorld(stand.make(http), message, stand.secrets, wire)


def send(stand: Stand, message: Message, failure: Failure | None = None) -> tuple[Any, Wire]:
    """The receipt or the error of one send, and the wire it went over."""

    async def gladly() -> None:
        """A last look that finds nothing against it."""

    async def story() -> tuple[Any, Wire]:
        async with connected(stand, message, failure) as world:
            try:
                return await world.channel.send(message, last_look=gladly), world.wire
            except AdapterError as error:
                return error, world.wire

    return run(story())
