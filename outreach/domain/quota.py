"""How many: caps, ramp, gap and jitter of one sender for one action.

Numbers are counted by the store in the transaction that claims; here they are only weighed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from outreach.domain.recipients import NO_CAPS, RecipientCaps

_HOUR_LOOK_AGAIN = timedelta(minutes=1)
_WEEK_LOOK_AGAIN = timedelta(hours=1)


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
    recipients: RecipientCaps = NO_CAPS  # of what one person, company and domain gets of it from this sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one sender has used for one action: touches claimed, handed over, unknown or sent."""

    last_hour: int = 0
    today: int = 0  # since the last midnight in the sender's zone
    last_7_days: int = 0
    last_used_at: datetime | None = None
    active_days: int = 0  # days before today on which it was used: today is day `active_days` of use
    hour_frees_at: datetime | None = None  # when the oldest touch of the last hour is an hour old, if it was asked for
    week_frees_at: datetime | None = None  # when the oldest touch of the last 7 days is 7 days old, likewise


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many touches may be claimed now; when to look again if none, and why."""

    count: int | None  # None: no limit
    wait_until: datetime | None = None  # only with count 0
    because: str = ""
    left: int | None = None  # of the caps of day and week, whatever the gap lets through now; None: there are none


def allowance(limits: Limits, usage: Usage, *, now: datetime, midnight: datetime, key: str) -> Allowance:
    """How many touches may be claimed now.

    `midnight` is the next one in the sender's zone, when `usage.today` begins again. `key` names sender and action;
    with `usage.last_used_at` it chooses how much of the jitter the next gap gets.
    With a gap or jitter it is never more than one, so that the following one waits for its own gap.
    """
    caps = _caps(limits, usage, now, midnight)
    waits = [(cap.frees_at, f"cap of {cap.most} {cap.span} reached") for cap in caps if not cap.left]
    ready_at = _after_gap(limits, usage, key)
    if ready_at and ready_at > now:
        waits.append((ready_at, "gap between two touches"))
    if waits:
        wait_until, because = max(waits)
        return Allowance(0, wait_until, because)
    counts = [cap.left for cap in caps] + ([1] if _is_spaced(limits) else [])
    return Allowance(min(counts, default=None), left=min((cap.left for cap in caps if cap.is_long), default=None))


def mean_gap(limits: Limits) -> timedelta:
    """The gap with half of its jitter."""
    return (limits.gap or timedelta(0)) + (limits.jitter or timedelta(0)) / 2


def daily_cap(limits: Limits, active_days: int) -> int | None:
    """The cap of today: the ramp's, as long as it is lower than `per_day`. None: no limit."""
    ramped = limits.ramp.cap_on(active_days) if limits.ramp else None
    caps = [cap for cap in (limits.per_day, ramped) if cap is not None]
    return min(caps, default=None)


def jitter_share(key: str) -> float:
    """A share from 0 to below 1, always the same for the same key and evenly spread over many keys."""
    digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / (1 << 53)  # 53 bits: every value is exact as a float, none rounds up to 1


class _Cap(NamedTuple):
    most: int
    used: int
    frees_at: datetime
    span: str
    is_long: bool

    @property
    def left(self) -> int:
        return max(self.most - self.used, 0)


def _caps(limits: Limits, usage: Usage, now: datetime, midnight: datetime) -> list[_Cap]:
    hour_at = usage.hour_frees_at or now + _HOUR_LOOK_AGAIN
    week_at = usage.week_frees_at or now + _WEEK_LOOK_AGAIN
    spans = (
        (limits.per_hour, usage.last_hour, hour_at, "an hour", False),
        (daily_cap(limits, usage.active_days), usage.today, midnight, "a day", True),
        (limits.per_7_days, usage.last_7_days, week_at, "in 7 days", True),
    )
    return [_Cap(most, used, frees_at, span, long) for most, used, frees_at, span, long in spans if most is not None]


def _is_spaced(limits: Limits) -> bool:
    return bool(limits.gap or limits.jitter)


def _after_gap(limits: Limits, usage: Usage, key: str) -> datetime | None:
    if usage.last_used_at is None or not _is_spaced(limits):
        return None
    share = jitter_share(f"{key}.{usage.last_used_at.astimezone(UTC).isoformat()}")
    return usage.last_used_at + (limits.gap or timedelta(0)) + (limits.jitter or timedelta(0)) * share
