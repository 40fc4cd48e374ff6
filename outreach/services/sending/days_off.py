"""The days on which a sender sends nothing, as a reason that can be shown."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from outreach.domain import window
from outreach.domain.rules import Block
from outreach.domain.sender import Sender


def day_off(sender: Sender, now: datetime) -> Block | None:
    """Why nothing is claimed for this sender today, and the first midnight in its zone after which something may be."""
    if not sender.is_frozen(now):
        return None
    until = now
    while sender.is_frozen(until):
        _, until = window.local_day_bounds(until, ZoneInfo(sender.zone))
    return Block(f"a day off of sender {sender.name}", until=until)
