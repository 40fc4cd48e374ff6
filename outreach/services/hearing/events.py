"""An event that is stored, as the value it was."""

from __future__ import annotations

from sqlalchemy import RowMapping

from outreach.domain.event import Event, EventKind


def event_of(row: RowMapping) -> Event:
    """A row of `events`; its clues are not kept."""
    return Event(
        key=row["key"],
        kind=EventKind(row["kind"]),
        at=row["at"],
        channel=row["channel"],
        subject=row["subject"],
        text=row["text"],
        reason=row["reason"],
        is_hard=bool(row["data"].get("hard")),
        data=row["data"],
    )
