"""Reports that were read a moment ago: a page and the charts on it ask for the same one.

Large ones are kept longer in the database and read anew by the scheduler, see `measuring/kept_reports.py`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta

from outreach.app import App
from outreach.services.measuring.kept_reports import report
from outreach.services.measuring.report import Report, Wish

_KEPT = 8
_FOR = timedelta(seconds=60)


class Shelf:
    """The last few reports, each for a minute. Safe to use from several threads: who asks for the same waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reading: dict[Hashable, threading.Lock] = {}
        self._kept: OrderedDict[Hashable, tuple[datetime, Report]] = OrderedDict()

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
            found = report(program.engine, program.settings.reports, wish)
            self._keep(key, now, found)
            return found

    def _keep(self, key: Hashable, now: datetime, found: Report) -> None:
        with self._lock:
            self._kept[key] = (now, found)
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                dropped, _ = self._kept.popitem(last=False)
                self._reading.pop(dropped, None)
