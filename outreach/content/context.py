"""What expressions and templates see of a lead: plain values only, and nothing that is null, empty or white space.

Plain values are str, int, float, bool, date, datetime, and lists and dicts of them. Built once for a
lead, used for every condition and text.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from outreach.content.names import ENROLLMENT, SENDER
from outreach.content.operations import is_blank

Row = Mapping[str, object]
_NONE: Row = {}


def build(
    lead: Row,
    *,
    now: datetime,
    company: Row | None = None,
    sender: Row | None = None,
    enrollment: Row | None = None,
    events: Row | None = None,
) -> dict[str, object]:
    """The context of one lead.

    `lead` holds its columns, its addresses by kind (`email`, `linkedin`, …) and its own fields under `fields`, which
    are reachable as `lead.fields.x` and, unless a column has that name, as `lead.x`; `company` likewise. Of `sender`
    and `enrollment` only what `names.py` lists gets in, so that no secret can. `events` says how often each kind of
    event happened. `now` is aware.
    """
    return {
        "lead": _named(_with_fields(lead)),
        "company": _with_fields(company or _NONE),
        "sender": of_sender(sender or _NONE),
        "enrollment": _only(ENROLLMENT, enrollment or _NONE),
        "events": _pruned(events) if events else {},
        "now": now,
    }


def of_sender(sender: Row) -> dict[str, object]:
    """What is seen of a sender."""
    return _with_first_name(_only(SENDER, sender))


def _named(person: dict[str, object]) -> dict[str, object]:
    parts = [str(person[name]) for name in ("first_name", "last_name") if name in person]
    if parts:
        person.setdefault("name", " ".join(parts))
    return person


def _with_first_name(person: dict[str, object]) -> dict[str, object]:
    words = str(person.get("name", "")).split()
    return {"first_name": words[0], **person} if words else person


def _only(names: frozenset[str], row: Row) -> dict[str, object]:
    return _pruned(row if names.issuperset(row) else {name: value for name, value in row.items() if name in names})


def _with_fields(row: Row) -> dict[str, object]:
    pruned = _pruned(row)
    own = pruned.setdefault("fields", {})
    return {**own, **pruned} if own and isinstance(own, dict) else pruned


def plain(value: object) -> object:
    """The value without anything absent in it; None if nothing is left. Lists and dicts stay, be they empty.

    Raises TypeError for what is not plain.
    """
    if value is None:
        return None
    if type(value) is str and value.isascii():  # nearly every value: nothing invisible to look for
        return value if value.strip() else None
    if isinstance(value, str):
        return None if is_blank(value) else str(value)
    if isinstance(value, bool | int | date):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return _pruned(value)
    if isinstance(value, list | tuple | set | frozenset):
        return _present(sorted(value, key=str) if isinstance(value, set | frozenset) else value)
    raise TypeError(f"{type(value).__name__} is not a plain value")


def _present(values: Iterable[object]) -> list[object]:
    return [each for value in values if (each := plain(value)) is not None]


def _pruned(row: Mapping[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in row.items():
        if value is None:
            continue
        kind = type(value)
        if kind is str and value.isascii():  # type: ignore[attr-defined]  # nearly every value: nothing invisible in it
            if value and not value.isspace():  # type: ignore[attr-defined]
                found[name] = value
        elif kind in _AS_IT_IS or (not value and kind in _FRESH):
            found[name] = value if kind in _AS_IT_IS else kind()
        elif (each := plain(value)) is not None:
            found[str(name)] = each
    return found


_AS_IT_IS = frozenset({int, bool, date, datetime})
_FRESH = frozenset({list, dict})  # empty ones need no looking through, only a copy
