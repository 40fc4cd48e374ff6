"""Copies of sent mail on their way to the Sent folder: behind the sending, and never in its way.

A copy is a convenience for the person who owns the mailbox. What waits when the process ends is lost, and so is a copy
that could not be filed in three tries; the mail itself went out before.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from datetime import datetime

import structlog

from outreach.clock import Clock
from outreach.errors import AdapterError
from outreach.poller import Poller

log = structlog.get_logger()

_MOST_WAITING = 500
_TRIES = 3
_PAUSE_SECONDS = 5.0
_PATIENCE_SECONDS = 5.0
_IDLE_SECONDS = 60.0


class SentCopies:
    """One mailbox. `put` returns at once, from any thread; the connection is opened with the first copy."""

    def __init__(self, open_poller: Callable[[], Poller], clock: Clock) -> None:
        self._open = open_poller
        self._clock = clock
        self._waiting: queue.Queue[tuple[bytes, datetime] | None] = queue.Queue(_MOST_WAITING)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def put(self, raw: bytes) -> None:
        """Keep a copy of this mail, sent now."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._file_all, name="sent-copies", daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait((raw, self._clock.now()))
        except queue.Full:
            log.warning("sent_copy_dropped", waiting=_MOST_WAITING)

    def close(self) -> None:
        """File what waits, for some seconds; then let go."""
        if self._thread is None:
            return
        try:
            self._waiting.put(None, timeout=_PATIENCE_SECONDS)
        except queue.Full:
            self._stopped.set()
        self._thread.join(_PATIENCE_SECONDS)
        self._stopped.set()

    def _file_all(self) -> None:
        poller: Poller | None = None
        while not self._stopped.is_set():
            try:
                waiting = self._waiting.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                if poller:
                    poller.close()  # servers count connections
                poller = None
                continue
            if waiting is None:
                break
            poller = poller or self._open()
            self._file(poller, *waiting)
        if poller:
            poller.close()

    def _file(self, poller: Poller, raw: bytes, at: datetime) -> None:
        for _ in range(_TRIES):
            try:
                poller.keep(raw, at)
                return
            except AdapterError as error:
                log.warning("sent_copy_not_filed", error=str(error))
                if self._stopped.wait(_PAUSE_SECONDS):
                    return
