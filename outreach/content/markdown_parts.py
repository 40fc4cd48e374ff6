"""Markdown to an HTML part and a plain-text part, once, with every expression as an opaque word in it.

A tree is written down with a placeholder for each value and each block, converted, and cut at the placeholders again.
Values are filled in at rendering, behind Markdown, so that nothing in them is ever read as Markdown, HTML or a
template. What stands inside an `{% if %}` or `{% for %}` is converted on its own: as blocks where the tags have lines
of their own or fill a paragraph, as words of the line otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from outreach.content.bare_addresses import with_links
from outreach.content.links import begins_safely
from outreach.content.plain_text import plain_blocks, plain_items, plain_line
from outreach.content.template_source import For, If, Node, Text, Tree, Value
from outreach.errors import ConfigError, Problem


@dataclass(frozen=True, slots=True)
class Link:
    """A target of literal text and values."""

    parts: tuple[str | Value, ...]


@dataclass(frozen=True, slots=True)
class Quoted:
    """A value between the quotes of an HTML attribute."""

    value: Value


@dataclass(frozen=True, slots=True)
class Body:
    """The two parts of one stretch of a template, in order."""

    html: Pieces
    text: Pieces


@dataclass(frozen=True, slots=True)
class Choice:
    """An `{% if %}` with converted branches; a condition of None is `else`."""

    branches: tuple[tuple[Value | None, Body], ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """A `{% for %}` with a converted body. `around` encloses the HTML of all turns, if there are any."""

    name: str
    over: Value
    body: Body
    around: tuple[str, str] = ("", "")
    text_end: str = ""


Piece = str | Value | Link | Quoted | Choice | Loop
_Slot = Value | If | For | Link | Choice | Loop
Pieces = tuple[Piece, ...]


def convert(tree: Tree, *, source: str, file: str, line: int) -> Body:
    """Convert a body. `source` is its text and `line` its first line, for errors. Raises ConfigError."""
    return _Converter(source, file, line).blocks(tree)


def flat(tree: Tree) -> Pieces:
    """The pieces of a tree without Markdown: for subjects and preheaders."""
    return tuple(_flat(node) for node in tree)


def _flat(node: Node) -> Piece:
    if isinstance(node, Text):
        return node.text
    if isinstance(node, Value):
        return node
    if isinstance(node, For):
        return Loop(node.name, node.over, _flat_body(node.body))
    return Choice(tuple((condition, _flat_body(body)) for condition, body in node.branches))


def _flat_body(tree: Tree) -> Body:
    return Body(html=(), text=flat(tree))


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True, "xhtmlOut": False, "maxNesting": 20})
    # Indented and underlined lines stay what people see: text, not code and headings.
    markdown.disable(["code", "lheading"])
    markdown.validateLink = lambda url: True  # type: ignore[method-assign]  # checked here, with a place and a remedy
    return markdown


_MARKDOWN = _markdown()
_LETTERS = "abcdefghijklmnop"


def _word_not_in(source: str) -> str:
    """A word of lower-case letters that the source does not hold: it survives Markdown and URLs unchanged."""
    lowered = source.casefold()
    words = ("q" + "".join(_LETTERS[int(digit, 16)] for digit in f"{number:x}") + "x" for number in count())
    return next(word for word in words if word not in lowered)


class _Converter:
    """Converts one template; `_slots` holds what each placeholder stands for."""

    def __init__(self, source: str, file: str, line: int) -> None:
        self._source, self._file, self._line = source, file, line
        self._word = _word_not_in(source)
        self._mark = re.compile(rf"{self._word}(\d+)z")
        self._slots: list[_Slot] = []
        self._references: dict[str, object] = {}

    def blocks(self, tree: Tree) -> Body:
        tokens = self._parse(self._written(tree))
        html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, self._references)
        return Body(html=self._cut(html), text=self._cut(plain_blocks(tokens)))

    def _words(self, tree: Tree, place: Value) -> Body:
        """Convert what stands inside a line."""
        if self._is_blocks(tree) or any(isinstance(node, If | For) and node.alone for node in tree):
            message = "paragraphs and lists cannot stand inside a line."
            raise self._error(place, message, "Give {% if … %}, {% else %} and {% endif %} lines of their own.")
        tokens = _MARKDOWN.parseInline(self._written(tree), self._references)
        self._settle(tokens, place)
        html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, self._references)
        return Body(html=self._cut(html), text=self._cut(plain_line(tokens[0].children or [])))

    def _loop_over_items(self, loop: For) -> Loop | None:
        """A loop whose body is one list becomes one list of all turns."""
        tokens = self._parse(self._written(loop.body))
        if not _is_one_list(tokens):
            return None
        render = _MARKDOWN.renderer.render
        opening, html, closing = (
            render(part, _MARKDOWN.options, self._references) for part in (tokens[:1], tokens[1:-1], tokens[-1:])
        )
        text, end = plain_items(tokens)
        body = Body(html=self._cut(html), text=self._cut(text))
        return Loop(loop.name, loop.over, body, around=(opening, closing), text_end=end)

    def _parse(self, written: str) -> list[Token]:
        tokens = _MARKDOWN.parse(written, self._references)
        for index, token in enumerate(tokens):
            if token.type == "inline" and tokens[index - 1].type == "paragraph_open":
                self._settle_paragraph(tokens[index - 1 : index + 2])
            else:
                self._settle([token], None)
        return tokens

    def _written(self, tree: Tree) -> str:
        """The tree as Markdown, with placeholders."""
        written = ""
        for index, node in enumerate(tree):
            if isinstance(node, Text):
                written += node.text
            elif isinstance(node, Value) or not node.alone:
                written += self._placeholder(node)
            else:
                following = tree[index + 1] if index + 1 < len(tree) else None
                written = self._append_block(written, node, following)
        return written

    def _append_block(self, written: str, node: If | For, following: Node | None) -> str:
        """Tags on lines of their own: a block between blank lines, or some lines of the paragraph around them."""
        begins, ends = _ends_a_paragraph(written), _begins_a_paragraph(following)
        if (begins and ends) or self._holds_blocks(node):
            return f"{written}\n\n{self._placeholder(node)}\n\n"
        if ends:
            # The line break before these lines goes away together with them.
            return written.removesuffix("\n") + self._placeholder(_with_break_before(node)) + "\n"
        return written + self._placeholder(_inside_a_line(node))

    def _holds_blocks(self, node: If | For) -> bool:
        bodies = [node.body] if isinstance(node, For) else [body for _, body in node.branches]
        has_block = any(isinstance(child, If | For) and child.alone for body in bodies for child in body)
        return has_block or any(self._is_blocks(body) for body in bodies)

    def _is_blocks(self, body: Tree) -> bool:
        kept = len(self._slots)
        tokens = _MARKDOWN.parse(self._written(body).strip(), {})
        del self._slots[kept:]
        return len(tokens) > 3 or any(token.type != "paragraph_open" for token in tokens[:1])

    def _placeholder(self, node: _Slot) -> str:
        self._slots.append(node)
        return f"{self._word}{len(self._slots) - 1}z"

    def _settle_paragraph(self, tokens: Sequence[Token]) -> None:
        opening, inline, closing = tokens
        whole = self._mark.fullmatch(inline.content.strip())
        node = self._slots[int(whole.group(1))] if whole else None
        if whole and isinstance(node, If | For) and (node.alone or isinstance(node, If)):
            opening.hidden = closing.hidden = True
            opening.meta["block"] = True
            self._slots[int(whole.group(1))] = self._as_blocks(node)
        else:
            self._settle([inline], None)

    def _as_blocks(self, node: If | For) -> Choice | Loop:
        if isinstance(node, For):
            return self._loop_over_items(node) or Loop(node.name, node.over, self.blocks(node.body))
        return Choice(tuple((condition, self.blocks(body)) for condition, body in node.branches))

    def _as_words(self, node: If | For) -> Choice | Loop:
        if isinstance(node, For):
            return Loop(node.name, node.over, self._words(node.body, node.place))
        return Choice(tuple((condition, self._words(body, node.place)) for condition, body in node.branches))

    def _settle(self, tokens: Sequence[Token], place: Value | None) -> None:
        """Convert the blocks named in these tokens, and make every target with values a link."""
        for token in tokens:
            if token.type == "inline":
                token.children = with_links(token.children or [])
                self._settle(token.children, place)
                self._shorten_links(token.children)
                continue
            self._settle_attributes(token)
            for number in self._numbers(token.content):
                node = self._slots[number]
                if isinstance(node, If | For):
                    if token.type != "text":
                        raise self._error(node.place, "code and images cannot hold a tag.", "Put the tag around them.")
                    self._slots[number] = self._as_words(node)

    def _shorten_links(self, tokens: Sequence[Token]) -> None:
        """A link whose words are its own address needs no address behind it in the text part."""
        for opening, words, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
            if opening.type == "link_open" and closing.type == "link_close":
                target = self._sources(str(opening.attrs["href"]))
                if opening.markup == "autolink" or self._sources(words.content) == target:
                    opening.info = "auto"

    def _sources(self, written: str) -> list[str]:
        parts: list[str] = []
        for piece in self._pieces(written):
            inner = piece.parts if isinstance(piece, Link) else (piece,)
            parts += [part.source.strip() if isinstance(part, Value) else str(part) for part in inner]
        return parts

    def _settle_attributes(self, token: Token) -> None:
        for name, value in token.attrs.items():
            target = str(value)
            if name in ("href", "src"):
                token.attrs[name] = self._target(target)
            elif self._numbers(target):
                raise self._error(
                    self._place_of(target), f"a {name} cannot hold a tag or a value.", "Write plain words."
                )
        alternative = "".join(child.content for child in token.children or []) if token.type == "image" else ""
        for text, what in ((token.info, "name of a language"), (alternative, "description of an image")):
            if self._numbers(text):
                raise self._error(
                    self._place_of(text), f"the {what} cannot hold a tag or a value.", "Write plain words."
                )

    def _target(self, target: str) -> str:
        parts = tuple(self._pieces(target))
        if not parts or (isinstance(parts[0], str) and not begins_safely(parts[0])):
            place = self._search(unquote(target))
            message = f"the link target '{unquote(target)[:60]}' does not say where it leads."
            raise self._error(place, message, "Begin it with https://, http:// or mailto:.")
        links = []
        for part in parts:
            if not isinstance(part, str | Value):
                raise self._error(
                    self._place_of(target), "a link target cannot hold a tag.", "Put the tag around the link."
                )
            links.append(part)
        return target if all(isinstance(part, str) for part in links) else self._placeholder(Link(tuple(links)))

    def _numbers(self, written: str) -> list[int]:
        return [int(number) for number in self._mark.findall(written)]

    def _pieces(self, written: str) -> Iterator[str | _Slot]:
        for index, part in enumerate(self._mark.split(written)):
            if index % 2:
                yield self._slots[int(part)]
            elif part:
                yield part

    def _cut(self, written: str) -> Pieces:
        pieces: list[Piece] = []
        for piece in self._pieces(written):
            if isinstance(piece, If | For):
                raise self._error(piece.place, "a tag cannot stand here.", "Put it in a paragraph of its own.")
            pieces.append(piece)
        return tuple(pieces)

    def _place_of(self, written: str) -> Value:
        slot = self._slots[self._numbers(written)[0]]
        return slot if isinstance(slot, Value) else slot.place if isinstance(slot, If | For) else self._search("")

    def _search(self, words: str) -> Value:
        """Where literal words stand in the source, or its first line."""
        offset = max(self._source.find(self._mark.split(words)[0]), 0)
        before = self._source[:offset]
        return Value("", self._line + before.count("\n"), offset - before.rfind("\n"))

    def _error(self, place: Value, message: str, remedy: str) -> ConfigError:
        return ConfigError(Problem(self._file, place.line, place.column, message, remedy))


def _is_one_list(tokens: Sequence[Token]) -> bool:
    if len(tokens) < 2 or tokens[0].type not in ("bullet_list_open", "ordered_list_open"):
        return False
    closing = next(index for index, token in enumerate(tokens) if token.nesting < 0 and token.level == 0)
    return closing == len(tokens) - 1


def _ends_a_paragraph(written: str) -> bool:
    return not written.strip() or written.endswith("\n\n")


def _begins_a_paragraph(following: Node | None) -> bool:
    if isinstance(following, Text):
        return following.text.startswith("\n") or not following.text.strip()
    return following is None or (isinstance(following, If | For) and following.alone)


def _inside_a_line(node: If | For) -> If | For:
    return _changed(node, lambda body: body)


def _with_break_before(node: If | For) -> If | For:
    return _changed(node, _break_first)


def _changed(node: If | For, change: Callable[[Tree], Tree]) -> If | For:
    if isinstance(node, For):
        return replace(node, body=change(node.body), alone=False)
    return replace(node, branches=tuple((condition, change(body)) for condition, body in node.branches), alone=False)


def _break_first(body: Tree) -> Tree:
    if not body:
        return body
    last = body[-1]
    kept = (*body[:-1], Text(last.text.removesuffix("\n"))) if isinstance(last, Text) else body
    return (Text("\n"), *kept)
