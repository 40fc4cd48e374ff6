"""Where enrollments go after their touches ended, all at one instant."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime

from outreach.domain.planner import Had, Move, following_touch, next_move
from outreach.domain.sequence import Sequence
from outreach.domain.touch import TouchState
from outreach.services.sending.batch import Ready
from outreach.services.sending.engine import Engine
from outreach.services.sending.facts import holidays_of, path_facts, zone_of


class NextMoves:
    """Asks the planner once for all who end the same touch in the same way, where the answer cannot differ."""

    def __init__(self, engine: Engine, now: datetime) -> None:
        self._engine = engine
        self._now = now
        self._known: dict[Hashable, Move] = {}
        self._following: dict[tuple[str, str], str | None] = {}

    def after(self, ready: Ready, state: TouchState) -> Move:
        """The move of this enrollment, whose touch has just come to `state`."""
        key = self._key(ready, state)
        if key is None:
            return self._alone(ready, state)
        if key not in self._known:
            self._known[key] = self._alone(ready, state)
        return self._known[key]

    def _alone(self, ready: Ready, state: TouchState) -> Move:
        facts = path_facts(
            ready.revision.sequence,
            ready.row,
            ready.siblings,
            sender=self._engine.sender(ready.row["enrollments_sender"]),
            team=self._engine.sender,
            ended={ready.step.id: Had(state, self._now)},
        )
        return next_move(facts, self._now)

    def _key(self, ready: Ready, state: TouchState) -> Hashable | None:
        """What the move depends on; None where it is a person's own."""
        row, step_id, sequence = ready.row, ready.step.id, ready.revision.sequence
        following = self._following_of(row["enrollments_revision_id"], step_id, sequence)
        if following is None or row["enrollments_cursor"] != step_id:
            return None
        if len(ready.siblings) > 1 and any(touch["step"] == following for touch in ready.siblings):
            return None  # it has been there before, by another revision's way
        sender = row["enrollments_sender"] if sequence.schedule.timezone == "sender" else None
        zone = zone_of(sequence.schedule, row, self._engine.sender(row["enrollments_sender"]))
        holidays: Callable[..., bool] = holidays_of(sequence.schedule, row["leads_country"])
        return row["enrollments_revision_id"], step_id, state, sender, zone, holidays

    def _following_of(self, revision_id: str, step_id: str, sequence: Sequence) -> str | None:
        key = (revision_id, step_id)
        if key not in self._following:
            self._following[key] = following_touch(sequence, step_id)
        return self._following[key]
