"""Why a lead has its score: what was given, and what each rule adds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping

from outreach.domain.scoring import Line
from outreach.services.pipeline.score import lines_of
from outreach.services.sending.engine import Engine
from outreach.store import scores


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """What one rule gives now; 0 where it does not apply. `note` says how old what happened is, where it fades."""

    points: int
    rule: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreView:
    """The stored score and its parts. Points fade between two rounds: `is_behind` until the next one."""

    score: int
    given: int
    by_rules: int
    qualified_at: int | None
    is_behind: bool
    lines: tuple[ScoreLine, ...]


def explain_score(connection: Connection, engine: Engine, lead: RowMapping, now: datetime) -> ScoreView:
    """Of a row of `lead_rows.load`; without rules, what was given is the score."""
    lead_id, score = lead["leads_id"], lead["leads_score"]
    stored = scores.points_of(connection, [lead_id]).get(lead_id, 0)
    lines = lines_of(connection, engine.scoring, [lead_id], now)[lead_id] if engine.scoring else ()
    by_rules = sum(line.points for line in lines)
    return ScoreView(
        score=score,
        given=score - stored,
        by_rules=by_rules,
        qualified_at=engine.scoring.qualified_at if engine.scoring else None,
        is_behind=by_rules != stored,
        lines=tuple(ScoreLine(line.points, str(line.rule), _note(line, now)) for line in lines),
    )


def _note(line: Line, now: datetime) -> str:
    if not line.at:
        return ""
    ages = ", ".join(f"{(now - at).days} days ago" for at in line.at[:3])
    more = f" and {len(line.at) - 3} more" if len(line.at) > 3 else ""
    fading = f", half every {line.rule.half_life.days} days" if line.rule.half_life else ""
    return f" ({ages}{more}{fading})"
