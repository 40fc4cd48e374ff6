"""Stop, pause and resume by hand: one lead, a sequence, a sender, a domain, a company, or everything.

Each of these commits before it answers; what was handed over before is finished and flagged `crossed`, nothing after.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from sqlalchemy import Connection, or_, select, update

from outreach.domain.enrollment import EnrollmentState, FinishReason
from outreach.domain.notice import Notice, NoticeKind
from outreach.domain.pipeline import Status
from outreach.domain.suppression import Scope, SuppressionReason
from outreach.errors import UsageError
from outreach.services.sending.engine import Engine
from outreach.services.watching.notices import tell
from outreach.store import audit, enrollments, lead_states, stops, touches
from outreach.store.tables import addresses, leads, tasks
from outreach.store.tables import enrollments as enrollment_table
from outreach.store.within import within


class Width(StrEnum):
    """What a pause covers. `lead` pauses enrollments; the others are written down and asked for by every mark."""

    LEAD = "lead"
    SEQUENCE = "sequence"
    SENDER = "sender"
    DOMAIN = "domain"
    COMPANY = "company"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is meant: a width and, but for `all`, its value (lead id, name, domain, company id)."""

    width: Width
    value: str = ""


def suppress(
    engine: Engine, scope: Scope, value: str, *, reason: SuppressionReason, detail: str = "", by: str
) -> list[str]:
    """Never contact this address, domain, company or lead again; the enrollments that ended."""

    def work(connection: Connection) -> list[str]:
        engine.store.lock_wide_stop(connection)
        return suppress_within(connection, engine, scope, value, reason=reason, detail=detail, by=by)

    return engine.store.write(work)


def suppress_within(
    connection: Connection,
    engine: Engine,
    scope: Scope,
    value: str,
    *,
    reason: SuppressionReason,
    detail: str = "",
    by: str,
) -> list[str]:
    """The same inside a transaction that has locked out hand-overs (`lock_wide_stop`)."""
    now = engine.clock.now()
    lead_ids = covered_leads(connection, scope, value)
    ids = enrollments.open_of_leads(connection, lead_ids)
    enrollments.lock(connection, ids)
    row = {"id": engine.clock.fresh_id(), "scope": scope, "value": value, "reason": reason, "detail": detail}
    stops.suppress(connection, [{**row, "by": by, "created_at": now}])
    lead_states.set_status(connection, lead_ids, Status.DO_NOT_CONTACT, now)
    audit.write(connection, now=now, actor=by, action="suppress", subject=f"{scope}:{value}", data={"why": reason})
    return finish(connection, engine, ids, FinishReason.SUPPRESSED)


def covered_leads(connection: Connection, scope: Scope, value: str) -> list[str]:
    """The leads a suppression of that scope and value covers."""
    match scope:
        case Scope.LEAD:
            return [value]
        case Scope.COMPANY:
            statement = select(leads.c.id).where(leads.c.company_id == value)
        case Scope.ADDRESS:
            kind, _, address = value.partition(":")
            statement = select(addresses.c.lead_id).where(addresses.c.kind == kind, addresses.c.value == address)
        case Scope.DOMAIN:
            at, below = f"%@{value}", f"%.{value}"
            statement = select(addresses.c.lead_id).where(
                addresses.c.kind == "email", or_(addresses.c.value.like(at), addresses.c.value.like(below))
            )
        case _:
            assert_never(scope)
    return sorted(set(connection.execute(statement).scalars()))


def finish(
    connection: Connection, engine: Engine, ids: Collection[str], reason: FinishReason, *, detail: str = ""
) -> list[str]:
    """End locked enrollments: what is planned is skipped, what is on the wire is flagged; the ids that ended."""
    now = engine.clock.now()
    ended = enrollments.finish(connection, ids, reason, detail=detail, now=now)
    if ended:
        touches.set_crossed(connection, ended, crossed=True)
        touches.skip_planned(connection, ended, why=reason, now=now)
        _take_off_the_list(connection, ended, reason, now)
        statement = select(enrollment_table.c.lead_id).where(within(enrollment_table.c.id, ended))
        lead_states.leave_sequence(connection, list(connection.execute(statement).scalars()), now)
    return ended


def _take_off_the_list(connection: Connection, ended: Collection[str], reason: FinishReason, now: datetime) -> None:
    """Nobody is to call or invite a person whose sequence was stopped, an opted-out one least of all."""
    connection.execute(
        update(tasks)
        .where(within(tasks.c.enrollment_id, ended), tasks.c.state == "open")
        .values(state="skipped", outcome=reason, finished_at=now)
    )


def remove(engine: Engine, target: Target, *, by: str, detail: str = "") -> list[str]:
    """Take people out of their sequences; the enrollments that ended."""

    def work(connection: Connection) -> list[str]:
        engine.store.lock_wide_stop(connection)
        ids = _covered(connection, target)
        enrollments.lock(connection, ids)
        ended = finish(connection, engine, ids, FinishReason.REMOVED, detail=detail)
        _note(connection, engine, "remove", target, by)
        return ended

    return engine.store.write(work)


def pause(engine: Engine, target: Target, *, reason: str, by: str, is_news: bool = False) -> int:
    """Hold everything the target covers; how many enrollments changed (wide pauses: how many are covered).

    `is_news`: no person did it, so the team is told.
    """

    def work(connection: Connection) -> int:
        engine.store.lock_wide_stop(connection)
        now = engine.clock.now()
        ids = _covered(connection, target)
        _note(connection, engine, "pause", target, by)
        if target.width is Width.LEAD:
            enrollments.lock(connection, ids)
            return len(enrollments.set_state(connection, ids, EnrollmentState.PAUSED))
        row = {"scope": target.width, "value": target.value, "reason": reason, "by": by, "created_at": now}
        if stops.pause(connection, row) and is_news:
            what = f"{target.width} {target.value}"
            text = f"{what} is paused by {by}: {reason}"
            notice = Notice(kind=NoticeKind.GUARD, key=f"guard:{what}:{now.isoformat()}"[:500], text=text)
            tell(connection, engine.notify, notice, now)
        return len(ids)

    return engine.store.write(work)


def resume(engine: Engine, target: Target, *, by: str) -> int:
    """Let everything the target covers go on, through windows and gaps; how many enrollments are covered."""

    def work(connection: Connection) -> int:
        now = engine.clock.now()
        ids = _covered(connection, target)
        enrollments.lock(connection, ids)
        if target.width is Width.LEAD:
            enrollments.set_state(connection, ids, EnrollmentState.ACTIVE)
        elif not _unpause(connection, target):
            raise UsageError(
                f"{target.width} {target.value} is not paused. See what is: outreach status.".replace("  ", " ")
            )
        touches.wake(connection, ids, now=now)
        enrollments.look_now(connection, ids, now)
        _note(connection, engine, "resume", target, by)
        return len(ids)

    return engine.store.write(work)


def _unpause(connection: Connection, target: Target) -> bool:
    """A sender goes on with all of its accounts."""
    of_accounts = target.width is Width.SENDER and stops.unpause_accounts(connection, target.value)
    return stops.unpause(connection, target.width, target.value) or of_accounts


def resume_late(engine: Engine, *, skip: bool, by: str) -> int:
    """Decide about touches that an outage made too late: send them now, or skip them; how many."""

    def work(connection: Connection) -> int:
        now = engine.clock.now()
        ids = touches.settle_late(connection, now, skip=skip)
        if skip:
            enrollments.look_now(connection, ids, now)
        _note(connection, engine, "skip late" if skip else "resume late", Target(width=Width.ALL), by)
        return len(ids)

    return engine.store.write(work)


def _covered(connection: Connection, target: Target) -> list[str]:
    """Open enrollments the target covers, in ascending id."""
    statement = select(enrollment_table.c.id).where(enrollment_table.c.state != EnrollmentState.FINISHED)
    match target.width:
        case Width.LEAD:
            statement = statement.where(enrollment_table.c.lead_id == target.value)
        case Width.SEQUENCE:
            statement = statement.where(enrollment_table.c.sequence == target.value)
        case Width.SENDER:
            statement = statement.where(enrollment_table.c.sender == target.value)
        case Width.COMPANY:
            statement = statement.where(enrollment_table.c.company_id == target.value)
        case Width.DOMAIN:
            domain = covered_leads(connection, Scope.DOMAIN, target.value)
            statement = statement.where(within(enrollment_table.c.lead_id, domain))
        case Width.ALL:
            pass
    return list(connection.execute(statement.order_by(enrollment_table.c.id)).scalars())


def _note(connection: Connection, engine: Engine, action: str, target: Target, by: str) -> None:
    subject = f"{target.width} {target.value}".strip()
    audit.write(connection, now=engine.clock.now(), actor=by, action=action, subject=subject)
