"""Keeping a list clean: what is found, what is proposed for it, and what was agreed beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class Finding(StrEnum):
    """Why a lead is on the list."""

    STALE = "stale"  # longer in its stage than `stale_after`
    UNREACHABLE = "unreachable"  # no address that works
    BOUNCED = "bounced"  # its mail came back for good
    DUPLICATE = "duplicate"  # the same name at the same company
    NEVER_ANSWERED = "never_answered"  # written to long ago, and not a word


class Action(StrEnum):
    """What is done about it."""

    TASK = "task"  # a person looks at it
    PARK = "park"  # to the first parked stage: marketing's
    LOSE = "lose"  # to the first lost stage
    NONE = "none"  # listed only


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanupRule:
    """What is proposed for a finding; `is_agreed`: done without asking. `after`: how old it has to be."""

    action: Action
    is_agreed: bool = False
    after: timedelta = timedelta(0)


USUAL: Mapping[Finding, CleanupRule] = {
    Finding.STALE: CleanupRule(action=Action.TASK),
    Finding.UNREACHABLE: CleanupRule(action=Action.TASK),
    Finding.BOUNCED: CleanupRule(action=Action.LOSE),
    Finding.DUPLICATE: CleanupRule(action=Action.TASK),
    Finding.NEVER_ANSWERED: CleanupRule(action=Action.PARK, after=timedelta(days=90)),
}
"""Where config/cleanup.yaml says nothing else: nothing is done without asking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleanup:
    """The rules of a team, and how often the list is looked through."""

    every: timedelta = timedelta(days=1)
    rules: Mapping[Finding, CleanupRule] = field(default_factory=lambda: USUAL)
