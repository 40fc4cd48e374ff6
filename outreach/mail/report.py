"""A mail as the JSON object that `outreach inbound parse` prints."""

from __future__ import annotations

from datetime import datetime

from outreach.mail.understand import understand

Json = dict[str, object]


def as_json(file_name: str, raw: bytes, own: frozenset[str] = frozenset(), *, now: datetime | None = None) -> Json:
    """Every key, in the order they are promised; None where there is nothing to say, and lists that may be empty."""
    found = understand(raw, own=own, now=now)
    return {
        "file": file_name,
        "kind": str(found.kind),
        "reason": found.reason,
        "text": found.text,
        "in_reply_to": found.in_reply_to,
        "references": list(found.references),
        "to": list(found.to),
        "recipients": list(found.recipients),
        "from": found.from_address,
        "subject": found.subject,
        "until": found.until.isoformat() if found.until else None,
        "status": found.status,
    }
