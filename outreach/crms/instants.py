"""Instants as small APIs write them."""

from __future__ import annotations

from datetime import UTC, datetime


def instant_of(value: object) -> datetime | None:
    """ISO 8601, in UTC where no zone is told, or milliseconds; None for anything else."""
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
        at = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
