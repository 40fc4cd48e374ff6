"""How many: caps, ramp, gap and jitter of one sender for one action.

Numbers are counted by the store in the transaction that claims; here they are only weighed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Ramp:
    """A new account begins at `start` a day and may do `step` more on each further day of use."""

    start: int
    step: int

    def cap_on(self, day: int) -> int:
        """The cap on day `day` of use; the first day is 0."""
        return self.start + self.step * max(day, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one sender may do for one action; a limit left out means none."""

    per_hour: int | None = None  # in the last 60 minutes, rolling
    per_day: int | None = None  # in the sender's calendar day
    per_7_days: int | None = None  # in the last 168 hours, rolling
    gap: timedelta | None = None  # at least so long between two touches
    jitter: timedelta | None = None  # and up to so much longer
    ramp: Ramp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one sender has used for one action: touches claimed, handed over, unknown or sent."""

    last_hour: int = 0
    today: int = 0  # since the last midnight in the sender's zone
    last_7_days: int = 0
    last_used_at: datetime | None = None
    active_days: int = 0  # days before today on which it was used: today is day `active_days` of use


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many touches may be claimed now; when to look again if none, and why."""

    count: int | None  # None: no limit
    wait_until: datetime | None = None  # only with count 0
    because: str = ""
