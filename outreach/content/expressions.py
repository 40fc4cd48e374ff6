"""Conditions people write in sequences: Jinja2 expressions over lead, company, sender, enrollment, events and now.

What is absent is false and every comparison with it is false (`operations.py` tells the rules); `not` turns that round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from jinja2 import nodes

from outreach.content.expression_syntax import SANDBOX, Scope, read, rebuild, tree_of
from outreach.content.expression_types import check_condition, check_moment
from outreach.content.name_types import NameTypes
from outreach.content.operations import Absent, reach
from outreach.content.own_fields import FieldType, names_of

Compiled = Callable[[Mapping[str, object]], object]
"""From a context of plain values (`context.build`) to what the expression gives; None where that is absent."""

_RESULT = "result"


def check(expression: str, *, declared: Mapping[str, FieldType] | None = None) -> None:
    """Raise ValueError with a sentence if this is no condition we run, or one that is the same for everybody.

    `declared` are the team's own fields with their types (`pain_point` of the lead, `company.size`); None or empty:
    any name may be one.
    """
    check_condition(_tree(expression, declared), NameTypes(declared or {}))


def check_date(name: str, *, declared: Mapping[str, FieldType] | None = None) -> None:
    """The same of a name that must hold a date."""
    check_moment(_tree(name, declared), NameTypes(declared or {}))


def _tree(expression: str, declared: Mapping[str, FieldType] | None) -> nodes.Expr:
    tree = tree_of(expression)
    rebuild(tree, Scope(fields=names_of(declared or {})))
    return tree


@lru_cache(maxsize=4096)
def compile_expression(expression: str) -> Compiled:
    """Compile once, on use; kept by text. Raises ValueError like `check`."""
    node = read(expression, Scope()).node
    assignment = nodes.Assign(nodes.Name(_RESULT, "store"), node)
    tree = nodes.Template([assignment])
    tree.set_lineno(1)
    tree.set_environment(SANDBOX)
    template = SANDBOX.template_class.from_code(SANDBOX, SANDBOX.compile(tree), {})

    def run(context: Mapping[str, object]) -> object:
        running = template.new_context(dict(context), shared=False)
        for _ in template.root_render_func(running):
            pass
        value = running.vars[_RESULT]
        return None if isinstance(reach(value, (), _RESULT), Absent) else value

    return run


def evaluate(expression: str, context: Mapping[str, object]) -> bool:
    """Whether it holds with these values. Raises ValueError like `check`, RenderError if a value is out of bounds."""
    return bool(compile_expression(expression)(context))
