"""Enrollments: locked in ascending id, read in a later statement, moved along their path."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    LABEL_STYLE_TABLENAME_PLUS_COL,
    Connection,
    RowMapping,
    bindparam,
    exists,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from outreach.domain.enrollment import EnrollmentState, FinishReason
from outreach.domain.touch import OPEN
from outreach.store.bulk import update_each
from outreach.store.packed import Packed
from outreach.store.tables import companies, enrollments, holds, leads, touches
from outreach.store.within import among, within


def insert(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Enroll; a lead who is inside that sequence already is left alone. How many were new."""
    if not rows:
        return 0
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    before = _count(connection, rows)
    connection.execute(dialect.insert(enrollments).on_conflict_do_nothing(), [dict(row) for row in rows])
    return _count(connection, rows) - before


def _count(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    ids = [row["id"] for row in rows]
    return connection.execute(
        select(func.count()).select_from(enrollments).where(within(enrollments.c.id, ids))
    ).scalar_one()


_ANY_DUE = select(
    exists(
        select(enrollments.c.id).where(text("enrollments.state = 'active'"), enrollments.c.due_at <= bindparam("now"))
    )
)


def any_due(connection: Connection, now: datetime) -> bool:
    """Is there anything for `take_due`?"""
    return connection.execute(_ANY_DUE, {"now": now}).scalar_one() not in (0, False)


def take_due(connection: Connection, now: datetime, most: int) -> list[str]:
    """Active enrollments that are to be looked at, locked; those somebody else looks at are passed over."""
    statement = (
        select(enrollments.c.id)
        .where(enrollments.c.state == EnrollmentState.ACTIVE, enrollments.c.due_at <= now)
        .order_by(enrollments.c.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return list(connection.execute(statement).scalars())


class Stand(NamedTuple):
    """What an enrollment says of itself."""

    id: str
    state: str
    reason: str | None
    snoozed_until: datetime | None
    revision_id: str


_STAND = select(*(enrollments.c[name] for name in Stand._fields))
_LOCK = Packed(_STAND.where(among(enrollments.c.id, "ids")).order_by(enrollments.c.id).with_for_update())
_STATES = Packed(_STAND.where(among(enrollments.c.id, "ids")))


def lock(connection: Connection, ids: Iterable[str]) -> dict[str, Stand]:
    """Lock these rows in ascending id: marks, holds and stops meet here. How each stands, by id.

    What other tables say of them is to be read in a later statement.
    """
    return {row[0]: Stand(*row) for row in _LOCK.read(connection, {"ids": sorted(set(ids))})}


def states(connection: Connection, ids: Collection[str]) -> dict[str, Stand]:
    """How each stands, without a lock."""
    return {row[0]: Stand(*row) for row in _STATES.read(connection, {"ids": list(ids)})}


_HELD = select(holds.c.enrollment_id).where(among(holds.c.enrollment_id, "ids"))


def held(connection: Connection, ids: Collection[str]) -> set[str]:
    """Those about which something came in that is not understood yet."""
    return set(connection.execute(_HELD, {"ids": list(ids)}).scalars())


def load(connection: Connection, ids: Collection[str]) -> list[RowMapping]:
    """Enrollment, lead and company of each, with columns named `<table>_<column>`."""
    statement = (
        select(enrollments, leads, companies)
        .join_from(enrollments, leads, enrollments.c.lead_id == leads.c.id)
        .outerjoin(companies, leads.c.company_id == companies.c.id)
        .where(within(enrollments.c.id, ids))
        .set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL)
    )
    return list(connection.execute(statement).mappings())


def open_of_leads(connection: Connection, lead_ids: Collection[str]) -> list[str]:
    """Enrollments of these leads that are not finished, in ascending id."""
    statement = (
        select(enrollments.c.id)
        .where(within(enrollments.c.lead_id, lead_ids), enrollments.c.state != EnrollmentState.FINISHED)
        .order_by(enrollments.c.id)
    )
    return list(connection.execute(statement).scalars())


def open_of_company(connection: Connection, company_id: str) -> list[str]:
    """Enrollments of everybody at this company that are not finished, in ascending id."""
    statement = (
        select(enrollments.c.id)
        .where(enrollments.c.company_id == company_id, enrollments.c.state != EnrollmentState.FINISHED)
        .order_by(enrollments.c.id)
    )
    return list(connection.execute(statement).scalars())


def save_moves(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Where enrollments that are not over stand now. Each row: id, cursor, cursor_at, due_at."""
    update_each(connection, enrollments, rows, where="enrollments.state <> 'finished'")


def finish(
    connection: Connection, ids: Collection[str], reason: FinishReason, *, detail: str = "", now: datetime
) -> list[str]:
    """End these enrollments; the ids of those that were not over before."""
    if not ids:
        return []
    statement = (
        update(enrollments)
        .where(within(enrollments.c.id, ids), enrollments.c.state != EnrollmentState.FINISHED)
        .values(state=EnrollmentState.FINISHED, reason=reason, detail=detail, due_at=None, finished_at=now)
        .returning(enrollments.c.id)
    )
    return list(connection.execute(statement).scalars())


def set_state(connection: Connection, ids: Collection[str], state: EnrollmentState) -> list[str]:
    """Pause or resume; the ids of those that changed."""
    if not ids:
        return []
    statement = (
        update(enrollments)
        .where(
            within(enrollments.c.id, ids),
            enrollments.c.state != EnrollmentState.FINISHED,
            enrollments.c.state != state,
        )
        .values(state=state)
        .returning(enrollments.c.id)
    )
    return list(connection.execute(statement).scalars())


def look_now(connection: Connection, ids: Collection[str], now: datetime) -> None:
    """Something happened that they may be waiting for: look at those without an open touch at once."""
    if not ids:
        return
    waiting = ~exists(
        select(touches.c.id).where(touches.c.enrollment_id == enrollments.c.id, touches.c.state.in_(OPEN))
    )
    connection.execute(
        update(enrollments)
        .where(within(enrollments.c.id, ids), enrollments.c.state != EnrollmentState.FINISHED, waiting)
        .values(due_at=now)
    )


def snooze(connection: Connection, ids: Collection[str], until: datetime) -> None:
    """Nothing goes out before `until`; an earlier snooze is lengthened, never shortened."""
    connection.execute(
        update(enrollments)
        .where(
            within(enrollments.c.id, ids),
            enrollments.c.state != EnrollmentState.FINISHED,
            or_(enrollments.c.snoozed_until.is_(None), enrollments.c.snoozed_until <= until),
        )
        .values(snoozed_until=until)
    )


def forgotten(connection: Connection, most: int) -> list[str]:
    """Active enrollments with neither an open touch nor an instant to look again: nobody may be forgotten."""
    waiting = exists(select(touches.c.id).where(touches.c.enrollment_id == enrollments.c.id, touches.c.state.in_(OPEN)))
    statement = (
        select(enrollments.c.id)
        .where(enrollments.c.state == EnrollmentState.ACTIVE, enrollments.c.due_at.is_(None), ~waiting)
        .limit(most)
    )
    return list(connection.execute(statement).scalars())
