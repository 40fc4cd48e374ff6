"""How leads go through the stages, counted from packed days."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from outreach.domain.event import EventKind
from outreach.services.measuring.packed_leads import is_stage, latest, span, things
from outreach.services.measuring.packed_rows import Grouped, PackedRows, grouped
from outreach.store.column_types import to_microseconds
from outreach.store.columns import NOTHING, Array, Frame
from outreach.store.measures import Groups, Question
from outreach.store.rollup_rows import ENROLLMENTS, MOVES
from outreach.store.stage_measures import Arm, Flow, Stage, Standing

_NOBODY = -1


@dataclass(frozen=True, slots=True)
class Visits:
    """Stays in stages: lead, pipeline, stage, entered_at, reason, then, left_at, because.

    `then`, `left_at` and `because` are those of the next stay, or below zero where there is none.
    """

    frame: Frame

    def inside(self, rows: PackedRows, question: Question, wanted: Array | None = None) -> Frame:
        """Those that began in the span, of the leads that `only` leaves."""
        began = span(self.frame["entered_at"], question)
        frame = self.frame.where(began if wanted is None else began & wanted)
        return grouped(rows, frame, question, checked=False).frame


def _visits(rows: PackedRows, since: datetime, among: Array) -> Visits:
    """Every stay since, of the leads of these numbers (a mask over all leads)."""
    leads, moves = rows.leads().frame, rows.of(MOVES, since, None)
    moves = moves.where(rows.leads().inside(moves["lead"]))
    moves = moves.where(among[moves["lead"]])
    begun, first = _beginnings(rows, since, among, moves)
    came = leads.where(begun)
    columns = {
        "lead": (begun, moves["lead"]),
        "pipeline": (_either(first, moves["pipeline"], came["pipeline"]), moves["pipeline"]),
        "stage": (_either(first, moves["from_stage"], came["stage"]), moves["to_stage"]),
        "entered_at": (came["created_at"], moves["at"]),
        "reason": (np.full(len(begun), _NOBODY, dtype="<i4"), moves["reason"]),
    }
    found = {name: np.concatenate(parts) for name, parts in columns.items()}
    order = _in_order(found["lead"], found["entered_at"])
    found = {name: column[order] for name, column in found.items()}
    words = {**moves.words, "stage": moves.words["to_stage"]}
    return Visits(Frame({**found, **_next(found)}, words, len(order)))


def _in_order(lead: Array, entered_at: Array) -> Array:
    """Leads one after the other, each in the order of its stays. Given are beginnings, then moves as they happened."""
    order = np.argsort(lead, kind="stable")
    is_same = lead[order][1:] == lead[order][:-1]
    is_back = entered_at[order][1:] < entered_at[order][:-1]
    if np.any(is_same & is_back):  # somebody was moved before they came in
        return np.lexsort((entered_at, lead))
    return order


def _beginnings(rows: PackedRows, since: datetime, among: Array, moves: Frame) -> tuple[Array, Array]:
    """Leads that began somewhere since: their numbers, and the number of the first move of each, or -1."""
    first_move = np.full(len(among), _NOBODY)
    first_move[moves["lead"][::-1]] = np.arange(len(moves))[::-1]
    came = among & rows.leads().exists & (rows.leads().frame["created_at"] >= to_microseconds(since))
    begun = np.flatnonzero(came)
    first = first_move[begun]
    nowhere = moves.find("from_stage", None)
    from_stage = moves["from_stage"][np.maximum(first, 0)] if len(moves) else np.full(len(begun), _NOBODY)
    stands = (first < 0) | (from_stage != nowhere) if nowhere >= 0 else np.ones(len(begun), dtype=bool)
    return begun[stands], first[stands]


def _either(first: Array, of_moves: Array, otherwise: Array) -> Array:
    if not len(of_moves):
        return otherwise
    return np.where(first >= 0, of_moves[np.maximum(first, 0)], otherwise)


def _next(found: Mapping[str, Array]) -> dict[str, Array]:
    """What comes after each stay of the same lead."""
    lead = found["lead"]
    goes_on = np.zeros(len(lead), dtype=bool)
    goes_on[:-1] = lead[1:] == lead[:-1]
    return {
        "then": np.where(goes_on, np.roll(found["stage"], -1), _NOBODY),
        "left_at": np.where(goes_on, np.roll(found["entered_at"], -1), NOTHING),
        "because": np.where(goes_on, np.roll(found["reason"], -1), _NOBODY),
    }


def visits_of(rows: PackedRows, question: Question) -> Visits:
    """The visits of leads that came into some stage in the span."""
    leads = rows.leads()
    among = span(leads.frame["created_at"], question)
    moved = rows.of(MOVES, question.start_at, question.end_at)["lead"]
    among[moved[leads.inside(moved)]] = True
    return _visits(rows, question.start_at, among)


def _counted(frame: Frame, *names: str) -> list[tuple[list[int], int]]:
    """The different values of these columns, with how many rows have them."""
    if not len(frame):
        return []
    spread = [int(frame[name].max()) + 2 for name in names]  # from -1 on
    codes = np.zeros(len(frame), dtype=np.int64)
    for name, size in zip(names, spread, strict=True):
        codes = codes * size + frame[name] + 1
    found = []
    for code, count in zip(*np.unique(codes, return_counts=True), strict=True):
        rest, values = int(code), []
        for size in reversed(spread):
            rest, value = divmod(rest, size)
            values.append(value - 1)
        found.append((values[::-1], int(count)))
    return found


def _text(frame: Frame, name: str, place: int) -> Any:
    return None if place < 0 else frame.words[name].texts[place]


def _flow(frame: Frame, names: Sequence[str], values: Sequence[int], count: int) -> Flow:
    pipeline, stage, then = (_text(frame, name, value) for name, value in zip(names, values, strict=True))
    return Flow(pipeline, stage, then, count)


def flows(rows: PackedRows, visits: Visits, question: Question) -> list[Flow]:
    """Who came into each stage in the span, by where they went next."""
    frame = visits.inside(rows, question)
    return [
        _flow(frame, ("pipeline", "stage", "stage"), values, count)
        for values, count in _counted(frame, "pipeline", "stage", "then")
    ]


def days_in_stage(rows: PackedRows, visits: Visits, question: Question) -> Groups:
    """The median of the days in each stage of those who left it, by `pipeline/stage`."""
    frame = visits.inside(rows, question, visits.frame["left_at"] != NOTHING)
    stages = frame.words["stage"].texts or [None]
    pairs, group = np.unique(frame["pipeline"].astype(np.int64) * len(stages) + frame["stage"], return_inverse=True)
    pipelines = frame.words["pipeline"].texts
    names = [f"{pipelines[pair // len(stages)]}/{stages[pair % len(stages)]}" for pair in pairs]
    days = (frame["left_at"] - frame["entered_at"]) / 1_000_000.0 / 86_400.0
    return {name: {"stage_days": value} for name, value in Grouped(frame, group, names).medians(days).items()}


def drop_offs(
    rows: PackedRows, visits: Visits, question: Question, closed: Collection[Stage]
) -> list[tuple[Flow, str]]:
    """Who left for one of these stages, with the reason of the move; the most first."""
    then = visits.frame.beside("stage", visits.frame["then"])
    frame = visits.inside(rows, question, is_stage(then, "stage", closed))
    found = []
    for values, count in _counted(frame, "pipeline", "stage", "then", "because"):
        flow = _flow(frame, ("pipeline", "stage", "stage"), values[:3], count)
        found.append((flow, _text(frame, "reason", values[3])))
    return sorted(found, key=lambda each: (-each[0].leads, each[0].pipeline, each[0].stage, each[0].then, each[1]))


def moves(rows: PackedRows, question: Question) -> list[Flow]:
    """Moves in the span, by their stage of origin and their target."""
    frame = rows.of(MOVES, question.start_at, question.end_at)
    frame = frame.where(frame["from_stage"] != frame.find("from_stage", None))
    frame = grouped(rows, frame, question, checked=True).frame
    return [
        _flow(frame, ("pipeline", "from_stage", "to_stage"), values, count)
        for values, count in _counted(frame, "pipeline", "from_stage", "to_stage")
    ]


def furthest(
    rows: PackedRows, visits: Visits, question: Question, order: Mapping[Stage, int]
) -> dict[tuple[str, int], int]:
    """Leads created in the span by (pipeline, how far they ever came); stages not in `order` do not count."""
    frame = visits.frame
    frame = frame.where(span(rows.leads().frame["created_at"], question)[frame["lead"]])
    frame = grouped(rows, frame, question, checked=False).frame
    ranks = np.full(len(frame), _NOBODY)
    for stage, rank in order.items():
        ranks[is_stage(frame, "stage", [stage])] = rank
    best = _best(frame, ["lead", "pipeline"], {"rank": ranks})
    return {
        (_text(frame, "pipeline", values[0]), values[1]): count
        for values, count in _counted(Frame(best, frame.words, len(best["rank"])), "pipeline", "rank")
    }


def _best(frame: Frame, names: Sequence[str], sizes: Mapping[str, Array]) -> dict[str, Array]:
    """One row for each combination of the columns, with the largest of each of the sizes."""
    order = np.lexsort([frame[name] for name in reversed(names)])
    columns = [frame[name][order] for name in names]
    is_new = np.ones(len(order), dtype=bool)
    if len(order):
        is_new[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    begins = np.flatnonzero(is_new)
    found = {name: column[begins] for name, column in zip(names, columns, strict=True)}
    for name, size in sizes.items():
        found[name] = np.maximum.reduceat(size[order], begins) if len(begins) else size
    return found


def _last_won(rows: PackedRows, question: Question) -> Array:
    """Of every lead: when it came into a won stage last since the span began."""
    moved = rows.of(MOVES, question.start_at, None)
    won = moved.where(is_stage(moved, "to_stage", question.won))
    return latest(rows, won["lead"], won["at"])


def _last_met(rows: PackedRows) -> Array:
    booked = things(rows, EventKind.BOOKED)
    return latest(rows, booked["lead"], booked["at"])


def outcomes(
    rows: PackedRows, question: Question, closed: Sequence[Stage], *, by_meeting: bool
) -> dict[Stage, tuple[int, int]]:
    """Stage → (leads that came to the goal later, leads whose case is over), of those that came into it."""
    is_over = rows.leads().exists & is_stage(rows.leads().frame, "stage", closed)
    last = _last_met(rows) if by_meeting else _last_won(rows, question)
    visits = _visits(rows, question.start_at, is_over | (last != NOTHING)).frame
    frame = visits.where(span(visits["entered_at"], question))
    success = (last[frame["lead"]] >= frame["entered_at"]).astype(np.int64)
    names = ["lead", "pipeline", "stage"]
    stays = _best(frame, names, {"success": success})
    known = (stays["success"] == 1) | is_over[stays["lead"]]
    group = stays["pipeline"].astype(np.int64) * len(frame.words["stage"].texts or [None]) + stays["stage"]
    found = {}
    for code in np.unique(group):
        pipeline, stage = divmod(int(code), len(frame.words["stage"].texts))
        mine = group == code
        place = (_text(frame, "pipeline", pipeline), _text(frame, "stage", stage))
        found[place] = (int(stays["success"][mine].sum()), int(known[mine].sum()))
    return found


def standing(rows: PackedRows, closed: Collection[Stage]) -> list[Standing]:
    """Where open leads stand now."""
    frame = rows.leads().frame
    frame = frame.where(rows.leads().exists & ~is_stage(frame, "stage", closed))
    found = []
    for values, count in _counted(frame, "pipeline", "stage"):
        mine = (frame["pipeline"] == values[0]) & (frame["stage"] == values[1])
        value = frame["value"][mine]
        value = value[~np.isnan(value)]
        place = _text(frame, "pipeline", values[0]), _text(frame, "stage", values[1])
        found.append(Standing(*place, count, len(value), math.fsum(value)))
    return found


def arms(rows: PackedRows, question: Question) -> list[Arm]:
    """Both sides of each sequence for enrollments that began in the span."""
    frame = rows.of(ENROLLMENTS, question.start_at, question.end_at)
    return _arms(frame, _success(rows, frame, question))


def _success(rows: PackedRows, frame: Frame, question: Question) -> Array:
    last = np.maximum(_last_met(rows), _last_won(rows, question))
    known = rows.leads().inside(frame["lead"])
    found = np.zeros(len(frame), dtype=bool)
    found[known] = last[frame["lead"][known]] >= frame["entered_at"][known]
    return found


def _arms(frame: Frame, success: Array) -> list[Arm]:
    found = []
    for values, count in _counted(frame, "sequence", "is_held_out"):
        mine = (frame["sequence"] == values[0]) & (frame["is_held_out"] == values[1])
        found.append(Arm(_text(frame, "sequence", values[0]), bool(values[1]), count, int(success[mine].sum())))
    return sorted(found, key=lambda arm: (arm.sequence, arm.is_held_out))
