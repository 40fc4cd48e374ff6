"""A journal of sends beside the database: what has gone out is known even after an older backup was restored.

One text file for each day, a touch id a line, appended after the outcome `sent` is committed. Losing a line loses a
safeguard, never a promise; so nothing is synced to disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

import structlog
from sqlalchemy import update

from outreach.domain.touch import TouchState
from outreach.store.session import Store
from outreach.store.tables import touches
from outreach.store.within import within

log = structlog.get_logger()

KEPT = timedelta(days=30)
_CHUNK = 1_000
_WHY = "it went out before this database was restored"


class Journal:
    """The files of one folder, `sends-2026-03-02.txt` and so on. Several processes may append."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, touch_ids: Iterable[str], now: datetime) -> None:
        """These touches were sent. A disk that refuses is logged and nothing more."""
        lines = "".join(f"{touch_id}\n" for touch_id in touch_ids)
        if not lines:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._path(now.date()).open("a", encoding="ascii") as file:
                file.write(lines)
        except OSError as error:
            log.warning("journal_not_written", error=str(error))

    def compare(self, store: Store, now: datetime) -> int:
        """Touches the database would send although they were sent: each becomes `unknown`; how many there were."""
        self._forget(now.date() - KEPT)
        ids = self._ids()
        found = 0
        while chunk := list(islice(ids, _CHUNK)):
            found += _doubt(store, chunk, now)
        if found:
            log.warning("older_backup_restored", touches=found, remedy="outreach unknown list")
        return found

    def _path(self, day: date) -> Path:
        return self._folder / f"sends-{day.isoformat()}.txt"

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("sends-????-??-??.txt"))

    def _ids(self) -> Iterator[str]:
        for path in self._files():
            with path.open(encoding="ascii", errors="replace") as file:
                yield from (line.strip() for line in file)

    def _forget(self, before: date) -> None:
        for path in self._files():
            if path.name < self._path(before).name:
                path.unlink(missing_ok=True)


def _doubt(store: Store, touch_ids: list[str], now: datetime) -> int:
    with store.begin() as connection:
        statement = (
            update(touches)
            .where(
                within(touches.c.id, touch_ids),
                touches.c.state.in_((TouchState.PLANNED, TouchState.CLAIMED)),
            )
            .values(
                state=TouchState.UNKNOWN,
                reason=_WHY,
                finished_at=now,
                due_at=None,
                closes_at=None,
                claim_id=None,
                owner=None,
            )
        )
        return connection.execute(statement).rowcount
