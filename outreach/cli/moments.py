"""A time in the past as people write it on a command line."""

from __future__ import annotations

from datetime import UTC, datetime

from outreach.errors import UsageError


def moment(written: str, *, now: datetime) -> datetime:
    """`2026-03-02`, `2026-03-02 10:00`, with an offset or in UTC; or `3 days`, which is that long ago."""
    from outreach.domain.span import parse_span

    try:
        found = datetime.fromisoformat(written.strip())
    except ValueError:
        pass
    else:
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    try:
        return now - parse_span(written).elapsed
    except ValueError:
        raise UsageError(f"'{written}' is not a time. Write 2026-03-02, 2026-03-02 10:00 or 3 days.") from None
