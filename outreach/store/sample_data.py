"""Made-up history: written in one go, and marked, so that every report and page of it says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from outreach.store.tables import events, facts, leads, metadata

_NAME = "sample_data"
_CHUNK = 500


def is_sample(connection: Connection) -> bool:
    """Was sample data ever put into this database?"""
    return connection.execute(select(facts.c.name).where(facts.c.name == _NAME)).scalar() is not None


def mark(connection: Connection, *, seed: int, now: datetime) -> None:
    """Say so, once and for ever."""
    connection.execute(facts.insert().values(name=_NAME, value={"seed": seed, "made_at": now.isoformat()}))


def has_leads(connection: Connection) -> bool:
    """Does the database know anybody yet?"""
    return connection.execute(select(leads.c.id).limit(1)).scalar() is not None


def put(connection: Connection, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Made-up rows by the name of their table, parents first. A reply names its event by `key`."""
    for name in ("companies", "leads", "addresses", "suppressions", "revisions", "sequences", "enrollments", "touches"):
        _insert(connection, name, rows.get(name, ()))
    for name in ("tasks", "notes", "stage_moves", "events"):
        _insert(connection, name, rows.get(name, ()))
    answers = rows.get("replies", ())
    numbers: dict[str, int] = {}
    for start in range(0, len(answers), _CHUNK):
        keys = [each["key"] for each in answers[start : start + _CHUNK]]
        found = connection.execute(select(events.c.key, events.c.number).where(events.c.key.in_(keys)))
        numbers.update({row.key: row.number for row in found})
    made = [{**each, "event_number": numbers[each["key"]]} for each in answers]
    _insert(connection, "replies", [{name: value for name, value in each.items() if name != "key"} for each in made])


def _insert(connection: Connection, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(rows), _CHUNK):
        connection.execute(metadata.tables[name].insert(), rows[start : start + _CHUNK])
