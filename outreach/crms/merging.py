"""What of a person's values is to be written into a record that may hold some already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from outreach.crm import Field, Mode, Person

Wishes = dict[str, tuple[Any, Mode]]
"""Remote field → what to write there, and how."""


def as_text(value: Any) -> str:
    """A value of any type as text; empty where there is none."""
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ";".join(as_text(one) for one in value)
    if isinstance(value, dict):
        return str(value.get("name") or value.get("id") or "")
    return str(value)


def filling(values: Mapping[str, str]) -> Wishes:
    """Our own idea of some fields, written where there is nothing. What we do not know is left out."""
    return {name: (value, Mode.FILL) for name, value in values.items() if value}


def wishes_of(items: Iterable[Field]) -> Wishes:
    """Mapped fields that have a value, for systems that take texts."""
    return {item.name: (item.value, item.mode) for item in items if item.value}


def is_to_be_written(value: str, mode: Mode, *, before: str, stand_in: str = "") -> bool:
    """`stand_in`: what we write for an unknown value; it counts as nothing."""
    return value != before and (mode is Mode.OVERWRITE or before in ("", stand_in))


def changes(
    wishes: Wishes,
    present: Mapping[str, Any],
    *,
    text: Callable[[Any], str] = as_text,
    stand_ins: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The fields to write, of a record as it is now."""
    known = stand_ins or {}
    return {
        name: value
        for name, (value, mode) in wishes.items()
        if is_to_be_written(text(value), mode, before=text(present.get(name)), stand_in=known.get(name, ""))
    }


def last_name_of(person: Person) -> str:
    """For systems that refuse to be without one."""
    return person.last_name or person.first_name or person.email.partition("@")[0] or "-"
