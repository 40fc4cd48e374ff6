"""Who changed what: each entry carries the hash of the one before, so that a missing or altered one shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text

from outreach.store.tables import audit

_BEGINNING = "0" * 64
_CHAIN_LOCK = 7_206_153


def write(
    connection: Connection,
    *,
    now: datetime,
    actor: str,
    action: str,
    subject: str,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Append an entry; writers take turns, so that the chain does not fork."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
    previous = connection.execute(select(audit.c.hash).order_by(audit.c.number.desc()).limit(1)).scalar()
    entry = {"at": now, "actor": actor, "action": action, "subject": subject, "data": dict(data or {})}
    before = previous or _BEGINNING
    connection.execute(audit.insert().values(**entry, previous_hash=before, hash=digest(entry, before)))


def digest(entry: Mapping[str, Any], previous: str) -> str:
    """SHA-256 over the entry as canonical JSON and the hash before it."""
    plain = {**entry, "at": entry["at"].isoformat(), "previous": previous}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def first_break(connection: Connection) -> int | None:
    """The number of the first entry that does not fit the one before it; None when the chain is whole."""
    before = _BEGINNING
    for row in connection.execute(select(audit).order_by(audit.c.number)).mappings():
        entry = {name: row[name] for name in ("at", "actor", "action", "subject", "data")}
        if row["previous_hash"] != before or row["hash"] != digest(entry, before):
            return int(row["number"])
        before = row["hash"]
    return None
