"""The pages of the documentation, and the blocks in them that a test can read, load or run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_BLOCK = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$|^<!-- until: (?P<until>.*?) -->$", re.M | re.S)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `language` is the first word behind the fence, `marks` are the others.

    A comment `<!-- until: COMMAND -->` becomes a block of the language `until`: what has to be true before the page
    goes on. Readers do not see it.
    """

    page: str
    line: int
    language: str
    marks: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """README, everything in docs/, and the page about deploying."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md")), ROOT / "deploy" / "README.md"]


def text_of(name: str) -> str:
    """A page by its path from the root of the repository."""
    return (ROOT / name).read_text("utf-8")


def blocks(page: Path) -> Iterator[Block]:
    """Every block of a page, in order."""
    content = page.read_text("utf-8")
    for found in _BLOCK.finditer(content):
        words = "until" if found["until"] else found["info"]
        language, *marks = words.split() or [""]
        line = content.count("\n", 0, found.start()) + 1
        text = found["until"] or found["text"]
        yield Block(str(page.relative_to(ROOT)), line, language, tuple(marks), text)


def blocks_of(*languages: str) -> list[Block]:
    """The blocks of these languages on all pages."""
    return [block for page in pages() for block in blocks(page) if block.language in languages]
