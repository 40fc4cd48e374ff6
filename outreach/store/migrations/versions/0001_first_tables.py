"""First tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("action", sa.String(length=128), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
    )
    op.create_table(
        "claims",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
    )
    op.create_index("ix_claims_lease_until", "claims", ["lease_until"], unique=False)
    op.create_table(
        "companies",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("domain", sa.String(length=255), nullable=True),
        sa.Column("fields", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
        sa.UniqueConstraint("domain", name=op.f("uq_companies_domain")),
    )
    op.create_index(
        "ix_companies_name", "companies", ["name"], unique=False, postgresql_ops={"name": "text_pattern_ops"}
    )
    op.create_table(
        "contents",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_contents")),
    )
    op.create_table(
        "crm_connections",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("parked_until", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("calls_left", sa.Integer(), nullable=True),
        sa.Column("calls_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_crm_connections")),
    )
    op.create_table(
        "crm_jobs",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("connection", sa.String(length=128), nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=512), nullable=False),
        sa.Column("payload", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("maybe_done", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("owner", sa.String(length=128), nullable=True),
        sa.Column("claim_id", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_crm_jobs")),
        sa.UniqueConstraint("connection", "key", name=op.f("uq_crm_jobs_connection_key")),
    )
    op.create_index(
        "ix_crm_jobs_dead",
        "crm_jobs",
        ["number"],
        unique=False,
        sqlite_where=sa.text("state = 'dead'"),
        postgresql_where=sa.text("state = 'dead'"),
    )
    op.create_index(
        "ix_crm_jobs_due",
        "crm_jobs",
        ["connection", "due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_crm_jobs_leased",
        "crm_jobs",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("state = 'claimed'"),
        postgresql_where=sa.text("state = 'claimed'"),
    )
    op.create_index(
        "ix_crm_jobs_open",
        "crm_jobs",
        ["connection", "lead_id", "number"],
        unique=False,
        sqlite_where=sa.text("state <> 'done'"),
        postgresql_where=sa.text("state <> 'done'"),
    )
    op.create_table(
        "crm_links",
        sa.Column("connection", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("local_id", sa.String(length=255), nullable=False),
        sa.Column("remote_id", sa.String(length=255), nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("connection", "kind", "local_id", name=op.f("pk_crm_links")),
    )
    op.create_index("ix_crm_links_remote", "crm_links", ["connection", "kind", "remote_id"], unique=False)
    op.create_table(
        "crm_pulls",
        sa.Column("connection", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("since_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("connection", "name", name=op.f("pk_crm_pulls")),
    )
    op.create_table(
        "crm_records",
        sa.Column("connection", sa.String(length=128), nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=False),
        sa.Column("values", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("connection", "lead_id", name=op.f("pk_crm_records")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("connection", sa.String(length=128), nullable=False),
        sa.Column("key", sa.String(length=512), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("headers", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("connection", "key", name=op.f("uq_deliveries_connection_key")),
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'stored'"),
        postgresql_where=sa.text("state = 'stored'"),
    )
    op.create_table(
        "erased",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_erased")),
    )
    op.create_table(
        "events",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=512), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=True),
        sa.Column("enrollment_id", sa.String(length=64), nullable=True),
        sa.Column("touch_id", sa.String(length=64), nullable=True),
        sa.Column("delivery_id", sa.String(length=64), nullable=True),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_events")),
        sa.UniqueConstraint("key", name=op.f("uq_events_key")),
    )
    op.create_index(op.f("ix_events_enrollment_id"), "events", ["enrollment_id"], unique=False)
    op.create_index("ix_events_kind_at", "events", ["kind", "at"], unique=False)
    op.create_index(op.f("ix_events_lead_id"), "events", ["lead_id"], unique=False)
    op.create_index(op.f("ix_events_touch_id"), "events", ["touch_id"], unique=False)
    op.create_table(
        "facts",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("value", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_facts")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "links",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
    )
    op.create_table(
        "mailbox_folders",
        sa.Column("mailbox", sa.String(length=128), nullable=False),
        sa.Column("folder", sa.String(length=255), nullable=False),
        sa.Column("validity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "folder", name=op.f("pk_mailbox_folders")),
    )
    op.create_table(
        "mailboxes",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mailboxes")),
    )
    op.create_table(
        "merges",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kept_id", sa.String(length=64), nullable=False),
        sa.Column("merged_id", sa.String(length=64), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
    )
    op.create_index(op.f("ix_merges_kept_id"), "merges", ["kept_id"], unique=False)
    op.create_index(op.f("ix_merges_merged_id"), "merges", ["merged_id"], unique=False)
    op.create_table(
        "pauses",
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=512), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("scope", "value", name=op.f("pk_pauses")),
    )
    op.create_table(
        "revisions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.String(length=128), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
        sa.UniqueConstraint("sequence", "number", name=op.f("uq_revisions_sequence_number")),
    )
    op.create_index(op.f("ix_revisions_sequence"), "revisions", ["sequence"], unique=False)
    op.create_table(
        "rollups",
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("rolled_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "day", name=op.f("pk_rollups")),
    )
    op.create_table(
        "senders",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column(
            "circuit_open_until", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True
        ),
        sa.Column(
            "circuit_since_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True
        ),
        sa.Column("circuit_failures", sa.Integer(), nullable=False),
        sa.Column("circuit_reason", sa.Text(), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_senders")),
    )
    op.create_table(
        "sequences",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("revision_id", sa.String(length=64), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sequences")),
    )
    op.create_table(
        "suppressions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=512), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
        sa.UniqueConstraint("scope", "value", name=op.f("uq_suppressions_scope_value")),
    )
    op.create_index(op.f("ix_suppressions_value"), "suppressions", ["value"], unique=False)
    op.create_table(
        "trials",
        sa.Column("sequence", sa.String(length=128), nullable=False),
        sa.Column("step", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("measure", sa.String(length=64), nullable=False),
        sa.Column("counts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("winner", sa.String(length=128), nullable=True),
        sa.Column("p_value", sa.Float(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("revision_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("sequence", "step", "fingerprint", name=op.f("pk_trials")),
    )
    op.create_table(
        "vault",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_vault")),
    )
    op.create_table(
        "company_aliases",
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_company_aliases_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_company_aliases")),
    )
    op.create_index(op.f("ix_company_aliases_company_id"), "company_aliases", ["company_id"], unique=False)
    op.create_table(
        "leads",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=True),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("timezone", sa.String(length=64), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("owner", sa.String(length=128), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("pipeline", sa.String(length=128), nullable=False),
        sa.Column("stage", sa.String(length=128), nullable=False),
        sa.Column("stage_since_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("tags", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("fields", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_leads_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
    )
    op.create_index(op.f("ix_leads_company_id"), "leads", ["company_id"], unique=False)
    op.create_index("ix_leads_created_at", "leads", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_leads_first_name", "leads", ["first_name"], unique=False, postgresql_ops={"first_name": "text_pattern_ops"}
    )
    op.create_index(
        "ix_leads_last_name", "leads", ["last_name"], unique=False, postgresql_ops={"last_name": "text_pattern_ops"}
    )
    op.create_index("ix_leads_score", "leads", ["score", "id"], unique=False)
    op.create_index("ix_leads_stage", "leads", ["stage", "stage_since_at", "id"], unique=False)
    op.create_index(op.f("ix_leads_status"), "leads", ["status"], unique=False)
    op.create_table(
        "replies",
        sa.Column(
            "event_number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("reply_class", sa.String(length=64), nullable=False),
        sa.Column("suggested", sa.String(length=64), nullable=False),
        sa.Column("suggested_by", sa.String(length=255), nullable=False),
        sa.Column("evidence", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("until_on", sa.String(length=10), nullable=True),
        sa.Column("person", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("marked_by", sa.String(length=128), nullable=True),
        sa.Column("marked_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_number"], ["events.number"], name=op.f("fk_replies_event_number"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_number", name=op.f("pk_replies")),
    )
    op.create_index(op.f("ix_replies_reply_class"), "replies", ["reply_class"], unique=False)
    op.create_table(
        "addresses",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=512), nullable=False),
        sa.Column("provider_id", sa.String(length=255), nullable=True),
        sa.Column("is_dead", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(length=64), nullable=True),
        sa.Column("verdict_reason", sa.Text(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_addresses_lead_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_addresses")),
        sa.UniqueConstraint("kind", "value", name=op.f("uq_addresses_kind_value")),
    )
    op.create_index(op.f("ix_addresses_lead_id"), "addresses", ["lead_id"], unique=False)
    op.create_index(op.f("ix_addresses_provider_id"), "addresses", ["provider_id"], unique=False)
    op.create_index(
        "ix_addresses_value", "addresses", ["value"], unique=False, postgresql_ops={"value": "text_pattern_ops"}
    )
    op.create_table(
        "enrollments",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=True),
        sa.Column("sequence", sa.String(length=128), nullable=False),
        sa.Column("revision_id", sa.String(length=64), nullable=False),
        sa.Column("sender", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("cursor", sa.String(length=255), nullable=True),
        sa.Column("cursor_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("ended_by_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_enrollments_lead_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_enrollments_revision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollments")),
    )
    op.create_index(op.f("ix_enrollments_company_id"), "enrollments", ["company_id"], unique=False)
    op.create_index(
        "ix_enrollments_due",
        "enrollments",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'active' AND due_at IS NOT NULL"),
        postgresql_where=sa.text("state = 'active' AND due_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_enrollments_lead_id"), "enrollments", ["lead_id"], unique=False)
    op.create_index("ix_enrollments_sequence_state", "enrollments", ["sequence", "state"], unique=False)
    op.create_index(
        "uq_enrollments_open",
        "enrollments",
        ["lead_id", "sequence"],
        unique=True,
        sqlite_where=sa.text("state <> 'finished'"),
        postgresql_where=sa.text("state <> 'finished'"),
    )
    op.create_table(
        "field_changes",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("origin", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_field_changes_lead_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_field_changes")),
    )
    op.create_index(op.f("ix_field_changes_lead_id"), "field_changes", ["lead_id"], unique=False)
    op.create_table(
        "notes",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_notes_lead_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index(op.f("ix_notes_lead_id"), "notes", ["lead_id"], unique=False)
    op.create_table(
        "notices",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=512), nullable=False),
        sa.Column("way", sa.String(length=64), nullable=False),
        sa.Column("to", sa.String(length=320), server_default="", nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("batch_id", sa.String(length=64), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_notices_lead_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_notices")),
        sa.UniqueConstraint("key", "way", "to", name=op.f("uq_notices_key_way_to")),
    )
    op.create_index(op.f("ix_notices_lead_id"), "notices", ["lead_id"], unique=False)
    op.create_index(
        "ix_notices_sent",
        "notices",
        ["way", "to", "finished_at"],
        unique=False,
        sqlite_where=sa.text("state = 'sent'"),
        postgresql_where=sa.text("state = 'sent'"),
    )
    op.create_index(
        "ix_notices_waiting",
        "notices",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "proposals",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=False),
        sa.Column("finding", sa.String(length=64), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("other_id", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("before", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("by", sa.String(length=128), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_proposals_lead_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
    )
    op.create_index(op.f("ix_proposals_lead_id"), "proposals", ["lead_id"], unique=False)
    op.create_index(
        "uq_proposals_open",
        "proposals",
        ["lead_id", "finding"],
        unique=True,
        sqlite_where=sa.text("state = 'proposed'"),
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.create_table(
        "rests",
        sa.Column("lead_id", sa.String(length=64), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_rests_lead_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_rests")),
    )
    op.create_table(
        "rule_scores",
        sa.Column("lead_id", sa.String(length=64), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_rule_scores_lead_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_rule_scores")),
    )
    op.create_table(
        "stage_moves",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=False),
        sa.Column("pipeline", sa.String(length=128), nullable=False),
        sa.Column("from_stage", sa.String(length=128), nullable=True),
        sa.Column("to_stage", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_stage_moves_lead_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_moves")),
    )
    op.create_index(op.f("ix_stage_moves_at"), "stage_moves", ["at"], unique=False)
    op.create_index(op.f("ix_stage_moves_lead_id"), "stage_moves", ["lead_id"], unique=False)
    op.create_table(
        "stage_sequences",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=False),
        sa.Column("pipeline", sa.String(length=128), nullable=False),
        sa.Column("stage", sa.String(length=128), nullable=False),
        sa.Column("sequence", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_stage_sequences_lead_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_sequences")),
    )
    op.create_index(op.f("ix_stage_sequences_lead_id"), "stage_sequences", ["lead_id"], unique=False)
    op.create_index(
        "ix_stage_sequences_waiting",
        "stage_sequences",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "holds",
        sa.Column("enrollment_id", sa.String(length=64), nullable=False),
        sa.Column("delivery_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_holds_delivery_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollments.id"], name=op.f("fk_holds_enrollment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("enrollment_id", "delivery_id", name=op.f("pk_holds")),
    )
    op.create_index(op.f("ix_holds_delivery_id"), "holds", ["delivery_id"], unique=False)
    op.create_table(
        "touches",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("enrollment_id", sa.String(length=64), nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.String(length=128), nullable=False),
        sa.Column("revision_id", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=255), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("variant", sa.String(length=128), nullable=True),
        sa.Column("wording", sa.Text(), nullable=True),
        sa.Column("sender", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("block", sa.Text(), nullable=True),
        sa.Column("claim_id", sa.String(length=64), nullable=True),
        sa.Column("owner", sa.String(length=128), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("handed_over_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("recipient", sa.String(length=512), nullable=True),
        sa.Column("message_id", sa.String(length=512), nullable=True),
        sa.Column("provider_id", sa.String(length=255), nullable=True),
        sa.Column("thread_id", sa.String(length=255), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("server_reply", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("crossed", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("domain", sa.String(length=255), nullable=True),
        sa.Column("doubt_until", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollments.id"], name=op.f("fk_touches_enrollment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touches")),
        sa.UniqueConstraint("enrollment_id", "step", name=op.f("uq_touches_enrollment_id_step")),
    )
    op.create_index(
        "ix_touches_blocked",
        "touches",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'planned' AND (block IS NOT NULL OR due_at IS NULL)"),
        postgresql_where=sa.text("state = 'planned' AND (block IS NOT NULL OR due_at IS NULL)"),
    )
    op.create_index(
        "ix_touches_closing",
        "touches",
        ["closes_at"],
        unique=False,
        sqlite_where=sa.text("state = 'planned' AND closes_at IS NOT NULL"),
        postgresql_where=sa.text("state = 'planned' AND closes_at IS NOT NULL"),
    )
    op.create_index(
        "ix_touches_domain",
        "touches",
        ["domain", "used_at"],
        unique=False,
        sqlite_where=sa.text("domain IS NOT NULL AND used_at IS NOT NULL"),
        postgresql_where=sa.text("domain IS NOT NULL AND used_at IS NOT NULL"),
    )
    op.create_index(
        "ix_touches_doubt",
        "touches",
        ["doubt_until"],
        unique=False,
        sqlite_where=sa.text("state = 'planned' AND doubt_until IS NOT NULL"),
        postgresql_where=sa.text("state = 'planned' AND doubt_until IS NOT NULL"),
    )
    op.create_index(
        "ix_touches_due",
        "touches",
        ["sender", "action", "due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'planned' AND due_at IS NOT NULL"),
        postgresql_where=sa.text("state = 'planned' AND due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_touches_in_flight",
        "touches",
        ["claim_id"],
        unique=False,
        sqlite_where=sa.text("state IN ('claimed', 'handed_over')"),
        postgresql_where=sa.text("state IN ('claimed', 'handed_over')"),
    )
    op.create_index(
        "ix_touches_lanes",
        "touches",
        ["sender", "action", "sequence", "is_first", "rank", "wanted_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'planned' AND due_at IS NOT NULL AND rank IS NOT NULL"),
        postgresql_where=sa.text("state = 'planned' AND due_at IS NOT NULL AND rank IS NOT NULL"),
    )
    op.create_index(op.f("ix_touches_lead_id"), "touches", ["lead_id"], unique=False)
    op.create_index(
        "ix_touches_message_id",
        "touches",
        ["message_id"],
        unique=False,
        sqlite_where=sa.text("message_id IS NOT NULL"),
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.create_index(
        "ix_touches_provider_id",
        "touches",
        ["provider_id"],
        unique=False,
        sqlite_where=sa.text("provider_id IS NOT NULL"),
        postgresql_where=sa.text("provider_id IS NOT NULL"),
    )
    op.create_index(
        "ix_touches_sent_at",
        "touches",
        ["sent_at"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NOT NULL"),
        postgresql_where=sa.text("sent_at IS NOT NULL"),
    )
    op.create_index(
        "ix_touches_thread_id",
        "touches",
        ["thread_id"],
        unique=False,
        sqlite_where=sa.text("thread_id IS NOT NULL"),
        postgresql_where=sa.text("thread_id IS NOT NULL"),
    )
    op.create_index(
        "ix_touches_unresolved",
        "touches",
        ["state"],
        unique=False,
        sqlite_where=sa.text("state IN ('unknown', 'failed')"),
        postgresql_where=sa.text("state IN ('unknown', 'failed')"),
    )
    op.create_index(
        "ix_touches_used",
        "touches",
        ["sender", "action", "used_at"],
        unique=False,
        sqlite_where=sa.text("used_at IS NOT NULL"),
        postgresql_where=sa.text("used_at IS NOT NULL"),
    )
    op.create_table(
        "inquiries",
        sa.Column("touch_id", sa.String(length=64), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("said", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["touch_id"], ["touches.id"], name=op.f("fk_inquiries_touch_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("touch_id", name=op.f("pk_inquiries")),
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("touch_id", sa.String(length=64), nullable=True),
        sa.Column("lead_id", sa.String(length=64), nullable=True),
        sa.Column("enrollment_id", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("assignee", sa.String(length=128), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("to", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("edited", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_tasks_lead_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["touch_id"], ["touches.id"], name=op.f("fk_tasks_touch_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("touch_id", name=op.f("uq_tasks_touch_id")),
    )
    op.create_index(op.f("ix_tasks_lead_id"), "tasks", ["lead_id"], unique=False)
    op.create_index(op.f("ix_tasks_state"), "tasks", ["state"], unique=False)
    op.create_table(
        "withdrawals",
        sa.Column("touch_id", sa.String(length=64), nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=False),
        sa.Column("sender", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("said", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["touch_id"], ["touches.id"], name=op.f("fk_withdrawals_touch_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("touch_id", name=op.f("pk_withdrawals")),
    )
    op.create_index(
        "ix_withdrawals_used",
        "withdrawals",
        ["sender", "used_at"],
        unique=False,
        sqlite_where=sa.text("used_at IS NOT NULL"),
        postgresql_where=sa.text("used_at IS NOT NULL"),
    )
    op.create_index(
        "ix_withdrawals_waiting",
        "withdrawals",
        ["sender", "due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
