"""Drain the CRM work list: claim, call, record. Each thing is written once, in order for each lead.

| The adapter says        | The job                                    | The connection                                |
|-------------------------|--------------------------------------------|-----------------------------------------------|
| (nothing raised)        | done; ids remembered in the same commit    | is well                                       |
| RateLimited             | waits, no attempt used                     | parked for as long as the vendor says         |
| Unavailable             | waits; counted only while others succeed   | parked after three in a row, longer each time |
| OutcomeUnknown          | the same; looks before it writes again     | the same                                      |
| Unauthorized            | waits, no attempt used                     | parked with the reason: a person has to act   |
| Refused (duplicate)     | again, an attempt used; looks first        | is well                                       |
| Refused (not_found)     | the record is looked up, made again, once  | is well                                       |
| Refused (anything else) | dead, with the vendor's words              | is well                                       |
| an error of our own     | again, an attempt used; looks first        | is well                                       |

No transaction is open while the network is used. A claim holds a lease; `release_expired` gives back what a dead
worker left, marked as perhaps done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy import Connection

from outreach.clock import Clock
from outreach.crm import Crm
from outreach.domain.crm_mapping import CrmMapping
from outreach.domain.notice import NOBODY, Notice, NoticeKind, Notify
from outreach.errors import OutcomeUnknown
from outreach.services.crm.crm_budget import Budget, Meter
from outreach.services.crm.crm_dry_run import Held
from outreach.services.crm.crm_operations import Learned, carry_out
from outreach.services.crm.crm_verdict import Became, Pace, Verdict, judge
from outreach.services.watching.notices import tell
from outreach.store import crm_connections, crm_jobs, crm_links, crm_pulls, crm_records
from outreach.store.crm_connections import ConnectionState
from outreach.store.crm_jobs import Claim, ClaimedJob, DeadJob, JobChange, Released
from outreach.store.group_commit import GroupCommit
from outreach.store.session import Store

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection of config/crm.yaml, ready for use. Without a budget only the vendor's 429 slows it down."""

    mapping: CrmMapping
    crm: Crm
    budget: Budget | None = None
    meter: Meter = field(default_factory=Meter)


@dataclass(slots=True)
class Drained:
    """What one drain of a connection came to."""

    connection: str
    done: int = 0
    put_back: int = 0
    dead: int = 0
    lost: int = 0  # the claim had gone to somebody else meanwhile
    parked_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drain:
    """What every step of a drain needs."""

    store: Store
    clock: Clock
    owner: str
    pace: Pace
    is_stopping: Callable[[], bool]
    notify: Notify = NOBODY


@dataclass(slots=True)
class _Run:
    """One connection being drained. `is_well` False: there is trouble on record that a success has to clear."""

    by: _Drain
    connected: Connected
    result: Drained
    slots: asyncio.Semaphore
    is_well: bool = True


@dataclass(slots=True)
class _Try:
    """One job being carried out, and how it ended."""

    job: ClaimedJob
    learned: Learned = field(default_factory=Learned)
    note: str = ""
    error: Exception | None = None
    was_begun: bool = False


async def drain(
    store: Store,
    connections: Sequence[Connected],
    *,
    clock: Clock,
    owner: str,
    pace: Pace | None = None,
    is_stopping: Callable[[], bool] = lambda: False,
    notify: Notify = NOBODY,
) -> tuple[Drained, ...]:
    """Do everything that is due now, for every connection, until nothing is (or `is_stopping` says so).

    Returns at once for a connection that is parked, or whose budget is used up: call it again, each second or so.
    Any number of processes may do so at the same time; `owner` names this one.
    """
    by = _Drain(store=store, clock=clock, owner=owner, pace=pace or Pace(), is_stopping=is_stopping, notify=notify)
    return tuple(await asyncio.gather(*(_drain(by, connected) for connected in connections)))


async def _drain(by: _Drain, connected: Connected) -> Drained:
    run = _Run(by, connected, Drained(connected.mapping.name), asyncio.Semaphore(by.pace.concurrency))
    records: GroupCommit[_Try, Verdict | None] = GroupCommit(lambda tries: _record(run, tries), name="crm-records")
    try:
        while not by.is_stopping() and not run.result.parked_because:
            jobs = await asyncio.to_thread(_claim, run)
            if not jobs:
                break
            begun = by.clock.monotonic()
            await asyncio.gather(*(_one(run, _Try(job), records, begun=begun) for job in jobs))
    finally:
        await asyncio.to_thread(records.close)
    return run.result


def _claim(run: _Run) -> list[ClaimedJob]:
    return run.by.store.write(lambda connection: _claim_in(connection, run))


def _claim_in(connection: Connection, run: _Run) -> list[ClaimedJob]:
    name, by, now = run.connected.mapping.name, run.by, run.by.clock.now()
    state = crm_connections.lock(connection, name)
    run.is_well = state.reason is None and state.failures == 0
    if state.is_parked(now):
        return []
    most = by.pace.batch
    if state.failures >= by.pace.tolerated_failures:
        most = 1  # one tries whether it is back; the others wait for what it finds
    left, counted_at = _calls_left(run, state, now)
    most = min(most, max(left, 0))
    lease_until = now + by.pace.lease
    wanted = Claim(id=by.clock.fresh_id(), owner=by.owner, connection=name, most=most, lease_until=lease_until)
    jobs = crm_jobs.claim(connection, wanted, now) if most else []
    if run.connected.budget:
        crm_connections.set_calls(connection, name, left - len(jobs), counted_at)
        run.connected.meter.reserve(len(jobs))
    return jobs


def _calls_left(run: _Run, state: ConnectionState, now: datetime) -> tuple[int, datetime]:
    """What the budget has now, without the calls that jobs made beyond their one; never more than the vendor says."""
    budget = run.connected.budget
    if budget is None:
        return run.by.pace.batch, now
    left, counted_at = budget.at(state, now)
    beyond, told = run.connected.meter.take()
    left -= beyond
    return (left if told is None else min(left, told)), counted_at


async def _one(run: _Run, tried: _Try, records: GroupCommit[_Try, Verdict | None], *, begun: float) -> None:
    half = run.by.pace.lease.total_seconds() / 2
    async with run.slots:
        is_late = run.by.clock.monotonic() - begun > half
        if not (run.result.parked_because or run.by.is_stopping() or is_late):
            await _carry_out(run, tried, most_seconds=half)
        verdict = await asyncio.wrap_future(records.submit(tried))
        _count(tried.job, verdict, run.result)


async def _carry_out(run: _Run, tried: _Try, *, most_seconds: float) -> None:
    tried.was_begun = True
    crm = run.connected.crm
    try:
        async with asyncio.timeout(most_seconds):
            tried.note = await carry_out(crm, run.connected.mapping, tried.job, tried.learned)
    except Held as held:
        _log.info("crm_dry_run", connection=tried.job.connection, operation=tried.job.operation, request=held.line)
        tried.error = held
    except TimeoutError:
        tried.error = OutcomeUnknown(crm.provider, f"not finished within {most_seconds:.0f} seconds")
    except Exception as error:  # noqa: BLE001  # one bad job must not stop the others; its error is recorded
        tried.error = error


def _record(run: _Run, tries: Sequence[_Try]) -> list[Verdict | None]:
    """Everything about these tries, in one transaction."""
    return run.by.store.write(lambda connection: [_record_one(connection, run, tried) for tried in tries])


def _record_one(connection: Connection, run: _Run, tried: _Try) -> Verdict | None:
    """None: the claim was lost, and nothing of the job is written."""
    now = run.by.clock.now()
    verdict = _verdict(connection, run, tried, now)
    if not _settle(connection, tried.job, verdict, now):
        return None
    if verdict.became is Became.DEAD and not isinstance(tried.error, Held):
        lead_id = tried.job.lead_id if tried.job.lead else None
        _tell(connection, run.by.notify, tried.job, verdict.change.error, lead_id=lead_id, now=now)
    if tried.learned.is_person_gone:
        crm_links.drop_person(connection, tried.job.connection, tried.job.lead_id)
    for link in tried.learned.links:
        crm_links.save(connection, tried.job.connection, link, now)
    if tried.learned.values:
        crm_records.learn(connection, tried.job.connection, tried.job.lead_id, tried.learned.values, now)
    return verdict


def _tell(
    connection: Connection,
    notify: Notify,
    job: ClaimedJob | Released,
    error: str | None,
    *,
    lead_id: str | None,
    now: datetime,
) -> None:
    """A person has to look at it."""
    text = f"{job.operation} was not written to {job.connection}: {error}. See: outreach crm failed"
    key = f"crm_failed:{job.number}:{now.isoformat()}"
    tell(connection, notify, Notice(kind=NoticeKind.CRM_FAILED, key=key, text=text, lead_id=lead_id), now)


def _verdict(connection: Connection, run: _Run, tried: _Try, now: datetime) -> Verdict:
    """Judge the try, and write what it means for the connection."""
    job = tried.job
    if tried.error is None:
        if tried.was_begun:
            _clear(connection, run, now)
        note = tried.note or None if tried.was_begun else job.error
        change = JobChange(due_at=now, error=note, attempts=job.attempts, maybe_done=job.maybe_done)
        return Verdict(became=Became.DONE if tried.was_begun else Became.PUT_BACK, change=change)
    state = crm_connections.lock(connection, job.connection)
    verdict = judge(run.by.pace, job, tried.error, state, now)
    _write_connection(connection, run, verdict, str(tried.error), now)
    return verdict


def _write_connection(connection: Connection, run: _Run, verdict: Verdict, words: str, now: datetime) -> None:
    name, failures = run.connected.mapping.name, verdict.failures
    if verdict.park_until:
        crm_connections.park(connection, name, until=verdict.park_until, reason=words, failures=failures)
    elif failures:
        crm_connections.count_failure(connection, name, reason=words, failures=failures)
    else:
        _clear(connection, run, now)
        return
    run.is_well = False


def _clear(connection: Connection, run: _Run, now: datetime) -> None:
    """It answered: forget the trouble. Should this be rolled back, the next claim sees the trouble again."""
    if not run.is_well:
        crm_connections.recovered(connection, run.connected.mapping.name, now)
        run.is_well = True


def _settle(connection: Connection, job: ClaimedJob, verdict: Verdict, now: datetime) -> bool:
    match verdict.became:
        case Became.DONE:
            return crm_jobs.finish(connection, job, note=verdict.change.error, now=now)
        case Became.DEAD:
            return crm_jobs.bury(connection, job, verdict.change, now=now)
        case Became.PUT_BACK:
            return crm_jobs.put_back(connection, job, verdict.change)


def _count(job: ClaimedJob, verdict: Verdict | None, result: Drained) -> None:
    match verdict.became if verdict else None:
        case None:
            result.lost += 1
        case Became.DONE:
            result.done += 1
        case Became.PUT_BACK:
            result.put_back += 1
        case Became.DEAD:
            result.dead += 1
            _warn(job)
    if verdict and verdict.park_until and not result.parked_because:
        result.parked_because = verdict.parked_because
        log = _log.warning if verdict.failures else _log.info  # to wait as the vendor asks is no trouble
        log("crm_connection_parked", connection=job.connection, until=verdict.park_until.isoformat())


def _warn(job: ClaimedJob | Released) -> None:
    _log.warning("crm_job_dead", connection=job.connection, job=job.number, operation=job.operation)


def release_expired(store: Store, *, clock: Clock, pace: Pace | None = None, notify: Notify = NOBODY) -> int:
    """The sweeper: give back the jobs of workers that are gone; how many. Of those it gives up, the team is told."""
    most, now = (pace or Pace()).most_attempts, clock.now()

    def release(connection: Connection) -> list[Released]:
        released = crm_jobs.release_expired(connection, now, most_attempts=most)
        for job in released:
            if job.is_dead:
                _tell(connection, notify, job, job.error, lead_id=job.lead_id, now=now)
        return released

    released = store.write(release)
    for job in released:
        if job.is_dead:
            _warn(job)
    return len(released)


def failed(store: Store, *, crm: str | None = None) -> list[DeadJob]:
    """What a person has to look at, oldest first."""
    with store.read() as connection:
        return crm_jobs.failed(connection, crm=crm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A reading that did not work at its last try, and when it is tried again."""

    connection: str
    name: str  # changes, person:<id> or deal:<id>
    error: str
    again_at: datetime


def unread(store: Store, *, crm: str | None = None) -> list[Unread]:
    """What could not be read back."""
    with store.read() as connection:
        rows = crm_pulls.put_off_readings(connection, crm)
    return [Unread(connection=of, name=name, error=error, again_at=at) for of, name, error, at in rows]


def retry(store: Store, *, clock: Clock, numbers: Collection[int] | None = None, crm: str | None = None) -> int:
    """Run dead jobs again (all, these numbers, one connection's); connections they belong to are parked no longer.

    Without numbers, what could not be read back is read again, too.
    """

    def again(connection: Connection) -> int:
        if numbers is None:
            crm_pulls.read_again(connection, now=clock.now(), crm=crm)
        dead = [job for job in crm_jobs.failed(connection, crm=crm) if numbers is None or job.number in numbers]
        for name in sorted({job.connection for job in dead} | ({crm} if crm else set())):
            crm_connections.lock(connection, name)
            crm_connections.unpark(connection, name)
        return crm_jobs.retry(connection, [job.number for job in dead], now=clock.now())

    return store.write(again)
