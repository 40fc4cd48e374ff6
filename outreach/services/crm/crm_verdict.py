"""What one failed try means for its job and for the whole connection. Pure: the table of `sync` in code."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from outreach.errors import Outcome, OutcomeUnknown, RateLimited, Refused, Unauthorized, Unavailable
from outreach.store.crm_connections import ConnectionState
from outreach.store.crm_jobs import ClaimedJob, JobChange

_LONGEST_WORDS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a list is drained. A job begins in the first half of its lease and ends, at the latest, with the second."""

    batch: int = 32
    concurrency: int = 8
    lease: timedelta = timedelta(minutes=5)
    most_attempts: int = 8
    first_wait: timedelta = timedelta(seconds=5)
    longest_wait: timedelta = timedelta(hours=1)
    tolerated_failures: int = 3  # in a row, before the connection is taken to be down
    longest_park: timedelta = timedelta(minutes=15)
    unauthorized_park: timedelta = timedelta(minutes=15)


class Became(StrEnum):
    DONE = "done"
    PUT_BACK = "put_back"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to be written. `failures` of the connection: how many in a row there are now."""

    became: Became
    change: JobChange
    failures: int = 0
    park_until: datetime | None = None
    parked_because: str = ""


def judge(pace: Pace, job: ClaimedJob, error: Exception, state: ConnectionState, now: datetime) -> Verdict:
    """The verdict on a try that raised `error`, while the connection was in `state`."""
    match error:
        case RateLimited():
            return _wait(job, error, state, park_until=now + error.retry_after, failures=state.failures)
        case Unauthorized():
            failures = max(state.failures + 1, pace.tolerated_failures)
            return _wait(job, error, state, park_until=now + pace.unauthorized_park, failures=failures)
        case Unavailable() | OutcomeUnknown():
            return _trouble(pace, job, error, state, now)
        case Refused(outcome=Outcome.DUPLICATE):
            return _again(pace, job, str(error), now)
        case Refused():
            return Verdict(became=Became.DEAD, change=_change(job, str(error), now, attempts=job.attempts + 1))
        case _:
            return _again(pace, job, f"unexpected {type(error).__name__}: {error}", now)


def _wait(job: ClaimedJob, error: Exception, state: ConnectionState, *, park_until: datetime, failures: int) -> Verdict:
    """The connection has to wait, and this job had no part in it: it stays as it is."""
    later = max(park_until, state.parked_until or park_until)
    change = JobChange(due_at=later, error=job.error, attempts=job.attempts, maybe_done=job.maybe_done)
    return Verdict(
        became=Became.PUT_BACK, change=change, failures=failures, park_until=later, parked_because=str(error)
    )


def _trouble(
    pace: Pace, job: ClaimedJob, error: Unavailable | OutcomeUnknown, state: ConnectionState, now: datetime
) -> Verdict:
    """One job's bad luck, or an outage? It is an outage when nothing else has succeeded in between."""
    is_late = state.is_parked(now)  # the answer to a call from before the parking
    failures = state.failures if is_late else state.failures + 1
    is_down = is_late or failures >= pace.tolerated_failures
    is_unknown = isinstance(error, OutcomeUnknown)
    attempts = job.attempts + (not is_down and (is_unknown or job.error is not None))
    park_until = now + _park(pace, job, failures) if is_down and not is_late else None
    due_at = max(now + _backoff(pace, job, attempts), park_until or now, state.parked_until or now)
    return Verdict(
        became=_unless_too_often(pace, attempts),
        change=_change(job, str(error), due_at, attempts=attempts, in_doubt=is_unknown),
        failures=failures,
        park_until=park_until,
        parked_because=str(error) if park_until else "",
    )


def _again(pace: Pace, job: ClaimedJob, said: str, now: datetime) -> Verdict:
    attempts = job.attempts + 1
    change = _change(job, said, now + _backoff(pace, job, attempts), attempts=attempts, in_doubt=True)
    return Verdict(became=_unless_too_often(pace, attempts), change=change)


def _unless_too_often(pace: Pace, attempts: int) -> Became:
    return Became.DEAD if attempts >= pace.most_attempts else Became.PUT_BACK


def _change(job: ClaimedJob, said: str, due_at: datetime, *, attempts: int, in_doubt: bool = False) -> JobChange:
    words = said.replace("\x00", "")[:_LONGEST_WORDS]
    return JobChange(due_at=due_at, error=words, attempts=attempts, maybe_done=job.maybe_done or in_doubt)


def _backoff(pace: Pace, job: ClaimedJob, attempts: int) -> timedelta:
    """Exponential, with full jitter: anywhere between a second and the longest of this round."""
    most = min(pace.first_wait * float(2 ** min(attempts, 20)), pace.longest_wait)
    return max(most * _share(job), timedelta(seconds=1))


def _park(pace: Pace, job: ClaimedJob, failures: int) -> timedelta:
    """Longer each time; the lower half is certain, so that it does grow."""
    doublings = min(failures - pace.tolerated_failures + 1, 20)
    most = min(pace.first_wait * float(2**doublings), pace.longest_park)
    return most * (0.5 + _share(job) / 2)


def _share(job: ClaimedJob) -> float:
    """Between 0 and 1, by the claim's fresh id: another one at every try."""
    digest = hashlib.sha256(f"{job.claim_id}:{job.number}".encode()).digest()
    return int.from_bytes(digest[:6]) / (1 << 48)
