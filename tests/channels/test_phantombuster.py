"""Launching a phantom for one person: the contract against its stand-in, and what is particular."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import httpx
import pytest

from outreach.channel import Message
from outreach.channels.phantombuster import Options, PhantomBuster
from outreach.errors import AdapterError, Outcome, RateLimited, Refused, Unauthorized
from outreach.sandbox.phantombuster_server import Launch, PhantomBusterServer
from outreach.testing.channel import HTTP_TABLE, ChannelContract, Expected, run

TOKEN = "phantombuster-secret-token"
COOKIE = "AQED-sample-session-cookie"
ADA = "https://www.linkedin.com/in/ada-sample"
VISIT = Message(key="e1.see", action="linkedin.visit", to=ADA, text="")
OPTIONS = Options(token=TOKEN, agents={"visit": "1234", "message": "1234"}, arguments={"sessionCookie": COOKIE})

COMMON: Mapping[str, httpx.Response | Exception] = {
    "connection refused": httpx.ConnectError(f"refused {TOKEN}"),
    "connect timeout": httpx.ConnectTimeout("slow"),
    "no free connection": httpx.PoolTimeout("full"),
    "read timeout": httpx.ReadTimeout("silent"),
    "broken connection": httpx.RemoteProtocolError(f"gone {TOKEN}"),
    "not JSON": httpx.Response(200, text="<html>welcome"),
    "unexpected body": httpx.Response(200, json={"containerId": None}),
    **{str(status): httpx.Response(status, text=f"no {COOKIE}") for status in (400, 401, 403, 404, 422, 429)},
    **{str(status): httpx.Response(status, text="oops") for status in (500, 502, 503, 504)},
}


@dataclass
class PhantomWorld:
    """The stand-in, or one answer in its place."""

    answer: httpx.Response | Exception | None
    message: Message = VISIT
    secrets: tuple[str, ...] = (TOKEN, COOKIE)
    bodies: list[bytes] = field(default_factory=list)
    server: PhantomBusterServer = field(default_factory=lambda: PhantomBusterServer(token=TOKEN))
    channel: PhantomBuster = field(init=False)

    def handed_over(self) -> list[Any]:
        return list(self.bodies)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(request.content)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            return httpx.Response(self.answer.status_code, content=self.answer.content)
        return await httpx.ASGITransport(self.server.application).handle_async_request(request)


@asynccontextmanager
async def phantombuster(answer: Any = None) -> AsyncIterator[PhantomWorld]:
    world = PhantomWorld(answer)
    async with httpx.AsyncClient(transport=httpx.MockTransport(world.handle)) as http:
        world.channel = PhantomBuster(OPTIONS, http)
        yield world


class TestPhantomBuster(ChannelContract):
    table = HTTP_TABLE
    failures: ClassVar[Mapping[str, Expected]] = HTTP_TABLE

    @asynccontextmanager
    async def world(self, failure: str = "") -> AsyncIterator[PhantomWorld]:
        async with phantombuster(COMMON[failure] if failure else None) as world:
            yield world


async def gladly() -> None:
    """A last look that finds nothing against it."""


def send(message: Message, server: PhantomBusterServer | None = None) -> Any:
    """The receipt or the error, and the stand-in."""

    async def story() -> Any:
        async with phantombuster() as world:
            world.server = server or world.server
            try:
                return await world.channel.send(message, last_look=gladly), world.server
            except AdapterError as error:
                return error, world.server

    return run(story())


def test_a_launch_names_the_person_the_text_and_what_every_launch_is_given() -> None:
    receipt, server = send(replace(VISIT, action="linkedin.message", text="Hello Ada"))

    argument = {"sessionCookie": COOKIE, "spreadsheetUrl": ADA, "message": "Hello Ada"}
    assert server.launches == [Launch("7001", "1234", argument)]
    assert (receipt.provider_id, receipt.reply) == ("7001", "launched")


def test_an_action_without_a_phantom_is_refused_by_name() -> None:
    error, server = send(replace(VISIT, action="linkedin.follow"))

    assert (type(error), error.outcome, server.launches) == (Refused, Outcome.CONFIG, [])
    assert "linkedin.follow" in str(error)


def test_wrong_credentials_limits_and_missing_phantoms_are_told_apart() -> None:
    limited = PhantomBusterServer(token=TOKEN)
    limited.limited = 15
    servers = (PhantomBusterServer(token="another"), limited, PhantomBusterServer(token=TOKEN, agents=()))

    found = [send(VISIT, server)[0] for server in servers]

    assert [type(error) for error in found] == [Unauthorized, RateLimited, Refused]
    assert found[1].retry_after.total_seconds() == 15


@pytest.mark.parametrize("agents", [{}, ()])
def test_an_account_without_phantoms_is_told(agents: Any) -> None:
    with pytest.raises(ValueError, match="agents"):
        Options(token=TOKEN, agents=agents)


def test_a_cookie_never_shows() -> None:
    async def story() -> tuple[str, AdapterError]:
        async with phantombuster(httpx.Response(400, json={"error": f"bad cookie {COOKIE}"})) as world:
            with pytest.raises(AdapterError) as caught:
                await world.channel.send(VISIT, last_look=gladly)
            return repr(world.channel) + repr(OPTIONS), caught.value

    shown, error = run(story())

    assert COOKIE not in shown + str(error) + error.said
