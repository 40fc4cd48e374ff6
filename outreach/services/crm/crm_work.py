"""What an event means for a CRM: the jobs to write, with everything they need to be carried out later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from outreach.crm import Activity, Field, Mode, Operation, Person
from outreach.domain.crm_mapping import CrmMapping, CrmTrigger
from outreach.store.crm_jobs import NewJob

ORDER = (
    Operation.PERSON,
    Operation.OWNER,
    Operation.LOG_REPLY,
    Operation.LOG,
    Operation.STATUS,
    Operation.STAGE,
    Operation.DEAL,
    Operation.TAGS,
    Operation.DO_NOT_CONTACT,
)
"""The record comes first, then what was said, then what follows from it."""

_LONGEST_TEXT = 30_000  # of a reply; the stored delivery has all of it
_PERSON_FIELDS = ("email", "first_name", "last_name", "company", "key")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFacts:
    """A lead as a CRM may come to know it, after the event. `values` is what a mapping's `from` may name, nested."""

    lead_id: str
    email: str
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    owner: str = ""  # the lead's owner, else its sender: a key of the mapping's `owners`
    status: str = ""
    pipeline: str = ""
    stage: str = ""
    deal_value: str = ""
    tags: Sequence[str] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What goes on the timeline: a reply, or a note."""

    at: datetime
    kind: str = "reply"  # reply, note
    channel: str = "email"
    direction: str = "in"
    subject: str = ""
    text: str = ""
    from_address: str = ""
    to_address: str = ""


def jobs_for(
    mapping: CrmMapping, trigger: CrmTrigger, *, event_key: str, lead: LeadFacts, entry: Entry | None = None
) -> tuple[NewJob, ...]:
    """The jobs of one event for one connection, in the order they are to be done; none if `when` asks for none.

    Each carries the person, because any of them may find that the record is gone and has to make it again. Status and
    stage are read when the job runs, so that a late one writes what is true then.
    """
    person = {"person": _person(mapping, lead)}
    payloads: dict[Operation, Mapping[str, Any] | None] = {
        Operation.PERSON: {},
        Operation.OWNER: _owner(mapping, lead),
        Operation.LOG_REPLY: _entry(event_key, entry),
        Operation.LOG: _entry(event_key, entry),
        Operation.STATUS: {} if mapping.status_value(lead.status, lead.pipeline) else None,
        Operation.STAGE: {} if mapping.stage_value(lead.pipeline, lead.stage) else None,
        Operation.DEAL: {"name": _deal_name(lead), "value": lead.deal_value},
        Operation.TAGS: {"tags": list(lead.tags)} if lead.tags else None,
        Operation.DO_NOT_CONTACT: {},
    }
    wanted = _wanted(mapping, trigger)
    return tuple(
        NewJob(operation=operation, payload={**person, **payload})
        for operation in ORDER
        if operation in wanted and (payload := payloads[operation]) is not None
    )


def _wanted(mapping: CrmMapping, trigger: CrmTrigger) -> set[str]:
    asked = set(mapping.when.get(trigger, ()))
    if mapping.deal is None:
        return asked - {Operation.DEAL}
    if mapping.deal.create_on is None:
        return asked
    return asked | {Operation.DEAL} if trigger is mapping.deal.create_on else asked - {Operation.DEAL}


def _owner(mapping: CrmMapping, lead: LeadFacts) -> Mapping[str, Any] | None:
    email = mapping.owner_email(lead.owner)
    return {"owner": email} if email else None


def _entry(event_key: str, entry: Entry | None) -> Mapping[str, Any] | None:
    if entry is None:
        return None
    text = entry.text if len(entry.text) <= _LONGEST_TEXT else f"{entry.text[:_LONGEST_TEXT]} […]"
    words = {name: getattr(entry, name) for name in ("kind", "channel", "direction", "from_address", "to_address")}
    return {
        "activity": {
            "key": event_key,
            "at": entry.at.isoformat(),
            "subject": _storable(entry.subject),
            "text": _storable(text),
            **words,
        }
    }


def _storable(text: str) -> str:
    """JSON of PostgreSQL takes neither NUL nor half a surrogate pair."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _deal_name(lead: LeadFacts) -> str:
    name = " ".join(part for part in (lead.first_name, lead.last_name) if part)
    return " – ".join(part for part in (lead.company, name) if part) or lead.email or lead.lead_id


def _person(mapping: CrmMapping, lead: LeadFacts) -> Mapping[str, Any]:
    fields = [
        {"name": rule.remote, "value": value, "mode": Mode.OVERWRITE if rule.is_overwriting else Mode.FILL}
        for rule in mapping.fields
        if (value := rule.remote_value(as_text(_lookup(lead, rule.source))))
    ]
    names = {name: _storable(getattr(lead, name)) for name in ("email", "first_name", "last_name", "company")}
    return {**names, "key": lead.lead_id, "fields": fields}


def _lookup(lead: LeadFacts, source: str) -> Any:
    """`company.name` inside `values`, else our own attribute of that name; None if there is neither."""
    value: Any = lead.values
    for part in source.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if value is None and source in LeadFacts.__slots__:
        value = getattr(lead, source)
    return value


def as_text(value: Any) -> str:
    """A plain value as CRMs write it; empty for what is absent or has no text form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ";".join(text for item in value if (text := as_text(item)))
    return _storable(str(value)).strip() if isinstance(value, str | int | float) else ""


def person_of(payload: Mapping[str, Any]) -> Person:
    """The person in a job's payload."""
    stored = payload["person"]
    fields = tuple(
        Field(name=one["name"], value=one["value"], mode=Mode(one["mode"])) for one in stored.get("fields", ())
    )
    return Person(**{name: stored.get(name) or "" for name in _PERSON_FIELDS}, fields=fields)


def activity_of(payload: Mapping[str, Any]) -> Activity:
    """The timeline entry in a job's payload."""
    stored = dict(payload["activity"])
    return Activity(**{**stored, "at": datetime.fromisoformat(stored["at"])})
