"""From an expression to what of it a database can be asked (`domain/condition.py`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from jinja2 import nodes

from outreach.content import operations
from outreach.content.expression_syntax import Scope, read
from outreach.domain.condition import Compared, Condition, Either, Every, Holds, OneOf, Opposite, Present, Unclear

_UNCLEAR = Unclear()
_TURNED = {"eq": "eq", "ne": "ne", "lt": "gt", "lteq": "gteq", "gt": "lt", "gteq": "lteq"}


def condition_of(expression: str, now: datetime) -> Condition:
    """The tree of an expression; parts nobody but the expression can answer are `Unclear`. Raises ValueError."""
    return _condition(read(expression, Scope()).node, now)


def _condition(node: nodes.Expr, now: datetime) -> Condition:
    handler = _HANDLERS.get(type(node))
    return handler(node, now) if handler else _UNCLEAR


def _and(node: nodes.And, now: datetime) -> Condition:
    return Every((_condition(node.left, now), _condition(node.right, now)))


def _or(node: nodes.Or, now: datetime) -> Condition:
    return Either((_condition(node.left, now), _condition(node.right, now)))


def _not(node: nodes.Not, now: datetime) -> Condition:
    inner = node.node
    if isinstance(inner, nodes.Filter) and inner.name == "is_absent" and (path := _path(inner.node)):
        return Present(path)
    return Opposite(_condition(inner, now))


def _called(node: nodes.Filter, now: datetime) -> Condition:
    """One of our own functions: a comparison, a question whether something is there, or a name by itself."""
    if node.name == "compare":
        operation = node.args[0]
        assert node.node is not None
        assert isinstance(operation, nodes.Const)
        return _compared(node.node, str(operation.value), node.args[1], now)
    if node.name == "is_absent" and (path := _path(node.node)):
        return Opposite(Present(path))
    return _UNCLEAR  # a name by itself may be there and still be false: 0, or an empty list


def _compared(left: nodes.Expr, operation: str, right: nodes.Expr, now: datetime) -> Condition:
    if operation in ("in", "notin"):
        found = _member(left, right, now)
        return found if operation == "in" else _not_in(found)
    path, value = _path(left), _constant(right, now)
    if path is None:
        path, value, operation = _path(right), _constant(left, now), _TURNED[operation]
    if path is None or not isinstance(value, str | int | float | bool | datetime):
        return _UNCLEAR
    return Compared(path, operation, value)


def _member(left: nodes.Expr, right: nodes.Expr, now: datetime) -> Condition:
    path, text = _path(right), _constant(left, now)
    if path and isinstance(text, str) and text.strip():
        return Holds(path, text)
    path, values = _path(left), _constant(right, now)
    if path and isinstance(values, list) and all(isinstance(value, str | int | float | bool) for value in values):
        return OneOf(path, tuple(values))
    return _UNCLEAR


def _not_in(found: Condition) -> Condition:
    """`x not in list` is false for an absent x: it is there, and not among them. An absent list holds nothing."""
    if isinstance(found, OneOf):
        return Every((Present(found.path), Opposite(found)))
    return found if isinstance(found, Unclear) else Opposite(found)


_HANDLERS: Mapping[type[nodes.Node], Callable[[Any, datetime], Condition]] = {
    nodes.And: _and,
    nodes.Or: _or,
    nodes.Not: _not,
    nodes.Filter: _called,
}


def _path(node: nodes.Node | None) -> tuple[str, ...] | None:
    """The dotted name of a value of the lead or the company; None for everything else."""
    if not isinstance(node, nodes.Filter) or node.name != "reach" or not isinstance(node.node, nodes.Name):
        return None
    keys = node.args[0]
    assert isinstance(keys, nodes.Const)
    if node.node.name not in ("lead", "company") or not keys.value or not all(isinstance(k, str) for k in keys.value):
        return None
    return (node.node.name, *keys.value)


def _constant(node: nodes.Expr, now: datetime) -> object:
    """The value of a part that asks nothing of the lead; None where there is none."""
    if isinstance(node, nodes.Const):
        return node.value
    if isinstance(node, nodes.List):
        return [_constant(item, now) for item in node.items]
    if not isinstance(node, nodes.Filter) or node.node is None:
        return None
    if node.name == "reach" and isinstance(node.node, nodes.Name) and node.node.name == "now":
        return now
    if node.name in ("add", "subtract"):
        left, right = _constant(node.node, now), _constant(node.args[0], now)
        if left is None or right is None:
            return None
        found = (operations.add if node.name == "add" else operations.subtract)(left, right)
        return None if isinstance(found, operations.Absent) else found
    return None
