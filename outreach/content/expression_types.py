"""Infers the type of every part of an expression and refuses what can never be right, before anybody is looked at.

It walks the tree that `expression_syntax.py` has let through. What it refuses would run, and give the same for every
lead: a comparison of a date with a word is never true, an absent sum is never printed. Nothing is refused where a
type is not known, nor where a text may read as a number or a date (`value_types.py`). The engine does not ask: an
expression that was applied once goes on to run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import nodes

from outreach.content.comparison_types import check_comparison, check_membership
from outreach.content.expression_syntax import ExpressionError, path_of
from outreach.content.filter_types import of_filter
from outreach.content.name_types import NameTypes, Path
from outreach.content.spoken import spoken
from outreach.content.sum_types import check_negative, difference_of, sum_of
from outreach.content.value_types import (
    TEXT,
    UNKNOWN,
    WRITTEN,
    YES_NO,
    Sort,
    ValueType,
    either,
    list_of,
    of_constant,
)


def check_condition(node: nodes.Expr, names: NameTypes) -> None:
    """Of what is asked for true or false. Raises ExpressionError for what says the same of everybody."""
    if isinstance(node, nodes.And | nodes.Or):
        check_condition(node.left, names)
        check_condition(node.right, names)
        return
    found = type_of(node, names)
    if isinstance(node, nodes.Const) and not isinstance(node.value, bool):
        raise ExpressionError(f"{spoken(node)} alone is the same for everybody. {_COMPARE}")
    if isinstance(node, nodes.List | nodes.Tuple):
        raise ExpressionError(f"A list alone is the same for everybody. {_COMPARE}")
    if isinstance(node, nodes.Name) and node.name in ("lead", "now") and node.name not in names.locals:
        raise ExpressionError(f"'{node.name}' is always there. {_COMPARE}")
    if found.sort is Sort.YES_NO and found.is_own:
        said = spoken(node)
        raise ExpressionError(f"{said} alone only asks whether anything is kept there. Write {_bare(said)} == true.")


_COMPARE = "Compare it with something: lead.country in ['TR', 'DE']."


def _bare(said: str) -> str:
    return said.strip("'")


def check_printed(node: nodes.Expr, names: NameTypes) -> None:
    """Of what is written into a message."""
    if type_of(node, names).sort is Sort.GROUP:
        said = spoken(node)
        raise ExpressionError(f"{said} is a group of values. Name one of them, such as {_member(_bare(said))}.")


def _member(name: str) -> str:
    examples = {"lead": "lead.first_name", "events": "events.replied", "enrollment": "enrollment.entered_at"}
    return examples.get(name, f"{name}.name" if "." not in name else f"{name}.pain_point")


def check_moment(node: nodes.Expr, names: NameTypes) -> None:
    """Of the name behind `wait: until`."""
    found = type_of(node, names)
    if found.sort not in (Sort.DATE, Sort.WRITTEN, Sort.UNKNOWN):
        remedy = "Name a field that holds one, such as lead.renewal_on."
        raise ExpressionError(f"{spoken(node)} is {found.words}, and 'until' waits for a date. {remedy}")


def type_of_items(node: nodes.Expr, names: NameTypes) -> ValueType:
    """Of what a loop turns over: the type of one item."""
    found = type_of(node, names)
    if found.sort not in (Sort.LIST, Sort.UNKNOWN):
        raise ExpressionError(f"{spoken(node)} is {found.words}, and a loop needs a list. Loop over lead.tags.")
    return found.item or UNKNOWN


def type_of(node: nodes.Node, names: NameTypes) -> ValueType:
    """Of one part, and of everything in it. Raises ExpressionError."""
    return _TYPES[type(node)](node, names)


def _of_constant(node: nodes.Const, names: NameTypes) -> ValueType:
    return of_constant(node.value)


def _of_name(node: nodes.Expr, names: NameTypes) -> ValueType:
    path = path_of(node)
    found = names.of(path)
    if found is not None:
        return found
    holder = next(path[:end] for end in range(len(path) - 1, 0, -1) if names.of(path[:end]))
    name = _dotted(holder)
    what = (names.of(holder) or UNKNOWN).words
    raise ExpressionError(f"'{name}' is {what}: nothing stands behind it. {_other_way(name, what)}")


def _dotted(path: Path) -> str:
    """As it is written: an item of a list stands in brackets."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")


def _other_way(name: str, what: str) -> str:
    if what == "a date":
        return f"Write {name} | date('%d.%m.%Y')."
    if what == "a list":
        return f"Write {name} | first, or {name}[0]."
    return f"Write {name}."


def _of_comparison(node: nodes.Compare, names: NameTypes) -> ValueType:
    left, left_type = node.expr, type_of(node.expr, names)
    for operand in node.ops:
        right, right_type = operand.expr, type_of(operand.expr, names)
        first, second = (spoken(left), left_type), (spoken(right), right_type)
        if operand.op not in ("in", "notin"):
            check_comparison(operand.op, first, second)
        elif isinstance(right, nodes.List | nodes.Tuple):
            for item in right.items:
                check_comparison("eq", first, (spoken(item), type_of(item, names)))
        else:
            check_membership(first, second)
        left, left_type = right, right_type
    return YES_NO


def _of_either(node: nodes.And | nodes.Or, names: NameTypes) -> ValueType:
    check_condition(node.left, names)
    left, right = type_of(node.left, names), type_of(node.right, names)
    return either(left, right)


def _of_negation(node: nodes.Not, names: NameTypes) -> ValueType:
    check_condition(node.node, names)
    return YES_NO


def _of_choice(node: nodes.CondExpr, names: NameTypes) -> ValueType:
    check_condition(node.test, names)
    yes = type_of(node.expr1, names)
    return either(yes, type_of(node.expr2, names)) if node.expr2 else yes


def _of_list(node: nodes.List | nodes.Tuple, names: NameTypes) -> ValueType:
    return list_of([type_of(item, names) for item in node.items])


def _of_sum(node: nodes.Add, names: NameTypes) -> ValueType:
    return sum_of(_side(node.left, names), _side(node.right, names))


def _of_difference(node: nodes.Sub, names: NameTypes) -> ValueType:
    return difference_of(_side(node.left, names), _side(node.right, names))


def _of_negative(node: nodes.Neg, names: NameTypes) -> ValueType:
    return check_negative(_side(node.node, names))


def _side(node: nodes.Expr, names: NameTypes) -> tuple[str, ValueType]:
    return spoken(node), type_of(node, names)


def _of_concatenation(node: nodes.Concat, names: NameTypes) -> ValueType:
    for part in node.nodes:
        check_printed(part, names)
    return WRITTEN


def _of_filter(node: nodes.Filter, names: NameTypes) -> ValueType:
    assert node.node is not None  # expression_syntax refuses a filter without a value
    arguments = [_side(argument, names) for argument in node.args]
    return of_filter(node.name, _side(node.node, names), arguments)


def _of_test(node: nodes.Test, names: NameTypes) -> ValueType:
    type_of(node.node, names)
    return YES_NO


def _of_spin(node: nodes.Call, names: NameTypes) -> ValueType:
    for argument in node.args:
        check_printed(argument, names)
    return list_of([type_of(argument, names) for argument in node.args]).item or TEXT


_TYPES: dict[type[nodes.Node], Callable[[Any, NameTypes], ValueType]] = {
    nodes.Const: _of_constant,
    nodes.Name: _of_name,
    nodes.Getattr: _of_name,
    nodes.Getitem: _of_name,
    nodes.Compare: _of_comparison,
    nodes.And: _of_either,
    nodes.Or: _of_either,
    nodes.Not: _of_negation,
    nodes.CondExpr: _of_choice,
    nodes.List: _of_list,
    nodes.Tuple: _of_list,
    nodes.Add: _of_sum,
    nodes.Sub: _of_difference,
    nodes.Neg: _of_negative,
    nodes.Concat: _of_concatenation,
    nodes.Filter: _of_filter,
    nodes.Test: _of_test,
    nodes.Call: _of_spin,
}
