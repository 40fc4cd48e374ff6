"""Reports that were read a moment ago: a page and the charts on it ask for the same one.

Those of large lists are counted from packed days, see `measuring/rolling.py`. Until these are there a report takes
long: it is read in the background, so that no page waits for it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from concurrent.futures import Future
from datetime import datetime, timedelta

from outreach.app import App
from outreach.services.measuring.report import Report, Wish, report
from outreach.services.measuring.source import KeptRows

_KEPT = 8
_FOR = timedelta(seconds=60)
PATIENCE = 2.0
"""Seconds that a page waits for its numbers."""
_MOST_AT_ONCE = 2  # readings in the background; each is work for the database alone


class Shelf:
    """The last few reports, each for a minute. Safe to use from several threads: who asks for the same waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reading: dict[Hashable, threading.Lock] = {}
        self._kept: OrderedDict[Hashable, tuple[datetime, Report]] = OrderedDict()
        self._coming: dict[Hashable, Future[Report]] = {}
        self._rows = KeptRows()

    def soon(self, program: App, wish: Wish) -> Report | None:
        """The same if it comes in a moment. None: it is read on, and who asks again later finds it."""
        key = (wish.period, wish.cut)
        with self._lock:
            coming = self._coming.get(key)
            if coming is None:
                if len(self._coming) >= _MOST_AT_ONCE:
                    return None
                coming = self._coming[key] = Future()
                threading.Thread(target=self._read, args=(program, wish, coming), name="report", daemon=True).start()
        try:
            return coming.result(PATIENCE)
        except TimeoutError:
            return None

    def _read(self, program: App, wish: Wish, coming: Future[Report]) -> None:
        try:
            coming.set_result(self.get(program, wish))
        except Exception as error:  # noqa: BLE001  # whoever waits for it is told
            coming.set_exception(error)
        finally:
            with self._lock:
                self._coming.pop((wish.period, wish.cut), None)

    def get(self, program: App, wish: Wish) -> Report:
        """The report, as it is kept or read now; the same one for a minute."""
        key, now = (wish.period, wish.cut), program.clock.now()
        with self._lock:
            reading = self._reading.setdefault(key, threading.Lock())
        with reading:
            with self._lock:
                known = self._kept.get(key)
            if known and now - known[0] < _FOR:
                return known[1]
            found = report(program.engine, program.settings.reports, wish, self._rows)
            self._keep(key, now, found)
            return found

    def _keep(self, key: Hashable, now: datetime, found: Report) -> None:
        with self._lock:
            self._kept[key] = (now, found)
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                dropped, _ = self._kept.popitem(last=False)
                self._reading.pop(dropped, None)
