"""What the planner looks at, of a person in a simulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from outreach.domain.planner import Facts
from outreach.services.sending.facts import path_facts, render_context
from outreach.services.simulating.simulate_people import Person, address_rows, enrollment_row


def facts_of(person: Person, happened: Mapping[str, datetime] | None) -> Facts:
    return Facts(
        sequence=person.course.sequence,
        enrollment_id=person.enrollment_id,
        lead_id=person.known.lead_id,
        cursor=person.cursor,
        cursor_at=person.cursor_at,
        zone=person.zone,
        is_holiday=person.is_holiday,
        had=person.had,
        happened=happened,
        zone_of=person.course.zone_of,
    )


def full_facts_of(person: Person, now: datetime) -> Facts:
    """With the values of the lead, for steps that ask for them."""
    row = enrollment_row(person)
    context = render_context(row, address_rows(person.known), person.sender, now, events=person.event_counts)
    facts = path_facts(
        person.course.sequence,
        row,
        (),
        sender=person.sender,
        team=person.course.team,
        happened=person.happened,
        context=context,
    )
    return replace(facts, had=person.had)
