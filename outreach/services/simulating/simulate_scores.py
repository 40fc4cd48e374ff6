"""What the rules would make of the present list, without writing: the spread before and after, and who qualifies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from outreach.domain.scoring import Scoring, total
from outreach.services.pipeline.score import CHUNK, NOT_MOVED, lines_of, upwards
from outreach.services.sending.engine import Engine
from outreach.services.watching.plain import plain
from outreach.store import scores
from outreach.store.tables import leads
from outreach.store.within import within

STEP = 10
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Mover:
    """A lead that would move up, with the score it would have."""

    lead_id: str
    name: str
    pipeline: str
    stage: str
    score: int


@dataclass(slots=True, kw_only=True)
class ScoreSimulation:
    """Counts of leads. The keys of `before` and `after` are where steps of ten points begin."""

    leads: int = 0
    changed: int = 0
    before: Counter[int] = field(default_factory=Counter)
    after: Counter[int] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)  # rule → leads it gives or takes points
    qualifying: int = 0
    movers: list[Mover] = field(default_factory=list)  # some of those who would move up, the highest score first

    def to_json(self) -> Any:
        return plain({**{name: getattr(self, name) for name in self.__slots__}, "step": STEP})


def simulate_scores(engine: Engine, scoring: Scoring, on_progress: Any = lambda _: None) -> ScoreSimulation:
    """Read every lead in chunks, each in a transaction of its own."""
    found, after = ScoreSimulation(), ""
    while True:
        with engine.store.read() as connection:
            ids = scores.ids_after(connection, after, CHUNK)
            if not ids:
                return found
            _add(connection, engine, scoring, ids, found)
        after = ids[-1]
        on_progress(len(ids))


def _add(connection: Connection, engine: Engine, scoring: Scoring, ids: list[str], found: ScoreSimulation) -> None:
    lines = lines_of(connection, scoring, ids, engine.clock.now())
    ruled = scores.points_of(connection, ids)
    reached: list[scores.Candidate] = []
    names: dict[str, str] = {}
    columns = (leads.c.id, leads.c.score, leads.c.pipeline, leads.c.stage, leads.c.first_name, leads.c.last_name)
    for row in connection.execute(select(*columns).where(within(leads.c.id, ids)).order_by(leads.c.id)):
        new = row.score - ruled.get(row.id, 0) + total(lines[row.id])
        found.leads += 1
        found.changed += new != row.score
        found.before[row.score // STEP * STEP] += 1
        found.after[new // STEP * STEP] += 1
        found.by_rule.update(str(line.rule) for line in lines[row.id] if line.points)
        names[row.id] = " ".join(part for part in (row.first_name, row.last_name) if part)
        if scoring.qualified_at is not None and new >= scoring.qualified_at:
            reached.append(scores.Candidate(row.id, row.pipeline, row.stage, new))
    moves = upwards(connection, engine, scoring, _contactable(connection, reached))
    found.qualifying += len(moves)
    movers = [Mover(lead_id, names[lead_id], pipeline, stage, score) for lead_id, pipeline, stage, score in moves]
    found.movers = sorted([*found.movers, *movers], key=lambda each: -each.score)[:_MOST_NAMED]


def _contactable(connection: Connection, reached: list[scores.Candidate]) -> list[scores.Candidate]:
    ids = [each.lead_id for each in reached]
    statement = select(leads.c.id).where(within(leads.c.id, ids), leads.c.status.not_in(NOT_MOVED))
    may = set(connection.execute(statement).scalars())
    return [each for each in reached if each.lead_id in may]
