"""What rules give to scores, in batches: read what happened, write what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from outreach.domain.event import EventKind
from outreach.store.bulk import update_each
from outreach.store.tables import events, leads, rule_scores, stage_moves, tasks
from outreach.store.within import within


def ids_after(connection: Connection, after: str, most: int) -> list[str]:
    """The next leads by id."""
    statement = select(leads.c.id).where(leads.c.id > after).order_by(leads.c.id).limit(most)
    return list(connection.execute(statement).scalars())


def newest_id(connection: Connection) -> str:
    """The lead that came last; empty if there is none."""
    return connection.execute(select(func.max(leads.c.id))).scalar() or ""


def points_of(connection: Connection, lead_ids: Collection[str]) -> dict[str, int]:
    """Lead → what the rules give it at present; none: nothing."""
    statement = select(rule_scores.c.lead_id, rule_scores.c.points).where(within(rule_scores.c.lead_id, lead_ids))
    return {row.lead_id: row.points for row in connection.execute(statement)}


def happened(
    connection: Connection, lead_ids: Collection[str], kinds: Collection[EventKind], *, most: int
) -> dict[str, dict[EventKind, list[datetime]]]:
    """Lead → kind → its last instants, at most so many of each, the newest first."""
    found: dict[str, dict[EventKind, list[datetime]]] = defaultdict(lambda: defaultdict(list))
    if not kinds:
        return found
    rank = func.row_number().over(partition_by=(events.c.lead_id, events.c.kind), order_by=events.c.at.desc())
    ranked = (
        select(events.c.lead_id, events.c.kind, events.c.at, rank.label("rank"))
        .where(within(events.c.lead_id, lead_ids), events.c.kind.in_([str(kind) for kind in kinds]))
        .subquery()
    )
    statement = select(ranked.c.lead_id, ranked.c.kind, ranked.c.at).where(ranked.c.rank <= most)
    for lead_id, kind, at in connection.execute(statement.order_by(ranked.c.at.desc())):
        found[lead_id][EventKind(kind)].append(at)
    return found


def counts(connection: Connection, lead_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """Lead → kind → how often it happened."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    statement = (
        select(events.c.lead_id, events.c.kind, func.count())
        .where(within(events.c.lead_id, lead_ids))
        .group_by(events.c.lead_id, events.c.kind)
    )
    for lead_id, kind, number in connection.execute(statement):
        found[lead_id][kind] = number
    return found


def write(connection: Connection, wanted: Mapping[str, int], now: datetime) -> dict[str, int]:
    """Give these leads these points in place of those the rules gave before; lead → its score, where it changed.

    Leads are locked in ascending id and what they had is read under the lock, so that two who score add nothing twice.
    """
    if not wanted:
        return {}
    statement = select(leads.c.id, leads.c.score).where(within(leads.c.id, wanted)).order_by(leads.c.id)
    scores = {row.id: row.score for row in connection.execute(statement.with_for_update())}
    before = points_of(connection, scores)
    changed = {
        lead_id: score + wanted[lead_id] - before.get(lead_id, 0)
        for lead_id, score in scores.items()
        if wanted[lead_id] != before.get(lead_id, 0)
    }
    rows = [{"id": lead_id, "score": score} for lead_id, score in changed.items()]
    update_each(connection, leads, rows, where="leads.id IS NOT NULL")
    if changed:
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        insert = dialect.insert(rule_scores)
        values = {"points": insert.excluded.points, "scored_at": insert.excluded.scored_at}
        kept = [{"lead_id": lead_id, "points": wanted[lead_id], "scored_at": now} for lead_id in changed]
        connection.execute(insert.on_conflict_do_update(index_elements=["lead_id"], set_=values), kept)
    return changed


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lead that has reached the threshold, and where it stands."""

    lead_id: str
    pipeline: str
    stage: str
    score: int


def reached(
    connection: Connection, lead_ids: Collection[str], threshold: int, *, without: Sequence[str]
) -> list[Candidate]:
    """Those of these leads, but for the statuses in `without`; by id."""
    statement = (
        select(leads.c.id, leads.c.pipeline, leads.c.stage, leads.c.score)
        .where(within(leads.c.id, lead_ids), leads.c.score >= threshold, leads.c.status.not_in(without))
        .order_by(leads.c.id)
    )
    return [Candidate(*row) for row in connection.execute(statement)]


def were_at(connection: Connection, wanted: Mapping[str, str]) -> set[str]:
    """Of these leads (lead → stage), those that were moved to that stage before, by whomever."""
    statement = select(stage_moves.c.lead_id, stage_moves.c.to_stage).where(within(stage_moves.c.lead_id, wanted))
    return {lead_id for lead_id, stage in connection.execute(statement) if wanted[lead_id] == stage}


def asked_before(connection: Connection, task_ids: Collection[str]) -> set[str]:
    """Those of these tasks that were made, whatever became of them."""
    return set(connection.execute(select(tasks.c.id).where(within(tasks.c.id, task_ids))).scalars())
