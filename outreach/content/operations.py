"""What expressions may do with values: reach, compare, add, join. Total functions over plain values.

Absence: a value that is not there is `Absent`. It is false, it prints as an error (MissingValue), it passes through
`+`, `-`, `~` and filters as itself, and every comparison with it is false. Only `not in` may be true: an absent list
holds nothing. Values read from files are often text, so a number is compared with a text that reads as a number, and a
date with an ISO date.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from jinja2 import Undefined
from markupsafe import escape

from outreach.content.render_errors import MissingValue, NotPrintable, TooLong

MAX_VALUE = 16_384
"""Characters of one value in a message, and of what an expression makes."""

MAX_ITEMS = 100
"""How often a loop turns at most; what follows in the list is left out."""

_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Absent(Undefined):
    """A value that is not there; `path` is its dotted name."""

    __slots__ = ()

    @property
    def path(self) -> str:
        return self._undefined_name or "value"


def reach(value: object, keys: tuple[str | int, ...], name: str) -> object:
    """Follow keys through dicts and lists. Null and blank texts are absent."""
    for key in keys:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list | tuple) and isinstance(key, int) and 0 <= key < len(value):
            value = value[key]
        else:
            return Absent(name=name)
    if value is None or isinstance(value, Undefined) or (isinstance(value, str) and is_blank(value)):
        return Absent(name=name)
    return value


def is_blank(value: str) -> bool:
    """Whether nothing of a text can be seen: it is empty, white space, or characters without a shape."""
    if value.isprintable():
        return not value.strip()
    return not any(character.isprintable() and not character.isspace() for character in value)


_ORDER: dict[str, Callable[[Any, Any], object]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}


def compare(left: object, operation: str, right: object) -> bool:
    """One comparison; different kinds that cannot be compared are false, and unequal."""
    if operation in ("in", "notin"):
        return _is_in(left, right, opposite=operation == "notin")
    if isinstance(left, Absent) or isinstance(right, Absent):
        return False
    if isinstance(left, str) and isinstance(right, str) and operation not in ("eq", "ne"):
        left, right = _as_numbers(left, right)
    try:
        return bool(_ORDER[operation](*_alike(left, right)))
    except TypeError:
        return False


def _as_numbers(left: str, right: str) -> tuple[object, object]:
    """Two texts that both read as numbers have the order of numbers: a lead keeps `9` and `10` as texts."""
    first, second = (number(text.strip(), otherwise=None) for text in (left, right))
    return (left, right) if first is None or second is None else (first, second)


def _is_in(left: object, right: object, *, opposite: bool) -> bool:
    if isinstance(left, Absent):
        return False
    return _holds(right, left) is not opposite


def _holds(container: object, item: object) -> bool:
    if isinstance(container, str):
        return isinstance(item, str) and item in container
    if isinstance(container, list | tuple | dict):
        return any(compare(item, "eq", member) for member in container)
    return False


def _alike(left: object, right: object) -> tuple[object, object]:
    if type(left) is type(right):
        return left, right
    if isinstance(left, str):
        return _read_as(right, left), right
    if isinstance(right, str):
        return left, _read_as(left, right)
    if isinstance(left, date) and isinstance(right, date):
        return _instant(left), _instant(right)
    return left, right


def _read_as(sample: object, text: str) -> object:
    """The text as the same kind of value as the sample, or unchanged."""
    word = text.strip()
    if isinstance(sample, bool):
        return {"true": True, "false": False}.get(word.lower(), text)
    if isinstance(sample, int | float):
        return number(word, otherwise=text)
    if isinstance(sample, date):
        return _read_date(word, isinstance(sample, datetime)) or text
    return text


def number(text: str, *, otherwise: object) -> object:
    """The number a text reads as, in ASCII digits with a dot."""
    if not _NUMBER.fullmatch(text):
        return otherwise
    return float(text) if "." in text else int(text)


def _read_date(text: str, as_instant: bool) -> date | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _instant(instant) if as_instant else instant.date()


def _instant(value: date) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def add(left: object, right: object) -> object:
    """Numbers, texts end to end, a date and days."""
    if isinstance(left, str) and isinstance(right, str):
        return _bounded(left + right)
    return _calculate(left, right, sign=1)


def subtract(left: object, right: object) -> object:
    """Numbers, a date less days, or the days between two dates."""
    left, right = _as_values(left, right)
    if isinstance(left, date) and isinstance(right, date):
        return (_instant(left) - _instant(right)).total_seconds() / 86_400
    return _calculate(left, right, sign=-1)


def _as_values(left: object, right: object) -> tuple[object, object]:
    """What a lead keeps as text is a date beside a date (`now - lead.renewal_on` counts days), and of two texts each
    is the number or the date it reads as.
    """
    if isinstance(left, str) and isinstance(right, str):
        return _value(left), _value(right)
    if isinstance(left, date) and isinstance(right, str):
        return left, _read_as(left, right)
    if isinstance(left, str) and isinstance(right, date):
        return _read_as(right, left), right
    return left, right


def _value(text: str) -> object:
    word = text.strip()
    amount = number(word, otherwise=None)
    return (_day(word) or text) if amount is None else amount


def _day(word: str) -> date | None:
    """A date, or an instant where the text has a time of day."""
    return _read_date(word, as_instant=len(word) > len("2026-12-01"))


def _calculate(left: object, right: object, *, sign: int) -> object:
    for value in (left, right):
        if isinstance(value, Absent):
            return value
    left, right = _alike(left, right)
    if isinstance(left, str) and isinstance(right, int | float):
        left = _day(left.strip()) or left
    try:
        if isinstance(left, date) and isinstance(right, int | float):
            return left + sign * timedelta(days=right)
        if isinstance(left, int | float) and isinstance(right, int | float):
            return _finite(left + sign * right)
    except (OverflowError, ValueError):
        pass
    return Absent(name="result of a calculation")


def _finite(value: int | float) -> object:
    return value if abs(value) < 1e30 else Absent(name="result of a calculation")


def joined(*values: object) -> object:
    """Texts end to end (`~`); absent if one of them is."""
    absent = next((value for value in values if isinstance(value, Absent)), None)
    if absent is not None:
        return absent
    return _bounded("".join(text(value) for value in values))


def _bounded(value: str) -> str:
    if len(value) > MAX_VALUE:
        raise TooLong("a value", MAX_VALUE)
    return value


def items(value: object) -> list[object]:
    """What a loop turns over: a list's first items, in order. Anything else has none."""
    return list(value[:MAX_ITEMS]) if isinstance(value, list | tuple) else []


def text(value: object) -> str:
    """A value as it appears in a message. Raises MissingValue, TooLong, NotPrintable."""
    if isinstance(value, str):
        return _bounded(value if value.isprintable() else clean(value))
    if isinstance(value, Absent):
        raise MissingValue(value.path)
    return _bounded(_written(value))


def clean(value: str) -> str:
    """Without control characters and halves of characters; every kind of line end becomes one."""
    return _CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number_text(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ", ".join(text(item) for item in value[:MAX_ITEMS])
    raise NotPrintable("group of values" if isinstance(value, dict) else type(value).__name__)


def _number_text(value: int | float) -> str:
    if not abs(value) < 1e30:
        raise TooLong("a number", 30)
    return str(int(value)) if value == int(value) else str(value)


def html(value: object) -> str:
    """A value for the text of an HTML part: escaped, its line ends kept."""
    escaped = str(escape(text(value)))
    return escaped.replace("\n", "<br>\n") if "\n" in escaped else escaped


def attribute(value: object) -> str:
    """A finished value for an HTML attribute in quotes."""
    return str(escape(value))
