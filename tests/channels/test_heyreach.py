"""LinkedIn through campaigns of HeyReach: the contract against its stand-in, and what is particular."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import httpx
import pytest

from outreach.channel import Message
from outreach.channels.heyreach import HeyReach, Options
from outreach.errors import AdapterError, Outcome, RateLimited, Refused, Unauthorized
from outreach.sandbox.heyreach_server import HeyReachServer
from outreach.testing.channel import HTTP_TABLE, ChannelContract, Expected, run

TOKEN = "heyreach-secret-token"
ADA = "https://www.linkedin.com/in/ada-sample"
NOTE = Message(key="e1.invite", action="linkedin.invite", to=ADA, text="Hello Ada", to_name="Ada Sample")
OPTIONS = Options(token=TOKEN, account="9", campaigns={"invite": 101, "message": "102"})

COMMON: Mapping[str, httpx.Response | Exception] = {
    "connection refused": httpx.ConnectError(f"refused {TOKEN}"),
    "connect timeout": httpx.ConnectTimeout("slow"),
    "no free connection": httpx.PoolTimeout("full"),
    "read timeout": httpx.ReadTimeout("silent"),
    "broken connection": httpx.RemoteProtocolError(f"gone {TOKEN}"),
    "not JSON": httpx.Response(200, text="<html>welcome"),
    "unexpected body": httpx.Response(200, json={"hello": "there"}),
    "nobody was taken": httpx.Response(200, json={"addedLeadsCount": 0, "failedLeadsCount": 1}),
    **{str(status): httpx.Response(status, text=f"no {TOKEN}") for status in (400, 401, 403, 404, 422, 429)},
    **{str(status): httpx.Response(status, text="oops") for status in (500, 502, 503, 504)},
}


@dataclass
class HeyReachWorld:
    """The stand-in, or one answer in its place."""

    answer: httpx.Response | Exception | None
    message: Message = NOTE
    secrets: tuple[str, ...] = (TOKEN,)
    bodies: list[bytes] = field(default_factory=list)
    server: HeyReachServer = field(default_factory=lambda: HeyReachServer(token=TOKEN))
    channel: HeyReach = field(init=False)

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
async def heyreach(answer: Any = None, options: Options = OPTIONS) -> AsyncIterator[HeyReachWorld]:
    world = HeyReachWorld(answer)
    async with httpx.AsyncClient(transport=httpx.MockTransport(world.handle)) as http:
        world.channel = HeyReach(options, http)
        yield world


class TestHeyReach(ChannelContract):
    table = HTTP_TABLE
    failures: ClassVar[Mapping[str, Expected]] = {
        **HTTP_TABLE,
        "nobody was taken": Expected(Refused, Outcome.VALIDATION),
    }

    @asynccontextmanager
    async def world(self, failure: str = "") -> AsyncIterator[HeyReachWorld]:
        async with heyreach(COMMON[failure] if failure else None) as world:
            yield world


async def gladly() -> None:
    """A last look that finds nothing against it."""


def send(message: Message, server: HeyReachServer | None = None, options: Options = OPTIONS) -> Any:
    """The receipt or the error, and the stand-in."""

    async def story() -> Any:
        async with heyreach(options=options) as world:
            world.server = server or world.server
            try:
                return await world.channel.send(message, last_look=gladly), world.server
            except AdapterError as error:
                return error, world.server

    return run(story())


def test_a_person_comes_into_the_campaign_of_the_action_with_our_text() -> None:
    receipt, server = send(replace(NOTE, values={"topic": "audits"}))

    assert receipt.reply == "in campaign 101"
    assert server.campaigns[101].leads[ADA] == {
        "profileUrl": ADA,
        "firstName": "Ada",
        "lastName": "Sample",
        "customUserFields": [{"name": "message", "value": "Hello Ada"}, {"name": "topic", "value": "audits"}],
    }


def test_the_address_is_used_where_the_person_has_an_id_of_another_provider() -> None:
    _, server = send(replace(NOTE, to="ACoAA1", address=ADA, action="linkedin.message"))

    assert list(server.campaigns[102].leads) == [ADA]


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"action": "linkedin.withdraw"}, Outcome.CONFIG),
        ({"action": "linkedin.visit"}, Outcome.CONFIG),
        ({"to": "ACoAA1"}, Outcome.REJECTED_RECIPIENT),
    ],
)
def test_what_cannot_be_said_to_it_is_refused_before_the_wire(change: dict[str, str], outcome: Outcome) -> None:
    error, server = send(replace(NOTE, **change))  # type: ignore[arg-type]  # all texts

    assert (type(error), error.outcome) == (Refused, outcome)
    assert all(not campaign.leads for campaign in server.campaigns.values())


def test_a_limit_waits_as_long_as_it_says() -> None:
    server = HeyReachServer(token=TOKEN)
    server.limited = 40

    error, _ = send(NOTE, server)

    assert isinstance(error, RateLimited)
    assert error.retry_after.total_seconds() == 40


def test_wrong_credentials_an_idle_campaign_and_a_stranger_are_told_apart() -> None:
    idle, refusing = HeyReachServer(token=TOKEN), HeyReachServer(token=TOKEN)
    idle.campaigns[101].is_active = False
    refusing.unreachable.add(ADA)

    found = [send(NOTE, server)[0] for server in (HeyReachServer(token="another"), idle, refusing)]

    assert [type(error) for error in found] == [Unauthorized, Refused, Refused]
    assert "not active" in str(found[1])


@pytest.mark.parametrize("campaigns", [{}, {"poke": 1}, ()])
def test_campaigns_that_cannot_be_are_told(campaigns: Any) -> None:
    with pytest.raises(ValueError, match="campaigns"):
        Options(token=TOKEN, account=9, campaigns=campaigns)
