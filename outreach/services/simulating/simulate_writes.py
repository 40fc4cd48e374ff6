"""What a simulated sequence writes on a lead: kept beside the lead, for the conditions that ask about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from outreach.content.step_models import SETTABLE
from outreach.domain.sequence import What, WriteStep
from outreach.services.simulating.simulate_people import Person


def write(person: Person, writes: Sequence[WriteStep], now: datetime) -> None:
    """In their order. Notes are for people: no condition reads them."""
    for step in writes:
        match step.what:
            case What.STAGE:
                move_stage(person, step.value, now)
            case What.TAG:
                tags = _present(person, "leads_tags", person.known.draft.tags)
                _change(person, "leads_tags", tags if step.value in tags else (*tags, step.value))
            case What.SCORE:
                score = _present(person, "leads_score", person.known.draft.score)
                _change(person, "leads_score", score + int(step.value))
            case What.SET:
                _set(person, step.values)


def _set(person: Person, values: Mapping[str, str]) -> None:
    for name, text in values.items():
        if name in SETTABLE:
            _change(person, f"leads_{name}", text)
            if name == "country":
                person.observe(text)
        else:
            fields = _present(person, "leads_fields", person.known.draft.fields)
            _change(person, "leads_fields", {**fields, name: text})


def move_stage(person: Person, stage: str | None, now: datetime) -> None:
    """As `lead_states.move_stages`: not to where the lead stands, and only as the pipeline allows."""
    if stage and stage != person.stage and person.course.pipeline.allows(person.stage, stage):
        person.stage = stage
        person.note(f"stage:{stage}", now)


def _present(person: Person, column: str, otherwise: Any) -> Any:
    return (person.changes or {}).get(column, otherwise)


def _change(person: Person, column: str, value: Any) -> None:
    person.changes = {**(person.changes or {}), column: value}
