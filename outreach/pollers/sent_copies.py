"""Copies of sent mail on their way to the Sent folder: behind the sending, and never in its way.

What waits lies on disk as well: a copy that a killed process left behind is filed by the next one, unless the Sent
folder has it already. One that could not be filed in three tries waits for the next start.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import NamedTuple

import structlog

from outreach.clock import Clock
from outreach.errors import AdapterError
from outreach.poller import Poller
from outreach.pollers.copies_on_disk import CopiesOnDisk, instant_of

log = structlog.get_logger()

_MOST_WAITING = 500
_TRIES = 3
_PAUSE_SECONDS = 5.0
_PATIENCE_SECONDS = 5.0
_IDLE_SECONDS = 60.0


class _Copy(NamedTuple):
    path: Path
    is_left_behind: bool = False  # nobody knows whether it was filed


class SentCopies:
    """One mailbox. `put` returns at once, from any thread; the connection is opened with the first copy."""

    def __init__(self, open_poller: Callable[[], Poller], clock: Clock, folder: Path) -> None:
        self._open = open_poller
        self._clock = clock
        self._disk = CopiesOnDisk(folder, clock.fresh_id())
        self._waiting: queue.Queue[_Copy | None] = queue.Queue(_MOST_WAITING)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        if self._disk.has_left_behind():
            self._start()

    def put(self, raw: bytes) -> None:
        """Keep a copy of this mail, sent now."""
        try:
            with self._lock:
                copy = _Copy(self._disk.add(raw, self._clock.now()))
        except OSError as error:
            log.warning("sent_copy_dropped", error=str(error))
            return
        self._start()
        try:
            self._waiting.put_nowait(copy)
        except queue.Full:
            log.warning("sent_copy_waits_for_the_next_start", waiting=_MOST_WAITING)

    def close(self) -> None:
        """File what waits, for some seconds; then let go."""
        if self._thread is not None:
            try:
                self._waiting.put(None, timeout=_PATIENCE_SECONDS)
            except queue.Full:
                self._stopped.set()
            self._thread.join(_PATIENCE_SECONDS)
            self._stopped.set()
        self._disk.close()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._file_all, name="sent-copies", daemon=True)
                self._thread.start()

    def _file_all(self) -> None:
        poller = self._file_what_was_left(None)
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
            self._file(poller, waiting)
        if poller:
            poller.close()

    def _file_what_was_left(self, poller: Poller | None) -> Poller | None:
        try:
            for path in self._disk.take_over():
                poller = poller or self._open()
                self._file(poller, _Copy(path, is_left_behind=True))
        except OSError as error:
            log.warning("sent_copies_not_taken_over", error=str(error))
        return poller

    def _file(self, poller: Poller, copy: _Copy) -> None:
        for _ in range(_TRIES):
            try:
                raw = copy.path.read_bytes()
                if not (copy.is_left_behind and poller.has_sent(_message_id(raw))):
                    poller.keep(raw, instant_of(copy.path))
                copy.path.unlink(missing_ok=True)
                return
            except (AdapterError, OSError) as error:
                log.warning("sent_copy_not_filed", error=str(error))
                if self._stopped.wait(_PAUSE_SECONDS):
                    return


def _message_id(raw: bytes) -> str:
    return str(BytesHeaderParser().parsebytes(raw)["Message-ID"] or "").strip().strip("<>")
