"""The columns of a pipeline board: bounded counts and sums, whatever the number of leads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, literal_column, select

from outreach.store.measures_of_leads import value_of_lead
from outreach.store.tables import leads


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Leads at one stage: how many (looking ends at a bound), and what they are worth together."""

    leads: int
    value: float
    valued: int


def standing(connection: Connection, pipeline: str, stage: str, *, most: int) -> Standing:
    """Counted and summed over at most so many leads, the longest there first."""
    at_stage = (
        select(value_of_lead().label("value"))
        .where(leads.c.pipeline == pipeline, leads.c.stage == stage)
        .order_by(leads.c.stage_since_at, leads.c.id)
        .limit(most)
        .subquery("at_stage")
    )
    number, valued, value = connection.execute(
        select(func.count(), func.count(at_stage.c.value), func.coalesce(func.sum(at_stage.c.value), 0.0)).select_from(
            at_stage
        )
    ).one()
    return Standing(leads=number, value=float(value), valued=valued)


def stale(connection: Connection, pipeline: str, stage: str, since: datetime, *, most: int) -> int:
    """Leads that stand there since before an instant; looking ends at `most`."""
    conditions = leads.c.pipeline == pipeline, leads.c.stage == stage, leads.c.stage_since_at <= since
    found = select(literal_column("1").label("one")).where(*conditions).limit(most).subquery("found")
    return connection.execute(select(func.count()).select_from(found)).scalar_one()
