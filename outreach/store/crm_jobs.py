"""The CRM work list: written in the transaction of an event, drained one job at a time for each lead.

A job is `waiting`, `claimed`, `done` or `dead`. A waiting job without `due_at` stands behind a dead one of its event.
Every change of a claimed job repeats its claim and owner; False means that the claim was lost meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, and_, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.store.tables import crm_jobs, crm_links, leads

FORGET = "forget"
"""The one operation on a person who is erased here already."""

_FREE = {"claim_id": None, "owner": None, "lease_until": None}
_LONGEST_EVENT_KEY = 400  # the operation stands behind it in a column of 512


class JobState(StrEnum):
    WAITING = "waiting"
    CLAIMED = "claimed"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """Something to do in a CRM. `payload` is JSON."""

    operation: str
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadState:
    """Where the lead stands now, whatever it was when the job was written."""

    status: str
    pipeline: str
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob:
    """A job that is ours until `lease_until`. `lead` None: the lead does not exist any more."""

    number: int
    connection: str
    lead_id: str
    operation: str
    key: str
    payload: Mapping[str, Any]
    attempts: int
    maybe_done: bool
    error: str | None
    claim_id: str
    owner: str
    person_id: str | None
    lead: LeadState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobChange:
    """What is written about a job that is not done. `maybe_done`: look before it is written again."""

    due_at: datetime
    error: str | None
    attempts: int
    maybe_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A batch to be claimed from one connection's list."""

    id: str
    owner: str
    connection: str
    most: int
    lease_until: datetime


def add_jobs(
    connection: Connection, *, crm: str, lead_id: str, event_key: str, jobs: Sequence[NewJob], now: datetime
) -> None:
    """Write jobs in their order, inside the event's transaction; a job of that event and operation is written once."""
    rows = [
        {
            "connection": crm,
            "lead_id": lead_id,
            "operation": job.operation,
            "key": job_key(event_key, job.operation),
            "payload": dict(job.payload),
            "state": JobState.WAITING,
            "due_at": now,
            "created_at": now,
        }
        for job in jobs
    ]
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    for row in rows:  # one by one: the numbers are the order, and a bulk insert promises none
        connection.execute(dialect.insert(crm_jobs).on_conflict_do_nothing(), row)


def job_key(event_key: str, operation: str) -> str:
    """What makes a job the same job; a very long event key stands as its hash."""
    if len(event_key) > _LONGEST_EVENT_KEY:
        event_key = hashlib.sha256(event_key.encode()).hexdigest()
    return f"{event_key}:{operation}"


def is_under_way(connection: Connection, lead_id: str) -> bool:
    """Is something about this lead being written at this moment? If not, nothing is before this transaction ends."""
    mine = crm_jobs.c.lead_id == lead_id, crm_jobs.c.state != _inline(JobState.DONE)
    states = connection.execute(select(crm_jobs.c.state).where(*mine).with_for_update()).scalars()
    return JobState.CLAIMED in set(states)


def claim(connection: Connection, wanted: Claim, now: datetime) -> list[ClaimedJob]:
    """Claim the first open job of each of up to `most` leads, longest due first.

    The caller holds the lock of the connection's row: claims of one connection come one after the other.
    """
    numbers = list(connection.execute(_first(wanted, now)).scalars())
    if not numbers:
        return []
    values = {"claim_id": wanted.id, "owner": wanted.owner, "lease_until": wanted.lease_until}
    connection.execute(update(crm_jobs).where(crm_jobs.c.number.in_(numbers)).values(state=JobState.CLAIMED, **values))
    return _load(connection, wanted)


def _first(wanted: Claim, now: datetime) -> Select[int]:
    """Numbers of the first open job of each lead that is due, row by row out of the index on `due_at`."""
    return (
        select(crm_jobs.c.number)
        .where(
            crm_jobs.c.connection == wanted.connection,
            crm_jobs.c.state == _inline(JobState.WAITING),
            crm_jobs.c.due_at <= now,
            ~_in_the_way(),
        )
        .order_by(crm_jobs.c.due_at)
        .limit(wanted.most)
        .with_for_update(skip_locked=True)
    )


def _inline(state: JobState) -> BindParameter[str]:
    """A state as a constant in the statement, so that the partial indexes are seen to apply."""
    return literal(str(state), literal_execute=True)


def _in_the_way() -> ColumnElement[bool]:
    """An earlier open job of the same lead, or any that is under way (an earlier one may have been retried)."""
    other = crm_jobs.alias("other")
    is_earlier = and_(
        other.c.number < crm_jobs.c.number, other.c.state == _inline(JobState.WAITING), other.c.due_at.is_not(None)
    )
    return (
        select(other.c.number)
        .where(
            other.c.connection == crm_jobs.c.connection,
            other.c.lead_id == crm_jobs.c.lead_id,
            other.c.state != _inline(JobState.DONE),  # as the index says it
            or_(is_earlier, other.c.state == _inline(JobState.CLAIMED)),
        )
        .exists()
    )


def _load(connection: Connection, wanted: Claim) -> list[ClaimedJob]:
    is_person = and_(
        crm_links.c.connection == crm_jobs.c.connection,
        crm_links.c.kind == "person",
        crm_links.c.local_id == crm_jobs.c.lead_id,
    )
    statement = (
        select(crm_jobs, crm_links.c.remote_id, leads.c.status, leads.c.pipeline, leads.c.stage)
        .outerjoin(crm_links, is_person)
        .outerjoin(leads, leads.c.id == crm_jobs.c.lead_id)
        .where(crm_jobs.c.claim_id == wanted.id)
        .order_by(crm_jobs.c.number)
    )
    return [_job(row) for row in connection.execute(statement).mappings()]


def _job(row: Mapping[Any, Any]) -> ClaimedJob:
    names = ("number", "connection", "lead_id", "operation", "key", "payload", "attempts", "maybe_done", "error")
    lead = LeadState(status=row["status"], pipeline=row["pipeline"], stage=row["stage"]) if row["status"] else None
    return ClaimedJob(
        **{name: row[name] for name in names},
        claim_id=row["claim_id"],
        owner=row["owner"],
        person_id=row["remote_id"],
        lead=lead,
    )


def finish(connection: Connection, job: ClaimedJob, *, note: str | None, now: datetime) -> bool:
    """It is done; `note` says what was left out, if anything."""
    emptied: dict[str, Any] = (
        {"payload": {}} if job.operation == FORGET else {}
    )  # it names the record of somebody who is erased
    return _change(connection, job, {"state": JobState.DONE, "error": note, "finished_at": now, **emptied})


def put_back(connection: Connection, job: ClaimedJob, change: JobChange) -> bool:
    """It is to be done later."""
    return _change(connection, job, {"state": JobState.WAITING, "due_at": change.due_at, **_said(change)})


def bury(connection: Connection, job: ClaimedJob, change: JobChange, *, now: datetime) -> bool:
    """It cannot be done before a person mended something; the later jobs of its event stand behind it."""
    is_ours = _change(connection, job, {"state": JobState.DEAD, "finished_at": now, **_said(change)})
    if is_ours:
        _set_followers(connection, job.connection, job.lead_id, (job.number, job.key), due_at=None)
    return is_ours


def _said(change: JobChange) -> dict[str, Any]:
    return {"error": change.error, "attempts": change.attempts, "maybe_done": change.maybe_done}


def _change(connection: Connection, job: ClaimedJob, values: Mapping[str, Any]) -> bool:
    result = connection.execute(
        update(crm_jobs)
        .where(
            crm_jobs.c.number == job.number,
            crm_jobs.c.state == JobState.CLAIMED,
            crm_jobs.c.claim_id == job.claim_id,
            crm_jobs.c.owner == job.owner,
        )
        .values(**values, **_FREE)
    )
    return result.rowcount == 1


def _set_followers(
    connection: Connection, crm: str, lead_id: str, of: tuple[int, str], *, due_at: datetime | None
) -> None:
    """Give the later waiting jobs of the same event another due time; `of` is the number and key of a job."""
    number, key = of
    event = key.rpartition(":")[0] + ":"
    connection.execute(
        update(crm_jobs)
        .where(
            crm_jobs.c.connection == crm,
            crm_jobs.c.lead_id == lead_id,
            crm_jobs.c.number > number,
            crm_jobs.c.state == JobState.WAITING,
            func.substr(crm_jobs.c.key, 1, len(event)) == event,
        )
        .values(due_at=due_at)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A job whose worker is gone. `is_dead`: it was the last try, and a person has to look at it."""

    number: int
    connection: str
    lead_id: str | None  # None: the lead does not exist any more
    operation: str
    error: str
    is_dead: bool


def release_expired(connection: Connection, now: datetime, *, most_attempts: int = 8) -> list[Released]:
    """Give back jobs whose worker is gone. Their calls may have gone out, so they look before they write again."""
    known = select(leads.c.id).where(leads.c.id == crm_jobs.c.lead_id).scalar_subquery()
    expired = connection.execute(
        select(crm_jobs, known.label("known"))
        .where(crm_jobs.c.state == _inline(JobState.CLAIMED), crm_jobs.c.lease_until < now)
        .order_by(crm_jobs.c.number)
        .with_for_update(skip_locked=True)
    ).all()
    return [_release(connection, row, now, is_last=row.attempts + 1 >= most_attempts) for row in expired]


def _release(connection: Connection, row: Any, now: datetime, *, is_last: bool) -> Released:
    state = {"state": JobState.DEAD, "finished_at": now} if is_last else {"state": JobState.WAITING, "due_at": now}
    error = f"the worker ended in the middle of it, for the {_nth(row.attempts + 1)} time"
    values = {"attempts": row.attempts + 1, "maybe_done": True, "error": error, **state, **_FREE}
    connection.execute(update(crm_jobs).where(crm_jobs.c.number == row.number).values(**values))
    if is_last:
        _set_followers(connection, row.connection, row.lead_id, (row.number, row.key), due_at=None)
    return Released(
        number=row.number,
        connection=row.connection,
        lead_id=row.known,
        operation=row.operation,
        error=error,
        is_dead=is_last,
    )


def _nth(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadJob:
    """What a person has to look at. `blocked` counts the jobs that stand behind it."""

    number: int
    connection: str
    lead_id: str
    operation: str
    error: str
    attempts: int
    finished_at: datetime | None
    blocked: int


def failed(connection: Connection, *, crm: str | None = None) -> list[DeadJob]:
    """Every dead job, oldest first."""
    statement = select(crm_jobs).where(crm_jobs.c.state == _inline(JobState.DEAD)).order_by(crm_jobs.c.number)
    if crm is not None:
        statement = statement.where(crm_jobs.c.connection == crm)
    return [_dead(connection, row) for row in connection.execute(statement).mappings()]


def _dead(connection: Connection, row: Mapping[Any, Any]) -> DeadJob:
    event = row["key"].rpartition(":")[0] + ":"
    behind = select(func.count()).where(
        crm_jobs.c.connection == row["connection"],
        crm_jobs.c.lead_id == row["lead_id"],
        crm_jobs.c.number > row["number"],
        crm_jobs.c.state == JobState.WAITING,
        crm_jobs.c.due_at.is_(None),
        func.substr(crm_jobs.c.key, 1, len(event)) == event,
    )
    names = ("number", "connection", "lead_id", "operation", "attempts", "finished_at")
    blocked = connection.execute(behind).scalar_one()
    return DeadJob(**{name: row[name] for name in names}, error=row["error"] or "", blocked=blocked)


def retry(connection: Connection, numbers: Sequence[int], *, now: datetime) -> int:
    """Let these dead jobs, and what stands behind them, run again; how many. The caller locks their connections."""
    statement = select(crm_jobs.c.number, crm_jobs.c.connection, crm_jobs.c.lead_id, crm_jobs.c.key)
    rows = connection.execute(statement.where(crm_jobs.c.number.in_(numbers)).order_by(crm_jobs.c.number)).all()
    return sum(_revive(connection, row, now) for row in rows)


def _revive(connection: Connection, row: Any, now: datetime) -> int:
    is_dead = and_(crm_jobs.c.number == row.number, crm_jobs.c.state == JobState.DEAD)
    values = {"state": JobState.WAITING, "due_at": now, "attempts": 0, "finished_at": None}
    if connection.execute(update(crm_jobs).where(is_dead).values(**values)).rowcount != 1:
        return 0
    _set_followers(connection, row.connection, row.lead_id, (row.number, row.key), due_at=now)
    return 1


def counts(connection: Connection) -> dict[str, dict[str, int]]:
    """Connection → state → number of jobs."""
    statement = select(crm_jobs.c.connection, crm_jobs.c.state, func.count()).group_by(
        crm_jobs.c.connection, crm_jobs.c.state
    )
    found: dict[str, dict[str, int]] = {}
    for crm, state, number in connection.execute(statement):
        found.setdefault(crm, {})[state] = number
    return found


def next_due_at(connection: Connection, crm: str) -> datetime | None:
    """When the connection's list has something to do again; None: nothing is waiting."""
    is_next = and_(
        crm_jobs.c.connection == crm,
        crm_jobs.c.state == _inline(JobState.WAITING),
        crm_jobs.c.due_at.is_not(None),
        ~_in_the_way(),
    )
    statement = select(crm_jobs.c.due_at).where(is_next).order_by(crm_jobs.c.due_at).limit(1)
    return connection.execute(statement).scalar()
