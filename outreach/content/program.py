"""Puts the pieces of a message together as one Jinja2 program of the sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jinja2 import Template, nodes

from outreach.content.expression_syntax import SANDBOX, Checked, ExpressionError, Path, Scope, call, constant, read
from outreach.content.markdown_parts import Choice, Link, Loop, Piece, Pieces, Quoted
from outreach.content.template_source import Value
from outreach.errors import ConfigError, Problem

SEPARATOR = "\0"
"""What the program gives out behind each part, within a piece or as one; no text or value holds it."""

_HTML = 3  # the place of the HTML among the parts


def compile_parts(
    parts: Sequence[Pieces], *, file: str, html_file: str, language: str
) -> tuple[Template, tuple[Path, ...]]:
    """A program that gives out its parts in their order, and the names it needs. Raises ConfigError.

    The parts are subject, preheader, text, HTML, and behind them further texts of one line.

    `html_file` is the file the HTML part was made from.
    """
    builder, html_builder = _Builder(file), _Builder(html_file)
    scope = Scope(can_spin=True, language=language)
    statements: list[nodes.Node] = []
    for number, part in enumerate(parts):
        made = (
            html_builder.statements(part, scope, "html") if number == _HTML else builder.statements(part, scope, "text")
        )
        statements += [*made, _literal(SEPARATOR)]
    found = [*builder.problems, *html_builder.problems]
    if found:
        raise ConfigError(*dict.fromkeys(sorted(found, key=lambda each: (each.line, each.column))))
    tree = nodes.Template(_together(statements))
    tree.set_lineno(1)
    tree.set_environment(SANDBOX)
    return Template.from_code(SANDBOX, SANDBOX.compile(tree), {}), builder.needed(parts, scope)


def _literal(text: str) -> nodes.Node:
    return nodes.Output([nodes.TemplateData(text)])


def _together(statements: Sequence[nodes.Node]) -> list[nodes.Node]:
    """What is given out in a row as one statement: its literals are then joined while it is compiled."""
    joined: list[nodes.Node] = []
    for statement in statements:
        if isinstance(statement, nodes.Output) and joined and isinstance(joined[-1], nodes.Output):
            joined[-1] = nodes.Output([*joined[-1].nodes, *statement.nodes])
        else:
            joined.append(statement)
    return joined


def _inside(piece: Piece) -> Sequence[Piece]:
    """The values and words a piece is made of."""
    if isinstance(piece, Link):
        return piece.parts
    return (piece.value,) if isinstance(piece, Quoted) else (piece,)


class _Builder:
    """Turns pieces into statements and gathers what is wrong with their expressions."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file

    def statements(self, pieces: Pieces, scope: Scope, filling: str) -> list[nodes.Node]:
        built: list[nodes.Node] = []
        for piece in pieces:
            built += self._piece(piece, scope, filling)
        return built

    def needed(self, parts: Sequence[Pieces], scope: Scope) -> tuple[Path, ...]:
        """Paths of names that are printed whatever happens, in order."""
        names: dict[Path, None] = {}
        for pieces in parts:
            for piece in pieces:
                for value in _inside(piece):
                    if isinstance(value, Value):
                        names.update(dict.fromkeys(self._read(value, scope).needed))
        return tuple(names)

    def _piece(self, piece: Piece, scope: Scope, filling: str) -> list[nodes.Node]:
        if isinstance(piece, str):
            return [_literal(piece)]
        if isinstance(piece, Choice):
            return self._choice(piece, scope, filling)
        if isinstance(piece, Loop):
            return self._loop(piece, scope, filling)
        if isinstance(piece, Link):
            return [nodes.Output([self._link(piece, scope, filling)])]
        if isinstance(piece, Quoted):
            return [nodes.Output([call("attribute", call("text", self._read(piece.value, scope).node))])]
        return [nodes.Output([call(filling, self._read(piece, scope).node)])]

    def _link(self, link: Link, scope: Scope, filling: str) -> nodes.Expr:
        parts: list[nodes.Expr] = []
        for part in link.parts:
            if isinstance(part, str):
                parts.append(constant(part))
            else:
                name = "part_of_address" if parts else "whole_address"
                parts.append(call(name, self._read(part, scope).node))
        target = call("link", *parts)
        return call("attribute", target) if filling == "html" else target

    def _choice(self, choice: Choice, scope: Scope, filling: str) -> list[nodes.Node]:
        otherwise: list[nodes.Node] = []
        for condition, body in reversed(choice.branches):
            inside = self.statements(body.html if filling == "html" else body.text, scope, filling)
            if condition is None:
                otherwise = inside
            else:
                test = self._read(condition, replace(scope, can_spin=False)).node
                otherwise = [nodes.If(test, inside, [], otherwise)]
        return otherwise

    def _loop(self, loop: Loop, scope: Scope, filling: str) -> list[nodes.Node]:
        is_html = filling == "html"
        over = call("items", self._read(loop.over, replace(scope, can_spin=False)).node)
        inside_scope = replace(scope, locals=scope.locals | {loop.name})
        inside = self.statements(loop.body.html if is_html else loop.body.text, inside_scope, filling)
        turns = nodes.For(nodes.Name(loop.name, "store"), over, inside, [], None, False)
        before, after = loop.around if is_html else ("", loop.text_end)
        if not before and not after:
            return [turns]
        return [nodes.If(over, [_literal(before), turns, _literal(after)], [], [])]

    def _read(self, value: Value, scope: Scope) -> Checked:
        try:
            return read(value.source, scope)
        except ExpressionError as error:
            self.problems.append(Problem(self._file, value.line, value.column, str(error)))
            return Checked(constant(""))
