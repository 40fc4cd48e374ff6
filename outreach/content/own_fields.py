"""Fields of the team's own, declared with their types: `fields:` of config/outreach.yaml.

Values stay texts in one form (`12.5`, `2026-03-02`, `true`), which expressions read as numbers and dates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

from outreach.content.countries import plain_letters

_PLAIN = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,9})?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,9})?")
_COMMA = re.compile(r"[+-]?(?:\d{1,15}|\d{1,3}(?:\.\d{3}){1,4}),\d{1,9}")
_POINTED_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_YES = frozenset({"yes", "y", "true", "1", "x", "evet", "ja", "oui", "si"})
_NO = frozenset({"no", "n", "false", "0", "hayir", "nein", "non"})


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes_no"


BROUGHT = frozenset({"legal_basis", "consent_source", "consent_on", "state_elsewhere"})
"""Fields that imports write without anybody declaring them."""

_CONSENT = {"consent_on": FieldType.DATE}


def names_of(declared: Mapping[str, FieldType]) -> frozenset[str] | None:
    """What expressions may name beside the fields everybody has; None: nothing is declared, so any name may be one."""
    return frozenset(declared) | BROUGHT if declared else None


def type_of(name: str, declared: Mapping[str, FieldType]) -> FieldType:
    """`size` is the lead's, `company.size` the company's."""
    return declared.get(name) or _CONSENT.get(name, FieldType.TEXT)


def read(value: str, kind: FieldType) -> str | None:
    """The value in its one form; None if it is not of that type."""
    written = value.strip()
    match kind:
        case FieldType.NUMBER:
            return _number(written)
        case FieldType.DATE:
            return _day(written)
        case FieldType.YES_NO:
            plain = plain_letters(written)
            return "true" if plain in _YES else "false" if plain in _NO else None
        case FieldType.TEXT:
            return value


def _number(written: str) -> str | None:
    """`1,200.5`, `1.200,5` and `1200.5`; what could be both (`1,200`) counts as grouped."""
    if _PLAIN.fullmatch(written):
        return written.removeprefix("+")
    if _GROUPED.fullmatch(written):
        return written.replace(",", "").removeprefix("+")
    return written.replace(".", "").replace(",", ".").removeprefix("+") if _COMMA.fullmatch(written) else None


def _day(written: str) -> str | None:
    """`2026-03-02`, with or without a time, and `2.3.2026`; days with slashes are two days, depending on who reads."""
    pointed = _POINTED_DAY.fullmatch(written)
    try:
        if pointed:
            day, month, year = map(int, pointed.groups())
            return date(year, month, day).isoformat()
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return written[:10] if len(written) <= 10 or written[10:].strip("T 0:") == "" else found.isoformat()
