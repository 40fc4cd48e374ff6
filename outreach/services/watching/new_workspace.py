"""Make a workspace: configuration with the usual defaults, a sequence with its templates, sample leads, and schemas."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from outreach.errors import UsageError
from outreach.services.sequences import editor

_RENAMED = {"env.example": ".env.example", "gitignore": ".gitignore"}
"""Names that would mean something to version control where the files are kept."""

_MAY_BE_THERE = {".git"}


def make(directory: Path) -> list[str]:
    """Write the files; their names. Raises UsageError unless the directory is new or empty, and overwrites nothing."""
    _check(directory)
    wanted = dict(_starter(files("outreach.content") / "starter", "")) | editor.files()
    written: list[Path] = []
    try:
        for name in sorted(wanted):
            _write(directory / name, wanted[name], written)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise UsageError(f"{directory} cannot be written to: {error.strerror or error}.") from None
    return sorted(wanted)


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
