"""What each filter may stand behind and what it gives. The rules are those of `filters.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from outreach.content.comparison_types import Side
from outreach.content.expression_syntax import ExpressionError
from outreach.content.value_types import NUMBER, TEXT, UNKNOWN, WRITTEN, Sort, ValueType, can_be, either, reads_as


def _of_text(value: ValueType) -> ValueType:
    """A text stays what it is, in other letters; of another value, and of a constant, it is a new one."""
    return TEXT if value.sort is Sort.TEXT and value.literal is None else WRITTEN


def _of_item(value: ValueType) -> ValueType:
    if value.sort is Sort.LIST:
        return value.item or UNKNOWN
    return WRITTEN if value.is_text else UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """`wanted` says in words what it is for."""

    takes: tuple[Sort, ...]
    gives: Callable[[ValueType], ValueType]
    wanted: str
    remedy: str
    argument: Sort | None = None
    reads: bool = False  # a text only if it reads as what it takes


_LETTERS = _Rule(takes=(Sort.TEXT, Sort.LIST, Sort.YES_NO), gives=_of_text, wanted="texts", remedy="Remove it.")
_ENDS = _Rule(
    takes=(Sort.TEXT, Sort.LIST),
    gives=_of_item,
    wanted="lists and texts",
    remedy="Remove it.",
)
_NUMBERS = _Rule(
    takes=(Sort.NUMBER, Sort.YES_NO),
    gives=lambda _: NUMBER,
    wanted="numbers, and texts that read as one",
    remedy="Remove it.",
    argument=Sort.NUMBER,
)
_RULES: Mapping[str, _Rule] = {
    **dict.fromkeys(("upper", "lower", "capitalize", "title", "trim"), _LETTERS),
    **dict.fromkeys(("first", "last"), _ENDS),
    **dict.fromkeys(("int", "round"), _NUMBERS),
    "length": _Rule(
        takes=(Sort.TEXT, Sort.LIST, Sort.GROUP),
        gives=lambda _: NUMBER,
        wanted="texts and lists",
        remedy="Remove it.",
    ),
    "join": _Rule(
        takes=(Sort.TEXT, Sort.LIST),
        gives=lambda _: WRITTEN,
        wanted="lists",
        remedy="Remove it.",
        argument=Sort.TEXT,
    ),
    "truncate": _Rule(
        takes=(Sort.TEXT, Sort.LIST, Sort.YES_NO),
        gives=lambda _: WRITTEN,
        wanted="texts",
        remedy="Remove it.",
        argument=Sort.NUMBER,
    ),
    "date": _Rule(
        takes=(Sort.DATE,),
        gives=lambda _: WRITTEN,
        wanted="dates",
        remedy="Put it behind a date: lead.renewal_on | date('%d.%m.%Y').",
        argument=Sort.TEXT,
    ),
}


def of_filter(name: str, value: Side, arguments: Sequence[Side]) -> ValueType:
    """The type of `value | name(arguments)`. Raises ExpressionError."""
    if name == "default":
        return either(_without_constant(value[1]), arguments[0][1])
    rule = _RULES[name]
    if not _accepts(name, rule, value[1]):
        words = f"{value[0]} is {value[1].words}, and '| {name}' is for {rule.wanted}."
        raise ExpressionError(f"{words} {_remedy(name, rule, value)}")
    for argument in arguments:
        _check_argument(name, rule, argument)
    return rule.gives(value[1])


def _without_constant(value: ValueType) -> ValueType:
    return value


def _accepts(name: str, rule: _Rule, value: ValueType) -> bool:
    if name in ("int", "round"):
        return _is_countable(value)
    if name == "date" and value.is_text:
        return reads_as(value, Sort.DATE)
    return can_be(value, *rule.takes)


def _is_countable(value: ValueType) -> bool:
    """Any text may read as a number but a constant that does not; a field of yes and no is kept as a word."""
    if value.is_text:
        return value.literal is None or reads_as(value, Sort.NUMBER)
    return can_be(value, Sort.NUMBER, Sort.YES_NO) and not (value.sort is Sort.YES_NO and value.is_own)


def _remedy(name: str, rule: _Rule, value: Side) -> str:
    if name == "date" and value[1].is_own:
        field = value[0].strip("'").partition(".")[2]
        return f"Declare '{field}' as date in 'fields' of config/outreach.yaml."
    return rule.remedy


def _check_argument(name: str, rule: _Rule, argument: Side) -> None:
    said, found = argument
    if rule.argument is Sort.TEXT and not can_be(found, Sort.TEXT):
        raise ExpressionError(f"'| {name}' takes a text in brackets, and {said} is {found.words}. Write it in quotes.")
    if rule.argument is Sort.NUMBER and not _is_whole(found):
        words = "text kept in a field" if found.is_own else found.words
        raise ExpressionError(
            f"'| {name}' takes a whole number in brackets, and {said} is {words}. Write it as in | {name}(2)."
        )


def _is_whole(found: ValueType) -> bool:
    """What is kept as a text is no number to these filters, whatever it reads as."""
    if found.sort is Sort.UNKNOWN:
        return True
    return found.sort is Sort.NUMBER and not found.is_own and not isinstance(found.literal, float)
