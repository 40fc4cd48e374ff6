"""Many messages over few connections: never more than agreed, fairly, and one round trip a message where it may be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from outreach.channel import Message
from outreach.channels.smtp import Options, Smtp
from outreach.channels.smtp_connection import Deadlines
from outreach.channels.smtp_pool import Limits
from outreach.clock import MovableClock
from outreach.errors import AdapterError, NotNow, OutcomeUnknown, Refused, Unauthorized, Unavailable
from outreach.testing.channel import run
from outreach.testing.scripted_smtp import Act, Script, ScriptedSmtp

PATIENT = Deadlines(*[timedelta(seconds=5)] * 5)
MESSAGE = Message(
    key="e1.intro", action="email", to="ada@example.com", from_address="anna@example.org", subject="Hi", text="Hello\n"
)


@asynccontextmanager
async def pool(script: Script | None = None, **limits: Any) -> AsyncIterator[tuple[Smtp, ScriptedSmtp]]:
    async with ScriptedSmtp(script) as server:
        options = Options(f"smtp://127.0.0.1:{server.port}", deadlines=PATIENT, limits=Limits(**limits))
        channel = Smtp(options, MovableClock(datetime(2026, 3, 2, tzinfo=UTC)))
        yield channel, server
        await channel.close()


async def gladly() -> None:
    """A last look that finds nothing against it."""


def numbered(count: int) -> list[Message]:
    return [replace(MESSAGE, key=f"e{number}", subject=f"number {number}.") for number in range(count)]


def subjects(server: ScriptedSmtp) -> list[str]:
    return sorted(text.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode() for text in server.texts)


@pytest.mark.parametrize("connections", [1, 2, 5])
def test_many_messages_share_the_agreed_connections_and_each_goes_once(connections: int) -> None:
    async def story() -> ScriptedSmtp:
        async with pool(connections=connections) as (channel, server):
            await asyncio.gather(*(channel.send(each, last_look=gladly) for each in numbered(60)))
            return server

    server = run(story())

    assert subjects(server) == sorted(each.subject for each in numbered(60))
    assert server.connections == server.most_open == connections


def test_last_looks_of_several_connections_are_open_at_the_same_time() -> None:
    """A group commit gathers them; if one waited for another, they would wait for ever."""

    async def story() -> int:
        together = asyncio.Barrier(4)

        async def look() -> None:
            await together.wait()

        async with pool(connections=4) as (channel, server), asyncio.timeout(5):
            await asyncio.gather(*(channel.send(each, last_look=look) for each in numbered(8)))
            return len(server.texts)

    assert run(story()) == 8


def test_the_opening_of_the_next_message_rides_behind_the_text() -> None:
    async def story() -> list[bytes]:
        async with pool(connections=1) as (channel, server):
            await asyncio.gather(*(channel.send(each, last_look=gladly) for each in numbered(3)))
            return server.packets

    packets = run(story())

    riding = [packet for packet in packets if b"\r\n.\r\nMAIL FROM:" in packet]
    assert len(riding) == 2
    assert all(packet.endswith(b"DATA\r\n") for packet in riding)


def test_nothing_rides_where_pipelining_is_not_announced() -> None:
    async def story() -> list[bytes]:
        async with ScriptedSmtp(extensions=("SIZE 1000000",)) as server:
            options = Options(f"smtp://127.0.0.1:{server.port}", connections=1, deadlines=PATIENT)
            channel = Smtp(options, MovableClock(datetime(2026, 3, 2, tzinfo=UTC)))
            await asyncio.gather(*(channel.send(each, last_look=gladly) for each in numbered(3)))
            await channel.close()
            return server.packets

    assert not [packet for packet in run(story()) if packet.count(b"\r\n") > 1 and b"MAIL FROM" in packet]


def test_pipelining_may_be_turned_off() -> None:
    async def story() -> list[bytes]:
        async with ScriptedSmtp() as server:
            url = f"smtp://127.0.0.1:{server.port}"
            options = Options(url, connections=1, pipelining=False, deadlines=PATIENT)
            channel = Smtp(options, MovableClock(datetime(2026, 3, 2, tzinfo=UTC)))
            await asyncio.gather(*(channel.send(each, last_look=gladly) for each in numbered(2)))
            await channel.close()
            return server.packets

    assert b"DATA\r\n" in run(story())


def test_each_message_gets_its_own_verdict() -> None:
    async def story() -> list[str]:
        script = {"DOT": ["250 queued as A1", "554 5.6.0 malformed", "250 queued as A3", "250 queued as A4"]}
        async with pool(script, connections=1) as (channel, _):
            ends = await asyncio.gather(
                *(channel.send(each, last_look=gladly) for each in numbered(4)), return_exceptions=True
            )
            return [end.said if isinstance(end, AdapterError) else str(getattr(end, "provider_id", "")) for end in ends]

    assert run(story()) == ["A1", "text: 554 5.6.0 malformed", "A3", "A4"]


def test_a_broken_connection_hurts_only_the_message_it_carried() -> None:
    """The next one had its opening on the wire; nothing of it was handed over, so it goes another way."""

    async def story() -> tuple[list[Any], ScriptedSmtp]:
        async with pool({"DOT": [Act.RESET, "250 ok"]}, connections=1) as (channel, server):
            ends = await asyncio.gather(
                *(channel.send(each, last_look=gladly) for each in numbered(3)), return_exceptions=True
            )
            return ends, server

    ends, server = run(story())

    assert [type(end).__name__ for end in ends] == ["OutcomeUnknown", "Receipt", "Receipt"]
    assert isinstance(ends[0], OutcomeUnknown)
    assert subjects(server) == ["number 0.", "number 1.", "number 2."]


def test_a_refusing_last_look_in_a_queue_hurts_nobody_else() -> None:
    async def story() -> tuple[list[Any], ScriptedSmtp]:
        async def refuse() -> None:
            raise NotNow("a reply came in")

        async with pool(connections=1) as (channel, server):
            looks = [gladly, refuse, gladly, refuse, gladly]
            ends = await asyncio.gather(
                *(channel.send(each, last_look=look) for each, look in zip(numbered(5), looks, strict=True)),
                return_exceptions=True,
            )
            return ends, server

    ends, server = run(story())

    assert [type(end).__name__ for end in ends] == ["Receipt", "NotNow", "Receipt", "NotNow", "Receipt"]
    assert subjects(server) == ["number 0.", "number 2.", "number 4."]


def test_a_message_cancelled_while_its_opening_rides_sends_nothing() -> None:
    async def story() -> tuple[ScriptedSmtp, list[Any]]:
        looking = asyncio.Event()
        go_on = asyncio.Event()

        async def slow_look() -> None:
            looking.set()
            await go_on.wait()

        async with pool(connections=1) as (channel, server):
            first, second, third = numbered(3)
            sends = [
                asyncio.ensure_future(channel.send(first, last_look=slow_look)),
                asyncio.ensure_future(channel.send(second, last_look=gladly)),
                asyncio.ensure_future(channel.send(third, last_look=gladly)),
            ]
            await looking.wait()
            go_on.set()
            await asyncio.sleep(0)
            sends[1].cancel()
            return server, await asyncio.gather(*sends, return_exceptions=True)

    server, ends = run(story())

    assert [type(end).__name__ for end in ends] == ["Receipt", "CancelledError", "Receipt"]
    assert subjects(server) == ["number 0.", "number 2."]
    assert server.connections == 2


def test_a_message_cancelled_while_it_waits_leaves_the_queue() -> None:
    async def story() -> tuple[ScriptedSmtp, list[Any]]:
        looking, go_on = asyncio.Event(), asyncio.Event()

        async def slow_look() -> None:
            looking.set()
            await go_on.wait()

        async with pool(connections=1) as (channel, server):
            first, second, third = numbered(3)
            sends = [asyncio.ensure_future(channel.send(first, last_look=slow_look))]
            await looking.wait()
            sends += [asyncio.ensure_future(channel.send(each, last_look=gladly)) for each in (second, third)]
            await asyncio.sleep(0)
            sends[1].cancel()
            await asyncio.sleep(0)
            go_on.set()
            return server, await asyncio.gather(*sends, return_exceptions=True)

    server, ends = run(story())

    assert [type(end).__name__ for end in ends] == ["Receipt", "CancelledError", "Receipt"]
    assert subjects(server) == ["number 0.", "number 2."]
    assert server.connections == 1


def test_a_connection_is_given_up_after_its_messages() -> None:
    async def story() -> ScriptedSmtp:
        async with pool(connections=1, messages_per_connection=4) as (channel, server):
            for each in numbered(10):
                await channel.send(each, last_look=gladly)
            return server

    server = run(story())

    assert server.connections == 3
    assert server.commands.count("QUIT") == 3


def test_the_same_holds_when_openings_ride() -> None:
    async def story() -> ScriptedSmtp:
        async with pool(connections=1, messages_per_connection=4) as (channel, server):
            await asyncio.gather(*(channel.send(each, last_look=gladly) for each in numbered(10)))
            return server

    server = run(story())

    assert (server.connections, server.most_open, len(server.texts)) == (3, 1, 10)


def test_a_connection_idle_for_long_is_asked_before_it_is_used() -> None:
    async def story() -> list[str]:
        async with pool(connections=1, ask_after=timedelta(0)) as (channel, server):
            for each in numbered(2):
                await channel.send(each, last_look=gladly)
            return [line[:4] for line in server.commands]

    assert run(story())[1:] == ["MAIL", "RCPT", "DATA", "NOOP", "MAIL", "RCPT", "DATA"]


def test_one_that_does_not_answer_is_replaced() -> None:
    async def story() -> tuple[int, int]:
        async with pool({"NOOP": Act.CLOSE}, connections=1, ask_after=timedelta(0)) as (channel, server):
            for each in numbered(2):
                await channel.send(each, last_look=gladly)
            return server.connections, len(server.texts)

    assert run(story()) == (2, 2)


def test_one_the_server_has_closed_is_replaced_without_asking() -> None:
    async def story() -> tuple[int, int]:
        async with pool(connections=1) as (channel, server):
            await channel.send(MESSAGE, last_look=gladly)
            for session in set(server.open):
                session.abort()
            await server.all_closed()
            await channel.send(MESSAGE, last_look=gladly)
            return server.connections, len(server.texts)

    assert run(story()) == (2, 2)


def test_idle_connections_are_closed_after_a_while() -> None:
    async def story() -> list[str]:
        async with pool(connections=2, close_after=timedelta(milliseconds=20)) as (channel, server):
            await asyncio.gather(*(channel.send(each, last_look=gladly) for each in numbered(2)))
            await server.all_closed()
            return server.commands

    assert run(story()).count("QUIT") == 2


def test_close_says_goodbye() -> None:
    async def story() -> list[str]:
        async with pool(connections=2) as (channel, server):
            await channel.send(MESSAGE, last_look=gladly)
            await channel.close()
            await server.all_closed()
            return server.commands

    assert run(story())[-1] == "QUIT"


def test_a_connection_busy_at_close_finishes_its_message_and_is_not_kept() -> None:
    async def story() -> tuple[int, list[str]]:
        async with pool(connections=1) as (channel, server):

            async def look() -> None:
                await channel.close()

            await channel.send(MESSAGE, last_look=look)
            await server.all_closed()
            return len(server.texts), server.commands

    texts, commands = run(story())

    assert (texts, commands[-1]) == (1, "QUIT")


def test_a_server_that_takes_fewer_connections_is_content_with_those() -> None:
    async def story() -> tuple[int, int]:
        greetings = ["220 hi", "220 hi", "421 too many connections", "421 too many connections"]
        async with pool({"GREETING": greetings}, connections=4) as (channel, server):
            receipts = await asyncio.gather(*(channel.send(each, last_look=gladly) for each in numbered(40)))
            return len(receipts), len(server.texts)

    assert run(story()) == (40, 40)


def test_a_server_that_takes_nobody_tells_everybody_at_once() -> None:
    async def story() -> tuple[set[type], int]:
        async with pool({"GREETING": "421 closed today"}, connections=2) as (channel, server):
            ends = await asyncio.gather(
                *(channel.send(each, last_look=gladly) for each in numbered(30)), return_exceptions=True
            )
            return {type(end) for end in ends}, server.connections

    kinds, connections = run(story())

    assert kinds == {Unavailable}
    assert connections <= 4


def test_a_wrong_password_is_tried_once_for_all_who_wait() -> None:
    async def story() -> tuple[set[type], int]:
        async with ScriptedSmtp({"AUTH": "535 5.7.8 no"}) as server:
            url = f"smtp://127.0.0.1:{server.port}"
            options = Options(url, "anna@example.org", "wrong-password", connections=1, deadlines=PATIENT)
            channel = Smtp(options, MovableClock(datetime(2026, 3, 2, tzinfo=UTC)))
            ends = await asyncio.gather(
                *(channel.send(each, last_look=gladly) for each in numbered(20)), return_exceptions=True
            )
            return {type(end) for end in ends}, server.connections

    assert run(story()) == ({Unauthorized}, 1)


def test_a_message_too_large_waits_for_its_turn_and_is_told_then() -> None:
    async def story() -> list[Any]:
        async with ScriptedSmtp(extensions=("PIPELINING", "SIZE 5000")) as server:
            options = Options(f"smtp://127.0.0.1:{server.port}", connections=1, deadlines=PATIENT)
            channel = Smtp(options, MovableClock(datetime(2026, 3, 2, tzinfo=UTC)))
            large = replace(MESSAGE, text="x" * 9000)
            ends = await asyncio.gather(
                *(channel.send(each, last_look=gladly) for each in [MESSAGE, large, MESSAGE]), return_exceptions=True
            )
            await channel.close()
            return ends

    first, second, third = run(story())

    assert isinstance(second, Refused)
    assert first.reply == third.reply
