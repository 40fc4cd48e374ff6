"""Scores: recalculated with each event that counts, and all of them on a schedule, because points fade.

The score of a lead is what was given (by an import, a `score` step, a person) plus what the rules add; `rule_scores`
keeps the second part, so the first survives every recalculation. At the threshold a lead moves up once: who was at
that stage before is never moved there again, and nobody is moved back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, RowMapping

from outreach.content.expressions import evaluate
from outreach.domain.event import EventKind
from outreach.domain.pipeline import Status
from outreach.domain.scoring import Line, Scoring, moves_up, sum_up, total
from outreach.domain.sender import Sender
from outreach.services.pipeline.requirements import BY_SCORE
from outreach.services.sending import rounds
from outreach.services.sending.engine import Engine
from outreach.services.sending.facts import lead_context
from outreach.services.sending.moves import move_stages, stage_move
from outreach.store import enrollments, lead_rows, scores, stops

log = structlog.get_logger()

CHUNK = 500
_MOST_CHUNKS = 20
"""Leads are scored in chunks, some in each sweep, so that a long list does not hold up what else is swept."""

_ROUND = "scoring"
_NOBODY = Sender(name="")
NOT_MOVED = (Status.DO_NOT_CONTACT, Status.BOUNCED, Status.NOT_INTERESTED, Status.CUSTOMER)
"""Whom no score moves."""

NO_RULES = Scoring()


@dataclass(frozen=True, slots=True)
class Scored:
    """How many leads were looked at, how many scores changed, and who moved up."""

    leads: int = 0
    changed: int = 0
    qualified: tuple[str, ...] = ()

    def with_(self, other: Scored) -> Scored:
        qualified = (*self.qualified, *other.qualified)
        return Scored(self.leads + other.leads, self.changed + other.changed, qualified)


def lines_of(
    connection: Connection, scoring: Scoring, lead_ids: Collection[str], now: datetime
) -> dict[str, tuple[Line, ...]]:
    """Lead → what each rule gives it."""
    rows = lead_rows.load(connection, lead_ids)
    asks = any(rule.condition for rule in scoring.rules)
    addresses = stops.addresses_of(connection, lead_ids) if asks else {}
    happened = scores.happened(connection, lead_ids, scoring.events, most=scoring.most_times)
    counted = scores.counts(connection, lead_ids) if _asks_for_events(scoring) else {}
    return {
        row["leads_id"]: _lines(scoring, row, addresses, happened.get(row["leads_id"], {}), (counted, now))
        for row in rows
    }


def _asks_for_events(scoring: Scoring) -> bool:
    return any("events" in rule.condition for rule in scoring.rules if rule.condition)


def _lines(
    scoring: Scoring,
    row: RowMapping,
    addresses: Mapping[str, Sequence[RowMapping]],
    happened: Mapping[EventKind, Sequence[datetime]],
    around: tuple[Mapping[str, Mapping[str, int]], datetime],
) -> tuple[Line, ...]:
    counted, now = around
    context: dict[str, object] = {}

    def holds(condition: str) -> bool:
        if not context:
            lead_id = row["leads_id"]
            context.update(lead_context(row, addresses.get(lead_id, ()), _NOBODY, now, events=counted.get(lead_id, {})))
        return evaluate(condition, context)

    return sum_up(scoring, holds, happened, now)


def rescore(connection: Connection, engine: Engine, lead_ids: Collection[str]) -> Scored:
    """Inside a transaction that has locked the enrollments of these leads: score them, and move up who qualifies."""
    scoring = engine.scoring
    if scoring is None or not lead_ids:
        return Scored()
    changed = _write(connection, scoring, lead_ids, engine.clock.now())
    return Scored(len(lead_ids), len(changed), tuple(_qualify(connection, engine, scoring, lead_ids)))


def rescore_after(connection: Connection, engine: Engine, kind: EventKind, lead_id: str) -> None:
    """The same for one lead, where a rule counts that kind of event, or asks for counts of events."""
    scoring = engine.scoring
    if scoring is not None and (kind in scoring.events or _asks_for_events(scoring)):
        rescore(connection, engine, [lead_id])


def _write(connection: Connection, scoring: Scoring, lead_ids: Collection[str], now: datetime) -> dict[str, int]:
    """Only what differs from what the rules gave before is locked and written."""
    wanted = {lead_id: total(lines) for lead_id, lines in lines_of(connection, scoring, lead_ids, now).items()}
    before = scores.points_of(connection, wanted)
    different = {lead_id: points for lead_id, points in wanted.items() if points != before.get(lead_id, 0)}
    return scores.write(connection, different, now)


def _qualify(connection: Connection, engine: Engine, scoring: Scoring, lead_ids: Collection[str]) -> list[str]:
    moves = [
        stage_move(engine, lead_id, engine.pipelines[pipeline], stage=stage, reason=f"score {score}", by=BY_SCORE)
        for lead_id, pipeline, stage, score in who_moves_up(connection, engine, scoring, lead_ids)
    ]
    moved = [move.lead_id for move in move_stages(connection, engine, moves, engine.clock.now())]
    inside = enrollments.open_of_leads(connection, moved) if moved else []
    enrollments.look_now(connection, inside, engine.clock.now())  # somebody may wait for this stage
    return moved


def who_moves_up(
    connection: Connection, engine: Engine, scoring: Scoring, lead_ids: Collection[str]
) -> list[tuple[str, str, str, int]]:
    """(lead, pipeline, new stage, score) of those who have reached the threshold and were never at that stage."""
    if scoring.qualified_at is None:
        return []
    found = scores.reached(connection, lead_ids, scoring.qualified_at, without=NOT_MOVED)
    return upwards(connection, engine, scoring, found)


def upwards(
    connection: Connection, engine: Engine, scoring: Scoring, candidates: Sequence[scores.Candidate]
) -> list[tuple[str, str, str, int]]:
    """The same of leads that have reached it, or will."""
    wanted: dict[str, tuple[str, str, str, int]] = {}
    for each in candidates:
        pipeline = engine.pipelines.get(each.pipeline)
        stage = moves_up(scoring, pipeline, each.stage) if pipeline else None
        if stage is not None:
            wanted[each.lead_id] = (each.lead_id, each.pipeline, stage.name, each.score)
    again = scores.were_at(connection, {lead_id: stage for lead_id, _, stage, _ in wanted.values()})
    return [move for lead_id, move in wanted.items() if lead_id not in again]


def score_chunk(engine: Engine, lead_ids: Sequence[str]) -> Scored:
    """One transaction for the scores, and one for those who move up, which locks enrollments first."""
    scoring = engine.scoring or NO_RULES
    now = engine.clock.now()
    changed = engine.store.write(lambda connection: _write(connection, scoring, lead_ids, now))
    with engine.store.read() as connection:
        upward = [move[0] for move in who_moves_up(connection, engine, scoring, lead_ids)]
    if not upward:
        return Scored(len(lead_ids), len(changed))

    def move_up(connection: Connection) -> list[str]:
        enrollments.lock(connection, enrollments.open_of_leads(connection, upward))
        return _qualify(connection, engine, scoring, upward)

    return Scored(len(lead_ids), len(changed), tuple(engine.store.write(move_up)))


def score_all(engine: Engine, on_progress: Any = lambda _: None) -> Scored:
    """Every lead, now."""
    done, after = Scored(), ""
    while lead_ids := _next(engine, after):
        done, after = done.with_(score_chunk(engine, lead_ids)), lead_ids[-1]
        on_progress(len(lead_ids))
    return done


def _next(engine: Engine, after: str) -> list[str]:
    with engine.store.read() as connection:
        return scores.ids_after(connection, after, CHUNK)


def score_by_schedule(engine: Engine) -> Scored:
    """The sweep: some chunks of the present round, and leads that came since. Other rules begin a round at once.

    Where the file is gone, one last round takes back what its rules gave.
    """
    if engine.scoring is None and not _was_scored(engine):
        return Scored()
    place = engine.store.write(lambda connection: _place(connection, engine))
    if place is None:
        return Scored()
    done = Scored()
    for _ in range(_MOST_CHUNKS):
        lead_ids = _next(engine, place["after"])
        if not lead_ids:
            break
        done, place["after"] = done.with_(score_chunk(engine, lead_ids)), lead_ids[-1]
    ended = {**place, "is_over": not _next(engine, place["after"])}
    if done.leads or not place["is_over"]:
        engine.store.write(lambda connection: rounds.keep(connection, _ROUND, ended))
    if done.changed:
        log.info("scored", leads=done.leads, changed=done.changed, qualified=len(done.qualified))
    return done


def _was_scored(engine: Engine) -> bool:
    with engine.store.read() as connection:
        place = rounds.read(connection, _ROUND)
    return bool(place.get("rules")) or not place.get("is_over", True)


def _place(connection: Connection, engine: Engine) -> dict[str, Any] | None:
    """Where to go on; None: nothing to do. New leads come behind the last, so a finished round goes on with them."""
    place, now = rounds.locked(connection, _ROUND), engine.clock.now()
    rules = _fingerprint(engine.scoring)
    if engine.scoring is None and not place.get("rules") and place.get("is_over", True):
        return None
    every = (engine.scoring or NO_RULES).every
    is_time = "began_at" not in place or now >= datetime.fromisoformat(place["began_at"]) + every
    if place.get("rules") != rules or (place["is_over"] and is_time and engine.scoring is not None):
        place = {"began_at": now.isoformat(), "after": "", "is_over": False, "rules": rules}
        rounds.keep(connection, _ROUND, place)
    return place


def _fingerprint(scoring: Scoring | None) -> str:
    return hashlib.sha256(repr(scoring).encode()).hexdigest() if scoring else ""
