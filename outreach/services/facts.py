"""From rows to what the planner and the templates look at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping

from outreach.content import context as contexts
from outreach.content.calendars import is_holiday
from outreach.content.expressions import compile_expression, evaluate
from outreach.content.waits import read_moment
from outreach.domain import action
from outreach.domain.planner import Facts
from outreach.domain.sender import Sender
from outreach.domain.sequence import Schedule, Sequence
from outreach.store.paths import had


class Row(Protocol):
    """A row of the store, or anything else with the same keys."""

    def __getitem__(self, key: str, /) -> Any: ...


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
    return next((row for row in addresses if row["kind"] == kind and not row["is_dead"]), None)


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
    by_kind = {address["kind"]: address["value"] for address in reversed(list(addresses))}
    return contexts.build(
        {name: row[f"leads_{name}"] for name in _LEAD_VALUES} | by_kind,
        now=now,
        company={name: row[f"companies_{name}"] for name in ("id", "name", "domain", "fields")},
        sender={
            "id": sender.name,
            "name": sender.display_name,
            "first_name": sender.display_name.partition(" ")[0],
            "email": sender.email,
            "timezone": sender.zone,
            "signature": sender.signature,
            "booking_url": sender.booking_url,
        },
        enrollment=enrollment,
        events=events,
    )


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


def path_facts(
    sequence: Sequence,
    row: Row,
    touches: Collection[RowMapping],
    *,
    sender: Sender,
    team: Callable[[str], Sender],
    happened: Mapping[str, datetime] | None = None,
    context: Mapping[str, object] | None = None,
) -> Facts:
    """What `next_move` looks at. Without `happened` and `context` it stops at steps that ask for them.

    `team` tells who the senders are that single steps name.
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
        had=had(touches),
        happened=happened,
        evaluate=None if context is None else lambda expression: evaluate(expression, context),
        moment=None if context is None else lambda name: read_moment(compile_expression(name)(context)),
    )


def zones_of(schedule: Schedule, team: Callable[[str], Sender]) -> Callable[[str], ZoneInfo] | None:
    """Sender → its zone; None where the schedule is not the sender's."""
    if schedule.timezone != "sender":
        return None
    return lambda name: ZoneInfo(team(name).zone)
