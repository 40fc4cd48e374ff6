"""Make a workspace: configuration with the usual defaults, a sequence with its templates, sample leads, and schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from outreach.content.goals_file import GOALS
from outreach.errors import UsageError
from outreach.services.sequences import editor

_RENAMED = {"env.example": ".env.example", "gitignore": ".gitignore"}
"""Names that would mean something to version control where the files are kept."""

_START, _DEADLINE = re.compile(rb"(?m)start: [0-9-]+$"), re.compile(rb"(?m)deadline: [0-9-]+$")
_TERM = timedelta(days=90)

_MAY_BE_THERE = {".git"}


def make(directory: Path, *, today: date | None = None) -> list[str]:
    """Write the files; their names. Raises UsageError unless the directory is new or empty, and overwrites nothing.

    The sample goals begin `today` and end a quarter later; without it they keep the days they were written with.
    """
    _check(directory)
    wanted = dict(_starter(files("outreach.content") / "starter", "")) | editor.files()
    if today:
        wanted[GOALS] = _with_term(wanted[GOALS], today)
    written: list[Path] = []
    try:
        for name in sorted(wanted):
            _write(directory / name, wanted[name], written)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise UsageError(f"{directory} cannot be written to: {error.strerror or error}.") from None
    return sorted(wanted)


def _with_term(goals: bytes, begin: date) -> bytes:
    written = _START.sub(f"start: {begin}".encode(), goals)
    return _DEADLINE.sub(f"deadline: {begin + _TERM}".encode(), written)


def _check(directory: Path) -> None:
    try:
        present = sorted(path.name for path in directory.iterdir() if path.name not in _MAY_BE_THERE)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"{directory} cannot be a workspace: {error.strerror or error}.") from None
    if present:
        more = ", …" if len(present) > 3 else ""
        raise UsageError(f"{directory} is not empty: {', '.join(present[:3])}{more}. Name a new or empty directory.")


def _starter(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _starter(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + _RENAMED.get(entry.name, entry.name), entry.read_bytes()


def _write(path: Path, content: bytes, written: list[Path]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        written.append(path)
        file.write(content)
