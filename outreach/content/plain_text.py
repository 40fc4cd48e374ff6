"""Markdown as plain text people read: no marks, links as `words (address)`, lists with dashes and numbers.

Every block ends with its own blank line, so that a block that is left out leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

_DASH = "- "
_RULE = "-" * 10


def plain_blocks(tokens: Sequence[Token]) -> str:
    """The text of converted blocks. A paragraph with `block` in its `meta` is but a block and gets no end."""
    return "".join(_block(node) for node in SyntaxTreeNode(tokens).children)


def plain_items(tokens: Sequence[Token]) -> tuple[str, str]:
    """The items of one list, each with a dash, and what ends the list."""
    listing = SyntaxTreeNode(tokens).children[0]
    items = "".join(_item(item, _DASH) for item in listing.children)
    return items, _end_of_list(listing)


def plain_line(children: Sequence[Token]) -> str:
    """The text of what stands in one line or paragraph."""
    return "".join(_inline(node) for node in SyntaxTreeNode(children).children)


def _block(node: SyntaxTreeNode) -> str:
    if node.type in ("bullet_list", "ordered_list"):
        return _list(node)
    if node.type == "blockquote":
        return _prefixed("".join(map(_block, node.children)).rstrip("\n"), "> ") + "\n\n"
    if node.type in ("fence", "code_block"):
        return node.content.rstrip("\n") + "\n\n"
    if node.type == "hr":
        return f"{_RULE}\n\n"
    return "".join(map(_inline, node.children)) + _end_of_paragraph(node)


def _end_of_paragraph(node: SyntaxTreeNode) -> str:
    if node.meta.get("block"):
        return ""
    return "\n" if node.hidden else "\n\n"


def _list(node: SyntaxTreeNode) -> str:
    first = int(node.attrs.get("start", 1))
    is_numbered = node.type == "ordered_list"
    markers = (f"{number}. " if is_numbered else _DASH for number in range(first, first + len(node.children)))
    return "".join(map(_item, node.children, markers)) + _end_of_list(node)


def _end_of_list(node: SyntaxTreeNode) -> str:
    is_nested = node.parent is not None and node.parent.type == "list_item"
    return "\n" if _is_tight(node) and not is_nested else ""


def _is_tight(node: SyntaxTreeNode) -> bool:
    return all(child.hidden for item in node.children for child in item.children if child.type == "paragraph")


def _item(item: SyntaxTreeNode, marker: str) -> str:
    inside = "".join(map(_block, item.children)).rstrip("\n")
    indented = _prefixed(inside, " " * len(marker))[len(marker) :]
    is_tight = item.parent is None or _is_tight(item.parent)
    return f"{marker}{indented}\n" + ("" if is_tight else "\n")


def _prefixed(text: str, prefix: str) -> str:
    return "\n".join((prefix + line).rstrip() if not line else prefix + line for line in text.split("\n"))


def _inline(node: SyntaxTreeNode) -> str:
    if node.type in ("softbreak", "hardbreak"):
        return "\n"
    if node.type == "link":
        return _link(node)
    if node.children:
        return "".join(map(_inline, node.children))
    return node.content


def _link(node: SyntaxTreeNode) -> str:
    words = "".join(map(_inline, node.children))
    target = str(node.attrs["href"])
    if node.info == "auto" or target in (words, f"mailto:{words}"):
        return target.removeprefix("mailto:")
    return f"{words} ({target})" if words else target
