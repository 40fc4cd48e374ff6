"""Whom a simulation is about: leads of a file or of the database, in as little memory as they need."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from outreach.content.csv_rows import BadRow
from outreach.content.lead_files import open_lead_file
from outreach.content.lead_rows import Terms, understand
from outreach.domain.enrollment import FinishReason
from outreach.domain.event import EventKind
from outreach.domain.lead import Address, AddressKind, LeadDraft
from outreach.domain.lead_matching import People
from outreach.domain.pipeline import Pipeline, Status
from outreach.domain.planner import Had
from outreach.domain.sender import Sender
from outreach.domain.verdict import Verdict
from outreach.services.sending.facts import holidays_of, zone_of
from outreach.store.companies import key_of
from outreach.store.paths import Row

if TYPE_CHECKING:
    from outreach.services.simulating.simulate_course import Course
    from outreach.services.simulating.simulate_queue import Windows

_MOST_EXAMPLES = 10
_OFTEN = 500
_NO_EVENTS: Final = {str(kind): 0 for kind in EventKind}


End = tuple[int, FinishReason | None, datetime | None, datetime | None, str, str | None]
"""Number of a person, why and when they finished, when their first touch went out, stage and cursor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a lead when the simulation begins. `refused`: why the database does not let them in."""

    lead_id: str
    draft: LeadDraft
    company_id: str | None
    stage: str
    pipeline: str
    created_at: datetime
    status: str = Status.NEW
    enrollment_id: str = ""
    refused: str | None = None
    verdicts: Mapping[str, str | None] | None = None  # e-mail address → verdict; None: a file, whose are taken as valid

    @property
    def name(self) -> str:
        """What people call the lead by: an e-mail address where there is one."""
        return self.draft.addresses[0].value if self.draft.addresses else self.lead_id


@dataclass(slots=True)
class Listed:
    """The leads of a file, each once, in its order; and the rows that are none."""

    people: list[Known] = field(default_factory=list)
    rows: int = 0
    repeated: int = 0
    rejected: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)  # line, why it was rejected


def from_file(
    path: Path, pipeline: Pipeline, now: datetime, *, on_progress: Callable[[float], None] = lambda _: None
) -> Listed:
    """Leads as `leads import` would understand them. Raises ConfigError when the file is no list of leads.

    Their ids come from their addresses, so that the same person has the same variant and sender in every simulation.
    """
    file = open_lead_file(path)
    stages = tuple(stage.name for stage in pipeline.stages)
    terms = Terms(columns=file.columns, default_source=f"import:{path.name}", stages=stages)
    listed = Listed()
    seen = People({}, _Ids().fresh)
    rows = file.rows()
    for row in rows:
        listed.rows += 1
        if listed.rows % _OFTEN == 0:
            on_progress(rows.share)
        try:
            if isinstance(row, BadRow):
                raise ValueError(row.reason)
            draft = understand(row.cells, terms).draft
        except ValueError as error:
            _reject(listed, row.line, str(error))
            continue
        _add(listed, draft, seen, pipeline, now)
    return listed


def _reject(listed: Listed, line: int, why: str) -> None:
    listed.rejected += 1
    if len(listed.examples) < _MOST_EXAMPLES:
        listed.examples.append((line, why))


def _add(listed: Listed, draft: LeadDraft, seen: People, pipeline: Pipeline, now: datetime) -> None:
    if not seen.place(draft.addresses).is_new:
        listed.repeated += 1
        return
    company = key_of(draft.company)
    listed.people.append(
        Known(
            lead_id=lead_id_of(draft.addresses[0]),
            draft=draft,
            company_id=":".join(company) if company else None,
            stage=draft.stage or pipeline.first,
            pipeline=pipeline.name,
            created_at=now,
        )
    )


def lead_id_of(address: Address) -> str:
    """An id made from an address, always the same for the same one."""
    return hashlib.blake2b(f"{address.kind}:{address.value}".encode(), digest_size=12).hexdigest()


class _Ids:
    """Ids for telling people of one file apart."""

    def __init__(self) -> None:
        self._last = 0

    def fresh(self) -> str:
        self._last += 1
        return str(self._last)


class Person:
    """One lead on the way. Made a hundred thousand times: slots only, and nothing that is not needed yet."""

    __slots__ = (
        "begun_at",
        "changes",
        "course",
        "cursor",
        "cursor_at",
        "entered_at",
        "events",
        "finished_at",
        "had",
        "happened",
        "has_past",
        "is_holiday",
        "is_mailed",
        "is_open",
        "known",
        "look_at",
        "number",
        "reason",
        "sender",
        "snoozed_until",
        "stage",
        "suppression",
        "windows",
        "zone",
        "zone_name",
    )

    def __init__(self, known: Known, number: int, course: Course, sender: Sender, now: datetime) -> None:
        self.known = known
        self.number = number
        self.course = course
        self.sender = sender
        self.cursor: str | None = course.sequence.first
        self.cursor_at = self.entered_at = now
        self.had: dict[str, Had] = {}
        self.happened: dict[str, datetime] = {}
        self.events: dict[str, int] | None = None
        self.changes: dict[str, Any] | None = None  # columns of the lead that the sequence wrote
        self.stage = known.stage
        self.look_at: datetime | None = None
        self.has_past = False  # was inside before the simulation began
        self.is_open = False  # a touch of theirs is planned and not done
        self.is_mailed = False
        self.begun_at: datetime | None = None  # the first touch
        self.snoozed_until: datetime | None = None
        self.suppression: str | None = None
        self.reason: FinishReason | None = None
        self.finished_at: datetime | None = None
        self.zone_name = ""
        self.zone: ZoneInfo
        self.is_holiday: Callable[[date], bool]
        self.windows: Windows

    def live_in(self, zone: str) -> None:
        """The zone that was found for them, and what follows for the schedule."""
        schedule = self.course.sequence.schedule
        self.zone_name = zone
        self.zone = zone_of(schedule, {"enrollments_zone": zone}, self.sender)
        self.observe(self.known.draft.country)

    def observe(self, country: str | None) -> None:
        """The holidays of that country, as far as the schedule keeps them."""
        self.is_holiday = holidays_of(self.course.sequence.schedule, country)
        self.windows = self.course.windows_in(self.zone, self.is_holiday)

    @property
    def enrollment_id(self) -> str:
        return self.known.enrollment_id or f"{self.known.lead_id}.{self.course.sequence.name}"

    @property
    def end(self) -> End:
        """How it stands with them, to be told to another process."""
        return (self.number, self.reason, self.finished_at, self.begun_at, self.stage, self.cursor)

    @end.setter
    def end(self, told: End) -> None:
        _, self.reason, self.finished_at, self.begun_at, self.stage, self.cursor = told

    def note(self, name: str, at: datetime) -> None:
        """Something happened, by the name the planner asks for; the first time counts."""
        self.happened[name] = min(at, self.happened.get(name, at))

    def count(self, kind: EventKind) -> None:
        """One more event of that kind."""
        self.events = self.events or {}
        self.events[kind] = self.events.get(kind, 0) + 1

    @property
    def event_counts(self) -> Mapping[str, int]:
        return {**_NO_EVENTS, **(self.events or {})}

    def recipient(self, kind: str) -> str | None:
        """The address of that kind; one that bounced is dead."""
        if kind == AddressKind.EMAIL and self.suppression == EventKind.BOUNCED:
            return None
        for address in self.known.draft.addresses:
            if address.kind == kind:
                return address.value
        return None


def address_rows(known: Known) -> list[Row]:
    """The addresses as the store would give them."""
    verdicts = known.verdicts
    return [
        {
            "kind": each.kind,
            "value": each.value,
            "is_dead": False,
            "verdict": Verdict.VALID if verdicts is None else verdicts.get(each.value),
        }
        for each in known.draft.addresses
    ]


def lead_row(known: Known) -> dict[str, Any]:
    """The lead as `lead_rows.load` would give it."""
    draft = known.draft
    return {
        "leads_id": known.lead_id,
        "leads_company_id": known.company_id,
        "leads_pipeline": known.pipeline,
        "leads_created_at": known.created_at,
        "leads_first_name": draft.first_name,
        "leads_last_name": draft.last_name,
        "leads_title": draft.title,
        "leads_language": draft.language,
        "leads_timezone": draft.timezone,
        "leads_country": draft.country,
        "leads_owner": draft.owner,
        "leads_source": draft.source,
        "leads_status": known.status,
        "leads_stage": known.stage,
        "leads_score": draft.score,
        "leads_tags": draft.tags,
        "leads_fields": draft.fields,
        "companies_id": known.company_id,
        "companies_name": draft.company.name,
        "companies_domain": draft.company.domain,
        "companies_fields": draft.company.fields,
    }


def enrollment_row(person: Person) -> dict[str, Any]:
    """The person as `enrollments.load` would give them now, with what the sequence wrote."""
    return {
        **lead_row(person.known),
        "leads_status": Status.IN_SEQUENCE,
        "leads_stage": person.stage,
        **(person.changes or {}),
        "enrollments_id": person.enrollment_id,
        "enrollments_lead_id": person.known.lead_id,
        "enrollments_sequence": person.course.sequence.name,
        "enrollments_cursor": person.cursor,
        "enrollments_cursor_at": person.cursor_at,
        "enrollments_entered_at": person.entered_at,
        "enrollments_zone": person.zone_name,
    }
