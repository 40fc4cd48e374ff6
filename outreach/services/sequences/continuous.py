"""Sequences that enroll by themselves: whoever begins to match `enter.when` is put in, without anybody asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection, exists, func, select, update

from outreach.content.revision import Revision
from outreach.domain import window
from outreach.domain.enrollment import EnrollmentState, FinishReason
from outreach.domain.pipeline import Status
from outreach.services.sending.engine import Engine
from outreach.services.sequences.enroll import Summary, enroll_some
from outreach.store import audit, stops
from outreach.store.tables import enrollments, facts, leads, sequences

log = structlog.get_logger()

_PLACE = "continuous"
"""Fact: sequence → when its present round began, and the last lead that was asked; no lead: the round is over."""

_CHUNK = 500
_MOST_CHUNKS = 10
"""Leads are asked in chunks, some of them in each sweep, so that a long list does not hold up what else is swept."""


@dataclass(frozen=True, slots=True)
class _Asked:
    summary: Summary
    is_over: bool


def enroll_matching(engine: Engine) -> dict[str, Summary]:
    """Ask for every sequence with `enter.auto` whose time has come; what came of it, where anybody was asked."""
    with engine.store.read() as connection:
        wanted = _automatic(connection, engine)
    found: dict[str, Summary] = {}
    for name, revision in wanted.items():
        summary = _some_chunks(engine, name, revision)
        if summary.asked:
            found[name] = summary
    return found


def _automatic(connection: Connection, engine: Engine) -> dict[str, Revision]:
    """Applied sequences that enroll by themselves and are not paused."""
    paused = {(row["scope"], row["value"]) for row in stops.paused(connection)}
    if any(scope == "all" for scope, _ in paused):
        return {}
    rows = connection.execute(select(sequences.c.name, sequences.c.revision_id).order_by(sequences.c.name)).all()
    applied = {row.name: engine.revisions.get(connection, row.revision_id) for row in rows}
    return {
        name: revision
        for name, revision in applied.items()
        if revision.sequence.enter.auto and ("sequence", name) not in paused
    }


def _some_chunks(engine: Engine, name: str, revision: Revision) -> Summary:
    total = Summary()
    for _ in range(_MOST_CHUNKS):
        asked = engine.store.write(partial(_chunk, engine=engine, name=name, revision=revision))
        total.add(asked.summary)
        if asked.is_over:
            break
    if total.enrolled or total.held_out:
        log.info("enrolled_by_itself", sequence=name, enrolled=total.enrolled, held_out=total.held_out)
    return total


def _chunk(connection: Connection, *, engine: Engine, name: str, revision: Revision) -> _Asked:
    """One chunk under the lock of the place, which makes several schedulers take turns."""
    now = engine.clock.now()
    places = _locked_places(connection)
    place = places.get(name)
    if place is None or place["after"] is None:
        if place is not None and not _is_time(engine, revision, place, now):
            return _Asked(Summary(), is_over=True)
        place = {"began_at": now.isoformat(), "after": ""}
    room = _room_today(connection, engine, revision, now)
    if room == 0:
        return _Asked(Summary(), is_over=True)
    ids = _candidates(connection, revision, place["after"])
    summary = enroll_some(connection, engine, name, ids, most=room)
    _note(connection, engine, name, summary, now)
    asked_all = summary.asked == len(ids)
    is_over = asked_all and len(ids) < _CHUNK
    last = ids[summary.asked - 1] if summary.asked else place["after"]
    _keep_places(connection, {**places, name: {**place, "after": None if is_over else last}})
    return _Asked(summary, is_over=is_over or not asked_all)


def _is_time(engine: Engine, revision: Revision, place: Mapping[str, Any], now: datetime) -> bool:
    zone = ZoneInfo(_first_zone(engine, revision))
    return now >= window.add(revision.sequence.enter.every, datetime.fromisoformat(place["began_at"]), zone)


def _first_zone(engine: Engine, revision: Revision) -> str:
    return engine.sender(revision.sequence.senders[0]).zone


def _room_today(connection: Connection, engine: Engine, revision: Revision, now: datetime) -> int | None:
    """How many may still enter in the day of the sequence's first sender; None: as many as match."""
    most = revision.sequence.enter.max_per_day
    if most is None:
        return None
    midnight, _ = window.local_day_bounds(now, ZoneInfo(_first_zone(engine, revision)))
    statement = select(func.count()).where(
        enrollments.c.sequence == revision.sequence.name,
        enrollments.c.entered_at >= midnight,
        enrollments.c.reason.is_distinct_from(FinishReason.HELD_OUT),
    )
    return max(most - connection.execute(statement).scalar_one(), 0)


def _candidates(connection: Connection, revision: Revision, after: str) -> list[str]:
    """The next leads, by id, who are in no sequence and never were in this one."""
    sequence = revision.sequence
    kept_out = (Status.DO_NOT_CONTACT,) if sequence.enter.customers else (Status.DO_NOT_CONTACT, Status.CUSTOMER)
    known = exists(
        select(enrollments.c.id).where(
            enrollments.c.lead_id == leads.c.id,
            (enrollments.c.sequence == sequence.name) | (enrollments.c.state != EnrollmentState.FINISHED),
        )
    )
    statement = (
        select(leads.c.id)
        .where(leads.c.id > after, leads.c.status.not_in(kept_out), ~known)
        .order_by(leads.c.id)
        .limit(_CHUNK)
    )
    return list(connection.execute(statement).scalars())


def _note(connection: Connection, engine: Engine, name: str, summary: Summary, now: datetime) -> None:
    if summary.enrolled or summary.held_out:
        data = {"enrolled": summary.enrolled, "held_out": summary.held_out}
        audit.write(connection, now=now, actor="engine", action="enroll", subject=name, data=data)


def _locked_places(connection: Connection) -> dict[str, Any]:
    statement = select(facts.c.value).where(facts.c.name == _PLACE).with_for_update()
    found = connection.execute(statement).scalar()
    if found is None:
        connection.execute(facts.insert().values(name=_PLACE, value={}))
    return dict(found or {})


def _keep_places(connection: Connection, places: Mapping[str, Any]) -> None:
    connection.execute(update(facts).where(facts.c.name == _PLACE).values(value=dict(places)))
