"""What touches may do, as the stored revisions say: the queues that a scheduler has to look at."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from outreach.store.tables import revisions


def unread(connection: Connection, known: Collection[str]) -> list[str]:
    """The ids of revisions that are not among those known."""
    return [each for each in connection.execute(select(revisions.c.id)).scalars() if each not in known]


def of_revision(connection: Connection, revision_id: str) -> set[str]:
    """The actions of its touch steps."""
    content = connection.execute(select(revisions.c.content).where(revisions.c.id == revision_id)).scalar_one()
    sequence = content.get("sequence") if isinstance(content, dict) else None
    steps = sequence.get("steps", ()) if isinstance(sequence, dict) else ()
    return {str(step["action"]) for step in steps if step.get("kind") == "touch"}
