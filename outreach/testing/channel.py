"""What every channel is held to. A test class subclasses ChannelContract and says how to build its world.

class TestPigeon(ChannelContract):
    failures = HTTP_TABLE | {"503": Expected(...)}
    @asynccontextmanager
    async def world(self, failure=""): ...
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, TypeVar

import pytest

from outreach.channel import Channel, Message, Receipt
from outreach.errors import (
    AdapterError,
    NotNow,
    Outcome,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Expected:
    """What a provider's answer means. `finer` says where the provider documents more than the common table."""

    kind: type[AdapterError]
    outcome: Outcome | None = None  # None: any
    finer: str = ""


HTTP_TABLE: Mapping[str, Expected] = {
    "connection refused": Expected(Unavailable),
    "connect timeout": Expected(Unavailable),
    "no free connection": Expected(Unavailable),
    "read timeout": Expected(OutcomeUnknown),
    "broken connection": Expected(OutcomeUnknown),
    "500": Expected(OutcomeUnknown),
    "502": Expected(OutcomeUnknown),
    "503": Expected(Unavailable),
    "504": Expected(OutcomeUnknown),
    "not JSON": Expected(OutcomeUnknown),
    "unexpected body": Expected(OutcomeUnknown),
    "429": Expected(RateLimited),
    "401": Expected(Unauthorized),
    "403": Expected(Unauthorized),
    "400": Expected(Refused),
    "404": Expected(Refused),
    "422": Expected(Refused),
}
"""Every row of the common table for providers reached by HTTP, as it is when sending."""

SMTP_TABLE: Mapping[str, Expected] = {
    "connection refused": Expected(Unavailable),
    "greeting 421": Expected(Unavailable),
    "greeting 554": Expected(Unavailable),
    "MAIL 451": Expected(Unavailable),
    "RCPT 450": Expected(Unavailable),
    "RCPT 550": Expected(Refused),
    "DATA 451": Expected(Unavailable),
    "DATA 554": Expected(Refused),
    "closed at RCPT": Expected(Unavailable),
    "silent before 354": Expected(Unavailable),
    "reset inside the text": Expected(OutcomeUnknown),
    "closed after the dot": Expected(OutcomeUnknown),
    "silent after the dot": Expected(OutcomeUnknown),
    "451 to the dot": Expected(Unavailable),
    "554 to the dot": Expected(Refused),
    "garbage to the dot": Expected(OutcomeUnknown),
    "AUTH 535": Expected(Unauthorized),
}
"""The same for SMTP."""


class World(Protocol):
    """A channel together with the provider it talks to, looked at from behind."""

    @property
    def channel(self) -> Channel: ...

    @property
    def message(self) -> Message:
        """One this channel is able to send."""
        ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be seen in an error or a repr."""
        ...

    def handed_over(self) -> list[Any]:
        """What came in at the provider that it may have accepted: one entry a message, equal for equal messages."""
        ...


class ChannelContract:
    """The promises. A subclass sets `failures` and writes `world`."""

    failures: ClassVar[Mapping[str, Expected]]
    table: ClassVar[Mapping[str, Expected]]  # HTTP_TABLE, SMTP_TABLE, or empty for a channel without a provider

    def world(self, failure: str = "") -> AbstractAsyncContextManager[World]:
        """A fresh provider and a channel to it; with a failure's name the provider behaves like that."""
        raise NotImplementedError

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "failure" in metafunc.fixturenames:
            metafunc.parametrize("failure", sorted(self.failures))

    def test_every_row_of_the_common_table_is_answered(self) -> None:
        """Equal to it, or finer and saying where the provider documents that."""
        for name, common in self.table.items():
            ours = self.failures[name]

            assert ours.kind is common.kind or ours.finer, name

    def test_one_send_hands_over_one_message(self) -> None:
        async def story() -> None:
            async with self.world() as world:
                receipt = await world.channel.send(world.message, last_look=_gladly)

                assert isinstance(receipt, Receipt)
                assert receipt.provider_id or receipt.reply
                assert len(world.handed_over()) == 1

        run(story())

    def test_a_failure_has_one_meaning(self, failure: str) -> None:
        expected = self.failures[failure]

        error = run(self._failing(failure))

        assert type(error) is expected.kind, error
        assert expected.outcome in (None, error.outcome), error.outcome

    def test_a_failure_is_not_tried_again(self, failure: str) -> None:
        async def story() -> int:
            async with self.world(failure) as world:
                with pytest.raises(AdapterError):
                    await world.channel.send(world.message, last_look=_gladly)
                return len(world.handed_over())

        assert run(story()) <= 1

    def test_a_failure_tells_no_secret(self, failure: str) -> None:
        async def story() -> tuple[AdapterError, tuple[str, ...], str]:
            async with self.world(failure) as world:
                with pytest.raises(AdapterError) as caught:
                    await world.channel.send(world.message, last_look=_gladly)
                return caught.value, world.secrets, repr(world.channel)

        error, secrets, shown = run(story())

        told = "".join(traceback.format_exception(error)) + repr(error) + error.said + error.code + shown
        assert not [secret for secret in secrets if secret in told]

    def test_a_limit_says_how_long_to_wait(self) -> None:
        for name, expected in self.failures.items():
            if expected.kind is RateLimited:
                error = run(self._failing(name))

                assert isinstance(error, RateLimited)
                assert error.retry_after.total_seconds() > 0

    def test_the_last_look_comes_once_and_before_the_point_of_no_return(self) -> None:
        async def story() -> None:
            async with self.world() as world:
                seen: list[int] = []

                async def look() -> None:
                    seen.append(len(world.handed_over()))

                await world.channel.send(world.message, last_look=look)

                assert seen == [0]
                assert len(world.handed_over()) == 1

        run(story())

    def test_a_refusing_last_look_hands_over_nothing(self) -> None:
        async def story() -> None:
            async with self.world() as world:
                with pytest.raises(NotNow):
                    await world.channel.send(world.message, last_look=_not_now)
                await world.channel.close()

                assert world.handed_over() == []

        run(story())

    def test_a_message_after_a_refusing_last_look_goes_out(self) -> None:
        async def story() -> None:
            async with self.world() as world:
                with pytest.raises(NotNow):
                    await world.channel.send(world.message, last_look=_not_now)

                await world.channel.send(world.message, last_look=_gladly)

                assert len(world.handed_over()) == 1

        run(story())

    def test_a_cancelled_last_look_hands_over_nothing(self) -> None:
        async def story() -> None:
            async with self.world() as world:
                looking = asyncio.Event()

                async def look() -> None:
                    looking.set()
                    await asyncio.Event().wait()

                sending = asyncio.ensure_future(world.channel.send(world.message, last_look=look))
                await asyncio.wait_for(looking.wait(), 5)
                sending.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await sending

                assert world.handed_over() == []

        run(story())

    def test_the_same_key_makes_the_same_request(self) -> None:
        first, second = run(self._requests("key-1", "key-1"))

        assert first == second

    def test_another_key_makes_another_request_where_the_provider_dedupes(self) -> None:
        async def dedupes() -> bool:
            async with self.world() as world:
                return world.channel.can.dedupes_by_key or world.channel.can.keys_last is not None

        if run(dedupes()):
            first, second = run(self._requests("key-1", "key-2"))

            assert first != second

    def test_the_message_is_not_changed(self) -> None:
        async def story() -> None:
            async with self.world() as world:
                before = deepcopy(world.message)

                await world.channel.send(world.message, last_look=_gladly)

                assert world.message == before

        run(story())

    def test_two_tasks_may_share_it(self) -> None:
        async def story() -> None:
            async with self.world() as world:
                keys = [f"key-{number}" for number in range(12)]
                send = world.channel.send
                messages = [replace(world.message, key=key) for key in keys]

                receipts = await asyncio.gather(*(send(each, last_look=_gladly) for each in messages))

                assert len(receipts) == len(world.handed_over()) == len(keys)

        run(story())

    def test_it_goes_on_after_close(self) -> None:
        async def story() -> None:
            async with self.world() as world:
                await world.channel.send(world.message, last_look=_gladly)
                await world.channel.close()

                await world.channel.send(world.message, last_look=_gladly)

                assert len(world.handed_over()) == 2

        run(story())

    async def _failing(self, failure: str) -> AdapterError:
        async with self.world(failure) as world:
            with pytest.raises(AdapterError) as caught:
                await world.channel.send(world.message, last_look=_gladly)
            return caught.value

    async def _requests(self, *keys: str) -> list[Any]:
        seen = []
        for key in keys:
            async with self.world() as world:
                await world.channel.send(replace(world.message, key=key), last_look=_gladly)
                seen += world.handed_over()
        return seen


def run(story: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(story)


async def _gladly() -> None:
    """A last look that finds nothing against it."""


async def _not_now() -> None:
    raise NotNow("a reply came in")
