"""Messages of which nobody can know whether they went out, and those that failed: a person decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.sequence import Trigger
from outreach.domain.touch import TouchState
from outreach.errors import UsageError
from outreach.services.sending.engine import Engine
from outreach.services.sending.moves import move_stages, stage_move
from outreach.services.watching.plain import plain
from outreach.store import audit, enrollments, touches
from outreach.store.tables import enrollments as enrollment_table
from outreach.store.tables import touches as touch_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One touch that is `unknown` or `failed`; `age` since it became so."""

    touch_id: str
    state: str
    lead_id: str
    sequence: str
    step: str
    sender: str
    action: str
    recipient: str | None
    subject: str | None
    message_id: str | None
    server_reply: str | None
    reason: str | None
    attempts: int
    handed_over_at: datetime | None
    since_at: datetime | None
    age: timedelta | None

    def to_json(self) -> Any:
        return plain(self)


def list_doubts(engine: Engine, *, failed: bool = False, most: int = 1_000) -> list[Doubt]:
    """Unknown touches, the oldest first; `failed`: those that were refused for good as well."""
    states = [TouchState.UNKNOWN, TouchState.FAILED] if failed else [TouchState.UNKNOWN]
    statement = (
        select(touch_table)
        .where(touch_table.c.state.in_(states))
        .order_by(touch_table.c.finished_at, touch_table.c.id)
        .limit(most)
    )
    now = engine.clock.now()
    with engine.store.read() as connection:
        return [_doubt(row, now) for row in connection.execute(statement).mappings()]


def list_failed(engine: Engine, *, most: int) -> list[Doubt]:
    """Touches that were refused for good, the latest first."""
    statement = (
        select(touch_table)
        .where(touch_table.c.state == TouchState.FAILED)
        .order_by(touch_table.c.finished_at.desc(), touch_table.c.id.desc())
        .limit(most)
    )
    now = engine.clock.now()
    with engine.store.read() as connection:
        return [_doubt(row, now) for row in connection.execute(statement).mappings()]


def resend(engine: Engine, touch_id: str, *, by: str) -> None:
    """It did not arrive: plan it again, through all rules. Raises UsageError when it cannot go out any more."""

    def work(connection: Connection) -> None:
        touch = _unknown_touch(connection, touch_id)
        stand = enrollments.lock(connection, [touch["enrollment_id"]])[touch["enrollment_id"]]
        if stand.state == EnrollmentState.FINISHED:
            raise UsageError(
                f"touch {touch_id} cannot be sent again: its enrollment is finished ({stand.reason})."
                f" Close it with: outreach unknown accept {touch_id}"
            )
        _resolve(connection, engine, touch, TouchState.PLANNED, by=by)

    engine.store.write(work)


def accept(engine: Engine, touch_id: str, *, by: str) -> None:
    """It arrived: the touch counts as sent, and the path goes on from there."""

    def work(connection: Connection) -> None:
        touch = _unknown_touch(connection, touch_id)
        enrollments.lock(connection, [touch["enrollment_id"]])
        _resolve(connection, engine, touch, TouchState.SENT, by=by)
        _move_first(connection, engine, touch)
        enrollments.look_now(connection, [touch["enrollment_id"]], engine.clock.now())

    engine.store.write(work)


def found(connection: Connection, engine: Engine, touch_id: str, *, said: str) -> bool:
    """The provider has it: as if a person had accepted it; False if it is not in doubt any more."""
    touch = _unknown_touch(connection, touch_id)
    enrollments.lock(connection, [touch["enrollment_id"]])
    now = engine.clock.now()
    why = f"the provider was asked: {said}"[:500]
    if not touches.resolve(connection, touch_id, TouchState.SENT, now=now, why=why):
        return False
    _move_first(connection, engine, touch)
    enrollments.look_now(connection, [touch["enrollment_id"]], now)
    return True


def _unknown_touch(connection: Connection, touch_id: str) -> RowMapping:
    row = connection.execute(select(touch_table).where(touch_table.c.id == touch_id)).mappings().one_or_none()
    if row is None:
        raise UsageError(f"there is no touch '{touch_id}'. See the unknown ones: outreach unknown list")
    return row


def _resolve(connection: Connection, engine: Engine, touch: RowMapping, state: TouchState, *, by: str) -> None:
    now = engine.clock.now()
    if not touches.resolve(connection, touch["id"], state, now=now, why=f"decided by {by}"):
        present = connection.execute(select(touch_table.c.state).where(touch_table.c.id == touch["id"])).scalar_one()
        raise UsageError(f"touch {touch['id']} is {present}, not unknown. There is nothing to decide about it.")
    action = "unknown resend" if state is TouchState.PLANNED else "unknown accept"
    audit.write(connection, now=now, actor=by, action=action, subject=touch["id"], data={"lead": touch["lead_id"]})


def _move_first(connection: Connection, engine: Engine, touch: RowMapping) -> None:
    """The stage a first touch moves the lead to, unless the enrollment is over and has moved it further."""
    state = connection.execute(
        select(enrollment_table.c.state).where(enrollment_table.c.id == touch["enrollment_id"])
    ).scalar_one()
    if not touch["is_first"] or state == EnrollmentState.FINISHED:
        return
    revision = engine.revisions.get(connection, touch["revision_id"])
    stage = revision.sequence.stages.get(Trigger.FIRST_TOUCH)
    if stage:
        reason = f"first touch of sequence {touch['sequence']}"
        move = stage_move(engine, touch["lead_id"], revision.pipeline, stage=stage, reason=reason)
        move_stages(connection, engine, [move], engine.clock.now())


def _doubt(row: RowMapping, now: datetime) -> Doubt:
    columns = (
        "state",
        "lead_id",
        "sequence",
        "step",
        "sender",
        "action",
        "recipient",
        "subject",
        "message_id",
        "server_reply",
        "reason",
        "attempts",
        "handed_over_at",
    )
    since_at = row["finished_at"]
    return Doubt(
        touch_id=row["id"],
        since_at=since_at,
        age=now - since_at if since_at else None,
        **{column: row[column] for column in columns},
    )
