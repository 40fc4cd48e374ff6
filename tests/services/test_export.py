"""Everything can be taken out, row by row, with keys that stay."""

from __future__ import annotations

import json
import tracemalloc
from datetime import datetime, timedelta

from outreach.services.people.export import What, export
from outreach.store.tables import events, touches
from outreach.testing.field import Field


def _rows(field: Field, what: What, *, after: int = 0) -> list[dict[str, object]]:
    rows = list(export(field.app.store, what, after=after))
    return [json.loads(json.dumps(row)) for row in rows]


def _replied(field: Field) -> str:
    lead = field.add_lead("ayse@one.example", first_name="Ayşe", tags=["sample"])
    field.enroll(lead)
    field.settle()
    field.reply("ayse@one.example")
    field.settle()
    return lead


def test_touches_have_exactly_the_promised_keys(field: Field) -> None:
    _replied(field)

    row = _rows(field, What.TOUCHES)[0]

    assert " ".join(row) == (
        "touch_id enrollment_id lead_id sequence revision step variant sender channel state crossed attempts"
        " recipient message_id provider_id server_reply due_at handed_over_at sent_at reason"
    )


def test_a_touch_tells_what_became_of_it(field: Field) -> None:
    lead = _replied(field)

    row = next(row for row in _rows(field, What.TOUCHES) if row["step"] == "intro")

    assert (row["lead_id"], row["sequence"], row["revision"], row["step"]) == (lead, "two-mails", 1, "intro")
    assert (row["state"], row["crossed"], row["attempts"], row["recipient"]) == ("sent", False, 1, "ayse@one.example")
    assert datetime.fromisoformat(str(row["sent_at"])) == field.clock.now()
    assert row["message_id"] == field.row(touches, step="intro")["message_id"]


def test_events_are_numbered_and_can_be_taken_from_a_number_on(field: Field) -> None:
    _replied(field)
    number = field.row(events, kind="replied")["number"]

    assert [row["kind"] for row in _rows(field, What.EVENTS)] == ["replied"]
    assert _rows(field, What.EVENTS, after=number) == []
    assert [row["number"] for row in _rows(field, What.EVENTS, after=number - 1)] == [number]


def test_leads_come_with_their_addresses(field: Field) -> None:
    lead = _replied(field)
    field.clock.advance(timedelta(minutes=1))
    field.add_address(lead, "linkedin", "https://www.linkedin.com/in/ayse")

    (row,) = _rows(field, What.LEADS)

    assert (row["lead_id"], row["first_name"], row["status"], row["tags"]) == (lead, "Ayşe", "responded", ["sample"])
    assert row["company_domain"] == "one.example"
    addresses = row["addresses"]
    assert isinstance(addresses, list)
    assert [(each["kind"], each["is_dead"]) for each in addresses] == [("email", False), ("linkedin", False)]


def test_enrollments_say_why_they_finished(field: Field) -> None:
    _replied(field)

    (row,) = _rows(field, What.ENROLLMENTS)

    assert (row["sequence"], row["revision"], row["state"], row["reason"]) == ("two-mails", 1, "finished", "replied")


def test_sync_shows_the_work_list_with_the_record_of_the_lead(field: Field) -> None:
    _replied(field)
    field.sync()

    rows = _rows(field, What.SYNC)

    assert [row["operation"] for row in rows] == ["person", "log_reply", "status"]
    assert {row["state"] for row in rows} == {"done"}
    assert all(row["remote_id"] for row in rows)


def test_more_rows_than_a_page_come_once_and_in_order(field: Field) -> None:
    with field.app.store.begin() as connection:
        base = {"kind": "opened", "channel": "email", "at": field.clock.now(), "created_at": field.clock.now()}
        connection.execute(events.insert(), [{"key": f"k{number}", **base} for number in range(2_345)])

    numbers = [row["number"] for row in _rows(field, What.EVENTS)]

    assert len(numbers) == 2_345
    assert numbers == sorted(set(numbers))  # type: ignore[type-var]  # they are integers


def test_a_long_export_needs_the_memory_of_a_page(field: Field) -> None:
    with field.app.store.begin() as connection:
        base = {"kind": "opened", "channel": "email", "at": field.clock.now(), "created_at": field.clock.now()}
        rows = [{"key": f"k{number}", "text": "x" * 2_000, **base} for number in range(10_000)]
        connection.execute(events.insert(), rows)
    del rows
    tracemalloc.start()

    found = sum(1 for _ in export(field.app.store, What.EVENTS))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found == 10_000
    assert peak < 12_000_000


def test_rows_written_meanwhile_are_not_waited_for(field: Field) -> None:
    field.enroll(field.add_lead("ayse@one.example"))
    exporting = export(field.app.store, What.ENROLLMENTS)

    first = next(exporting)
    field.clock.advance(timedelta(minutes=1))
    field.enroll(field.add_lead("bora@two.example"))

    assert first["sequence"] == "two-mails"
    assert len(list(exporting)) <= 1
