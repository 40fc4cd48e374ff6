"""What is waiting at this moment shares one transaction: a promise for each costs a commit for all."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeAlias, TypeVar

import structlog

log = structlog.get_logger()

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_MOST = 500

Waiter: TypeAlias = Future[Answer] | asyncio.Future[Answer]
Entry: TypeAlias = tuple[Item, Waiter[Answer]]
Result: TypeAlias = Answer | Exception


class GroupCommit(Generic[Item, Answer]):
    """One writer thread. `write` gets the items that have gathered and returns an answer for each, in their order.

    When `write` raises for a group of several, each item is tried alone, so that one bad item fails by itself.
    """

    def __init__(self, write: Callable[[Sequence[Item]], Sequence[Answer]], *, name: str) -> None:
        self._write = write
        self._waiting: queue.SimpleQueue[Sequence[Entry[Item, Answer]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, item: Item) -> Future[Answer]:
        """Hand in one item from a thread; the future resolves after the commit that holds it."""
        future: Future[Answer] = Future()
        self.take([(item, future)])
        return future

    def take(self, entries: Sequence[Entry[Item, Answer]]) -> None:
        """Several at once, each with the future that is to hear of it; an event loop is woken once for a group."""
        self._waiting.put(entries)

    def close(self) -> None:
        """Finish what was handed in, then end."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            group, is_last = self._gather(first)
            wanted = [entry for entry in group if _begin(entry[1])]
            _tell([(future, result) for (_, future), result in zip(wanted, self._results(wanted), strict=True)])
            if is_last:
                return

    def _gather(self, first: Sequence[Entry[Item, Answer]]) -> tuple[list[Entry[Item, Answer]], bool]:
        group = [*first]
        while len(group) < _MOST:
            try:
                more = self._waiting.get_nowait()
            except queue.Empty:
                break
            if more is None:
                return group, True
            group.extend(more)
        return group, False

    def _results(self, group: Sequence[Entry[Item, Answer]]) -> Sequence[Result[Answer]]:
        if not group:
            return []
        try:
            return list(self._write([item for item, _ in group]))
        except Exception as error:  # noqa: BLE001  # every waiter must hear of it, whatever it is
            if len(group) == 1:
                return [error]
            log.warning("group_commit_split", items=len(group), error=str(error)[:300])
            return [result for entry in group for result in self._results([entry])]


def _begin(future: Waiter[Answer]) -> bool:
    """Does somebody still wait for it?"""
    return future.set_running_or_notify_cancel() if isinstance(future, Future) else not future.cancelled()


def _tell(results: Sequence[tuple[Waiter[Answer], Result[Answer]]]) -> None:
    of_loop: dict[asyncio.AbstractEventLoop, list[tuple[Waiter[Answer], Result[Answer]]]] = defaultdict(list)
    for future, result in results:
        if isinstance(future, Future):
            _settle(future, result)
        else:
            of_loop[future.get_loop()].append((future, result))
    for loop, own in of_loop.items():
        loop.call_soon_threadsafe(_settle_all, own)


def _settle_all(results: Sequence[tuple[Waiter[Answer], Result[Answer]]]) -> None:
    for future, result in results:
        if not future.done():
            _settle(future, result)


def _settle(future: Waiter[Answer], result: Result[Answer]) -> None:
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
