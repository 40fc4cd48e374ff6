"""Record what became of touches and plan what follows, in one transaction for all that are waiting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from outreach.channel import Receipt
from outreach.domain.enrollment import EnrollmentState
from outreach.domain.event import Clues, Event, EventKind
from outreach.domain.rules import Block, first_block
from outreach.domain.sequence import OnFailure, Trigger
from outreach.domain.touch import COUNTED, TouchState
from outreach.record import record
from outreach.services.hearing import react
from outreach.services.sending.batch import Ready
from outreach.services.sending.engine import Engine
from outreach.services.sending.facts import address_kind
from outreach.services.sending.moves import Planned, carry_out, move_stages, stage_move
from outreach.services.sending.next_moves import NextMoves
from outreach.services.sending.standings import standings
from outreach.services.sending.task_rows import task_row
from outreach.store import enrollments, stops, touches
from outreach.store.enrollments import Stand
from outreach.store.tables import tasks

_BACK_OFF = timedelta(minutes=5)
NO_RECEIPT = Receipt()


@record(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`state` is sent, failed, unknown or skipped; or planned, when nothing was handed over and `block` says why."""

    ready: Ready
    state: TouchState
    receipt: Receipt = NO_RECEIPT
    why: str = ""
    block: Block | None = None
    keeps: bool = False  # of `planned`: its place in the order and its attempts, as if nothing had been tried
    news: EventKind | None = None  # what the answer says about the person: a dead address, opted out, connected


def back_off(attempts: int) -> timedelta:
    """How long a touch waits after the provider put it off: 5 minutes, doubling, at most 4 hours."""
    return min(_BACK_OFF * (1 << min(attempts, 6)), timedelta(hours=4))


def record_locked(
    connection: Connection, engine: Engine, outcomes: Sequence[Outcome], locked: Mapping[str, Stand]
) -> bool:
    """Write outcomes, plan the next touches, keep suppressions and tasks that follow from them.

    Inside a transaction that has locked the enrollments; `locked` is how they stood then. True: some may stand
    otherwise now, because something was heard, ended or entered a stage.
    """
    now = engine.clock.now()
    put_back = [outcome for outcome in outcomes if outcome.keeps]
    given_back = [outcome for outcome in outcomes if outcome.state is TouchState.PLANNED and not outcome.keeps]
    finished = [outcome for outcome in outcomes if outcome.state is not TouchState.PLANNED]
    touches.put_back(connection, [_kept_row(outcome) for outcome in put_back])
    touches.give_back(connection, _returns(connection, given_back, now))
    kept = touches.finish(connection, [_finish_row(outcome, now) for outcome in finished])
    finished = [
        outcome for outcome in finished if outcome.ready.touch_id in kept or _came_late(connection, outcome, now)
    ]
    _insert_tasks(connection, engine, finished, now)
    _remember_people(connection, finished)
    news = [_news(outcome, outcome.news, now) for outcome in finished if outcome.news]
    for event in news:
        react.apply(connection, engine, event)
    states = enrollments.lock(connection, locked) if news else locked  # what was heard may have ended some
    known = [outcome for outcome in finished if outcome.state is not TouchState.UNKNOWN]
    return _go_on(connection, engine, known, states, now=now) or bool(news)


def _came_late(connection: Connection, outcome: Outcome, now: datetime) -> bool:
    """The lease ran out and the touch was taken to be unknown; now we know that it was sent after all."""
    if outcome.state is not TouchState.SENT:
        return False
    return touches.resolve(connection, outcome.ready.touch_id, TouchState.SENT, now=now, why="the answer came late")


def _returns(connection: Connection, outcomes: Sequence[Outcome], now: datetime) -> list[dict[str, Any]]:
    """Blocks without an end are asked about once more here, under the lock: what caused them may be gone."""
    endless = [outcome.ready.subject for outcome in outcomes if outcome.block and outcome.block.until is None]
    found = standings(connection, endless) if endless else {}
    rows = []
    for outcome in outcomes:
        block = outcome.block
        if outcome.ready.touch_id in found:
            block = first_block(found[outcome.ready.touch_id], now)
        rows.append(_return_row(outcome, block, now))
    return rows


def _return_row(outcome: Outcome, block: Block | None, now: datetime) -> dict[str, Any]:
    due_at = now if block is None else block.until
    return {
        "id": outcome.ready.touch_id,
        "claim_id": outcome.ready.touch["claim_id"],
        "due_at": due_at,
        "closes_at": due_at,  # the window is looked up again when it is due
        "block": block.because if block else None,
    }


def _kept_row(outcome: Outcome) -> dict[str, Any]:
    """As it was when it was taken."""
    kept = {name: outcome.ready.touch[name] for name in ("id", "claim_id", "due_at", "closes_at", "attempts")}
    return {**kept, "block": outcome.why[:500] or (outcome.block.because if outcome.block else None)}


def _finish_row(outcome: Outcome, now: datetime) -> dict[str, Any]:
    touch, receipt = outcome.ready.touch, outcome.receipt
    is_sent = outcome.state is TouchState.SENT
    row = {
        "id": touch["id"],
        "claim_id": touch["claim_id"],
        "state": outcome.state,
        "finished_at": now,
        "sent_at": now if is_sent else None,
        "provider_id": receipt.provider_id or None,
        "thread_id": receipt.thread_id or None,
        "server_reply": receipt.reply[:500] or None,
        "reason": outcome.why[:500] or None,
        "recipient": outcome.ready.message.to or touch["recipient"],
        "subject": outcome.ready.message.subject or None,
        "wording": outcome.ready.message.wording[:2_000] or None,
    }
    if receipt.message_id:  # else it stays as it was; what is not written costs its indexes nothing
        row["message_id"] = receipt.message_id
    if outcome.state not in COUNTED:
        row["used_at"] = None
    return row


def _insert_tasks(connection: Connection, engine: Engine, outcomes: Sequence[Outcome], now: datetime) -> None:
    rows = [task_row(engine, outcome.ready, now) for outcome in outcomes if _wants_a_person(outcome)]
    if rows:
        connection.execute(tasks.insert(), rows)


def _news(outcome: Outcome, kind: EventKind, now: datetime) -> Event:
    """What a provider's answer says about the person, as if it had come by webhook."""
    ready = outcome.ready
    address = (address_kind(ready.step.channel), ready.subject.recipient or ready.message.to)
    return Event(
        key=f"{kind}:{ready.touch_id}",
        kind=kind,
        at=now,
        channel=ready.step.channel,
        clues=Clues(tokens=(ready.touch_id,), addresses=(address,)),
        reason=outcome.why[:500],
        is_hard=kind is EventKind.BOUNCED,
    )


def _remember_people(connection: Connection, outcomes: Sequence[Outcome]) -> None:
    """The provider's own id of a person, which its later news may name alone."""
    for outcome in outcomes:
        if outcome.receipt.recipient_id:
            touch = outcome.ready.touch
            kind = address_kind(outcome.ready.step.channel)
            stops.know_person(connection, touch["lead_id"], kind, outcome.receipt.recipient_id)


def _wants_a_person(outcome: Outcome) -> bool:
    if outcome.state is TouchState.SENT:
        return outcome.ready.is_task
    return outcome.state is TouchState.FAILED and outcome.ready.step.on_failure is OnFailure.TASK


def _go_on(
    connection: Connection,
    engine: Engine,
    outcomes: Sequence[Outcome],
    states: Mapping[str, Stand],
    *,
    now: datetime,
) -> bool:
    """Plan what follows for enrollments that are not over; True if some ended or moved to another stage."""
    going = [o for o in outcomes if states[o.ready.touch["enrollment_id"]].state != EnrollmentState.FINISHED]
    first = [move for outcome in going if (move := _first_touch(engine, outcome))]
    moved = move_stages(connection, engine, first, now)
    elsewhere = [o.ready.touch["enrollment_id"] for o in going if _is_elsewhere(o, states)]
    enrollments.look_now(connection, elsewhere, now)
    here = [outcome for outcome in going if not _is_elsewhere(outcome, states)]
    moves = NextMoves(engine, now)
    return carry_out(connection, engine, [_planned(moves, outcome) for outcome in here], now) or bool(moved)


def _is_elsewhere(outcome: Outcome, states: Mapping[str, Stand]) -> bool:
    """The enrollment was moved to another revision while this touch was under way: its path is another one by now."""
    touch = outcome.ready.touch
    return bool(states[touch["enrollment_id"]].revision_id != touch["revision_id"])


def _first_touch(engine: Engine, outcome: Outcome) -> Any:
    ready = outcome.ready
    stage = ready.revision.sequence.stages.get(Trigger.FIRST_TOUCH)
    if not (ready.touch["is_first"] and outcome.state is TouchState.SENT and stage):
        return None
    reason = f"first touch of sequence {ready.revision.sequence.name}"
    return stage_move(engine, ready.row["enrollments_lead_id"], ready.revision.pipeline, stage=stage, reason=reason)


def _planned(moves: NextMoves, outcome: Outcome) -> Planned:
    ready = outcome.ready
    return Planned(
        row=ready.row,
        addresses=ready.addresses,
        sequence=ready.revision.sequence,
        pipeline=ready.revision.pipeline,
        move=moves.after(ready, outcome.state),
    )
