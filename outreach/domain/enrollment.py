"""One lead in one sequence: its states and why it finished."""

from __future__ import annotations

from enum import StrEnum


class EnrollmentState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    FINISHED = "finished"


class FinishReason(StrEnum):
    COMPLETED = "completed"
    REPLIED = "replied"
    COMPANY_REPLIED = "company_replied"
    BOOKED = "booked"
    BOUNCED = "bounced"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    STOPPED = "stopped"
    REMOVED = "removed"
    SUPPRESSED = "suppressed"
    DISQUALIFIED = "disqualified"
    FAILED = "failed"
    HELD_OUT = "held_out"  # never contacted on purpose: what happens to these leads tells what the sequence causes
