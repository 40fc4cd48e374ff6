"""What people have to do, and what follows when they did it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from outreach.errors import UsageError
from outreach.services.people import task_changes
from outreach.services.people import tasks as service
from outreach.services.people.tasks import Wanted
from outreach.store.tables import audit, events, tasks
from outreach.testing.field import Field

MakeField = Callable[[Mapping[str, str]], Field]

CALLING = {
    "sequences/calling.yaml": """
name: calling
pipeline: default
senders: [anna]
schedule: always
steps:
  - id: call
    task: call
    note: Ask about March
    within: 2 days
    or: wait
  - id: after
    email: bump
"""
}
WAITING = {
    "sequences/waiting.yaml": """
name: waiting
pipeline: default
senders: [anna]
schedule: always
steps:
  - id: call
    task: call
  - wait_for: task.done
    at_most: 7 days
    then:
      - id: done
        email: intro
    else:
      - id: missed
        email: bump
"""
}


def _begun(make_field: MakeField, files: Mapping[str, str], sequence: str) -> tuple[Field, str]:
    field = make_field(files)
    lead = field.add_lead("ayse@one.example", first_name="Ayşe", last_name="Örnek")
    field.add_address(lead, "linkedin", "https://www.linkedin.com/in/ayse")
    field.enroll(lead, sequence=sequence)
    field.settle()
    return field, lead


def test_a_task_says_what_to_do_for_whom_until_when(make_field: MakeField) -> None:
    field, lead = _begun(make_field, CALLING, "calling")

    (task,) = service.list_tasks(field.engine)

    assert (task.kind, task.note, task.state, task.lead_id) == ("call", "Ask about March", "open", lead)
    assert (task.lead, task.sequence, task.step) == ("Ayşe Örnek <ayse@one.example>", "calling", "call")
    assert task.assignee == "anna"
    assert task.due_at == field.clock.now() + timedelta(days=2)


def test_done_lets_the_sequence_go_on_at_once(make_field: MakeField) -> None:
    field, lead = _begun(make_field, CALLING, "calling")
    task_id = field.row(tasks)["id"]

    task = service.done(field.engine, task_id, outcome="talked about the audit", by="anna")
    field.settle()

    assert (task.state, task.outcome) == ("done", "talked about the audit")
    assert [message.subject for message in field.memory().sent] == ["Hello again"]
    assert field.enrollment(lead)["reason"] == "completed"


def test_done_is_remembered_as_an_event_and_in_the_audit(make_field: MakeField) -> None:
    field, lead = _begun(make_field, CALLING, "calling")
    task_id = field.row(tasks)["id"]

    service.done(field.engine, task_id, outcome="ok", by="anna")

    event = field.row(events, key=f"task:{task_id}")
    assert (event["kind"], event["lead_id"], event["text"], event["reason"]) == ("completed", lead, "ok", "done")
    assert field.row(audit, action="task done")["actor"] == "anna"


def test_done_wakes_who_waits_for_it(make_field: MakeField) -> None:
    field, _ = _begun(make_field, WAITING, "waiting")

    service.done(field.engine, field.row(tasks)["id"], by="anna")
    field.settle()

    assert [message.subject for message in field.memory().sent] == ["Hello Ayşe"]


def test_a_skipped_task_is_not_waited_for_but_is_not_done_either(make_field: MakeField) -> None:
    field, _ = _begun(make_field, WAITING, "waiting")

    task = service.skip(field.engine, field.row(tasks)["id"], reason="no account", by="anna")
    field.settle()
    before = len(field.memory().sent)
    field.go(days=7)

    assert (task.state, task.outcome, before) == ("skipped", "no account", 0)
    assert [message.subject for message in field.memory().sent] == ["Hello again"]


def test_a_task_is_finished_once(make_field: MakeField) -> None:
    field, _ = _begun(make_field, CALLING, "calling")
    task_id = field.row(tasks)["id"]
    service.skip(field.engine, task_id, by="anna")

    with pytest.raises(UsageError, match="is skipped already"):
        service.done(field.engine, task_id, by="anna")

    assert field.row(tasks)["state"] == "skipped"
    assert len(field.rows(events, kind="completed")) == 1


def test_an_unknown_task_is_said_to_be_unknown(field: Field) -> None:
    with pytest.raises(UsageError, match="there is no task 'nope'"):
        service.done(field.engine, "nope", by="anna")
    with pytest.raises(UsageError, match="there is no task 'nope'"):
        service.one(field.engine, "nope")


def test_the_list_is_filtered(make_field: MakeField) -> None:
    field, lead = _begun(make_field, CALLING, "calling")
    other = field.add_lead("bora@two.example")
    field.enroll(other, sequence="calling")
    field.settle()
    service.done(field.engine, field.row(tasks, lead_id=other)["id"], by="anna")

    def leads_in(wanted: Wanted) -> list[str | None]:
        return [task.lead_id for task in service.list_tasks(field.engine, wanted)]

    assert leads_in(Wanted()) == [lead]
    assert set(leads_in(Wanted(state=None))) == {lead, other}
    assert leads_in(Wanted(assignee="deniz")) == []
    assert leads_in(Wanted(lead_id=other)) == []
    assert leads_in(Wanted(sequence="calling", kind="call")) == [lead]
    assert leads_in(Wanted(only_overdue=True)) == []


def test_an_overdue_task_says_so(make_field: MakeField) -> None:
    field, lead = _begun(make_field, CALLING, "calling")
    field.clock.advance(timedelta(days=2, minutes=1))

    (task,) = service.list_tasks(field.engine, Wanted(only_overdue=True))

    assert (task.lead_id, task.is_overdue) == (lead, True)
    assert json.loads(json.dumps(task.to_json()))["is_overdue"] is True


def test_a_snoozed_task_comes_back_and_its_deadline_stays(make_field: MakeField) -> None:
    field, _ = _begun(make_field, CALLING, "calling")
    (task,) = service.list_tasks(field.engine)

    put_off = task_changes.snooze(field.engine, task.id, "1 day", by="anna")

    assert service.list_tasks(field.engine) == []
    assert service.list_tasks(field.engine, Wanted(snoozed=True)) == [put_off]
    assert put_off.snoozed_until == field.clock.now() + timedelta(days=1)
    assert put_off.due_at == task.due_at
    field.clock.advance(timedelta(days=3))
    (back,) = service.list_tasks(field.engine)
    assert (back.snoozed_until, back.is_overdue) == (None, True)


def test_a_task_may_be_snoozed_until_a_weekday_on_the_clock_of_its_owner(make_field: MakeField) -> None:
    field, _ = _begun(make_field, CALLING, "calling")
    (task,) = service.list_tasks(field.engine)

    put_off = task_changes.snooze(field.engine, task.id, "friday 09:00", by="anna")

    assert put_off.snoozed_until is not None
    assert f"{put_off.snoozed_until.astimezone(ZoneInfo('Europe/Istanbul')):%A %H:%M}" == "Friday 09:00"


@pytest.mark.parametrize("until", ["", "soon", "2020-01-01", "lead.renewal_on - 3 days", "-3 days"])
def test_what_is_no_time_is_told(make_field: MakeField, until: str) -> None:
    field, _ = _begun(make_field, CALLING, "calling")
    (task,) = service.list_tasks(field.engine)

    with pytest.raises(UsageError, match=r"'3 days'"):
        task_changes.snooze(field.engine, task.id, until, by="anna")


def test_a_task_may_be_given_to_somebody_else_and_the_trail_says_who_did(make_field: MakeField) -> None:
    field, _ = _begun(make_field, CALLING, "calling")
    (task,) = service.list_tasks(field.engine)

    given = task_changes.assign(field.engine, task.id, "deniz", by="anna")

    assert given.assignee == "deniz"
    assert [each.id for each in service.list_tasks(field.engine, Wanted(assignee="deniz"))] == [task.id]
    (entry,) = [row for row in field.rows(audit) if row["action"] == "task assign"]
    assert (entry["actor"], entry["data"]) == ("anna", {"assignee": "deniz"})


def test_only_open_tasks_are_put_off_or_given_away(make_field: MakeField) -> None:
    field, _ = _begun(make_field, CALLING, "calling")
    (task,) = service.list_tasks(field.engine)
    service.done(field.engine, task.id, by="anna")

    with pytest.raises(UsageError, match="is done already"):
        task_changes.snooze(field.engine, task.id, "1 day", by="anna")
    with pytest.raises(UsageError, match="nobody is named"):
        task_changes.assign(field.engine, task.id, " ", by="anna")
    with pytest.raises(UsageError, match="there is no task"):
        task_changes.assign(field.engine, "none", "deniz", by="anna")
