"""What is the same for everybody in one simulated sequence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from outreach.content.revision import Revision
from outreach.domain.pipeline import Pipeline
from outreach.domain.planner import Move, is_same_for_all
from outreach.domain.sender import Sender
from outreach.domain.sequence import Sequence as Steps
from outreach.domain.simulation import Chances, Rates, chances
from outreach.domain.touch import TouchState
from outreach.services.sending.facts import zones_of
from outreach.services.sequences.entrance import Entrance, entrance_of
from outreach.services.simulating.simulate_queue import Windows

_Key = tuple[ZoneInfo, Callable[[date], bool]]


class Moves:
    """The moves of one instant that everybody makes who stands at the same step in the same windows."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, TouchState, Windows], Move] = {}
        self._at: datetime | None = None

    def at(self, now: datetime) -> dict[tuple[str, TouchState, Windows], Move]:
        """Those that are known already."""
        if self._at != now:
            self._at, self._known = now, {}
        return self._known


@dataclass(slots=True)
class Course:
    """A sequence, who may enter it, what people would do, and the windows that are looked up already."""

    entrance: Entrance
    chances: Chances
    sequence: Steps
    pipeline: Pipeline
    team: Callable[[str], Sender]
    zone_of: Callable[[str], ZoneInfo] | None
    windows: dict[_Key, Windows] = field(default_factory=dict)
    same_for_all: frozenset[str] = frozenset()  # touches after which everybody goes on in the same way
    moves: Moves = field(default_factory=Moves)

    def windows_in(self, zone: ZoneInfo, is_holiday: Callable[[date], bool]) -> Windows:
        """Those of a zone with these holidays; the same object for the same question."""
        found = self.windows.get((zone, is_holiday))
        if found is None:
            found = self.windows[zone, is_holiday] = Windows(self.sequence.schedule, zone, is_holiday)
        return found


def course_of(
    revision: Revision, team: Callable[[str], Sender], *, rates: Rates, seed: int, where: str | None = None
) -> Course:
    """The course of one revision; `team` tells who a sender is."""
    senders = [team(name) for name in revision.sequence.senders]
    return Course(
        entrance=entrance_of(revision, senders, where=where),
        chances=chances(rates, revision.sequence, seed=seed),
        sequence=revision.sequence,
        pipeline=revision.pipeline,
        team=team,
        zone_of=zones_of(revision.sequence.schedule, team),
        same_for_all=frozenset(step for step in revision.sequence.steps if is_same_for_all(revision.sequence, step)),
    )
