"""Addresses written out in the text of a message, `https://example.com/a`, become links in its HTML part."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it.token import Token

_ADDRESS = re.compile(r"https?://[^\s<>\"'`|\\^{}]+", re.IGNORECASE)
_NOT_AT_THE_END = ".,;:!?)]*_…"


def with_links(tokens: Sequence[Token]) -> list[Token]:
    """The tokens of a line with every bare address outside of links as a link."""
    linked: list[Token] = []
    depth = 0
    for token in tokens:
        depth += token.nesting if token.type in ("link_open", "link_close") else 0
        linked += _split(token) if token.type == "text" and not depth else [token]
    return linked


def _split(token: Token) -> list[Token]:
    parts: list[Token] = []
    end = 0
    for found in _ADDRESS.finditer(token.content):
        address = found.group().rstrip(_NOT_AT_THE_END)
        if address.endswith("//"):
            continue
        parts += [_text(token, token.content[end : found.start()]), *_link(token, address)]
        end = found.start() + len(address)
    return [*parts, _text(token, token.content[end:])] if parts else [token]


def _text(token: Token, content: str) -> Token:
    return Token("text", "", 0, content=content, level=token.level)


def _link(token: Token, address: str) -> list[Token]:
    opening = Token("link_open", "a", 1, attrs={"href": address}, level=token.level, markup="autolink", info="auto")
    return [opening, _text(token, address), Token("link_close", "a", -1, level=token.level)]
