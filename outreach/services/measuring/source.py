"""Where counts come from: read live from the tables, or counted from packed days. Both say the same.

`Live` asks the statements of `store/measures*.py`, which say what each count is; `packed_counts.py` counts the same
from columns, and a test holds it to them.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from importlib import import_module
from typing import Any, Protocol

from sqlalchemy import Connection

from outreach.content.configuration import ReportSettings
from outreach.services.sending.engine import Engine
from outreach.store import chart_measures, measures, measures_of_leads, rollups, stage_measures
from outreach.store.measures import Groups, Question
from outreach.store.stage_measures import Arm, Flow, Stage, Standing

LARGE = 20_000
"""More leads or touches than that, and days are packed."""
USABLE_FOR = timedelta(minutes=30)
"""What was packed longer ago is not counted from."""
_VERSION = 1  # of the rows that are packed: with another number everything is packed anew


class Source(Protocol):
    """Answers questions; each function says the same as the one of its name in the store."""

    @property
    def connection(self) -> Connection:
        """The reading transaction, for what is not counted."""

    def prepare(self, touched: Question, visited: Question) -> None:
        """Work out once what questions ask that say `is_laid_out`: of touches of that span, of visits of the other."""

    def count(self, what: str, question: Question) -> Groups: ...
    def by_quarter(self, question: Question) -> tuple[dict[int, int], dict[int, int]]: ...
    def cohorts(self, question: Question, starts: Sequence[datetime]) -> dict[tuple[int, int | None], int]: ...
    def cycle_lengths(self, question: Question) -> dict[str, list[float]]: ...
    def flows(self, question: Question) -> list[Flow]: ...
    def days_in_stage(self, question: Question) -> Groups: ...
    def drop_offs(self, question: Question, closed: Collection[Stage]) -> list[tuple[Flow, str]]: ...
    def moves(self, question: Question) -> list[Flow]: ...
    def furthest(self, question: Question, order: Mapping[Stage, int]) -> dict[tuple[str, int], int]: ...
    def outcomes(
        self, question: Question, closed: Sequence[Stage], *, by_meeting: bool = False
    ) -> dict[Stage, tuple[int, int]]: ...
    def standing(self, closed: Collection[Stage]) -> list[Standing]: ...
    def arms(self, question: Question) -> list[Arm]: ...


_COUNTS = {
    "touches": measures.sent,
    "hours": measures.reply_hours,
    "until": measures.touches_to_reply,
    "meetings": measures_of_leads.meetings,
    "created": measures_of_leads.created,
    "sales": measures_of_leads.sales,
    "cycles": measures_of_leads.cycle_days,
    "tasks": measures_of_leads.work_done,
    "offers": measures_of_leads.offers,
}


class Live:
    """Statements on the tables, as everything is in this transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def prepare(self, touched: Question, visited: Question) -> None:
        measures.lay_out(self.connection, touched)
        stage_measures.lay_out(self.connection, visited)

    def count(self, what: str, question: Question) -> Groups:
        return _COUNTS[what](self.connection, question)

    def by_quarter(self, question: Question) -> tuple[dict[int, int], dict[int, int]]:
        return chart_measures.by_quarter(self.connection, question)

    def cohorts(self, question: Question, starts: Sequence[datetime]) -> dict[tuple[int, int | None], int]:
        return chart_measures.cohorts(self.connection, question, starts)

    def cycle_lengths(self, question: Question) -> dict[str, list[float]]:
        return measures_of_leads.cycle_lengths(self.connection, question)

    def flows(self, question: Question) -> list[Flow]:
        return stage_measures.flows(self.connection, question)

    def days_in_stage(self, question: Question) -> Groups:
        return stage_measures.days_in_stage(self.connection, question)

    def drop_offs(self, question: Question, closed: Collection[Stage]) -> list[tuple[Flow, str]]:
        return stage_measures.drop_offs(self.connection, question, closed)

    def moves(self, question: Question) -> list[Flow]:
        return stage_measures.moves(self.connection, question)

    def furthest(self, question: Question, order: Mapping[Stage, int]) -> dict[tuple[str, int], int]:
        return stage_measures.furthest(self.connection, question, order)

    def outcomes(
        self, question: Question, closed: Sequence[Stage], *, by_meeting: bool = False
    ) -> dict[Stage, tuple[int, int]]:
        return stage_measures.outcomes(self.connection, question, closed, by_meeting=by_meeting)

    def standing(self, closed: Collection[Stage]) -> list[Standing]:
        return stage_measures.standing(self.connection, closed)

    def arms(self, question: Question) -> list[Arm]:
        return stage_measures.arms(self.connection, question)


def version_of(reports: ReportSettings) -> str:
    """Days that were packed in another way, or with other settings, are of no use."""
    return sha256(repr((_VERSION, reports.segment, reports.proposal_stages)).encode()).hexdigest()[:16]


def as_of(connection: Connection, reports: ReportSettings, now: datetime) -> datetime | None:
    """The instant everything packed is as of; None where there is nothing to count from."""
    noted = rollups.state(connection)
    if noted.get("version") != version_of(reports) or not noted.get("as_of"):
        return None
    at = datetime.fromisoformat(noted["as_of"])
    return at if at > now - USABLE_FOR else None


class KeptRows:
    """What one report read, for the next one as of the same instant. Whoever comes while it is in use reads alone."""

    def __init__(self) -> None:
        self._in_use = threading.Lock()
        self._at: datetime | None = None
        self._rows: Any = None

    @contextmanager
    def source(self, connection: Connection, at: datetime) -> Iterator[Source]:
        """The counts as of an instant."""
        if not self._in_use.acquire(blocking=False):
            yield _packed(connection)
            return
        try:
            found = _packed(connection, self._rows if self._at == at else None)
            self._at, self._rows = at, found.rows
            yield found
        finally:
            self._in_use.release()


def _packed(connection: Connection, rows: Any = None) -> Any:
    counts = import_module("outreach.services.measuring.packed_counts")  # only then its library is needed
    return counts.Packed(connection, rows)


@contextmanager
def opened(
    engine: Engine, reports: ReportSettings, kept: KeptRows | None = None, *, not_before: datetime | None = None
) -> Iterator[tuple[Source, datetime]]:
    """Where to count from, and as of when: packed days if there are any that are young enough, else the tables.

    `not_before`: what was packed before that instant is too old.
    """
    now = engine.clock.now()
    with rollups.snapshot(engine.store) as connection:
        at = as_of(connection, reports, now)
        if at is None or (not_before and at < not_before):
            measures.read_much(connection)
            yield Live(connection), now
        elif kept:
            with kept.source(connection, at) as source:
                yield source, at
        else:
            yield _packed(connection), at
