"""Marks and outcomes that are waiting at this moment, in one transaction.

An outcome is handed in before the next message on its connection asks for its mark, so no mark commits ahead of it:
what a kill leaves unknown is never more than the open connections.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from outreach.domain.rules import Block
from outreach.domain.touch import TouchState
from outreach.services.sending.engine import Engine
from outreach.services.sending.marks import mark_locked
from outreach.services.sending.outcomes import Outcome, record_locked
from outreach.services.sending.standings import Subject
from outreach.store import enrollments

Step = Subject | Outcome
"""A message that asks for its mark, or one that has its outcome."""


def write(engine: Engine, owner: str, steps: Sequence[Step]) -> list[Block | None]:
    """For each subject None if it is marked, else why not; None for each outcome: it is recorded."""
    subjects = [step for step in steps if isinstance(step, Subject)]
    outcomes = [step for step in steps if isinstance(step, Outcome)]

    def work(connection: Connection) -> list[Block | None]:
        if subjects:
            engine.store.lock_marks(connection)
        locked = enrollments.lock(connection, (_enrollment_of(step) for step in steps))
        if outcomes and record_locked(connection, engine, outcomes, locked):
            locked = enrollments.states(connection, locked)
        return mark_locked(connection, engine, owner, subjects, locked) if subjects else []

    blocks = iter(engine.store.write(work))
    if engine.journal:
        engine.journal.note(
            (each.ready.touch_id for each in outcomes if each.state is TouchState.SENT), engine.clock.now()
        )
    return [next(blocks) if isinstance(step, Subject) else None for step in steps]


def _enrollment_of(step: Step) -> str:
    return step.enrollment_id if isinstance(step, Subject) else str(step.ready.touch["enrollment_id"])
