"""What is waiting at this moment shares one transaction: a promise for each costs a commit for all."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger()

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_MOST = 500


class GroupCommit(Generic[Item, Answer]):
    """One writer thread. `write` gets the items that have gathered and returns an answer for each, in their order.

    When `write` raises for a group of several, each item is tried alone, so that one bad item fails by itself.
    """

    def __init__(self, write: Callable[[Sequence[Item]], Sequence[Answer]], *, name: str) -> None:
        self._write = write
        self._waiting: queue.SimpleQueue[tuple[Item, Future[Answer]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, item: Item) -> Future[Answer]:
        """Hand in one item; the future resolves after the commit that holds it."""
        future: Future[Answer] = Future()
        self._waiting.put((item, future))
        return future

    def close(self) -> None:
        """Finish what was handed in, then end."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            group, is_last = self._gather(first)
            self._answer([entry for entry in group if entry[1].set_running_or_notify_cancel()])
            if is_last:
                return

    def _gather(self, first: tuple[Item, Future[Answer]]) -> tuple[list[tuple[Item, Future[Answer]]], bool]:
        group = [first]
        while len(group) < _MOST:
            try:
                entry = self._waiting.get_nowait()
            except queue.Empty:
                break
            if entry is None:
                return group, True
            group.append(entry)
        return group, False

    def _answer(self, group: list[tuple[Item, Future[Answer]]]) -> None:
        if not group:
            return
        try:
            answers = self._write([item for item, _ in group])
        except Exception as error:  # noqa: BLE001  # every waiter must hear of it, whatever it is
            if len(group) == 1:
                group[0][1].set_exception(error)
                return
            log.warning("group_commit_split", items=len(group), error=str(error)[:300])
            for entry in group:
                self._answer([entry])
            return
        for (_, future), answer in zip(group, answers, strict=True):
            future.set_result(answer)
