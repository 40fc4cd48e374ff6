"""Stages in numbers, and who stands where: counts by one statement each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, case, func, or_, select

from outreach.store.tables import addresses, companies, leads, stage_moves


def standing(connection: Connection, stale: Sequence[tuple[str, str, datetime]]) -> list[RowMapping]:
    """(pipeline, stage) → leads, how many of them are stale, and since when the first of them stands there."""
    conditions = [
        and_(leads.c.pipeline == pipeline, leads.c.stage == stage, leads.c.stage_since_at <= since)
        for pipeline, stage, since in stale
    ]
    is_stale = case((or_(*conditions), 1), else_=0) if conditions else case((leads.c.id.is_(None), 1), else_=0)
    statement = select(
        leads.c.pipeline,
        leads.c.stage,
        func.count().label("leads"),
        func.sum(is_stale).label("stale"),
        func.min(leads.c.stage_since_at).label("oldest_at"),
    ).group_by(leads.c.pipeline, leads.c.stage)
    return list(connection.execute(statement).mappings())


def used_since(connection: Connection, since: datetime) -> set[tuple[str, str]]:
    """(pipeline, stage) that leads moved to since then."""
    statement = select(stage_moves.c.pipeline, stage_moves.c.to_stage).where(stage_moves.c.at >= since).distinct()
    return {(pipeline, stage) for pipeline, stage in connection.execute(statement)}


def first_leads(connection: Connection) -> dict[str, datetime]:
    """Pipeline → when its first lead came."""
    statement = select(leads.c.pipeline, func.min(leads.c.created_at).label("at")).group_by(leads.c.pipeline)
    return {row.pipeline: row.at for row in connection.execute(statement)}


def at_stages(connection: Connection, stages: Collection[tuple[str, str]], most: int) -> list[dict[str, Any]]:
    """Leads at these (pipeline, stage) with company, mail address, and how they came there; the latest first."""
    if not stages:
        return []
    where = or_(*(and_(leads.c.pipeline == pipeline, leads.c.stage == stage) for pipeline, stage in stages))
    statement = (
        select(leads, companies.c.name.label("company"))
        .outerjoin(companies, companies.c.id == leads.c.company_id)
        .where(where)
        .order_by(leads.c.stage_since_at.desc(), leads.c.id)
        .limit(most)
    )
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    return [
        {**row, **_came(connection, row["id"], row["stage"]), "email": _mail(connection, row["id"])} for row in rows
    ]


def _came(connection: Connection, lead_id: str, stage: str) -> dict[str, Any]:
    statement = select(stage_moves.c.reason, stage_moves.c.by)
    statement = statement.where(stage_moves.c.lead_id == lead_id, stage_moves.c.to_stage == stage)
    row = connection.execute(statement.order_by(stage_moves.c.at.desc(), stage_moves.c.id.desc()).limit(1)).first()
    return {"reason": row.reason if row else "", "by": row.by if row else ""}


def _mail(connection: Connection, lead_id: str) -> str:
    statement = select(addresses.c.value).where(
        addresses.c.lead_id == lead_id, addresses.c.kind == "email", addresses.c.is_dead.is_(False)
    )
    return connection.execute(statement.order_by(addresses.c.id).limit(1)).scalar() or ""
