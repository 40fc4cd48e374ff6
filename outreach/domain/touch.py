"""One step for one enrollment: its states, and what its key becomes on the wire."""

from __future__ import annotations

from enum import StrEnum


class TouchState(StrEnum):
    PLANNED = "planned"
    CLAIMED = "claimed"
    HANDED_OVER = "handed_over"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


OPEN = frozenset({TouchState.PLANNED, TouchState.CLAIMED, TouchState.HANDED_OVER, TouchState.UNKNOWN})
"""A touch in one of these states still has something to come."""

COUNTED = frozenset({TouchState.CLAIMED, TouchState.HANDED_OVER, TouchState.UNKNOWN, TouchState.SENT})
"""A touch in one of these states uses up its sender's quota."""


def touch_key(enrollment_id: str, step_id: str) -> str:
    """What makes a touch the same touch: its row, its Message-ID and the provider's idempotency key."""
    return f"{enrollment_id}.{step_id}"


def message_id(key: str, domain: str) -> str:
    """The Message-ID of a touch, without angle brackets (RFC 5322 §3.6.4); the same at every attempt."""
    return f"{key}@{domain}"
