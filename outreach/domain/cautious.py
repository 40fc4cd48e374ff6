"""Limits of social actions where a sender's settings name none, because networks close accounts that do too much.

Well below the caps that Unipile publishes for a paid, active LinkedIn account (80 to 100 invitations a day and about
200 a week, 80 to 100 visits, 100 to 150 messages), and far below the rates of X's API. A limit that is written for an
action takes the place of all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from outreach.domain.quota import Limits


def _limits(per_day: int, per_7_days: int, gap: int) -> Limits:
    """With a gap of so many minutes, and up to as much again."""
    pause = timedelta(minutes=gap)
    return Limits(per_day=per_day, per_7_days=per_7_days, gap=pause, jitter=pause)


CAUTIOUS: Mapping[str, Limits] = {
    "linkedin.invite": _limits(15, 80, 5),
    "linkedin.message": _limits(40, 200, 2),
    "linkedin.visit": _limits(50, 250, 2),
    "linkedin.voice": _limits(15, 60, 5),
    "linkedin.inmail": _limits(15, 60, 5),
    "linkedin.follow": _limits(20, 100, 5),
    "linkedin.like": _limits(25, 120, 3),
    "linkedin.withdraw": _limits(20, 100, 2),
    "x.follow": _limits(15, 60, 10),
    "x.like": _limits(25, 120, 5),
    "x.dm": _limits(20, 80, 5),
}
"""By the key of a step."""
