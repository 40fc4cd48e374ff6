"""Which values may be compared, and what to write instead of a comparison that is the same for everybody."""

from __future__ import annotations

from outreach.content.expression_syntax import ExpressionError
from outreach.content.value_types import UNKNOWN, Sort, ValueType, are_alike, can_be

Side = tuple[str, ValueType]
"""(how a message names it, its type)."""

_NO_ORDER = (Sort.LIST, Sort.YES_NO)
_QUOTE = "'"
_SIGNS = {"lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}


def check_comparison(operation: str, left: Side, right: Side) -> None:
    """Of `==`, `!=`, `<` and the like. Raises ExpressionError."""
    for side in (left, right):
        _check_group(side)
    for said, found in (left, right) if operation in _SIGNS else ():
        if found.sort in _NO_ORDER:
            raise ExpressionError(
                f"{said} is {found.words}, which is neither more nor less. {_without_order(said, found)}"
            )
    if not are_alike(left[1], right[1]):
        raise ExpressionError(f"{_kinds(left, right)}: they can never be compared. {_remedy(operation, left, right)}")


def _check_group(side: Side) -> None:
    said, found = side
    if found.sort is Sort.GROUP:
        raise ExpressionError(f"{said} is a group of values, and only one value can be compared. Name one of them.")


def _kinds(left: Side, right: Side) -> str:
    return f"{left[0]} is {left[1].words}, {right[0]} is {right[1].words}"


def _without_order(said: str, found: ValueType) -> str:
    name = said.strip("'")
    return f"Write {name} == true." if found.sort is Sort.YES_NO else f"Compare its size: {name} | length > 2."


def _remedy(operation: str, left: Side, right: Side) -> str:
    """By what stands there under a name: it is the other side that is changed."""
    named, other = (right, left) if left[1].literal is not None and right[1].literal is None else (left, right)
    said, found = named[0].strip("'"), named[1]
    match found.sort:
        case Sort.NUMBER:
            return f"Compare it with a number: {said} {_SIGNS.get(operation, '==')} 20."
        case Sort.DATE if other[1].sort is Sort.NUMBER:
            return f"Count the days: now - {said} > 30."
        case Sort.DATE:
            return f"Write the day as in {said} > '2026-12-24'."
        case Sort.YES_NO:
            return f"Write {said} == true."
        case Sort.LIST:
            return _of_list(said, other)
    return _of_text(said, found, other[1])


def _of_list(said: str, other: Side) -> str:
    if other[1].sort is Sort.NUMBER:
        return f"Compare its size: {said} | length > 2."
    return f"Ask for one item: {other[0]} in {said}."


def _of_text(said: str, found: ValueType, other: ValueType) -> str:
    if found.is_own and other.sort in (Sort.NUMBER, Sort.DATE, Sort.YES_NO):
        return f"Declare '{said.partition('.')[2]}' as {other.sort} in 'fields' of config/outreach.yaml."
    if other.sort is Sort.LIST:
        return f"Write {said} in the place of the list, or ask with 'in'."
    return f"Compare it with a text in quotes: {said} == 'text'."


def check_membership(item: Side, container: Side) -> None:
    """Of `in` and `not in` where what stands right is no list of constants. Raises ExpressionError."""
    said, found = container
    _check_group(item)
    if not can_be(found, Sort.TEXT, Sort.LIST, Sort.GROUP):
        remedy = f"Write {item[0].strip(_QUOTE)} == {said.strip(_QUOTE)}, or a list in [ ]."
        raise ExpressionError(f"{said} is {found.words}: nothing is in it. {remedy}")
    if found.sort is Sort.LIST:
        _check_item(item, (said, found.item or UNKNOWN))
    elif found.sort is not Sort.UNKNOWN and not can_be(item[1], Sort.TEXT):
        remedy = "Write the text to look for in quotes."
        raise ExpressionError(f"{item[0]} is {item[1].words}, and only a text is in {found.words}. {remedy}")


def _check_item(item: Side, container: Side) -> None:
    if not are_alike(item[1], container[1]):
        words = f"{item[0]} is {item[1].words}, and every item of {container[0]} is {container[1].words}"
        raise ExpressionError(f"{words}: it is never in there. Ask for {container[1].words}.")
