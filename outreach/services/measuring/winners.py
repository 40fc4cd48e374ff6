"""`winner: auto`: looks at the trials of variants and keeps what is decided.

Once an hour, for every revision that people enter or are in. A touch counts when it was sent `PATIENCE` ago, so that
people had time to answer; touches of every revision whose texts of that step are the same count together. How often
the numbers are looked at, and what is sure, is `domain/winner.py`'s. What is decided stays decided for these texts:
other texts are another trial.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, RowMapping

from outreach.content.trials import StepTrial
from outreach.domain import winner
from outreach.domain.notice import Notice, NoticeKind
from outreach.domain.winner import Arm, Looks, Won
from outreach.services.sending import rounds
from outreach.services.sending.engine import Engine
from outreach.services.watching import notices
from outreach.store import audit
from outreach.store import trials as store_trials

log = structlog.get_logger()

EVERY = timedelta(hours=1)
PATIENCE = timedelta(days=3)
ACTION = "variant won"
_BY = "engine"
_ROUND = "winners"


@dataclass(frozen=True, slots=True)
class Decision:
    """A variant that has won just now."""

    trial: StepTrial
    won: Won


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialView:
    """A trial of the revision people enter now. `people`: of the smallest variant at the last look.

    `counts` holds variant → (people, successes) of that look; before the first one it is empty.
    """

    sequence: str
    step: str
    measure: str
    variants: tuple[str, ...]
    winner: str | None
    decided_at: datetime | None
    p_value: float | None
    looks: int
    people: int
    counts: Mapping[str, tuple[int, int]]
    next_look_at: int | None  # so many people of every variant; None: it is decided


def look(engine: Engine) -> list[Decision]:
    """The round of the scheduler; what was decided in it. Does nothing until its time has come."""
    return look_now(engine) if rounds.is_time(engine, _ROUND, EVERY) else []


def look_now(engine: Engine) -> list[Decision]:
    """Every trial that is not decided."""
    with engine.store.read() as connection:
        waiting = list(_waiting(connection, engine))
        counted = [(trial, _arms(connection, engine, trial)) for trial in waiting]
    decided = [_look(engine, trial, arms) for trial, arms in counted]
    return [decision for decision in decided if decision]


def _waiting(connection: Connection, engine: Engine) -> Iterator[StepTrial]:
    """Each trial of the revisions in use once, without those that are decided."""
    in_use = {revision: name for name, revision in store_trials.applied(connection).items()}
    in_use |= store_trials.of_people_inside(connection)
    found = {
        (trial.sequence, trial.step, trial.fingerprint): trial
        for revision in sorted(in_use)
        for trial in engine.revisions.trials(connection, revision)
    }
    known = store_trials.of_sequences(connection, {sequence for sequence, _, _ in found}) if found else {}
    yield from (trial for key, trial in found.items() if key not in known or known[key]["winner"] is None)


def _arms(connection: Connection, engine: Engine, trial: StepTrial) -> list[Arm]:
    """What was counted of each variant, over all revisions in which its texts are the same."""
    of_all = store_trials.revisions_of(connection, trial.sequence)
    same = {each: since for each, since in of_all.items() if _has(connection, engine, each, trial)}
    until = engine.clock.now() - PATIENCE
    found = store_trials.counts(connection, trial.sequence, trial.step, since=same, until=until)
    return [_arm(trial, variant, found.get(variant, {})) for variant in trial.variants]


def _has(connection: Connection, engine: Engine, revision_id: str, trial: StepTrial) -> bool:
    trials = engine.revisions.trials(connection, revision_id)
    return any((each.step, each.fingerprint) == (trial.step, trial.fingerprint) for each in trials)


def _arm(trial: StepTrial, variant: str, counts: Mapping[str, int]) -> Arm:
    return Arm(variant, int(counts.get(trial.kpi.by) or 0), int(counts.get(trial.kpi.of) or 0))


def _look(engine: Engine, trial: StepTrial, arms: list[Arm]) -> Decision | None:
    """In one transaction: is it time, what is sure, and what was looked at."""
    won = engine.store.write(lambda connection: _look_locked(connection, engine, trial, arms))
    if won is None:
        return None
    log.info("variant_won", sequence=trial.sequence, step=trial.step, variant=won.variant, p_value=won.p_value)
    return Decision(trial, won)


def _look_locked(connection: Connection, engine: Engine, trial: StepTrial, arms: list[Arm]) -> Won | None:
    now = engine.clock.now()
    key = (trial.sequence, trial.step, trial.fingerprint)
    row = store_trials.locked(connection, key, measure=trial.trial.by, now=now)
    looks = Looks(row["looks"], row["people"])
    if row["winner"] is not None or not winner.is_time(arms, looks, trial.trial.at_least):
        return None
    won = winner.decide(arms, looks)
    after = winner.after(arms, looks)
    counts = {arm.variant: [arm.people, arm.successes] for arm in arms}
    seen = {"looks": after.made, "people": after.people, "looked_at": now, "counts": counts}
    store_trials.keep(connection, key, seen)
    if won is not None:
        _keep(connection, engine, trial, won, counts)
    return won


def _keep(connection: Connection, engine: Engine, trial: StepTrial, won: Won, counts: Mapping[str, list[int]]) -> None:
    now = engine.clock.now()
    revision_id = store_trials.applied(connection).get(trial.sequence)
    decided = {"winner": won.variant, "p_value": won.p_value, "decided_at": now, "revision_id": revision_id}
    store_trials.keep(connection, (trial.sequence, trial.step, trial.fingerprint), decided)
    data = {"variant": won.variant, "by": trial.trial.by, "counts": dict(counts), "p_value": round(won.p_value, 6)}
    subject = f"{trial.sequence}/{trial.step}"
    audit.write(connection, now=now, actor=_BY, action=ACTION, subject=subject, data=data)
    key = f"winner:{subject}:{trial.fingerprint}"
    notices.tell(
        connection, engine.notify, Notice(kind=NoticeKind.WINNER, key=key, text=_told(trial, won, counts)), now
    )


def _told(trial: StepTrial, won: Won, counts: Mapping[str, Sequence[int]]) -> str:
    people, hits = counts[won.variant]
    others = ", ".join(
        f"{name} {counts[name][1]:,} of {counts[name][0]:,}" for name in trial.variants if name != won.variant
    )
    return (
        f"{won.variant} has won in {trial.sequence}/{trial.step} by {trial.trial.by}: {hits:,} of {people:,} "
        f"against {others}. Who comes to the step from now on gets it. See: outreach report --by variant"
    )


def trials(connection: Connection, engine: Engine, sequence: str | None = None) -> list[TrialView]:
    """How the trials of what is applied now stand, of one sequence or of all."""
    applied = store_trials.applied(connection)
    wanted = {name: each for name, each in sorted(applied.items()) if sequence in (None, name)}
    running = [trial for each in wanted.values() for trial in engine.revisions.trials(connection, each)]
    rows = store_trials.of_sequences(connection, wanted) if running else {}
    return [_view(trial, rows.get((trial.sequence, trial.step, trial.fingerprint))) for trial in running]


def _view(trial: StepTrial, row: RowMapping | None) -> TrialView:
    looks = Looks(row["looks"], row["people"]) if row else Looks()
    won = row["winner"] if row else None
    return TrialView(
        sequence=trial.sequence,
        step=trial.step,
        measure=trial.trial.by,
        variants=trial.variants,
        winner=won,
        decided_at=row["decided_at"] if row else None,
        p_value=row["p_value"] if row else None,
        looks=looks.made,
        people=looks.people,
        counts={name: (people, hits) for name, (people, hits) in row["counts"].items()} if row else {},
        next_look_at=None if won else winner.next_look_at(looks, trial.trial.at_least),
    )


def said(view: TrialView) -> str:
    """One trial in a sentence: `story has won by reply_rate: 40 of 210 against main 12 of 205 (p = 0.0003)`."""
    if view.winner is None:
        looked = f"; undecided at {view.people:,}" if view.looks else ""
        return f"no winner by {view.measure} yet{looked}; looked at again with {view.next_look_at:,} people of each"
    others = ", ".join(f"{name} {_of(view, name)}" for name in view.variants if name != view.winner)
    sure = f" (p = {view.p_value:.2g})" if view.p_value is not None else ""
    return f"{view.winner} has won by {view.measure}: {_of(view, view.winner)} against {others}{sure}"


def _of(view: TrialView, variant: str) -> str:
    people, hits = view.counts.get(variant, (0, 0))
    return f"{hits:,} of {people:,}"
