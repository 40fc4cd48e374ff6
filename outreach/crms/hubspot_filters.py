"""What people write to choose contacts of HubSpot, in the words of a search."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from outreach.crms.hubspot_records import condition
from outreach.crms.hubspot_values import PROVIDER
from outreach.errors import Outcome, Refused

_CONDITION = re.compile(r"\s*(\w+)\s*(!=|>=|<=|=|>|<|~)\s*(.+?)\s*")
_OPERATORS = {
    "=": "EQ", "!=": "NEQ", ">": "GT", ">=": "GTE", "<": "LT", "<=": "LTE", "~": "CONTAINS_TOKEN",
}  # fmt: skip
_MOST_CONDITIONS = 4


def conditions_of(text: str) -> list[Mapping[str, Any]]:
    """`lifecyclestage=lead and jobtitle~CTO`, in the words of a search."""
    parts = re.split(r"\s+and\s+", text.strip()) if text.strip() else []
    matches = [_CONDITION.fullmatch(part) for part in parts]
    if not parts or not all(matches) or len(parts) > _MOST_CONDITIONS:
        said = (
            f"'{text}' is no filter. Write property=value, at most {_MOST_CONDITIONS} joined by ' and '; also != > < ~"
        )
        raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
    return [condition(match[1], _OPERATORS[match[2]], match[3]) for match in matches if match]
