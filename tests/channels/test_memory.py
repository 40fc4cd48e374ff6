"""The memory channel is held to the same contract, with scripted outcomes in place of a provider."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from outreach.channel import Message
from outreach.channels.memory import Memory
from outreach.errors import AdapterError, OutcomeUnknown, RateLimited, Refused, Unauthorized, Unavailable
from outreach.testing.channel import ChannelContract, Expected, run

MESSAGE = Message(key="e1.intro", action="email", to="ada@example.com", text="Hello")


def scripted(failure: str) -> AdapterError:
    if failure == "rate limited":
        return RateLimited("memory", "later", retry_after=timedelta(minutes=1))
    kinds = {"unavailable": Unavailable, "unknown": OutcomeUnknown, "refused": Refused, "unauthorized": Unauthorized}
    return kinds[failure]("memory", failure)


@dataclass
class MemoryWorld:
    channel: Memory
    message: Message = MESSAGE
    secrets: tuple[str, ...] = ()

    def handed_over(self) -> list[Any]:
        return list(self.channel.sent)


class TestMemory(ChannelContract):
    table: ClassVar[Mapping[str, Expected]] = {}
    failures: ClassVar[Mapping[str, Expected]] = {
        "unavailable": Expected(Unavailable),
        "rate limited": Expected(RateLimited),
        "unknown": Expected(OutcomeUnknown),
        "refused": Expected(Refused),
        "unauthorized": Expected(Unauthorized),
    }

    @asynccontextmanager
    async def world(self, failure: str = "") -> AsyncIterator[MemoryWorld]:
        channel = Memory()
        if failure:
            channel.will(scripted(failure))
        yield MemoryWorld(channel)


async def gladly() -> None:
    """A last look that finds nothing against it."""


def test_outcomes_come_in_the_order_they_were_scripted() -> None:
    async def story() -> list[Message]:
        channel = Memory()
        channel.will(None, Refused("memory", "no"))
        await channel.send(MESSAGE, last_look=gladly)
        with pytest.raises(Refused):
            await channel.send(MESSAGE, last_look=gladly)
        await channel.send(MESSAGE, last_look=gladly)
        return channel.sent

    assert len(run(story())) == 2


def test_an_address_keeps_its_outcome() -> None:
    async def story() -> list[Message]:
        channel = Memory()
        channel.will_for("ada@example.com", Unavailable("memory", "later"), before_look=True)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await channel.send(MESSAGE, last_look=never)
        return channel.sent

    async def never() -> None:
        raise AssertionError

    assert run(story()) == []


def test_a_send_may_be_held_between_its_last_look_and_the_verdict() -> None:
    async def story() -> tuple[int, int]:
        channel, looked = Memory(), asyncio.Event()
        door = channel.will_wait()

        async def look() -> None:
            looked.set()

        sending = asyncio.ensure_future(channel.send(MESSAGE, last_look=look))
        await looked.wait()
        before = len(channel.sent)
        door.set()
        await sending
        return before, len(channel.sent)

    assert run(story()) == (0, 1)
