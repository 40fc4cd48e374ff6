"""Everything can be taken out: rows for `db export`, streamed, as JSON values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping

from outreach.services.watching.plain import plain
from outreach.store import exports
from outreach.store.session import Store


class What(StrEnum):
    TOUCHES = "touches"
    EVENTS = "events"
    LEADS = "leads"
    ENROLLMENTS = "enrollments"
    SYNC = "sync"


TOUCH_KEYS = (
    "touch_id",
    "enrollment_id",
    "lead_id",
    "sequence",
    "revision",
    "step",
    "variant",
    "sender",
    "channel",
    "state",
    "crossed",
    "attempts",
    "recipient",
    "message_id",
    "provider_id",
    "server_reply",
    "due_at",
    "handed_over_at",
    "sent_at",
    "reason",
)
"""The keys of an exported touch, in this order; programs of others read them."""

EVENT_KEYS = (
    "number",
    "key",
    "kind",
    "channel",
    "at",
    "lead_id",
    "enrollment_id",
    "touch_id",
    "delivery_id",
    "subject",
    "text",
    "reason",
    "data",
)

ENROLLMENT_KEYS = (
    "enrollment_id",
    "lead_id",
    "company_id",
    "sequence",
    "revision",
    "sender",
    "state",
    "reason",
    "detail",
    "cursor",
    "cursor_at",
    "due_at",
    "snoozed_until",
    "zone",
    "entered_at",
    "finished_at",
)

LEAD_KEYS = (
    "lead_id",
    "first_name",
    "last_name",
    "title",
    "language",
    "timezone",
    "country",
    "owner",
    "source",
    "status",
    "pipeline",
    "stage",
    "stage_since_at",
    "score",
    "tags",
    "fields",
    "company_id",
    "company_name",
    "company_domain",
    "created_at",
    "updated_at",
)

SYNC_KEYS = (
    "number",
    "connection",
    "lead_id",
    "operation",
    "key",
    "state",
    "attempts",
    "maybe_done",
    "error",
    "remote_id",
    "url",
    "due_at",
    "created_at",
    "finished_at",
)

Row = dict[str, Any]


def export(store: Store, what: What, *, after: int = 0) -> Iterator[Row]:
    """JSON values of one table, the oldest first. `after` is for events: only those with a higher number."""
    if what is What.EVENTS:
        return events(store, after=after)
    return _EXPORTS[what](store)


def touches(store: Store) -> Iterator[Row]:
    for row in exports.touch_rows(store):
        yield _row(row, TOUCH_KEYS, {"touch_id": row["id"]})


def events(store: Store, *, after: int = 0) -> Iterator[Row]:
    for row in exports.event_rows(store, after=after):
        yield _row(row, EVENT_KEYS)


def leads(store: Store) -> Iterator[Row]:
    """Each with `addresses`: kind, value, provider_id, is_dead."""
    for row, own in exports.lead_rows(store):
        yield {**_row(row, LEAD_KEYS, {"lead_id": row["id"]}), "addresses": [_address(each) for each in own]}


def enrollments(store: Store) -> Iterator[Row]:
    for row in exports.enrollment_rows(store):
        yield _row(row, ENROLLMENT_KEYS, {"enrollment_id": row["id"]})


def sync(store: Store) -> Iterator[Row]:
    """The CRM work list; `remote_id` and `url` are those of the lead's record."""
    for row in exports.job_rows(store):
        yield _row(row, SYNC_KEYS)


_EXPORTS: Mapping[What, Callable[[Store], Iterator[Row]]] = {
    What.TOUCHES: touches,
    What.LEADS: leads,
    What.ENROLLMENTS: enrollments,
    What.SYNC: sync,
}


def _row(row: RowMapping, keys: Sequence[str], renamed: Mapping[str, Any] | None = None) -> Row:
    values = renamed or {}
    return {key: plain(values[key] if key in values else row[key]) for key in keys}


def _address(row: RowMapping) -> Row:
    return {name: plain(row[name]) for name in ("kind", "value", "provider_id", "is_dead")}
