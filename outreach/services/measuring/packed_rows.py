"""Packed days as columns: read once in a transaction, cut to a span, and grouped by a dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import Connection

from outreach.domain.measure import OF_LEADS, Dimension
from outreach.store import rollups
from outreach.store.column_types import to_microseconds
from outreach.store.columns import NOTHING, Array, Columns, Frame, Words, unpack
from outreach.store.measures import Question
from outreach.store.rollup_rows import ENROLLMENTS, KINDS, LEADS, MOVES, THINGS, TOUCHES, Kind

_AT = {TOUCHES.name: "sent_at", MOVES.name: "at", THINGS.name: "at", ENROLLMENTS.name: "entered_at"}
_LAST_DAY = 100_000  # of the year 2243
_MOST_ROWS = 10_000_000  # kept for the next question; some thirty bytes each


@dataclass(frozen=True, slots=True)
class Leads:
    """Every lead by its number. `exists`: those that are there; the others were erased or merged into another."""

    frame: Frame
    exists: Array

    def __len__(self) -> int:
        return len(self.exists)

    def inside(self, numbers: Array) -> Array:
        """Of these numbers, those of leads that are there."""
        known = numbers < len(self)
        if known.all():
            return self.exists[numbers]
        known[known] = self.exists[numbers[known]]
        return known


class PackedRows:
    """The days that were asked for, as of one instant. For one thread at a time, which gives its transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._words: dict[str, Mapping[str, Words]] = {
            kind.name: {name: Words() for name, sort in kind.sorts.items() if sort == "word"} for kind in KINDS.values()
        }
        stages, pipelines = Words(), Words()  # of leads and of moves they are the same
        self._words[LEADS.name] = {**self._words[LEADS.name], "stage": stages, "pipeline": pipelines}
        same = {"from_stage": stages, "to_stage": stages, "pipeline": pipelines}
        self._words[MOVES.name] = {**self._words[MOVES.name], **same}
        self._frames: dict[tuple[str, int, int], Frame] = {}
        self._leads: Leads | None = None

    def of(self, kind: Kind, start_at: datetime | None, end_at: datetime | None) -> Frame:
        """The rows of a kind in a span, in the order in which they happened; None: from the first, to the last."""
        first = rollups.day_of(start_at) if start_at else -_LAST_DAY
        last = rollups.day_of(end_at) if end_at else _LAST_DAY
        frame = self._days(kind, first, last)
        at = frame[_AT[kind.name]]
        begin = int(np.searchsorted(at, to_microseconds(start_at))) if start_at else 0
        end = int(np.searchsorted(at, to_microseconds(end_at))) if end_at else len(at)
        return frame.where(slice(begin, end))

    def hold(self, kind: Kind, start_at: datetime, end_at: datetime) -> None:
        """Read these days now, so that every span inside is cut from them."""
        self._days(kind, rollups.day_of(start_at), rollups.day_of(end_at))

    def leads(self) -> Leads:
        """Every lead."""
        if self._leads is None:
            self._leads = _by_number(self._days(LEADS, -_LAST_DAY, _LAST_DAY))
        return self._leads

    def _days(self, kind: Kind, first: int, last: int) -> Frame:
        for (name, begin, end), frame in self._frames.items():
            if name == kind.name and begin <= first and last <= end:
                return frame
        contents = rollups.contents(self.connection, kind, (first, last))
        found = unpack(kind.sorts, contents.values(), self._words[kind.name])
        while self._frames and sum(map(len, self._frames.values())) + len(found) > _MOST_ROWS:
            del self._frames[next(iter(self._frames))]  # the one that was read first
        self._frames[kind.name, first, last] = found
        return found


def _by_number(frame: Frame) -> Leads:
    numbers = frame["lead"]
    size = int(numbers.max()) + 1 if len(numbers) else 0
    exists = np.zeros(size, dtype=bool)
    exists[numbers] = True

    def make(name: str) -> Array:
        column = frame[name]
        nothing = np.nan if column.dtype.kind == "f" else NOTHING if name == "created_at" else 0
        found = np.full(size, nothing, dtype=column.dtype)
        found[numbers] = column
        return found

    return Leads(Frame(Columns(frame.columns, make), frame.words, size), exists)


@dataclass(frozen=True, slots=True)
class Grouped:
    """Rows that were wanted, the group of each by its number, and the names of the groups."""

    frame: Frame
    group: Array
    names: Sequence[str]

    def sums(self, wanted: Array | None = None) -> list[int]:
        """How many rows of each group, or how many of those that are wanted."""
        group = self.group if wanted is None else self.group[wanted]
        return [int(each) for each in np.bincount(group, minlength=len(self.names))]

    def added(self, sizes: Array) -> list[float]:
        """The sum of a number of each row, by group."""
        return [float(each) for each in np.bincount(self.group, weights=sizes, minlength=len(self.names))]

    def different(self, numbers: Array, wanted: Array | None = None) -> list[int]:
        """How many different numbers each group has."""
        group, numbers = (self.group, numbers) if wanted is None else (self.group[wanted], numbers[wanted])
        if len(self.names) == 1:
            return [_different(numbers)]
        pairs = np.sort(numbers.astype(np.int64) * len(self.names) + group)
        is_new = np.ones(len(pairs), dtype=bool)
        is_new[1:] = pairs[1:] != pairs[:-1]
        return [int(each) for each in np.bincount(pairs[is_new] % len(self.names), minlength=len(self.names))]

    def medians(self, sizes: Array) -> dict[str, float]:
        """The median of a number of each row, of the groups that have any."""
        order = np.lexsort((sizes, self.group))
        sorted_sizes, ends = sizes[order], np.cumsum(np.bincount(self.group, minlength=len(self.names)))
        found, begin = {}, 0
        for name, end in zip(self.names, ends if len(self.names) else (), strict=True):
            if end > begin:
                middle = sorted_sizes[[(begin + end - 1) // 2, (begin + end) // 2]]
                found[name] = float(middle[0] + middle[1]) / 2 if middle[0] != middle[1] else float(middle[0])
            begin = end
        return found

    def present(self) -> list[int]:
        """The groups that have rows."""
        return [number for number, count in enumerate(self.sums()) if count]


def _different(numbers: Array) -> int:
    seen = np.zeros(int(numbers.max()) + 1 if len(numbers) else 0, dtype=bool)
    seen[numbers] = True
    return int(np.count_nonzero(seen))


def grouped(rows: PackedRows, frame: Frame, question: Question, *, checked: bool) -> Grouped:
    """The rows that `only` leaves, by the dimension of `by`. `checked`: those whose lead is gone are left out."""
    named = {question.by, *(each for each, _ in question.only)} - {None}
    if checked or named & OF_LEADS:
        frame = _of_known(rows, frame)
    if question.only:
        wanted = np.ones(len(frame), dtype=bool)
        for dimension, value in question.only:
            codes, words = _codes(rows, frame, dimension)
            wanted &= codes == words.find(value)
        frame = frame.where(wanted)
    if question.by is None:
        return Grouped(frame, np.zeros(len(frame), dtype=np.int64), [""])
    codes, words = _codes(rows, frame, question.by)
    return Grouped(frame, codes, [each or "" for each in words.texts] or [""])


def _of_known(rows: PackedRows, frame: Frame) -> Frame:
    """The rows whose lead is there."""
    known = rows.leads().inside(frame["lead"])
    return frame if known.all() else frame.where(known)


def _codes(rows: PackedRows, frame: Frame, by: Dimension) -> tuple[Array, Words]:
    if by not in OF_LEADS:
        return frame[str(by)], frame.words[str(by)]
    leads = rows.leads().frame
    return leads[str(by)][frame["lead"]], leads.words[str(by)]
