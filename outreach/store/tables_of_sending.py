"""What goes out: sequences and their revisions, enrollments, touches, tasks, and what holds them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
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

senders = Table(
    "senders",
    metadata,
    name_column(),
    Column("circuit_open_until", Instant),
    Column("circuit_since_at", Instant),  # when the first of the failures in a row came
    Column("circuit_failures", Integer, nullable=False, default=0),
    Column("circuit_reason", Text),
    Column("last_used_at", Instant),
)

sequences = Table(
    "sequences",
    metadata,
    name_column(),
    Column("revision_id", Id, nullable=False),
    Column("applied_at", Instant, nullable=False),
)

revisions = Table(
    "revisions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("sequence", String(128), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("content", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("sequence", "number"),
)

trials = Table(
    "trials",  # of variants, where a step looks for a winner
    metadata,
    Column("sequence", String(128), nullable=False),
    Column("step", String(255), nullable=False),
    Column("fingerprint", String(64), nullable=False),  # SHA-256 of the texts and of what they are compared by
    Column("looks", Integer, nullable=False, default=0),
    Column("people", Integer, nullable=False, default=0),  # of the smallest variant, at the last look
    Column("looked_at", Instant, nullable=False),
    Column("measure", Word, nullable=False),
    Column("counts", Json, nullable=False, default=dict),  # variant → [people, successes], at the last look
    Column("winner", String(128)),  # the variant that has won; null: none yet
    Column("p_value", Float),
    Column("decided_at", Instant),
    Column("revision_id", Id),  # in whose round it was decided
    PrimaryKeyConstraint("sequence", "step", "fingerprint"),
)

enrollments = Table(
    "enrollments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("lead_id", Id, ForeignKey("leads.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("company_id", Id, index=True),
    Column("sequence", String(128), nullable=False),
    Column("revision_id", Id, ForeignKey("revisions.id"), nullable=False),
    Column("sender", String(128), nullable=False),
    Column("state", Word, nullable=False),
    Column("reason", Word),
    Column("detail", Text),
    Column("cursor", String(255)),  # id of the step people stand at; null: end of the path
    Column("cursor_at", Instant, nullable=False),  # when that step was reached: waits count from here
    Column("due_at", Instant),  # when to look again; null: a touch is open, or finished
    Column("snoozed_until", Instant),
    Column("zone", String(64), nullable=False),  # the zone used for the lead, decided at enroll
    Column("entered_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("ended_by_at", Instant),  # when that happened which ended it, where news did: an earlier one takes its place
    partial("uq_enrollments_open", "lead_id", "sequence", where="state <> 'finished'", unique=True),
    partial("ix_enrollments_due", "due_at", where="state = 'active' AND due_at IS NOT NULL"),
    Index("ix_enrollments_sequence_state", "sequence", "state"),
)

claims = Table(
    "claims",
    metadata,
    Column("id", Id, primary_key=True),
    Column("owner", String(128)),  # the worker that took it over; null: nobody yet
    Column("lease_until", Instant, nullable=False),
    Index("ix_claims_lease_until", "lease_until"),
)

touches = Table(
    "touches",
    metadata,
    Column("id", Id, primary_key=True),
    Column("enrollment_id", Id, ForeignKey("enrollments.id", ondelete="CASCADE"), nullable=False),
    Column("lead_id", Id, nullable=False, index=True),
    Column("sequence", String(128), nullable=False),
    Column("revision_id", Id, nullable=False),
    Column("step", String(255), nullable=False),
    Column("action", Word, nullable=False),  # email, task, linkedin.invite, …
    Column("channel", Word, nullable=False),
    Column("variant", String(128)),
    Column("wording", Text),  # what `spin` chose in its text
    Column("sender", String(128), nullable=False),
    Column("state", Word, nullable=False),
    Column("is_first", Boolean, nullable=False, default=False),  # the first touch of its enrollment
    Column("wanted_at", Instant, nullable=False),  # when the plan wanted it
    Column("due_at", Instant),  # when it may be claimed; null while blocked until something changes
    Column("closes_at", Instant),  # end of the window that `due_at` lies in; null: never closes
    Column("block", Text),  # why it does not go out now
    Column("claim_id", Id),
    Column("owner", String(128)),  # the worker that handed it over
    Column("attempts", Integer, nullable=False, default=0),
    Column("used_at", Instant),  # when it began to count against the sender's quota
    Column("handed_over_at", Instant),
    Column("sent_at", Instant),
    Column("finished_at", Instant),  # sent, failed, skipped or unknown since
    Column("recipient", String(512)),
    Column("message_id", String(512)),
    Column("provider_id", String(255)),
    Column("thread_id", String(255)),
    Column("subject", Text),
    Column("server_reply", Text),
    Column("reason", Text),
    Column("crossed", Boolean, nullable=False, default=False),  # handed over before a stop that came in meanwhile
    Column("rank", Integer),  # minus the lead's score at that time: the lowest first; only where the sender has limits
    Column("domain", String(255)),  # of the recipient; only where domains are capped
    Column("doubt_until", Instant),  # it may have gone out, and until then the provider knows its key
    UniqueConstraint("enrollment_id", "step"),
    partial("ix_touches_due", "sender", "action", "due_at", where="state = 'planned' AND due_at IS NOT NULL"),
    partial(
        "ix_touches_lanes",
        *("sender", "action", "sequence", "is_first", "rank", "wanted_at", "id"),
        where="state = 'planned' AND due_at IS NOT NULL AND rank IS NOT NULL",
    ),
    partial("ix_touches_domain", "domain", "used_at", where="domain IS NOT NULL AND used_at IS NOT NULL"),
    partial("ix_touches_closing", "closes_at", where="state = 'planned' AND closes_at IS NOT NULL"),
    partial("ix_touches_used", "sender", "action", "used_at", where="used_at IS NOT NULL"),
    partial("ix_touches_sent_at", "sent_at", where="sent_at IS NOT NULL"),
    partial("ix_touches_in_flight", "claim_id", where="state IN ('claimed', 'handed_over')"),
    partial("ix_touches_message_id", "message_id", where="message_id IS NOT NULL"),
    partial("ix_touches_provider_id", "provider_id", where="provider_id IS NOT NULL"),
    partial("ix_touches_thread_id", "thread_id", where="thread_id IS NOT NULL"),
    partial("ix_touches_doubt", "doubt_until", where="state = 'planned' AND doubt_until IS NOT NULL"),
    partial("ix_touches_blocked", "due_at", where="state = 'planned' AND (block IS NOT NULL OR due_at IS NULL)"),
    partial("ix_touches_unresolved", "state", where="state IN ('unknown', 'failed')"),
)

pauses = Table(
    "pauses",
    metadata,
    Column("scope", Word, nullable=False),  # all, sequence, sender, domain, company
    Column("value", String(512), nullable=False),  # empty for `all`
    Column("reason", Text, nullable=False),
    Column("by", String(128), nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("scope", "value"),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("touch_id", Id, ForeignKey("touches.id", ondelete="CASCADE"), unique=True),
    Column("lead_id", Id, ForeignKey("leads.id", ondelete="CASCADE"), index=True),  # null: the lead was erased
    Column("enrollment_id", Id),
    Column("kind", Word, nullable=False),
    Column("assignee", String(128)),
    Column("note", Text, nullable=False, server_default=""),
    Column("text", Text, nullable=False, server_default=""),  # ready to paste
    Column("to", Text, nullable=False, server_default=""),  # where to paste it
    Column("state", Word, nullable=False, index=True),  # open, done, skipped
    Column("outcome", Text),
    Column("edited", Text),  # of a message that was read: what a person wants sent in place of `text`
    Column("due_at", Instant),
    Column("snoozed_until", Instant),  # not shown before
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
)

stage_sequences = Table(
    "stage_sequences",  # sequences that leads get into because they entered a stage
    metadata,
    Column("id", Id, primary_key=True),
    Column("lead_id", Id, ForeignKey("leads.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("pipeline", String(128), nullable=False),
    Column("stage", String(128), nullable=False),
    Column("sequence", String(128), nullable=False),
    Column("state", Word, nullable=False),  # waiting, enrolled, refused, left
    Column("detail", Text, nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    partial("ix_stage_sequences_waiting", "id", where="state = 'waiting'"),
)

inquiries = Table(
    "inquiries",  # how often a provider was asked what became of a touch in doubt
    metadata,
    Column("touch_id", Id, ForeignKey("touches.id", ondelete="CASCADE"), primary_key=True),
    Column("asked", Integer, nullable=False, default=0),
    Column("due_at", Instant),  # when to ask again; null: a person decides
    Column("said", Text, nullable=False, server_default=""),
)

withdrawals = Table(
    "withdrawals",  # invitations that nobody answered for long, and what became of taking them back
    metadata,
    Column("touch_id", Id, ForeignKey("touches.id", ondelete="CASCADE"), primary_key=True),  # the invitation
    Column("lead_id", Id, nullable=False),
    Column("sender", String(128), nullable=False),
    Column("state", Word, nullable=False),  # waiting, done, task, failed
    Column("attempts", Integer, nullable=False, default=0),
    Column("used_at", Instant),  # when it counted against the sender's quota last
    Column("due_at", Instant),  # when it is tried (again)
    Column("said", Text, nullable=False, server_default=""),
    partial("ix_withdrawals_waiting", "sender", "due_at", where="state = 'waiting'"),
    partial("ix_withdrawals_used", "sender", "used_at", where="used_at IS NOT NULL"),
)
