"""When a sender is paused by its own numbers: too many bounces, too many complaints, or nobody who answers at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Guard(StrEnum):
    BOUNCES = "bounces"
    COMPLAINTS = "complaints"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class RateGuard:
    """More than so many percent of the mails of the span, once it has so many mails."""

    percent: float
    within: timedelta
    at_least: int


@dataclass(frozen=True, slots=True)
class SilenceGuard:
    """So many mails in the span without one sign of life, each of them older than `patience`."""

    at_least: int
    within: timedelta
    patience: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """None: that one is off."""

    bounces: RateGuard | None = None
    complaints: RateGuard | None = None
    silence: SilenceGuard | None = None


NO_GUARDS = Guards()
BOUNCES = RateGuard(10, timedelta(days=7), 100)
COMPLAINTS = RateGuard(0.3, timedelta(days=30), 500)
SILENCE = SilenceGuard(500, timedelta(days=14), timedelta(days=3))
DEFAULT_GUARDS = Guards(bounces=BOUNCES, complaints=COMPLAINTS, silence=SILENCE)


@dataclass(frozen=True, slots=True)
class Sample:
    """Of one sender within the span of one guard: mails that were tried, and those that have what it looks for."""

    mails: int
    hits: int


def too_many(guard: Guard, limits: RateGuard, sample: Sample) -> str | None:
    """Why the sender is to be paused, with the numbers; None: it may go on."""
    if sample.mails < limits.at_least or sample.hits * 100 <= limits.percent * sample.mails:
        return None
    share = 100 * sample.hits / sample.mails
    days = _days(limits.within)
    return f"{guard}: {sample.hits} of {sample.mails} mails in {days} ({share:.1f} %, more than {limits.percent:g} %)"


def too_silent(limits: SilenceGuard, sample: Sample) -> str | None:
    """The same where the hits are signs of life."""
    if sample.mails < limits.at_least or sample.hits:
        return None
    return f"silence: {sample.mails} mails in {_days(limits.within)} and no answer to any of them"


def _days(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"
