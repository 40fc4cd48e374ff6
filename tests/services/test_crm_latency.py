"""The CRM adds nothing to what accepting a reply costs: not a statement, and no wait for a lock while it is slow."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from sqlalchemy import event

from outreach.crms.memory import Memory
from outreach.services.crm import sync
from outreach.store.tables import crm_jobs
from outreach.testing.field import Field
from tests.services.conftest import MakeField

CRM = """
team: {use: memory, owners: {anna: anna@example.com}, when: {reply: [person, owner, log_reply, tags]}}
other: {use: memory, when: {reply: [person, log_reply]}}
"""


def statements(field: Field, doing: Callable[[], object]) -> list[str]:
    """Every statement the database gets while `doing` runs."""
    seen: list[str] = []

    def note(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    event.listen(field.app.store.engine, "before_cursor_execute", note)
    doing()
    event.remove(field.app.store.engine, "before_cursor_execute", note)
    return seen


def test_accepting_a_reply_asks_the_database_nothing_about_a_crm(make_field: MakeField) -> None:
    field = make_field({"config/crm.yaml": CRM})
    for number in range(2):
        field.enroll(field.add_lead(f"p{number}@example.com"))
    field.settle()
    field.reply("p0@example.com")  # what is made once is made

    asked = statements(field, lambda: field.reply("p1@example.com"))

    assert asked
    assert [each for each in asked if "crm_" in each] == []
    assert field.rows(crm_jobs) == []
    field.settle()
    assert len(field.rows(crm_jobs)) == 2 * (3 + 2)


class Hanging(Memory):
    """A system that takes the first call and answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.was_asked, self.may_answer = threading.Event(), threading.Event()

    async def find_person(self, email: str) -> tuple[()]:
        self.was_asked.set()
        await asyncio.to_thread(self.may_answer.wait, 30)
        return ()


def test_replies_are_accepted_and_stop_sequences_while_the_crm_does_not_answer(make_field: MakeField) -> None:
    field = make_field({"config/crm.yaml": "team: {use: memory, when: {reply: [person, log_reply]}}\n"})
    leads = [field.add_lead(f"p{number}@example.com") for number in range(3)]
    for each in leads:
        field.enroll(each)
    field.settle()
    field.reply("p0@example.com")
    field.settle()
    crm = Hanging()
    connected = sync.Connected(field.engine.crms["team"], crm)
    draining = threading.Thread(
        target=lambda: asyncio.run(sync.drain(field.app.store, [connected], clock=field.clock, owner="w1"))
    )
    draining.start()
    assert crm.was_asked.wait(30)

    for number in (1, 2):
        field.reply(f"p{number}@example.com")
    field.settle()

    assert [field.enrollment(each)["state"] for each in leads] == ["finished"] * 3
    assert [field.lead(each)["status"] for each in leads] == ["responded"] * 3
    assert not crm.may_answer.is_set()
    crm.may_answer.set()
    draining.join(30)
    assert len(crm.records) == 3
    assert {row["state"] for row in field.rows(crm_jobs)} == {"done"}
