"""Every table, by its name. Instants are aware UTC (`Instant`), ids are strings, states are the domain's enums' values.

They are written by topic in `tables_of_*.py`; who needs one imports it from here.
"""

from __future__ import annotations

from outreach.store.schema import metadata
from outreach.store.tables_of_crm import crm_connections, crm_jobs, crm_links, crm_pulls, crm_records
from outreach.store.tables_of_hearing import deliveries, events, holds, links, mailbox_folders, mailboxes, replies
from outreach.store.tables_of_people import (
    addresses,
    companies,
    company_aliases,
    erased,
    field_changes,
    leads,
    merges,
    notes,
    proposals,
    rests,
    rule_scores,
    stage_moves,
    suppressions,
)
from outreach.store.tables_of_running import audit, contents, facts, leases, notices, rollups, vault
from outreach.store.tables_of_sending import (
    claims,
    enrollments,
    inquiries,
    pauses,
    revisions,
    senders,
    sequences,
    stage_sequences,
    tasks,
    touches,
    trials,
    withdrawals,
)

__all__ = [
    "addresses",
    "audit",
    "claims",
    "companies",
    "company_aliases",
    "contents",
    "crm_connections",
    "crm_jobs",
    "crm_links",
    "crm_pulls",
    "crm_records",
    "deliveries",
    "enrollments",
    "erased",
    "events",
    "facts",
    "field_changes",
    "holds",
    "inquiries",
    "leads",
    "leases",
    "links",
    "mailbox_folders",
    "mailboxes",
    "merges",
    "metadata",
    "notes",
    "notices",
    "pauses",
    "proposals",
    "replies",
    "rests",
    "revisions",
    "rollups",
    "rule_scores",
    "senders",
    "sequences",
    "stage_moves",
    "stage_sequences",
    "suppressions",
    "tasks",
    "touches",
    "trials",
    "vault",
    "withdrawals",
]
