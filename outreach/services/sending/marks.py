"""The last look and the mark `handed_over`, together, for every message that stands at its point of no return now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from outreach.domain.rules import Block, first_block
from outreach.services.sending.engine import Engine
from outreach.services.sending.standings import Subject, standings
from outreach.store import enrollments, touches
from outreach.store.enrollments import Stand

LOST = Block("the claim is another worker's by now", is_final=False)


def mark(engine: Engine, owner: str, subjects: Sequence[Subject]) -> list[Block | None]:
    """One transaction: None for each touch that may go (it is marked), else why not."""

    def work(connection: Connection) -> list[Block | None]:
        engine.store.lock_marks(connection)
        locked = enrollments.lock(connection, (subject.enrollment_id for subject in subjects))
        return mark_locked(connection, engine, owner, subjects, locked)

    return engine.store.write(work)


def mark_locked(
    connection: Connection, engine: Engine, owner: str, subjects: Sequence[Subject], locked: Mapping[str, Stand]
) -> list[Block | None]:
    """The same inside a transaction that holds the locks: `lock_marks`, then the enrollments, who stand as `locked`."""
    now = engine.clock.now()
    blocks = look(connection, subjects, locked, now)
    going = [subject for subject in subjects if blocks[subject.touch_id] is None]
    marked = touches.mark(connection, [_mark(subject, owner, now) for subject in going])
    return [_verdict(subject, blocks[subject.touch_id], marked) for subject in subjects]


def _mark(subject: Subject, owner: str, now: datetime) -> dict[str, Any]:
    return {"id": subject.touch_id, "claim_id": subject.claim_id, "owner": owner, "handed_over_at": now}


def look(
    connection: Connection, subjects: Sequence[Subject], locked: Mapping[str, Stand], now: datetime
) -> dict[str, Block | None]:
    """What the rules say of each touch, by its id."""
    found = standings(connection, subjects, locked)
    return {subject.touch_id: first_block(found[subject.touch_id], now) for subject in subjects}


def _verdict(subject: Subject, block: Block | None, marked: set[str]) -> Block | None:
    if block is not None:
        return block
    return None if subject.touch_id in marked else LOST
