"""Types of values in expressions, as far as they can be known before anybody is looked at. Plain data, no lead.

The types follow what the operations do (`operations.py`): a text that reads as a number may stand beside a number, so
what an expression makes, a tag or a phone number (`WRITTEN`) goes with everything a text may be read as, and an e-mail
address or a field declared as text (`TEXT`) only with texts. `UNKNOWN` goes with everything: nothing is refused that
could be right.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from outreach.content.operations import number


class Sort(StrEnum):
    """What sort of value it is. `WRITTEN` is a text that may read as a number or a date."""

    TEXT = "text"
    WRITTEN = "written"
    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes_no"
    LIST = "list"
    GROUP = "group"
    UNKNOWN = "unknown"


_WORDS = {
    Sort.TEXT: "a text",
    Sort.WRITTEN: "a text",
    Sort.NUMBER: "a number",
    Sort.DATE: "a date",
    Sort.YES_NO: "true or false",
    Sort.LIST: "a list",
    Sort.GROUP: "a group of values",
    Sort.UNKNOWN: "anything",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueType:
    """`is_own`: a field of the team's own, which is kept as a text that reads as what it was declared to be."""

    sort: Sort
    item: ValueType | None = None  # of a list; None: not known
    is_own: bool = False
    literal: str | int | float | bool | None = None  # of a constant

    @property
    def words(self) -> str:
        return _WORDS[self.sort]

    @property
    def is_text(self) -> bool:
        return self.sort in (Sort.TEXT, Sort.WRITTEN)


UNKNOWN = ValueType(sort=Sort.UNKNOWN)
TEXT = ValueType(sort=Sort.TEXT)
WRITTEN = ValueType(sort=Sort.WRITTEN)
NUMBER = ValueType(sort=Sort.NUMBER)
DATE = ValueType(sort=Sort.DATE)
YES_NO = ValueType(sort=Sort.YES_NO)
GROUP = ValueType(sort=Sort.GROUP)
WRITTEN_ONES = ValueType(sort=Sort.LIST, item=WRITTEN)


def of_constant(value: object) -> ValueType:
    """Of what stands in the expression itself."""
    if isinstance(value, bool):
        return ValueType(sort=Sort.YES_NO, literal=value)
    if isinstance(value, int | float):
        return ValueType(sort=Sort.NUMBER, literal=value)
    return ValueType(sort=Sort.TEXT, literal=value) if isinstance(value, str) else UNKNOWN


def list_of(items: list[ValueType]) -> ValueType:
    """A list of these; of different ones, or of none, anything may be in it."""
    item = items[0] if items else UNKNOWN
    for other in items[1:]:
        item = either(item, other)
    return ValueType(sort=Sort.LIST, item=item)


def either(first: ValueType, second: ValueType) -> ValueType:
    """Of a value that is one or the other."""
    if first == second:
        return first
    if first.is_text and second.is_text:
        return TEXT if first.sort is second.sort is Sort.TEXT and not _is_number_or_date(first, second) else WRITTEN
    if first.sort is not second.sort or first.sort is Sort.LIST:
        return UNKNOWN
    return ValueType(sort=first.sort, is_own=first.is_own and second.is_own)


def _is_number_or_date(*types: ValueType) -> bool:
    return any(reads_as(each, sort) for each in types for sort in (Sort.NUMBER, Sort.DATE, Sort.YES_NO))


def reads_as(text: ValueType, sort: Sort) -> bool:
    """May a text be read as that sort of value? Of a constant it is known; of a name everybody has it never may."""
    if text.sort is Sort.WRITTEN or not isinstance(text.literal, str):
        return text.sort is Sort.WRITTEN and sort in (Sort.NUMBER, Sort.DATE, Sort.YES_NO)
    word = text.literal.strip()
    match sort:
        case Sort.NUMBER:
            return number(word, otherwise=None) is not None
        case Sort.DATE:
            return _is_date(word)
        case Sort.YES_NO:
            return word.lower() in ("true", "false")
    return False


def _is_date(word: str) -> bool:
    try:
        datetime.fromisoformat(word)
    except ValueError:
        return False
    return True


def can_be(given: ValueType, *sorts: Sort) -> bool:
    """May a value of this type stand where one of these sorts is wanted?"""
    if given.sort is Sort.UNKNOWN or given.sort in sorts:
        return True
    if not given.is_text:
        return False
    return Sort.TEXT in sorts or any(reads_as(given, sort) for sort in sorts)


def are_alike(left: ValueType, right: ValueType) -> bool:
    """Can they ever be equal, or one of them more than the other?"""
    if Sort.UNKNOWN in (left.sort, right.sort):
        return True
    if left.sort is right.sort:
        return left.sort is not Sort.LIST or are_alike(left.item or UNKNOWN, right.item or UNKNOWN)
    if left.is_text:
        return right.is_text or reads_as(left, right.sort)
    return right.is_text and reads_as(right, left.sort)
