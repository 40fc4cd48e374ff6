"""What the dashboard is told: the day's numbers, each sender's state, and one lead from first to last."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from outreach.services.hearing import stop
from outreach.services.hearing.stop import Target, Width
from outreach.services.watching import dashboard
from outreach.store.tables import senders
from outreach.testing.field import Field
from tests.services.conftest import MakeField

CAPPED = {
    "config/senders.yaml": """
anna:
  name: Anna Example
  timezone: Europe/Istanbul
  email: {address: anna@sender.example, use: memory, limits: {per_day: 2}}
"""
}


def test_a_quiet_workspace_counts_nothing_and_says_what_never_ran(field: Field) -> None:
    today = dashboard.today(field.engine)

    names = ("sent", "due", "replies", "blocked", "unknown", "failed", "tasks", "forgotten")
    assert {today[name] for name in names} == {0}
    assert today["latest"] == []
    assert _check(today, "scheduler") == {
        "name": "scheduler",
        "is_fine": False,
        "detail": "has never run: outreach run",
    }


def test_a_day_of_work_is_counted_and_its_news_come_newest_first(field: Field) -> None:
    ayse = field.add_lead("ayse@one.example", first_name="Ayşe")
    jan = field.add_lead("jan@two.example")
    field.enroll(ayse, jan)
    field.settle()
    field.reply("ayse@one.example", "Call me")
    field.settle()
    field.clock.advance(timedelta(minutes=5))
    field.reply("jan@two.example", "No, thank you")
    field.settle()

    today = dashboard.today(field.engine)

    assert (today["sent"], today["replies"]) == (2, 2)
    assert [(news["who"], news["text"]) for news in today["latest"]] == [
        ("jan@two.example", "No, thank you"),
        ("Ayşe", "Call me"),
    ]


def test_a_sender_at_its_cap_waits_and_says_why(make_field: MakeField) -> None:
    field = make_field(CAPPED)
    field.enroll(*(field.add_lead(f"lead{number}@one{number}.example") for number in range(3)))
    field.settle()

    sender = _sender(dashboard.today(field.engine))

    assert (sender["used"], sender["per_day"], sender["state"]) == (2, 2, "waiting")
    assert "cap of 2" in sender["detail"]


def test_a_pause_is_shown_at_the_sender_and_under_health(make_field: MakeField) -> None:
    field = make_field(CAPPED)
    stop.pause(field.engine, Target(width=Width.SENDER, value="anna"), reason="on holiday", by="deniz")

    today = dashboard.today(field.engine)

    assert (_sender(today)["state"], _sender(today)["detail"]) == ("paused", "on holiday")
    assert not _check(today, "paused")["is_fine"]


def test_an_open_circuit_is_a_failing_sender(make_field: MakeField) -> None:
    field = make_field(CAPPED)
    until = field.clock.now() + timedelta(minutes=2)
    with field.app.store.begin() as connection:
        connection.execute(update(senders).values(circuit_open_until=until, circuit_reason="login refused"))

    sender = _sender(dashboard.today(field.engine))

    assert (sender["state"], sender["detail"]) == ("failing", "login refused")


def test_a_lead_shows_where_it_stands_and_all_that_happened(field: Field) -> None:
    lead_id = field.add_lead("ayse@one.example", first_name="Ayşe", last_name="Demir")
    field.enroll(lead_id)
    field.settle()

    under_way = dashboard.lead(field.engine, lead_id)
    field.reply("ayse@one.example", "Sounds good: call me")
    field.settle()
    over = dashboard.lead(field.engine, lead_id)

    assert under_way is not None
    assert over is not None
    [inside], [finished] = under_way["enrollments"], over["enrollments"]
    assert (inside["state"], finished["state"], finished["reason"]) == ("active", "finished", "replied")
    assert inside["next_at"] == field.clock.now() + timedelta(days=3)
    assert finished["next_at"] is None
    assert over["name"] == "Ayşe Demir"
    assert [entry["text"] for entry in over["timeline"] if entry["kind"] == "replied"] == ["Sounds good: call me"]
    assert over["timeline"] == sorted(over["timeline"], key=lambda entry: entry["at"], reverse=True)


def test_there_is_nothing_to_show_of_nobody(field: Field) -> None:
    assert dashboard.lead(field.engine, "nobody") is None


def _sender(today: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in today["senders"] if each["action"] == "email")
    return found


def _check(today: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in today["health"] if each["name"] == name)
    return found
