"""What happens to leads counted from packed days: meetings, sales, tasks done, offers."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from outreach.domain.event import EventKind
from outreach.services.measuring.packed_rows import Grouped, PackedRows, grouped
from outreach.store.column_types import to_microseconds
from outreach.store.columns import NOTHING, Array, Frame
from outreach.store.measures import Groups, Question
from outreach.store.rollup_rows import MOVES, THINGS

Stage = tuple[str, str]


def created(rows: PackedRows, question: Question) -> Groups:
    """Leads that came in; they belong to no touch."""
    if question.asks_for_touches:
        return {}
    frame = rows.leads().frame
    numbers = np.flatnonzero(rows.leads().exists & span(frame["created_at"], question))
    came = frame.where(numbers).beside("lead", numbers)
    each = grouped(rows, came, question, checked=False)
    counts = each.sums()
    return {each.names[group]: {"leads": counts[group]} for group in each.present()}


def span(at: Array, question: Question) -> Array:
    """Which of these instants are in the span."""
    found: Array = (at >= to_microseconds(question.start_at)) & (at < to_microseconds(question.end_at))
    return found


def latest(rows: PackedRows, leads: Array, at: Array) -> Array:
    """Of every lead, by its number: the latest of these instants that belong to it, or `NOTHING`."""
    found = np.full(len(rows.leads()), NOTHING)
    known = rows.leads().inside(leads)
    np.maximum.at(found, leads[known], at[known])
    return found


def things(rows: PackedRows, kind: str, question: Question | None = None) -> Frame:
    """What happened of one kind, in the span of the question or ever."""
    frame = rows.of(THINGS, question.start_at, question.end_at) if question else rows.of(THINGS, None, None)
    return frame.where(frame["kind"] == frame.find("kind", kind))


def meetings(rows: PackedRows, question: Question) -> Groups:
    """Meetings booked in the span and not cancelled since."""
    booked, cancelled = things(rows, EventKind.BOOKED, question), things(rows, EventKind.CANCELLED)
    gone = latest(rows, cancelled["lead"], cancelled["at"])
    booked = booked.where(rows.leads().inside(booked["lead"]))
    stands = gone[booked["lead"]] < booked["at"]
    each = grouped(rows, booked.where(stands), question, checked=False)
    counts = each.sums()
    return {each.names[group]: {"meetings": counts[group]} for group in each.present()}


def is_stage(frame: Frame, name: str, stages: Collection[Stage]) -> Array:
    """Of which rows (pipeline, that column) is one of these stages."""
    found = np.zeros(len(frame), dtype=bool)
    for pipeline, stage in stages:
        places = frame.find("pipeline", pipeline), frame.find(name, stage)
        if min(places) >= 0:
            found |= (frame["pipeline"] == places[0]) & (frame[name] == places[1])
    return found


def closings(rows: PackedRows, question: Question) -> tuple[Frame, Array]:
    """The last closing of each lead in the span, and which of them are sales."""
    frame = rows.of(MOVES, question.start_at, question.end_at)
    is_won = is_stage(frame, "to_stage", question.won) & ~is_stage(frame, "from_stage", question.won)
    is_lost = is_stage(frame, "to_stage", question.lost) & ~is_stage(frame, "from_stage", question.lost)
    closed = np.flatnonzero(is_won | is_lost)
    last = np.full(int(frame["lead"].max()) + 1 if len(frame) else 0, -1)
    last[frame["lead"][closed]] = closed  # in the order they happened: the last one stays
    last = np.sort(last[last >= 0])
    return frame.where(last), is_won[last]


def _sold(rows: PackedRows, question: Question) -> tuple[Grouped, Array]:
    """Closings by group, and which of them are sales."""
    frame, is_won = closings(rows, question)
    marked = frame.beside("is_won", is_won)
    each = grouped(rows, marked, question, checked=True)
    return each, each.frame["is_won"]


def sales(rows: PackedRows, question: Question) -> Groups:
    """Leads closed, won and lost in the span, and the value of those won."""
    each, is_won = _sold(rows, question)
    value = rows.leads().frame["value"][each.frame["lead"]]
    valued = is_won & ~np.isnan(value)
    closed, won, with_value = each.sums(), each.sums(is_won), each.sums(valued)
    sums = each.added(np.where(valued, value, 0.0))
    return {
        each.names[group]: {
            "closed": closed[group],
            "won": won[group],
            "won_value": sums[group],
            "won_with_value": with_value[group],
        }
        for group in each.present()
    }


def _cycles(rows: PackedRows, question: Question) -> tuple[Grouped, Array]:
    each, is_won = _sold(rows, question)
    days = (each.frame["at"] - rows.leads().frame["created_at"][each.frame["lead"]]) / 1_000_000.0 / 86_400.0
    return Grouped(each.frame, each.group[is_won], each.names), days[is_won]


def cycle_days(rows: PackedRows, question: Question) -> Groups:
    """The median of the days from coming in to being won."""
    each, days = _cycles(rows, question)
    return {name: {"cycle_days": value} for name, value in each.medians(days).items()}


def cycle_lengths(rows: PackedRows, question: Question) -> dict[str, list[float]]:
    """The days of each sale, by group, the shortest first."""
    each, days = _cycles(rows, question)
    return {each.names[group]: sorted(float(size) for size in days[each.group == group]) for group in each.present()}


def work_done(rows: PackedRows, question: Question) -> Groups:
    """Tasks done in the span."""
    each = grouped(rows, things(rows, "task", question), question, checked=True)
    done, calls = each.sums(), each.sums(each.frame["task"] == each.frame.find("task", "call"))
    return {each.names[group]: {"tasks_done": done[group], "calls": calls[group]} for group in each.present()}


def offers(rows: PackedRows, question: Question) -> Groups:
    """First and further moves into a stage of proposals."""
    moved = rows.of(MOVES, question.start_at, question.end_at)
    each = grouped(rows, moved.where(moved["is_further"] != NOTHING), question, checked=True)
    first, further = each.sums(each.frame["is_further"] == 0), each.sums(each.frame["is_further"] == 1)
    return {each.names[group]: {"proposals": first[group], "offers": further[group]} for group in each.present()}
