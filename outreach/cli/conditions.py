"""What `--where` may say: an expression over leads whose names and types are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from outreach.errors import UsageError

if TYPE_CHECKING:
    from outreach.content.own_fields import FieldType


def check_where(where: str | None, *, declared: Mapping[str, FieldType]) -> None:
    """Raise UsageError with a sentence for one that cannot be asked. `declared`: the team's own fields."""
    from outreach.content.expressions import check

    if not where:
        return
    try:
        check(where, declared=declared)
    except ValueError as error:
        raise UsageError(f"--where: {error}") from None
