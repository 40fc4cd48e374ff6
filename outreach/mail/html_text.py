"""The text of an HTML mail, with quoted parts marked the way plain text marks them. Linear and bounded.

Quotes become lines that begin with `>`, and the blocks mail programs wrap an answered message in begin with a line
`-----Original Message-----`; what is new is then told by one set of rules for both kinds of mail.
"""

from __future__ import annotations

import html
import re

MAX_CHARACTERS = 400_000
MARK = "-----Original Message-----"

_TAG = re.compile(r"<(/?)([a-zA-Z][\w:-]{0,40})([^<>]*+)>|<[!?][^<>]*+>")
_SPACES = re.compile(r"[ \t\r\n\f\u00a0]+")
_ATTRIBUTE = re.compile(r"(?:class|id)\s*=\s*(?:\"([^\"]{0,200})\"|'([^']{0,200})'|([^\s\"'>]{1,200}))", re.IGNORECASE)
_HIDDEN = ("script", "style", "head", "title", "noscript", "template")
_PARAGRAPHS = frozenset({"p", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote"})
_LINES = _PARAGRAPHS | {
    *("div", "br", "tr", "li", "hr", "section", "article", "header", "footer", "dd", "dt", "address", "center"),
}
_WRAPPERS = (
    "divrplyfwdmsg",
    "appendonsend",
    "outlookmessageheader",
    "yahoo_quoted",
    "yahooquoted",
    "protonmail_quote",
    "tutanota_quote",
)
_MAX_QUOTES = 30


def text_of_html(source: str) -> str:
    """What a person sees, one line per block, without the contents of scripts and styles."""
    reader = _Reader()
    for piece in _pieces(_without_hidden(source[:MAX_CHARACTERS])):
        reader.read(*piece)
    return reader.text()


def _pieces(source: str) -> list[tuple[str, str, str, str]]:
    """(text before, slash, tag name, attributes) for each tag; the last one has no tag."""
    found = []
    position = 0
    for match in _TAG.finditer(source):
        slash, name, attributes = match.groups(default="")
        found.append((source[position : match.start()], slash, name.lower(), attributes))
        position = match.end()
    return [*found, (source[position:], "", "", "")]


def _without_hidden(source: str) -> str:
    source = _cut(source, "<!--", "-->")
    for name in _HIDDEN:
        source = _cut(source, f"<{name}", f"</{name}>", is_tag=True)
    return source


def _cut(source: str, opening: str, closing: str, *, is_tag: bool = False) -> str:
    """Everything from opening to closing taken out; an opening without a closing stays."""
    lower = _same_length_lower(source)
    kept = []
    position = 0
    while (start := lower.find(opening, position)) >= 0:
        end = lower.find(closing, start + len(opening))
        if end < 0:
            break
        opened = start + len(opening)
        is_other = is_tag and lower[opened : opened + 1] not in (">", " ", "\n", "\t", "\r", "/")
        kept.append(source[position:opened] if is_other else source[position:start])
        position = opened if is_other else end + len(closing)
    return "".join([*kept, source[position:]])


def _same_length_lower(source: str) -> str:
    lower = source.lower()
    return lower if len(lower) == len(source) else source


class _Reader:
    """Collects lines; every line knows how many quotes it stands in."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes = 0

    def read(self, before: str, slash: str, name: str, attributes: str) -> None:
        if before:
            self._add(before)
        if name == "blockquote":
            self._end_line()
            self._quotes = max(0, min(_MAX_QUOTES, self._quotes + (-1 if slash else 1)))
        elif name == "br" or (name in _LINES and (self._line or slash)):
            self._end_line(is_break=name == "br")
        elif name in ("td", "th") and slash:
            self._line.append(" ")
        if name in _PARAGRAPHS and slash:
            self._blank()
        if not slash and attributes and _is_wrapper(attributes):
            self._end_line()
            self._lines.append(self._quoted(MARK))

    def text(self) -> str:
        self._end_line()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._lines)).strip("\n")

    def _add(self, text: str) -> None:
        text = _SPACES.sub(" ", html.unescape(text) if "&" in text else text)
        if not self._line:
            text = text.lstrip(" ")
        if text:
            self._line.append(text)

    def _end_line(self, *, is_break: bool = False) -> None:
        line = _SPACES.sub(" ", "".join(self._line)).strip()
        self._line = []
        if line:
            self._lines.append(self._quoted(line))
        elif is_break:
            self._blank()

    def _blank(self) -> None:
        if self._lines and self._lines[-1].strip("> "):
            self._lines.append(self._quoted(""))

    def _quoted(self, line: str) -> str:
        if not self._quotes:
            return "\u200b" + line if line.startswith(">") else line
        return (">" * self._quotes + " " + line).rstrip()


def _is_wrapper(attributes: str) -> bool:
    if "class" not in attributes.lower() and "id" not in attributes.lower():
        return False
    names = " ".join("".join(found) for found in _ATTRIBUTE.findall(attributes[:2000])).lower()
    return any(wrapper in names for wrapper in _WRAPPERS)
