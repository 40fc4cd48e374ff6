"""Deliveries in any order, doubled, give the state that they give in order; each is applied once."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from outreach.clock import MovableClock
from outreach.domain.event import Clues, Event, EventKind
from outreach.receiver import Delivery
from outreach.services.hearing.receive import store
from outreach.services.hearing.understand import understand_due
from outreach.store.tables import crm_jobs, enrollments, events, holds, leads, stage_moves, suppressions, tasks, touches
from outreach.testing.field import FILES, Field

_SEQUENCE = "sequences/two-mails.yaml"
_MAPPED = FILES[_SEQUENCE].replace("stages: {", "stages: {meeting: met, ")
_PIPELINE = "config/pipelines/default.yaml"
_FILES = {
    _SEQUENCE: _MAPPED + "stop_on: [reply, bounce, unsubscribe, complaint, meeting, company_reply]\n",
    _PIPELINE: FILES[_PIPELINE].replace("  - {name: won", "  - {name: met, kind: open}\n  - {name: won"),
}
_DELIVERIES = int(os.environ.get("DELIVERIES", "200"))
"""A few in the suite; set DELIVERIES=10000 to see as many as a busy week brings."""

_TEXTS = (
    "Sounds good, call me",
    "No thanks, we are not interested.",
    "Please write again in September.",
    "I am not the right person.",
    "What does it cost?",
)
_NEWS = (
    *((EventKind.REPLIED, text) for text in _TEXTS),
    (EventKind.AUTORESPONDED, "I am out of the office until 23 March 2026."),
    (EventKind.UNSUBSCRIBED, "stop"),
    (EventKind.COMPLAINED, ""),
    (EventKind.BOUNCED, ""),
    (EventKind.BOOKED, ""),
    (EventKind.OPENED, ""),
)


_ONCE = ("log_reply", "do_not_contact")
"""What a CRM is told once for each event; status and stage are read when they are written, so they may repeat."""


class Told:
    """A receiver whose deliveries say, in JSON, which event they are."""

    provider: ClassVar[str] = "told"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 1 << 20

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        pass

    def key(self, delivery: Delivery) -> str:
        return str(json.loads(delivery.body)["id"])

    def clues(self, delivery: Delivery) -> Clues:
        return Clues(addresses=(("email", str(json.loads(delivery.body)["from"])),))

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        told = json.loads(delivery.body)
        return (
            Event(
                key=told["id"],
                kind=EventKind(told["kind"]),
                at=datetime.fromisoformat(told["at"]),
                channel="email",
                clues=self.clues(delivery),
                text=told["text"],
                is_hard=True,
                data={"until": "2026-03-23", "from": told["from"]},
            ),
        )


@dataclass(frozen=True, slots=True)
class Deal:
    """What was delivered, and how many leads there are."""

    told: list[dict[str, str]]
    people: int


def deal(count: int, begin: datetime) -> Deal:
    """So many deliveries about a few hundred leads at companies of two, each a minute after the other."""
    people = max(10, count // 5)
    told = []
    for number in range(count):
        kind, text = _NEWS[drawn(f"kind {number}") % len(_NEWS)]
        at = begin + timedelta(minutes=number)
        person = drawn(f"person {number}") % people
        told.append({"id": f"n{number}", "kind": kind, "text": text, "at": at.isoformat(), "from": address(person)})
    return Deal(told, people)


def drawn(what: str) -> int:
    """A number that looks like chance, and is always the same."""
    return int.from_bytes(hashlib.sha256(what.encode()).digest()[:4])


def address(person: int) -> str:
    return f"p{person}@c{person // 2}.example"


@contextmanager
def waiting(folder: Path, clock: MovableClock, people: int) -> Iterator[tuple[Field, dict[str, str]]]:
    """A field on a database of its own in which everybody has got one mail; their ids by address."""
    folder.mkdir()
    field = Field(folder, f"sqlite:///{folder}/outreach.db", clock, _FILES)
    field.apply()
    ids = {address(person): field.add_lead(address(person)) for person in range(people)}
    field.enroll()
    field.settle()
    try:
        yield field, ids
    finally:
        field.close()


def receive(field: Field, told: list[dict[str, str]]) -> None:
    """Accept these in their order, some together, and understand them."""
    receiver = Told()
    now = field.clock.now()
    for begin in range(0, len(told), 50):
        arrivals = []
        for each in told[begin : begin + 50]:
            body = json.dumps(each).encode()
            delivery = Delivery(connection="told", method="POST", url="", headers={}, body=body, received_at=now)
            arrivals.append((delivery, receiver.key(delivery), receiver.clues(delivery)))
        store(field.engine, arrivals)
    while understand_due(field.engine, {"told": receiver}):
        pass


def state_of(field: Field, ids: dict[str, str]) -> dict[str, Any]:
    """Everything that news may change, by addresses and words instead of ids."""
    who = {lead_id: value for value, lead_id in ids.items()}
    ended = {row["id"]: who[row["lead_id"]] for row in field.rows(enrollments)}
    return {
        "leads": {who[row["id"]]: (row["status"], row["stage"], row["tags"]) for row in field.rows(leads)},
        "enrollments": {
            who[r["lead_id"]]: (r["state"], r["reason"], r["ended_by_at"]) for r in field.rows(enrollments)
        },
        "snoozed": {who[r["lead_id"]]: r["snoozed_until"] for r in field.rows(enrollments) if r["state"] != "finished"},
        "touches": sorted((ended[row["enrollment_id"]], row["step"], row["state"]) for row in field.rows(touches)),
        "events": sorted((row["key"], row["kind"], who.get(row["lead_id"], "")) for row in field.rows(events)),
        "suppressions": sorted(
            (row["scope"], who.get(row["value"], row["value"]), row["reason"]) for row in field.rows(suppressions)
        ),
        "tasks": sorted((who[row["lead_id"]], row["note"], row["state"], row["due_at"]) for row in field.rows(tasks)),
        "crm": sorted(row["key"] for row in field.rows(crm_jobs) if row["operation"] in _ONCE),
        "holds": field.rows(holds),
    }


def test_any_order_with_repeats_gives_the_state_that_the_order_gives(tmp_path: Path, clock: MovableClock) -> None:
    dealt = deal(_DELIVERIES, clock.now() + timedelta(hours=1))
    twice = [each for each in dealt.told if drawn(each["id"]) % 3 == 0]
    mixed = [each for _, each in sorted(enumerate(dealt.told + twice), key=lambda one: drawn(f"place {one[0]}"))]

    with waiting(tmp_path / "mixed", clock, dealt.people) as (field, ids):
        field.clock.advance(timedelta(days=30))
        receive(field, mixed)
        found = state_of(field, ids)
        moved = [row for row in field.rows(stage_moves) if row["to_stage"] == "met"]
    clock.advance(timedelta(days=-30))
    with waiting(tmp_path / "ordered", clock, dealt.people) as (field, ids):
        field.clock.advance(timedelta(days=30))
        receive(field, dealt.told)
        expected = state_of(field, ids)

    for part in expected:
        assert found[part] == expected[part], part
    assert len(found["events"]) == len(dealt.told)
    assert found["holds"] == []
    assert moved


@pytest.mark.parametrize("kind", ["replied", "booked", "unsubscribed"])
def test_what_happened_first_is_why_it_ended_although_it_is_heard_of_last(
    tmp_path: Path, clock: MovableClock, kind: str
) -> None:
    at = clock.now() + timedelta(hours=1)
    late = {"id": "first", "kind": kind, "text": "x", "at": at.isoformat(), "from": address(0)}
    soon = {**late, "id": "later", "kind": "bounced", "at": (at + timedelta(days=1)).isoformat()}

    with waiting(tmp_path / "field", clock, 2) as (field, ids):
        receive(field, [soon, late])
        ended = field.enrollment(ids[address(0)])

    assert ended["reason"] == kind
    assert ended["ended_by_at"] == at
