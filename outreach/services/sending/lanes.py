"""So many pieces of work at a time, in the order in which they came."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Generic, TypeVar

Work = TypeVar("Work")


class Lanes(Generic[Work]):
    """A lane does one piece after the other and ends when nothing waits; there are never more than `most`.

    A task and a place to wait for each piece would cost more than a message's mark: ten thousand wait, a hundred are
    on the wire. `work` must not raise.
    """

    def __init__(self, work: Callable[[Work], Coroutine[None, None, None]], most: int) -> None:
        self._work = work
        self._most = most
        self._waiting: deque[Work] = deque()
        self.feeding = asyncio.Lock()  # for those who put piece behind piece: one at a time, in their order
        self._room: asyncio.Future[None] | None = None
        self._open = 0
        self._tasks: set[asyncio.Task[None]] = set()  # the loop itself keeps weak references only

    def put(self, piece: Work) -> None:
        """From the event loop: it is begun as soon as a lane is free."""
        self._waiting.append(piece)
        if self._open < self._most:
            self._open += 1
            lane = asyncio.get_running_loop().create_task(self._run())
            self._tasks.add(lane)
            lane.add_done_callback(self._tasks.discard)

    async def room(self) -> None:
        """Return when fewer pieces wait than there are lanes. For whoever is `feeding`."""
        while len(self._waiting) >= self._most:
            self._room = asyncio.get_running_loop().create_future()
            await self._room

    async def _run(self) -> None:
        try:
            while self._waiting:
                piece = self._waiting.popleft()
                if self._room and not self._room.done() and len(self._waiting) < self._most:
                    self._room.set_result(None)
                await self._work(piece)
        finally:
            self._open -= 1


class Tally:
    """Counts what has begun and not ended."""

    def __init__(self) -> None:
        self._open = 1  # ended by `all_ended`
        self._all_ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def begin(self) -> None:
        self._open += 1

    def end(self) -> None:
        self._open -= 1
        if not self._open and not self._all_ended.done():
            self._all_ended.set_result(None)

    async def all_ended(self) -> None:
        """Return when everything has ended; nothing more begins then."""
        self.end()
        await self._all_ended
