"""What `+` and `-` may be asked of, and what they give. The rules are those of `operations.add` and `subtract`."""

from __future__ import annotations

from typing import NoReturn

from outreach.content.comparison_types import Side
from outreach.content.expression_syntax import ExpressionError
from outreach.content.value_types import DATE, NUMBER, UNKNOWN, WRITTEN, Sort, ValueType, can_be, reads_as

_NEVER = (Sort.LIST, Sort.GROUP, Sort.YES_NO)


def sum_of(left: Side, right: Side) -> ValueType:
    """Numbers, texts end to end, a date and days. Raises ExpressionError."""
    _check_sides("'+'", left, right)
    first, second = left[1], right[1]
    if first.is_text and second.is_text:
        return WRITTEN
    if second.sort is Sort.DATE:
        raise ExpressionError(_date_on_the_right(left, right))
    if Sort.UNKNOWN in (first.sort, second.sort):
        return UNKNOWN
    if first.is_text or second.is_text:
        return _sum_with_text(left, right)
    if first.is_own and second.is_own:
        raise ExpressionError(
            f"{_both(left, right)} are kept as texts, which '+' puts end to end. {_zero(left, right)}"
        )
    return DATE if first.sort is Sort.DATE else NUMBER


def _check_sides(sign: str, *sides: Side) -> None:
    for said, found in sides:
        if found.sort in _NEVER:
            remedy = f"Count what is in it: {_bare(said)} | length." if found.sort is Sort.LIST else "Use a number."
            raise ExpressionError(f"{said} is {found.words}, and {sign} is for numbers and dates. {remedy}")


def _date_on_the_right(left: Side, right: Side) -> str:
    if left[1].sort is Sort.DATE:
        between = f"{_bare(left[0])} - {_bare(right[0])}"
        return f"{_both(left, right)} are dates, which have no sum. Days between them: {between}."
    if left[1].is_text:
        return _with_tilde(left, right)
    return f"{right[0]} is a date, and days are added behind it. Write {_bare(right[0])} + {_bare(left[0])}."


def _sum_with_text(left: Side, right: Side) -> ValueType:
    """A text that reads as a number may stand beside a number, and one that reads as a date before it."""
    texts, others = (left, right) if left[1].is_text else (right, left)
    wanted = [Sort.NUMBER, Sort.DATE] if texts is left else [Sort.NUMBER]
    may_read = any(reads_as(texts[1], sort) for sort in wanted)
    if not may_read or others[1].is_own or others[1].sort is Sort.DATE:
        raise ExpressionError(_with_tilde(left, right))
    return UNKNOWN


def _with_tilde(left: Side, right: Side) -> str:
    words = f"{left[0]} is {left[1].words}, {right[0]} is {right[1].words}: '+' cannot add them."
    return f"{words} Put texts together with '~': {_bare(left[0])} ~ {_bare(right[0])}."


def _zero(left: Side, right: Side) -> str:
    if left[1].sort is Sort.DATE:
        return f"Write {_bare(left[0])} + (0 + {_bare(right[0])})."
    return f"Write 0 + {_bare(left[0])} + {_bare(right[0])}."


def difference_of(left: Side, right: Side) -> ValueType:
    """Numbers, a date less days, or the days between two dates. Raises ExpressionError."""
    _check_sides("'-'", left, right)
    for side in (left, right):
        _check_operand(side)
    first, second = left[1], right[1]
    if Sort.UNKNOWN in (first.sort, second.sort) or Sort.WRITTEN in (first.sort, second.sort):
        return UNKNOWN
    first_date, second_date = can_be(first, Sort.DATE), can_be(second, Sort.DATE)
    if second_date and not first_date:
        raise ExpressionError(f"{right[0]} is a date, and {left[0]} is a number. {_turned(left, right)}")
    if first.sort is Sort.DATE and second.is_text and not second_date:
        raise ExpressionError(f"{right[0]} is a text, and days are a number. Write it without quotes.")
    return DATE if first_date and not second_date else NUMBER


def _turned(left: Side, right: Side) -> str:
    return f"Write {_bare(right[0])} - {_bare(left[0])} for a day before it."


def _check_operand(side: Side) -> None:
    said, found = side
    if not can_be_number_or_date(found):
        remedy = "Use a number or a date."
        raise ExpressionError(f"{said} is {found.words}, and '-' is for numbers and dates. {remedy}")


def can_be_number_or_date(found: ValueType) -> bool:
    """A text only if it may read as one of them."""
    if found.is_text:
        return reads_as(found, Sort.NUMBER) or reads_as(found, Sort.DATE)
    return can_be(found, Sort.NUMBER, Sort.DATE)


def check_negative(side: Side) -> ValueType:
    """A minus before one value. Raises ExpressionError."""
    said, found = side
    if not can_be(found, Sort.NUMBER):
        _refuse_negative(said, found)
    return ValueType(sort=Sort.NUMBER, literal=_negated(found.literal)) if found.sort is Sort.NUMBER else UNKNOWN


def _refuse_negative(said: str, found: ValueType) -> NoReturn:
    raise ExpressionError(f"{said} is {found.words}, and a '-' before it is for numbers. Remove it.")


def _negated(literal: object) -> int | float | None:
    return -literal if isinstance(literal, int | float) and not isinstance(literal, bool) else None


def _both(left: Side, right: Side) -> str:
    return f"{left[0]} and {right[0]}"


def _bare(said: str) -> str:
    return said.strip("'") if "." in said or "|" in said or said == "'now'" else said
