"""Expressions of a workspace, compared with the fields it declares: names and types, each with its place.

Sequences, waits, scoring and templates ask the same questions, so that a name is unknown in all of them or in none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from jinja2 import nodes

from outreach.content import expressions
from outreach.content.expression_syntax import ExpressionError, Scope, rebuild, tree_of
from outreach.content.expression_types import check_condition, check_printed, type_of_items
from outreach.content.markdown_parts import Choice, Link, Loop, Pieces, Quoted
from outreach.content.name_types import NameTypes
from outreach.content.own_fields import FieldType, names_of, read
from outreach.content.sequences import SequenceDraft
from outreach.content.step_models import IfModel, SetStep, WaitModel
from outreach.content.step_tree import StepNode, every
from outreach.content.template_source import Value
from outreach.content.templates import Template
from outreach.content.value_types import UNKNOWN, ValueType
from outreach.content.yaml_file import Path
from outreach.domain.sequence import RelativeTo
from outreach.errors import Problem

Declared = Mapping[str, FieldType]
"""The team's own fields, `size` of the lead and `company.size`; empty: any name may be one, of any type."""


def check_sequence_expressions(draft: SequenceDraft, declared: Declared, problems: list[Problem]) -> None:
    """Conditions, dates that are waited for, and values that are written, before anybody is inside."""
    for path, message in _wrong(draft, declared):
        problems.append(draft.file.problem(path, message))


def _wrong(draft: SequenceDraft, declared: Declared) -> Iterator[tuple[Path, str]]:
    when = draft.model.enter.when
    if when and (message := _of_condition(when, declared)):
        yield ("enter", "when"), message
    for node in every(draft.steps):
        yield from _of_step(node, declared)


def _of_step(node: StepNode, declared: Declared) -> Iterator[tuple[Path, str]]:
    model = node.model
    if isinstance(model, IfModel) and (message := _of_condition(model.expression, declared)):
        yield (*node.path, "if"), message
    moment = model.wait if isinstance(model, WaitModel) else None
    if isinstance(moment, RelativeTo) and (message := _of_date(moment.value, declared)):
        yield (*node.path, "wait"), message
    if isinstance(model, SetStep):
        yield from _of_values(node.path, model, declared)


def _of_condition(expression: str, declared: Declared) -> str:
    try:
        expressions.check(expression, declared=declared)
    except ValueError as error:
        return str(error)
    return ""


def _of_date(name: str, declared: Declared) -> str:
    try:
        expressions.check_date(name, declared=declared)
    except ValueError as error:
        return str(error)
    return ""


_EXAMPLES = {FieldType.NUMBER: "12.5", FieldType.DATE: "2026-12-24", FieldType.YES_NO: "true or false"}


def _of_values(path: Path, model: SetStep, declared: Declared) -> Iterator[tuple[Path, str]]:
    """What `set` writes into a declared field must be of its type, as in an import."""
    for name, value in model.values.items():
        kind = declared.get(name)
        if kind is not None and read(value, kind) is None:
            words = f"'{name}' is declared as {kind} in config/outreach.yaml, and '{value[:80]}' is none."
            yield (*path, "set", name), f"{words} Write it as {_EXAMPLES.get(kind, 'a text')}."


def check_template_expressions(
    templates: Mapping[str, Template | None], declared: Declared, problems: list[Problem]
) -> None:
    """Of every template that could be read: values, conditions and loops of all its parts."""
    names = names_of(declared)
    for template in templates.values():
        if template is None:
            continue
        language = (template.language or "en").partition("-")[0].lower()
        for file, pieces in template.pieces:
            walk = _Walk(file, Scope(fields=names, can_spin=True, language=language), NameTypes(declared))
            walk.of_pieces(pieces)
            problems += dict.fromkeys(walk.problems)


class _Walk:
    """Goes through the pieces of one part and gathers what is wrong with their expressions."""

    def __init__(self, file: str, scope: Scope, names: NameTypes) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._scope = scope
        self._names = names

    def of_pieces(self, pieces: Pieces) -> None:
        for piece in pieces:
            if isinstance(piece, Value):
                self._printed(piece)
            elif isinstance(piece, Quoted):
                self._printed(piece.value)
            elif isinstance(piece, Link):
                for part in piece.parts:
                    if isinstance(part, Value):
                        self._printed(part)
            elif isinstance(piece, Choice):
                self._choice(piece)
            elif isinstance(piece, Loop):
                self._loop(piece)

    def _choice(self, choice: Choice) -> None:
        for condition, body in choice.branches:
            if condition is not None:
                self._condition(condition)
            self._bodies(body.html, body.text)

    def _loop(self, loop: Loop) -> None:
        item = self._item(loop.over)
        outside = self._scope, self._names
        self._scope = replace(self._scope, locals=self._scope.locals | {loop.name})
        self._names = replace(self._names, locals={**self._names.locals, loop.name: item})
        self._bodies(loop.body.html, loop.body.text)
        self._scope, self._names = outside

    def _bodies(self, *bodies: Pieces) -> None:
        for body in bodies:
            self.of_pieces(body)

    def _printed(self, value: Value) -> None:
        try:
            check_printed(self._tree(value, can_spin=True), self._names)
        except ExpressionError as error:
            self._add(value, error)

    def _condition(self, value: Value) -> None:
        try:
            check_condition(self._tree(value, can_spin=False), self._names)
        except ExpressionError as error:
            self._add(value, error)

    def _item(self, value: Value) -> ValueType:
        try:
            return type_of_items(self._tree(value, can_spin=False), self._names)
        except ExpressionError as error:
            self._add(value, error)
            return UNKNOWN

    def _tree(self, value: Value, *, can_spin: bool) -> nodes.Expr:
        tree = tree_of(value.source)
        rebuild(tree, replace(self._scope, can_spin=can_spin))
        return tree

    def _add(self, value: Value, error: ExpressionError) -> None:
        self.problems.append(Problem(self._file, value.line, value.column, str(error)))
