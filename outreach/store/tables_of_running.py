"""What the program keeps for itself: leases, facts, audit, notices, secrets, contents, reports."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
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

notices = Table(
    "notices",  # what the team is told: a row for each of those who are to hear it
    metadata,
    Column("number", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("key", String(512), nullable=False),  # a repetition means the same thing happened
    Column("way", Word, nullable=False),  # slack, email, http
    Column("to", String(320), nullable=False, server_default=""),  # the address, of a mail
    Column("kind", Word, nullable=False),
    Column("lead_id", Id, ForeignKey("leads.id", ondelete="CASCADE"), index=True),  # whom it names, if anybody
    Column("text", Text, nullable=False),
    Column("state", Word, nullable=False),  # waiting, sent, failed
    Column("batch_id", Id),  # those that go together, again if they have to go again
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", Instant),  # of one that is being sent: when it is taken up again if nobody comes back
    Column("error", Text),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    UniqueConstraint("key", "way", "to"),
    partial("ix_notices_waiting", "due_at", where="state = 'waiting'"),
    partial("ix_notices_sent", "way", "to", "finished_at", where="state = 'sent'"),
)

audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("action", String(128), nullable=False),
    Column("subject", Text, nullable=False),
    Column("data", Json, nullable=False, default=dict),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

leases = Table(
    "leases",
    metadata,
    name_column(),
    Column("owner", String(128), nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    name_column(),  # secret_key, config_hashes, …
    Column("value", Json, nullable=False),
)

vault = Table(
    "vault",
    metadata,
    name_column(),
    Column("sealed", LargeBinary, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

contents = Table(
    "contents",
    metadata,
    Column("hash", String(64), primary_key=True),  # SHA-256
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
)

rollups = Table(
    "rollups",  # what measures are made from, a day of one kind packed in columns, see store/rollups.py
    metadata,
    Column("kind", Word, nullable=False),
    Column("day", Integer, nullable=False),  # days since 1970, UTC
    Column("seen", Integer, nullable=False),  # rows of that day in the table it is made from
    Column("rolled_at", Instant, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("kind", "day"),
)
