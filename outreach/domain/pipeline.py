"""Where a lead stands in the buying process. A stage is not a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from outreach.domain.span import Span


class StageKind(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"
    PARKED = "parked"


class Status(StrEnum):
    """What the engine says of a lead, in every pipeline."""

    NEW = "new"
    IN_SEQUENCE = "in_sequence"
    RESPONDED = "responded"
    NOT_INTERESTED = "not_interested"
    DO_NOT_CONTACT = "do_not_contact"
    BOUNCED = "bounced"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    name: str
    kind: StageKind = StageKind.OPEN
    stale_after: Span | None = None
    requires: tuple[str, ...] = ()
    entering: Mapping[str, str] = field(default_factory=dict)  # task, sequence, crm (operations), notify
    give_up_after: Span | None = None  # without an answer and with nothing planned
    give_up_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Stages in order; `moves` holds the allowed moves where they are not simply forward."""

    name: str
    stages: tuple[Stage, ...]
    moves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def stage(self, name: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.name == name), None)

    def first_of(self, kind: StageKind, *, present: str) -> Stage | None:
        """The first stage of that kind that a lead at `present` may move to."""
        return next((each for each in self.stages if each.kind is kind and self.allows(present, each.name)), None)

    def gives_up_to(self, stage: Stage) -> str | None:
        """Where a lead goes that nobody hears from: as written, else the first parked stage, else the first lost."""
        if stage.give_up_to:
            return stage.give_up_to
        kinds = (StageKind.PARKED, StageKind.LOST)
        found = (self.first_of(kind, present=stage.name) for kind in kinds)
        return next((each.name for each in found if each), None)

    @property
    def first(self) -> str:
        return self.stages[0].name

    def allows(self, present: str | None, wanted: str) -> bool:
        """May a lead at `present` move to `wanted`? Left out of `moves`: any move forward."""
        if self.stage(wanted) is None:
            return False
        if present is None or self.stage(present) is None:
            return True
        if present in self.moves:
            return wanted in self.moves[present]
        names = [stage.name for stage in self.stages]
        return names.index(wanted) > names.index(present)
