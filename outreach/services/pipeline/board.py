"""A pipeline as a board: a column for each stage, with the leads that stand there longest on top."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from outreach.content.suggestions import did_you_mean
from outreach.domain.pipeline import Pipeline, Stage, StageKind
from outreach.errors import UsageError
from outreach.services.people.leads import LeadLine, lines_of
from outreach.services.sending.engine import Engine
from outreach.services.watching.forgotten import closed_stages
from outreach.services.watching.lead_page import reachable
from outreach.store import board as store_board
from outreach.store import figures, lead_lists

MOST_COUNTED = 10_000
CARDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One lead. `is_stale`: longer at its stage than the file allows; `is_forgotten`: without a next action."""

    lead: LeadLine
    since_at: datetime
    value: float | None
    is_stale: bool
    is_forgotten: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One stage. Counts end at MOST_COUNTED; `value` is of those that were counted and have one."""

    stage: str
    kind: str
    leads: int
    is_more: bool
    stale: int
    stale_after: str
    value: float
    valued: int
    requires: tuple[str, ...]
    moves: tuple[str, ...]  # the stages a lead of this one may move to
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    pipeline: str
    pipelines: tuple[str, ...]
    columns: tuple[Column, ...]


def board(engine: Engine, name: str = "") -> Board:
    """The board of that pipeline, else of the first. Raises UsageError for an unknown one."""
    names = tuple(sorted(engine.pipelines, key=lambda each: (each != "default", each)))
    chosen = name or next(iter(names), "")
    pipeline = engine.pipelines.get(chosen)
    if pipeline is None:
        raise UsageError(f"there is no pipeline '{chosen}'. {did_you_mean(chosen, names)}".strip())
    now = engine.clock.now()
    with engine.store.read() as connection:
        columns = tuple(_column(connection, engine, pipeline, stage, now) for stage in pipeline.stages)
    return Board(pipeline=pipeline.name, pipelines=names, columns=columns)


def _column(connection: Connection, engine: Engine, pipeline: Pipeline, stage: Stage, now: datetime) -> Column:
    since = _stale_since(stage, now)
    standing = store_board.standing(connection, pipeline.name, stage.name, most=MOST_COUNTED + 1)
    stale = store_board.stale(connection, pipeline.name, stage.name, since, most=MOST_COUNTED) if since else 0
    return Column(
        stage=stage.name,
        kind=str(stage.kind),
        leads=min(standing.leads, MOST_COUNTED),
        is_more=standing.leads > MOST_COUNTED,
        stale=stale,
        stale_after=str(stage.stale_after or ""),
        value=standing.value,
        valued=standing.valued,
        requires=stage.requires,
        moves=tuple(reachable(pipeline, stage.name)),
        cards=tuple(_cards(connection, engine, pipeline, stage, now)),
    )


def _stale_since(stage: Stage, now: datetime) -> datetime | None:
    return now - stage.stale_after.elapsed if stage.stale_after and stage.kind is StageKind.OPEN else None


def _cards(connection: Connection, engine: Engine, pipeline: Pipeline, stage: Stage, now: datetime) -> Iterator[Card]:
    since = _stale_since(stage, now)
    rows = lead_lists.tail_of_stage(connection, pipeline.name, stage.name, after=None, most=CARDS)
    ids = [row["id"] for row in rows]
    forgotten = figures.forgotten_among(connection, closed_stages(engine), now, ids) if ids else set()
    for row, line in zip(rows, lines_of(connection, rows), strict=True):
        yield Card(
            lead=line,
            since_at=row["stage_since_at"],
            value=_number((row["fields"] or {}).get("value")),
            is_stale=since is not None and row["stage_since_at"] <= since,
            is_forgotten=line.id in forgotten,
        )


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None
