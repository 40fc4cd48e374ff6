"""Who ends the same touch in the same way goes on in the same way: asked once, and never wrongly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import pytest

from outreach.domain.planner import Facts, Move, next_move
from outreach.domain.touch import TouchState
from outreach.services.sending.batch import Ready, take
from outreach.services.sending.next_moves import NextMoves
from outreach.testing.field import Field

MakeField = Callable[[Mapping[str, str]], Field]

SEQUENCE = """
name: two-mails
pipeline: default
senders: [anna, berk]
schedule: {{timezone: {timezone}, days: mon-fri, hours: "09:00-17:00", holidays: lead}}
steps:
{steps}
"""
SENDERS = """
anna: {name: Anna Example, timezone: Europe/Istanbul, email: {address: anna@sender.example, use: memory}}
berk: {name: Berk Example, timezone: America/New_York, email: {address: berk@sender.example, use: memory}}
"""
SHAPES = {
    "a wait and a touch": "  - {id: intro, email: intro}\n  - wait: 3 business days\n  - {id: bump, email: bump}",
    "a touch at once": "  - {id: intro, email: intro}\n  - {id: bump, email: bump}",
    "the last touch": "  - {id: intro, email: intro}",
    "a wait with jitter": (
        "  - {id: intro, email: intro}\n  - wait: 1 day\n    jitter: 5 hours\n  - {id: bump, email: bump}"
    ),
    "variants": ("  - {id: intro, email: intro}\n  - wait: 1 day\n  - {id: bump, email: bump, variants: {b: intro}}"),
    "a condition": (
        "  - {id: intro, email: intro}\n  - if: lead.country == 'DE'\n    then: [{id: bump, email: bump}]\n"
        "    else: [{id: other, email: bump}]"
    ),
}
PEOPLE: tuple[dict[str, str], ...] = (
    {"timezone": "Europe/Berlin", "country": "DE"},
    {"timezone": "America/Los_Angeles", "country": "US"},
    {"timezone": "Asia/Tokyo", "country": "JP"},
    {"timezone": "Europe/Istanbul", "country": "TR"},
    {},
)


def ready(field: Field, count: int) -> list[Ready]:
    """The touches of so many people, each taken when its window is open."""
    found: list[Ready] = []
    while len(found) < count:
        found += [each for claim in field.claim() for each in take(field.engine, claim, field.app.owner)]
        field.clock.advance(timedelta(hours=2))
    return found


@pytest.mark.parametrize("timezone", ["lead", "sender", "Europe/London"])
@pytest.mark.parametrize("shape", SHAPES)
def test_everybody_is_told_what_the_planner_tells_each_alone(make_field: MakeField, shape: str, timezone: str) -> None:
    written = SEQUENCE.format(steps=SHAPES[shape], timezone=timezone)
    field = make_field({"sequences/two-mails.yaml": written, "config/senders.yaml": SENDERS})
    field.enroll(*(field.add_lead(f"p{n}@company{n}.example", **PEOPLE[n % len(PEOPLE)]) for n in range(15)))
    batch = ready(field, 15)
    together = NextMoves(field.engine, field.clock.now())

    for each in batch:
        for state in (TouchState.SENT, TouchState.FAILED, TouchState.SKIPPED):
            alone = NextMoves(field.engine, field.clock.now()).after(each, state)
            assert together.after(each, state) == alone


def test_the_planner_is_asked_once_where_the_answer_cannot_differ(
    make_field: MakeField, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = make_field({})
    field.enroll(*(field.add_lead(f"p{n}@company{n}.example") for n in range(15)))
    asked: list[Facts] = []

    def count(facts: Facts, now: datetime) -> Move:
        asked.append(facts)
        return next_move(facts, now)

    monkeypatch.setattr("outreach.services.sending.next_moves.next_move", count)
    moves = NextMoves(field.engine, field.clock.now())

    found = [moves.after(each, TouchState.SENT) for each in ready(field, 15)]

    assert len(found) == 15
    assert len(asked) == 1
