"""Messages that a person approves before they go out (`review: first 20 | all`)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping

from outreach.errors import UsageError
from outreach.services.sending.engine import Engine
from outreach.services.sequences.edited_message import check
from outreach.services.watching.plain import plain
from outreach.store import audit, enrollments, reviews, touches


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One message that waits. `text` begins with the subject where there is one."""

    id: str
    sequence: str
    step: str
    action: str
    sender: str | None
    lead_id: str
    to: str
    text: str
    created_at: datetime

    def to_json(self) -> Any:
        return plain(self)


def list_waiting(engine: Engine, sequence: str | None = None) -> list[Waiting]:
    """What waits for a person, the oldest first."""
    with engine.store.read() as connection:
        return [_waiting(row) for row in reviews.waiting(connection, sequence)]


def approve(engine: Engine, ids: Collection[str], *, by: str) -> int:
    """Let these messages go out, through windows and limits; how many. Raises UsageError for one that does not wait."""
    return engine.store.write(lambda connection: _decide(connection, engine, ids, by=by, reason=None))


def edit(engine: Engine, message_id: str, text: str, *, by: str) -> None:
    """Let it go out in these words; both texts are kept. Raises UsageError for one that does not wait, or may not go.

    `text` is the whole message as `list_waiting` gives it: of a mail with its subject and the way to opt out.
    """

    def work(connection: Connection) -> None:
        waiting = _one(connection, message_id)
        words = check(waiting.text, text, waiting.action)
        _decide(connection, engine, [waiting.id], by=by, reason=None, edited=words)

    engine.store.write(work)


def one(engine: Engine, message_id: str) -> Waiting:
    """What waits under that id. Raises UsageError when nothing does."""
    with engine.store.read() as connection:
        return _one(connection, message_id)


def _one(connection: Connection, message_id: str) -> Waiting:
    touch_id = reviews.touch_of(message_id)
    found = next((row for row in reviews.waiting(connection) if reviews.touch_of(row["id"]) == touch_id), None)
    if found is None:
        raise _not_waiting(touch_id)
    return _waiting(found)


def _not_waiting(touch_id: str) -> UsageError:
    return UsageError(f"'{touch_id}' does not wait for review. See what does: outreach review list")


def reject(engine: Engine, ids: Collection[str], *, reason: str, by: str) -> int:
    """These messages are not sent, and their sequences go on without; how many. Raises UsageError as above."""
    return engine.store.write(lambda connection: _decide(connection, engine, ids, by=by, reason=reason))


def close_moot(engine: Engine) -> int:
    """Close what needs no answer any more, because the lead replied or was stopped; how many."""
    return engine.store.write(lambda connection: reviews.close_moot(connection, engine.clock.now()))


def _waiting(row: RowMapping) -> Waiting:
    return Waiting(
        id=reviews.touch_of(row["id"]),
        sequence=row["sequence"],
        step=row["step"],
        action=row["action"],
        sender=row["assignee"],
        lead_id=row["lead_id"],
        to=row["to"],
        text=row["text"],
        created_at=row["created_at"],
    )


def _decide(
    connection: Connection,
    engine: Engine,
    ids: Collection[str],
    *,
    by: str,
    reason: str | None,
    edited: str | None = None,
) -> int:
    now = engine.clock.now()
    touch_ids = [reviews.touch_of(each) for each in ids]
    found = reviews.enrollments_of(connection, touch_ids)
    inside = list(found.values())
    enrollments.lock(connection, inside)
    for touch_id in touch_ids:
        state, outcome = (
            ("done", "edited" if edited else "approved") if reason is None else ("skipped", reason or "rejected")
        )
        if touch_id not in found or not reviews.decide(
            connection, touch_id, state, outcome=outcome, now=now, edited=edited
        ):
            raise _not_waiting(touch_id)
        if reason is not None:
            reviews.skip_touch(connection, touch_id, why=f"rejected in review: {reason}".rstrip(": "), now=now)
        action = "review reject" if reason is not None else "review edit" if edited else "review approve"
        audit.write(connection, now=now, actor=by, action=action, subject=touch_id, data={"reason": reason or ""})
    touches.wake(connection, inside, now=now)
    enrollments.look_now(connection, inside, now)
    return len(touch_ids)
