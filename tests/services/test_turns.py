"""More is due than a sender may do: who goes first, and who is not forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest

from outreach.services.watching.explain import explain_lead
from outreach.store.tables import touches
from outreach.testing.field import FILES, Field

MakeField = Callable[[Mapping[str, str]], Field]

SENDERS = """
anna:
  name: Anna Example
  timezone: Europe/Istanbul
  email: {{address: anna@sender.example, use: memory, limits: {limits}}}
  ratio: {{follow_ups: 1, first: 2}}
  shares: {{two-mails: 3}}
"""


def of(limits: str) -> dict[str, str]:
    other = FILES["sequences/two-mails.yaml"].replace("two-mails", "other")
    return {"config/senders.yaml": SENDERS.format(limits=limits), "sequences/other.yaml": other}


def leads(field: Field, number: int, name: str = "lead", **values: object) -> list[str]:
    return [field.add_lead(f"{name}{each}@company{each}.example", **values) for each in range(number)]


def steps(field: Field) -> list[str]:
    rows = [row for row in field.rows(touches) if row["state"] == "sent"]
    return [row["step"] for row in sorted(rows, key=lambda row: row["sent_at"])]


def test_follow_ups_and_first_touches_keep_their_ratio(make_field: MakeField) -> None:
    field = make_field(of("{gap: 10 minutes}"))
    field.enroll(*leads(field, 8))
    for _ in range(8):
        field.go(minutes=10)
    field.enroll(*leads(field, 12, "new"))
    field.clock.advance(timedelta(days=3))

    for _ in range(9):
        field.go(minutes=10)

    had = Counter(steps(field))
    assert had.total() == 17
    assert 5 <= had["bump"] <= 6


def test_of_two_the_higher_score_goes_first_then_the_older(make_field: MakeField) -> None:
    field = make_field(of("{gap: 10 minutes}"))
    poor, old, rich = leads(field, 1, "poor"), leads(field, 1, "old", score=5), leads(field, 1, "rich", score=9)
    for each in (poor, old, rich, leads(field, 1, "young", score=5)):
        field.enroll(*each)
        field.clock.advance(timedelta(seconds=1))

    for _ in range(4):
        field.go(minutes=10)

    assert [message.to.partition("0@")[0] for message in field.memory().sent] == ["rich", "old", "young", "poor"]


def test_sequences_share_a_sender_by_their_shares(make_field: MakeField) -> None:
    field = make_field(of("{gap: 10 minutes}"))
    field.enroll(*leads(field, 12))
    field.clock.advance(timedelta(seconds=1))
    field.enroll(*leads(field, 12, "other"), sequence="other")

    for _ in range(12):
        field.go(minutes=10)

    sent = [row["sequence"] for row in field.rows(touches) if row["state"] == "sent"]
    assert Counter(sent) == {"two-mails": 9, "other": 3}


def test_a_cap_is_kept_for_those_whose_window_opens_later(make_field: MakeField) -> None:
    office = '{timezone: lead, days: mon-sun, hours: "09:00-17:30", holidays: none}'
    sequence = FILES["sequences/two-mails.yaml"].replace("schedule: always", f"schedule: {office}")
    field = make_field({**of("{per_day: 2}"), "sequences/two-mails.yaml": sequence})
    first = leads(field, 1, "tokyo", timezone="Asia/Tokyo", score=9)
    field.enroll(*leads(field, 1, "chicago", timezone="America/Chicago", score=8), *first)
    waiting = leads(field, 3, "tokyo-too", timezone="Asia/Tokyo")
    field.enroll(*waiting)

    field.settle()

    assert [message.to for message in field.memory().sent] == ["tokyo0@company0.example"]
    verdicts = explain_lead(field.engine, waiting[0]).enrollments[0].verdicts
    (blocking,) = [verdict for verdict in verdicts if verdict.blocks]
    assert blocking.rule == "only_in_its_turn"
    assert blocking.until is not None
    field.go(hours=8)
    assert [message.to for message in field.memory().sent][1:] == ["chicago0@company0.example"]


@pytest.mark.parametrize("limits", ["{}", "{per_day: 50}"])
def test_without_need_nobody_waits_for_a_turn(make_field: MakeField, limits: str) -> None:
    field = make_field(of(limits))
    field.enroll(*leads(field, 20))

    field.settle()

    assert len(field.memory().sent) == 20
