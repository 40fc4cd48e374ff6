"""What the engine writes on a lead: status, stage with history, tags."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, func, select, update

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.pipeline import Pipeline, Status
from outreach.store.bulk import insert_all, update_each
from outreach.store.tables import enrollments, field_changes, leads, rule_scores, stage_moves
from outreach.store.within import within

_STRONGER = {
    Status.IN_SEQUENCE: (Status.NEW, Status.IN_SEQUENCE, Status.RESPONDED, Status.NOT_INTERESTED),
    Status.NEW: (Status.IN_SEQUENCE,),
    Status.RESPONDED: (Status.NEW, Status.IN_SEQUENCE, Status.NOT_INTERESTED, Status.BOUNCED),
    Status.BOUNCED: (Status.NEW, Status.IN_SEQUENCE),
    Status.NOT_INTERESTED: (Status.NEW, Status.IN_SEQUENCE, Status.RESPONDED, Status.BOUNCED),
}
"""A status is only written over these; others (do_not_contact, customer) are written over everything."""


def set_status(connection: Connection, lead_ids: Collection[str], status: Status, now: datetime) -> list[str]:
    """Write a status where it may replace the present one; the leads that changed."""
    if not lead_ids:
        return []
    statement = update(leads).where(within(leads.c.id, lead_ids), leads.c.status != status)
    if status in _STRONGER:
        statement = statement.where(leads.c.status.in_(_STRONGER[status]))
    statement = statement.values(status=status, updated_at=now).returning(leads.c.id)
    return list(connection.execute(statement).scalars())


def leave_sequence(connection: Connection, lead_ids: Collection[str], now: datetime) -> None:
    """Leads who are in no sequence any more and did not answer are `new` again: free to be enrolled."""
    if not lead_ids:
        return
    inside = exists(
        select(enrollments.c.id).where(
            enrollments.c.lead_id == leads.c.id, enrollments.c.state != EnrollmentState.FINISHED
        )
    )
    connection.execute(
        update(leads)
        .where(within(leads.c.id, lead_ids), leads.c.status == Status.IN_SEQUENCE, ~inside)
        .values(status=Status.NEW, updated_at=now)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMove:
    """A wanted move of one lead; `move_id` is a fresh id for its history."""

    move_id: str
    lead_id: str
    pipeline: Pipeline
    stage: str
    reason: str
    by: str = "engine"


def move_stages(
    connection: Connection,
    wanted: Sequence[StageMove],
    now: datetime,
    *,
    meets: Callable[[StageMove], bool] = lambda _: True,
) -> list[StageMove]:
    """Move leads, with history; those that moved.

    A move to where the lead stands, or one its pipeline does not allow, is left out. Of the others `meets` says
    whether they may be made; it is asked with the leads locked.
    """
    if not wanted:
        return []
    present = _present_stages(connection, {move.lead_id for move in wanted})
    done: list[tuple[StageMove, str | None]] = []
    for move in wanted:
        pipeline, stage = present.get(move.lead_id, (None, None))
        before = stage if pipeline == move.pipeline.name else None
        is_allowed = move.lead_id in present and before != move.stage and move.pipeline.allows(before, move.stage)
        if is_allowed and meets(move):
            done.append((move, before))
            present[move.lead_id] = (move.pipeline.name, move.stage)
    _write_stages(connection, done, now)
    return [move for move, _ in done]


def _present_stages(connection: Connection, lead_ids: Collection[str]) -> dict[str, tuple[str, str]]:
    statement = (
        select(leads.c.id, leads.c.pipeline, leads.c.stage)
        .where(within(leads.c.id, lead_ids))
        .order_by(leads.c.id)
        .with_for_update()
    )
    return {row.id: (row.pipeline, row.stage) for row in connection.execute(statement)}


def _write_stages(connection: Connection, done: Sequence[tuple[StageMove, str | None]], now: datetime) -> None:
    if not done:
        return
    entered = {"stage_since_at": now, "updated_at": now}
    latest = {move.lead_id: {"pipeline": move.pipeline.name, "stage": move.stage, **entered} for move, _ in done}
    rows = [{"id": lead_id, **values} for lead_id, values in latest.items()]
    update_each(connection, leads, rows, where="leads.id IS NOT NULL")
    insert_all(
        connection,
        stage_moves,
        [
            {
                "id": move.move_id,
                "lead_id": move.lead_id,
                "pipeline": move.pipeline.name,
                "from_stage": before,
                "to_stage": move.stage,
                "reason": move.reason,
                "by": move.by,
                "at": now,
            }
            for move, before in done
        ],
    )


def add_tags(connection: Connection, lead_id: str, tags: Iterable[str], now: datetime) -> None:
    """Add tags; those the lead has stay, in their order."""
    present = connection.execute(select(leads.c.tags).where(leads.c.id == lead_id).with_for_update()).scalar_one()
    missing = [tag for tag in tags if tag not in present]
    if missing:
        connection.execute(update(leads).where(leads.c.id == lead_id).values(tags=[*present, *missing], updated_at=now))


def add_score(connection: Connection, lead_id: str, points: int, now: datetime) -> None:
    """Add points; negative ones are taken away."""
    statement = update(leads).where(leads.c.id == lead_id)
    connection.execute(statement.values(score=leads.c.score + points, updated_at=now))


def set_values(
    connection: Connection,
    lead_id: str,
    *,
    columns: Mapping[str, str],
    fields: Mapping[str, str],
    now: datetime,
    by: str = "engine",
    origin: str = "",
) -> list[str]:
    """Write columns of the lead, and fields of the team's own beside those it has; what changed, by name.

    Each change is kept with what was there before, who wrote it and where it was learnt. An empty value clears.
    """
    row = connection.execute(select(leads).where(leads.c.id == lead_id).with_for_update()).mappings().one()
    own = row["fields"] or {}
    before = {name: row[name] for name in columns} | {name: own.get(name) for name in fields}
    after = {**columns, **fields}
    changed = [name for name, value in after.items() if (before[name] or "") != (value or "")]
    if not changed:
        return []
    kept = {name: value for name, value in {**own, **fields}.items() if name not in fields or value not in ("", None)}
    values = {**{name: value or None for name, value in columns.items()}, "fields": kept, "updated_at": now}
    connection.execute(update(leads).where(leads.c.id == lead_id).values(**values))
    same = {"lead_id": lead_id, "by": by[:128], "origin": origin, "at": now}
    rows = [{**same, "name": name, "before": _text(before[name]), "after": _text(after[name])} for name in changed]
    connection.execute(field_changes.insert(), rows)
    return changed


def set_score(connection: Connection, lead_id: str, points: int, now: datetime, *, by: str, origin: str = "") -> bool:
    """Where the score begins, to which the rules add theirs; False if that is what it was."""
    statement = select(leads.c.score, func.coalesce(rule_scores.c.points, 0).label("rules"))
    statement = statement.outerjoin(rule_scores, rule_scores.c.lead_id == leads.c.id).where(leads.c.id == lead_id)
    row = connection.execute(statement.with_for_update(of=leads)).one()
    before = row.score - row.rules
    if before == points:
        return False
    changed = update(leads).where(leads.c.id == lead_id)
    connection.execute(changed.values(score=points + row.rules, updated_at=now))
    values = {"lead_id": lead_id, "name": "score", "before": str(before), "after": str(points), "at": now}
    connection.execute(field_changes.insert().values(by=by[:128], origin=origin, **values))
    return True


def _text(value: object) -> str | None:
    return None if value in (None, "") else str(value)
