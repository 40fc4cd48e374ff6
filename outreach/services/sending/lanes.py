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

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._work(self._waiting.popleft())
        finally:
            self._open -= 1
