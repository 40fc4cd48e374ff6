"""The HTML a template brings itself: which tags and attributes it may hold, and where values stand in them.

What stands around a value decides how it is escaped, so tags are read, not passed through. Every tag is closed in the
stretch that opened it: whatever a condition leaves out, the opt-out behind the message stays outside and visible.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

from outreach.content.links import begins_safely
from outreach.content.markdown_parts import Body, Choice, Link, Loop, Piece, Pieces, Quoted
from outreach.content.operations import attribute as attribute_text
from outreach.content.suggestions import did_you_mean
from outreach.content.template_source import For, If, Node, Text, Tree, Value
from outreach.errors import ConfigError, Problem

_VOID = frozenset({"br", "col", "hr", "img"})
_TAGS = _VOID | frozenset(
    {"a", "abbr", "b", "blockquote", "caption", "center", "code", "colgroup", "div", "em", "font", "h1", "h2", "h3",
     "h4", "h5", "h6", "i", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody",
     "td", "tfoot", "th", "thead", "tr", "u", "ul"}
)  # fmt: skip
_TARGETS = frozenset({"background", "href", "src"})
_ATTRIBUTES = _TARGETS | frozenset(
    {"align", "alt", "bgcolor", "border", "cellpadding", "cellspacing", "class", "color", "colspan", "dir", "face",
     "height", "id", "lang", "name", "rel", "role", "rowspan", "scope", "size", "start", "style", "target", "title",
     "type", "valign", "width"}
)  # fmt: skip
_PAGE = frozenset({"html", "head", "body", "meta", "title"})
_OPENING = re.compile(r"<(?:(?P<close>/?)(?P<name>[A-Za-z][^\s/>]*)|[!?/]?)")
_INSIDE = re.compile(r"\s*(?:(?P<end>/?>)|(?P<name>[^\s\"'<>/=]+)(?:\s*=\s*(?P<quote>[\"'])?)?)")
_LABELS = "aria-"


@dataclass(slots=True)
class _Tag:
    """A tag that is being read."""

    name: str
    closes: bool
    place: Value


@dataclass(slots=True)
class _Attribute:
    """The value of an attribute that is being read."""

    name: str
    quote: str
    place: Value
    parts: list[str | Value] = field(default_factory=list)


def own_html(tree: Tree, *, source: str, file: str) -> Pieces:
    """The pieces of an HTML file, `source` being its text. Raises ConfigError for the first thing it may not hold."""
    return _Reader(source, file).stretch(tree)


def _joined(tree: Tree) -> list[Node]:
    """Texts that stood around a remark are one text."""
    joined: list[Node] = []
    for node in tree:
        if isinstance(node, Text) and joined and isinstance(joined[-1], Text):
            joined[-1] = Text(joined[-1].text + node.text)
        else:
            joined.append(node)
    return joined


class _Reader:
    """Reads one file; `_at` is how far, to say where something stands."""

    def __init__(self, source: str, file: str) -> None:
        self._source, self._file, self._at = source, file, 0
        self._tag: _Tag | None = None
        self._attribute: _Attribute | None = None

    def stretch(self, tree: Tree) -> Pieces:
        """A file, a branch or a turn: what it opens it closes."""
        pieces: list[Piece] = []
        opened: list[_Tag] = []
        for node in _joined(tree):
            if isinstance(node, Text):
                self._read_text(node.text, pieces, opened)
            elif isinstance(node, Value):
                self._put_value(node, pieces)
            else:
                pieces.append(self._put_block(node))
        unfinished = self._tag or (opened[-1] if opened else None)
        if unfinished:
            remedy = f"Write </{unfinished.name}> before the file, branch or loop around it ends."
            raise self._error(unfinished.place, f"this <{unfinished.name}> is never closed.", remedy)
        return tuple(pieces)

    def _put_value(self, value: Value, pieces: list[Piece]) -> None:
        if self._attribute:
            self._attribute.parts.append(value)
        elif self._tag:
            raise self._error(value, "a value inside a tag needs quotes.", 'Write alt="{{ … }}".')
        else:
            pieces.append(value)

    def _put_block(self, node: If | For) -> Choice | Loop:
        if self._tag:
            raise self._error(node.place, "a condition cannot stand inside an HTML tag.", "Put it around the tag.")
        if isinstance(node, For):
            return Loop(node.name, node.over, self._body(node.body))
        return Choice(tuple((condition, self._body(body)) for condition, body in node.branches))

    def _body(self, tree: Tree) -> Body:
        return Body(html=self.stretch(tree), text=())

    def _read_text(self, text: str, pieces: list[Piece], opened: list[_Tag]) -> None:
        at = 0
        while at < len(text):
            if self._attribute:
                at = self._read_attribute(text, at, self._attribute, pieces)
            elif self._tag:
                at = self._read_tag(text, at, self._tag, (pieces, opened))
            else:
                at = self._read_words(text, at, pieces)

    def _read_words(self, text: str, at: int, pieces: list[Piece]) -> int:
        found = _OPENING.search(text, at)
        if found is None:
            pieces.append(text[at:])
            return len(text)
        place = self._place(found.group())
        if not found.group("name"):
            raise self._error(
                place, f"'{found.group()}' is not allowed here.", "Write a remark as {# … #}, the sign as &lt;."
            )
        self._tag = _Tag(self._known_tag(found.group("name").lower(), place), bool(found.group("close")), place)
        pieces.append(text[at : found.end()])
        return found.end()

    def _known_tag(self, name: str, place: Value) -> str:
        if name in _PAGE:
            remedy = "Write only what stands inside <body>; the page around it is ours."
            raise self._error(place, f"<{name}> is not needed.", remedy)
        if name not in _TAGS:
            remedy = did_you_mean(name, _TAGS) or 'Use tables, paragraphs, links, images and style="…".'
            raise self._error(place, f"the tag <{name[:40]}> is not allowed in a message.", remedy)
        return name

    def _read_tag(self, text: str, at: int, tag: _Tag, into: tuple[list[Piece], list[_Tag]]) -> int:
        pieces, opened = into
        if not text[at:].strip():
            pieces.append(text[at:])
            return len(text)
        found = _INSIDE.match(text, at)
        if found is None:
            raise self._error(tag.place, f"this <{tag.name}> cannot be read.", 'Write attributes as name="value".')
        pieces.append(found.group())
        if found.group("end"):
            self._close(tag, opened)
            self._tag = None
        else:
            self._begin_attribute(tag, found)
        return found.end()

    def _close(self, tag: _Tag, opened: list[_Tag]) -> None:
        if tag.name in _VOID:
            return
        if not tag.closes:
            opened.append(tag)
        elif not opened or opened.pop().name != tag.name:
            raise self._error(tag.place, f"this </{tag.name}> closes nothing.", "Close tags in the order of opening.")

    def _begin_attribute(self, tag: _Tag, found: re.Match[str]) -> None:
        name = found.group("name").lower()
        place = self._place(found.group().strip())
        if name not in _ATTRIBUTES and not name.startswith(_LABELS):
            remedy = did_you_mean(name, _ATTRIBUTES) or "Remove it."
            raise self._error(place, f"the attribute '{name[:40]}' is not allowed in a message.", remedy)
        if not found.group("quote"):
            raise self._error(place, f"the value of '{name[:40]}' needs quotes.", f'Write {name[:40]}="…".')
        self._attribute = _Attribute(name, found.group("quote"), place)

    def _read_attribute(self, text: str, at: int, attribute: _Attribute, pieces: list[Piece]) -> int:
        end = text.find(attribute.quote, at)
        literal = text[at:end] if end >= 0 else text[at:]
        if literal:
            attribute.parts.append(literal)
        if end < 0:
            return len(text)
        pieces += self._finished(attribute)
        pieces.append(attribute.quote)
        self._attribute = None
        return end + 1

    def _finished(self, attribute: _Attribute) -> list[Piece]:
        values = [part for part in attribute.parts if isinstance(part, Value)]
        if attribute.name in _TARGETS:
            return [self._target(attribute)]
        if values and attribute.name == "style":
            raise self._error(values[0], "a value cannot stand in a style.", "Choose between tags with {% if … %}.")
        return [Quoted(part) if isinstance(part, Value) else part for part in attribute.parts]

    def _target(self, attribute: _Attribute) -> Link | str:
        """Written in HTML, so `&amp;` is `&`; the finished target is escaped again."""
        parts = [unescape(part) if isinstance(part, str) else part for part in attribute.parts]
        if parts and isinstance(parts[0], str):
            parts[0] = parts[0].lstrip()
        if not parts or (isinstance(parts[0], str) and not begins_safely(parts[0])):
            message = f"the target in '{attribute.name}' does not say where it leads."
            raise self._error(attribute.place, message, "Begin it with https://, http:// or mailto:.")
        written = [part for part in parts if isinstance(part, str)]
        return Link(tuple(parts)) if len(written) < len(parts) else attribute_text("".join(written))

    def _place(self, written: str) -> Value:
        """Where these words stand, the next time from here on."""
        offset = self._source.find(written, self._at)
        self._at = offset + len(written) if offset >= 0 else self._at
        before = self._source[: max(offset, 0)]
        return Value("", before.count("\n") + 1, len(before) - before.rfind("\n"))

    def _error(self, place: Value, message: str, remedy: str) -> ConfigError:
        return ConfigError(Problem(self._file, place.line, place.column, message, remedy))
