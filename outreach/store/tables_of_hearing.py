"""What comes in: deliveries, what was understood of them, mailboxes, and links that were followed."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from outreach.store.column_types import Id, Instant, Json, Word
from outreach.store.schema import metadata, name_column, partial

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("connection", String(128), nullable=False),
    Column("key", String(512), nullable=False),
    Column("method", String(16), nullable=False),
    Column("url", Text, nullable=False),
    Column("headers", Json, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("state", Word, nullable=False),  # stored, understood, failed
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", Instant),  # when to try to understand it (again)
    Column("error", Text),
    UniqueConstraint("connection", "key"),
    partial("ix_deliveries_due", "due_at", where="state = 'stored'"),
)

holds = Table(
    "holds",
    metadata,
    Column("enrollment_id", Id, ForeignKey("enrollments.id", ondelete="CASCADE"), nullable=False),
    Column("delivery_id", Id, ForeignKey("deliveries.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("enrollment_id", "delivery_id"),
)

events = Table(
    "events",
    metadata,
    Column("number", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("key", String(512), nullable=False, unique=True),
    Column("kind", Word, nullable=False),
    Column("channel", Word, nullable=False),
    Column("at", Instant, nullable=False),
    Column("lead_id", Id, index=True),
    Column("enrollment_id", Id, index=True),
    Column("touch_id", Id, index=True),
    Column("delivery_id", Id),
    Column("subject", Text, nullable=False, server_default=""),
    Column("text", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("data", Json, nullable=False, default=dict),
    Column("created_at", Instant, nullable=False),
    Index("ix_events_kind_at", "kind", "at"),
)

replies = Table(
    "replies",
    metadata,
    Column(
        "event_number",
        BigInteger().with_variant(Integer(), "sqlite"),
        ForeignKey("events.number", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("reply_class", Word, nullable=False, index=True),  # what counts: the suggestion, or a person's correction
    Column("suggested", Word, nullable=False),
    Column("suggested_by", String(255), nullable=False),  # rules, or the dotted path of a classifier
    Column("evidence", Json, nullable=False, default=list),  # the words it was told by
    Column("until_on", String(10)),  # the day a `not_now` names, YYYY-MM-DD
    Column("person", Json),  # whom a referral names: name, email, phone
    Column("marked_by", String(128)),
    Column("marked_at", Instant),
)

mailboxes = Table(
    "mailboxes",
    metadata,
    name_column(),  # the sender whose mailbox it is
    Column("wanted_at", Instant),  # when somebody last told us that there is something new
    Column("looked_at", Instant),  # when it was last read to its end
    Column("failures", Integer, nullable=False, default=0),  # since it was last read
    Column("error", Text),
)

mailbox_folders = Table(
    "mailbox_folders",
    metadata,
    Column("mailbox", String(128), nullable=False),
    Column("folder", String(255), nullable=False),
    Column("validity", BigInteger, nullable=False),  # UIDVALIDITY
    Column("uid", BigInteger, nullable=False),  # the last one that is stored; 0: none yet
    Column("since_at", Instant, nullable=False),  # while there is none: from which day on mail counts
    PrimaryKeyConstraint("mailbox", "folder"),
)

links = Table(
    "links",
    metadata,
    Column("id", String(32), primary_key=True),  # the beginning of its SHA-256
    Column("url", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)
