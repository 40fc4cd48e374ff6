"""An understood mail as an event: the same meaning whichever provider brought the mail."""

from __future__ import annotations

from datetime import datetime

from outreach.domain.event import Clues, Event, EventKind
from outreach.mail.understood import Kind, Understood

KINDS = {
    Kind.REPLY: EventKind.REPLIED,
    Kind.AUTO_REPLY: EventKind.AUTORESPONDED,
    Kind.BOUNCE_HARD: EventKind.BOUNCED,
    Kind.BOUNCE_SOFT: EventKind.BOUNCED,
    Kind.UNSUBSCRIBE: EventKind.UNSUBSCRIBED,
    Kind.COMPLAINT: EventKind.COMPLAINED,
    Kind.OWN: EventKind.OWN,
    Kind.OTHER: EventKind.UNKNOWN,
}


def event_of(understood: Understood, *, key: str, at: datetime, channel: str, clues: Clues) -> Event:
    """The event for a mail or message; `data` says what has no field of its own."""
    return Event(
        key=key,
        kind=KINDS[understood.kind],
        at=at,
        channel=channel,
        clues=clues,
        subject=(understood.subject or "")[:998],
        text=understood.text,
        reason=understood.reason or "",
        is_hard=understood.kind is Kind.BOUNCE_HARD,
        data=_data_of(understood),
    )


def _data_of(understood: Understood) -> dict[str, object]:
    found: dict[str, object] = {
        "from": understood.from_address,
        "from_name": understood.from_name,
        "message_id": understood.message_id,
        "in_reply_to": understood.in_reply_to,
        "until": understood.until.isoformat() if understood.until else None,
        "status": understood.status,
        "recipients": list(understood.recipients),
        "is_quarantined": understood.is_quarantined,
    }
    return {name: value for name, value in found.items() if value}
