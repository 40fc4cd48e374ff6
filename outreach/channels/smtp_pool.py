"""The open connections of one sender: never more than agreed, shared fairly, reused while they are fresh.

A message that waits for a connection may have its opening (MAIL, RCPT, DATA) written behind the text of the message
before it. Should that connection break, the waiting message keeps its place: nothing of it was handed over.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from outreach.channel import LastLook
from outreach.channels.smtp_codes import Reply
from outreach.channels.smtp_connection import Connection, Envelope
from outreach.errors import AdapterError, Refused


@dataclass(frozen=True, slots=True)
class Limits:
    """How connections are kept. Spans of idleness are counted by the event loop's clock."""

    connections: int = 4
    messages_per_connection: int = 100
    ask_after: timedelta = timedelta(seconds=30)  # idle longer than this: NOOP before it is used again
    close_after: timedelta = timedelta(seconds=60)
    dial_again_after: timedelta = timedelta(seconds=30)  # after a refused connection, while others still work


@dataclass(slots=True)
class _Lease:
    """The right to one place among the connections. Without a connection its holder dials one."""

    connection: Connection | None = None
    is_open: bool = False  # the opening of the holder's message is on the wire already


@dataclass(slots=True, eq=False)
class _Waiter:
    envelope: Envelope
    turn: asyncio.Future[_Lease]


class Pool:
    """Belongs to one event loop."""

    def __init__(self, dial: Callable[[], Connection], limits: Limits) -> None:
        """`dial` makes a connection that is not open yet."""
        self._dial = dial
        self._limits = limits
        self._places = 0  # connections that exist or are being dialled
        self._idle: list[Connection] = []  # the freshest last, and taken first
        self._waiting: deque[_Waiter] = deque()
        self._era = 0  # raised by close(): connections of an older one are not kept
        self._no_dial_before = 0.0
        self._sweep: asyncio.TimerHandle | None = None
        self._farewells: set[asyncio.Future[None]] = set()  # the loop itself keeps weak references to tasks only

    async def deliver(self, envelope: Envelope, last_look: LastLook) -> Reply:
        """Carry one message over a connection as soon as it is its turn."""
        lease = await self._turn(envelope)
        connection = lease.connection or await self._dialled()
        if connection is None:  # the server takes no further connection: wait for one of those that work
            return await self.deliver(envelope, last_look)
        behind: list[_Waiter] = []
        era = self._era
        try:
            return await connection.deliver(
                envelope, last_look, follow=lambda: self._opening_of_next(connection, behind), is_open=lease.is_open
            )
        finally:
            self._give_back(connection, behind, is_current=era == self._era)

    async def close(self) -> None:
        """Say goodbye on idle connections; busy ones are closed when their message is through."""
        self._era += 1
        idle, self._idle = self._idle, []
        if self._sweep:
            self._sweep.cancel()
            self._sweep = None
        for connection in idle:
            self._retire(connection)
        await asyncio.gather(*self._farewells)

    async def _turn(self, envelope: Envelope) -> _Lease:
        while self._idle:
            connection = self._idle.pop()
            if await self._is_fresh(connection):
                return _Lease(connection)
            connection.drop()
            self._places -= 1
        may_dial = self._may_dial()
        self._places += may_dial
        if may_dial and not self._waiting:
            return _Lease()
        waiter = _Waiter(envelope, asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        if may_dial:
            self._free_place()  # to whoever waits longest
        return await self._wait(waiter)

    async def _is_fresh(self, connection: Connection) -> bool:
        if not connection.is_usable:
            return False
        idle = asyncio.get_running_loop().time() - connection.idle_since
        if idle < self._limits.ask_after.total_seconds():
            return True
        try:
            return await connection.is_alive()
        except BaseException:
            connection.drop()
            self._free_place()
            raise

    def _may_dial(self) -> bool:
        if self._places >= self._limits.connections:
            return False
        return not self._places or asyncio.get_running_loop().time() >= self._no_dial_before

    async def _wait(self, waiter: _Waiter) -> _Lease:
        try:
            return await waiter.turn
        except asyncio.CancelledError:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            elif waiter.turn.done() and not waiter.turn.cancelled() and not waiter.turn.exception():
                self._pass_on(waiter.turn.result())
            raise

    async def _dialled(self) -> Connection | None:
        """A new connection; None if it failed while others work, so that the message should wait for one of those."""
        connection = self._dial()
        try:
            await connection.open()
        except AdapterError as error:
            self._places -= 1
            if not self._places:
                self._fail_all(error)
                raise
            wait = self._limits.dial_again_after.total_seconds()
            self._no_dial_before = asyncio.get_running_loop().time() + wait
            return None
        except BaseException:
            self._free_place()
            raise
        return connection

    def _fail_all(self, error: AdapterError) -> None:
        """The server takes nobody: those who wait need not find out one after the other."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.turn.done():
                again = type(error)(error.provider, error.said, outcome=error.outcome, code=error.code)
                waiter.turn.set_exception(again)

    def _opening_of_next(self, connection: Connection, behind: list[_Waiter]) -> bytes:
        if not connection.pipelines or connection.sent + 2 > self._limits.messages_per_connection:
            return b""
        waiter = self._next_waiter()
        if waiter is None:
            return b""
        try:
            opening = connection.opening(waiter.envelope)
        except Refused:  # too large or not in ASCII for this server; it will be told on its own turn
            self._waiting.appendleft(waiter)
            return b""
        behind.append(waiter)
        return opening

    def _give_back(self, connection: Connection, behind: list[_Waiter], *, is_current: bool) -> None:
        is_kept = is_current and connection.sent < self._limits.messages_per_connection
        if not behind:
            self._reuse_or_retire(connection, is_kept and connection.is_usable)
        elif is_kept and connection.is_in_step and not behind[0].turn.done():
            behind[0].turn.set_result(_Lease(connection, is_open=True))
        else:
            # Its message was cancelled, or the connection failed: an opening nobody will use ends with the connection.
            self._waiting.extendleft(waiter for waiter in behind if not waiter.turn.done())
            connection.drop()
            self._free_place()

    def _reuse_or_retire(self, connection: Connection, is_kept: bool) -> None:
        if is_kept:
            self._pass_on(_Lease(connection))
        elif connection.is_usable:
            self._retire(connection)
        else:
            connection.drop()
            self._free_place()

    def _pass_on(self, lease: _Lease) -> None:
        if lease.connection and lease.is_open:
            lease.connection.drop()
            self._free_place()
        elif waiter := self._next_waiter():
            waiter.turn.set_result(lease)
        elif lease.connection:
            self._keep(lease.connection)
        else:
            self._places -= 1

    def _free_place(self) -> None:
        self._pass_on(_Lease())

    def _next_waiter(self) -> _Waiter | None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.turn.done():
                return waiter
        return None

    def _keep(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle.append(connection)
        if self._sweep is None:
            self._sweep = loop.call_later(self._limits.close_after.total_seconds(), self._close_the_old)

    def _close_the_old(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweep = None
        oldest = loop.time() - self._limits.close_after.total_seconds()
        old = [connection for connection in self._idle if connection.idle_since <= oldest]
        self._idle = [connection for connection in self._idle if connection.idle_since > oldest]
        for connection in old:
            self._retire(connection)
        if self._idle:
            wait = self._idle[0].idle_since - oldest
            self._sweep = loop.call_later(max(wait, 0.0), self._close_the_old)

    def _retire(self, connection: Connection) -> None:
        farewell = asyncio.ensure_future(self._say_goodbye(connection))
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)

    async def _say_goodbye(self, connection: Connection) -> None:
        """The place is free when the connection is closed, so that the server never sees one too many."""
        try:
            await connection.bow_out()
        finally:
            self._free_place()
