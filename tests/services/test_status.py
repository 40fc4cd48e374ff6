"""How everything stands, in numbers that are the same as what is stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlalchemy import insert, update

from outreach.domain.pipeline import Status
from outreach.domain.suppression import Scope, SuppressionReason
from outreach.errors import OutcomeUnknown, Refused, Unavailable
from outreach.services.hearing import stop
from outreach.services.hearing.stop import Target, Width
from outreach.services.sending import recover
from outreach.services.watching import forgotten
from outreach.services.watching.status import status
from outreach.store.tables import leads, tasks, touches
from outreach.testing.field import Field

MakeField = Callable[[Mapping[str, str]], Field]

ONE_A_DAY = {
    "config/senders.yaml": """
anna:
  name: Anna Example
  timezone: Europe/Istanbul
  email: {address: anna@sender.example, use: memory, limits: {per_day: 1}}
"""
}


def test_an_empty_database_has_nothing_to_tell(field: Field) -> None:
    found = status(field.engine)

    assert (found.sent_today, found.planned, found.due, found.unknown, found.forgotten) == (0, 0, 0, 0, 0)
    assert (found.scheduler_at, found.scheduler_age) == (None, None)
    assert [sender.name for sender in found.senders] == ["anna"]


def test_what_went_out_and_what_is_planned_is_counted(field: Field) -> None:
    field.enroll(field.add_lead("ayse@one.example"), field.add_lead("bora@two.example"))
    field.settle()

    found = status(field.engine)

    assert (found.sent_today, found.planned, found.due) == (2, 2, 0)


def test_today_begins_at_midnight_of_the_zone_the_team_lives_in(field: Field) -> None:
    field.enroll(field.add_lead("ayse@one.example"))
    field.settle()

    field.clock.advance(timedelta(hours=13, minutes=59))  # 23:59 in Istanbul
    before = status(field.engine)
    field.clock.advance(timedelta(minutes=1))
    after = status(field.engine)

    assert (before.zone, before.sent_today, after.sent_today) == ("Europe/Istanbul", 1, 0)


def test_a_sender_without_allowance_says_what_it_waits_for(make_field: MakeField) -> None:
    field = make_field(ONE_A_DAY)
    field.enroll(field.add_lead("ayse@one.example"), field.add_lead("bora@two.example"))
    field.settle()

    queue = status(field.engine).senders[0].queues[0]

    assert (queue.action, queue.due, queue.used_today, queue.left) == ("email", 1, 1, 0)
    assert queue.because == "cap of 1 a day reached"
    assert queue.wait_until is not None


def test_planned_touches_are_counted_by_what_blocks_them(field: Field) -> None:
    field.enroll(field.add_lead("ayse@one.example"))
    stop.pause(field.engine, Target(width=Width.SEQUENCE, value="two-mails"), reason="holidays", by="anna")
    field.settle()

    found = status(field.engine)

    assert found.blocked == {"paused: sequence two-mails (holidays)": 1}
    assert [(pause.scope, pause.value, pause.by) for pause in found.pauses] == [("sequence", "two-mails", "anna")]


def test_what_nobody_can_know_and_what_failed_is_counted(field: Field) -> None:
    field.memory().will_for("ayse@one.example", OutcomeUnknown("memory", "no answer"))
    field.memory().will_for("bora@two.example", Refused("memory", "no such text"))
    field.enroll(field.add_lead("ayse@one.example"), field.add_lead("bora@two.example"))
    field.settle()

    found = status(field.engine)

    assert (found.unknown, found.failed, found.failed_today) == (1, 1, 1)


def test_an_open_circuit_is_shown_while_it_is_open(field: Field) -> None:
    field.memory().will(Unavailable("memory", "connection refused"))
    field.enroll(field.add_lead("ayse@one.example"))
    for claim_id in field.claim():
        field.carry_out(claim_id)

    during = status(field.engine).senders[0]
    field.clock.advance(timedelta(hours=2))
    later = status(field.engine).senders[0]

    assert during.circuit_open_until is not None
    assert "connection refused" in (during.circuit_reason or "")
    assert (later.circuit_open_until, later.circuit_reason) == (None, None)


def test_an_open_hold_is_listed_with_its_age(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    field.settle()
    field.reply("ayse@one.example")
    field.clock.advance(timedelta(minutes=3))

    found = status(field.engine)

    assert [(hold.lead_id, hold.connection, hold.age) for hold in found.holds] == [
        (lead, "replies", timedelta(minutes=3))
    ]
    assert found.deliveries_waiting == 1


def test_replies_of_today_and_the_crm_list_are_counted(field: Field) -> None:
    field.enroll(field.add_lead("ayse@one.example"))
    field.settle()
    field.reply("ayse@one.example")
    field.settle()

    found = status(field.engine)

    assert found.replies_today == 1
    assert [(crm.connection, crm.waiting, crm.dead) for crm in found.crms] == [("team", 3, 0)]


def test_open_and_overdue_tasks_are_counted(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    _add_task(field, lead, "t1", days=-1)
    _add_task(field, lead, "t2", days=1)

    found = status(field.engine)

    assert (found.tasks_open, found.tasks_overdue) == (2, 1)


def test_what_an_outage_made_too_late_is_counted(field: Field) -> None:
    recover.note_tick(field.engine)
    field.enroll(field.add_lead("ayse@one.example"))
    field.settle()
    field.clock.advance(timedelta(days=10))
    recover.note_tick(field.engine)

    found = status(field.engine)

    assert found.too_late == 1
    assert found.blocked == {"too_late": 1}
    assert found.scheduler_age == timedelta(0)


def test_a_lead_nobody_does_anything_about_is_forgotten(field: Field) -> None:
    never = field.add_lead("ayse@one.example")
    answered = field.add_lead("bora@two.example", status=Status.RESPONDED, stage="responded")

    found = status(field.engine)

    assert found.forgotten == 2
    assert found.forgotten_by == {"never enrolled": 1, "answered": 1}
    assert set(found.forgotten_leads) == {never, answered}


def test_a_next_action_is_an_enrollment_or_an_open_task(field: Field) -> None:
    enrolled, paused = field.add_lead("ayse@one.example"), field.add_lead("bora@two.example")
    with_task = field.add_lead("can@three.example")
    field.enroll(enrolled, paused)
    stop.pause(field.engine, Target(width=Width.LEAD, value=paused), reason="later", by="anna")
    _add_task(field, with_task, "t1", days=1)

    assert status(field.engine).forgotten == 0


def test_who_is_over_needs_no_next_action(field: Field) -> None:
    field.add_lead("ayse@one.example", stage="won")
    field.add_lead("bora@two.example", stage="nurture")
    field.add_lead("can@three.example", status=Status.BOUNCED)
    field.add_lead("derya@four.example", status=Status.NOT_INTERESTED)

    assert status(field.engine).forgotten == 0


def test_a_suppression_of_any_width_is_a_stated_reason(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    at_company = field.add_lead("bora@two.example")
    field.add_lead("can@three.example")
    field.add_lead("derya@mail.four.example")
    company_id = field.lead(at_company)["company_id"]
    wide = (
        (Scope.LEAD, lead),
        (Scope.COMPANY, company_id),
        (Scope.ADDRESS, "email:can@three.example"),
        (Scope.DOMAIN, "mail.four.example"),
    )
    for scope, value in wide:
        stop.suppress(field.engine, scope, value, reason=SuppressionReason.BY_HAND, by="anna")
    with field.app.store.begin() as connection:
        connection.execute(update(leads).values(status="new"))

    assert status(field.engine).forgotten == 0


def test_a_sender_that_is_not_configured_any_more_still_shows_what_it_has_to_send(field: Field) -> None:
    field.enroll(field.add_lead("ayse@one.example"))
    field.settle()
    field.clock.advance(timedelta(days=3))
    with field.app.store.begin() as connection:
        connection.execute(update(touches).where(touches.c.state == "planned").values(sender="gone"))

    gone = status(field.engine).senders[1]

    assert (gone.name, gone.is_configured, gone.queues[0].due) == ("gone", False, 1)


def test_the_whole_of_it_is_json(field: Field) -> None:
    field.enroll(field.add_lead("ayse@one.example"))
    field.settle()
    recover.note_tick(field.engine)

    written = json.loads(json.dumps(status(field.engine).to_json()))

    assert written["sent_today"] == 1
    assert written["scheduler_age"] == 0.0
    assert written["at"] == "2026-03-02T07:00:00+00:00"


def _add_task(field: Field, lead_id: str, task_id: str, *, days: int) -> None:
    now = field.clock.now()
    row = {"id": task_id, "lead_id": lead_id, "kind": "call", "state": "open", "due_at": now + timedelta(days=days)}
    with field.app.store.begin() as connection:
        connection.execute(insert(tasks).values(**row, created_at=now))


def test_of_a_large_list_it_is_told_who_was_forgotten_some_minutes_ago(field: Field) -> None:
    field.add_lead("ada@one.example")
    assert forgotten.count_again(field.engine, large=0)
    counted_at = field.clock.now()
    field.add_lead("ben@two.example")
    field.clock.advance(timedelta(minutes=2))

    def told() -> forgotten.Forgotten:
        with field.app.store.read() as connection:
            return forgotten.forgotten(connection, field.engine, field.clock.now(), large=0)

    lately = told()
    assert (lately.at, lately.by, len(lately.ids)) == (counted_at, {"never enrolled": 1}, 1)
    assert forgotten.count_again(field.engine, large=0)
    assert told().by == {"never enrolled": 2}
    field.clock.advance(timedelta(minutes=31))
    assert told().at == field.clock.now(), "nobody counted for long, so it is counted now"
    assert status(field.engine).forgotten_at == field.clock.now(), "a list of usual size always shows the present"


def test_whoever_was_looked_after_since_is_not_named_any_more(field: Field) -> None:
    lead = field.add_lead("ada@one.example")
    forgotten.count_again(field.engine, large=0)
    field.enroll(lead)

    with field.app.store.read() as connection:
        lately = forgotten.forgotten(connection, field.engine, field.clock.now(), large=0)

    assert lately.ids == ()
