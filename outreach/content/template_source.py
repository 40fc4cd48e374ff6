"""Reads the text of a template into a tree of texts, `{{ values }}`, `{% if %}` and `{% for %}`, with their places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from jinja2 import TemplateSyntaxError

from outreach.content.expression_syntax import SANDBOX
from outreach.content.front_matter import Line
from outreach.content.names import ROOTS
from outreach.content.operations import MAX_ITEMS
from outreach.content.suggestions import did_you_mean
from outreach.errors import ConfigError, Problem

MAX_DEPTH = 5
MAX_WORK = 50_000
_LOOP = re.compile(r"(\w+)\s+in\s+(.+)", re.DOTALL)
_INDENT_BEFORE = re.compile(r"[ \t]+\Z")
_LINE_END_AFTER = re.compile(r"\A[ \t]*(\n|\Z)")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED = ROOTS | {"true", "false", "none", "and", "or", "not", "if", "else", "in", "is", "spin", "loop"}
_CLOSING = ("elif", "else", "endif", "endfor")
_KINDS = {"variable_begin": "value", "block_begin": "tag", "comment_begin": "comment"}
_TAGS = ("if", "for", *_CLOSING)


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text."""

    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """An expression and where it stands in the file."""

    source: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class If:
    """Branches in order, each with its condition; None is `else`. `alone`: every tag has a line of its own."""

    branches: tuple[tuple[Value | None, Tree], ...]
    alone: bool
    place: Value


@dataclass(frozen=True, slots=True)
class For:
    """A body for each item of a list."""

    name: str
    over: Value
    body: Tree
    alone: bool
    place: Value


Node = Text | Value | If | For
Tree = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class _Segment:
    """One piece of the source: `text`, `value`, `tag` or `comment`."""

    kind: str
    source: str
    line: int
    column: int
    alone: bool = False

    @property
    def word(self) -> str:
        return self.source.split(None, 1)[0] if self.source.split() else ""

    @property
    def rest(self) -> str:
        return self.source.strip()[len(self.word) :].strip()

    def value(self) -> Value:
        return Value(self.rest if self.kind == "tag" else self.source, self.line, self.column)


def read_tree(text: Line, *, file: str) -> Tree:
    """The tree of a text that stands at that place of the file. Raises ConfigError."""
    segments = _without_lines_of_tags(list(_Scanner(text, file).segments()))
    tree = _Reader(segments, file).tree()
    if _work(tree) > MAX_WORK:
        message = "the template holds more expressions than a message needs."
        raise ConfigError(Problem(file, text.line, text.column, message, "Shorten it, above all inside {% for %}."))
    return tree


def _work(tree: Tree) -> int:
    """Characters of expressions as often as they may be evaluated."""
    return sum(map(_node_work, tree))


def _node_work(node: Node) -> int:
    if isinstance(node, Text):
        return 0
    if isinstance(node, Value):
        return len(node.source) + 10
    if isinstance(node, For):
        return _node_work(node.over) + MAX_ITEMS * _work(node.body)
    return sum(_work(body) + (_node_work(condition) if condition else 0) for condition, body in node.branches)


def _without_lines_of_tags(segments: list[_Segment]) -> list[_Segment]:
    """Tags and comments alone on their lines leave nothing of the line behind."""
    kept: list[_Segment] = []
    for index, segment in enumerate(segments):
        text = segment.source
        if segment.kind == "text" and index + 1 < len(segments) and segments[index + 1].alone:
            text = _INDENT_BEFORE.sub("", text)
        if segment.kind == "text" and index and segments[index - 1].alone:
            text = _LINE_END_AFTER.sub("", text)
        if segment.kind != "comment" and (text or segment.kind != "text"):
            kept.append(replace(segment, source=text))
    return kept


class _Scanner:
    """Cuts the source at Jinja2's own token borders and knows where each piece stands."""

    def __init__(self, text: Line, file: str) -> None:
        self._source = text.text
        self._text = text
        self._file = file
        self._at = 0
        self._begun: tuple[str, int] | None = None

    def segments(self) -> Iterator[_Segment]:
        try:
            for _, kind, value in SANDBOX.lex(self._source):
                start = self._source.index(value, self._at)
                yield from self._take(kind, value, start)
                self._at = start + len(value)
        except TemplateSyntaxError as error:
            message = f"{(error.message or 'this cannot be read').rstrip('.')}."
            raise self._error(self._begun[1] if self._begun else self._at, message) from None
        if self._begun:
            opened = self._source[self._begun[1] : self._begun[1] + 2]
            closed = "}}" if opened == "{{" else "%}"
            raise self._error(self._begun[1], f"this '{opened}' is never closed.", f"Write '{closed}' behind it.")

    def _take(self, kind: str, value: str, start: int) -> Iterator[_Segment]:
        if kind == "data":
            yield _Segment("text", value, 0, 0)
        elif kind == "raw_begin":
            raise self._error(start, "{% raw %} is not allowed.", "Write {{ '{{' }} for two braces.")
        elif kind in _KINDS:
            self._begun = (value, start)
        elif kind.endswith("_end") and self._begun:
            yield self._cut(*self._begun, kind=_KINDS[kind.replace("_end", "_begin")], end=start)
            self._begun = None

    def _cut(self, opening: str, start: int, *, kind: str, end: int) -> _Segment:
        line, column = self._place(start)
        inside = self._source[start + len(opening) : end]
        alone = kind != "value" and self._is_alone(start, self._source.index("}", end) + 1)
        return _Segment(kind, inside, line, column, alone)

    def _is_alone(self, start: int, end: int) -> bool:
        line_end = self._source.find("\n", end)
        before = self._source[self._source.rfind("\n", 0, start) + 1 : start]
        after = self._source[end : line_end if line_end >= 0 else None]
        return not before.strip() and not after.strip()

    def _place(self, offset: int) -> tuple[int, int]:
        before = self._source[:offset]
        lines = before.count("\n")
        column = offset - before.rfind("\n")
        return self._text.line + lines, column if lines else column + self._text.column - 1

    def _error(self, offset: int, message: str, remedy: str = "") -> ConfigError:
        return ConfigError(Problem(self._file, *self._place(offset), message, remedy))


class _Reader:
    """Builds the tree from the pieces."""

    def __init__(self, segments: list[_Segment], file: str) -> None:
        self._segments = iter(segments)
        self._file = file
        self._depth = 0
        self._in_loop = False

    def tree(self) -> Tree:
        children, ending = self._until_tag()
        if ending:
            opener = "if" if ending.word != "endfor" else "for"
            raise self._error(ending, f"this {{% {ending.word} %}} has no {{% {opener} … %}} before it.", "Remove it.")
        return children

    def _until_tag(self) -> tuple[Tree, _Segment | None]:
        children: list[Node] = []
        for segment in self._segments:
            if segment.kind == "text":
                children.append(Text(segment.source))
            elif segment.kind == "value":
                children.append(segment.value())
            elif segment.word in _CLOSING:
                return tuple(children), segment
            else:
                children.append(self._statement(segment))
        return tuple(children), None

    def _statement(self, opening: _Segment) -> If | For:
        if opening.word not in ("if", "for"):
            raise self._error(opening, f"unknown tag '{opening.word[:40]}'.", did_you_mean(opening.word, _TAGS))
        if self._depth == MAX_DEPTH:
            raise self._error(opening, f"this is nested deeper than {MAX_DEPTH} levels.", "Make it flatter.")
        self._depth += 1
        node = self._if(opening) if opening.word == "if" else self._for(opening)
        self._depth -= 1
        return node

    def _if(self, opening: _Segment) -> If:
        branches: list[tuple[Value | None, Tree]] = []
        alone, branch = opening.alone, opening
        while True:
            children, ending = self._until_tag()
            branches.append((None if branch.word == "else" else branch.value(), children))
            closing = self._expect(opening, ending, "endif")
            alone = alone and closing.alone
            if closing.word == "endif":
                return If(tuple(branches), alone, opening.value())
            if branch.word == "else":
                raise self._error(closing, f"{{% {closing.word} %}} cannot follow {{% else %}}.", "Write {% endif %}.")
            branch = closing

    def _for(self, opening: _Segment) -> For:
        name, over = self._loop(opening)
        if self._in_loop:
            raise self._error(opening, "a loop inside a loop is not allowed.", "Write '{{ list | join(\", \") }}'.")
        self._in_loop = True
        children, ending = self._until_tag()
        self._in_loop = False
        closing = self._expect(opening, ending, "endfor")
        return For(name, over, children, opening.alone and closing.alone, opening.value())

    def _expect(self, opening: _Segment, ending: _Segment | None, wanted: str) -> _Segment:
        if ending is None:
            message = f"this {{% {opening.word} … %}} is never closed."
            raise self._error(opening, message, f"Write {{% {wanted} %}} behind it.")
        allowed = {"endif": ("elif", "else", "endif"), "endfor": ("endfor",)}[wanted]
        if ending.word not in allowed:
            message = f"{{% {ending.word} %}} stands inside the {{% {opening.word} … %}} of line {opening.line}."
            raise self._error(ending, message, f"Write {{% {wanted} %}} before it.")
        return ending

    def _loop(self, opening: _Segment) -> tuple[str, Value]:
        parts = _LOOP.fullmatch(opening.rest)
        if parts is None:
            raise self._error(opening, "this loop cannot be read.", "Write {% for tag in lead.tags %}.")
        name, over = parts.groups()
        if not _NAME.fullmatch(name) or name in _RESERVED:
            message = f"'{name[:40]}' cannot be the name of an item."
            raise self._error(opening, message, "Write a word of its own: {% for tag in lead.tags %}.")
        return name, Value(over, opening.line, opening.column)

    def _error(self, segment: _Segment, message: str, remedy: str) -> ConfigError:
        return ConfigError(Problem(self._file, segment.line, segment.column, message, remedy))
