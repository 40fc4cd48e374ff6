"""People and what is known of them: leads, companies, addresses, stages, scores, notes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from outreach.store.column_types import Id, Instant, Json, Word
from outreach.store.schema import metadata, partial

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

notes = Table(
    "notes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("lead_id", Id, ForeignKey("leads.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("author", String(128), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
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
    partial("uq_proposals_open", "lead_id", "finding", where="state = 'proposed'", unique=True),
)
