"""Every table. Instants are aware UTC (`Instant`), ids are strings, states are the values of the domain's enums."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from outreach.store.column_types import Id, Instant, Json, Word

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _name() -> Column[str]:
    return Column("name", String(128), primary_key=True)


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of the rows that are looked for, and of no other."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


companies = Table(
    "companies",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("domain", String(255), unique=True),
    Column("fields", Json, nullable=False, default=dict),
    Column("created_at", Instant, nullable=False),
    Index("ix_companies_name", "name", postgresql_ops={"name": "text_pattern_ops"}),  # whole, and how they begin
)

leads = Table(
    "leads",
    metadata,
    Column("id", Id, primary_key=True),
    Column("company_id", Id, ForeignKey("companies.id"), index=True),
    Column("first_name", Text),
    Column("last_name", Text),
    Column("title", Text),
    Column("language", String(35)),
    Column("timezone", String(64)),
    Column("country", String(2)),
    Column("owner", String(128)),
    Column("source", Text, nullable=False),
    Column("status", Word, nullable=False, index=True),
    Column("pipeline", String(128), nullable=False),
    Column("stage", String(128), nullable=False),
    Column("stage_since_at", Instant, nullable=False),
    Column("score", Integer, nullable=False, default=0),
    Column("tags", Json, nullable=False, default=list),
    Column("fields", Json, nullable=False, default=dict),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("ix_leads_created_at", "created_at", "id"),  # lists go on behind a place, see store/lead_lists.py
    Index("ix_leads_score", "score", "id"),
    Index("ix_leads_stage", "stage", "stage_since_at", "id"),
    Index("ix_leads_first_name", "first_name", postgresql_ops={"first_name": "text_pattern_ops"}),  # how names begin
    Index("ix_leads_last_name", "last_name", postgresql_ops={"last_name": "text_pattern_ops"}),
)

addresses = Table(
    "addresses",
    metadata,
    Column("id", Id, primary_key=True),
    Column("lead_id", Id, ForeignKey("leads.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", Word, nullable=False),  # email, linkedin, phone, x, whatsapp, telegram
    Column("value", String(512), nullable=False),  # normalised
    Column("provider_id", String(255), index=True),  # the provider's own id of this person
    Column("is_dead", Boolean, nullable=False, default=False),
    Column("verdict", Word),  # of `leads verify`: valid, catch_all, role, disposable, invalid, unknown
    Column("verdict_reason", Text),
    Column("verified_at", Instant),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("kind", "value"),
    Index("ix_addresses_value", "value", postgresql_ops={"value": "text_pattern_ops"}),  # how they begin
)

company_aliases = Table(
    "company_aliases",  # other domains of companies
    metadata,
    Column("domain", String(255), primary_key=True),
    Column("company_id", Id, ForeignKey("companies.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
)

merges = Table(
    "merges",  # two leads that were one person, and what it takes to part them again
    metadata,
    Column("id", Id, primary_key=True),
    Column("kept_id", Id, nullable=False, index=True),
    Column("merged_id", Id, nullable=False, index=True),
    Column("data", Json, nullable=False),
    Column("by", String(128), nullable=False),
    Column("at", Instant, nullable=False),
    Column("undone_at", Instant),
)

erased = Table(
    "erased",  # addresses of erased people: salted hashes, so that a later import finds them and nobody reads them
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("created_at", Instant, nullable=False),
)

stage_moves = Table(
    "stage_moves",
    metadata,
    Column("id", Id, primary_key=True),
    Column("lead_id", Id, ForeignKey("leads.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("pipeline", String(128), nullable=False),
    Column("from_stage", String(128)),
    Column("to_stage", String(128), nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", String(128), nullable=False),
    Column("at", Instant, nullable=False, index=True),
)

senders = Table(
    "senders",
    metadata,
    _name(),
    Column("circuit_open_until", Instant),
    Column("circuit_since_at", Instant),  # when the first of the failures in a row came
    Column("circuit_failures", Integer, nullable=False, default=0),
    Column("circuit_reason", Text),
    Column("last_used_at", Instant),
)

sequences = Table(
    "sequences",
    metadata,
    _name(),
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
    _partial("uq_enrollments_open", "lead_id", "sequence", where="state <> 'finished'", unique=True),
    _partial("ix_enrollments_due", "due_at", where="state = 'active' AND due_at IS NOT NULL"),
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
    _partial("ix_touches_due", "sender", "action", "due_at", where="state = 'planned' AND due_at IS NOT NULL"),
    _partial(
        "ix_touches_lanes",
        *("sender", "action", "sequence", "is_first", "rank", "wanted_at", "id"),
        where="state = 'planned' AND due_at IS NOT NULL AND rank IS NOT NULL",
    ),
    _partial("ix_touches_domain", "domain", "used_at", where="domain IS NOT NULL AND used_at IS NOT NULL"),
    _partial("ix_touches_closing", "closes_at", where="state = 'planned' AND closes_at IS NOT NULL"),
    _partial("ix_touches_used", "sender", "action", "used_at", where="used_at IS NOT NULL"),
    _partial("ix_touches_sent_at", "sent_at", where="sent_at IS NOT NULL"),
    _partial("ix_touches_in_flight", "claim_id", where="state IN ('claimed', 'handed_over')"),
    _partial("ix_touches_message_id", "message_id", where="message_id IS NOT NULL"),
    _partial("ix_touches_provider_id", "provider_id", where="provider_id IS NOT NULL"),
    _partial("ix_touches_thread_id", "thread_id", where="thread_id IS NOT NULL"),
    _partial("ix_touches_doubt", "doubt_until", where="state = 'planned' AND doubt_until IS NOT NULL"),
    _partial("ix_touches_unresolved", "state", where="state IN ('unknown', 'failed')"),
)

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
    _partial("ix_deliveries_due", "due_at", where="state = 'stored'"),
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

suppressions = Table(
    "suppressions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("scope", Word, nullable=False),
    Column("value", String(512), nullable=False, index=True),
    Column("reason", Word, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("by", String(128), nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("scope", "value"),
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

notes = Table(
    "notes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("lead_id", Id, ForeignKey("leads.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("author", String(128), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

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
    _partial("ix_crm_jobs_open", "connection", "lead_id", "number", where="state <> 'done'"),
    _partial("ix_crm_jobs_due", "connection", "due_at", where="state = 'waiting'"),
    _partial("ix_crm_jobs_leased", "lease_until", where="state = 'claimed'"),
    _partial("ix_crm_jobs_dead", "number", where="state = 'dead'"),
)

crm_connections = Table(
    "crm_connections",
    metadata,
    _name(),
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

field_changes = Table(
    "field_changes",  # values of a lead that somebody wrote: pain points, objections, answers, …
    metadata,
    Column("number", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("lead_id", Id, ForeignKey("leads.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(128), nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("by", String(128), nullable=False),
    Column("origin", Text, nullable=False, server_default=""),  # where it was learnt: a call, `sequence x`, `reply 12`
    Column("at", Instant, nullable=False),
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
    _partial("ix_stage_sequences_waiting", "id", where="state = 'waiting'"),
)

rests = Table(
    "rests",  # why an open lead has no next action, as a person says
    metadata,
    Column("lead_id", Id, ForeignKey("leads.id", ondelete="CASCADE"), primary_key=True),
    Column("because", Text, nullable=False),
    Column("until", Instant),  # null: until somebody says otherwise
    Column("by", String(128), nullable=False),
    Column("created_at", Instant, nullable=False),
)

rule_scores = Table(
    "rule_scores",  # how much of `leads.score` the rules give; no row: nothing
    metadata,
    Column("lead_id", Id, ForeignKey("leads.id", ondelete="CASCADE"), primary_key=True),
    Column("points", Integer, nullable=False),
    Column("scored_at", Instant, nullable=False),
)

proposals = Table(
    "proposals",  # what the clean-up found, what it proposes, and what became of it
    metadata,
    Column("id", Id, primary_key=True),
    Column("lead_id", Id, ForeignKey("leads.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("finding", Word, nullable=False),  # stale, unreachable, bounced, duplicate, never_answered
    Column("why", Text, nullable=False),
    Column("action", Word, nullable=False),  # task, park, lose, merge, none
    Column("other_id", Id),  # of a duplicate: the lead it is the same as
    Column("state", Word, nullable=False),  # proposed, applied, dismissed, undone, moot
    Column("before", Json, nullable=False, default=dict),  # what undoing restores
    Column("by", String(128), nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("decided_at", Instant),
    _partial("uq_proposals_open", "lead_id", "finding", where="state = 'proposed'", unique=True),
)

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
    _partial("ix_notices_waiting", "due_at", where="state = 'waiting'"),
    _partial("ix_notices_sent", "way", "to", "finished_at", where="state = 'sent'"),
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
    _partial("ix_withdrawals_waiting", "sender", "due_at", where="state = 'waiting'"),
    _partial("ix_withdrawals_used", "sender", "used_at", where="used_at IS NOT NULL"),
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
    _name(),
    Column("owner", String(128), nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    _name(),  # secret_key, config_hashes, …
    Column("value", Json, nullable=False),
)

kept_reports = Table(
    "kept_reports",  # reports that take long to read, so that pages need not wait for them
    metadata,
    Column("key", String(64), primary_key=True),  # of what was asked, and of the settings it was answered with
    Column("wish", Json, nullable=False),
    Column("content", Json, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("asked_at", Instant, nullable=False, index=True),
)

vault = Table(
    "vault",
    metadata,
    _name(),
    Column("sealed", LargeBinary, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

mailboxes = Table(
    "mailboxes",
    metadata,
    _name(),  # the sender whose mailbox it is
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

contents = Table(
    "contents",
    metadata,
    Column("hash", String(64), primary_key=True),  # SHA-256
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
)

links = Table(
    "links",
    metadata,
    Column("id", String(32), primary_key=True),  # the beginning of its SHA-256
    Column("url", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)
