"""When a sequence is stopped, what it asked people to do is off the list, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from outreach.services.hearing import opt_out
from outreach.services.people import tasks
from outreach.store.tables import touches
from outreach.testing.field import Field

_FILES = {
    "sequences/two-mails.yaml": """
name: two-mails
pipeline: default
senders: [anna]
schedule: always
steps:
  - id: intro
    email: intro
  - id: call
    task: call
    within: 5 days
""",
}


def test_nobody_is_asked_to_call_a_person_who_opted_out(make_field: Callable[[Mapping[str, str]], Field]) -> None:
    field = make_field(_FILES)
    lead_id = field.add_lead("ada@example.com", first_name="Ada")
    field.enroll(lead_id)
    field.settle()
    assert [task.kind for task in tasks.list_tasks(field.engine)] == ["call"]

    opt_out.leave(field.engine, field.row(touches, lead_id=lead_id, step="intro")["id"])

    assert tasks.list_tasks(field.engine) == []
    closed = tasks.list_tasks(field.engine, tasks.Wanted(state=tasks.SKIPPED))
    assert [task.outcome for task in closed] == ["unsubscribed"]
