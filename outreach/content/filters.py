"""The filters of expressions and templates, each bounded. What is absent stays absent, except by `default`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps

from outreach.content.calendar_words import with_names
from outreach.content.operations import Absent, items, number, text
from outreach.content.render_errors import NotPrintable

_FORMAT = re.compile(r"(?:[^%]|%[dmYyHMjBA%])*", re.DOTALL)
_MAX_FORMAT = 100
DATE = "%Y-%m-%d"


@dataclass(frozen=True, slots=True)
class FilterRule:
    """A filter with how many arguments it takes beside its value."""

    call: Callable[..., object]
    least: int = 0
    most: int = 0


def default(value: object, fallback: object) -> object:
    """The value, or the fallback where it is absent."""
    return fallback if isinstance(value, Absent) else value


def _passing(function: Callable[..., object]) -> Callable[..., object]:
    @wraps(function)
    def pass_absent(value: object, *arguments: object) -> object:
        absent = next((each for each in (value, *arguments) if isinstance(each, Absent)), None)
        return function(value, *arguments) if absent is None else absent

    return pass_absent


def upper(value: object) -> str:
    return text(value).upper()


def lower(value: object) -> str:
    return text(value).lower()


def capitalize(value: object) -> str:
    word = text(value)
    return word[:1].upper() + word[1:]


def title(value: object) -> str:
    return " ".join(word[:1].upper() + word[1:].lower() for word in text(value).split(" "))


# Turkish and Azerbaijani tell i from ı in both cases; the Unicode default mappings do not.
def upper_turkic(value: object) -> str:
    return text(value).replace("i", "İ").upper()


def lower_turkic(value: object) -> str:
    return text(value).replace("I", "ı").replace("İ", "i").lower()


def capitalize_turkic(value: object) -> str:
    word = text(value)
    return upper_turkic(word[:1]) + word[1:]


def title_turkic(value: object) -> str:
    return " ".join(upper_turkic(word[:1]) + lower_turkic(word[1:]) for word in text(value).split(" "))


def trim(value: object) -> str:
    return text(value).strip()


def length(value: object) -> int:
    return len(value) if isinstance(value, str | list | tuple | dict) else len(text(value))


def first(value: object) -> object:
    return _item(value, 0)


def last(value: object) -> object:
    return _item(value, -1)


def _item(value: object, index: int) -> object:
    members = value if isinstance(value, str | list | tuple) else ()
    return members[index] if members else Absent(name="item")


def join(value: object, separator: object = ", ") -> str:
    return text(separator).join(text(item) for item in items(value)) if not isinstance(value, str) else value


def whole(value: object) -> object:
    """`int`: the whole number, cut off; absent if it reads as none."""
    amount = number(value.strip(), otherwise=None) if isinstance(value, str) else value
    return _whole(amount) if isinstance(amount, int | float) else Absent(name="number")


def _whole(amount: int | float) -> object:
    return int(amount) if abs(amount) < 1e30 else Absent(name="number")


def rounded(value: object, digits: object = 0) -> object:
    """`round`: to that many digits after the dot, at most 6."""
    amount = number(value.strip(), otherwise=None) if isinstance(value, str) else value
    if not isinstance(amount, int | float) or not isinstance(digits, int) or not abs(amount) < 1e30:
        return Absent(name="number")
    return round(amount, min(max(digits, 0), 6))


def truncate(value: object, limit: object) -> str:
    """The text cut at a word so that it has at most `limit` characters, the dots included."""
    whole_text = text(value)
    most = limit if isinstance(limit, int) and limit > 1 else 1
    if len(whole_text) <= most:
        return whole_text
    cut = whole_text[: most - 1]
    return (cut.rpartition(" ")[0] or cut).rstrip() + "…"


def dated(value: object, pattern: object, language: object) -> object:
    """`date`: a date in a pattern of %d %m %Y %y %H %M %j %B %A; absent if the value is no date."""
    day = _day(value)
    if day is None:
        return Absent(name="date")
    layout = text(pattern)
    if len(layout) > _MAX_FORMAT or not _FORMAT.fullmatch(layout):
        raise NotPrintable(f"date in the pattern '{layout[:40]}'")
    return day.strftime(with_names(layout, day, str(language)))


def _day(value: object) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None


FILTERS: dict[str, FilterRule] = {
    "default": FilterRule(default, 1, 1),
    "upper": FilterRule(_passing(upper)),
    "lower": FilterRule(_passing(lower)),
    "capitalize": FilterRule(_passing(capitalize)),
    "title": FilterRule(_passing(title)),
    "trim": FilterRule(_passing(trim)),
    "length": FilterRule(_passing(length)),
    "first": FilterRule(_passing(first)),
    "last": FilterRule(_passing(last)),
    "join": FilterRule(_passing(join), 0, 1),
    "int": FilterRule(_passing(whole)),
    "round": FilterRule(_passing(rounded), 0, 1),
    "truncate": FilterRule(_passing(truncate), 1, 1),
    "date": FilterRule(_passing(dated), 0, 1),
}

TURKIC_LANGUAGES = ("tr", "az")
TURKIC: dict[str, Callable[..., object]] = {
    "upper": _passing(upper_turkic),
    "lower": _passing(lower_turkic),
    "capitalize": _passing(capitalize_turkic),
    "title": _passing(title_turkic),
}
