"""A CRM as its contracts see it, and the people they write."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from outreach.crm import Activity, Crm, Person

T = TypeVar("T")


class World(Protocol):
    """An adapter together with the system it talks to, looked at from behind."""

    crm: Crm
    secrets: tuple[str, ...]  # nothing of these may be seen in an error or a repr
    text_field: str  # remote name of a free person field
    stage: str  # a stage that exists
    other_stage: str  # another one of the same pipeline
    pipeline: str
    status: str
    owner: str  # the e-mail address of a user
    unknown_stage: str | None  # None: any stage is taken

    def add_person(self, email: str, **values: str) -> str:
        """As if a person of the team had typed it in; the record's id."""
        ...

    def remove_person(self, person_id: str) -> None: ...

    def people(self) -> list[str]:
        """The addresses of all records, one entry for each record."""
        ...

    def value(self, person_id: str, field: str) -> str:
        """What the record holds; `status`, `owner`, `tags` (joined by `;`) and `first_name` are our words."""
        ...

    def entries(self, person_id: str) -> list[str]:
        """The texts on the timeline."""
        ...

    def deals(self, person_id: str) -> list[str]:
        """The stages of the person's deals."""
        ...

    def is_opted_out(self, person_id: str) -> bool: ...


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


REPLY = Activity(
    key="evt-1",
    kind="reply",
    at=datetime(2026, 3, 2, 10, 0, tzinfo=UTC),
    subject="Re: A question",
    text="Sounds good, <call> me & my colleague",
    from_address="ayse@example.com",
    to_address="anna@example.org",
)
AYSE = Person(email="ayse@example.com", first_name="Ayşe", last_name="Kaya", company="Example GmbH", key="lead-1")
