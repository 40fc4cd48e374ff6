"""Counts from packed days, as of the instant they were packed. What each count is, the statements of `store` say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from outreach.services.measuring import packed_leads, packed_stages, packed_touches
from outreach.services.measuring.packed_rows import PackedRows
from outreach.store.measures import Groups, Question
from outreach.store.rollup_rows import TOUCHES
from outreach.store.stage_measures import Arm, Flow, Stage, Standing

_COUNTS: Mapping[str, Callable[[PackedRows, Question], Groups]] = {
    "touches": packed_touches.sent,
    "hours": packed_touches.reply_hours,
    "until": packed_touches.touches_to_reply,
    "meetings": packed_leads.meetings,
    "created": packed_leads.created,
    "sales": packed_leads.sales,
    "cycles": packed_leads.cycle_days,
    "tasks": packed_leads.work_done,
    "offers": packed_leads.offers,
}


class Packed:
    """A source (`source.py`) of counts as of one instant."""

    def __init__(self, connection: Connection, rows: PackedRows | None = None) -> None:
        self.connection = connection
        self.rows = rows or PackedRows(connection)
        self.rows.connection = connection
        self._visits: dict[tuple[datetime, datetime], packed_stages.Visits] = {}

    def prepare(self, touched: Question, visited: Question) -> None:
        """Read the touches of the first span at once; every other span is cut from it."""
        self.rows.hold(TOUCHES, touched.start_at, touched.end_at)

    def count(self, what: str, question: Question) -> Groups:
        return _COUNTS[what](self.rows, question)

    def by_quarter(self, question: Question) -> tuple[dict[int, int], dict[int, int]]:
        return packed_touches.by_quarter(self.rows, question)

    def cohorts(self, question: Question, starts: Sequence[datetime]) -> dict[tuple[int, int | None], int]:
        return packed_touches.cohorts(self.rows, question, starts)

    def cycle_lengths(self, question: Question) -> dict[str, list[float]]:
        return packed_leads.cycle_lengths(self.rows, question)

    def flows(self, question: Question) -> list[Flow]:
        return [] if question.asks_for_touches else packed_stages.flows(self.rows, self._of(question), question)

    def days_in_stage(self, question: Question) -> Groups:
        if question.asks_for_touches:
            return {}
        return packed_stages.days_in_stage(self.rows, self._of(question), question)

    def drop_offs(self, question: Question, closed: Collection[Stage]) -> list[tuple[Flow, str]]:
        if question.asks_for_touches:
            return []
        return packed_stages.drop_offs(self.rows, self._of(question), question, closed)

    def moves(self, question: Question) -> list[Flow]:
        return [] if question.asks_for_touches else packed_stages.moves(self.rows, question)

    def furthest(self, question: Question, order: Mapping[Stage, int]) -> dict[tuple[str, int], int]:
        if question.asks_for_touches or not order:
            return {}
        return packed_stages.furthest(self.rows, self._of(question), question, order)

    def outcomes(
        self, question: Question, closed: Sequence[Stage], *, by_meeting: bool = False
    ) -> dict[Stage, tuple[int, int]]:
        return packed_stages.outcomes(self.rows, question, closed, by_meeting=by_meeting)

    def standing(self, closed: Collection[Stage]) -> list[Standing]:
        return packed_stages.standing(self.rows, closed)

    def arms(self, question: Question) -> list[Arm]:
        return packed_stages.arms(self.rows, question)

    def _of(self, question: Question) -> packed_stages.Visits:
        """The visits of a span, worked out once. Who is asked for makes no difference."""
        span = question.start_at, question.end_at
        if span not in self._visits:
            self._visits[span] = packed_stages.visits_of(self.rows, question)
        return self._visits[span]
