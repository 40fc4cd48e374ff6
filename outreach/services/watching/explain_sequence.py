"""Why do the people of a sequence stand where they stand: everybody inside counted once, under one reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, func, select

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.sender import account_of, queue_of
from outreach.domain.touch import OPEN, TouchState
from outreach.errors import UsageError
from outreach.services.measuring.winners import TrialView, trials
from outreach.services.sending.claim import allowed_now
from outreach.services.sending.days_off import day_off
from outreach.services.sending.engine import Engine
from outreach.services.watching.explain import describe
from outreach.services.watching.plain import plain
from outreach.store import stops
from outreach.store.tables import enrollments, holds, revisions, senders, sequences, touches


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceExplanation:
    """Counts of one instant. `reasons` covers everybody inside; `finished` everybody who was."""

    at: datetime
    sequence: str
    revision: int
    active: int
    paused: int
    held: int  # inside, and something came in that may be an answer
    finished: Mapping[str, int]  # reason → enrollments
    steps: Mapping[str, int]  # step id → people who stand there
    reasons: Mapping[str, int]  # why nothing goes out to them at this moment → people
    trials: tuple[TrialView, ...]  # of the variants of its steps

    def to_json(self) -> Any:
        return plain(self)


def explain_sequence(engine: Engine, name: str) -> SequenceExplanation:
    """Raises UsageError when the sequence was never applied."""
    with engine.store.read() as connection:
        return _explanation(connection, engine, name, engine.clock.now())


def _explanation(connection: Connection, engine: Engine, name: str, now: datetime) -> SequenceExplanation:
    states, finished = _people(connection, name)
    steps: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    queues = _Queues(connection, engine, name, now)
    for row in connection.execute(_inside(name, now)).mappings():
        steps[row["touch_step"] or row["cursor"] or "the end"] += row["count"]
        reasons[queues.reason(row)] += row["count"]
    return SequenceExplanation(
        at=now,
        sequence=name,
        revision=_revision(connection, name),
        active=states[EnrollmentState.ACTIVE],
        paused=states[EnrollmentState.PAUSED],
        held=_held(connection, name),
        finished=finished,
        steps=dict(steps.most_common()),
        reasons=dict(reasons.most_common()),
        trials=tuple(trials(connection, engine, name)),
    )


def _revision(connection: Connection, name: str) -> int:
    statement = (
        select(revisions.c.number)
        .join(sequences, sequences.c.revision_id == revisions.c.id)
        .where(sequences.c.name == name)
    )
    number = connection.execute(statement).scalar()
    if number is None:
        known = ", ".join(connection.execute(select(sequences.c.name).order_by(sequences.c.name)).scalars())
        hint = f"Applied: {known}." if known else f"Run: outreach apply {name}"
        raise UsageError(f"sequence '{name}' is not applied. {hint}")
    return int(number)


def _people(connection: Connection, name: str) -> tuple[Counter[str], dict[str, int]]:
    statement = (
        select(enrollments.c.state, enrollments.c.reason, func.count())
        .where(enrollments.c.sequence == name)
        .group_by(enrollments.c.state, enrollments.c.reason)
    )
    states: Counter[str] = Counter()
    finished: Counter[str] = Counter()
    for state, reason, count in connection.execute(statement):
        states[state] += count
        if state == EnrollmentState.FINISHED:
            finished[reason or "finished"] += count
    return states, dict(finished.most_common())


def _held(connection: Connection, name: str) -> int:
    statement = (
        select(func.count(holds.c.enrollment_id.distinct()))
        .join(enrollments, enrollments.c.id == holds.c.enrollment_id)
        .where(enrollments.c.sequence == name)
    )
    return connection.execute(statement).scalar_one()


def _inside(name: str, now: datetime) -> Any:
    """Everybody inside, with the open touch where there is one, grouped by all that a reason depends on."""
    is_due = (touches.c.due_at <= now).label("is_due")
    keys = [
        enrollments.c.state,
        enrollments.c.cursor,
        enrollments.c.revision_id,
        touches.c.step.label("touch_step"),
        touches.c.state.label("touch_state"),
        touches.c.block,
        touches.c.sender,
        touches.c.action,
    ]
    has_touch = and_(touches.c.enrollment_id == enrollments.c.id, touches.c.state.in_(OPEN))
    return (
        select(*keys, is_due, func.count().label("count"))
        .select_from(enrollments)
        .outerjoin(touches, has_touch)
        .where(enrollments.c.sequence == name, enrollments.c.state != EnrollmentState.FINISHED)
        .group_by(*keys, "is_due")
        .order_by(enrollments.c.cursor)
    )


class _Queues:
    """What the senders of a sequence may do now, asked once for each sender and action."""

    def __init__(self, connection: Connection, engine: Engine, sequence: str, now: datetime) -> None:
        self._connection = connection
        self._engine = engine
        self._now = now
        self._known: dict[tuple[str, str], str] = {}
        self._pauses = {(row["scope"], row["value"]) for row in stops.paused(connection)}
        self._sequence = sequence

    def reason(self, row: RowMapping) -> str:
        """One sentence for a group of people."""
        if row["state"] == EnrollmentState.PAUSED:
            return "paused: this enrollment"
        if row["touch_state"] is None:
            return f"no touch is open: {self._stands(row)}"
        if row["touch_state"] == TouchState.UNKNOWN:
            return "unknown whether the last message went out"
        if row["touch_state"] != TouchState.PLANNED:
            return "on its way"
        if not row["is_due"]:
            return row["block"] or "its time has not come"
        return self._waits_for(row["sender"], row["action"])

    def _stands(self, row: RowMapping) -> str:
        revision = self._engine.revisions.get(self._connection, row["revision_id"])
        return describe(revision.sequence, row["cursor"])

    def _waits_for(self, sender: str, action: str) -> str:
        if (sender, action) not in self._known:
            self._known[sender, action] = self._ask(sender, action)
        return self._known[sender, action]

    def _ask(self, sender: str, action: str) -> str:
        account, queue = account_of(sender, action.partition(".")[0]), queue_of(sender, action)
        own = (("sender", sender), (stops.ACCOUNT, account), (stops.ACTION, queue))
        for pause in (("all", ""), ("sequence", self._sequence), *own):
            if pause in self._pauses:
                return f"paused: {' '.join(pause).strip()}"
        columns = (senders.c.circuit_open_until, senders.c.circuit_reason)
        statement = select(*columns).where(senders.c.name.in_((sender, queue)), columns[0] > self._now)
        circuit = self._connection.execute(statement).first()
        if circuit:
            return f"sender {sender}: provider unavailable ({circuit.circuit_reason})"
        off = day_off(self._engine.sender(sender), self._now)
        if off:
            return off.because
        allowed = allowed_now(self._connection, self._engine.sender(sender), action, self._now)
        if allowed.count == 0:
            return f"sender {sender}: {allowed.because}"
        return "goes with the next batch"
