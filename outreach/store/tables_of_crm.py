"""CRMs: links to their records, the work list, and how far each was read."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from outreach.store.column_types import Id, Instant, Json, Word
from outreach.store.schema import metadata, name_column, partial

crm_links = Table(
    "crm_links",
    metadata,
    Column("connection", String(128), nullable=False),
    Column("kind", Word, nullable=False),  # person, deal, activity
    Column("local_id", String(255), nullable=False),
    Column("remote_id", String(255), nullable=False),
    Column("url", Text, nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("connection", "kind", "local_id"),
    Index("ix_crm_links_remote", "connection", "kind", "remote_id"),
)

crm_jobs = Table(
    "crm_jobs",
    metadata,
    Column("number", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("connection", String(128), nullable=False),
    Column("lead_id", Id, nullable=False),
    Column("operation", Word, nullable=False),
    Column("key", String(512), nullable=False),
    Column("payload", Json, nullable=False, default=dict),
    Column("state", Word, nullable=False),  # waiting, claimed, done, dead
    Column("attempts", Integer, nullable=False, default=0),
    Column("maybe_done", Boolean, nullable=False, default=False),  # an earlier try may have succeeded: look first
    Column("due_at", Instant),
    Column("owner", String(128)),
    Column("claim_id", Id),
    Column("lease_until", Instant),
    Column("error", Text),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    UniqueConstraint("connection", "key"),
    partial("ix_crm_jobs_open", "connection", "lead_id", "number", where="state <> 'done'"),
    partial("ix_crm_jobs_due", "connection", "due_at", where="state = 'waiting'"),
    partial("ix_crm_jobs_leased", "lease_until", where="state = 'claimed'"),
    partial("ix_crm_jobs_dead", "number", where="state = 'dead'"),
)

crm_connections = Table(
    "crm_connections",
    metadata,
    name_column(),
    Column("parked_until", Instant),
    Column("failures", Integer, nullable=False, default=0),
    Column("reason", Text),
    Column("calls_left", Integer),  # of the rate budget, at `calls_at`, shared by every process; may be below zero
    Column("calls_at", Instant),
)

crm_records = Table(
    "crm_records",  # what was last known of a lead's record: told by the CRM, or written by us
    metadata,
    Column("connection", String(128), nullable=False),
    Column("lead_id", Id, nullable=False),
    Column("values", Json, nullable=False, default=dict),  # status, stage, owner, is_opted_out, deal, …
    Column("changed_at", Instant),  # by the CRM's clock
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("connection", "lead_id"),
)

crm_pulls = Table(
    "crm_pulls",  # where each reading of a CRM stands: `changes`, or an import by its selection
    metadata,
    Column("connection", String(128), nullable=False),
    Column("name", String(512), nullable=False),
    Column("cursor", Text),  # null: at the beginning
    Column("since_at", Instant),  # only what changed since is asked for
    Column("begun_at", Instant, nullable=False),
    Column("due_at", Instant),  # when the next round of `changes` begins or goes on; null: not by itself
    Column("lease_until", Instant),  # somebody is at it
    Column("finished_at", Instant),
    Column("people", Integer, nullable=False, default=0),
    Column("counts", Json, nullable=False, default=dict),
    Column("error", Text),
    PrimaryKeyConstraint("connection", "name"),
)
