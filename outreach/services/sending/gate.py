"""So many at a time, in the order in which they came."""

from __future__ import annotations

import asyncio
from collections import deque


class Gate:
    """An `async with` of one event loop. Who leaves hands the place to whoever waits longest.

    `asyncio.Semaphore` looks through everybody it has woken already each time it wakes one more: with hundreds on the
    wire that costs more than a message's mark.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it was given the place in the same moment
                self._pass_on()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
