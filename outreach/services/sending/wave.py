"""Steps of one event loop on their way to the writer: they wait a moment for those that will join them.

A commit costs the same for one message and for sixty. While the writer is at work, what comes gathers. Behind that,
whoever has a mark is on the wire, and comes back soon with an outcome and the next message's wish for a mark: a group
is handed in when nobody is expected any more, at the latest after as long as the last commit took. Waiting longer
could cost more than it saves.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Generic, TypeVar

from outreach.store.group_commit import GroupCommit

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_LONGEST_SECONDS = 0.02


class Wave(Generic[Item, Answer]):
    """In front of a writer; belongs to one event loop."""

    def __init__(self, writer: GroupCommit[Item, Answer]) -> None:
        self.expected = 0  # messages with a mark whose channel has not answered yet; kept by those who send
        self._writer = writer
        self._gathered: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._is_writing = False
        self._is_ending = False
        self._latest: asyncio.TimerHandle | None = None
        self._took_seconds = 0.0  # the last group, until it was committed

    def ask(self, item: Item) -> asyncio.Future[Answer]:
        """Hand in one item; the future resolves after the commit that holds it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._gathered.append((item, future))
        if not self._is_writing:
            self._wait_for_others(loop)
        return future

    def _wait_for_others(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._gathered:
            return
        if self._latest is None:
            self._latest = loop.call_later(min(self._took_seconds, _LONGEST_SECONDS), self._hand_in, loop)
        if not self._is_ending and self.expected <= 0:
            self._is_ending = True
            loop.call_soon(self._end, loop, len(self._gathered))

    def _end(self, loop: asyncio.AbstractEventLoop, seen: int) -> None:
        """Hand in, unless this turn of the loop brought more: then the next may as well."""
        if len(self._gathered) > seen:
            loop.call_soon(self._end, loop, len(self._gathered))
        elif self._gathered:
            self._hand_in(loop)

    def _hand_in(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._latest is not None:
            self._latest.cancel()
            self._latest = None
        self._is_ending = False
        self._is_writing = True
        gathered, self._gathered = self._gathered, []
        gathered[0][1].add_done_callback(partial(self._committed, loop, loop.time()))
        self._writer.take(gathered)

    def _committed(self, loop: asyncio.AbstractEventLoop, begun: float, _: asyncio.Future[Answer]) -> None:
        """Those who were granted their marks take their turns first: by then it shows whom to wait for."""
        self._is_writing = False
        self._took_seconds = loop.time() - begun
        loop.call_soon(self._wait_for_others, loop)
