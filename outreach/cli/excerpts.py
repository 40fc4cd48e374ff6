"""The line of a file that a problem is about, with a caret below the place."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outreach.errors import Problem

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_SECRET = re.compile(r"password|secret|token|credential|api_?key", re.IGNORECASE)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_WIDEST = 100
_BEFORE = 60
_MOST_BYTES = 1_000_000


def excerpt(root: Path, problem: Problem) -> str:
    """Two lines, or nothing: there is no such line, or it may hold a secret."""
    lines = _lines(root / problem.file) if problem.line else ()
    if not 0 < problem.line <= len(lines):
        return ""
    line = _UNPRINTABLE.sub(" ", lines[problem.line - 1])
    if not line.strip() or _SECRET.search(line):
        return ""
    column = min(max(problem.column, 1), len(line) + 1)
    start = max(column - _BEFORE, 0) if len(line) > _WIDEST else 0
    shown = line[start : start + _WIDEST]
    head = f"{problem.line:>5} | "
    return f"{head}{shown}\n{' ' * (len(head) - 2)}| {' ' * (column - 1 - start)}^"


@lru_cache(maxsize=64)
def _lines(path: Path) -> tuple[str, ...]:
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8-sig", "replace")
    except OSError:
        return ()
    return tuple(_BREAK.split(text))
