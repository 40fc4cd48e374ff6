"""A database for one run and nothing after it: for tests of sequences. Nothing in it has to outlive a power loss."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event

from outreach.store.session import Store, open_store
from outreach.store.tables import metadata

_IN_A_HURRY = ("synchronous=OFF", "journal_mode=MEMORY", "locking_mode=NORMAL", "temp_store=MEMORY")


def open_scratch(path: Path) -> Store:
    """A new SQLite file with every table and no row. It forgets what a crash interrupts, and is much quicker for it."""
    store = open_store(f"sqlite:///{path}")

    @event.listens_for(store.engine, "connect")
    def _hurry(connection: sqlite3.Connection, _record: Any) -> None:
        for pragma in _IN_A_HURRY:
            connection.execute(f"PRAGMA {pragma}")

    with store.begin() as connection:
        metadata.create_all(connection)
    return store


def empty(connection: Connection) -> None:
    """Every row of every table is gone."""
    for table in reversed(metadata.sorted_tables):
        connection.execute(table.delete())
