"""How a message names a part of an expression: in its own words where it is short, else by what it is."""

from __future__ import annotations

from jinja2 import nodes

_LONGEST = 60
_LARGE: dict[type[nodes.Node], str] = {
    nodes.Add: "the sum",
    nodes.Sub: "the difference",
    nodes.Concat: "the text of the parts",
    nodes.Compare: "the comparison",
    nodes.And: "what 'and' gives",
    nodes.Or: "what 'or' gives",
    nodes.Not: "what 'not' gives",
    nodes.CondExpr: "what 'if' gives",
    nodes.Test: "the answer of 'is'",
    nodes.Call: "what 'spin' gives",
    nodes.List: "the list",
    nodes.Tuple: "the list",
}


def spoken(node: nodes.Node) -> str:
    """`'lead.score'`, `'ten'`, `3`, `the sum`."""
    short = _short(node)
    if short is None or len(short) > _LONGEST:
        return _LARGE.get(type(node), "this")
    is_number = isinstance(node, nodes.Const) and not isinstance(node.value, str)
    return short if is_number or short.startswith("'") else f"'{short}'"


def _short(node: nodes.Node) -> str | None:
    """The source of names, constants and filters behind them; None of anything larger."""
    match node:
        case nodes.Const():
            return _constant(node.value)
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            return _joined(_short(node.node), f".{node.attr}")
        case nodes.Getitem(arg=nodes.Const() as key):
            return _joined(_short(node.node), f"[{_constant(key.value)}]")
        case nodes.Neg():
            return _joined("-", _short(node.node))
        case nodes.Filter() if node.node is not None:
            return _joined(_short(node.node), f" | {node.name}")
    return None


def _joined(first: str | None, second: str | None) -> str | None:
    return first + second if first is not None and second is not None else None


def _constant(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}'" if isinstance(value, str) else str(value)
