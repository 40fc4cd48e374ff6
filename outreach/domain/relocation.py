"""Where somebody who stands in one revision of a sequence stands in another: by the ids of steps.

A step that is in both is the same step. Who stands at one that is gone goes where the nearest step behind them that is
still there leads to; a touch that is gone needs a target, because nobody can guess what it became. Nobody is put before
a touch again that they had, and a touch that was ahead of them and is not any more, though it still exists, is fetched
back where that is possible.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from outreach.domain.sequence import (
    IfStep,
    Sequence,
    SplitStep,
    Step,
    TouchStep,
    WaitForStep,
    WaitStep,
    WriteStep,
)

END = "end"
"""The target of those who are to finish."""


class How(StrEnum):
    """Why somebody stands where they stand in the new revision."""

    SAME = "same"  # the step is in both
    WAIT = "wait"  # the step is in both, and the wait before it is another
    TARGET = "target"  # sent there by hand
    BEHIND = "behind"  # the step is gone; they stand behind the last one that is still there
    BACK = "back"  # a touch that was ahead of them has moved behind: they go back for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`cursor` None: the end of the path. `misses`: touches they will not get any more; `repeats`: would-be second ones
    on their way, which they do not get again."""

    cursor: str | None
    how: How
    misses: frozenset[str] = frozenset()
    repeats: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NeedsTarget:
    """The touch they stand at is gone."""

    step: str


def ways(step: Step) -> tuple[tuple[str, str | None], ...]:
    """Each way out of a step, by its name, and the step it leads to."""
    match step:
        case TouchStep() | WaitStep() | WriteStep():
            return (("then", step.then),)
        case WaitForStep():
            return (("happened", step.happened), ("missed", step.missed))
        case IfStep():
            return (("yes", step.yes), ("no", step.no))
        case SplitStep():
            return tuple((share.name, share.first) for share in step.shares)
        case _:
            return ()


def touches_of(sequence: Sequence) -> dict[str, TouchStep]:
    """The steps that reach a person."""
    return {name: step for name, step in sequence.steps.items() if isinstance(step, TouchStep)}


class Relocation:
    """From one revision to another. `targets`: where those go who stand at a step (`end`: nowhere)."""

    def __init__(self, old: Sequence, new: Sequence, targets: Mapping[str, str] | None = None) -> None:
        self._old = old
        self._new = new
        self._targets = dict(targets or {})
        self._touches = touches_of(new)
        self._known: dict[tuple[str | None, frozenset[str], bool], Place | NeedsTarget] = {}
        self._ahead_in_old = cache(lambda cursor: _ahead(old, cursor))
        self._ahead_in_new = cache(lambda cursor: _ahead(new, cursor))

    def place(
        self, cursor: str | None, had: Collection[str], *, is_planned: bool = False, is_under_way: bool = False
    ) -> Place | NeedsTarget:
        """Where somebody goes who stands at `cursor` and has had these touches.

        `is_planned`: a touch is planned there, and waits for its time. Whose touch is under way at this moment stays at
        it, wherever they are to go afterwards.
        """
        if is_under_way and cursor is not None:
            return self._as_place(cursor, How.SAME, cursor, had) if self.has(cursor) else NeedsTarget(cursor)
        key = (cursor, frozenset(had), is_planned)
        if key not in self._known:
            self._known[key] = self._place(cursor, key[1], is_planned=is_planned)
        return self._known[key]

    def has(self, cursor: str) -> bool:
        """Is this step the same one in both?"""
        old, new = self._old.steps.get(cursor), self._new.steps.get(cursor)
        return old is not None and type(old) is type(new)

    def _place(self, cursor: str | None, had: frozenset[str], *, is_planned: bool) -> Place | NeedsTarget:
        if cursor is None:
            return Place(cursor=None, how=How.SAME)
        if cursor in self._targets:
            target = self._targets[cursor]
            is_end = target == END and END not in self._new.steps
            return self._as_place(None if is_end else target, How.TARGET, cursor, had)
        if not self.has(cursor):
            if isinstance(self._old.steps.get(cursor), TouchStep):
                return NeedsTarget(cursor)
            return self._fetched(self._behind(cursor, had), How.BEHIND, cursor, had)
        wait = self.changed_wait(cursor) if is_planned else None
        return self._fetched(wait or cursor, How.WAIT if wait else How.SAME, cursor, had)

    def _fetched(self, place: str | None, how: How, cursor: str, had: frozenset[str]) -> Place:
        back = self._back_for(place, cursor, had)
        return self._as_place(back or place, How.BACK if back else how, cursor, had)

    def _as_place(self, place: str | None, how: How, cursor: str, had: Collection[str]) -> Place:
        ahead = self._ahead_in_new(place)
        behind = self._touches.keys() - had - ahead
        return Place(
            cursor=place,
            how=how,
            misses=frozenset(name for name in behind if self._would_have_come(name, place, cursor)),
            repeats=frozenset(ahead & self._touches.keys() & set(had)) - {cursor},
        )

    def _would_have_come(self, name: str, place: str | None, cursor: str) -> bool:
        """Was it ahead of them, or is it new on the way that everybody takes to where they stand?"""
        if name in self._ahead_in_old(cursor):
            return True
        return name not in self._old.steps and _is_before(self._new, name, place)

    def _behind(self, cursor: str, had: frozenset[str]) -> str | None:
        """Where the nearest step behind them that is still there leads to, on the way they came."""
        entries = _entries(self._old)
        seen, waiting = {cursor}, deque([cursor])
        while waiting:
            for before, way in entries.get(waiting.popleft(), ()):
                if before in seen or (isinstance(self._old.steps[before], TouchStep) and before not in had):
                    continue
                seen.add(before)
                if self.has(before):
                    return dict(ways(self._new.steps[before])).get(way, before)
                waiting.append(before)
        return self._new.first

    def _back_for(self, place: str | None, cursor: str, had: frozenset[str]) -> str | None:
        """The first touch that was ahead, still exists, was not had, and now lies before them on everybody's way."""
        ahead = self._ahead_in_new(place)
        lost = [
            name
            for name in self._touches
            if name in self._ahead_in_old(cursor) and name not in had and name not in ahead
        ]
        reachable = [name for name in lost if _is_before(self._new, name, place)]
        return next((name for name in reachable if set(reachable) <= self._ahead_in_new(name)), None)

    def changed_wait(self, touch: str) -> str | None:
        """The wait that leads to this touch, if it is another one now."""
        old, new = _waits_before(self._old, touch), _waits_before(self._new, touch)
        if len(old) != 1 or len(new) != 1:
            return None
        is_same = (old[0].wait, old[0].jitter) == (new[0].wait, new[0].jitter)
        return None if is_same else new[0].id


def _waits_before(sequence: Sequence, touch: str) -> list[WaitStep]:
    return [step for step in sequence.steps.values() if isinstance(step, WaitStep) and step.then == touch]


def _entries(sequence: Sequence) -> dict[str, list[tuple[str, str]]]:
    """For each step, those that lead to it and the way that does."""
    found: dict[str, list[tuple[str, str]]] = {}
    for step in sequence.steps.values():
        for way, target in ways(step):
            if target is not None:
                found.setdefault(target, []).append((step.id, way))
    return found


def _ahead(sequence: Sequence, cursor: str | None) -> frozenset[str]:
    """Every step that may still come, the one they stand at included."""
    return frozenset(_reached(sequence, cursor, without=None)[0])


def _is_before(sequence: Sequence, name: str, place: str | None) -> bool:
    """Does every path to that place lead through this step?"""
    if name == place or sequence.first is None:
        return False
    found, comes_to_an_end = _reached(sequence, sequence.first, without=name)
    return not comes_to_an_end if place is None else place not in found


def _reached(sequence: Sequence, start: str | None, *, without: str | None) -> tuple[set[str], bool]:
    """The steps that can be reached, and whether an open end can."""
    if start is None or start == without or start not in sequence.steps:
        return set(), start is None
    found, waiting, is_end = {start}, [start], False
    while waiting:
        for target in _targets(sequence.steps[waiting.pop()]):
            if target is None:
                is_end = True
            elif target != without and target not in found and target in sequence.steps:
                found.add(target)
                waiting.append(target)
    return found, is_end


def _targets(step: Step) -> Iterable[str | None]:
    return (target for _, target in ways(step))
