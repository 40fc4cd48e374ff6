"""Reads one Jinja2 expression and lets through only what is on the list.

Jinja2 parses and, in the end, compiles and runs the expression in its sandbox. In between, every node is checked
against `_HANDLERS` and rebuilt from calls of our own bounded functions (`operations.py`, `filters.py`), so that no
attribute of an object, no method and no operator of Python is ever reached from a text somebody wrote.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, NoReturn

from jinja2 import TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream
from jinja2.parser import Parser
from jinja2.sandbox import SandboxedEnvironment

from outreach.content import links, operations
from outreach.content.filters import DATE, FILTERS, TURKIC, TURKIC_LANGUAGES
from outreach.content.names import ROOTS, unknown_name
from outreach.content.operations import Absent
from outreach.content.spin import chosen
from outreach.content.suggestions import did_you_mean

MAX_LENGTH = 2_000
MAX_DEPTH = 40
Path = tuple[str | int, ...]
KEY = "_key"
"""The context name that holds what `spin` chooses by; nobody can write it in an expression."""


class ExpressionError(ValueError):
    """What is wrong with an expression, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may name. `fields` None: any field of lead and company may exist."""

    fields: frozenset[str] | None = None
    locals: frozenset[str] = frozenset()
    can_spin: bool = False
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Checked:
    """A rebuilt expression. `needed` are the paths of names it cannot be printed without."""

    node: nodes.Expr
    needed: tuple[Path, ...] = field(default=())


def _sandbox() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        undefined=Absent,
        autoescape=False,
        keep_trailing_newline=True,
        optimized=False,
        cache_size=0,
    )
    environment.globals.clear()
    environment.tests.clear()
    environment.filters.clear()
    environment.filters.update({name: rule.call for name, rule in FILTERS.items()})
    environment.filters.update({f"{name}_turkic": call for name, call in TURKIC.items()})
    environment.filters.update(
        reach=operations.reach,
        compare=operations.compare,
        add=operations.add,
        subtract=operations.subtract,
        joined=operations.joined,
        is_absent=lambda value: isinstance(value, Absent),
        chosen=chosen,
        items=operations.items,
        text=operations.text,
        html=operations.html,
        attribute=operations.attribute,
        link=links.link,
        whole_address=links.whole_address,
        part_of_address=links.part_of_address,
    )
    return environment


SANDBOX = _sandbox()


def read(source: str, scope: Scope) -> Checked:
    """Check an expression and rebuild it. Raises ExpressionError."""
    tree = tree_of(source)
    return Checked(rebuild(tree, scope), needed=tuple(dict.fromkeys(_needed(tree))))


def tree_of(source: str) -> nodes.Expr:
    """What Jinja2 reads, within our bounds; `rebuild` says whether it is allowed. Raises ExpressionError."""
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"The expression is longer than {MAX_LENGTH:,} characters. Split it.")
    tree = _parse(source)
    if _is_deeper(tree, MAX_DEPTH):
        raise ExpressionError("The expression is nested too deeply. Split it.")
    return tree


def _parse(source: str) -> nodes.Expr:
    if not source.strip():
        raise ExpressionError("The expression is empty. Write a name such as lead.first_name.")
    if "\\" in source:
        raise ExpressionError("A backslash has no meaning here. Write texts in quotes of the other kind.")
    try:
        parser = Parser(SANDBOX, source, state="variable")
        tree = parser.parse_expression()
    except TemplateSyntaxError as error:
        raise ExpressionError(_explained(source, error.message or "")) from None
    except (RecursionError, MemoryError):
        raise ExpressionError("The expression is nested too deeply. Split it.") from None
    except (ValueError, OverflowError):
        raise ExpressionError("The expression holds a number that is too long.") from None
    if not parser.stream.eos:
        raise ExpressionError(_leftover(source, parser.stream))
    tree.set_environment(SANDBOX)
    return tree


def _explained(source: str, message: str) -> str:
    if "&" in source or "|" * 2 in source or "!" in source.replace("!=", ""):
        return f"{_quoted(source)} cannot be read. Write 'and', 'or', 'not' in words."
    if "{{" in source or "{%" in source:
        return f"{_quoted(source)} cannot be read. Write it without braces: lead.score > 20."
    if "end of template" in message:
        return f"{_quoted(source)} cannot be read: something is missing at its end."
    return f"{_quoted(source)} cannot be read: {message.rstrip('.')}."


def _leftover(source: str, stream: TokenStream) -> str:
    if stream.current.type == "assign":
        return f"{_quoted(source)} sets a value. Write '==' to compare."
    return f"{_quoted(source)} has something behind its end: '{str(stream.current.value)[:40]}'."


def _quoted(source: str) -> str:
    line = " ".join(source.split())
    return f"'{line}'" if len(line) <= 80 else f"'{line[:77]}…'"


def _is_deeper(tree: nodes.Node, limit: int) -> bool:
    level: list[nodes.Node] = [tree]
    for _ in range(limit):
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return False
    return True


def rebuild(node: nodes.Node, scope: Scope) -> nodes.Expr:
    """The same expression out of our own functions. Raises ExpressionError for what is not on the list."""
    handler = _HANDLERS.get(type(node))
    if handler is None:
        _refuse(node)
    return handler(node, scope)


_REFUSALS: dict[type[nodes.Node], str] = {
    nodes.Mul: "'*' is not allowed. Calculate it before, and keep the result in a field.",
    nodes.Pow: "'**' is not allowed. Calculate it before, and keep the result in a field.",
    nodes.Mod: "'%' is not allowed. For dates write lead.renewal_on | date('%d.%m.%Y'), for texts '~'.",
    nodes.Div: "'/' is not allowed. Calculate it before, and keep the result in a field.",
    nodes.FloorDiv: "'//' is not allowed. Calculate it before, and keep the result in a field.",
    nodes.Dict: "'{…}' is not allowed. Compare with a list: lead.country in ['TR', 'DE'].",
    nodes.Slice: "'[a:b]' is not allowed. Write '| truncate(80)' or '| first'.",
    nodes.Call: "A call is not allowed. Use a filter: lead.email | lower.",
}


def _refuse(node: nodes.Node) -> NoReturn:
    otherwise = f"{type(node).__name__} is not allowed in an expression."
    raise ExpressionError(_REFUSALS.get(type(node), otherwise))


def call(name: str, first: nodes.Expr, *rest: nodes.Expr) -> nodes.Expr:
    """A call of one of our functions, which the sandbox knows as filters."""
    return _placed(nodes.Filter(first, name, list(rest), [], None, None))


def constant(value: Any) -> nodes.Expr:
    return _placed(nodes.Const(value))


def _placed(node: nodes.Expr) -> nodes.Expr:
    node.set_lineno(1)
    node.set_environment(SANDBOX)
    return node


def _constant(node: nodes.Const, scope: Scope) -> nodes.Expr:
    if node.value is None:
        raise ExpressionError("'none' is never the value of anything. Write 'lead.score is not defined'.")
    if isinstance(node.value, int | float) and not abs(node.value) < 1e18:
        raise ExpressionError("The expression holds a number that is too large.")
    return constant(node.value)


def _reference(node: nodes.Expr, scope: Scope) -> nodes.Expr:
    path = path_of(node)
    name = ".".join(map(str, path))
    problem = unknown_name(path, fields=scope.fields, local_names=scope.locals)
    if problem:
        raise ExpressionError(problem)
    return call("reach", _placed(nodes.Name(str(path[0]), "load")), constant(path[1:]), constant(name))


def path_of(node: nodes.Node) -> Path:
    """The dotted name as its parts: `lead.tags[0]` is ("lead", "tags", 0)."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        return (*path_of(node.node), _checked_key(node.attr))
    if isinstance(node, nodes.Getitem):
        return (*path_of(node.node), _literal_key(node.arg))
    raise ExpressionError(f"A '.' can only follow a name such as {', '.join(sorted(ROOTS))}.")


def _literal_key(node: nodes.Node) -> str | int:
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return _checked_key(node.value)
    if isinstance(node, nodes.Const) and type(node.value) is int and 0 <= node.value < 10_000:
        return node.value
    if isinstance(node, nodes.Slice):
        _refuse(node)
    raise ExpressionError("Between '[' and ']' stands a text in quotes or a number from 0, nothing calculated.")


def _checked_key(key: str) -> str:
    if key.startswith("_"):
        raise ExpressionError(f"'{key[:40]}' is not allowed: names do not begin with '_'.")
    return key


def _comparison(node: nodes.Compare, scope: Scope) -> nodes.Expr:
    left = rebuild(node.expr, scope)
    parts = []
    for operand in node.ops:
        right = rebuild(operand.expr, scope)
        parts.append(call("compare", left, constant(operand.op), right))
        left = right
    return reduce(lambda first, second: _placed(nodes.And(first, second)), parts)


def _two_sided(node: nodes.BinExpr, scope: Scope) -> nodes.Expr:
    return _placed(type(node)(rebuild(node.left, scope), rebuild(node.right, scope)))


def _negation(node: nodes.Not, scope: Scope) -> nodes.Expr:
    return _placed(nodes.Not(rebuild(node.node, scope)))


def _choice(node: nodes.CondExpr, scope: Scope) -> nodes.Expr:
    if node.expr2 is None:
        raise ExpressionError("'if' inside an expression needs an 'else': 'Dear' if lead.title else 'Hi'.")
    parts = (rebuild(part, scope) for part in (node.test, node.expr1, node.expr2))
    return _placed(nodes.CondExpr(*parts))


def _listing(node: nodes.List | nodes.Tuple, scope: Scope) -> nodes.Expr:
    return _placed(nodes.List([rebuild(item, scope) for item in node.items]))


def _sum(node: nodes.Add, scope: Scope) -> nodes.Expr:
    return call("add", rebuild(node.left, scope), rebuild(node.right, scope))


def _difference(node: nodes.Sub, scope: Scope) -> nodes.Expr:
    return call("subtract", rebuild(node.left, scope), rebuild(node.right, scope))


def _negative(node: nodes.Neg, scope: Scope) -> nodes.Expr:
    return call("subtract", constant(0), rebuild(node.node, scope))


def _concatenation(node: nodes.Concat, scope: Scope) -> nodes.Expr:
    first, *rest = (rebuild(part, scope) for part in node.nodes)
    return call("joined", first, *rest)


def _filter(node: nodes.Filter, scope: Scope) -> nodes.Expr:
    rule = FILTERS.get(node.name)
    if rule is None:
        raise ExpressionError(f"Unknown filter '{node.name[:40]}'. {did_you_mean(node.name, FILTERS) or _filters()}")
    if node.node is None:
        raise ExpressionError("A filter stands behind a value: lead.email | lower.")
    if node.kwargs or node.dyn_args or node.dyn_kwargs or not rule.least <= len(node.args) <= rule.most:
        raise ExpressionError(f"The filter '{node.name}' takes {_count(rule.least, rule.most)} in brackets.")
    name = f"{node.name}_turkic" if scope.language in TURKIC_LANGUAGES and node.name in TURKIC else node.name
    arguments = [rebuild(argument, scope) for argument in node.args]
    if node.name == "date":
        arguments = [*(arguments or [constant(DATE)]), constant(scope.language)]
    return call(name, rebuild(node.node, scope), *arguments)


def _filters() -> str:
    return f"Known are {', '.join(sorted(FILTERS))}."


def _count(least: int, most: int) -> str:
    if most == 0:
        return "no value"
    return "one value" if least else "at most one value"


def _test(node: nodes.Test, scope: Scope) -> nodes.Expr:
    if node.name not in ("defined", "undefined") or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        remedy = "Write 'is defined' or 'is not defined', or compare with '=='."
        raise ExpressionError(f"'is {node.name[:40]}' is not known. {remedy}")
    absent = call("is_absent", rebuild(node.node, scope))
    return absent if node.name == "undefined" else _placed(nodes.Not(absent))


def _call(node: nodes.Call, scope: Scope) -> nodes.Expr:
    if isinstance(node.node, nodes.Getattr):
        remedy = "Values have no methods. Use a filter: lead.email | lower."
        raise ExpressionError(f"'.{node.node.attr[:40]}()' is not allowed. {remedy}")
    name = node.node.name if isinstance(node.node, nodes.Name) else ""
    if name != "spin":
        remedy = 'The one function is spin("Hi", "Hello"), in templates.'
        raise ExpressionError(f"'{name[:40]}(…)' is not known. {remedy}")
    if not scope.can_spin:
        raise ExpressionError("spin(…) chooses words for messages. It has no place in a condition.")
    if len(node.args) < 2 or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise ExpressionError('spin takes two or more texts: spin("Hi", "Hello").')
    options = [rebuild(argument, scope) for argument in node.args]
    return call("chosen", _placed(nodes.Name(KEY, "load")), constant(_signature(node)), *options)


def _signature(node: nodes.Node) -> str:
    """What a call says, without line numbers: the same words are always chosen by the same hash."""
    said = [repr(value) for _, value in node.iter_fields() if isinstance(value, str | int | float)]
    inside = [_signature(child) for child in node.iter_child_nodes()]
    return f"{type(node).__name__}({','.join(said + inside)})"


_HANDLERS: dict[type[nodes.Node], Callable[[Any, Scope], nodes.Expr]] = {
    nodes.Const: _constant,
    nodes.Name: _reference,
    nodes.Getattr: _reference,
    nodes.Getitem: _reference,
    nodes.Compare: _comparison,
    nodes.And: _two_sided,
    nodes.Or: _two_sided,
    nodes.Not: _negation,
    nodes.CondExpr: _choice,
    nodes.List: _listing,
    nodes.Tuple: _listing,
    nodes.Add: _sum,
    nodes.Sub: _difference,
    nodes.Neg: _negative,
    nodes.Concat: _concatenation,
    nodes.Filter: _filter,
    nodes.Test: _test,
    nodes.Call: _call,
}


def _needed(node: nodes.Node) -> list[Path]:
    """Names that must be there whenever this is printed; fallbacks and choices make names optional."""
    if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem):
        return [path_of(node)]
    if isinstance(node, nodes.Filter) and node.name != "default":
        return [name for part in (node.node, *node.args) if part for name in _needed(part)]
    if isinstance(node, nodes.Add | nodes.Sub | nodes.Concat | nodes.Neg):
        return [name for child in node.iter_child_nodes() for name in _needed(child)]
    return []
