"""From rows to what the planner and the templates look at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import TypeVar
from zoneinfo import ZoneInfo

from outreach.content import context as contexts
from outreach.content.calendars import is_holiday
from outreach.content.expressions import compile_expression, evaluate
from outreach.content.waits import read_moment
from outreach.domain import action
from outreach.domain.planner import Facts, Had
from outreach.domain.sender import Sender
from outreach.domain.sequence import Schedule, Sequence
from outreach.store.paths import Row, had

_Row = TypeVar("_Row", bound=Row)


def zone_of(schedule: Schedule, row: Row, sender: Sender) -> ZoneInfo:
    """The zone a schedule counts in for this enrollment."""
    if schedule.timezone == "lead":
        return ZoneInfo(row["enrollments_zone"])
    return ZoneInfo(sender.zone if schedule.timezone == "sender" else schedule.timezone)


def holidays_of(schedule: Schedule, country: str | None) -> Callable[[date], bool]:
    """The days off a schedule observes for a lead of that country."""
    if schedule.holidays == "none":
        return is_holiday(None, schedule.extra_holidays)
    return is_holiday(country if schedule.holidays == "lead" else schedule.holidays, schedule.extra_holidays)


def address_kind(channel: str) -> str:
    """The kind of address a channel writes to; empty for one that needs none."""
    return action.address_kind(channel) or ""


def address_for(channel: str, addresses: Collection[_Row]) -> _Row | None:
    """The lead's live address for that channel, the oldest first."""
    kind = address_kind(channel)
    for row in addresses:
        if row["kind"] == kind and not row["is_dead"]:
            return row
    return None


def render_context(
    row: Row,
    addresses: Collection[Row],
    sender: Sender,
    now: datetime,
    *,
    events: Mapping[str, int] | None = None,
) -> dict[str, object]:
    """What templates and expressions see of one enrollment: plain values, absent ones left out."""
    entered = {
        "id": row["enrollments_id"],
        "sequence": row["enrollments_sequence"],
        "step": row["enrollments_cursor"],
        "entered_at": row["enrollments_entered_at"],
    }
    return lead_context(row, addresses, sender, now, enrollment=entered, events=events)


def lead_context(
    row: Row,
    addresses: Collection[Row],
    sender: Sender,
    now: datetime,
    *,
    enrollment: Mapping[str, object] | None = None,
    events: Mapping[str, int] | None = None,
) -> dict[str, object]:
    """The same of a lead who is in no sequence (row of `lead_rows.load`)."""
    person = {name: row[column] for name, column in _LEAD_COLUMNS}
    for address in reversed(tuple(addresses)):
        person[address["kind"]] = address["value"]
    works = row["companies_id"] or row["companies_name"]
    company = {name: row[column] for name, column in _COMPANY_COLUMNS} if works else None
    context = contexts.build(person, now=now, company=company, enrollment=enrollment, events=events)
    context["sender"] = _of_sender(_values_of(sender))
    return context


@lru_cache(maxsize=256)
def _of_sender(values: tuple[str, ...]) -> dict[str, object]:
    known: dict[str, object] = dict(zip(_SENDER_VALUES.values(), values, strict=True))
    return contexts.of_sender(known | {"first_name": str(known["name"]).partition(" ")[0]})


_SENDER_VALUES = {
    "name": "id",
    "display_name": "name",
    "email": "email",
    "zone": "timezone",
    "signature": "signature",
    "booking_url": "booking_url",
}
"""What a sender calls it, and what texts call it."""

_values_of = attrgetter(*_SENDER_VALUES)

_LEAD_VALUES = (
    "id",
    "pipeline",
    "created_at",
    "first_name",
    "last_name",
    "title",
    "language",
    "timezone",
    "country",
    "owner",
    "source",
    "status",
    "stage",
    "score",
    "tags",
    "fields",
)
_LEAD_COLUMNS = tuple((name, f"leads_{name}") for name in _LEAD_VALUES)
_COMPANY_COLUMNS = tuple((name, f"companies_{name}") for name in ("id", "name", "domain", "fields"))


def path_facts(
    sequence: Sequence,
    row: Row,
    touches: Collection[Row],
    *,
    sender: Sender,
    team: Callable[[str], Sender],
    happened: Mapping[str, datetime] | None = None,
    context: Mapping[str, object] | None = None,
    ended: Mapping[str, Had] | None = None,
) -> Facts:
    """What `next_move` looks at. Without `happened` and `context` it stops at steps that ask for them.

    `team` tells who the senders are that single steps name; `ended` what became of a step just now.
    """
    return Facts(
        sequence=sequence,
        enrollment_id=row["enrollments_id"],
        lead_id=row["enrollments_lead_id"],
        cursor=row["enrollments_cursor"],
        cursor_at=row["enrollments_cursor_at"],
        zone=zone_of(sequence.schedule, row, sender),
        is_holiday=holidays_of(sequence.schedule, row["leads_country"]),
        zone_of=zones_of(sequence.schedule, team),
        had={**had(touches), **(ended or {})},
        happened=happened,
        evaluate=None if context is None else lambda expression: evaluate(expression, context),
        moment=None if context is None else lambda name: read_moment(compile_expression(name)(context)),
    )


def zones_of(schedule: Schedule, team: Callable[[str], Sender]) -> Callable[[str], ZoneInfo] | None:
    """Sender → its zone; None where the schedule is not the sender's."""
    if schedule.timezone != "sender":
        return None
    return lambda name: ZoneInfo(team(name).zone)
