"""The clock of a story: it stands still until it is moved, and its ids come in a row, so that every run is the same."""

from __future__ import annotations

import threading
from datetime import datetime

from outreach.clock import MovableClock


class StoryClock(MovableClock):
    """A movable clock whose ids hold no chance: senders, variants and jitter, which go by ids, are always the same."""

    def __init__(self, start: datetime, *, first_number: int = 1) -> None:
        super().__init__(start)
        self._counting = threading.Lock()
        self._count = first_number - 1

    def fresh_id(self) -> str:
        """24 digits: 11 of time in ms, so that ids sort by birth, then a number that goes up."""
        with self._counting:
            self._count += 1
            return f"{int(self.now().timestamp() * 1000):011x}{self._count:013x}"
