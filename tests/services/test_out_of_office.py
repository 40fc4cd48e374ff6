"""Out of office: nothing goes out before the day named, on both databases."""

from __future__ import annotations

from outreach.store.tables import touches
from outreach.testing.field import Field, at

_AWAY = {"subject": "Automatic reply: Hello", "text": "I am out of the office until 23 March 2026."}


def test_an_out_of_office_parks_the_lead_to_the_day_named(field: Field) -> None:
    lead_id = field.add_lead("ada@example.com", first_name="Ada", timezone="Europe/Istanbul")
    field.enroll(lead_id)
    field.settle()

    field.reply("ada@example.com", **_AWAY)
    field.go(days=4)

    assert field.enrollment(lead_id)["snoozed_until"] == at("2026-03-23T00:00+03:00")
    assert field.counts() == {"sent": 1, "planned": 1}


def test_after_the_day_named_the_sequence_goes_on(field: Field) -> None:
    lead_id = field.add_lead("ada@example.com", first_name="Ada", timezone="Europe/Istanbul")
    field.enroll(lead_id)
    field.settle()
    field.reply("ada@example.com", **_AWAY)
    field.go(days=4)

    field.clock.move_to(at("2026-03-23T09:00+03:00"))
    field.settle()

    sent = field.row(touches, lead_id=lead_id, step="bump")["sent_at"]
    assert sent == at("2026-03-23T09:00+03:00")


def test_a_shorter_absence_does_not_shorten_a_longer_one(field: Field) -> None:
    lead_id = field.add_lead("ada@example.com", first_name="Ada", timezone="Europe/Istanbul")
    field.enroll(lead_id)
    field.settle()

    field.reply("ada@example.com", **_AWAY)
    field.settle()
    field.reply("ada@example.com", **{**_AWAY, "text": "I am out of the office until 9 March 2026."})
    field.settle()

    assert field.enrollment(lead_id)["snoozed_until"] == at("2026-03-23T00:00+03:00")


def test_a_loop_between_two_programs_that_answer_ends_after_one(field: Field) -> None:
    """Theirs answers whatever comes; ours sends nothing because of an answer, and waits for the day named."""
    lead_id = field.add_lead("ada@example.com", first_name="Ada", timezone="Europe/Istanbul")
    field.enroll(lead_id)
    field.settle()

    for _ in range(6):
        field.reply("ada@example.com", subject="Re: Hello", text="Gone fishing. No laptop. Back Monday 23 March.")
        field.settle()

    assert field.counts() == {"sent": 1, "planned": 1}
    assert field.enrollment(lead_id)["snoozed_until"] > field.clock.now()
