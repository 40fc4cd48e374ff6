"""What is the same for everybody in one simulated sequence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from outreach.content.revision import Revision
from outreach.domain.pipeline import Pipeline
from outreach.domain.sender import Sender
from outreach.domain.sequence import Sequence as Steps
from outreach.domain.simulation import Chances, Rates, chances
from outreach.services.sending.facts import zones_of
from outreach.services.sequences.entrance import Entrance, entrance_of
from outreach.services.simulating.simulate_queue import Windows

_Key = tuple[ZoneInfo, Callable[[date], bool]]


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
    )
