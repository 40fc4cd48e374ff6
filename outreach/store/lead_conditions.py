"""A condition on leads as SQL, for both databases.

The SQL lets through every lead the condition is true for; `is_exact` says that it lets through no other either. (A
value of nothing but characters without a shape counts as something here, and as nothing in an expression.)
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Numeric,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from outreach.domain.condition import (
    Compared,
    Condition,
    Either,
    Every,
    Holds,
    OneOf,
    Opposite,
    Plain,
    Present,
    Unclear,
)
from outreach.domain.lead import AddressKind
from outreach.store.tables import addresses, companies, leads

_ALWAYS_THERE = ("id", "source", "status", "pipeline", "stage")
_PERHAPS_THERE = ("first_name", "last_name", "title", "language", "timezone", "country", "owner")
_ORDERED: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}
_NUMBER = r"^\s*[+-]?[0-9]{1,18}(\.[0-9]{1,18})?\s*$"  # as `content/operations.py` reads one


@dataclass(frozen=True, slots=True)
class Where:
    """`sql` None: everybody."""

    sql: ColumnElement[bool] | None
    is_exact: bool


EVERYBODY = Where(None, is_exact=False)


def where(condition: Condition, *, dialect: str) -> Where:
    """The SQL of a condition, over `leads` with its `companies` joined. `dialect`: sqlite or postgresql."""
    match condition:
        case Every(parts):
            found = [where(part, dialect=dialect) for part in parts]
            known = [each.sql for each in found if each.sql is not None]
            return Where(and_(*known) if known else None, is_exact=all(each.is_exact for each in found))
        case Either(parts):
            return _either([where(part, dialect=dialect) for part in parts])
        case Opposite(part):
            return _opposite(part, dialect)
        case Present(path):
            return _present(path)
        case OneOf(path, values):
            return _either([_compared(Compared(path, "eq", value), dialect) for value in values])
        case Holds():
            return _holds(condition, dialect)
        case Compared():
            return _compared(condition, dialect)
        case Unclear():
            return EVERYBODY


def _either(found: list[Where]) -> Where:
    if not found:
        return Where(literal_column("1") == 0, is_exact=True)
    if any(each.sql is None for each in found):
        return EVERYBODY
    return Where(or_(*(each.sql for each in found if each.sql is not None)), all(each.is_exact for each in found))


def _opposite(part: Condition, dialect: str) -> Where:
    """Of a group the opposites of its parts, so that what is clear of it still helps."""
    match part:
        case Every(parts):
            return where(Either(tuple(Opposite(each) for each in parts)), dialect=dialect)
        case Either(parts):
            return where(Every(tuple(Opposite(each) for each in parts)), dialect=dialect)
        case Opposite(inner):
            return where(inner, dialect=dialect)
    found = where(part, dialect=dialect)
    if found.sql is None or not found.is_exact:
        return EVERYBODY
    return Where(not_(func.coalesce(found.sql, literal_column("1") == 0)), is_exact=True)


def _present(path: tuple[str, ...]) -> Where:
    text = _text(path)
    if text is not None:
        return Where(func.trim(func.coalesce(text, "")) != "", is_exact=True)
    if path[0] == "lead" and len(path) == 2 and path[1] in list(AddressKind):
        own = leads.c.fields[path[1]].as_string()
        return Where(or_(_reached_by(path[1]), func.trim(func.coalesce(own, "")) != ""), is_exact=True)
    return Where(true(), is_exact=True) if path in (("lead", "score"), ("lead", "created_at")) else EVERYBODY


def _holds(asked: Holds, dialect: str) -> Where:
    if asked.path == ("lead", "tags"):
        return Where(has_tag(asked.value, dialect=dialect), is_exact=not _may_be_a_number(asked.value))
    text = _text(asked.path)
    if text is None or _is_own(asked.path):  # an own value may be a list
        return EVERYBODY
    place: Any = func.instr if dialect == "sqlite" else func.strpos
    return Where(place(text, asked.value) > 0, is_exact=True)


def has_tag(tag: str, *, dialect: str) -> ColumnElement[bool]:
    """The lead has that tag."""
    if dialect == "sqlite":
        listed: Any = func.json_each
        each = listed(leads.c.tags).table_valued("value")
        return exists(select(literal(1)).select_from(each).where(each.c.value == tag))
    return cast(leads.c.tags, JSONB).contains([tag])


def _compared(asked: Compared, dialect: str) -> Where:
    if asked.path == ("lead", "created_at"):
        return _by_instant(asked)
    if asked.path == ("lead", "score"):
        return _by_number(asked)
    if isinstance(asked.value, str):
        return _by_text(asked)
    if isinstance(asked.value, int | float) and not isinstance(asked.value, bool) and _is_own(asked.path):
        return _by_own_number(asked, asked.value, dialect)
    return EVERYBODY


def _by_instant(asked: Compared) -> Where:
    at = _instant(asked.value)
    if at is None or asked.operation not in _ORDERED:
        return EVERYBODY
    return Where(_ORDERED[asked.operation](leads.c.created_at, at), is_exact=True)


def _instant(value: Plain) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time(), UTC) if isinstance(value, date) else None


def _by_number(asked: Compared) -> Where:
    if isinstance(asked.value, bool) or not isinstance(asked.value, int | float):
        return EVERYBODY
    compare: Callable[[Any, Any], Any] = _ORDERED.get(asked.operation) or operator.ne
    score: ColumnElement[Any] = cast(leads.c.score, Numeric) if isinstance(asked.value, float) else leads.c.score
    return Where(compare(score, asked.value), is_exact=True)


def _by_text(asked: Compared) -> Where:
    """Equal or not. Which of two texts comes first is for the expression: databases have orders of their own."""
    value = str(asked.value)
    if asked.operation not in ("eq", "ne") or not value.strip() or (_is_own(asked.path) and _may_be_a_number(value)):
        return EVERYBODY
    if asked.path[0] == "lead" and len(asked.path) == 2 and asked.path[1] in list(AddressKind):
        return _by_address(asked.path[1], value) if asked.operation == "eq" else EVERYBODY
    text = _text(asked.path)
    if text is None:
        return EVERYBODY
    if asked.operation == "eq":
        return Where(text == value, is_exact=True)
    present = _present(asked.path)
    return Where(and_(text != value, present.sql if present.sql is not None else true()), is_exact=True)


def _by_address(kind: str, value: str) -> Where:
    """One of several addresses may be meant; the expression looks at the first alone."""
    own = leads.c.fields[kind].as_string() == value
    return Where(or_(_reached_by(kind, addresses.c.value == value), own), is_exact=False)


def _reached_by(kind: str, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(addresses.c.lead_id == leads.c.id, addresses.c.kind == kind, *conditions)


def _by_own_number(asked: Compared, number: int | float, dialect: str) -> Where:
    """An own value is a number, a text that reads as one, or something that is neither."""
    compare = _ORDERED.get(asked.operation)
    found = _own(asked.path)
    if compare is None or found is None:
        return EVERYBODY
    fields, name = found
    if dialect == "sqlite":
        kind = func.json_type(fields, f'$."{name}"')
        size = fields[name].as_float()
        return Where(
            case((kind.is_(None), False), (kind.in_(["integer", "real"]), compare(size, number)), else_=True), False
        )
    kind, text = func.jsonb_typeof(fields[name]), fields[name].as_string()
    reads = and_(kind.in_(["number", "string"]), or_(kind == "number", text.regexp_match(_NUMBER)))
    is_true = case((text == "true", 1), else_=0)
    return Where(
        case((reads, compare(cast(text, Numeric), number)), (kind == "boolean", compare(is_true, number)), else_=False),
        is_exact=True,
    )


def _text(path: tuple[str, ...]) -> ColumnElement[Any] | None:
    """The value as text: a column, and an own value of that name where the column is empty; None: not so simple."""
    root, name = path[0], path[1]
    if (found := _own(path)) is not None:
        fields, key = found
        own: ColumnElement[Any] = fields[key].as_string()
        return own
    if len(path) != 2:
        return None
    if root == "lead" and name in _ALWAYS_THERE:
        column: ColumnElement[Any] = leads.c[name]
        return column
    if root == "lead" and name in _PERHAPS_THERE:
        return _else_own(leads.c[name], leads.c.fields[name].as_string())
    if root == "company" and name in ("name", "domain"):
        return _else_own(companies.c[name], companies.c.fields[name].as_string())
    return None


def _else_own(column: ColumnElement[Any], own: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((func.trim(func.coalesce(column, "")) != "", column), else_=own)


def _is_own(path: tuple[str, ...]) -> bool:
    return _own(path) is not None


def _own(path: tuple[str, ...]) -> tuple[ColumnElement[Any], str] | None:
    """(column of own values, name) of a value the team has given a name; None for ours, and for deeper ones."""
    root, *keys = path
    fields = leads.c.fields if root == "lead" else companies.c.fields
    if len(keys) == 2 and keys[0] == "fields" and '"' not in keys[1]:
        return fields, keys[1]
    return (fields, keys[0]) if len(keys) == 1 and keys[0] not in _KNOWN[root] and '"' not in keys[0] else None


_KNOWN = {
    "lead": frozenset({*leads.c.keys(), *AddressKind, "name"}),
    "company": frozenset(companies.c.keys()),
}


def _may_be_a_number(text: str) -> bool:
    """A number or a truth may be kept as such, and be equal to its text."""
    word = text.strip().lower()
    return word in ("true", "false") or (bool(word) and word[0] in "+-0123456789")
