"""What the scheduler tells the workers again, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from outreach.doorbell import DELIVERIES
from outreach.scheduler import Scheduler
from outreach.testing.field import Field


class Bell:
    """Keeps what was rung for."""

    def __init__(self) -> None:
        self.rung: list[tuple[str, str]] = []

    def ring(self, queue: str, ids: Sequence[str]) -> bool:
        self.rung += [(queue, each) for each in ids]
        return True


def test_a_delivery_that_waits_is_rung_for_once_a_minute(field: Field) -> None:
    """No worker runs: a ring for each second would fill the broker by Monday."""
    bell = Bell()
    field.app.__dict__["doorbell"] = bell
    scheduler = Scheduler(field.app)
    delivery_id = field.reply("ada@lead.example")
    bell.rung.clear()

    for _ in range(30):
        field.clock.advance(timedelta(seconds=3))
        scheduler.tick()

    assert bell.rung == [(DELIVERIES, delivery_id)] * 2
