"""A provider is away for hours: nothing is tried in vain, nothing comes in a burst, and nobody loses their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import pairwise

import pytest

from outreach.errors import Unavailable
from outreach.services.hearing import stop
from outreach.store.tables import senders, touches
from outreach.testing.field import Field

MakeField = Callable[[Mapping[str, str]], Field]
AWAY = Unavailable("smtp", "connection refused")


def senders_file(limits: str) -> dict[str, str]:
    text = "anna:\n  name: Anna Example\n  timezone: UTC\n"
    return {"config/senders.yaml": f"{text}  email: {{address: anna@sender.example, use: memory, limits: {limits}}}\n"}


def enroll(field: Field, number: int) -> list[str]:
    names = [f"lead{each:02}@company{each}.example" for each in range(number)]
    for name in names:
        field.enroll(field.add_lead(name))
        field.clock.advance(timedelta(seconds=1))
    return names


def suffer(field: Field, hours: int, *, before_look: bool) -> int:
    """The provider is away and somebody looks every ten minutes; how often it was tried."""
    memory = field.memory()
    memory.will(*[AWAY] * 10_000, before_look=before_look)
    for _ in range(hours * 6):
        field.go(minutes=10)
    tried = 10_000 - len(memory._next)
    memory._next.clear()
    return tried


@pytest.mark.parametrize("before_look", [True, False])
def test_six_hours_cost_no_attempt_and_no_order(make_field: MakeField, before_look: bool) -> None:
    field = make_field(senders_file("{gap: 2 minutes}"))
    names = enroll(field, 12)

    tried = suffer(field, 6, before_look=before_look)
    rows = field.rows(touches)
    for _ in range(20):
        field.go(minutes=10)

    assert tried <= 12
    assert {(row["state"], row["attempts"]) for row in rows} == {("planned", 0)}
    assert [message.to for message in field.memory().sent] == names
    times = sorted(row["sent_at"] for row in field.rows(touches) if row["state"] == "sent")
    assert all(later - earlier >= timedelta(minutes=2) for earlier, later in pairwise(times))


def test_after_an_outage_one_is_tried_before_the_others_follow(make_field: MakeField) -> None:
    field = make_field(senders_file("{}"))
    names = enroll(field, 20)
    field.memory().will(*[AWAY] * 20)
    field.settle()
    field.memory()._next.clear()
    field.clock.advance(timedelta(hours=1))

    (probe,) = field.claim()
    at_once = field.claim()
    held = field.carry_out(probe)
    field.settle()

    assert (held, at_once) == (1, [])
    assert field.memory().sent[0].to == names[0]
    assert {message.to for message in field.memory().sent} == set(names)
    assert field.row(senders, name="anna")["circuit_failures"] == 0


def test_what_an_outage_made_too_late_waits_for_a_person(make_field: MakeField) -> None:
    field = make_field(senders_file("{}"))
    enroll(field, 3)
    suffer(field, 49, before_look=True)

    field.go(hours=1)
    held = {row["block"] for row in field.rows(touches)}
    stop.resume_late(field.engine, skip=False, by="test")
    field.settle()

    assert held == {"too_late"}
    assert len(field.memory().sent) == 3


def test_one_that_always_fails_does_not_hold_up_the_others_for_ever(make_field: MakeField) -> None:
    field = make_field(senders_file("{}"))
    names = enroll(field, 6)
    field.memory().will_for(names[0], AWAY)

    for _ in range(48):
        field.go(minutes=30)

    assert {message.to for message in field.memory().sent} == set(names[1:])
