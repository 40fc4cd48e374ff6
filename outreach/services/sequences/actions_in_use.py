"""The actions that applied sequences use, so that schedulers ask for no queue that cannot hold anything."""

from __future__ import annotations

from outreach.domain.action import order
from outreach.store import actions
from outreach.store.session import Store


class ActionsInUse:
    """What every revision so far does; a new revision is read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: set[str] = set()
        self._found: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """In the order in which their queues are claimed."""
        with self._store.read() as connection:
            for revision_id in actions.unread(connection, self._read):
                self._found = tuple(sorted({*self._found, *actions.of_revision(connection, revision_id)}, key=order))
                self._read.add(revision_id)
        return self._found
